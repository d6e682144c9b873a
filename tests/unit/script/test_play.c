/* One run: what it asks for, how results come back, that a replay equals the live run, and every
 * way to differ from the record. */
#include "world.h"

#include "script/play.h"

static void test_steps(void)
{
    struct world w = {0};

    play(&w, BODY("local a = act.intel.lookup {ip = alert.src.ip, count = alert.count}\n"
                  "local b, why = act.contain.block_ip({ip = 'fail'}, {expires = '4h'})\n"
                  "local c = ask {question = 'Block?', choices = {'yes', 'no'}}\n"
                  "local d = wait '30m'\n"
                  "local e = note('it was ' .. why)\n"
                  "local f = act.x.nothing {nothing = 1}\n"
                  "local g = close {verdict = 'expected', note = 'done'}\n"
                  "return {a.step, tostring(b), why, c.n, d, e, f, g, now()}"));
    CHECK_TEXT(w.end,
        "finished [\"0\",\"nil\",\"because of 1\",44,true,true,true,{\"note\":\"done\","
        "\"verdict\":\"expected\"},420]");
    CU_ASSERT_EQUAL(w.done_count, 7);
    CHECK_TEXT(w.done[0].name, "intel.lookup");
    CHECK_TEXT(w.done[0].args, "{\"count\":9007199254740993,\"ip\":\"192.0.2.1\"}");
    CHECK_TEXT(w.done[0].where, "run.lua:4");
    CHECK_TEXT(w.done[1].options, "{\"expires\":\"4h\"}");
    CHECK_TEXT(w.done[1].op, "act");
    CHECK_TEXT(w.done[2].op, "ask");
    CHECK_TEXT(w.done[2].args, "{\"choices\":[\"yes\",\"no\"],\"question\":\"Block?\"}");
    CHECK_TEXT(w.done[3].args, "{\"for_ms\":1800000}");
    CHECK_TEXT(w.done[4].args, "{\"text\":\"it was because of 1\"}");
    CHECK_TEXT(w.done[6].step, "6");
    CU_ASSERT_EQUAL(w.blocked_count, 7);
    world_done(&w);
}

static void test_returns(void)
{
    ENDS(BODY(""), "finished null");
    ENDS(BODY("return 1, 2"), "finished 1");
    ENDS(BODY("return close {verdict = 'true_positive'}"), "finished {\"verdict\"");
    ENDS(BODY("return act.a.b()"), "finished {\"n\":2,\"step\":\"0\"}");
    ENDS(BODY("return function() end"), "the value that run returned is a function");
    ENDS(BODY("return (pcall(act.a.b))"), "finished true");
    ENDS(BODY("return select(2, pcall(function() act.a.b() error('x', 0) end))"), "finished \"x\"");
    ENDS(BODY("return select(2, xpcall(function() act.a.b() error('x', 0) end, "
              "function(m) return m .. '!' end))"),
        "finished \"x!\"");
    ENDS(BODY("local t = setmetatable({}, {__index = function(t, k) return act.a.b().step end}) "
              "return t.x"),
        "finished \"0\"");
    ENDS(
        BODY("for v in function(_, i) if not i then return act.a.b().step end end do return v end"),
        "finished \"0\"");
}

static void test_together(void)
{
    struct world w = {0};
    static const char source[] =
        BODY("note 'begin'\n"
             "local r = together {\n"
             "  b = function() local x = act.p.b() return x.step end,\n"
             "  a = function() act.p.a1() return act.p.a2().step, 'second' end,\n"
             "  c = function() return act.p.c {fail = true} end,\n"
             "  d = function() return nil end,\n"
             "  e = function() return together { function() return act.p.e().step end,\n"
             "    function() return nil, 'no' end } end,\n"
             "}\n"
             "note 'end'\n"
             "return {a = r.a, b = r.b, c = r.c, d = r.d, e = r.e, n = now(), x = random(1000)}");

    for (int newest_first = 0; newest_first < 2; newest_first++) {
        w.newest_first = newest_first != 0;
        play(&w, source);
        CHECK_HAS(w.end, "\"a\":{\"ok\":true,\"value\":\"1:a.1\"}");
        CHECK_HAS(w.end, "\"b\":{\"ok\":true,\"value\":\"1:b.0\"}");
        CHECK_HAS(w.end, "\"c\":{\"error\":\"because of 1:c.0\",\"ok\":false}");
        CHECK_HAS(w.end, "\"d\":{\"ok\":true}");
        CHECK_HAS(w.end, "\"e\":{\"ok\":true,\"value\":[{\"ok\":true,\"value\":\"1:e.0:1.0\"},"
                         "{\"error\":\"no\",\"ok\":false}]}");
        CHECK_TEXT(w.done[w.done_count - 1].step, "2");
        world_done(&w);
    }
    ENDS(BODY("return together {}"), "finished {}");
    ENDS(BODY("together {} return act.a.b().step"), "finished \"1\"");
    ENDS(BODY("together { x = function()\n error('broken') end }"),
        "failed run.lua:5: broken\n  in error\n  run.lua:5: in");
    ENDS(BODY("pcall(together, { function() error('broken') end })"), "failed run.lua:4: broken");
    ENDS(BODY("together { 1 }"), "functions only");
    ENDS(BODY("together { ['a b'] = note }"), "a branch is named by");
    ENDS(BODY("together { note, x = note }"), "not both");
    ENDS(BODY("together { [2] = note }"), "not both");
    ENDS(BODY("local t = {} for i = 1, 257 do t[i] = note end together(t)"), "at most 256");
    ENDS(BODY("local t = {} for i = 1, 256 do t[i] = function() end end return #together(t)"),
        "finished 256");
    ENDS(BODY("local function f() local t = {} for i = 1, 256 do t[i] = f end together(t) end f()"),
        "run has too many branches at once");
    ENDS(BODY("local function f() together {('x'):rep(9) and f} end f()"), "nested too deeply");
}

