/*
 * schema: arguments are checked against the subset that plugin.md documents; what is wrong is named
 * with its path; words outside of the subset are refused when a plugin is loaded.
 */
#include "plugin/descriptor.h"

#include "support/suite.h"

#include <string.h>

static enum hk_status check(const char *schema, const char *value, struct hk_error *error)
{
    struct hk_json_doc doc = {0};

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(value, strlen(value), &hk_json_limits_own, &doc, error), HK_OK);
    enum hk_status status = hk_schema_check(schema, doc.root, error);
    hk_json_doc_done(&doc);
    return status;
}

static void values_that_follow_pass(void)
{
    static const struct {
        const char *schema;
        const char *value;
    } cases[] = {
        {"{}", "[1,null]"},
        {"{\"type\":\"object\"}", "{}"},
        {"{\"type\":[\"string\",\"null\"]}", "null"},
        {"{\"type\":\"integer\"}", "12345678901234567890"},
        {"{\"type\":\"integer\"}", "1.0"},
        {"{\"type\":\"integer\"}", "1e3"},
        {"{\"type\":\"number\"}", "1"},
        {"{\"minimum\":-5,\"maximum\":5}", "-5"},
        {"{\"minimum\":9007199254740993}", "9007199254740993"},
        {"{\"minimum\":1}", "\"not a number: does not apply\""},
        {"{\"enum\":[1,\"a\",{\"b\":[2]}]}", "{\"b\":[2]}"},
        {"{\"enum\":[1]}", "1.0"},
        {"{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\""},
        {"{\"minItems\":1,\"items\":{\"type\":\"integer\"}}", "[1,2]"},
        {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"b\":1}"},
        {"{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"b\":1}"},
        {"{\"type\":\"string\",\"x-secret\":true,\"title\":\"t\",\"format\":\"ipv4\"}", "\"x\""},
    };
    struct hk_error error = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CU_ASSERT_EQUAL(check(cases[i].schema, cases[i].value, &error), HK_OK);
        CU_ASSERT_EQUAL(hk_schema_is_supported(cases[i].schema, &error), HK_OK);
    }
}

static void values_that_do_not_are_named(void)
{
    static const struct {
        const char *schema;
        const char *value;
        const char *says;
    } cases[] = {
        {"{\"type\":\"object\"}", "[]", "arguments must be of type object, not array"},
        {"{\"type\":\"integer\"}", "1.5", "integer"},
        {"{\"type\":[\"string\",\"null\"]}", "1", "string or null"},
        {"{\"maximum\":9007199254740992}", "9007199254740993", "at most 9007199254740992"},
        {"{\"minimum\":-1}", "-2", "at least -1"},
        {"{\"enum\":[\"a\",\"b\"]}", "\"c\"", "one of [\"a\",\"b\"]"},
        {"{\"minLength\":1}", "\"\"", "at least 1 characters"},
        {"{\"maxItems\":1}", "[1,2]", "at most 1 items"},
        {"{\"required\":[\"ip\"]}", "{}", "ip is missing"},
        {"{\"additionalProperties\":false}", "{\"x\":1}", "x is not a known name"},
        {"{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"type\":\"string\"}}}}}}",
            "{\"a\":[{\"b\":\"\"},{\"b\":7}]}", "a[1].b must be of type string"},
    };
    struct hk_error error = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CU_ASSERT_EQUAL(check(cases[i].schema, cases[i].value, &error), HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
    }
}

static void schemas_outside_the_subset_are_refused(void)
{
    static const char *const schemas[] = {"", "[]", "true", "{\"type\":\"text\"}", "{\"type\":[]}",
        "{\"pattern\":\"a\"}", "{\"oneOf\":[]}", "{\"required\":\"a\"}", "{\"enum\":[]}",
        "{\"minimum\":\"1\"}", "{\"maxLength\":-1}", "{\"properties\":[]}",
        "{\"properties\":{\"a\":{\"not\":{}}}}", "{\"items\":[]}", "{\"additionalProperties\":1}"};
    struct hk_error error = {0};

    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        CU_ASSERT_NOT_EQUAL(hk_schema_is_supported(schemas[i], &error), HK_OK);
        CU_ASSERT_NOT_EQUAL(check(schemas[i], "{}", &error), HK_OK);
    }
}

