/*
 * tally: counts by source, and no tenant takes another's room.
 */
#include "limits.h"
#include "source/tally.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

struct found {
    unsigned count;
    struct hk_tally_source source;
    struct hk_tally_failure failure;
    uint64_t failed;
};

static void on_source(void *ctx, const struct hk_tally_source *source)
{
    struct found *found = ctx;

    found->count++;
    found->source = *source;
}

static void on_failure(void *ctx, const struct hk_tally_failure *failure)
{
    struct found *found = ctx;

    found->count++;
    found->failure = *failure;
    found->failed += failure->count;
}

static void counts_are_the_source_s_own(void)
{
    struct hk_tally *tally = NULL;
    struct hk_tally_row *one = NULL;
    struct hk_tally_row *other = NULL;
    struct hk_tally_row *again = NULL;
    struct found found = {.count = 0};

    CU_ASSERT_EQUAL_FATAL(hk_tally_new(&tally, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_tally_add(tally, 1, "fw", HK_SOURCE_SYSLOG, &one, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_tally_add(tally, 2, "fw", HK_SOURCE_FILE, &other, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_tally_add(tally, 1, "fw", HK_SOURCE_SYSLOG, &again, NULL), HK_OK);
    CU_ASSERT_PTR_EQUAL(one, again);
    hk_tally_came(one, 3, 100, 5);
    hk_tally_count(one, HK_TALLY_alerts, 2);
    hk_tally_refused(one, 7, "192.0.2.1 is not in `from`");
    hk_tally_sources(tally, 1, on_source, &found);
    CU_ASSERT_EQUAL(found.count, 1);
    CU_ASSERT_EQUAL(found.source.counts[HK_TALLY_messages], 3);
    CU_ASSERT_EQUAL(found.source.counts[HK_TALLY_bytes], 100);
    CU_ASSERT_EQUAL(found.source.counts[HK_TALLY_alerts], 2);
    CU_ASSERT_EQUAL(found.source.counts[HK_TALLY_refused], 1);
    CU_ASSERT_EQUAL(found.source.last_us, 5);
    CU_ASSERT_STRING_EQUAL(found.source.refusal, "192.0.2.1 is not in `from`");
    hk_tally_sources(tally, 2, on_source, &found);
    CU_ASSERT_EQUAL(found.source.counts[HK_TALLY_messages], 0);
    hk_tally_sources(tally, 0, on_source, &found);
    CU_ASSERT_EQUAL(found.count, 4);
    hk_tally_free(tally);
}

static void a_problem_is_news_once(void)
{
    struct hk_tally *tally = NULL;
    struct hk_tally_row *row = NULL;
    struct found found = {.count = 0};
    char text[2 * HK_TALLY_TEXT_SIZE];

    CU_ASSERT_EQUAL_FATAL(hk_tally_new(&tally, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_tally_add(tally, 1, "eve", HK_SOURCE_FILE, &row, NULL), HK_OK);
    CU_ASSERT_FALSE(hk_tally_problem(row, 5, NULL));
    CU_ASSERT_TRUE(hk_tally_problem(row, 6, "gone"));
    CU_ASSERT_FALSE(hk_tally_problem(row, 7, "gone"));
    hk_tally_sources(tally, 1, on_source, &found);
    CU_ASSERT_EQUAL(found.source.problem_us, 6);
    CU_ASSERT_TRUE(hk_tally_problem(row, 8, NULL));
    /* Too long a text is cut, and is no news the next time either. */
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CU_ASSERT_TRUE(hk_tally_problem(row, 9, text));
    CU_ASSERT_FALSE(hk_tally_problem(row, 10, text));
    hk_tally_free(tally);
}

/* The names of sources of posted alerts are whatever is sent. */
static void failures_are_bounded_for_each_tenant(void)
{
    struct hk_tally *tally = NULL;
    struct found found = {.count = 0};
    char name[32];

    CU_ASSERT_EQUAL_FATAL(hk_tally_new(&tally, NULL), HK_OK);
    for (int i = 0; i < 3 * HK_TALLY_FAILURES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "made-up-%d", i);
        hk_tally_failed(tally, 1, name, "okta", "actor: no text", 5);
    }
    hk_tally_failed(tally, 2, "idp", "okta", "actor: no text", 6);
    hk_tally_failed(tally, 2, "idp", "okta", "time: none", 7);
    hk_tally_failures(tally, 1, on_failure, &found);
    CU_ASSERT_EQUAL(found.count, HK_TALLY_FAILURES_MAX);
    CU_ASSERT_EQUAL(found.failed, 3 * HK_TALLY_FAILURES_MAX);
    found = (struct found){.count = 0};
    hk_tally_failures(tally, 2, on_failure, &found);
    CU_ASSERT_EQUAL(found.count, 1);
    CU_ASSERT_EQUAL(found.failure.count, 2);
    CU_ASSERT_EQUAL(found.failure.last_us, 7);
    CU_ASSERT_STRING_EQUAL(found.failure.reason, "time: none");
    hk_tally_free(tally);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"counts are the source's own", counts_are_the_source_s_own},
        {"a problem is news once", a_problem_is_news_once},
        {"failures are bounded for each tenant", failures_are_bounded_for_each_tenant},
    };

    return suite_run("source tally", tests, COUNT_OF(tests));
}
