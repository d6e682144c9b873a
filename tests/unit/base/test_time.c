/*
 * time: civil dates, what products send, durations, a clock that never goes back.
 */
#include "base/time.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void times_are_read(void)
{
    static const struct {
        const char *text;
        const char *utc;
    } cases[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"2026-11-22T01:23:45.123456Z", "2026-11-22T01:23:45.123456Z"},
        {"2026-11-22t01:23:45z", "2026-11-22T01:23:45.000000Z"},
        {"2026-11-22 01:23:45", "2026-11-22T01:23:45.000000Z"},
        {"2015-03-29T11:01:38.221126-0600", "2015-03-29T17:01:38.221126Z"},
        {"2015-03-29T11:01:38.221126+06:00", "2015-03-29T05:01:38.221126Z"},
        {"2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100000Z"},
        {"2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"},
        {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z"},
        {"2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00.000000Z"},
        {"2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00.000000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
        {"1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000000Z"},
        {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t time_us = -1;
        char text[HK_TIME_TEXT_SIZE];
        CU_ASSERT_EQUAL(hk_time_parse(cases[i].text, &time_us, NULL), HK_OK);
        hk_time_format(time_us, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].utc);
    }
}

static void bad_times_are_refused(void)
{
    static const char *const cases[] = {"", "2026", "2026-11-22", "2026-11-22T", "2026-11-22T01:23",
        "2026-11-22T01:23:45.", "2026-11-22T01:23:45.1234567890Z", "2026-11-22T01:23:45,5Z",
        "2026-11-22T24:00:00Z", "2026-11-22T01:60:00Z", "2026-11-22T01:23:61Z",
        "2026-11-22T01:23:60Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z", "2026-11-22T01:23:45Zx",
        "2026-11-22T01:23:45 Z", "2026-11-22T01:23:45+06", "2026-11-22T01:23:45+24:00",
        "2026-11-22T01:23:45+06:60", "2026-11-22T01:23:45+6:00", " 2026-11-22T01:23:45Z",
        "2026-1-22T01:23:45Z", "+2026-11-22T01:23:45Z", "20261122T012345Z", "1732238625"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t time_us = -1;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(hk_time_parse(cases[i], &time_us, &error), HK_INVALID);
        CU_ASSERT_EQUAL(time_us, -1);
        CU_ASSERT_NOT_EQUAL(strlen(error.text), 0);
        if (time_us != -1)
            (void)printf("\naccepted \"%s\"\n", cases[i]);
    }
}

/* Every day from 1970 to 2400, and some far away, against the C library. */
static void dates_agree_with_the_library(void)
{
    for (int64_t day = -40000; day < 160000; day++) {
        time_t seconds = (time_t)(day * 86400 + (day * 7919) % 43200);
        struct tm tm;
        char ours[HK_TIME_TEXT_SIZE];
        char theirs[64];
        (void)gmtime_r(&seconds, &tm);
        (void)strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
        hk_time_format((int64_t)seconds * 1000000, ours);
        if (strcmp(ours, theirs) != 0) {
            CU_FAIL("dates differ");
            (void)printf("\n%s %s\n", ours, theirs);
            break;
        }
        if (seconds >= 0) {
            int64_t back = -1;
            if (hk_time_parse(ours, &back, NULL) != HK_OK || back != (int64_t)seconds * 1000000)
                CU_FAIL("a written time reads differently");
            back = -1;
            if (!hk_time_parse_exact(ours, strlen(ours), &back) ||
                back != (int64_t)seconds * 1000000)
                CU_FAIL("a written time reads differently in its one form");
        }
    }
}

static void only_the_one_form_is_exact(void)
{
    static const char *const cases[] = {"", "2026-11-22T01:23:45Z", "2026-11-22T01:23:45.12345Z",
        "2026-11-22T01:23:45.1234567Z", "2026-11-22t01:23:45.123456Z",
        "2026-11-22T01:23:45.123456z", "2026-11-22 01:23:45.123456Z", "2026-11-22T01:23:45.123456+",
        "2026-02-29T01:23:45.123456Z", "2026-13-22T01:23:45.123456Z", "2026-00-22T01:23:45.123456Z",
        "2026-11-00T01:23:45.123456Z", "2026-11-22T24:23:45.123456Z", "2026-11-22T01:60:45.123456Z",
        "2026-11-22T23:59:60.123456Z", "1969-11-22T01:23:45.123456Z", "2O26-11-22T01:23:45.123456Z",
        "2026-11-22T01:23:45.123456ZZ", "2026-11-22T01:23:-5.123456Z"};
    int64_t time_us = -1;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CU_ASSERT_FALSE(hk_time_parse_exact(cases[i], strlen(cases[i]), &time_us));
    CU_ASSERT_EQUAL(time_us, -1);
    CU_ASSERT_TRUE(hk_time_parse_exact("2028-02-29T23:59:59.000001Z…", 27, &time_us));
}

static void extreme_times_are_written(void)
{
    char text[HK_TIME_TEXT_SIZE];

    hk_time_format(-1, text);
    CU_ASSERT_STRING_EQUAL(text, "1969-12-31T23:59:59.999999Z");
    hk_time_format(INT64_MAX, text);
    CU_ASSERT_STRING_EQUAL(text, "294247-01-10T04:00:54.775807Z");
    hk_time_format(INT64_MIN, text);
    CU_ASSERT_STRING_EQUAL(text, "-290308-12-21T19:59:05.224192Z");
}

static void durations_are_read(void)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {{"500ms", 500}, {"90s", 90000}, {"30m", 1800000}, {"4h", 14400000},
        {"2d", 172800000}, {"1w", 604800000}, {"0s", 0}, {"36525d", INT64_C(3155760000000)},
        {"3155760000000ms", INT64_C(3155760000000)}, {"3155760000001ms", -1}, {"36526d", -1},
        {"99999999999999999999999999s", -1}, {"18446744073709551617s", -1}, {"", -1}, {"s", -1},
        {"5", -1}, {"-5s", -1}, {"+5s", -1}, {"1.5h", -1}, {"5 s", -1}, {" 5s", -1}, {"5s ", -1},
        {"5S", -1}, {"1h30m", -1}, {"5y", -1}, {"5mss", -1}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ms = -1;
        enum hk_status status = hk_duration_parse(cases[i].text, &ms, NULL);
        CU_ASSERT_EQUAL(status, cases[i].ms < 0 ? HK_INVALID : HK_OK);
        CU_ASSERT_EQUAL(ms, cases[i].ms);
    }
}

