/*
 * Messages as a whole: what nobody knows, what a mapping fails on, raw, messages in messages, forms
 * that are asked for, and a tenant's own mappings.
 */
#include "base/severity.h"
#include "intake/products.h"
#include "limits.h"
#include "products.h"

static struct hk_products *builtin;

static void expect(
    const struct hk_products *products, const char *message, const char *form, const char *raw)
{
    struct mapped mapped = map(products, message);

    CU_ASSERT_EQUAL_FATAL(mapped.status, HK_OK);
    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, form);
    if (raw != NULL)
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.raw, raw);
    mapped_done(&mapped);
}

static void test_unmapped(void)
{
    struct mapped mapped = map(builtin, "<134>Nov 22 00:10:00 host-1 thing[7]: a text of its own");

    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, HK_FORM_UNMAPPED);
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "thing: a text of its own");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "severity"), "informational");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "product"), "unknown");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "time"), "2026-11-22T00:10:00.000000Z");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "device.host"), "host-1");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "syslog.app"), "thing");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "syslog.severity"), "6");
    CU_ASSERT_EQUAL(mapped.taken.in.severity, HK_SEVERITY_INFORMATIONAL);
    CU_ASSERT_FALSE(mapped.trouble.failed);
    mapped_done(&mapped);
    mapped =
        map(builtin, "{\"colour\":\"red\",\"message\":\"a red thing\",\"src_ip\":\"192.0.2.1\"}");
    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, HK_FORM_UNMAPPED);
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "a red thing");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "src.ip"), "192.0.2.1");
    CU_ASSERT_EQUAL(mapped.taken.in.event_us, NOW_US);
    mapped_done(&mapped);
}

static void test_raw(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *raw;
    } cases[] = {
        {"{\"a\": 1 }", 9, "{\"a\": 1 }"},
        {" {\"a\":1}\n", 9, "{\"a\":1}"},
        {"{\"a\":1,\"a\":2}", 13, "\"{\\\"a\\\":1,\\\"a\\\":2}\""}, /* a key twice: no good JSON */
        {"[1]", 3, "\"[1]\""},
        {"a \"text\"\n", 9, "\"a \\\"text\\\"\\n\""},
        {"a\xFF\\b", 4, "[\"escaped\",\"a\\\\xff\\\\\\\\b\"]"},
        {"words\0more", 10, "[\"escaped\",\"words\\\\x00more\"]"},
        {"\xFF\xFE\xFD\xFC", 4, "[\"base64\",\"//79/A==\"]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mapped mapped = map_bytes(builtin, cases[i].bytes, cases[i].size, NULL);
        CU_ASSERT_EQUAL_FATAL(mapped.status, HK_OK);
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.raw, cases[i].raw);
        mapped_done(&mapped);
    }
}

static void test_refused(void)
{
    struct mapped mapped = map(builtin, " \r\n\t ");
    char *large = malloc(HK_ALERT_SIZE_MAX + 1);

    CU_ASSERT_EQUAL(mapped.status, HK_INVALID);
    mapped = map(builtin, "");
    CU_ASSERT_EQUAL(mapped.status, HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, 'a', HK_ALERT_SIZE_MAX + 1);
    mapped = map_bytes(builtin, large, HK_ALERT_SIZE_MAX + 1, NULL);
    CU_ASSERT_EQUAL(mapped.status, HK_LIMIT);
    mapped = map_bytes(builtin, large, HK_ALERT_SIZE_MAX, NULL);
    CU_ASSERT_EQUAL(mapped.status, HK_OK);
    mapped_done(&mapped);
    free(large);
}

