/*
 * Messages made of fields: CEF, LEEF, key=value, CSV, Zeek's lines, XML.
 */
#include "base/buf.h"
#include "intake/fields.h"
#include "support.h"

static struct hk_arena arena;

static struct hk_tree new_tree(void)
{
    hk_arena_init(&arena, 1024 * 1024);
    return (struct hk_tree){.arena = &arena};
}

/* The tree is what the expected text is as JSON; NULL: there is none. */
static void expect(const char *text, const struct hk_tree_node *node, const char *expected)
{
    struct hk_buf buf;
    struct hk_jw jw;

    hk_buf_init(&buf, 65536);
    hk_jw_init(&jw, &buf);
    if (node == NULL)
        hk_jw_null(&jw);
    else
        hk_jw_value(&jw, &node->json);
    hk_buf_append_char(&buf, '\0');
    if (strcmp((const char *)buf.data, expected) != 0) {
        (void)printf(
            "\n  %s\n  is       %s\n  expected %s", text, (const char *)buf.data, expected);
        CU_FAIL("a tree is not what was expected");
    }
    hk_buf_done(&buf);
    hk_arena_done(&arena);
}

static void test_cef(void)
{
    static const struct {
        const char *text;
        const char *tree;
    } cases[] = {
        {"CEF:0|v|p|1|id|name|5|", "{}"},
        {"CEF:0|v|p|1|id|name|5|src=192.0.2.1 msg=a text with blanks dpt=22",
            "{\"src\":\"192.0.2.1\",\"msg\":\"a text with blanks\",\"dpt\":\"22\"}"},
        {"before CEF:0|v|p|1|id|name|5|msg=a \\= b \\\\ c\\nd request=http://a.example/?b\\=c",
            "{\"msg\":\"a = b \\\\ c\\nd\",\"request\":\"http://a.example/?b=c\"}"},
        {"CEF:0|v|p|1|id|name|5|cs1=one two cs1Label=Rule Name cn1=3 cn1Label=Times",
            "{\"cs1\":\"one two\",\"cs1Label\":\"Rule Name\",\"cn1\":\"3\",\"cn1Label\":\"Times\","
            "\"Rule Name\":\"one two\",\"Times\":\"3\"}"},
        {"CEF:0|v|p|1|id|name|5|a= b=2 ", "{\"a\":\"\",\"b\":\"2\"}"},
        {"CEF:0|v", "null"},
        {"CEF", "null"},
        {"no such thing", "null"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_tree tree = new_tree();
        struct hk_fields_head head = {.vendor = {NULL, 0}};
        const struct hk_tree_node *node = hk_cef_read(hk_slice_of(cases[i].text), &tree, &head);
        if (node != NULL) {
            CU_ASSERT_TRUE(hk_slice_is(head.vendor, "v") && hk_slice_is(head.product, "p"));
            CU_ASSERT_TRUE(hk_slice_is(head.name, "name") && hk_slice_is(head.severity, "5"));
        }
        expect(cases[i].text, node, cases[i].tree);
    }
}

static void test_cef_head_is_unescaped(void)
{
    struct hk_tree tree = new_tree();
    struct hk_fields_head head = {.vendor = {NULL, 0}};
    const struct hk_tree_node *node =
        hk_cef_read(hk_slice_of("CEF:0|a \\| b|p\\\\q|1|100|n \\= m|Very-High|x=1"), &tree, &head);

    CU_ASSERT_TRUE(hk_slice_is(head.vendor, "a | b"));
    CU_ASSERT_TRUE(hk_slice_is(head.product, "p\\q"));
    CU_ASSERT_TRUE(hk_slice_is(head.severity, "Very-High"));
    expect("escapes in the head", node, "{\"x\":\"1\"}");
}

static void test_leef(void)
{
    static const struct {
        const char *text;
        const char *tree;
    } cases[] = {
        {"LEEF:1.0|v|p|1|id|src=192.0.2.1\tmsg=a text\tdstPort=22",
            "{\"src\":\"192.0.2.1\",\"msg\":\"a text\",\"dstPort\":\"22\"}"},
        {"LEEF:2.0|v|p|1|id|^|a=1^b=2 3", "{\"a\":\"1\",\"b\":\"2 3\"}"},
        {"LEEF:2.0|v|p|1|id|x5E|a=1^b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"LEEF:2.0|v|p|1|id|0x7C|a=1|b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"LEEF:2.0|v|p|1|id||a=1\tb=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"LEEF:2.0|v|p|1|id|a=1\tb=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"LEEF:1.0|v|p|1|id|a=1^b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"LEEF:1.0|v|p|1|id|a=1|b=2 3|c=4", "{\"a\":\"1\",\"b\":\"2 3\",\"c\":\"4\"}"},
        {"LEEF:1.0|v|p|1|id|a=1 2 b=3", "{\"a\":\"1 2\",\"b\":\"3\"}"}, /* the tabs were lost */
        {"LEEF:1.0|v|p|1|id|a=b=c\td=", "{\"a\":\"b=c\",\"d\":\"\"}"},
        {"LEEF:1.0|v", "null"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_tree tree = new_tree();
        struct hk_fields_head head = {.vendor = {NULL, 0}};
        const struct hk_tree_node *node = hk_leef_read(hk_slice_of(cases[i].text), &tree, &head);
        if (node != NULL)
            CU_ASSERT_TRUE(hk_slice_is(head.vendor, "v") && hk_slice_is(head.id, "id"));
        expect(cases[i].text, node, cases[i].tree);
    }
}

static void test_pairs(void)
{
    static const struct {
        const char *text;
        const char *tree;
    } cases[] = {
        {"a=1 b=\"two words\" c='x y' d=",
            "{\"a\":\"1\",\"b\":\"two words\",\"c\":\"x y\",\"d\":\"\"}"},
        {"words before a=1 and between b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"a=\"with \\\" a quote\" b=2", "{\"a\":\"with \\\" a quote\",\"b\":\"2\"}"},
        {"time=1|host=gw 1|action=drop it", "{\"time\":\"1\",\"host\":\"gw 1\","
                                            "\"action\":\"drop it\"}"},
        {"a=1\tb=two words\tc=3", "{\"a\":\"1\",\"b\":\"two words\",\"c\":\"3\"}"},
        {"a=1; b=2; c=3", "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"},
        {"a=1, b=two words, c=3", "{\"a\":\"1\",\"b\":\"two words\",\"c\":\"3\"}"},
        {"a=\"does not end", "{\"a\":\"does\"}"},
        {"no pairs at all", "{}"},
        {"", "{}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_tree tree = new_tree();
        struct hk_slice text = hk_slice_of(cases[i].text);
        expect(cases[i].text, hk_pairs_read(text, hk_pairs_guess(text), &tree), cases[i].tree);
    }
}

static void test_pairs_by_rule(void)
{
    struct hk_tree tree = new_tree();
    const struct hk_pairs_rule rule = {',', ':'};

    expect("a: 1, b: two words, c: x:y",
        hk_pairs_read(hk_slice_of("a: 1, b: two words, c: x:y"), rule, &tree),
        "{\"a\":\"1\",\"b\":\"two words\",\"c\":\"x:y\"}");
    tree = new_tree();
    expect("loose", hk_pairs_read_loose(hk_slice_of("a=one two b=three"), &tree),
        "{\"a\":\"one two\",\"b\":\"three\"}");
}

static void test_csv(void)
{
    static const struct {
        const char *text;
        char delimiter;
        const char *tree;
    } cases[] = {
        {"a,b,,d", ',', "[\"a\",\"b\",\"\",\"d\"]"},
        {"1,\"a, b\",\"say \"\"x\"\"\",", ',', "[\"1\",\"a, b\",\"say \\\"x\\\"\",\"\"]"},
        {"\"does not end,b", ',', "[\"does not end,b\"]"},
        {"a\t\"b\t", '\t', "[\"a\",\"\\\"b\",\"\"]"},
        {"", ',', "[\"\"]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_tree tree = new_tree();
        expect(cases[i].text, hk_csv_read(hk_slice_of(cases[i].text), cases[i].delimiter, &tree),
            cases[i].tree);
    }
}

static void test_zeek(void)
{
    static const char *const columns[] = {
        "#fields\tts\tid.orig_h\tservice\tn", "ts\tid.orig_h\tservice\tn"};

    for (size_t i = 0; i < 2; i++) {
        struct hk_tree tree = new_tree();
        expect(columns[i],
            hk_zeek_read(hk_slice_of("1.5\t192.0.2.1\t-\t(empty)"), hk_slice_of(columns[i]), &tree),
            "{\"ts\":\"1.5\",\"id.orig_h\":\"192.0.2.1\"}");
    }
}

static void test_xml(void)
{
    static const struct {
        const char *text;
        const char *tree;
    } cases[] = {
        {"<a><b>1</b><c d=\"2\" e='3'/></a>",
            "{\"a\":{\"b\":\"1\",\"c\":{\"d\":\"2\",\"e\":\"3\"}}}"},
        {"<?xml version=\"1.0\"?><!-- no --><a>x &amp; &lt;y&gt; &#65;&#x42;</a>",
            "{\"a\":\"x & <y> AB\"}"},
        {"<E><EventData><Data Name='User'>u</Data><Data Name='Ip'>192.0.2.1</Data></EventData></E>",
            "{\"E\":{\"EventData\":{\"User\":\"u\",\"Ip\":\"192.0.2.1\"}}}"},
        {"<a><![CDATA[<x> & y]]></a>", "{\"a\":\"<x> & y\"}"},
        {"<ns:a xmlns:ns=\"u\"><ns:b>1</ns:b></ns:a>", "{\"a\":{\"b\":\"1\"}}"},
        {"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "null"},
        {"<a><b>1</b><c>2", "{\"a\":{\"b\":\"1\"}}"},
        {"text", "null"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hk_tree tree = new_tree();
        expect(cases[i].text, hk_xml_read(hk_slice_of(cases[i].text), &tree), cases[i].tree);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"CEF", test_cef},
        {"CEF's head", test_cef_head_is_unescaped}, {"LEEF", test_leef}, {"pairs", test_pairs},
        {"pairs by rule", test_pairs_by_rule}, {"CSV", test_csv}, {"Zeek's lines", test_zeek},
        {"XML", test_xml}, CU_TEST_INFO_NULL};

    return run_tests("fields", tests);
}
