/*
 * Times as products write them.
 */
#include "base/time.h"
#include "intake/when.h"
#include "support.h"

static const struct hk_when_ground ground = {.now_us = NOW_US};

/* The time as RFC 3339 text; "" when it was not read. */
static const char *shown(bool is_read, int64_t time_us)
{
    static char text[HK_TIME_TEXT_SIZE];

    if (!is_read)
        return "";
    hk_time_format(time_us, text);
    return text;
}

static void expect(const char *text, bool is_read, int64_t time_us, const char *expected)
{
    const char *seen_text = shown(is_read, time_us);

    if (strcmp(seen_text, expected) == 0)
        return;
    (void)printf("\n  \"%s\" is \"%s\", expected \"%s\"", text, seen_text, expected);
    CU_FAIL("a time is not what was expected");
}

static void test_guess(void)
{
    static const struct {
        const char *text;
        const char *time;
    } cases[] = {
        {"2026-11-22T01:00:00Z", "2026-11-22T01:00:00.000000Z"},
        {"2026-11-22T01:00:00.123456789Z", "2026-11-22T01:00:00.123456Z"},
        {"2026-11-22T01:00:00,5+01:00", "2026-11-22T00:00:00.500000Z"},
        {"2026-11-22T01:00:00-0430", "2026-11-22T05:30:00.000000Z"},
        {"2026-11-22 01:00:00", "2026-11-22T01:00:00.000000Z"},
        {"2026-11-22 01:00:00 UTC", "2026-11-22T01:00:00.000000Z"},
        {"2026-11-22 01:00:00 +0100", "2026-11-22T00:00:00.000000Z"},
        {"2026/11/22 01:00:00", "2026-11-22T01:00:00.000000Z"},
        {"Sun, 22 Nov 2026 01:00:00 GMT", "2026-11-22T01:00:00.000000Z"},
        {"Sun, 22 Nov 2026 01:00:00 +0100", "2026-11-22T00:00:00.000000Z"},
        {"22/Nov/2026:01:00:00 +0000", "2026-11-22T01:00:00.000000Z"},
        {"Sun Nov 22 01:00:00 2026", "2026-11-22T01:00:00.000000Z"},
        {"Nov 22 2026 01:00:00", "2026-11-22T01:00:00.000000Z"},
        {"Nov 22 2026 01:00:00.250 UTC", "2026-11-22T01:00:00.250000Z"},
        {"Nov 22 01:00:00", "2026-11-22T01:00:00.000000Z"},
        {"Nov  2 01:00:00", "2026-11-02T01:00:00.000000Z"},
        {"11/22/2026 1:00:00 AM", "2026-11-22T01:00:00.000000Z"},
        {"11/22/2026 12:00:00 PM", "2026-11-22T12:00:00.000000Z"},
        {"11/22/2026 12:00:00 AM", "2026-11-22T00:00:00.000000Z"},
        {"", ""},
        {"yesterday", ""},
        {"2026-13-22T01:00:00Z", ""},
        {"2026-02-30T01:00:00Z", ""},
        {"2026-11-22T25:00:00Z", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time_us = 0;
        bool is_read = hk_when_guess(hk_slice_of(cases[i].text), &ground, &time_us, NULL);
        expect(cases[i].text, is_read, time_us, cases[i].time);
    }
}

/* A date without a year is the last such date before, or just after, now. */
static void test_year_is_found(void)
{
    static const struct {
        const char *now;
        const char *text;
        const char *time;
    } cases[] = {
        {"2026-01-01T00:00:30Z", "Dec 31 23:59:59", "2025-12-31T23:59:59.000000Z"},
        {"2025-12-31T23:59:30Z", "Jan  1 00:00:05", "2026-01-01T00:00:05.000000Z"},
        {"2026-06-01T00:00:00Z", "Dec  1 00:00:00", "2025-12-01T00:00:00.000000Z"},
        {"2028-03-01T00:00:00Z", "Feb 29 00:00:00", "2028-02-29T00:00:00.000000Z"},
        {"2027-03-01T00:00:00Z", "Feb 29 00:00:00", "2024-02-29T00:00:00.000000Z"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_when_ground then = {0};
        int64_t time_us = 0;
        bool is_read;
        CU_ASSERT_TRUE_FATAL(hk_when_guess(hk_slice_of(cases[i].now), &ground, &then.now_us, NULL));
        is_read = hk_when_guess(hk_slice_of(cases[i].text), &then, &time_us, NULL);
        expect(cases[i].text, is_read, time_us, cases[i].time);
    }
}

static void test_patterns(void)
{
    static const struct {
        const char *pattern;
        const char *text;
        const char *time;
    } cases[] = {
        {"%d.%m.%Y %H:%M", "22.11.2026 01:05", "2026-11-22T01:05:00.000000Z"},
        {"%d.%m.%Y %H:%M", "22.11.2026   1:05 and more", "2026-11-22T01:05:00.000000Z"},
        {"%Y%m%d%H%M%S", "20261122010203", "2026-11-22T01:02:03.000000Z"},
        {"%y-%m-%d %I:%M:%S %p", "26-11-22 01:02:03 pm", "2026-11-22T13:02:03.000000Z"},
        {"%A, %d %B %Y %H:%M:%S%f %z", "Sunday, 22 November 2026 01:02:03.5 GMT+01:00",
            "2026-11-22T00:02:03.500000Z"},
        {"%H:%M:%S %Z %b %d %Y", "01:02:03 EST Nov 22 2026", "2026-11-22T06:02:03.000000Z"},
        {"%s", "1795309200", "2026-11-22T01:00:00.000000Z"},
        {"at %Y-%m-%dT%H:%M:%S%z", "at 2026-11-22T01:00:00+01", "2026-11-22T00:00:00.000000Z"},
        {"%d.%m.%Y", "22-11-2026", ""},
        {"%d.%m.%Y", "31.02.2026", ""},
        {"%H:%M:%S %Z", "01:02:03 XQT", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time_us = 0;
        bool is_read =
            hk_when_read(hk_slice_of(cases[i].text), cases[i].pattern, &ground, &time_us, NULL);
        CU_ASSERT_TRUE(hk_when_pattern_is_good(cases[i].pattern));
        expect(cases[i].text, is_read, time_us, cases[i].time);
    }
    CU_ASSERT_FALSE(hk_when_pattern_is_good("%Q"));
    CU_ASSERT_FALSE(hk_when_pattern_is_good("%Y%"));
}

static void test_zone_of_times_without(void)
{
    const struct hk_when_ground berlin = {.now_us = NOW_US, .utc_offset_min = 60};
    int64_t time_us = 0;
    bool is_read = hk_when_guess(hk_slice_of("2026-11-22 02:00:00"), &berlin, &time_us, NULL);

    expect("without a zone", is_read, time_us, "2026-11-22T01:00:00.000000Z");
    is_read = hk_when_guess(hk_slice_of("2026-11-22T02:00:00Z"), &berlin, &time_us, NULL);
    expect("with a zone", is_read, time_us, "2026-11-22T02:00:00.000000Z");
}

static void test_epoch(void)
{
    static const struct {
        const char *text;
        const char *time;
    } cases[] = {
        {"1795309200", "2026-11-22T01:00:00.000000Z"},
        {"1795309200.25", "2026-11-22T01:00:00.250000Z"},
        {"1795309200000", "2026-11-22T01:00:00.000000Z"},
        {"1795309200000.5", "2026-11-22T01:00:00.000500Z"},
        {"1795309200000000", "2026-11-22T01:00:00.000000Z"},
        {"1795309200000000000", "2026-11-22T01:00:00.000000Z"},
        {"134397828000000000", "2026-11-22T01:00:00.000000Z"}, /* a Windows file time */
        {"1.795309200e9", ""},
        {"12", ""},
        {"-5", ""},
        {"1795309200x", ""},
        {"", ""},
        {"99999999999999999999999", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time_us = 0;
        bool is_read = hk_when_epoch(hk_slice_of(cases[i].text), &time_us);
        expect(cases[i].text, is_read, time_us, cases[i].time);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"forms that are known", test_guess},
        {"the year of a date without", test_year_is_found}, {"patterns", test_patterns},
        {"the zone of a time without", test_zone_of_times_without},
        {"counts from 1970", test_epoch}, CU_TEST_INFO_NULL};

    return run_tests("when", tests);
}
