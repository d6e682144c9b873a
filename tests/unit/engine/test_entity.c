/*
 * What an alert is about, and what is no entity: a table of views and texts.
 */
#include "base/arena.h"
#include "engine/entity.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hk_json_limits limits = {
    .size_max = 1 << 20, .depth_max = 32, .nodes_max = 10000};

static void parse(const char *text, struct hk_json_doc *doc)
{
    struct hk_error error = {0};
    if (hk_json_parse(text, strlen(text), &limits, doc, &error) != HK_OK) {
        (void)printf("\n  %s: %s", text, error.text);
        abort();
    }
}

static enum hk_status try_policy(const char *config, struct hk_authority **ret_authority,
    struct hk_case_policy *ret_policy, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    parse(config, &doc);
    memset(ret_policy, 0, sizeof *ret_policy);
    enum hk_status status = hk_authority_new(doc.root, ret_authority, error);
    if (status == HK_OK)
        status = hk_case_policy_read(doc.root, *ret_authority, ret_policy, error);
    hk_json_doc_done(&doc);
    return status;
}

/* The entities, one blank between. */
static void entities_of(const char *config, const char *view, char *ret_text, size_t capacity)
{
    struct hk_authority *authority = NULL;
    struct hk_case_policy policy;
    struct hk_entities entities;
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    CU_ASSERT_EQUAL(try_policy(config, &authority, &policy, &error), HK_OK);
    parse(view, &doc);
    hk_entities_of(&policy, doc.root, &entities);
    ret_text[0] = 0;
    for (size_t i = 0; i < entities.count; i++) {
        size_t used = strlen(ret_text);
        (void)snprintf(
            ret_text + used, capacity - used, "%s%s", i > 0 ? " " : "", entities.items[i]);
    }
    hk_json_doc_done(&doc);
    hk_authority_free(authority);
}

#define HASH "AB0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
#define LOWER "ab0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