/* A mapping that fails leaves the message to the generic way, which tells of it. */
static void test_trouble(void)
{
    struct hk_products *own =
        own_products(builtin, "{\"form\":\"t\",\"product\":\"p\",\"match\":{\"kind\":\"t\"},"
                              "\"fields\":{\"title\":\"name\","
                              "\"time\":\"when\",\"uid\":\"id\"},\"required\":[\"uid\"]}");
    struct mapped mapped =
        map(own, "{\"kind\":\"t\",\"name\":\"n\",\"when\":\"yesterday\",\"id\":1}");

    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, HK_FORM_UNMAPPED);
    CU_ASSERT_TRUE(mapped.trouble.failed);
    CU_ASSERT_STRING_EQUAL(mapped.trouble.form, "t");
    CU_ASSERT_STRING_EQUAL(mapped.trouble.field, "time");
    CU_ASSERT_PTR_NOT_NULL(strstr(mapped.trouble.why, "yesterday"));
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "mapping.form"), "t");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "mapping.field"), "time");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "n");
    mapped_done(&mapped);
    mapped = map(own, "{\"kind\":\"t\",\"name\":\"n\",\"when\":1795306000}");
    CU_ASSERT_TRUE(mapped.trouble.failed);
    CU_ASSERT_STRING_EQUAL(mapped.trouble.field, "uid");
    mapped_done(&mapped);
    mapped = map(own, "{\"kind\":\"t\",\"when\":1795306000,\"id\":1}");
    CU_ASSERT_STRING_EQUAL(mapped.trouble.field, "title");
    mapped_done(&mapped);
    /* without a time at all it happened now */
    mapped = map(own, "{\"kind\":\"t\",\"name\":\"n\",\"id\":1}");
    CU_ASSERT_FALSE(mapped.trouble.failed);
    CU_ASSERT_EQUAL(mapped.taken.in.event_us, NOW_US);
    mapped_done(&mapped);
    hk_products_free(own);
}

/* What has a title is an alert view, unless a mapping asks for the title itself. */
static void test_views(void)
{
    const struct hk_message_hint api = {.transport = HK_TRANSPORT_API, .now_us = NOW_US};
    static const char view[] =
        "{\"title\":\"T\",\"severity\":\"high\",\"src\":{\"ip\":\"192.0.2.1\"}}";
    static const char bad[] = "{\"title\":\"T\",\"severity\":\"purple\"}";
    struct mapped mapped = map_bytes(builtin, view, strlen(view), &api);

    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "view");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "severity"), "high");
    mapped_done(&mapped);
    expect(builtin, view, "view", view);
    /* a broken view is told its sender over the API, and taken from a source */
    mapped = map_bytes(builtin, bad, strlen(bad), &api);
    CU_ASSERT_EQUAL(mapped.status, HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(mapped.error.text, "severity"));
    mapped = map(builtin, bad);
    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, HK_FORM_UNMAPPED);
    CU_ASSERT_TRUE(mapped.trouble.failed);
    CU_ASSERT_STRING_EQUAL(mapped.trouble.form, "view");
    mapped_done(&mapped);
}

/* A title makes a view even of what a mapping would match; a finding with a title is the
 * product's, since its mapping names the title. */
/* A playbook is chosen by product, and a list without one says little. */
static void test_the_product_of_a_view(void)
{
    static const struct {
        const char *message;
        enum hk_transport transport;
        const char *product; /* NULL: none */
    } cases[] = {{"{\"title\":\"t\"}", HK_TRANSPORT_WEBHOOK, "door_control"},
        {"{\"title\":\"t\",\"product\":null}", HK_TRANSPORT_FILE, "door_control"},
        {"<13>Nov 22 00:00:00 h a: {\"title\":\"t\"}", HK_TRANSPORT_SYSLOG, "door_control"},
        {"{\"title\":\"t\",\"product\":\"gate\"}", HK_TRANSPORT_WEBHOOK, "gate"},
        {"{\"title\":\"t\"}", HK_TRANSPORT_API, NULL}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hk_message_hint hint = {
            .transport = cases[i].transport, .source = "Door-Control", .now_us = NOW_US};
        struct mapped mapped =
            map_bytes(builtin, cases[i].message, strlen(cases[i].message), &hint);
        const char *product = hk_json_string(hk_json_get(mapped.taken.view, "product"));
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "view");
        CU_ASSERT_TRUE(cases[i].product == NULL
                           ? product == NULL
                           : product != NULL && strcmp(product, cases[i].product) == 0);
        mapped_done(&mapped);
    }
}

