/*
 * The language of mappings: what each part of it does, and what a wrong file is told.
 */
#include "intake/products.h"
#include "products.h"

/* A mapping of form "t" with a match and these fields (and further parts of the file). */
#define MAPPING(rest) "{\"form\":\"t\",\"product\":\"p\",\"match\":{\"kind\":\"*\"}," rest "}"
#define FIELDS(fields) MAPPING("\"fields\":{\"title\":\"=x\"," fields "}")

static void expect(const char *mapping, const char *message, const char *path, const char *value)
{
    struct hk_products *products = own_products(NULL, mapping);
    struct mapped mapped = map(products, message);

    CU_ASSERT_EQUAL(mapped.status, HK_OK);
    if (mapped.status != HK_OK || strcmp(mapped.taken.in.form, "t") != 0 ||
        strcmp(seen(&mapped.taken, path), value) != 0) {
        (void)printf("\n  %s\n  %s\n  %s: %s should be \"%s\" in %s %s", mapping, message,
            mapped.taken.in.form, path, value, mapped.taken.in.view, mapped.trouble.why);
        CU_FAIL("a mapping does something else");
    }
    mapped_done(&mapped);
    hk_products_free(products);
}

static void test_paths(void)
{
    static const char message[] =
        "{\"kind\":1,\"a\":{\"b\":\"v1\",\"Mixed\":\"v2\"},\"x.y\":\"v3\",\"s_t\":\"v4\","
        "\"list\":[{\"k\":\"one\",\"v\":\"v5\"},{\"k\":\"two\",\"v\":\"v6\"}],\"words\":[\"v7\","
        "\"v8\"],\"deep\":[{\"in\":[{\"v\":\"v9\"}]}],\"nothing\":\"-\",\"no\":null}";
    static const char *const cases[][2] = {
        {"a.b", "v1"},
        {"a.mixed", "v2"},
        {"A.B", "v1"},
        {"x.y", "v3"},
        {"s.t", "v4"},
        {"list.v", "v5"},
        {"list[1].v", "v6"},
        {"list[-1].v", "v6"},
        {"list[9].v", ""},
        {"list[k=two].v", "v6"},
        {"list[k=three].v", ""},
        {"words", "v7"},
        {"words[1]", "v8"},
        {"deep.in.v", "v9"},
        {"nothing", ""},
        {"no", ""},
        {"a", ""},
        {"missing.at.all", ""},
    };
    char mapping[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(mapping, sizeof(mapping), FIELDS("\"message\":\"%s\""), cases[i][0]);
        expect(mapping, message, "message", cases[i][1]);
    }
}

