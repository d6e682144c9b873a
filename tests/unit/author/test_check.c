/* What a look at a playbook's text finds, and what it does not claim. */
#include "author/check.h"
#include "author/lex.h"
#include "author/syntax.h"
#include "author/syntax_hint.h"
#include "limits.h"
#include "script/state.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char catalog_text[] =
    "{\"plugins\":[{\"name\":\"intel\",\"actions\":[{\"name\":\"lookup\",\"kind\":\"enrich\","
    "\"args_schema\":{\"type\":\"object\",\"required\":[\"ip\"],\"additionalProperties\":false,"
    "\"properties\":{\"ip\":{\"type\":\"string\"},\"max\":{\"type\":\"integer\"}}}}]},"
    "{\"name\":\"edl\",\"actions\":["
    "{\"name\":\"block_ip\",\"kind\":\"contain\",\"undo\":\"unblock_ip\"},"
    "{\"name\":\"wipe\",\"kind\":\"eradicate\",\"undo\":null}]}],"
    "\"capabilities\":{\"contain.block_ip\":\"edl.block_ip\"},\"missing\":[\"mail\"]}";

/* The findings as "LINE:COLUMN code|…" and the JSON behind them; static memory. */
static char found[65536];
static const char *look(const char *source, bool with_catalog)
{
    struct hk_json_doc catalog = {.root = NULL};
    struct hk_json_doc list = {.root = NULL};
    struct hk_check_setup setup = {.source = source, .size = strlen(source)};
    struct hk_findings findings;
    struct hk_error error = {0};
    struct hk_buf out;
    size_t used = 0;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(catalog_text, strlen(catalog_text), &hk_json_limits_own, &catalog, &error),
        HK_OK);
    setup.catalog = with_catalog ? catalog.root : NULL;
    hk_findings_init(&findings);
    hk_buf_init(&out, sizeof(found));
    found[0] = '\0';
    if (hk_check_playbook(&setup, &findings, &error) != HK_OK) {
        (void)snprintf(found, sizeof(found), "error: %s", error.text);
    } else {
        hk_findings_write(&findings, &out);
        CU_ASSERT_EQUAL_FATAL(
            hk_json_parse(out.data, out.size, &hk_json_limits_own, &list, &error), HK_OK);
        CU_ASSERT_TRUE(list.root->count <= findings.errors + findings.warnings);
        for (const struct hk_json *item = list.root->first; item != NULL; item = item->next)
            used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%lld:%lld %s",
                used > 0 ? "|" : "", (long long)hk_json_i64_at(item, "line", 0),
                (long long)hk_json_i64_at(item, "column", 0), hk_json_string_at(item, "code", ""));
        (void)snprintf(found + used, sizeof(found) - used, "\n%s", out.data);
    }
    hk_findings_done(&findings);
    hk_buf_done(&out);
    hk_json_doc_done(&list);
    hk_json_doc_done(&catalog);
    return found;
}

/* body stands inside run; codes are what is found, words stand in the JSON. */
static void check(
    int line, const char *body, bool with_catalog, const char *codes, const char *words)
{
    char source[4096];
    const char *got;

    (void)snprintf(source, sizeof(source),
        "return playbook { name = 'x', run = function(alert)\n%s\nend }\n", body);
    got = look(source, with_catalog);
    if (strncmp(got, codes, strlen(codes)) != 0 || got[strlen(codes)] != '\n' ||
        strstr(got, words) == NULL) {
        fprintf(stderr, "\n%s:%d: %s\n  gave      %s\n  expected  %s  %s\n", __FILE__, line, body,
            got, codes, words);
        CU_FAIL("unequal");
        return;
    }
    CU_PASS("equal");
}
#define FINDS(body, codes, words) check(__LINE__, body, false, codes, words)
#define KNOWS(body, codes, words) check(__LINE__, body, true, codes, words)
#define CLEAN(body) check(__LINE__, body, true, "", "")

