/* Values between JSON and Lua and back. */
#include "helper.h"

#include "script/play.h"

struct trip {
    const char *json;
    char result[4096];
};

static int go_and_come(lua_State *L)
{
    struct trip *trip = lua_touserdata(L, 1);
    const struct hk_buf *out;

    lua_settop(L, 0);
    hk_convert_push(L, trip->json, strlen(trip->json), "value");
    out = hk_convert_json(L, 1, 1024 * 1024, "value", false);
    (void)snprintf(trip->result, sizeof trip->result, "%s", out->data);
    return 0;
}

static const char *there_and_back(const char *json)
{
    static struct trip trip;
    struct hk_error error;

    trip.json = json;
    if (hk_state_once(go_and_come, &trip, &error) != HK_OK)
        (void)snprintf(trip.result, sizeof trip.result, "error: %s", error.text);
    return trip.result;
}

static void test_round_trips(void)
{
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {"[]", "{}"}, /* an empty table has no kind */
        {"null", "null"},
        {"true", "true"},
        {"\"a\\u00e4\\n\"", "\"a\xc3\xa4\\n\""},
        {"{\"b\":1,\"a\":[1,2,{\"z\":null,\"y\":0}]}", "{\"a\":[1,2,{\"y\":0}],\"b\":1}"},
        {"[1,null,3]", "[1,null,3]"},
        {"[null]", "[null]"},
        {"{\"a\":null}", "{}"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9007199254740993", "9007199254740993"},
        {"9223372036854775808", "\"9223372036854775808\""},
        {"-123456789012345678901234567890", "\"-123456789012345678901234567890\""},
        {"1.5", "1.5"},
        {"0.1", "0.1"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1e2", "100"},
        {"1.0", "1"},
        {"-0.0", "0"},
        {"1e300", "1e+300"},
        {"1e999", "\"1e999\""},
        {"5e-324", "4.94065645841247e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_TEXT(there_and_back(cases[i][0]), cases[i][1]);
    CHECK_HAS(there_and_back("{\"a\":1,\"a\":2}"), "error: value: ");
    CHECK_HAS(there_and_back("[1,"), "error: value: ");
    CHECK_HAS(there_and_back(""), "error: value: ");
}

static void test_depth(void)
{
    char json[400];
    size_t depth = HK_CONVERT_DEPTH_MAX;

    memset(json, '[', depth - 1);
    json[depth - 1] = '1';
    memset(json + depth, ']', depth - 1);
    json[2 * depth - 1] = '\0';
    CHECK_TEXT(there_and_back(json), json);
    memset(json, '[', 150);
    memset(json + 150, ']', 150);
    json[300] = '\0';
    CHECK_HAS(there_and_back(json), "error: value: ");
}

static const char *config(const char *source)
{
    static char answer[8192];
    struct hk_error error;
    struct hk_buf out;

    hk_buf_init(&out, sizeof answer - 1);
    if (hk_config_eval(source, strlen(source), "c.lua", &out, &error) != HK_OK)
        (void)snprintf(answer, sizeof answer, "error: %s", error.text);
    else
        (void)snprintf(answer, sizeof answer, "%s", out.data);
    hk_buf_done(&out);
    return answer;
}

static void test_errors(void)
{
    CHECK_HAS(config("return {a = {b = {1, {c = pairs}}}}"), "a.b[2].c is a function");
    CHECK_HAS(config("return {a = 0/0}"), "a is not a finite number");
    CHECK_HAS(config("return {a = -math.huge}"), "a is not a finite number");
    CHECK_HAS(config("local t = {x = {}} t.x.y = t return t"), "x.y contains itself");
    CHECK_HAS(config("local t = {} t[1] = t return {a = t}"), "a[1] contains itself");
    CHECK_HAS(config("local t = 1 for i = 1, 100 do t = {t} end return t"), "nested too deeply");
    CHECK_HAS(config("return {a = {1, x = 2}}"), "a mixes a list and names");
    CHECK_HAS(config("return {a = {1, nil, 3}}"), "a is a list with gaps");
    CHECK_HAS(config("return {a = {[2] = 1}}"), "a is a list with gaps");
    CHECK_HAS(config("return {a = {[1.5] = 1}}"), "a has a key that is neither");
    CHECK_HAS(config("return {a = {[true] = 1}}"), "a has a key that is neither");
    CHECK_HAS(config("return {a = '\\xff'}"), "a is not UTF-8 text");
    CHECK_HAS(config("return {a = 'x\\0y'}"), "a is not UTF-8 text");
    CHECK_HAS(config("return {['a\\xff'] = 1}"), "is not UTF-8 text");
    CHECK_HAS(config("return {a = setmetatable({}, {})}"), "a has a metatable");
    CHECK_HAS(config("return {a = string}"), "a has a metatable");
    CHECK_HAS(config("return {a = ('x'):rep(5 << 20)}"), "larger than 4096 KiB");
    /* The same table twice is no cycle. */
    CHECK_TEXT(config("local t = {1} return {a = t, b = t}"), "{\"a\":[1],\"b\":[1]}");
}

static void test_canonical(void)
{
    struct hk_json_doc doc = {0};
    struct hk_error error;
    struct hk_buf out;
    static const char text[] = "return {b = 'q\"\\\\\\n\\t\\1/', a = {1, -5, 2.5, true, null}, "
                               "['ä'] = {}, A = 0, [''] = 1}";
    const char *json = config(text);

    /* Our form is base's canonical form. */
    hk_buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, &error), HK_OK);
    hk_json_canonical(doc.root, &out);
    CHECK_TEXT(out.data, json);
    hk_buf_done(&out);
    hk_json_doc_done(&doc);
}

static CU_TestInfo tests[] = {
    {"there and back", test_round_trips},
    {"depth", test_depth},
    {"errors name the path", test_errors},
    {"the canonical form", test_canonical},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("convert", tests)
