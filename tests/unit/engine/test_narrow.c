/*
 * narrow: less is allowed, more and other things are not, and the refusal says which and why.
 */
#include "engine/narrow.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

struct narrow_case {
    const char *asked;
    const char *wanted;
    const char *merged; /* NULL: refused */
    const char *words;  /* in the refusal */
};

static const struct narrow_case cases[] = {
    /* nothing changed */
    {"{\"ip\":\"192.0.2.1\"}", "{}", "{\"ip\":\"192.0.2.1\"}", NULL},
    {"{\"ip\":\"192.0.2.1\"}", "{\"ip\":\"192.0.2.1\"}", "{\"ip\":\"192.0.2.1\"}", NULL},
    /* addresses and ranges */
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"203.0.113.64/26\"}", "{\"ip\":\"203.0.113.64/26\"}",
        NULL},
    {"{\"ip\":\"203.0.113.0/24\",\"n\":1}", "{\"ip\":\"203.0.113.66\"}",
        "{\"ip\":\"203.0.113.66\",\"n\":1}", NULL},
    {"{\"ip\":\"2001:db8::/32\"}", "{\"ip\":\"2001:db8:1::/48\"}", "{\"ip\":\"2001:db8:1::/48\"}",
        NULL},
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"203.0.112.0/23\"}", NULL,
        "ip: \"203.0.112.0/23\" is not"},
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"0.0.0.0/0\"}", NULL, "is not within"},
    {"{\"ip\":\"203.0.113.66\"}", "{\"ip\":\"203.0.113.67\"}", NULL, "is not within"},
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"::/0\"}", NULL, "is not within"},
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"198.51.100.0/25\"}", NULL, "is not within"},
    /* the host bits of a mistyped range are no reason to guess */
    {"{\"ip\":\"203.0.113.0/24\"}", "{\"ip\":\"203.0.113.66/24\"}", NULL, "is not within"},
    {"{\"ip\":\"0.0.0.0/0\"}", "{\"ip\":\"2001:db8::1\"}", NULL, "is not within"},
    /* names */
    {"{\"host\":\"fin-pc-12\"}", "{\"host\":\"fin-pc-1\"}", NULL,
        "host: \"fin-pc-1\" is not within"},
    {"{\"host\":\"fin-pc-12\"}", "{\"host\":\"\"}", NULL, "is not within"},
    {"{\"host\":\"fin-pc-12\"}", "{\"host\":null}", NULL, "is not within"},
    /* numbers */
    {"{\"n\":10}", "{\"n\":9}", "{\"n\":9}", NULL},
    {"{\"n\":10}", "{\"n\":0}", "{\"n\":0}", NULL},
    {"{\"n\":10}", "{\"n\":11}", NULL, "n: 11 is more than"},
    {"{\"n\":10}", "{\"n\":-1}", NULL, "n: -1 is more than"},
    {"{\"n\":0.5}", "{\"n\":0.25}", "{\"n\":0.25}", NULL},
    {"{\"n\":9007199254740992}", "{\"n\":9007199254740993}", NULL, "is more than"},
    {"{\"n\":1}", "{\"n\":\"1\"}", NULL, "is not within"},
    {"{\"n\":1e400}", "{\"n\":1}", NULL, "is more than"},
    {"{\"port\":443}", "{\"port\":80}", NULL, "port: 80 is not within"}, /* a name, not an amount */
    {"{\"port\":443}", "{\"port\":443}", "{\"port\":443}", NULL},
    {"{\"off\":443}", "{\"off\":80}", NULL, "is not within"},
    {"{\"l\":[5,9]}", "{\"l\":[6]}", "{\"l\":[6]}", NULL},
    /* lists */
    {"{\"h\":[\"a\",\"b\",\"c\"]}", "{\"h\":[\"c\",\"a\"]}", "{\"h\":[\"c\",\"a\"]}", NULL},
    {"{\"h\":[\"a\",\"b\"]}", "{\"h\":[\"a\",\"d\"]}", NULL, "h: \"d\" is not among"},
    {"{\"h\":[\"a\",\"b\"]}", "{\"h\":[]}", NULL, "leaves nothing"},
    {"{\"h\":[\"a\"]}", "{\"h\":[\"a\",\"a\"]}", NULL, "more items"},
    {"{\"h\":[\"203.0.113.0/24\",\"198.51.100.0/24\"]}", "{\"h\":[\"198.51.100.7\"]}",
        "{\"h\":[\"198.51.100.7\"]}", NULL},
    {"{\"h\":[\"a\"]}", "{\"h\":\"a\"}", NULL, "is not within"},
    {"{\"h\":[{\"a\":1,\"b\":2}]}", "{\"h\":[{\"a\":1,\"x\":2}]}", NULL,
        "h: {\"a\":1,\"x\":2} is not among"},
    /* objects */
    {"{\"o\":{\"a\":5,\"b\":[1,2]}}", "{\"o\":{\"b\":[2]}}", "{\"o\":{\"a\":5,\"b\":[2]}}", NULL},
    {"{\"o\":{\"a\":5}}", "{\"o\":{\"a\":6}}", NULL, "o.a: 6 is more than"},
    {"{\"o\":{\"a\":5}}", "{\"o\":{\"z\":0}}", NULL, "o.z: was not asked for"},
    {"{\"o\":{\"a\":5}}", "{\"o\":null}", NULL, "o: null is not within"},
    /* what wasn't asked for can't be added */
    {"{\"ip\":\"192.0.2.1\"}", "{\"note\":\"x\"}", NULL, "note: was not asked for"},
    /* truth */
    {"{\"b\":true}", "{\"b\":true}", "{\"b\":true}", NULL},
    {"{\"b\":true}", "{\"b\":false}", NULL, "b: false is not within"},
};