static void test_names(void)
{
    FINDS("total = 1", "2:1 global", "declare it with local");
    FINDS("print 'x'", "2:1 unknown-name", "there is no print");
    FINDS("local sources = 1\nreturn sorces", "3:8 unknown-name", "is sources meant?");
    FINDS("return string.dump(alert)", "2:15 unknown-name", "there is no string.dump");
    FINDS("return string.formt('x')", "2:15 unknown-name", "is string.format meant?");
    FINDS("return os.time()", "2:8 unknown-name", "no os");
    FINDS("return alert.titel", "2:14 alert-field", "is title meant?");
    FINDS("return alert.src.adress", "2:18 alert-field", "no src.adress");
    CLEAN("local string = { dump = 1 }\nreturn string.dump");
    CLEAN("local x = alert\nreturn alert.src.ip, alert['dst'].port, alert.device.os, x.nothing");
    CLEAN("local function f(alert) return alert.nothing end\nreturn f");
    CLEAN("for i = 1, 3 do note(i) end\nfor k, v in pairs(alert) do note(k .. tostring(v)) end");
    CLEAN("repeat local done = alert.count until done");
    CLEAN("local t = {}\nfunction t.a.b:c(d) return d end\nt.x, t.y = 1, 2\nreturn t");
    CLEAN("if alert.title then goto last end\nlocal x <const> = 1\nnote(x)\n::last::");
}

