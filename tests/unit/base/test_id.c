/*
 * id: shape, order by birth, no two alike, what a name may be.
 */
#include "base/id.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static void ids_have_their_shape(void)
{
    char id[HK_ID_SIZE];

    hk_id_new("al", 0, id);
    CU_ASSERT_EQUAL(strlen(id), 2 + 1 + 10 + 16);
    CU_ASSERT_EQUAL(strncmp(id, "al-0000000000", 13), 0);
    CU_ASSERT_TRUE(hk_id_is_valid(id));
    hk_id_new("ru", INT64_C(1) << 60, id);
    CU_ASSERT_TRUE(hk_id_is_valid(id));
    CU_ASSERT_PTR_NULL(strpbrk(id + 3, "ilou"));
    hk_id_new("ga", -5, id);
    CU_ASSERT_EQUAL(strncmp(id, "ga-0000000000", 13), 0);
    hk_id_new("co", INT64_C(33000), id);
    CU_ASSERT_EQUAL(strncmp(id, "co-0000000011", 13), 0);
}

static void ids_sort_by_birth(void)
{
    char last[HK_ID_SIZE] = "";

    for (int64_t time_us = 4000; time_us < INT64_C(4000000000000000); time_us = time_us * 3 / 2) {
        char id[HK_ID_SIZE];
        hk_id_new("al", time_us, id);
        CU_ASSERT_TRUE(strcmp(last, id) < 0);
        memcpy(last, id, sizeof(last));
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void no_two_ids_are_alike(void)
{
    enum { COUNT = 20000 };
    char(*ids)[HK_ID_SIZE] = calloc(COUNT, sizeof(*ids));
    int alike = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(ids);
    for (int i = 0; i < COUNT; i++)
        hk_id_new("al", 1000, ids[i]);
    qsort(ids, COUNT, sizeof(*ids), compare);
    for (int i = 1; i < COUNT; i++)
        alike += strcmp(ids[i - 1], ids[i]) == 0 ? 1 : 0;
    CU_ASSERT_EQUAL(alike, 0);
    free(ids);
}

static void texts_are_ids_or_names(void)
{
    static const char sixty_three[] =
        "123456789-123456789-123456789-123456789-123456789-123456789-123";
    static const struct {
        const char *text;
        bool is_id;
        bool is_name;
    } cases[] = {
        {NULL, false, false},
        {"", false, false},
        {"a", true, true},
        {"0", true, true},
        {"block-ip_2", true, true},
        {"-a", true, false},
        {"_a", true, false},
        {"A", false, false},
        {"a b", false, false},
        {"a.b", false, false},
        {"a/b", false, false},
        {"a\n", false, false},
        {"\xc3\xa9", false, false},
    };
    char text[70];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CU_ASSERT_EQUAL(hk_id_is_valid(cases[i].text), cases[i].is_id);
        CU_ASSERT_EQUAL(hk_name_is_valid(cases[i].text), cases[i].is_name);
    }
    memcpy(text, sixty_three, sizeof(sixty_three));
    CU_ASSERT_TRUE(hk_name_is_valid(text) && hk_id_is_valid(text));
    memcpy(text + 63, "4", 2);
    CU_ASSERT_TRUE(!hk_name_is_valid(text) && hk_id_is_valid(text));
    memcpy(text + 64, "5", 2);
    CU_ASSERT_TRUE(!hk_name_is_valid(text) && !hk_id_is_valid(text));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"ids have their shape", ids_have_their_shape},
        {"ids sort by birth", ids_sort_by_birth},
        {"no two ids are alike", no_two_ids_are_alike},
        {"texts are ids or names", texts_are_ids_or_names},
    };
    return suite_run("id", tests, COUNT_OF(tests));
}