static void test_sources(void)
{
    static const char message[] =
        "{\"kind\":\"x\",\"a\":\"one\",\"b\":\"two\",\"n\":7,\"path\":\"/x/y/z.exe\","
        "\"when\":\"22.11.2026 01:00\"}";
    static const char *const cases[][3] = {
        {"\"message\":[\"missing\",\"b\",\"a\"]", "message", "two"},
        {"\"message\":\"=constant\"", "message", "constant"},
        {"\"message\":\"{a} from {b}\"", "message", "one from two"},
        {"\"message\":[\"{a} of {missing}\",\"{b}\"]", "message", "two"},
        {"\"message\":\"{a|?} of {missing|nobody}\"", "message", "one of nobody"},
        {"\"message\":\"{a}[ of {missing}][ in {b}]\"", "message", "one in two"},
        {"\"message\":\"{{{a}}} [[{b}]]\"", "message", "{one} [two]"},
        {"\"message\":{\"from\":\"a\",\"map\":{\"two\":\"2\",\"o*\":\"1\"}}", "message", "1"},
        {"\"message\":[{\"from\":\"a\",\"map\":{\"two\":\"2\"}},\"b\"]", "message", "two"},
        {"\"message\":{\"from\":\"n\",\"map\":{\"8..\":\"big\",\"5..7\":\"middle\"}}", "message",
            "middle"},
        {"\"message\":{\"from\":\"n\",\"map\":{\"..3\":\"small\",\"*\":\"other\"}}", "message",
            "other"},
        {"\"message\":{\"from\":\"path\",\"after_last\":\"/\"}", "message", "z.exe"},
        {"\"message\":{\"from\":\"path\",\"after\":\"/\"}", "message", "x/y/z.exe"},
        {"\"message\":{\"from\":\"path\",\"after\":\"/x/\",\"before\":\"/\"}", "message", "y"},
        {"\"message\":[{\"when\":{\"a\":\"two\"},\"from\":\"=no\"},{\"when\":{\"a\":\"one\"},"
         "\"from\":\"=yes\"}]",
            "message", "yes"},
        {"\"message\":{\"when\":{\"missing\":{\"not\":\"*\"},\"n\":{\"range\":\"5..9\"}},"
         "\"from\":\"=yes\"}",
            "message", "yes"},
        {"\"time\":{\"from\":\"when\",\"time\":[\"%d.%m.%Y %H:%M\"]}", "time",
            "2026-11-22T01:00:00.000000Z"},
        {"\"severity\":{\"from\":\"n\",\"map\":{\"5..\":\"high\"}}", "severity", "high"},
        {"\"severity\":{\"from\":\"=Critical\",\"map\":{\"critical\":\"fatal\"}}", "severity",
            "fatal"},
        {"\"more.Anything\":\"a\"", "more.Anything", "one"},
        {"\"src.ip\":[\"a\",\"=192.0.2.1:22\"],\"src.port\":\"=192.0.2.1:22\"", "src.ip",
            "192.0.2.1"},
        {"\"src.port\":[\"a\",\"=192.0.2.1:22\"]", "src.port", "22"},
        {"\"user.mail\":[\"a\",\"=User <user-1@example.com>\"]", "user.mail", "user-1@example.com"},
    };
    char mapping[1024];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(mapping, sizeof(mapping), FIELDS("%s"), cases[i][0]);
        expect(mapping, message, cases[i][1], cases[i][2]);
    }
}

static void test_find(void)
{
    static const char message[] = "{\"kind\":\"x\",\"t\":\"from 192.0.2.1 to 192.0.2.2 by u\"}";

    expect(MAPPING("\"find\":{\"t\":[\"from {a:ip} at\",\"from {a:ip} to {b:ip}\"]},"
                   "\"fields\":{\"title\":\"=x\",\"src.ip\":\"$a\",\"dst.ip\":\"$b\"}"),
        message, "dst.ip", "192.0.2.2");
    expect(MAPPING("\"find\":{\"t\":[[\"from {a:ip}\"],[\"by {c:word}\"]]},"
                   "\"fields\":{\"title\":\"{$c} at {$a}\"}"),
        message, "title", "u at 192.0.2.1");
    expect(MAPPING("\"find\":{\"t\":\"to {rest}\",\"$rest\":\"by {c:word}\"},"
                   "\"fields\":{\"title\":\"{$c}\"}"),
        message, "title", "u");
}

static void test_cases(void)
{
    static const char mapping[] =
        MAPPING("\"cases\":{\"by\":\"kind\",\"of\":{\"a|b\":\"=A or B\",\"c*\":{\"title\":\"{kind} "
                "by {$x}\",\"severity\":\"=high\",\"find\":{\"t\":\"by {x:word}\"}}}},"
                "\"fields\":{\"title\":\"=other\",\"severity\":\"=low\"}");

    expect(mapping, "{\"kind\":\"a\"}", "title", "A or B");
    expect(mapping, "{\"kind\":\"B\"}", "severity", "low");
    expect(mapping, "{\"kind\":\"cd\",\"t\":\"by u\"}", "title", "cd by u");
    expect(mapping, "{\"kind\":\"cd\",\"t\":\"by u\"}", "severity", "high");
    /* without a user the case's title has no value, and the field's own counts */
    expect(mapping, "{\"kind\":\"cd\"}", "title", "other");
    expect(mapping, "{\"kind\":\"z\"}", "title", "other");
}

static void test_under_and_zone(void)
{
    expect(MAPPING("\"under\":[\"inner.more\"],\"fields\":{\"title\":\"{a} {b}\"}"),
        "{\"kind\":1,\"a\":\"top\",\"inner\":{\"more\":{\"a\":\"in\",\"b\":\"in\"}}}", "title",
        "top in");
    expect(MAPPING("\"zone\":\"+01:00\",\"fields\":{\"title\":\"=x\",\"time\":\"t\"}"),
        "{\"kind\":1,\"t\":\"2026-11-22 02:00:00\"}", "time", "2026-11-22T01:00:00.000000Z");
}