static void test_outside_run(void)
{
    CU_ASSERT_PTR_NOT_NULL(
        strstr(look("local t = now()\nreturn playbook { name = 'x' }", false), "1:11 outside-run"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(look("act.a.b {}\nreturn playbook { name = 'x' }", false), "1:1 outside-run"));
    CU_ASSERT_PTR_NULL(strstr(
        look("local function f() return now() end\nreturn playbook { name = 'x' }", false), "run"));
}

static void test_steps(void)
{
    FINDS("local _ = ask { question = '?' }", "2:11 ask-without-timeout", "one hour");
    FINDS("local _ = ask { timeout = '4h' }", "2:15 missing-field", "no question");
    FINDS("local _ = ask { question = '?', timeout = '4 hours' }", "2:43 duration", "");
    FINDS("ask { question = '?', timeout = '4h' }", "2:1 unused-result", "answer");
    FINDS("wait(5)", "2:6 duration", "a number is no duration");
    FINDS("wait 'soon'", "2:6 duration", "30m");
    FINDS("return wait(signal 'x', '2 days')", "2:25 duration", "the time-out");
    CLEAN("wait '09:00' wait 'business hours' wait '2026-11-23T09:00:00Z'");
    FINDS("return close { note = 'x' }", "2:14 missing-field", "no verdict");
    FINDS("return close { verdict = 'true_postive' }", "2:26 verdict", "is true_positive meant?");
    FINDS("notify { to = 'tier2' }", "2:8 missing-field", "text");
    CLEAN("local fields = { timeout = '4h' }\nreturn ask(fields)");
    CLEAN("local _ = ask { [alert.title] = 1 }");
    CLEAN("wait(alert.title)\nlocal verdict = 'x'\nreturn close { verdict = verdict }");
    CLEAN("local ask = function() end\nask {}");
}

static void test_actions(void)
{
    KNOWS("return act.intel.lookup { ipp = 1 }", "2:8 missing-argument|2:27 unknown-argument",
        "is ip meant?");
    KNOWS("return act.intel.lookup { ip = 5 }", "2:32 argument-type", "type string, not number");
    KNOWS("return act.intel.lookup()", "2:8 missing-argument", "needs ip");
    KNOWS("return act.intel.lookpu { ip = 'x' }", "2:8 unknown-action", "is intel.lookup meant?");
    KNOWS("return act.intel.lookup({ ip = 'x' }, { expire = 1 })", "2:41 unknown-option",
        "is expires meant?");
    KNOWS("return act.intel.lookup({ ip = 'x' }, { timeout = 'x' })", "2:51 duration", "");
    KNOWS("return act.contain.block_ip { ip = 'x' }", "2:8 contain-without-expires", "4h");
    KNOWS("return act.edl.wipe({}, { expires = '1h' })", "2:8 contain-without-undo", "taken back");
    FINDS("return act.contain.block_ip { ip = 'x' }", "2:8 contain-without-expires", "4h");
    KNOWS("act.intel.lookup { ip = 'x' }", "2:1 unused-result", "succeeded");
    KNOWS("local x = act.intel.lookup { ip = 'x' }", "2:11 unused-result", "nothing reads x");
    CLEAN("local x, why = act.intel.lookup { ip = 'x', max = 3 }\nif not x then note(why) end");
    CLEAN("local _ = act.intel.lookup { ip = 'x' }");
    CLEAN("local args = {}\nreturn act.intel.lookup(args)");
    CLEAN("return act.intel.lookup { [alert.title] = 1 }");
    CLEAN("return act.mail.send { anything = 1 }");
    CLEAN("local name = alert.title\nreturn act[name].x {}, act.intel[name] {}");
    CLEAN("local options = {}\nreturn act.contain.block_ip({}, options)");
    CLEAN("local act = alert\nreturn act.no.thing {}");
    FINDS("return act.anything.at_all { x = 1 }", "", "");
}

static void test_flow(void)
{
    FINDS("do return 1 end\nnote 'x'", "3:1 unreachable", "never reached");
    FINDS("if alert.title then return 1 else error 'x' end\nnote 'x'\nnote 'y'", "3:1 unreachable",
        "");
    FINDS("while true do wait '1h' end\nnote 'x'", "3:1 unreachable", "");
    FINDS("if alert.title then continue_as_new {} else return 1 end\nnote 'x'", "3:1 unreachable",
        "");
    FINDS("together { a = function() return continue_as_new {} end }", "2:34 continue-in-branch",
        "in a branch of together");
    FINDS("each({ 1 }, function()\n together { function() continue_as_new {} end }\nend)",
        "3:24 continue-in-branch", "");
    CLEAN("together { function() note 'x' end }\nreturn continue_as_new { n = 1 }");
    FINDS("if alert.title then close { verdict = 'expected' } end\nreturn act.a.b {}",
        "2:21 goes-on-after-close", "line 3 may still act");
    FINDS("close { verdict = 'expected' }\nlocal _ = act.a.b {}", "2:1 goes-on-after-close", "");
    CLEAN("if alert.title then return 1 end\nnote 'x'");
    CLEAN("if alert.title then return 1 elseif alert.url then return 2 end\nnote 'x'");
    CLEAN("while true do if alert.title then break end end\nnote 'x'");
    CLEAN("while true do for i = 1, 2 do note(i) end goto out end\n::out:: note 'x'");
    CLEAN("close { verdict = 'expected' }\nnote 'x'\nnotify { text = 'x' }");
    CLEAN("if alert.title then return close { verdict = 'expected' } end\nreturn act.mail.b {}");
    CLEAN("if alert.title then close { verdict = 'expected' } return end\nreturn act.mail.b {}");
}

/* The reader takes what Lua takes. */
static int compile(lua_State *L)
{
    const char *source = lua_touserdata(L, 1);

    hk_state_compile(L, source, strlen(source), "x");
    return 0;
}

static void test_syntax(void)
{
    static const char *const texts[] = {"", "return", "return;", "local a <const>, b <close> = 1",
        "x = 0xA.8p+1 + 3e-2 + .5 + 0x.1 // 2", "a.b['c']:d{1, x = 2; [3] = 4,}'e'[[f]](g).h = 1",
        "local s = [==[\n]]]=]]==] .. \"\\z  \n  \\x41\\u{48}\\065\\\n\\\"\" .. '\\\r\n'",
        "--[[ x ]] --[==[ ]] ]==] -- y\nreturn -x^-2 .. not #a == ~b", ";;; ::a:: goto a",
        "for i = 1, 2, 3 do break end for a, b in c, d do end",
        "function a.b.c:d(...) return ... end",
        "local function f(a, ...) end if a then elseif b then else end",
        "repeat until a while b do end",
        "return function() end, {}, nil, true, false, ..., (a), a and b or c < d << e | f ~ g & h",
        "f{}.x = 1; (f)()", "return 1 --"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hk_arena arena;
        struct hk_node *block = NULL;
        struct hk_error error = {0};
        hk_arena_init(&arena, HK_SYNTAX_MEMORY_MAX);
        if (hk_state_once(compile, (void *)(uintptr_t)texts[i], &error) != HK_OK &&
            strstr(texts[i], "goto") == NULL)
            fprintf(stderr, "\n%zu: Lua: %s\n", i, error.text);
        if (hk_syntax_read(texts[i], strlen(texts[i]), &arena, &block, &error) != HK_OK) {
            fprintf(stderr, "\n%zu: %s\n", i, error.text);
            CU_FAIL("not read");
        }
        hk_arena_done(&arena);
    }
}

/* However it is built, looking at it ends. */
static void test_large(void)
{
    static char source[HK_PLAYBOOK_SIZE_MAX];
    static const char *const parts[] = {"(", "{", "a+", "a..", "-", "f(", "a.", "do ", "if a then ",
        "[", "'", "\\", "not ", "function() ", "a,", "--", "[[", "x=1 ", "act.a.b{} "};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t used = 0;
        while (used + strlen(parts[i]) + 1 < sizeof(source)) {
            memcpy(source + used, parts[i], strlen(parts[i]));
            used += strlen(parts[i]);
        }
        source[used] = '\0';
        (void)look(source, true);
        CU_ASSERT_TRUE(found[0] != '\0');
    }
    (void)look("x = 'abc", false);
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "error: 1:5: a string does not end"));
}