static void test_continue(void)
{
    ENDS(BODY("return continue_as_new {n = 1, list = {'a'}}"),
        "continued {\"list\":[\"a\"],\"n\":1}");
    ENDS(BODY("continue_as_new() note 'never'"), "continued {}");
    ENDS(BODY("wait '1h' return retry(function() return continue_as_new {} end)"), "continued {}");
    /* Nothing catches it, and nothing after it runs. */
    ENDS(BODY("pcall(continue_as_new, {x = 1}) while true do end"), "continued {\"x\":1}");
    ENDS(BODY("xpcall(function() continue_as_new {} end, error) note 'never'"), "continued {}");
    ENDS(BODY("setmetatable({}, {__index = function() continue_as_new {} end}).x()"), "continued");
    ENDS(BODY("together { function() wait '1s' end } return continue_as_new {}"), "continued {}");
    /* Where others may be under way, and where nothing can wait. */
    ENDS(BODY("together { function()\n continue_as_new {} end, function() wait '1h' end }"),
        "failed run.lua:5: continue_as_new can't be called in a branch");
    ENDS(BODY("each({1}, continue_as_new)"), "continue_as_new can't be called in a branch");
    ENDS(BODY("table.sort({1, 2}, function() continue_as_new {} end)"), "can't be called here");
    ENDS(BODY("continue_as_new 'x'"), "continue_as_new: state must be a table");
    ENDS(BODY("continue_as_new {1, 2}"), "continue_as_new: state must have names");
    ENDS(BODY("continue_as_new {x = note}"), "continue_as_new: state.x is a function");
    ENDS(BODY("continue_as_new {x = secret 'y'}"), "secret");
    ENDS(BODY("continue_as_new {x = ('x'):rep(70000)}"), "larger than 64 KiB");
    ENDS(BODY("continue_as_new({}, 1)"), "takes one table");
    ENDS("continue_as_new {} return playbook {name = 'x', run = note}", "only available inside");
}

static void test_continue_replays(void)
{
    REPLAYS(BODY("local r = together { a = function() return act.p.a {} end,\n"
                 " b = function() wait '1h' return random(100) end }\n"
                 " note('n ' .. r.b.value)\n"
                 " return continue_as_new {n = r.b.value, at = now(), first = this_run()}"),
        "continued {\"at\":", 3);
}