static void test_reads(void)
{
    const struct hk_message_hint hint = {
        .transport = HK_TRANSPORT_FILE, .now_us = NOW_US, .source = "s"};
    struct hk_products *products;
    struct mapped mapped;

    expect("{\"form\":\"t\",\"product\":\"p\",\"reads\":\"pairs\",\"pairs\":{\"between\":\",\","
           "\"equals\":\":\"},\"match\":{\"@text\":\"a: *\"},\"fields\":{\"title\":\"{b b}\"}}",
        "a: 1, b b: two words", "title", "two words");
    products = own_products(NULL,
        "{\"form\":\"t\",\"product\":\"p\",\"reads\":\"zeek\",\"columns\":[\"ts\",\"name\"],"
        "\"match\":{\"@source\":\"s\"},\"fields\":{\"title\":\"{name}\"}}");
    mapped = map_bytes(products, "1.5\tn", 5, &hint);
    CU_ASSERT_STRING_EQUAL(seen(&mapped.taken, "title"), "n");
    mapped_done(&mapped);
    hk_products_free(products);
}

static void test_match_ranks(void)
{
    static const struct hk_mapping_file files[] = {
        {"a.json",
            "{\"form\":\"a\",\"product\":\"p\",\"match\":{\"x\":\"*\"},\"fields\":{"
            "\"title\":\"=a\"}}",
            0},
        {"b.json",
            "{\"form\":\"b\",\"product\":\"p\",\"match\":{\"x\":\"*\",\"y\":[1,\"two*\"]},"
            "\"fields\":{\"title\":\"=b\"}}",
            0},
        {"c.json",
            "{\"form\":\"c\",\"product\":\"p\",\"rank\":9,\"match\":[{\"z\":true}],"
            "\"fields\":{\"title\":\"=c\"}}",
            0},
        {"d.json",
            "{\"form\":\"d\",\"product\":\"p\",\"match\":{\"y\":[\"door\",\"?* gate\"]},"
            "\"fields\":{\"title\":\"=d\"}}",
            0},
    };
    static const char *const cases[][2] = {
        {"{\"x\":1}", "a"},
        {"{\"x\":1,\"y\":3}", "a"},
        {"{\"x\":1,\"y\":1}", "b"},
        {"{\"x\":1,\"y\":\"TWO words\"}", "b"},
        {"{\"x\":1,\"y\":[3,\"two words\"]}", "b"},
        {"{\"x\":[],\"y\":[3,1]}", "unmapped"},
        {"{\"y\":[[],\"only a gate\"]}", "d"},
        {"{\"y\":[3,\"Door\"]}", "d"},
        {"{\"y\":\"gate\"}", "unmapped"},
        {"{\"x\":1,\"y\":1,\"z\":true}", "c"},
        {"{\"x\":1,\"y\":1,\"z\":false}", "b"},
        {"{\"z\":\"no\"}", "unmapped"},
    };
    struct hk_mapping_file sized[4];
    struct hk_products *products = NULL;

    for (size_t i = 0; i < 4; i++) {
        sized[i] = files[i];
        sized[i].size = strlen(files[i].text);
    }
    CU_ASSERT_EQUAL_FATAL(hk_products_new(NULL, sized, 4, &products, NULL), HK_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mapped mapped = map(products, cases[i][0]);
        CU_ASSERT_STRING_EQUAL(mapped.taken.in.form, cases[i][1]);
        mapped_done(&mapped);
    }
    hk_products_free(products);
}

#define HEAD "{\"form\":\"t\",\"product\":\"p\",\n\"match\":{\"a\":1},\n"