static void test_titles(void)
{
    struct hk_products *own = own_products(builtin,
        "{\"form\":\"t\",\"product\":\"p\",\"match\":{\"kind\":\"t\"},\"fields\":{\"title\":"
        "\"=mapped\"}}");

    expect(own, "{\"kind\":\"t\"}", "t", NULL);
    expect(own, "{\"kind\":\"t\",\"title\":\"T\"}", "view", NULL);
    hk_products_free(own);
    expect(builtin,
        "{\"schemaVersion\":\"2.0\",\"accountId\":\"111122223333\",\"id\":\"1\",\"type\":"
        "\"Recon:EC2/Portscan\",\"title\":\"T\",\"severity\":5,\"resource\":{\"resourceType\":"
        "\"Instance\"},\"service\":{\"serviceName\":\"guardduty\"}}",
        "aws-guardduty", NULL);
}

static void test_suricata(void)
{
    struct mapped mapped = map(builtin,
        "{\"timestamp\":\"2026-11-22T00:00:00.000000+0000\",\"event_type\":\"flow\",\"flow_id\":1,"
        "\"src_ip\":\"192.0.2.1\"}");

    CU_ASSERT_EQUAL(mapped.status, HK_UNSUPPORTED);
    expect(builtin,
        "{\"timestamp\":\"2026-11-22T00:00:00.000000+0000\",\"event_type\":\"alert\",\"flow_id\":1,"
        "\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\",\"proto\":\"TCP\",\"alert\":{"
        "\"signature_id\":1,\"signature\":\"S\",\"severity\":2}}",
        "suricata", NULL);
}

/* Forwarders wrap what they forward. */
static void test_inner(void)
{
#define LINE                                                                                       \
    "<38>Nov 22 00:10:00 host-1 sshd[7]: Accepted password for user-1 from 192.0.2.1 port 5 ssh2"
    static const char *const wraps[] = {
        "{\"@timestamp\":\"2026-11-22T00:11:00Z\",\"message\":\"" LINE
        "\",\"host\":{\"name\":\"fwd-1\"}}",
        "{\"_raw\":\"" LINE "\",\"extra\":1}",
        "{\"wrapped\":1,\"message\":\"{\\\"log\\\":\\\"" LINE "\\\"}\"}",
    };
#undef LINE

    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        struct mapped mapped = map(builtin, wraps[i]);
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "linux");
        CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "src.ip"), "192.0.2.1");
        CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "device.host"), "host-1");
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.raw, wraps[i]); /* all that came */
        mapped_done(&mapped);
    }
    expect(builtin,
        "<13>1 2026-11-22T00:00:00Z host-1 fwd - - - {\"eventType\":\"user.session.start\","
        "\"published\":\"2026-11-22T00:00:00Z\",\"actor\":{\"alternateId\":\"u@example.com\"},"
        "\"displayMessage\":\"d\"}",
        "okta", NULL);
}

