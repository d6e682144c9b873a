/* Reading a playbook without running it. */
#include "helper.h"

#include "script/play.h"

static const char *describe_as(const char *source, const char *chunk)
{
    static char answer[4096];
    struct hk_error error = {.text = ""};
    struct hk_buf out;
    enum hk_status status;

    hk_buf_init(&out, sizeof answer - 1);
    status = hk_playbook_describe(source, strlen(source), chunk, &out, &error);
    if (status == HK_OK) {
        (void)snprintf(answer, sizeof answer, "%s", out.data);
    } else {
        CU_ASSERT_EQUAL(status, HK_INVALID);
        (void)snprintf(answer, sizeof answer, "error: %s", error.text);
    }
    hk_buf_done(&out);
    return answer;
}

static const char *describe(const char *source)
{
    return describe_as(source, "p.lua");
}

#define WITH(fields) "return playbook { name = 'p', run = function() end, " fields " }"

static void test_describe(void)
{
    CHECK_TEXT(describe("return playbook { name = 'contain-x', summary = 'What it does', "
                        "on = { category = 'authentication', severity = at_least 'high' }, "
                        "limits = { run_for = '2d' }, run = function(alert) end }"),
        "{\"name\":\"contain-x\",\"summary\":\"What it does\",\"on\":[{\"category\":"
        "\"authentication\",\"severity\":{\"at_least\":\"high\"}}],"
        "\"limits\":{\"run_for_ms\":172800000}}");
    CHECK_TEXT(describe(WITH("")), "{\"name\":\"p\",\"summary\":\"\",\"on\":[],\"limits\":{}}");
    CHECK_HAS(describe(WITH("on = { { product = 'a' }, { product = { 'b', 'c' } } }")),
        "\"on\":[{\"product\":\"a\"},{\"product\":[\"b\",\"c\"]}]");
    CHECK_HAS(describe(WITH("on = { ['src.ip'] = '192.0.2.1' }")), "[{\"src.ip\":\"192.0.2.1\"}]");
    CHECK_HAS(describe(WITH("on = { severity = { 'low', 'high' } }")), "[\"low\",\"high\"]");
    CHECK_HAS(describe(WITH("on = {}")), "error: p.lua:1: on: a trigger needs");
}

static void test_errors(void)
{
    CHECK_HAS(describe("\n\nreturn playbook { name = 'A b', run = function() end }"),
        "error: p.lua:3: playbook: name must be");
    CHECK_HAS(describe("return playbook { run = function() end }"), "name must be");
    CHECK_HAS(describe("return playbook { name = 'p' }"), "run must be a function");
    CHECK_HAS(describe(WITH("trigger = {}")), "\"trigger\" is no field");
    CHECK_HAS(describe(WITH("5")), "is no field");
    CHECK_HAS(describe(WITH("summary = {}")), "summary must be a text");
    CHECK_HAS(describe(WITH("on = 'x'")), "on must be a table");
    CHECK_HAS(describe(WITH("on = { { category = 'x' }, 5 }")), "on must be a table");
    CHECK_HAS(describe(WITH("on = { categoty = 'x' }")), "\"categoty\" is no field of an alert");
    CHECK_HAS(describe(WITH("on = { src = { ip = 'x' } }")), "[\"src.ip\"]");
    CHECK_HAS(describe(WITH("on = { category = 5 }")), "category must be a text");
    CHECK_HAS(describe(WITH("on = { category = {} }")), "the list for category is empty");
    CHECK_HAS(describe(WITH("on = { category = { 5 } }")), "category must be a text");
    CHECK_HAS(describe(WITH("on = { category = at_least 'high' }")), "at_least is for severity");
    CHECK_HAS(describe(WITH("on = { severity = 'severe' }")), "\"severe\" is no severity");
    CHECK_HAS(describe(WITH("on = { severity = at_least 'High' }")), "at_least needs one of");
    CHECK_HAS(describe(WITH("limits = 5")), "limits must be a table");
    CHECK_HAS(describe(WITH("limits = { memory = 1 }")), "the only limit is run_for");
    CHECK_HAS(describe(WITH("limits = { run_for = 'long' }")), "run_for must be a duration");
    CHECK_HAS(describe(WITH("limits = { run_for = '0s' }")), "run_for must be a duration");
    CHECK_HAS(describe("playbook(5)"), "playbook needs a table");
    CHECK_HAS(describe("return 5"), "must return playbook");
    CHECK_HAS(describe(""), "must return playbook");
    CHECK_HAS(describe("local p = playbook { name = 'p', run = function() end } "
                       "return playbook { name = 'q', run = function() end }"),
        "one playbook");
    CHECK_HAS(
        describe("local p = playbook { name = 'p', run = function() end } p.name = {} return p"),
        "name must be");
    CHECK_HAS(describe("act.a.b() " WITH("")), "act.a.b is only available inside");
    CHECK_HAS(describe("random() " WITH("")), "random is only available inside");
    CHECK_HAS(describe("together {} " WITH("")), "together is only available inside");
    CHECK_HAS(describe("while true do end"), "p.lua:1: run ");
    CHECK_HAS(
        describe("local t = {} while true do t[#t + 1] = t end"), "p.lua:1: run used more than");
}

static void test_size(void)
{
    size_t size = HK_PLAYBOOK_SIZE_MAX + 1;
    char *source = malloc(size + 1);

    if (source == NULL)
        abort();
    memset(source, ' ', size);
    source[size] = '\0';
    CHECK_HAS(describe(source), "p.lua: larger than 256 KiB");
    memcpy(source, WITH(""), strlen(WITH("")));
    source[HK_PLAYBOOK_SIZE_MAX] = '\0';
    CHECK_HAS(describe(source), "\"name\":\"p\"");
    free(source);
}

static void test_version(void)
{
    char version[HK_SHA256_HEX_SIZE];

    hk_playbook_version("abc", 3, version);
    CHECK_TEXT(version, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* The playbooks that ship: HIKESHI_SOURCE is set by ctest. */
static void test_shipped(void)
{
    static const char *const names[] = {"contain-bruteforce", "contain-scanner", "enrich-network"};
    const char *root = getenv("HIKESHI_SOURCE");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        static char source[65536];
        char path[512];
        char wanted[128];
        FILE *file;
        size_t size;
        (void)snprintf(
            path, sizeof path, "%s/playbooks/%s.lua", root == NULL ? "." : root, names[i]);
        file = fopen(path, "r");
        if (file == NULL) {
            CU_FAIL("a playbook is missing");
            return;
        }
        size = fread(source, 1, sizeof source - 1, file);
        source[size] = '\0';
        (void)fclose(file);
        (void)snprintf(wanted, sizeof wanted, "{\"name\":\"%s\",", names[i]);
        CHECK_HAS(describe_as(source, names[i]), wanted);
    }
}

static CU_TestInfo tests[] = {
    {"description", test_describe},
    {"errors with lines", test_errors},
    {"size", test_size},
    {"version", test_version},
    {"the playbooks that ship", test_shipped},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("playbook", tests)