/* What is wrong, where: "FILE:LINE: PATH: what". */
static void test_errors(void)
{
    static const char *const cases[][2] = {
        {"{", "own.json:1: byte 1: expected a key in quotes or '}'"},
        {"{\n\"form\" \"t\"}", "own.json:2: byte 9: expected ':'"},
        {"[]", "own.json:1: a mapping is a JSON object"},
        {"{}", "own.json:1: form: expected a name of up to 63 of a-z, 0-9, '-', '_' and '.'"},
        {"{\"form\":\"T 1\"}",
            "own.json:1: form: expected a name of up to 63 of a-z, 0-9, '-', '_' and '.'"},
        {"{\n\"form\": \"t\",\n\"fields\": {}}", "own.json:1: \"match\" is missing"},
        {HEAD "\"fields\":{}}", "own.json:1: fields: there is no source for the title"},
        {HEAD "\"fields\":{\"titel\":\"a\"}}",
            "own.json:3: fields.titel: the view has no field \"titel\"; \"more.NAME\" may be any"},
        {HEAD "\"fields\":{\"title\":\n[\"a\",{\"from\":\"b\",\"mapp\":{}}]}}",
            "own.json:4: fields.title[1]: there is no such key as \"mapp\" here"},
        {HEAD "\"fields\":{\"title\":\"a text\"}}",
            "own.json:3: fields.title: \"a text\": a text that stands for itself begins with '=', "
            "a path with a blank is written in braces"},
        {HEAD "\"fields\":{\"title\":\"{a\"}}", "own.json:3: fields.title: a brace does not end"},
        {HEAD "\"fields\":{\"title\":\"{a}]\"}}",
            "own.json:3: fields.title: brackets come in pairs, and not in brackets"},
        {HEAD "\"fields\":{\"title\":\"a\",\"severity\":\"=hot\"}}",
            "own.json:3: fields.severity: \"hot\" is not one of informational, low, medium, high, "
            "critical, fatal"},
        {HEAD "\"fields\":{\"title\":\"$a\"}}",
            "own.json:3: fields.title: \"$a\": no pattern finds that name"},
        {HEAD "\"find\":{\"a\":\"{x\"},\"fields\":{\"title\":\"a\"}}",
            "own.json:3: find.a: \"{x\": expected {name} or {name:kind}"},
        {HEAD "\"fields\":{\"title\":{\"from\":\"a\",\"map\":\"words\"}}}",
            "own.json:3: fields.title.map: there is no map \"words\" under \"maps\""},
        {HEAD "\"fields\":{\"title\":\"a\",\"time\":{\"from\":\"a\",\"time\":[\"%Q\"]}}}",
            "own.json:3: fields.time: expected a pattern of a time such as \"%Y-%m-%d %H:%M:%S\""},
        {HEAD "\"like\":\"nothing\"}", "own.json:3: like: there is no mapping of that form"},
        {HEAD "\"rank\":1000}", "own.json:3: rank: expected a whole number from -100 to 100"},
        {HEAD "\"reads\":\"yaml\"}",
            "own.json:3: reads: expected json, cef, leef, pairs, csv, xml, zeek or text"},
        {HEAD "\"zone\":\"CET\"}",
            "own.json:3: zone: expected \"UTC\" or an offset such as \"+09:00\""},
        {HEAD "\"colour\":1}", "own.json:3: there is no such key as \"colour\" here"},
        {"{\"form\":\"t\",\"product\":\"P 1\",\"match\":{\"a\":1}}",
            "own.json:1: product: expected a word of a-z, 0-9 and '_'"},
        {"{\"form\":\"t\",\"product\":\"p\",\"match\":{\"a[\":1}}",
            "own.json:1: match.a[: \"[\": the bracket does not end"},
        {"{\"form\":\"t\",\"product\":\"p\",\"match\":{}}",
            "own.json:1: match: expected {\"path\": test, …}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hk_mapping_file file = {"own.json", cases[i][0], strlen(cases[i][0])};
        struct hk_products *products = NULL;
        struct hk_error error = {0};
        CU_ASSERT_EQUAL(hk_products_new(NULL, &file, 1, &products, &error), HK_INVALID);
        if (strncmp(error.text, cases[i][1], strlen(cases[i][1])) != 0) {
            (void)printf(
                "\n  %s\n  is       %s\n  expected %s", cases[i][0], error.text, cases[i][1]);
            CU_FAIL("another error");
        }
        hk_products_free(products);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"paths", test_paths}, {"sources", test_sources},
        {"find", test_find}, {"cases", test_cases}, {"under and zone", test_under_and_zone},
        {"reads", test_reads}, {"match and rank", test_match_ranks}, {"errors", test_errors},
        CU_TEST_INFO_NULL};

    return run_tests("mapping", tests);
}