/* "\u{…}" as Lua writes it. */
static void test_strings(void)
{
    static const char source[] =
        "'\\u{7f}\\u{80}\\u{7FF}\\u{800}\\u{FFFF}\\u{10FFFF}\\065\\x42\\n\\z  \n C' [[\n[x]]";
    static const char expected[] = "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf"
                                   "AB\nC";
    struct hk_arena arena;
    struct hk_lexer lexer;
    struct hk_token token;

    hk_arena_init(&arena, 65536);
    hk_lexer_init(&lexer, source, strlen(source), &arena);
    hk_lexer_next(&lexer, &token);
    CU_ASSERT_EQUAL(token.kind, HK_TOKEN_STRING);
    CU_ASSERT_STRING_EQUAL(token.text, expected);
    hk_lexer_next(&lexer, &token);
    CU_ASSERT_STRING_EQUAL(token.text, "[x");
    CU_ASSERT_EQUAL(token.line, 2);
    hk_lexer_next(&lexer, &token);
    CU_ASSERT_EQUAL(token.kind, HK_TOKEN_END);
    hk_arena_done(&arena);
}

static void test_kinds_of_values(void)
{
    FINDS("local a, b = act.x.y 'z' return a or b", "2:22 argument-type",
        "takes a table with names, not a text");
    FINDS("local a, b = act.x.y { 'z' } return a or b", "2:24 argument-type", "this has none");
    FINDS("local a, b = act.x.y({}, '4h') return a or b", "2:26 argument-type", "second value");
    FINDS("return close 'expected'", "2:14 argument-type", "close { verdict");
    FINDS("return close { 'expected', verdict = 'expected' }", "2:16 argument-type", "has none");
    FINDS("local a = ask() return a", "2:11 argument-type", "ask { question");
    FINDS("note { text = 'x' }", "2:1 argument-type", "a text or a number");
    FINDS("notify { text = 'x', level = 'y' }", "2:22 unknown-field", "see notify");
    FINDS("return ask { question = 'x', timout = '1h', timeout = '1h', to = 'y' }",
        "2:30 unknown-field", "is timeout meant?");
    FINDS("local a, b = retry(function() return 1 end, { time = 3 }) return a or b",
        "2:47 unknown-field", "is times meant?");
    FINDS("return together { a = note 'x', b = 7 }", "2:23 not-a-function|2:37 not-a-function",
        "this step is taken before it");
    FINDS("return each({ 1 })", "2:8 not-a-function", "each needs a function");
    FINDS("return retry(act.x.y {})", "2:14 not-a-function", "function() return");
    CLEAN("escalate()\nlocal f = alert\nnote(1) note(alert.title .. 'x') close(f)\n"
          "return together { f, a = f }, each(f, f, f), retry(f)");
    CLEAN("local t = {}\nlocal a, b = act.mail.send(t, t) notify(t) local c = ask(t)\n"
          "return act.mail.send { [t] = 1, table.unpack(t) }, a, b, c");
}