static void test_misuse(void)
{
    ENDS(BODY("table.sort({1, 2}, function(a, b) act.a.b() return a < b end)"),
        "failed run.lua:4: act.a.b can't be called here");
    ENDS(BODY("string.gsub('x', 'x', function() wait '1s' end)"), "wait can't be called here");
    ENDS(BODY("tostring(setmetatable({}, {__tostring = function() note 'x' end}))"),
        "note can't be called here");
    ENDS(BODY("act.a.b('x')"), "act.a.b: arguments must be a table");
    ENDS(BODY("act.a.b {1, 2}"), "act.a.b: arguments must have names");
    ENDS(BODY("act.a.b({}, 'x')"), "act.a.b: options must be a table");
    ENDS(BODY("act.a.b({}, {}, {})"), "takes two tables");
    ENDS(BODY("act.a.b {x = {y = {1, print_}}}"), "undefined global");
    ENDS(BODY("act.a.b {x = {y = {1, note}}}"), "act.a.b: arguments.x.y[2] is a function");
    ENDS(BODY("act.a.b {x = at_least 'high'}"), "is an at_least");
    ENDS(BODY("act.a.b {x = ('x'):rep(70000)}"), "larger than 64 KiB");
    ENDS(BODY("act.A.b()"), "lower-case");
    ENDS(BODY("act.a['b c']()"), "lower-case");
    ENDS(BODY("act.a()"), "attempt to call a table value");
    ENDS(BODY("wait(30)"), "wait needs a duration");
    ENDS(BODY("wait 'soon'"), "failed run.lua:4: wait:");
    ENDS(BODY("note({})"), "note needs a text");
    ENDS(BODY("note('\\xff')"), "note: fields.text is not UTF-8");
    ENDS(BODY("close {verdict = 'maybe'}"), "verdict must be");
    ENDS(BODY("close {verdict = 'expected', note = {}}"), "note must be a text");
    ENDS(BODY("case {phase = 'later'}"), "phase must be");
    ENDS(BODY("case {phase = 1}"), "phase must be");
    ENDS(BODY("case {title = 1}"), "title must be a text");
    ENDS(BODY("case {happening = ''}"), "happening must have from 1 to");
    ENDS(BODY("case {do_now = ('x'):rep(4097)}"), "do_now must have from 1 to 4096 bytes");
    ENDS(BODY("case {evidence = 'x'}"), "evidence is a list");
    ENDS(BODY("case {evidence = {'x'}}"), "evidence is a list");
    ENDS(BODY("case {evidence = {{text = 'x'}}}"), "needs a name");
    ENDS(BODY("local t = {} for i = 1, 17 do t[i] = {name = 'x'} end case {evidence = t}"),
        "at most 16");
    ENDS(BODY("case 'x'"), "table expected");
    ENDS(BODY("ask {}"), "ask needs a question");
    ENDS(BODY("ask {question = 'q', timeout = 'x'}"), "ask: timeout");
    ENDS(BODY("random(0)"), "interval is empty");
    ENDS("note 'x' return playbook {name = 'x', run = note}", "note is only available inside");
    ENDS("local x = now() return 1", "now is only available inside");
    ENDS("return 1", "must return playbook");
    ENDS("local x = ", "unexpected symbol");
    ENDS(BODY("local x = nil\n return x.y"), "failed run.lua:5: attempt to index a nil value");
    ENDS(BODY("error {}"), "not a text");
}

#ifdef __SANITIZE_THREAD__ /* so slow that the limit on time may come first */
#define MUCH_MEMORY ""
#else
#define MUCH_MEMORY "16 MiB of memory"
#endif

static void test_limits(void)
{
    ENDS(BODY("while true do end"), "in one go\n  run.lua:4: in");
    ENDS(BODY("act.a.b() local t = {}\n while true do t[#t + 1] = {} end"),
        "failed run.lua:5: run used more than " MUCH_MEMORY);
    ENDS(BODY("act.a.b() pcall(function() local t = {} while true do t[#t + 1] = {} end end) "
              "while true do note 'on' end"),
        "failed run.lua:4: run used more than " MUCH_MEMORY);
    ENDS(BODY("together { function() while true do end end, function() note 'other' end }"),
        "in one go");
    ENDS("while true do end", "in one go");
}

static void test_too_many_steps(void)
{
    struct hk_play *run = load(BODY("for i = 1, 20000 do note 'x' end"), NULL, 0);
    struct world w = {0};
    int steps = 0;

    while (w.end == NULL) {
        while (hk_play_is_due(run)) {
            hk_play_activate(run, &cache);
            take_events(&w, run);
        }
        if (w.open_count > 0) {
            settle(&w, run, 0);
            w.done_count = 0;
            free(w.done[0].name);
            free(w.done[0].args);
            free(w.done[0].options);
            free(w.done[0].where);
            steps++;
        }
    }
    CU_ASSERT_EQUAL(steps, HK_RUN_STEPS_MAX);
    CHECK_HAS(w.end, "failed run.lua:4: run asked for too many steps");
    hk_play_free(run);
    world_done(&w);
}

/* --- replay --- */

static const char story[] =
    BODY("local log = {}\n"
         "local function say(x) log[#log + 1] = x .. ' ' .. now() .. ' ' .. random(1000) end\n"
         "say(act.p.first({ip = alert.src.ip}).step)\n"
         "local r = together {\n"
         "  a = function() say(act.p.a1().step) say(act.p.a2().step) return 1 end,\n"
         "  b = function() say(act.p.b1().step) return act.p.b2 {fail = 1} end,\n"
         "  c = function() local q = together { function() say(act.p.c1().step) end,\n"
         "    function() wait '1h' say('waited') end } note 'c' return #q end,\n"
         "}\n"
         "for k, v in pairs(r) do say(k .. tostring(v.ok)) end\n"
         "act.contain.block_ip({ip = alert.src.ip}, {because = log})\n"
         "return {close {verdict = 'true_positive'}, log}");

