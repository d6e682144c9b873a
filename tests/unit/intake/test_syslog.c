/*
 * Syslog messages: RFC 5424, RFC 3164, and what vendors make of the latter.
 */
#include "base/time.h"
#include "intake/syslog.h"
#include "support.h"

struct expected {
    const char *message;
    int facility;
    int severity;
    const char *time; /* "" for none */
    const char *host;
    const char *app;
    const char *pid;
    const char *msg;
};

static const struct hk_when_ground ground = {.now_us = NOW_US};

static void expect_part(
    const struct expected *want, const char *name, struct hk_slice is, const char *should)
{
    if (hk_slice_is(is, should))
        return;
    (void)printf("\n  %s: %s is \"%.*s\", expected \"%s\"", want->message, name, (int)is.size,
        is.at, should);
    CU_FAIL("a part of a message is not what was expected");
}

static void check(const struct expected *want)
{
    struct hk_syslog is;
    char time[HK_TIME_TEXT_SIZE] = "";

    hk_syslog_read(hk_slice_of(want->message), &ground, &is);
    if (is.has_time)
        hk_time_format(is.time_us, time);
    if (is.facility != want->facility || is.severity != want->severity) {
        (void)printf("\n  %s: %d.%d", want->message, is.facility, is.severity);
        CU_FAIL("another priority");
    }
    expect_part(want, "time", hk_slice_of(time), want->time);
    expect_part(want, "host", is.host, want->host);
    expect_part(want, "app", is.app, want->app);
    expect_part(want, "pid", is.pid, want->pid);
    expect_part(want, "msg", is.msg, want->msg);
}

#define AT_ONE "2026-11-22T01:00:00.000000Z"

static void test_rfc_5424(void)
{
    static const struct expected cases[] = {
        {"<34>1 2026-11-22T01:00:00Z host-1.example su 10 ID47 - a text", 4, 2, AT_ONE,
            "host-1.example", "su", "10", "a text"},
        {"<165>1 2026-11-22T02:00:00.000+01:00 192.0.2.1 app 8710 - - %% it's time", 20, 5, AT_ONE,
            "192.0.2.1", "app", "8710", "%% it's time"},
        {"<165>1 2026-11-22T01:00:00Z host-1 app - ID47 [a@32473 b=\"c\"] \xEF\xBB\xBFwith a BOM",
            20, 5, AT_ONE, "host-1", "app", "", "with a BOM"},
        {"<165>1 - - - - - -", 20, 5, "", "", "", "", ""},
        {"<165>1 2026-11-22T01:00:00Z host-1 app - - [a b=\"]\" c=\"\\\"\"][d] text", 20, 5, AT_ONE,
            "host-1", "app", "", "text"},
        {"<0>1 2026-11-22T01:00:00Z host-1 app - - -\r\n", 0, 0, AT_ONE, "host-1", "app", "", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i]);
}

static void test_rfc_3164(void)
{
    static const struct expected cases[] = {
        {"<34>Nov 22 01:00:00 host-1 su: a text", 4, 2, AT_ONE, "host-1", "su", "", "a text"},
        {"<38>Nov 22 01:00:00 host-1 sshd[100]: a text", 4, 6, AT_ONE, "host-1", "sshd", "100",
            "a text"},
        {"<38>Nov  2 01:00:00 2001:db8::1 cron[1]: a text\n", 4, 6, "2026-11-02T01:00:00.000000Z",
            "2001:db8::1", "cron", "1", "a text"},
        {"<191>Nov 22 01:00:00 host-1 a.b/c-d[1]: text", 23, 7, AT_ONE, "host-1", "a.b/c-d", "1",
            "text"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i]);
}

