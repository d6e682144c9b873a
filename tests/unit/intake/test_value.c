/*
 * Texts of products as values of the view.
 */
#include "base/time.h"
#include "intake/value.h"
#include "support.h"

static void expect(const char *value, const char *is, const char *should)
{
    if (strcmp(is, should) == 0)
        return;
    (void)printf("\n  \"%s\" is \"%s\", expected \"%s\"", value, is, should);
    CU_FAIL("a value is not what was expected");
}

static void test_addresses(void)
{
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {" 192.0.2.1 ", "192.0.2.1"},
        {"192.0.2.1:443", "192.0.2.1"},
        {"192.0.2.1:443:X1", "192.0.2.1"},
        {"192.0.2.0/24", "192.0.2.0"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"fe80::1%eth0", "fe80::1"},
        {"192.0.2.1, 192.0.2.2", "192.0.2.1"},
        {"0.0.0.0", ""},
        {"::", ""},
        {"host-1", ""},
        {"192.0.2.300", ""},
        {"1.2.3", ""},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[HK_IP_TEXT_SIZE] = "";
        bool is_read = hk_value_ip(hk_slice_of(cases[i][0]), text);
        expect(cases[i][0], is_read ? text : "", cases[i][1]);
    }
}

static void test_ports(void)
{
    static const struct {
        const char *text;
        int port; /* -1: none */
    } cases[] = {{"22", 22}, {"0", 0}, {"65535", 65535}, {"65536", -1}, {"-1", -1},
        {"192.0.2.1:443", 443}, {"[2001:db8::1]:443", 443}, {"ssh", -1}, {"", -1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int port = -1;
        if (!hk_value_port(hk_slice_of(cases[i].text), &port))
            port = -1;
        if (port != cases[i].port)
            (void)printf("\n  %s is %d", cases[i].text, port);
        CU_ASSERT_EQUAL(port, cases[i].port);
    }
}

static void test_severities(void)
{
    static const struct {
        const char *word;
        enum hk_severity severity;
    } cases[] = {{"High", HK_SEVERITY_HIGH}, {"CRITICAL", HK_SEVERITY_CRITICAL},
        {"Informational", HK_SEVERITY_INFORMATIONAL}, {"info", HK_SEVERITY_INFORMATIONAL},
        {"warning", HK_SEVERITY_LOW}, {"7", HK_SEVERITY_NONE}, {"", HK_SEVERITY_NONE},
        {"purple", HK_SEVERITY_NONE}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum hk_severity severity = hk_value_severity(hk_slice_of(cases[i].word));
        if (severity != cases[i].severity)
            (void)printf("\n  %s is %d", cases[i].word, (int)severity);
        CU_ASSERT_EQUAL(severity, cases[i].severity);
    }
    for (int level = 0; level < 8; level++)
        CU_ASSERT_TRUE(hk_value_syslog_severity(level) >= HK_SEVERITY_INFORMATIONAL);
}

static void test_names(void)
{
    struct hk_slice taken = {NULL, 0};
    char word[64];

    CU_ASSERT_TRUE(hk_value_host(hk_slice_of("\\\\HOST-1"), &taken));
    CU_ASSERT_TRUE(hk_slice_is(taken, "HOST-1"));
    CU_ASSERT_FALSE(hk_value_host(hk_slice_of("192.0.2.1"), &taken));
    CU_ASSERT_FALSE(hk_value_host(hk_slice_of("two words"), &taken));
    CU_ASSERT_TRUE(hk_value_mail(hk_slice_of("User <user-1@example.com>"), &taken));
    CU_ASSERT_TRUE(hk_slice_is(taken, "user-1@example.com"));
    CU_ASSERT_FALSE(hk_value_mail(hk_slice_of("user-1"), &taken));
    CU_ASSERT_TRUE(hk_value_product(hk_slice_of("Trend Micro Deep-Security"), word, sizeof(word)));
    CU_ASSERT_STRING_EQUAL(word, "trend_micro_deep_security");
    CU_ASSERT_FALSE(hk_value_product(hk_slice_of("--"), word, sizeof(word)));
    CU_ASSERT_TRUE(hk_value_is_nothing(hk_slice_of("N/A")));
    CU_ASSERT_TRUE(hk_value_is_nothing(hk_slice_of("-")));
    CU_ASSERT_FALSE(hk_value_is_nothing(hk_slice_of("no")));
}

static void test_hashes(void)
{
    static const char md5[] = "0123456789ABCDEF0123456789abcdef";
    char text[65];

    CU_ASSERT_TRUE(hk_value_hash(hk_slice_of(md5), "md5", 32, text));
    CU_ASSERT_STRING_EQUAL(text, "0123456789abcdef0123456789abcdef");
    CU_ASSERT_TRUE(hk_value_hash(
        hk_slice_of(
            "SHA1=0123456789abcdef0123456789abcdef01234567,MD5=0123456789ABCDEF0123456789abcdef"),
        "md5", 32, text));
    CU_ASSERT_STRING_EQUAL(text, "0123456789abcdef0123456789abcdef");
    CU_ASSERT_FALSE(hk_value_hash(hk_slice_of(md5), "sha256", 64, text));
    CU_ASSERT_FALSE(hk_value_hash(hk_slice_of("0123"), "md5", 32, text));
}

static void test_techniques(void)
{
    struct hk_slice text = hk_slice_of("T1059.001 - PowerShell; t1486, T12, XT1059, T1078.");
    static const char *const expected[] = {"T1059.001", "T1078"};
    char technique[HK_TECHNIQUE_SIZE];
    size_t at = 0;

    CU_ASSERT_TRUE(hk_value_technique(text, &at, technique));
    CU_ASSERT_STRING_EQUAL(technique, expected[0]);
    while (hk_value_technique(text, &at, technique))
        CU_ASSERT_TRUE(strcmp(technique, "T12") != 0);
    CU_ASSERT_STRING_EQUAL(technique, expected[1]);
}

static void test_times(void)
{
    static const char *const patterns[] = {"%d.%m.%Y %H:%M", NULL};
    const struct hk_when_ground ground = {.now_us = NOW_US};
    int64_t time_us = 0;

    CU_ASSERT_TRUE(hk_value_time(hk_slice_of("1795309200"), NULL, &ground, &time_us));
    CU_ASSERT_EQUAL(time_us, INT64_C(1795309200000000));
    CU_ASSERT_TRUE(hk_value_time(hk_slice_of("22.11.2026 01:00"), patterns, &ground, &time_us));
    CU_ASSERT_EQUAL(time_us, INT64_C(1795309200000000));
    CU_ASSERT_FALSE(hk_value_time(hk_slice_of("22.11.2026 01:00"), NULL, &ground, &time_us));
    CU_ASSERT_TRUE(hk_value_time(hk_slice_of("1795309201"), patterns, &ground, &time_us));
    CU_ASSERT_EQUAL(time_us, INT64_C(1795309201000000));
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"addresses", test_addresses}, {"ports", test_ports},
        {"severities", test_severities}, {"names", test_names}, {"hashes", test_hashes},
        {"techniques", test_techniques}, {"times", test_times}, CU_TEST_INFO_NULL};

    return run_tests("value", tests);
}
