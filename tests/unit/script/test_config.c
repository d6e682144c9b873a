/* Configuration files: data written in Lua. */
#include "helper.h"

#include "script/play.h"

static const char *eval(const char *source)
{
    static char answer[4096];
    struct hk_error error = {.text = ""};
    struct hk_buf out;
    enum hk_status status;

    hk_buf_init(&out, sizeof answer - 1);
    status = hk_config_eval(source, strlen(source), "hikeshi.lua", &out, &error);
    if (status == HK_OK) {
        (void)snprintf(answer, sizeof answer, "%s", out.data);
    } else {
        CU_ASSERT_EQUAL(status, HK_INVALID);
        CU_ASSERT_EQUAL(out.size, 0);
        (void)snprintf(answer, sizeof answer, "error: %s", error.text);
    }
    hk_buf_done(&out);
    return answer;
}

static void test_data(void)
{
    CHECK_TEXT(eval("return hikeshi { listen = '127.0.0.1:8080', tenants = { main = { "
                    "rules = { { severity = at_least 'high', kind = 'contain' } } } } }"),
        "{\"listen\":\"127.0.0.1:8080\",\"tenants\":{\"main\":{\"rules\":[{\"kind\":\"contain\","
        "\"severity\":{\"at_least\":\"high\"}}]}}}");
    CHECK_TEXT(eval("local hours = {} for i = 1, 3 do hours[i] = i * 8 end "
                    "return hikeshi { hours = hours }"),
        "{\"hours\":[8,16,24]}");
}

static void test_errors(void)
{
    CHECK_TEXT(eval("return hikeshi {\n  tenants = { main = { plugins = function() end } } }"),
        "error: tenants.main.plugins is a function, which is no plain data");
    CHECK_TEXT(eval("\n\nreturn hikeshi { x = y }"), "error: hikeshi.lua:3: undefined global 'y'");
    CHECK_HAS(eval("return hikeshi { x = = 1 }"), "hikeshi.lua:1: unexpected symbol");
    CHECK_HAS(eval("return 5"), "must return hikeshi");
    CHECK_HAS(eval(""), "must return hikeshi");
    CHECK_HAS(eval("hikeshi(1)"), "hikeshi needs a table");
    CHECK_HAS(eval("return hikeshi { act.a.b() }"), "undefined global 'act'");
    CHECK_HAS(eval("note 'x'"), "undefined global 'note'");
    CHECK_HAS(eval("while true do end"), "hikeshi.lua:1: run ");
    CHECK_HAS(
        eval("return hikeshi { x = at_least 'severe' }"), "hikeshi.lua:1: at_least needs one of");
    CHECK_HAS(eval("return hikeshi { x = at_least(5) }"), "at_least needs one of");
}

static CU_TestInfo tests[] = {
    {"data", test_data},
    {"errors", test_errors},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("config", tests)