static void test_vendors(void)
{
    static const struct expected cases[] = {
        /* no PRI */
        {"Nov 22 01:00:00 host-1 sshd[1]: a text", -1, -1, AT_ONE, "host-1", "sshd", "1", "a text"},
        /* a year in the date */
        {"<34>Nov 22 2026 01:00:00 host-1 su: text", 4, 2, AT_ONE, "host-1", "su", "", "text"},
        {"<34>Nov 22 2026 01:00:00: %ASA-6-1: text", 4, 2, AT_ONE, "", "", "", "%ASA-6-1: text"},
        /* ISO dates */
        {"<34>2026-11-22T01:00:00Z host-1 su: text", 4, 2, AT_ONE, "host-1", "su", "", "text"},
        {"<34>2026-11-22T02:00:00.000+01:00 host-1 su[1]: text", 4, 2, AT_ONE, "host-1", "su", "1",
            "text"},
        /* Cisco: sequence numbers, hosts, stars and zones around the date */
        {"<189>45: router-1: *Nov 22 01:00:00.000 UTC: %SYS-5-CONFIG_I: text", 23, 5, AT_ONE,
            "router-1", "", "", "%SYS-5-CONFIG_I: text"},
        {"<189>46: Nov 22 01:00:00.000: %SYS-5-CONFIG_I: text", 23, 5, AT_ONE, "", "", "",
            "%SYS-5-CONFIG_I: text"},
        {"<164>Nov 22 01:00:00 fw-1 : %ASA-4-1: text", 20, 4, AT_ONE, "fw-1", "", "",
            "%ASA-4-1: text"},
        {"<164>%ASA-4-1: text", 20, 4, "", "", "", "", "%ASA-4-1: text"},
        /* a lookalike of RFC 5424: Meraki's seconds */
        {"<134>1 1795309200.000000000 mx-1 flows src=192.0.2.1", 16, 6, AT_ONE, "mx-1", "", "",
            "flows src=192.0.2.1"},
        /* what follows the header is no tag */
        {"<14>Nov 22 01:00:00 pa-1 1,2026/11/22 01:00:00,x", 1, 6, AT_ONE, "pa-1", "", "",
            "1,2026/11/22 01:00:00,x"},
        {"<14>Nov 22 01:00:00 fw-1 CEF:0|a|b|c|d|e|1|", 1, 6, AT_ONE, "fw-1", "", "",
            "CEF:0|a|b|c|d|e|1|"},
        {"<14>Nov 22 01:00:00 fw-1 {\"a\":1}", 1, 6, AT_ONE, "fw-1", "", "", "{\"a\":1}"},
        /* trailing NUL and line ends */
        {"<34>Nov 22 01:00:00 host-1 su: text\r\n", 4, 2, AT_ONE, "host-1", "su", "", "text"},
        /* a priority that is none; its level may still say something */
        {"<999>a text", -1, 7, "", "", "", "", "a text"},
        {"<>a", -1, -1, "", "", "", "", "<>a"},
        {"a text and nothing more", -1, -1, "", "", "", "", "a text and nothing more"},
        {"", -1, -1, "", "", "", "", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(&cases[i]);
}

static void test_trailing_nul(void)
{
    static const char message[] = "<34>Nov 22 01:00:00 host-1 su: text\0\n";
    struct hk_syslog is;

    hk_syslog_read((struct hk_slice){message, sizeof(message) - 1}, &ground, &is);
    CU_ASSERT_TRUE(hk_slice_is(is.msg, "text"));
}

static void test_structured_data(void)
{
    static const char sd[] = "[a@32473 b=\"c\" d=\"e \\] \\\" f\"][g][h i=\"\"]";
    static const char *const expected[][3] = {
        {"a@32473", "b", "c"}, {"a@32473", "d", "e \\] \\\" f"}, {"h", "i", ""}};
    struct hk_sd_cursor cursor = {0};
    struct hk_sd_param param;

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        CU_ASSERT_TRUE_FATAL(hk_sd_next(hk_slice_of(sd), &cursor, &param));
        CU_ASSERT_TRUE(hk_slice_is(param.id, expected[i][0]));
        CU_ASSERT_TRUE(hk_slice_is(param.name, expected[i][1]));
        CU_ASSERT_TRUE(hk_slice_is(param.value, expected[i][2]));
    }
    CU_ASSERT_FALSE(hk_sd_next(hk_slice_of(sd), &cursor, &param));
    cursor = (struct hk_sd_cursor){0};
    CU_ASSERT_FALSE(hk_sd_next(hk_slice_of("[a b=\"c"), &cursor, &param));
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"RFC 5424", test_rfc_5424}, {"RFC 3164", test_rfc_3164},
        {"what vendors send", test_vendors}, {"a NUL at the end", test_trailing_nul},
        {"structured data", test_structured_data}, CU_TEST_INFO_NULL};

    return run_tests("syslog", tests);
}