static void depth_is_bounded(void)
{
    struct hk_error error = {0};
    struct hk_buf schema;

    hk_buf_init(&schema, 4096);
    for (int i = 0; i < 40; i++)
        hk_buf_append_text(&schema, "{\"items\":");
    hk_buf_append_text(&schema, "{}");
    for (int i = 0; i < 40; i++)
        hk_buf_append_char(&schema, '}');
    CU_ASSERT_EQUAL(hk_schema_is_supported(schema.data, &error), HK_LIMIT);
    hk_buf_done(&schema);
}

/* --- descriptors as the engine reads them --- */

#define ACTION(more)                                                                               \
    "{\"name\":\"block\",\"summary\":\"s\",\"can_start\":true,\"args_schema\":"                    \
    "\"{\\\"properties\\\":{\\\"ip\\\":{}}}\"," more "}"
#define CONTAIN(schema)                                                                            \
    PLUGIN("\"actions\":[{\"name\":\"block\",\"summary\":\"s\",\"can_start\":true,"                \
           "\"effect\":\"once\",\"kind\":\"contain\",\"residual\":\"r\",\"target\":\"ip\","        \
           "\"target_type\":\"address\",\"args_schema\":\"{" schema "}\"}]")
#define IP(type) "\\\"properties\\\":{\\\"ip\\\":{\\\"type\\\":" type "}}"
#define REQUIRED ",\\\"required\\\":[\\\"ip\\\"]"
#define PLUGIN(more) "{\"name\":\"p\",\"version\":\"1\"," more "}"
#define ACTIONS(more) PLUGIN("\"actions\":[" ACTION(more) "]")
#define NOTIFY "\"effect\":\"once\",\"kind\":\"notify\""

static enum hk_status read_descriptor(const char *text, struct hk_error *error)
{
    struct hk_descriptor descriptor;
    struct hk_json_doc doc = {0};
    struct hk_arena arena;

    hk_arena_init(&arena, 65536);
    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, error), HK_OK);
    enum hk_status status = hk_descriptor_read(doc.root, "p", &arena, &descriptor, error);
    hk_json_doc_done(&doc);
    hk_arena_done(&arena);
    return status;
}

static void good_descriptors_are_read(void)
{
    static const char *const texts[] = {
        ACTIONS(NOTIFY),
        ACTIONS("\"effect\":\"once\",\"kind\":\"contain\",\"residual\":\"can't be undone\""),
        ACTIONS("\"effect\":\"probeable\",\"kind\":\"notify\",\"can_probe\":true"),
        ACTIONS(NOTIFY ",\"target\":\"ip\",\"target_type\":\"address\""),
        ACTIONS(NOTIFY ",\"capability\":\"notify.page\""),
        ACTIONS(NOTIFY ",\"capability\":\"our.own\""),
        CONTAIN(IP("\\\"string\\\"") REQUIRED),
        PLUGIN(
            "\"needs\":[\"net:a.example:443\",\"net:[2001:db8::1]:1\",\"net\",\"read:/etc/ssl\"],"
            "\"serves\":[{\"name\":\"list.txt\"}],\"actions\":[" ACTION(NOTIFY) "]"),
    };
    struct hk_error error = {0};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        CU_ASSERT_EQUAL(read_descriptor(texts[i], &error), HK_OK);
}