/* n, o.a and what is in l are amounts; other numbers may be names. */
static const char amounts[] =
    "{\"properties\":{\"n\":{\"type\":\"number\",\"x-narrow\":true},\"o\":{\"properties\":{\"a\":"
    "{\"x-narrow\":true}}},\"l\":{\"items\":{\"x-narrow\":true}},\"port\":{\"type\":\"integer\"},"
    "\"off\":{\"x-narrow\":false}}}";

static void table_holds(void)
{
    struct hk_json_doc schema = {0};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(amounts, strlen(amounts), &hk_json_limits_own, &schema, NULL), HK_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct narrow_case *it = &cases[i];
        struct hk_json_doc asked = {0};
        struct hk_json_doc wanted = {0};
        struct hk_error error = {0};
        struct hk_buf out;
        bool is_changed = false;
        bool ok;

        hk_buf_init(&out, 65536);
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(it->asked, strlen(it->asked), &hk_json_limits_own, &asked, NULL), HK_OK);
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(it->wanted, strlen(it->wanted), &hk_json_limits_own, &wanted, NULL),
            HK_OK);
        ok = hk_narrow(asked.root, wanted.root, schema.root, &out, &is_changed, &error) == HK_OK;
        if (it->merged != NULL) {
            CU_ASSERT_TRUE_FATAL(ok);
            CU_ASSERT_STRING_EQUAL(out.data, it->merged);
            CU_ASSERT_EQUAL(is_changed, strcmp(it->asked, it->merged) != 0);
        } else {
            if (ok || strstr(error.text, it->words) == NULL)
                printf("\n  %s: \"%s\" lacks \"%s\"\n", it->wanted, error.text, it->words);
            CU_ASSERT_TRUE(!ok && strstr(error.text, it->words) != NULL);
        }
        hk_json_doc_done(&asked);
        hk_json_doc_done(&wanted);
        hk_buf_done(&out);
    }
    hk_json_doc_done(&schema);
}

/* Two long lists: the work has an end. */
static void long_lists_are_refused(void)
{
    struct hk_json_doc schema = {0};
    struct hk_json_doc asked = {0};
    struct hk_json_doc wanted = {0};
    struct hk_error error = {0};
    struct hk_buf one;
    struct hk_buf other;
    struct hk_buf out;
    bool is_changed;

    hk_buf_init(&one, 1 << 20);
    hk_buf_init(&other, 1 << 20);
    hk_buf_init(&out, 1 << 20);
    hk_buf_append_text(&one, "{\"h\":[0");
    hk_buf_append_text(&other, "{\"h\":[0");
    for (int i = 1; i < 5000; i++) {
        hk_buf_appendf(&one, ",\"%d\"", i);
        hk_buf_appendf(&other, ",\"%d\"", 5000 - i);
    }
    hk_buf_append_text(&one, "]}");
    hk_buf_append_text(&other, "]}");
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(one.data, one.size, &hk_json_limits_own, &asked, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(other.data, other.size, &hk_json_limits_own, &wanted, NULL), HK_OK);
    CU_ASSERT_EQUAL(
        hk_narrow(asked.root, wanted.root, schema.root, &out, &is_changed, &error), HK_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "h: too long"));
    hk_json_doc_done(&asked);
    hk_json_doc_done(&wanted);
    hk_buf_done(&one);
    hk_buf_done(&other);
    hk_buf_done(&out);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"table holds", table_holds},
        {"long lists are refused", long_lists_are_refused},
    };
    return suite_run("narrow", tests, COUNT_OF(tests));
}