static void clock_never_goes_back(void)
{
    int64_t far_us = hk_time_wall_us() + INT64_C(3600) * 1000000;
    struct hk_clock clock = {.floor_us = far_us};
    struct hk_clock fresh = {0};
    int64_t last_us = 0;
    int64_t begin_us = hk_time_monotonic_us();

    CU_ASSERT_EQUAL(hk_clock_now_us(&clock), far_us);
    for (int i = 0; i < 1000; i++) {
        int64_t now_us = hk_clock_now_us(&fresh);
        CU_ASSERT_TRUE(now_us >= last_us);
        last_us = now_us;
    }
    CU_ASSERT_TRUE(hk_time_monotonic_us() >= begin_us);
    CU_ASSERT_TRUE(hk_time_monotonic_ms() >= begin_us / 1000);
}

static void calendars_are_read(void)
{
    static const struct {
        struct hk_civil civil;
        const char *time; /* "" for none */
    } cases[] = {
        {{2026, 11, 22, 1, 2, 3, 4, 0}, "2026-11-22T01:02:03.000004Z"},
        {{2026, 11, 22, 1, 2, 3, 0, 90}, "2026-11-21T23:32:03.000000Z"},
        {{2026, 12, 31, 23, 59, 60, 0, 0}, "2027-01-01T00:00:00.000000Z"},
        {{2028, 2, 29, 0, 0, 0, 0, 0}, "2028-02-29T00:00:00.000000Z"},
        {{2026, 2, 29, 0, 0, 0, 0, 0}, ""},
        {{2026, 13, 1, 0, 0, 0, 0, 0}, ""},
        {{2026, 0, 1, 0, 0, 0, 0, 0}, ""},
        {{2026, 1, 1, 24, 0, 0, 0, 0}, ""},
        {{1969, 12, 31, 23, 59, 59, 0, 0}, ""},
        {{1970, 1, 1, 0, 0, 0, 0, 1}, ""},
        {{10000, 1, 1, 0, 0, 0, 0, 0}, ""},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[HK_TIME_TEXT_SIZE] = "";
        int64_t time_us = 0;
        if (hk_time_from_civil(&cases[i].civil, &time_us)) {
            hk_time_format(time_us, text);
            CU_ASSERT_EQUAL(hk_time_year(time_us), strtoll(text, NULL, 10));
        }
        CU_ASSERT_STRING_EQUAL(text, cases[i].time);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"times are read", times_are_read},
        {"bad times are refused", bad_times_are_refused},
        {"dates agree with the library", dates_agree_with_the_library},
        {"only the one form is exact", only_the_one_form_is_exact},
        {"extreme times are written", extreme_times_are_written},
        {"calendars are read", calendars_are_read},
        {"durations are read", durations_are_read},
        {"clock never goes back", clock_never_goes_back},
    };
    return suite_run("time", tests, COUNT_OF(tests));
}