static void test_values(void)
{
    FINDS("note('x' .. secret 'k')", "2:13 secret", "only stand in the arguments");
    FINDS("return #secret 'k'", "2:9 secret", "only stand");
    FINDS("notify { text = secret 'k' }", "2:17 secret", "notify can't have a secret");
    FINDS("note('x' .. alert.user)", "2:13 alert-field", "is alert.user.name meant?");
    FINDS("return '10' + 1", "2:8 text-as-number", "tonumber");
    FINDS("return alert.severity == 'hihg'", "2:26 severity", "no alert has the severity");
    FINDS("return alert.severity >= 'high'", "2:8 severity", "compares their letters");
    FINDS("return alert.title:trim()", "2:8 unknown-name", "text.strip");
    FINDS("wait(signal 'x')", "2:1 wait-without-timeout", "2d");
    CLEAN("wait(signal 'x', '1h')\nlocal key = alert.raw and secret 'k' or secret 'l'\n"
          "return key, alert.severity == 'high', alert.title:upper() .. alert.user.name, 1 + "
          "alert.count");
}

static void test_calls(void)
{
    FINDS("return call('x', { a = 1 })", "2:8 argument-type", "without a comma");
    FINDS("return call 'x'", "2:8 call-not-made", "does not call it");
    FINDS("return call 'X Y' {}", "2:8 argument-type", "a playbook's name");
    FINDS("return call 'x' 'y'", "2:17 argument-type", "a called playbook takes a table");
    CLEAN("local name = alert.raw\nreturn call 'x' {}, call(name) { a = 1 }, call 'y' (name)");
}

/* The hint for what Lua says against a text, "" when there is none. */
static const char *hint_for(const char *source)
{
    static char hint[HK_SYNTAX_HINT_SIZE];
    struct hk_error error = {0};

    hint[0] = '\0';
    if (hk_syntax_check(source, strlen(source), "x.lua", &error) == HK_OK)
        return "it compiles";
    if (!hk_syntax_hint(source, strlen(source), error.text, hint))
        return "";
    return hint;
}

static void test_what_lua_refuses(void)
{
    static const struct {
        const char *source;
        const char *hint;
    } cases[] = {
        {"return f {\n  run = function()\n    if a then\n      b()\n  end,\n}",
            "the if of line 3 has no end"},
        {"return f {\n  run = function()\n    for i = 1, 2 do\n      b()\n    end\n}",
            "the function of line 2 has no end"},
        {"return f {\n  run = function()\n    while a do b()\n  end\n}",
            "the while of line 3 has no end"},
        {"return f(function()\n  repeat\n    b()\nend)", "the repeat of line 2 has no until"},
        {"return f {\n  a = (1 + 2\n}", "the ( of line 2 has no )"},
        {"if a then b() else if c then d() end", "is elseif meant?"},
        {"return f { a = 1\n b = 2 }", "a comma is missing"},
        {"if a != b then end", "~="},
        {"local i = 1 i++", "no ++"},
        {"local i = 1 i += 1", "no +="},
        {"if a && b then end", "the word and"},
        {"if a || b then end", "the word or"},
        {"return 'x", "the quote that ends"},
        {"return [[x", "]]"},
        {"f() end", "an end too many"},
        {"if a b() end", "need then"},
        {"for i = 1, 2 b() end", "need do"},
        {"{ \"name\": 1 }", "is something left out"},
        {"return f(\"a\" \"b\")", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *hint = hint_for(cases[i].source);
        if (strstr(hint, cases[i].hint) == NULL || (*cases[i].hint == '\0' && *hint != '\0')) {
            fprintf(stderr, "\n%s\n  gave %s, not %s\n", cases[i].source, hint, cases[i].hint);
            CU_FAIL("unequal");
        } else {
            CU_PASS("equal");
        }
    }
}

static const struct suite_test tests[] = {
    {"names", test_names},
    {"steps outside of run", test_outside_run},
    {"steps", test_steps},
    {"actions", test_actions},
    {"flow", test_flow},
    {"kinds of values", test_kinds_of_values},
    {"values", test_values},
    {"calls", test_calls},
    {"what Lua refuses", test_what_lua_refuses},
    {"what Lua takes is read", test_syntax},
    {"large texts", test_large},
    {"strings", test_strings},
};

int main(void)
{
    return suite_run("check", tests, COUNT_OF(tests));
}
