/* Business hours with holidays, and the next time that a clock shows. */
#include "engine/business.h"

#include "base/time.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

static enum hk_status read(const char *json, struct hk_business *business, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    enum hk_status status = hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, error);
    CU_ASSERT_EQUAL_FATAL(status, HK_OK);
    status = hk_business_read(doc.root, business, error);
    hk_json_doc_done(&doc);
    return status;
}

static int64_t at(const char *text)
{
    int64_t time_us = -1;
    CU_ASSERT_EQUAL(hk_time_parse(text, &time_us, NULL), HK_OK);
    return time_us;
}

static void check_time(int line, int64_t time_us, const char *expected)
{
    char text[HK_TIME_TEXT_SIZE] = "never";
    if (time_us != INT64_MAX)
        hk_time_format(time_us, text);
    if (strncmp(text, expected, strlen(expected)) != 0) {
        (void)fprintf(stderr, "\nline %d: %s, not %s\n", line, text, expected);
        CU_FAIL("another time");
    }
}
#define IS(time_us, expected) check_time(__LINE__, time_us, expected)

static const char office[] =
    "{\"business_hours\":{\"hours\":{\"from\":\"09:00\",\"to\":\"17:30\",\"zone\":\"+09:00\","
    "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]},"
    "\"holidays\":[\"2026-11-23\",\"2026-12-31\",\"2027-01-01\"]}}";

static void test_next(void)
{
    struct hk_business b;
    struct hk_error error;
    CU_ASSERT_EQUAL_FATAL(read(office, &b, &error), HK_OK);
    /* 2026-11-20 is a Friday, and 09:00 in its zone is midnight UTC. */
    IS(hk_business_next(&b, at("2026-11-20T03:00:00.25Z")), "2026-11-20T03:00:00.25");
    IS(hk_business_next(&b, at("2026-11-19T23:59:59Z")), "2026-11-20T00:00:00.0");
    /* over the weekend and the holiday after it */
    IS(hk_business_next(&b, at("2026-11-20T08:30:00Z")), "2026-11-24T00:00:00.0");
    IS(hk_business_next(&b, at("2026-11-23T04:00:00Z")), "2026-11-24T00:00:00.0");
    /* two holidays and a weekend */
    IS(hk_business_next(&b, at("2026-12-30T08:31:00Z")), "2027-01-04T00:00:00.0");
    hk_business_done(&b);
}

/* Hours over midnight are those of the day on which they begin. */
static void test_night(void)
{
    struct hk_business b;
    struct hk_error error;
    CU_ASSERT_EQUAL_FATAL(
        read("{\"business_hours\":{\"hours\":{\"from\":\"22:00\",\"to\":\"06:00\",\"zone\":\"Z\"},"
             "\"holidays\":[\"2026-11-23\"]}}",
            &b, &error),
        HK_OK);
    IS(hk_business_next(&b, at("2026-11-23T05:00:00Z")), "2026-11-23T05:00:00");
    IS(hk_business_next(&b, at("2026-11-23T06:00:00Z")), "2026-11-24T22:00:00");
    IS(hk_business_next(&b, at("2026-11-24T03:00:00Z")), "2026-11-24T22:00:00");
    hk_business_done(&b);
}

static void test_clock(void)
{
    struct hk_business b;
    struct hk_error error;
    CU_ASSERT_EQUAL_FATAL(read(office, &b, &error), HK_OK);
    IS(hk_business_clock(&b, 540, at("2026-11-21T23:59:59.999999Z")), "2026-11-22T00:00:00.0");
    IS(hk_business_clock(&b, 540, at("2026-11-22T00:00:00Z")), "2026-11-23T00:00:00.0");
    IS(hk_business_clock(&b, 0, at("2026-11-22T14:59:00Z")), "2026-11-22T15:00:00.0");
    hk_business_done(&b);
    /* without hours: the zone in which people are told times, else UTC */
    CU_ASSERT_EQUAL_FATAL(read("{\"notices\":{\"zone\":\"-05:00\"}}", &b, &error), HK_OK);
    CU_ASSERT_FALSE(b.hours.is_set);
    IS(hk_business_clock(&b, 540, at("2026-11-22T00:00:00Z")), "2026-11-22T14:00:00.0");
    hk_business_done(&b);
    CU_ASSERT_EQUAL_FATAL(read("{}", &b, &error), HK_OK);
    IS(hk_business_clock(&b, 540, at("2026-11-22T00:00:00Z")), "2026-11-22T09:00:00.0");
    hk_business_done(&b);
}

static void test_all_holidays(void)
{
    struct hk_business b = {.hours = {.is_set = true, .days = 1, .to_minute = 1440}};
    int64_t days[106];
    for (int i = 0; i < 106; i++)
        days[i] = 4 + 7 * i; /* Mondays from 1970-01-05 on */
    b.holidays = days;
    b.holiday_count = 106;
    IS(hk_business_next(&b, 0), "1972-01-17T00:00:00");
}

static void test_refused(void)
{
    static const struct {
        const char *json;
        const char *words;
    } wrong[] = {
        {"{\"business_hours\":{}}", "business_hours.hours: is missing"},
        {"{\"business_hours\":{\"hours\":{},\"x\":1}}", "business_hours"},
        {"{\"business_hours\":{\"hours\":{\"from\":\"9\"}}}", "business_hours.hours.from"},
        {"{\"business_hours\":{\"hours\":{\"outside\":true}}}", "outside: has no place here"},
        {"{\"business_hours\":{\"hours\":{},\"holidays\":[1]}}", "expected a list of days"},
        {"{\"business_hours\":{\"hours\":{},\"holidays\":[\"2026-02-30\"]}}", "is not a day"},
        {"{\"business_hours\":{\"hours\":{},\"holidays\":[\"2026-2-3\"]}}", "is not a day"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct hk_business b;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(read(wrong[i].json, &b, &error), HK_INVALID);
        if (strstr(error.text, wrong[i].words) == NULL) {
            (void)fprintf(stderr, "\n%s: %s\n", wrong[i].json, error.text);
            CU_FAIL("another error");
        }
        hk_business_done(&b);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"the next business hour", test_next},
        {"hours over midnight", test_night},
        {"the next time of day", test_clock},
        {"nothing but holidays", test_all_holidays},
        {"what can't be read", test_refused},
        CU_TEST_INFO_NULL,
    };
    CU_SuiteInfo suites[] = {{"business", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_NORMAL);
    (void)CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}