static void bad_descriptors_are_refused(void)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"{}", "name"},
        {"{\"name\":\"q\",\"version\":\"1\"}", "calls itself q"},
        {"{\"name\":\"p\"}", "version"},
        {PLUGIN("\"actions\":[]"), "actions"},
        {ACTIONS("\"effect\":\"maybe\",\"kind\":\"notify\""), "effect"},
        {ACTIONS("\"effect\":\"once\",\"kind\":\"destroy\""), "kind"},
        {ACTIONS("\"effect\":\"read\",\"kind\":\"notify\""), "can't be read"},
        {ACTIONS("\"effect\":\"probeable\",\"kind\":\"notify\""), "probe"},
        {ACTIONS("\"effect\":\"once\",\"kind\":\"contain\""), "undo"},
        {ACTIONS("\"effect\":\"once\",\"kind\":\"contain\",\"undo\":\"x\""), "undo x"},
        {ACTIONS("\"effect\":\"once\",\"kind\":\"contain\",\"undo\":\"block\""), "restore"},
        {ACTIONS(NOTIFY ",\"target\":\"ip\""), "target_type"},
        {ACTIONS(NOTIFY ",\"target\":\"no\",\"target_type\":\"host\""), "target no"},
        {ACTIONS(NOTIFY ",\"capability\":\"contain.block_ip\""), "which the capability"},
        {CONTAIN(IP("\\\"string\\\"")), "must require the target ip"},
        {CONTAIN(IP("\\\"array\\\"") REQUIRED), "the type string"},
        {CONTAIN(IP("[\\\"string\\\",\\\"array\\\"]") REQUIRED), "the type string"},
        {ACTIONS(NOTIFY ",\"time_max_ms\":99999999"), "time_max_ms"},
        {ACTIONS(NOTIFY ",\"result_schema\":\"{\\\"oneOf\\\":1}\""), "oneOf"},
        {ACTIONS(NOTIFY ",\"result_schema\":{}"), "no text"},
        {PLUGIN("\"actions\":[" ACTION(NOTIFY) "," ACTION(NOTIFY) "]"), "twice"},
        {PLUGIN("\"needs\":[\"root\"],\"actions\":[" ACTION(NOTIFY) "]"), "needs root"},
        {PLUGIN("\"needs\":[\"net:a:99999\"],\"actions\":[" ACTION(NOTIFY) "]"), "net:a:99999"},
        {PLUGIN("\"needs\":[\"net-private:a:1\"],\"actions\":[" ACTION(NOTIFY) "]"), "net-private"},
        {PLUGIN("\"needs\":[\"read:etc\"],\"actions\":[" ACTION(NOTIFY) "]"), "read:etc"},
        {PLUGIN("\"serves\":[{\"name\":\"../key\"}],\"actions\":[" ACTION(NOTIFY) "]"), "serves"},
        {PLUGIN("\"serves\":[{\"name\":\"a\",\"content_type\":\"a\\r\\nb\"}],\"actions\":[" ACTION(
             NOTIFY) "]"),
            "content type"},
    };
    struct hk_error error = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        error.text[0] = '\0';
        CU_ASSERT_NOT_EQUAL(read_descriptor(cases[i].text, &error), HK_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
    }
}

static void capabilities_name_kinds(void)
{
    CU_ASSERT_TRUE(hk_capability_fits("contain.block_ip", HK_CONTAIN));
    CU_ASSERT_FALSE(hk_capability_fits("contain.block_ip", HK_ENRICH));
    CU_ASSERT_FALSE(hk_capability_fits("contain.block_ip", HK_RESTORE));
    CU_ASSERT_FALSE(hk_capability_fits("eradicate.file", HK_NOTIFY));
    CU_ASSERT_TRUE(hk_capability_fits("release.block_ip", HK_RESTORE));
    CU_ASSERT_TRUE(hk_capability_fits("change.ticket", HK_CHANGE));
    CU_ASSERT_FALSE(hk_capability_fits("change.ticket", HK_NOTIFY));
    CU_ASSERT_FALSE(hk_capability_fits("enrich.lookup", HK_CONTAIN));
    CU_ASSERT_TRUE(hk_capability_fits("siem.search", HK_ENRICH));
    CU_ASSERT_TRUE(hk_capability_fits("containers.list", HK_ENRICH));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"values that follow pass", values_that_follow_pass},
        {"values that do not are named", values_that_do_not_are_named},
        {"schemas outside the subset are refused", schemas_outside_the_subset_are_refused},
        {"depth is bounded", depth_is_bounded},
        {"good descriptors are read", good_descriptors_are_read},
        {"bad descriptors are refused", bad_descriptors_are_refused},
        {"capabilities name kinds", capabilities_name_kinds},
    };

    return suite_run("schema", tests, COUNT_OF(tests));
}