static void test_views(void)
{
    static const struct {
        const char *view;
        const char *entities;
    } cases[] = {
        {"{}", ""},
        {"{\"src\":{\"ip\":\"203.0.113.66\"}}", "ip:203.0.113.66"},
        {"{\"src\":{\"ip\":\"10.1.2.3\"}}", "ip:10.1.2.3"}, /* a host of one's own that does it */
        {"{\"dst\":{\"ip\":\"203.0.113.66\"}}", "ip:203.0.113.66"},
        {"{\"dst\":{\"ip\":\"10.1.2.3\"}}", ""}, /* one's own: everything goes there */
        {"{\"dst\":{\"ip\":\"fd00::1\"}}", ""},
        {"{\"dst\":{\"ip\":\"::ffff:192.168.7.1\"}}", ""},
        {"{\"dst\":{\"ip\":\"2001:db8::1\"}}", "ip:2001:db8::1"},
        {"{\"src\":{\"ip\":\"::ffff:203.0.113.66\"}}", "ip:203.0.113.66"},
        {"{\"src\":{\"ip\":\"127.0.0.1\"}}", ""},
        {"{\"src\":{\"ip\":\"0.0.0.0\"}}", ""},
        {"{\"src\":{\"ip\":\"::\"}}", ""},
        {"{\"src\":{\"ip\":\"::1\"}}", ""},
        {"{\"src\":{\"ip\":\"fe80::1\"}}", ""},
        {"{\"src\":{\"ip\":\"169.254.1.1\"}}", ""},
        {"{\"src\":{\"ip\":\"255.255.255.255\"}}", ""},
        {"{\"src\":{\"ip\":\"not an address\"}}", ""},
        {"{\"src\":{\"ip\":7}}", ""},
        {"{\"src\":{\"ip\":\"203.0.113.66\"},\"dst\":{\"ip\":\"203.0.113.66\"}}",
            "ip:203.0.113.66"}, /* once */
        {"{\"device\":{\"host\":\"FIN-PC-12.corp.example.\",\"ip\":\"10.0.0.5\"}}",
            "host:fin-pc-12.corp.example ip:10.0.0.5"},
        {"{\"device\":{\"host\":\"localhost\"},\"src\":{\"host\":\"192.0.2.1\"}}", ""},
        {"{\"device\":{\"host\":\"a\"},\"src\":{\"host\":\"A\"},\"dst\":{\"host\":\"b\"}}",
            "host:a"},
        {"{\"user\":{\"name\":\"A.Clerk\",\"mail\":\"A.Clerk@corp.example\"}}",
            "user:a.clerk user:a.clerk@corp.example"},
        {"{\"user\":{\"name\":\"root\"}}", ""},
        {"{\"user\":{\"name\":\"NT AUTHORITY\\\\SYSTEM\"}}", ""},
        {"{\"user\":{\"name\":\"\"}}", ""},
        {"{\"file\":{\"sha256\":\"" HASH "\"}}", "hash:" LOWER},
        {"{\"file\":{\"sha256\":\"abc\"}}", ""},
        {"{\"url\":\"http://Evil.Example:8080/a?b#c\"}",
            "url:http://Evil.Example:8080/a?b#c domain:evil.example"},
        {"{\"url\":\"http://good.example@evil.example/\"}",
            "url:http://good.example@evil.example/ domain:evil.example"},
        {"{\"url\":\"http://203.0.113.66:81/x\"}", "url:http://203.0.113.66:81/x ip:203.0.113.66"},
        {"{\"url\":\"http://[2001:db8::5]/x\"}", "url:http://[2001:db8::5]/x ip:2001:db8::5"},
        {"{\"url\":\"no url\"}", "url:no url"},
        /* what could steer a terminal is no entity; markup is a text like any other */
        {"{\"user\":{\"name\":\"a\\u001b[31mb\"}}", ""},
        {"{\"device\":{\"host\":\"a\\nb\"}}", ""},
        {"{\"user\":{\"name\":\"<script>alert(1)</script>\"}}", "user:<script>alert(1)</script>"},
        {"{\"src\":\"203.0.113.66\",\"user\":[],\"file\":1,\"device\":null}", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[4096];
        entities_of("{}", cases[i].view, text, sizeof text);
        if (strcmp(text, cases[i].entities) != 0)
            (void)printf(
                "\n  %s\n  gives    %s\n  expected %s", cases[i].view, text, cases[i].entities);
        CU_ASSERT_STRING_EQUAL(text, cases[i].entities);
    }
}

static void test_policy(void)
{
    static const char view[] =
        "{\"src\":{\"ip\":\"203.0.113.66\"},\"dst\":{\"ip\":\"198.51.100.7\"},"
        "\"user\":{\"name\":\"svc-backup\"},\"device\":{\"host\":\"proxy-1\"},"
        "\"url\":\"http://cdn.example/x\",\"file\":{\"sha256\":\"" LOWER "\"}}";
    static const struct {
        const char *config;
        const char *entities;
    } cases[] = {
        {"{}", "hash:" LOWER " url:http://cdn.example/x domain:cdn.example host:proxy-1"
               " user:svc-backup ip:203.0.113.66 ip:198.51.100.7"},
        {"{\"cases\":{\"join_by\":[\"src.ip\",\"user\"]}}", "user:svc-backup ip:203.0.113.66"},
        {"{\"cases\":{\"join_by\":[]}}", ""},
        {"{\"lists\":{\"noise\":[\"svc-*\",\"203.0.113.0/24\"]},\"cases\":{\"ignore\":"
         "[\"list:noise\",\"*.example\",\"proxy-1\"],\"own\":[\"198.51.100.0/24\"],"
         "\"join_by\":[\"src.ip\",\"dst.ip\",\"user\",\"device\",\"domain\"]}}",
            ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[4096];
        entities_of(cases[i].config, view, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].entities);
    }
}

static void test_defaults(void)
{
    struct hk_authority *authority = NULL;
    struct hk_case_policy policy;
    struct hk_error error = {0};
    CU_ASSERT_EQUAL(try_policy("{}", &authority, &policy, &error), HK_OK);
    CU_ASSERT_EQUAL(policy.join_by, HK_JOIN_ALL);
    CU_ASSERT_EQUAL(policy.window_us, 24LL * 3600 * 1000000);
    CU_ASSERT_EQUAL(policy.open_at, HK_SEVERITY_MEDIUM);
    hk_authority_free(authority);
    CU_ASSERT_EQUAL(
        try_policy("{\"cases\":{\"window\":\"90m\",\"open_at\":{\"at_least\":\"high\"}}}",
            &authority, &policy, &error),
        HK_OK);
    CU_ASSERT_EQUAL(policy.window_us, 90LL * 60 * 1000000);
    CU_ASSERT_EQUAL(policy.open_at, HK_SEVERITY_HIGH);
    hk_authority_free(authority);
}

static void test_refused(void)
{
    static const struct {
        const char *config;
        const char *words;
    } cases[] = {
        {"{\"cases\":{\"joins\":1}}", "cases.joins"},
        {"{\"cases\":{\"join_by\":[\"src\"]}}", "\"src\""},
        {"{\"cases\":{\"join_by\":\"src.ip\"}}", "cases.join_by"},
        {"{\"cases\":{\"window\":\"long\"}}", "cases.window"},
        {"{\"cases\":{\"window\":\"31d\"}}", "cases.window"},
        {"{\"cases\":{\"window\":24}}", "cases.window"},
        {"{\"cases\":{\"open_at\":\"bad\"}}", "cases.open_at"},
        {"{\"cases\":{\"open_at\":{\"at_most\":\"low\"}}}", "cases.open_at"},
        {"{\"cases\":{\"ignore\":[\"list:none\"]}}", "cases.ignore[0]"},
        {"{\"cases\":{\"own\":[\"10.0.0.1/8\"]}}", "cases.own[0]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_authority *authority = NULL;
        struct hk_case_policy policy;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(try_policy(cases[i].config, &authority, &policy, &error), HK_INVALID);
        if (strstr(error.text, cases[i].words) == NULL)
            (void)printf("\n  %s: %s", cases[i].config, error.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].words));
        hk_authority_free(authority);
    }
}

/* Whatever comes, what is kept is bounded. */
static void test_bounds(void)
{
    struct hk_buf view;
    struct hk_jw jw;
    char text[8192];
    char *longest = malloc(100000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(longest);
    memset(longest, 'a', 99999);
    longest[99999] = 0;
    memcpy(longest, "http://x.example/", 17);
    hk_buf_init(&view, 1 << 20);
    hk_jw_init(&jw, &view);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "url", longest);
    hk_jw_key(&jw, "user");
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "name", longest);
    hk_jw_object_end(&jw);
    hk_jw_key(&jw, "device");
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "host", longest);
    hk_jw_object_end(&jw);
    hk_jw_object_end(&jw);
    entities_of("{}", view.data, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "domain:x.example");
    hk_buf_done(&view);
    free(longest);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"views", test_views},
        {"the tenant's policy", test_policy},
        {"defaults", test_defaults},
        {"what is refused", test_refused},
        {"bounds", test_bounds},
    };
    return suite_run("entity", tests, COUNT_OF(tests));
}