static void test_forced(void)
{
    struct hk_products *own = own_products(builtin,
        "{\"form\":\"t\",\"product\":\"p\",\"match\":{\"kind\":\"t\"},\"fields\":{\"title\":"
        "\"{a|nothing}\"}}");
    struct hk_message_hint hint = {
        .transport = HK_TRANSPORT_WEBHOOK, .now_us = NOW_US, .form = "t"};
    struct mapped mapped = map_bytes(own, "{\"a\":\"x\"}", 9, &hint);

    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "t");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "x");
    mapped_done(&mapped);
    hint.form = "p"; /* by its product */
    mapped = map_bytes(own, "{\"a\":\"x\"}", 9, &hint);
    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "t");
    mapped_done(&mapped);
    hint.form = "view";
    mapped = map_bytes(own, "{\"a\":\"x\"}", 9, &hint);
    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, HK_FORM_UNMAPPED);
    CU_ASSERT_TRUE(mapped.trouble.failed);
    mapped_done(&mapped);
    hint.form = "nothing-of-the-kind";
    mapped = map_bytes(own, "{\"a\":\"x\"}", 9, &hint);
    CU_ASSERT_EQUAL(mapped.status, HK_NOT_FOUND);
    CU_ASSERT_TRUE(hk_products_has(own, "t") && hk_products_has(own, "okta"));
    CU_ASSERT_TRUE(hk_products_has(own, "p") && hk_products_has(own, "view"));
    CU_ASSERT_FALSE(hk_products_has(builtin, "t"));
    hk_products_free(own);
}

/* The tenant's own stand in for those of the same form, and are asked before the others. */
static void test_own_mappings(void)
{
    static const char okta[] = "{\"eventType\":\"a\",\"published\":\"2026-11-22T00:00:00Z\","
                               "\"actor\":{\"type\":\"User\"},\"displayMessage\":\"d\","
                               "\"uuid\":\"1\",\"outcome\":{}}";
    struct hk_products *own =
        own_products(builtin, "{\"form\":\"okta\",\"product\":\"okta\",\"like\":\"okta\","
                              "\"fields\":{\"title\":\"=ours\"}}");
    struct mapped mapped = map(own, okta);

    CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, "okta");
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "ours");
    mapped_done(&mapped);
    hk_products_free(own);
    own = own_products(builtin,
        "{\"form\":\"ours\",\"product\":\"okta\",\"match\":{\"eventType\":\"a\"},\"fields\":{"
        "\"title\":\"=ours\"}}");
    expect(own, okta, "ours", NULL);
    expect(builtin, okta, "okta", NULL);
    hk_products_free(own);
}

static void check_files(void *ctx, const struct hk_mapping_facts *facts)
{
    unsigned *own = ctx;

    CU_ASSERT_TRUE(facts->form != NULL && facts->file != NULL);
    *own += strcmp(facts->file, "own.json") == 0;
}

static void test_each(void)
{
    struct hk_products *own = own_products(builtin,
        "{\"form\":\"okta\",\"product\":\"o\",\"match\":{\"a\":1},\"fields\":{\"title\":\"=x\"}}");
    unsigned count = 0;

    hk_products_each(own, check_files, &count);
    CU_ASSERT_EQUAL(count, 1);
    hk_products_free(own);
}

/* Two of one set may not have the same form. */
static void test_twice(void)
{
    static const char text[] =
        "{\"form\":\"t\",\"product\":\"p\",\"match\":{\"a\":1},\"fields\":{\"title\":\"=x\"}}";
    const struct hk_mapping_file files[] = {
        {"a.json", text, strlen(text)}, {"b.json", text, strlen(text)}};
    struct hk_products *products = NULL;
    struct hk_error error = {0};

    CU_ASSERT_EQUAL(hk_products_new(builtin, files, 2, &products, &error), HK_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "b.json:1: "));
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"what nobody knows", test_unmapped}, {"raw", test_raw},
        {"what is refused", test_refused}, {"trouble", test_trouble}, {"alert views", test_views},
        {"titles", test_titles}, {"the product of a view", test_the_product_of_a_view},
        {"Suricata", test_suricata}, {"messages in messages", test_inner},
        {"forms by name", test_forced}, {"own mappings", test_own_mappings}, {"walk", test_each},
        {"a form twice", test_twice}, CU_TEST_INFO_NULL};
    struct hk_error error = {0};
    int failed;

    if (hk_products_new_builtin(&builtin, &error) != HK_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    failed = run_tests("products", tests);
    hk_products_free(builtin);
    return failed;
}
