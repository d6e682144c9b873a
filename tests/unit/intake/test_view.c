/*
 * Alerts in the form of the view.
 */
#include "intake/intake.h"
#include "support.h"

static void test_taken_as_it_is(void)
{
    static const char text[] =
        "  {\"title\":\"A\",\"category\":\"malware\",\"severity\":\"critical\","
        "\"time\":\"2026-11-22T01:23:45+09:00\",\"uid\":\"7\",\"product\":\"edr\","
        "\"src\":{\"ip\":\"192.0.2.1\",\"port\":0,\"host\":\"a\",\"zone\":\"dmz\"},"
        "\"dst\":{\"ip\":\"2001:db8::1\",\"port\":65535},"
        "\"device\":{\"host\":\"PC\",\"ip\":\"192.0.2.9\",\"os\":\"Windows\"},"
        "\"user\":{\"name\":\"u\",\"mail\":\"u@example.org\"},"
        "\"file\":{\"path\":\"/a\",\"sha256\":\"abc\"},\"url\":\"http://bad.example/\","
        "\"process\":{\"pid\":12345678901234567890},\"technique\":[\"T1110\"],\"count\":3,"
        "\"custom\":{\"ip\":\"not an ip\",\"n\":1.50},\"src.ip\":7} ";
    struct taken taken = take(text);

    /* All but the blanks around it. */
    CU_ASSERT_EQUAL(strlen(taken.in.view), strlen(text) - 3);
    CU_ASSERT_NSTRING_EQUAL(taken.in.view, text + 2, strlen(taken.in.view));
    CU_ASSERT_EQUAL(strlen(taken.in.raw), strlen(text) - 3);
    CU_ASSERT_STRING_EQUAL(taken.in.form, "view");
    CU_ASSERT_EQUAL(taken.in.severity, 5);
    CU_ASSERT_EQUAL(strlen(taken.in.dedupe), 32);
    CU_ASSERT_EQUAL(taken.in.event_us, INT64_C(1795278225000000));
    taken_done(&taken);
}

static void test_normal_forms(void)
{
    struct taken taken = take(
        "{\"title\":\"A\",\"src\":{\"ip\":\"::FFFF:192.0.2.1\",\"port\":null},"
        "\"dst\":{\"ip\":\"2001:DB8:0::1\"},\"technique\":\"T1110\",\"raw\":\"x\",\"user\":null,"
        "\"time\":\"2026-11-22 01:23:45.5+0900\",\"file\":{\"sha256\":"
        "\"ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789\"}}");

    CU_ASSERT_STRING_EQUAL(taken.in.view,
        "{\"title\":\"A\",\"src\":{\"ip\":\"192.0.2.1\"},\"dst\":{\"ip\":\"2001:db8::1\"},"
        "\"technique\":[\"T1110\"],\"time\":\"2026-11-21T16:23:45.500000Z\",\"file\":{\"sha256\":"
        "\"abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789\"},"
        "\"severity\":\"medium\"}");
    CU_ASSERT_EQUAL(taken.in.severity, 3);
    taken_done(&taken);
}

static void test_no_time_and_no_severity(void)
{
    struct taken taken = take("{\"title\":\"A\",\"severity\":null,\"time\":null}");

    CU_ASSERT_EQUAL(taken.in.event_us, NOW_US);
    CU_ASSERT_STRING_EQUAL(seen(&taken, "severity"), "medium");
    CU_ASSERT_STRING_EQUAL(seen(&taken, "time"), "2026-11-22T00:20:45.000000Z");
    taken_done(&taken);
}

static void test_severities(void)
{
    static const char *const words[] = {
        "informational", "low", "medium", "high", "critical", "fatal"};

    for (int i = 0; i < 6; i++) {
        char text[80];
        struct taken taken;
        (void)snprintf(text, sizeof(text), "{\"title\":\"A\",\"severity\":\"%s\"}", words[i]);
        taken = take(text);
        CU_ASSERT_EQUAL(taken.in.severity, i + 1);
        taken_done(&taken);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        const char *names; /* must be in the error */
    } cases[] = {
        {"[]", "array"},
        {"7", "number"},
        {"{", "byte"},
        {"{} {}", "byte"},
        {"{}", "title"},
        {"{\"a\":1}", "event_type"},
        {"{\"title\":\"\"}", "title"},
        {"{\"title\":null}", "title"},
        {"{\"title\":7}", "title"},
        {"{\"title\":\"A\",\"title\":\"B\"}", "title"},
        {"{\"title\":\"A\",\"category\":[]}", "category"},
        {"{\"title\":\"A\",\"severity\":\"High\"}", "severity"},
        {"{\"title\":\"A\",\"severity\":3}", "severity"},
        {"{\"title\":\"A\",\"time\":\"yesterday\"}", "time"},
        {"{\"title\":\"A\",\"time\":1795306845}", "time"},
        {"{\"title\":\"A\",\"src\":\"192.0.2.1\"}", "src"},
        {"{\"title\":\"A\",\"src\":{\"ip\":\"192.0.2\"}}", "src.ip"},
        {"{\"title\":\"A\",\"src\":{\"ip\":\"0300.0.2.1\"}}", "src.ip"},
        {"{\"title\":\"A\",\"dst\":{\"ip\":7}}", "dst.ip"},
        {"{\"title\":\"A\",\"dst\":{\"port\":65536}}", "dst.port"},
        {"{\"title\":\"A\",\"dst\":{\"port\":-1}}", "dst.port"},
        {"{\"title\":\"A\",\"dst\":{\"port\":\"22\"}}", "dst.port"},
        {"{\"title\":\"A\",\"dst\":{\"port\":22.0}}", "dst.port"},
        {"{\"title\":\"A\",\"device\":{\"host\":{}}}", "device.host"},
        {"{\"title\":\"A\",\"device\":{\"ip\":\"host\"}}", "device.ip"},
        {"{\"title\":\"A\",\"user\":{\"name\":7}}", "user.name"},
        {"{\"title\":\"A\",\"file\":[]}", "file"},
        {"{\"title\":\"A\",\"url\":false}", "url"},
        {"{\"title\":\"A\",\"process\":7}", "process"},
        {"{\"title\":\"A\",\"technique\":[7]}", "technique"},
        {"{\"title\":\"A\",\"technique\":{}}", "technique"},
        {"{\"title\":\"A\",\"count\":0}", "count"},
        {"{\"title\":\"A\",\"count\":1e3}", "count"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_alert_in in = {0};
        struct hk_error error = {0};
        enum hk_status status =
            hk_intake_read(cases[i].text, strlen(cases[i].text), NULL, NOW_US, &in, &error);
        if (status != HK_INVALID || strstr(error.text, cases[i].names) == NULL)
            (void)printf("\n  %s: %s", cases[i].text, error.text);
        CU_ASSERT_EQUAL(status, HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].names));
        CU_ASSERT_PTR_NULL(in.view);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"a view is taken as it is", test_taken_as_it_is},
        {"normal forms are written", test_normal_forms},
        {"no time and no severity", test_no_time_and_no_severity},
        {"severities by name", test_severities}, {"what is wrong is named", test_refused},
        CU_TEST_INFO_NULL};

    return run_tests("view", tests);
}
