/*
 * Targets: one form each, and no way to name a protected one that is neither refused nor seen.
 */
#include "authority/authority.h"

#include "support/suite.h"

#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = 1 << 20, .depth_max = 32, .nodes_max = 10000};

static void test_normal_forms(void)
{
    static const struct {
        const char *type;
        const char *text;
        const char *normal;
    } cases[] = {
        {"address", "192.0.2.1", "192.0.2.1"},
        {"address", "::ffff:192.0.2.1", "192.0.2.1"},
        {"address", "::FFFF:C000:0201", "192.0.2.1"},
        {"address", "[::ffff:c000:201]", "192.0.2.1"},
        {"address", "192.0.2.1/32", "192.0.2.1"},
        {"address", "192.0.2.0/24", "192.0.2.0/24"},
        {"address", "2001:DB8:0:0::1", "2001:db8::1"},
        {"address", "fe80::1%eth0", "fe80::1"},
        {"host", "FIN-PC-12.Corp.Example.", "fin-pc-12.corp.example"},
        {"host", "::ffff:192.0.2.1", "192.0.2.1"},
        {"domain", "Bad.Example", "bad.example"},
        {"hash", "ABCDEF0123", "abcdef0123"},
        {"user", "Alice", "Alice"},
        {"user", "10042", "10042"},
        {"url", "https://Bad.Example/A", "https://Bad.Example/A"},
        {NULL, "some thing", "some thing"},
    };
    char normal[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum hk_status status =
            hk_target_normalise(cases[i].type, cases[i].text, normal, sizeof(normal), NULL);
        CU_ASSERT_EQUAL(status, HK_OK);
        if (status != HK_OK || strcmp(normal, cases[i].normal) != 0) {
            (void)printf("\n  %s became %s", cases[i].text, status == HK_OK ? normal : "nothing");
            CU_FAIL("not the normal form");
        }
    }
}

static void test_refused(void)
{
    static const struct {
        const char *type;
        const char *text;
    } cases[] = {
        {"address", ""},
        {"address", "host.example"},
        {"address", "192.0.2.1/24"},
        {"address", "192.0.2.1 "},
        {"address", "192.0.2.1:22"},
        {"host", "192.0.2.1:22"},
        {"host", "192.0.2.1."},
        {"host", "0xc0000201"},
        {"host", "a.b.0x1"},
        {"host", "3221225985"},
        {"host", "a..b.7"},
        {"host", "."},
        {"host", "a\nb"},
        {"host", "b\xc3\xbc"
                 "ro.example"},
        {"domain", "http://bad.example"},
        {"url", "bad.example/x"},
        {"url", "http://"},
        {"url", "/x?://192.0.2.1"},
        {"url", "http://192.0.2.01/"},
        {NULL, "0300.0.2.1"},
        {NULL, "0xc0.0.2.1"},
        {NULL, " 192.0.2.1"},
    };
    char normal[256] = "";
    struct hk_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum hk_status status =
            hk_target_normalise(cases[i].type, cases[i].text, normal, sizeof(normal), &error);
        if (status != HK_INVALID)
            (void)printf("\n  %s became %s", cases[i].text, normal);
        CU_ASSERT_EQUAL(status, HK_INVALID);
    }
}

