/*
 * problem: the one form of error answers.
 */
#include "api/problem.h"

#include "support/suite.h"

#include <string.h>

static void check(const struct hk_problem *problem, const char *expected)
{
    struct hk_buf out;

    hk_buf_init(&out, 4096);
    hk_problem_write(problem, &out);
    CU_ASSERT_FALSE_FATAL(out.failed);
    CU_ASSERT_STRING_EQUAL(out.data, expected);
    hk_buf_done(&out);
}

static void documents_have_type_title_and_status(void)
{
    check(&(struct hk_problem){.status = 404},
        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}");
    check(&(struct hk_problem){.status = 409,
              .detail = "already \"decided\"",
              .extra_key = "current",
              .extra_json = "{\"state\":\"approved\"}"},
        "{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
        "\"detail\":\"already \\\"decided\\\"\",\"current\":{\"state\":\"approved\"}}");
    check(&(struct hk_problem){.status = 503, .detail = "behind", .retry_after_s = 1},
        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
        "\"detail\":\"behind\",\"retry_after\":1}");
}

static void failures_have_a_status(void)
{
    CU_ASSERT_EQUAL(hk_problem_status(HK_INVALID), 400);
    CU_ASSERT_EQUAL(hk_problem_status(HK_DENIED), 403);
    CU_ASSERT_EQUAL(hk_problem_status(HK_NOT_FOUND), 404);
    CU_ASSERT_EQUAL(hk_problem_status(HK_CONFLICT), 409);
    CU_ASSERT_EQUAL(hk_problem_status(HK_BUSY), 503);
    CU_ASSERT_EQUAL(hk_problem_status(HK_TIMEOUT), 503);
    CU_ASSERT_EQUAL(hk_problem_status(HK_CORRUPT), 500);
    CU_ASSERT_EQUAL(hk_problem_status(HK_NOMEM), 500);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"documents have type title and status", documents_have_type_title_and_status},
        {"failures have a status", failures_have_a_status},
    };
    return suite_run("problem", tests, COUNT_OF(tests));
}
