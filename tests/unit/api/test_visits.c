/*
 * visits: one an hour for each actor and tenant, and never fewer.
 */
#include "api/visits.h"

#include "limits.h"
#include "support/suite.h"

#include <stdio.h>

static void one_an_hour_for_each(void)
{
    struct hk_visits *visits = NULL;

    CU_ASSERT_EQUAL_FATAL(hk_visits_new(&visits, NULL), HK_OK);
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 1, "us-1", 5));
    CU_ASSERT_FALSE(hk_visits_is_due(visits, 1, "us-1", 5));
    CU_ASSERT_FALSE(hk_visits_is_due(visits, 1, "us-1", 4 + HK_VISIT_MS));
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 2, "us-1", 6)); /* another tenant */
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 1, "us-2", 6)); /* another person */
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 1, "us-1", 5 + HK_VISIT_MS));
    CU_ASSERT_FALSE(hk_visits_is_due(visits, 1, "us-1", 6 + HK_VISIT_MS));
    /* 1 and "2/us-1" is not 12 and "us-1". */
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 12, "us-1", 6 + HK_VISIT_MS));
    hk_visits_free(visits);
    hk_visits_free(NULL);
}

static void too_many_are_written_twice_and_not_left_out(void)
{
    struct hk_visits *visits = NULL;
    char actor[HK_ID_SIZE];

    CU_ASSERT_EQUAL_FATAL(hk_visits_new(&visits, NULL), HK_OK);
    for (unsigned i = 0; i < HK_VISITS_MAX + 10; i++) {
        (void)snprintf(actor, sizeof(actor), "us-%u", i);
        CU_ASSERT_TRUE(hk_visits_is_due(visits, 1, actor, 1));
        CU_ASSERT_FALSE(hk_visits_is_due(visits, 1, actor, 1));
    }
    CU_ASSERT_TRUE(hk_visits_is_due(visits, 1, "us-0", 1));
    hk_visits_free(visits);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"one an hour for each", one_an_hour_for_each},
        {"too many are written twice and not left out",
            too_many_are_written_twice_and_not_left_out},
    };
    return suite_run("visits", tests, COUNT_OF(tests));
}