static void test_lengths(void)
{
    char text[300];
    char normal[256];
    char small[4];

    memset(text, 'a', sizeof(text));
    text[256] = '\0';
    CU_ASSERT_EQUAL(hk_target_normalise("user", text, normal, sizeof(normal), NULL), HK_INVALID);
    text[255] = '\0';
    CU_ASSERT_EQUAL(hk_target_normalise("user", text, normal, sizeof(normal), NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_target_normalise("user", "abcd", small, sizeof(small), NULL), HK_LIMIT);
}

static struct hk_authority *make(const char *config)
{
    struct hk_json_doc doc;
    struct hk_authority *authority = NULL;
    struct hk_error error = {0};

    if (hk_json_parse(config, strlen(config), &limits, &doc, &error) != HK_OK) {
        CU_FAIL_FATAL("bad JSON in the test");
        return NULL;
    }
    if (hk_authority_new(doc.root, &authority, &error) != HK_OK) {
        (void)printf("\n  %s", error.text);
        CU_FAIL_FATAL("the configuration was refused");
    }
    hk_json_doc_done(&doc);
    return authority;
}

static const char protecting_config[] =
    "{\"authority\":[{\"outcome\":\"do\"}],"
    "\"protected\":[\"192.0.2.53\",\"2001:db8::53\",\"10.0.0.0/8\",\"dc*.corp.example\"]}";

/* Every spelling of 192.0.2.53 and of ranges around it, as any type: refused or denied, both by the
 * decision and by the look at dispatch. */
static void test_spellings_of_protected(void)
{
    static const char *const spellings[] = {"192.0.2.53", "192.0.2.53/32", "::ffff:192.0.2.53",
        "::ffff:c000:235", "::FFFF:C000:0235", "0:0:0:0:0:ffff:192.0.2.53",
        "0000:0000:0000:0000:0000:ffff:c000:0235", "[::ffff:192.0.2.53]", "::ffff:192.0.2.53%1",
        "::192.0.2.53", "::ffff:192.0.2.53/128", "::ffff:192.0.2.0/120", "192.0.2.0/24",
        "192.0.2.52/30", "0.0.0.0/0", "::/0", "128.0.0.0/1", "192.0.2.053", "192.0.2.0x35",
        "0300.0.2.53", "0xc0.0.2.53", "0xc0000235", "3221226037", "192.565", "192.0.565",
        "030000001065", "192.0.2.53.", " 192.0.2.53", "192.0.2.53 ", "192.0.2.53\n",
        "192.0.2.53:22", "[192.0.2.53]", "192.0.2.53/31",
        "\xef\xbc\x91\xef\xbc\x99\xef\xbc\x92.0.2.53",
        "192\xe3\x80\x82"
        "0.2.53",
        "2001:db8::53", "2001:DB8::0053", "2001:db8:0:0:0:0:0:53", "[2001:db8::53]",
        "2001:db8::53%eth0", "2001:db8::0.0.0.83", "2001:db8::/32", "10.1.2.3", "::ffff:a01:203",
        "10.255.0.0/16", "8.0.0.0/5", "DC1.corp.example", "dc1.CORP.example.", "dc2.corp.example"};
    static const char *const types[] = {"address", "host", "domain"};
    struct hk_authority *authority = make(protecting_config);

    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
            struct hk_question question = {.action = "edl.block",
                .kind = "contain",
                .target = spellings[i],
                .target_type = types[t],
                .severity = HK_SEVERITY_HIGH};
            struct hk_verdict verdict = {0};
            enum hk_status status = hk_authority_decide(authority, &question, &verdict, NULL);
            if (status == HK_OK && verdict.outcome != HK_MAY_DENY)
                (void)printf("\n  %s slipped through as %s", spellings[i], types[t]);
            CU_ASSERT_TRUE(status == HK_INVALID || verdict.outcome == HK_MAY_DENY);
            CU_ASSERT_TRUE(hk_authority_is_protected(authority, &question, true, &verdict));
        }
    hk_authority_free(authority);
}

static void test_urls_of_protected(void)
{
    static const char *const urls[] = {"http://192.0.2.53/x", "https://user@192.0.2.53:8443/x",
        "http://a:b@[::ffff:192.0.2.53]:80", "http:///192.0.2.53", "http://\\192.0.2.53/",
        "http://192.0.2.53?x", "http://192.0.2.53#x", "http://192.0.2.53\\@bad.example/",
        "http://0xc0000235/", "http://192%2e0.2.53/", "http://DC1.corp.example./",
        "http://bad@dc1.corp.example/"};
    struct hk_authority *authority = make(protecting_config);

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct hk_question question = {
            .action = "proxy.block", .kind = "contain", .target = urls[i], .target_type = "url"};
        struct hk_verdict verdict = {0};
        enum hk_status status = hk_authority_decide(authority, &question, &verdict, NULL);
        if (status == HK_OK && verdict.outcome != HK_MAY_DENY)
            (void)printf("\n  %s slipped through", urls[i]);
        CU_ASSERT_TRUE(status == HK_INVALID || verdict.outcome == HK_MAY_DENY);
    }
    hk_authority_free(authority);
}

static void test_others_are_not_protected(void)
{
    static const struct {
        const char *type;
        const char *text;
    } cases[] = {{"address", "192.0.2.54"}, {"address", "192.0.2.54/31"},
        {"address", "2001:db8::54"}, {"address", "11.0.0.0/8"}, {"address", "64:ff9b::1"},
        {"host", "pc1.corp.example"}, {"host", "dc1.corp.example.org"},
        {"url", "http://bad.example/192.0.2.53"}, {"url", "http://192.0.2.54/@192.0.2.53"},
        {"user", "alice"}};
    struct hk_authority *authority = make(protecting_config);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_question question = {.action = "edl.block",
            .kind = "contain",
            .target = cases[i].text,
            .target_type = cases[i].type};
        struct hk_verdict verdict = {0};
        CU_ASSERT_EQUAL(hk_authority_decide(authority, &question, &verdict, NULL), HK_OK);
        if (verdict.outcome != HK_MAY_DO)
            (void)printf("\n  %s: %s", cases[i].text, verdict.why);
        CU_ASSERT_EQUAL(verdict.outcome, HK_MAY_DO);
        CU_ASSERT_FALSE(hk_authority_is_protected(authority, &question, false, &verdict));
    }
    hk_authority_free(authority);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"one form of each target", test_normal_forms},
        {"what has no one form is refused", test_refused},
        {"lengths are bounded", test_lengths},
        {"each spelling of a protected target", test_spellings_of_protected},
        {"URLs of protected hosts", test_urls_of_protected},
        {"others are not protected", test_others_are_not_protected},
    };
    return suite_run("target", tests, COUNT_OF(tests));
}
