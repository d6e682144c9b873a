/* The picture of a playbook: every step and condition is in it, and what leads where. */
#include "author/graph.h"
#include "limits.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* "kind label|…" of run's nodes, then " : from>to[label]|…"; static memory. */
static char drawn[65536];
static const char *draw(const char *body, const char *counts)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_json_doc numbers = {.root = NULL};
    struct hk_error error = {0};
    struct hk_buf out;
    struct hk_buf picture;
    char source[4096];
    size_t used = 0;

    (void)snprintf(source, sizeof(source),
        "return playbook { name = 'x', run = function(alert)\n%s\nend }\n", body);
    hk_buf_init(&out, HK_GRAPH_SIZE_MAX);
    hk_buf_init(&picture, HK_GRAPH_SIZE_MAX);
    if (counts != NULL)
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(counts, strlen(counts), &hk_json_limits_own, &numbers, &error), HK_OK);
    if (hk_graph_write(source, strlen(source), "x", "x.lua", numbers.root, &out, &error) != HK_OK) {
        (void)snprintf(drawn, sizeof(drawn), "error: %s", error.text);
    } else {
        const struct hk_json *run;
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, &error), HK_OK);
        run = hk_json_get(doc.root, "functions")->first;
        for (const struct hk_json *node = hk_json_get(run, "nodes")->first; node != NULL;
             node = node->next)
            used +=
                (size_t)snprintf(drawn + used, sizeof(drawn) - used, "%s%s %s", used > 0 ? "|" : "",
                    hk_json_string_at(node, "kind", ""), hk_json_string_at(node, "label", ""));
        used += (size_t)snprintf(drawn + used, sizeof(drawn) - used, " :");
        for (const struct hk_json *edge = hk_json_get(run, "edges")->first; edge != NULL;
             edge = edge->next)
            used += (size_t)snprintf(drawn + used, sizeof(drawn) - used, " %lld>%lld%s",
                (long long)hk_json_i64_at(edge, "from", -1),
                (long long)hk_json_i64_at(edge, "to", -1), hk_json_string_at(edge, "label", ""));
        /* whatever it is, it can be drawn */
        hk_graph_dot(doc.root, &picture);
        CU_ASSERT_PTR_NOT_NULL(strstr(picture.data, "digraph \"x\" {"));
        hk_buf_clear(&picture);
        CU_ASSERT_EQUAL(hk_graph_svg(doc.root, &picture, &error), HK_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(picture.data, "</svg>"));
        if (counts != NULL)
            (void)snprintf(drawn, sizeof(drawn), "%s", picture.data);
    }
    hk_json_doc_done(&doc);
    hk_json_doc_done(&numbers);
    hk_buf_done(&out);
    hk_buf_done(&picture);
    return drawn;
}

static void check(int line, const char *body, const char *expected)
{
    const char *got = draw(body, NULL);

    if (strcmp(got, expected) != 0) {
        fprintf(stderr, "\n%s:%d: %s\n  gave      %s\n  expected  %s\n", __FILE__, line, body, got,
            expected);
        CU_FAIL("unequal");
        return;
    }
    CU_PASS("equal");
}
#define DRAWS(body, expected) check(__LINE__, body, expected)

static void test_shapes(void)
{
    DRAWS("local x = 1", "start run|end end : 0>1");
    DRAWS("wait '5m'\nnote 'x'", "start run|step wait: 5m|step note: x|end end : 0>1 1>2 2>3");
    DRAWS("return close { verdict = 'expected' }",
        "start run|step close: expected|return return : 0>1 1>2");
    DRAWS("if alert.x then continue_as_new { n = 1 } end note 'on'",
        "start run|decision alert.x|return continue_as_new|step note: on|end end : "
        "0>1 1>2yes 1>3no 3>4");
    DRAWS("if alert.x then note 'a' elseif alert.y then return 1 else note 'b' end",
        "start run|decision alert.x|step note: a|decision alert.y|return return|step note: b|end "
        "end : 0>1 1>2yes 1>3no 3>4yes 3>5no 2>6 5>6");
    DRAWS("if alert.x then local y = 1 end\nnote 'x'", "start run|step note: x|end end : 0>1 1>2");
    DRAWS("for i = 1, 3 do act.a.b {} if i > 2 then break end end\nnote 'x'",
        "start run|loop for each|step act.a.b|decision i > 2|step note: x|end end : 0>1 1>2again "
        "2>3 3>1no 1>4then 3>4yes 4>5");
    DRAWS("while true do wait '1h' end", "start run|loop true|step wait: 1h : 0>1 1>2again 2>1");
    DRAWS("error 'x'", "start run|error error : 0>1");
    DRAWS("if alert.x then goto done end note 'a' ::done:: note 'b'",
        "start run|decision alert.x|goto done|step note: a|label done|step note: b|end end : 0>1 "
        "1>2yes 1>3no 3>4 4>5 5>6 2>4");
}

static void test_functions(void)
{
    DRAWS("local found = together { a = function() return act.x.y {} end,\n"
          "  b = function() wait '1h' end }\nnote 'x'",
        "start run|fork together|step act.x.y|step wait: 1h|join all have ended|step note: x|end "
        "end : 0>1 1>2a 1>3b 2>4 3>4 4>5 5>6");
    DRAWS("each({1}, function(i) return act.x.y({}, { expires = '4h' }) end)",
        "start run|loop each|step act.x.y: for 4h|end end : 0>1 1>2again 2>1 1>3then");
    DRAWS("local function f() return act.a.b {} end\nlocal x = f()",
        "start run|call f|end end : 0>1 1>2");
    DRAWS("local lease = act.a.b { ip = act.c.d {} }",
        "start run|step act.c.d|step act.a.b|end end : 0>1 1>2 2>3");
    CU_ASSERT_PTR_NOT_NULL(strstr(draw("note 'a < b & c'", "{\"2\":{\"asked\":5,\"failed\":2}}"),
        "note: a &lt; b &amp; c (5, 2 failed)"));
}

/* However it is built, drawing it ends. */
static void test_large(void)
{
    static char body[HK_PLAYBOOK_SIZE_MAX];
    static const char *const parts[] = {
        "if a then return 1 end ", "act.a.b {} ", "while a do wait(b) end ", "f(act.a.b {}, c) "};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct hk_error error;
        struct hk_buf out;
        static char source[sizeof(body) + 64];
        size_t used = 0;
        while (used + strlen(parts[i]) + 1 < sizeof(body) - 100) {
            memcpy(body + used, parts[i], strlen(parts[i]));
            used += strlen(parts[i]);
        }
        body[used] = '\0';
        (void)snprintf(source, sizeof(source), "return playbook { run = function() %s end }", body);
        hk_buf_init(&out, 2 * HK_GRAPH_SIZE_MAX);
        CU_ASSERT_EQUAL(
            hk_graph_write(source, strlen(source), "x", "x.lua", NULL, &out, &error), HK_OK);
        hk_buf_done(&out);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(draw("x = = 1", NULL), "error: 2:5: "));
}

static const struct suite_test tests[] = {
    {"shapes", test_shapes},
    {"functions", test_functions},
    {"large playbooks", test_large},
};

int main(void)
{
    return suite_run("graph", tests, COUNT_OF(tests));
}
