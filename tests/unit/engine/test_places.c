/*
 * Texts with places, and what a tenant wants done by hand: filled in as data, found in order, and
 * refused by name when it is wrong.
 */
#include "engine/fallback.h"
#include "engine/places.h"

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

static void test_filled(void)
{
    static const char args[] =
        "{\"ip\":\"192.0.2.7\",\"n\":12345678901234567890,\"deep\":{\"b\":1,\"a\":[true,null]},"
        "\"trick\":\"{ip}{reason}\",\"steer\":\"a\\u001b[2J\\r\\nb\\u007f\",\"target\":\"own\"}";
    static const struct hk_place places[] = {
        {"reason", "timed {ip} out"}, {"target", "given"}, {"gone", NULL}, {NULL, NULL}};
    static const struct {
        const char *text;
        const char *filled;
    } cases[] = {
        {"", ""},
        {"Block {ip}!", "Block 192.0.2.7!"},
        {"{ip}{ip}", "192.0.2.7192.0.2.7"},
        {"{n}", "12345678901234567890"},
        {"{deep}", "{\"a\":[true,null],\"b\":1}"},
        {"{trick}", "{ip}{reason}"}, /* what is filled in is not looked at again */
        {"{reason}", "timed {ip} out"},
        {"{steer}", "a [2J  b "},
        {"{target}", "own"}, /* the argument, before the place */
        {"{nobody} {gone} {}", "? ? ?"},
        {"a { b", "a { b"},
        {"}{", "}{"},
        {"{{ip}}", "?}"}, /* the place is named "{ip" */
        {"{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
            "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "}"},
    };
    struct hk_json_doc doc = {0};
    parse(args, &doc);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_buf out;
        hk_buf_init(&out, 4096);
        hk_buf_append_text(&out, "");
        hk_places_fill(cases[i].text, doc.root, places, &out);
        const char *filled = out.data == NULL ? "" : out.data;
        if (strcmp(filled, cases[i].filled) != 0)
            (void)printf("\n  %s gives %s", cases[i].text, filled);
        CU_ASSERT_STRING_EQUAL(filled, cases[i].filled);
        hk_buf_done(&out);
    }
    hk_json_doc_done(&doc);
}

/* A value is cut between characters, and says so. */
static void test_long_values(void)
{
    char text[4096];
    struct hk_place places[] = {{"long", text}, {NULL, NULL}};
    struct hk_buf out;
    for (size_t i = 0; i + 3 < sizeof text; i += 2)
        memcpy(text + i, "é", 3);
    hk_buf_init(&out, 1 << 16);
    hk_places_fill("{long}|", NULL, places, &out);
    CU_ASSERT_EQUAL(out.size, 1000 + strlen("…|"));
    CU_ASSERT_STRING_EQUAL(out.data + 1000, "…|");
    hk_buf_done(&out);
}

/* --- fallback --- */

static const char config[] =
    "{\"capabilities\":{\"contain.block\":\"edl.block_ip\"},\"fallback\":{"
    "\"edl.unblock_ip\":{\"owner\":\"action\"},\"contain.block\":{\"owner\":\"capability\","
    "\"instruction\":\"call\",\"undo\":\"call back\",\"due\":\"30m\"},"
    "\"eradicate\":{\"owner\":\"kind\"}}}";

static void test_found(void)
{
    static const struct {
        const char *action;
        const char *capability;
        const char *kind;
        const char *owner;
        bool is_given;
        bool is_wanted;
    } cases[] = {
        {"edl.unblock_ip", "contain.block", "contain", "action", true, true},
        {"edl.block_ip", "contain.block", "contain", "capability", true, true},
        {"edl.block_ip", NULL, "contain", "capability", true, true}, /* it is bound to it */
        {"edr.kill", NULL, "eradicate", "kind", true, true},
        {"edr.isolate", NULL, "contain", "responder", false, true},
        {"edr.release", NULL, "restore", "responder", false, true},
        {"intel.lookup", "enrich.lookup", "enrich", "responder", false, false},
        {"mail.send", NULL, "notify", "responder", false, false},
        {NULL, NULL, NULL, "responder", false, false},
    };
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    parse(config, &doc);
    CU_ASSERT_EQUAL(hk_fallback_check(doc.root, &error), HK_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_fallback found;
        hk_fallback_find(doc.root, cases[i].action, cases[i].capability, cases[i].kind, &found);
        CU_ASSERT_STRING_EQUAL(found.owner, cases[i].owner);
        CU_ASSERT_EQUAL(found.is_given, cases[i].is_given);
        CU_ASSERT_EQUAL(hk_fallback_is_wanted(&found, cases[i].kind), cases[i].is_wanted);
        CU_ASSERT_EQUAL(found.due_ms, strcmp(found.owner, "capability") == 0 ? 1800000 : 3600000);
    }
    hk_json_doc_done(&doc);
}

static void test_refused(void)
{
    static const struct {
        const char *config;
        const char *words;
    } cases[] = {
        {"{\"fallback\":7}", "fallback: expected a table"},
        {"{\"fallback\":[1]}", "fallback: expected a table"},
        {"{\"fallback\":{\"contain\":\"x\"}}", "fallback.contain"},
        {"{\"fallback\":{\"contain\":{\"who\":\"x\"}}}", "fallback.contain.who"},
        {"{\"fallback\":{\"contain\":{\"owner\":\"\"}}}", "fallback.contain.owner"},
        {"{\"fallback\":{\"contain\":{\"owner\":\"A B\"}}}", "\"A B\""},
        {"{\"fallback\":{\"contain\":{\"instruction\":[]}}}", "fallback.contain.instruction"},
        {"{\"fallback\":{\"contain\":{\"due\":\"later\"}}}", "fallback.contain.due"},
        {"{\"fallback\":{\"contain\":{\"due\":\"0s\"}}}", "fallback.contain.due"},
        {"{\"fallback\":{\"contain\":{\"due\":\"400d\"}}}", "fallback.contain.due"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_json_doc doc = {0};
        struct hk_error error = {0};
        parse(cases[i].config, &doc);
        CU_ASSERT_EQUAL(hk_fallback_check(doc.root, &error), HK_INVALID);
        if (strstr(error.text, cases[i].words) == NULL)
            (void)printf("\n  %s: %s", cases[i].config, error.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].words));
        hk_json_doc_done(&doc);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"places are filled", test_filled},
        {"long values", test_long_values},
        {"what a tenant wants done by hand", test_found},
        {"what is refused", test_refused},
    };
    return suite_run("places", tests, COUNT_OF(tests));
}