static void test_replay(void)
{
    REPLAYS(story, "finished [{\"verdict\"", 10);
}

/* --- divergence --- */

static void check_diverges(
    int line, const char *source, const char *expected, const char *got, int settled)
{
    struct world live = {0};
    struct world w = {0};
    struct hk_script_record records[STEPS_MAX];
    struct hk_play *run;

    play(&live, BODY("act.p.one {ip = 'x'} act.p.two({ip = 'y'}, {expires = '1h'}) note 'three'"));
    run = load(source, records, records_at(&live, settled, records));
    drive(&w, run, 0);
    check_has(__FILE__, line, w.end, expected);
    check_has(__FILE__, line, w.got, got);
    check_has(__FILE__, line, w.where, "run.lua");
    CU_ASSERT_EQUAL(w.request_count, 0);
    CU_ASSERT_EQUAL(w.blocked_count, 0);
    CU_ASSERT_FALSE(hk_play_is_due(run));
    hk_play_free(run);
    world_done(&live);
    world_done(&w);
}
#define DIVERGES(source, expected, got) check_diverges(__LINE__, source, expected, got, 2)

static void test_divergence(void)
{
    DIVERGES(BODY("note 'x'"), "diverged act p.one {\"ip\":\"x\"} {}", "note {\"text\":\"x\"} {}");
    DIVERGES(BODY("act.p.other {ip = 'x'}"), "act p.one", "act p.other");
    DIVERGES(BODY("act.p.one {ip = 'z'}"), "\"x\"", "\"z\"");
    DIVERGES(
        BODY("act.p.one {ip = 'x'} act.p.two {ip = 'y'}"), "{\"expires\":\"1h\"}", "\"y\"} {}");
    DIVERGES(BODY("act.p.one {ip = 'x'}"), "act p.two", "the playbook ended");
    DIVERGES(BODY("act.p.one {ip = 'x'} return continue_as_new {}"), "act p.two",
        "the playbook went on as a new run");
    DIVERGES(BODY("act.p.one {ip = 'x'} error('no')"), "act p.two", "run.lua:4: no");
    DIVERGES(BODY(""), "act p.one", "the playbook ended");
    DIVERGES(BODY("error('at once')"), "act p.one", "at once");
    DIVERGES(BODY("together { function() act.p.one {ip = 'x'} end }"), "act p.one",
        "this step is not asked for");
    DIVERGES(BODY("pcall(note, 'x') while true do pcall(note, 'x') end"), "act p.one", "note");
    DIVERGES("error('early')", "act p.one", "early");
    /* one settled, the second and only it open */
    check_diverges(__LINE__, BODY("act.p.one {ip = 'x'} note 'x'"), "act p.two", "note", 1);
    check_diverges(__LINE__, BODY("act.p.one {ip = 'x'} together { function() wait '1s' end }"),
        "act p.two", "this step is not asked for", 1);
}

static void test_divergence_line(void)
{
    struct world w = {0};
    struct hk_script_record record = {.step = "0",
        .op = "note",
        .name = "",
        .args = "{\"text\":\"a\"}",
        .options = "{}",
        .is_settled = true,
        .ok = true,
        .value = "null",
        .time_us = 1};
    struct hk_play *run = load(BODY("\n\nnote 'b'"), &record, 1);

    drive(&w, run, 0);
    CHECK_TEXT(w.where, "run.lua:6");
    CHECK_TEXT(w.step, "0");
    hk_play_free(run);
    world_done(&w);
}

static void test_bad_result(void)
{
    struct world w = {0};
    struct hk_play *run = load(BODY("return act.a.b()"), NULL, 0);

    drive(&w, run, 0);
    (void)snprintf(w.open[0].value, sizeof w.open[0].value, "{\"a\":");
    settle(&w, run, 0);
    drive(&w, run, 0);
    CHECK_HAS(w.end, "failed run.lua:4: result: ");
    hk_play_free(run);
    world_done(&w);
}

static CU_TestInfo tests[] = {
    {"every step", test_steps},
    {"what run returns", test_returns},
    {"together", test_together},
    {"going on as a new run", test_continue},
    {"going on as a new run, replayed", test_continue_replays},
    {"misuse says the line", test_misuse},
    {"limits end the run", test_limits},
    {"too many steps", test_too_many_steps},
    {"every replay equals the live run", test_replay},
    {"divergence in every way", test_divergence},
    {"divergence names the line", test_divergence_line},
    {"a result that is no JSON", test_bad_result},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("run", tests)
