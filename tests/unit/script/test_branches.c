/* each and retry: what they ask for, that a replay from each crash point does the same, and every
 * way to misuse them; what wait and signal ask for. (together is in test_play.c.) */
#include "world.h"

#include "script/play.h"

static const char each_story[] =
    BODY("note 'begin'\n"
         "local most, now_open = 0, 0\n"
         "local r = each({'a', 'b', 'c', 'd', 'e'}, function(item, index)\n"
         "  now_open = now_open + 1 most = math.max(most, now_open)\n"
         "  local x, why = act.p.one {item = item, fail = index == 3 and 1 or nil}\n"
         "  if index == 4 then wait '1h' note('waited ' .. random(1000)) end\n"
         "  now_open = now_open - 1\n"
         "  if not x then return nil, why end\n"
         "  return x.step .. item .. now()\n"
         "end, {at_once = 2})\n"
         "note 'end'\n"
         "return {most = most, r = r, x = random(1000)}");

static void test_each_replays(void)
{
    REPLAYS(each_story, "\"most\":2", 9);
}

static void test_each(void)
{
    struct world w = {0};

    play(&w, each_story);
    CHECK_HAS(w.end, "{\"ok\":true,\"value\":\"1:1.0a");
    CHECK_HAS(w.end, "{\"error\":\"because of 1:3.0\",\"ok\":false}");
    CHECK_TEXT(w.done[w.done_count - 1].step, "2");
    world_done(&w);
    /* the items in their order, whatever was answered first */
    w.newest_first = true;
    play(&w, BODY("local r = each({3, 1, 2}, function(n) act.a.b() return n * 10 end)"
                  " return {r[1].value, r[2].value, r[3].value}"));
    CHECK_TEXT(w.end, "finished [30,10,20]");
    world_done(&w);
    ENDS(BODY("return each({}, note)"), "finished {}");
    ENDS(BODY("each({}, note) return act.a.b().step"), "finished \"1\"");
    ENDS(BODY("local l = {1, 2} return each(l, function(n) l[2] = 9 act.a.b() return n end)"),
        "finished [{\"ok\":true,\"value\":1},{\"ok\":true,\"value\":2}]");
    ENDS(BODY("return each({'x'}, function() return each({'y'}, function(y)"
              " return act.a.b().step .. y end) end)"),
        "\"value\":\"0:1.0:1.0y\"");
    ENDS(BODY("local l = {} for i = 1, 3000 do l[i] = i end"
              " return #each(l, function(i) return i end, {at_once = 256})"),
        "finished 3000");
}

static void test_each_errors(void)
{
    ENDS(BODY("each({1}, function()\n error('broken') end)"),
        "failed run.lua:5: broken\n  in error\n  run.lua:5: in");
    ENDS(BODY("each({1, 2}, function(i) act.a.b()\n if i == 2 then local x = nil + 1 end end)"),
        "failed run.lua:5: attempt to perform arithmetic");
    ENDS(BODY("each('x', note)"), "each takes a list and a function, not a string");
    ENDS(BODY("each({1})"), "each takes a list and a function, not a nil");
    ENDS(BODY("each({a = 1}, note)"), "each takes a list");
    ENDS(BODY("each({[2] = 1}, note)"), "each takes a list without gaps");
    ENDS(BODY("each({1}, note, {at_once = 0})"), "at_once must be an integer from 1 to 256");
    ENDS(BODY("each({1}, note, {at_once = 257})"), "at_once must be an integer from 1 to 256");
    ENDS(BODY("each({1}, note, {at_once = '2'})"), "at_once must be an integer");
    ENDS(BODY("each({1}, note, {at_most = 2})"), "each: there is no field \"at_most\"");
    ENDS(BODY("each({1}, note, 2)"), "each needs a table");
    ENDS(
        BODY("local l = {} for i = 1, 10001 do l[i] = i end each(l, note)"), "at most 10000 items");
    ENDS(BODY("table.sort({1, 2}, function() each({1}, note) end)"), "each can't be called here");
    ENDS(BODY("local f f = function() each({1}, f) end f()"), "nested too deeply");
    ENDS(BODY("local l = {} for i = 1, 256 do l[i] = i end local function f() each(l, f, "
              "{at_once = 256}) end f()"),
        "run has too many branches at once");
    ENDS("each({}, note) return 1", "each is only available inside");
}

/* A record of another each is not followed. */
/* Which key a table has first is by chance; the error is the same in every state. */
static void test_errors_are_the_same(void)
{
    for (int i = 0; i < 20; i++) {
        ENDS(BODY("return {pcall(together, {a = 1, b = 'x', c = true, [2.5] = {}})}"),
            "together takes functions only, not a boolean");
        ENDS(BODY("return {pcall(together, {['?'] = run, [2.5] = pairs, ['!'] = pairs})}"),
            "undefined global 'run'");
        ENDS(BODY("return {pcall(together, {['?'] = next, [2.5] = pairs, ['!'] = pairs})}"),
            "together takes a list of functions, or functions with names");
        ENDS(BODY("return {pcall(each, {1}, next, {c = 1, b = 2, d = 3, a = 4})}"),
            "each: there is no field \\\"a\\\"");
        ENDS(BODY("return {pcall(each, {1}, next, {x = 1, [1] = 2, [true] = 3})}"),
            "each: a field is a name, not a boolean");
    }
}

static void test_each_diverges(void)
{
    static const char changed[] = BODY("each({'a', 'x'}, function(n) act.p.one {n = n} end)");
    struct world live = {0};
    struct world w = {0};
    struct hk_script_record records[STEPS_MAX];
    struct hk_play *run;

    play(&live, BODY("each({'a', 'b'}, function(n) act.p.one {n = n} end)"));
    run = load(changed, records, records_at(&live, 2, records));
    drive(&w, run, 0);
    CHECK_HAS(w.end, "diverged act p.one {\"n\":\"b\"} {}");
    CHECK_HAS(w.got, "act p.one {\"n\":\"x\"} {}");
    CHECK_TEXT(w.step, "0:2.0");
    CHECK_TEXT(w.where, "run.lua:4");
    hk_play_free(run);
    world_done(&w);
    world_done(&live);
}

/* --- retry --- */

/* How long the step waited, or -1 when it was no wait. */
static long pause_ms(const struct world *w, int index)
{
    const char *colon = index < w->done_count ? strchr(w->done[index].args, ':') : NULL;

    return colon == NULL ? -1 : strtol(colon + 1, NULL, 10);
}

static void test_retry(void)
{
    struct world w = {0};

    play(&w, BODY("return {retry(function(try) if try < 3 then return act.p.a {fail = try} end"
                  " return act.p.a {good = try} end, {first = '10s', factor = 3})}"));
    CHECK_HAS(w.end, "finished [{\"n\":10,\"step\":\"4\"}]");
    CU_ASSERT_EQUAL(w.done_count, 5);
    CHECK_TEXT(w.done[1].op, "wait");
    CHECK_TEXT(w.done[3].op, "wait");
    /* from a half to all of it */
    CU_ASSERT(pause_ms(&w, 1) >= 5000);
    CU_ASSERT(pause_ms(&w, 1) <= 10000);
    CU_ASSERT(pause_ms(&w, 3) >= 15000);
    CU_ASSERT(pause_ms(&w, 3) <= 30000);
    world_done(&w);
    /* no pause is longer than it may be */
    play(&w, BODY("retry(function() return act.p.a() end, {}) retry(function() return act.p.a "
                  "{fail = 1} end,"
                  " {times = 4, first = '1m', factor = 100, at_most = '2m'})"));
    CU_ASSERT_EQUAL(w.done_count, 8);
    CU_ASSERT(pause_ms(&w, 6) >= 60000);
    CU_ASSERT(pause_ms(&w, 6) <= 120000);
    world_done(&w);
    /* in this world each result takes a minute: the second pause would end too late */
    play(&w, BODY("return select(2, retry(function() return act.p.a {fail = 1} end,"
                  " {times = 9, first = '30s', factor = 1, within = '3m'}))"));
    CHECK_TEXT(w.end, "finished \"because of 2\"");
    world_done(&w);
    /* a try that is under way when the time is over goes to its end, and is the last one */
    play(&w, BODY("return retry(function(try) act.p.a() act.p.a() return act.p.a {n = try} end,"
                  " {within = '1m'})"));
    CHECK_HAS(w.end, "finished {\"n\":");
    CU_ASSERT_EQUAL(w.done_count, 3);
    world_done(&w);
    play(&w, BODY("return select(2, retry(function() act.p.a() return act.p.a {fail = 1} end,"
                  " {within = '1m', first = '1ms'}))"));
    CHECK_TEXT(w.end, "finished \"because of 1\"");
    CU_ASSERT_EQUAL(w.done_count, 2);
    world_done(&w);
}

/* A no is a no, wherever in the try it was said. */
static void test_retry_refused(void)
{
    struct world w = {0};

    play(&w, BODY("return select(2, retry(function() return act.p.a {refuse = 1} end))"));
    CHECK_TEXT(w.end, "finished \"because of 0\"");
    CU_ASSERT_EQUAL(w.done_count, 1);
    world_done(&w);
    play(&w, BODY("return select(2, retry(function() act.p.a {refuse = 1}"
                  " return act.p.b {fail = 1} end))"));
    CHECK_TEXT(w.end, "finished \"because of 1\"");
    world_done(&w);
    play(&w, BODY("return select(2, retry(function() together { function() return"
                  " act.p.a {refuse = 1} end } return nil, 'own' end))"));
    CHECK_TEXT(w.end, "finished \"own\"");
    CU_ASSERT_EQUAL(w.done_count, 1);
    world_done(&w);
    /* but one before does not count, nor one in another branch */
    play(
        &w, BODY("act.p.a {refuse = 1} together { function() act.p.b {refuse = 1} end,"
                 " function() retry(function() return act.p.c {fail = 1} end, {times = 2}) end }"));
    CU_ASSERT_EQUAL(w.done_count, 5);
    world_done(&w);
}

static void test_retry_ends(void)
{
    ENDS(BODY("return {retry(function() return 1, 2, 3 end)}"), "finished [1,2,3]");
    ENDS(BODY("return {retry(function() return nil end)}"), "finished {}");
    ENDS(BODY("return select('#', retry(function() end))"), "finished 0");
    ENDS(BODY("return {retry(function() return false, 'no' end)}"), "finished [false,\"no\"]");
    ENDS(BODY("return {pcall(retry, function() return nil, 'why' end, {times = 1})}"),
        "is a list with gaps");
    ENDS(BODY("retry(function()\n error('broken') end)"), "failed run.lua:5: broken");
    ENDS(BODY("retry(function(n)\n if n == 2 then error('then') end return nil, 'x' end)"),
        "failed run.lua:5: then\n  in error\n  run.lua:5: in");
    ENDS(BODY("retry()"), "retry takes a function, not a nil");
    ENDS(BODY("retry(note, 3)"), "retry needs a table");
    ENDS(BODY("retry(note, {times = 0})"), "times must be an integer from 1 to 100");
    ENDS(BODY("retry(note, {factor = 0.5})"), "factor must be a number from 1 to 100");
    ENDS(BODY("retry(note, {factor = 0/0})"), "factor must be a number");
    ENDS(BODY("retry(note, {first = 5})"), "first must be a duration");
    ENDS(BODY("retry(note, {first = '0s'})"), "first must be longer than nothing");
    ENDS(BODY("retry(note, {first = 'soon'})"), "retry: first:");
    ENDS(BODY("retry(note, {tries = 2})"), "retry: there is no field \"tries\"");
    ENDS(BODY("retry(note, {2})"), "retry: a field is a name");
    ENDS(BODY("string.gsub('x', 'x', function() retry(note) end)"), "retry can't be called here");
}

static void test_retry_replays(void)
{
    REPLAYS(BODY("local r = each({1, 2, 3}, function(n)\n"
                 "  return retry(function(try)\n"
                 "    local x, why = act.p.a {n = n, try = try, fail = try < n and 1 or nil}\n"
                 "    return x and x.step, why\n"
                 "  end, {times = 3, first = '1s'})\n"
                 "end)\n"
                 "local no, why = retry(function() return act.p.a {fail = 1} end, {times = 2})\n"
                 "retry(function() return act.p.a {refuse = 1} end)\n"
                 "return {r, tostring(no), why, random(1000)}"),
        "finished [[{\"ok\":true,\"value\":\"0:1.0\"},{\"ok\":true,\"value\":\"0:2.2\"},"
        "{\"ok\":true,\"value\":\"0:3.4\"}],\"nil\",\"because of 3\"",
        13);
}

/* --- wait and signal --- */

static void check_asks(int line, const char *body, const char *op, const char *args)
{
    struct world w = {0};
    char source[1000];

    (void)snprintf(source, sizeof source,
        "return playbook {\n name = 'test',\n run = function(alert)\n%s\n end }", body);
    play(&w, source);
    check_text(__FILE__, line, w.done_count > 0 ? w.done[0].op : w.end, op);
    check_text(__FILE__, line, w.done_count > 0 ? w.done[0].args : w.end, args);
    world_done(&w);
}
#define ASKS(body, op, args) check_asks(__LINE__, body, op, args)

static void test_wait(void)
{
    ASKS("wait '30m'", "wait", "{\"for_ms\":1800000}");
    ASKS("wait '09:00'", "wait", "{\"clock_min\":540}");
    ASKS("wait '23:59'", "wait", "{\"clock_min\":1439}");
    ASKS("wait '1970-01-02T00:00:00Z'", "wait", "{\"until_us\":86400000000}");
    ASKS("wait '1970-01-02T09:00:00.5+09:00'", "wait", "{\"until_us\":86400500000}");
    ASKS("wait 'business hours'", "wait", "{\"business\":true}");
    ASKS("wait(signal 'go')", "wait", "{\"signal\":\"go\"}");
    ASKS("wait(signal 'go', '2h')", "wait", "{\"signal\":\"go\",\"timeout_ms\":7200000}");
    ASKS("signal {to = 'ru-1', name = 'go', data = {a = 1}}", "signal",
        "{\"data\":{\"a\":1},\"name\":\"go\",\"to\":\"ru-1\"}");
    ENDS(BODY("return {wait '1s', wait '09:00', wait 'business hours'}"),
        "finished [true,true,true]");
    ENDS(BODY("return wait(signal 'go')"), "finished {\"n\":15,\"step\":\"0\"}");
    ENDS(BODY("return {tostring(signal 'go'), this_run()}"),
        "finished [\"signal \\\"go\\\"\",\"ru-7\"]");
    {
        static const char *const wrong[] = {"24:00", "9:00", "09:60", "09-00", "2026-11-23",
            "2026-11-23T09:00:00", "2026-13-23T09:00:00Z", "soon", "", "30"};
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            char source[200];
            (void)snprintf(source, sizeof source, BODY("wait '%s'"), wrong[k]);
            ENDS(source, "is no duration");
        }
    }
}

static void test_wait_misuse(void)
{
    ENDS(BODY("wait()"), "wait needs a duration");
    ENDS(BODY("wait(at_least 'high')"), "wait needs a duration");
    ENDS(BODY("wait('1s', '2s')"), "only a signal has a second value");
    ENDS(BODY("wait(signal 'go', 3)"), "how long for the signal");
    ENDS(BODY("wait(signal 'go', 'soon')"), "failed run.lua:4: wait:");
    ENDS(BODY("wait(signal 'go', '0s')"), "longer than nothing");
    ENDS(BODY("signal 'No'"), "a name is 1 to 63");
    ENDS(BODY("signal 'a\\0b'"), "a name is 1 to 63");
    ENDS(BODY("signal(1)"), "a name is 1 to 63");
    ENDS(BODY("signal {name = 'go'}"), "signal needs a to");
    ENDS(BODY("signal {to = 'ru-1'}"), "a name is 1 to 63");
    ENDS(BODY("signal {to = 'ru-1', name = 'go', value = 1}"), "no field \"value\"");
    ENDS(BODY("signal {to = 'ru-1', name = 'go', data = ('x'):rep(17000)}"),
        "signal: data is larger than 16 KiB");
    ENDS(BODY("note(signal 'go')"), "note needs a text");
    ENDS(BODY("act.a.b {x = signal 'go'}"), "arguments.x is a userdata");
    ENDS("signal 'go' return 1", "signal is only available inside");
}

static void test_wait_replays(void)
{
    REPLAYS(BODY("local r = together {\n"
                 "  a = function() return wait(signal('go'), '1h').step end,\n"
                 "  b = function() wait '08:30' return signal {to = this_run(), name = 'go'} end,\n"
                 "}\n"
                 "wait 'business hours'\n"
                 "return {r.a.value, r.b.value, now()}"),
        "finished [\"0:a.0\",true,240]", 4);
}

/* --- call --- */

static void test_call(void)
{
    struct world w = {0};

    play(&w, BODY("local f = call 'block-it'\n local a = f {ip = 'x'}\n"
                  "local b, why = call 'block-it' {fail = 1}\n return {a.step, tostring(b), why}"));
    CHECK_TEXT(w.end, "finished [\"0\",\"nil\",\"because of 1\"]");
    CHECK_TEXT(w.done[0].op, "call");
    CHECK_TEXT(w.done[0].name, "block-it");
    CHECK_TEXT(w.done[0].args, "{\"ip\":\"x\"}");
    CHECK_TEXT(w.done[0].where, "run.lua:5");
    world_done(&w);
    ENDS(BODY("call 'a b'"), "call needs a playbook's name");
    ENDS(BODY("call()"), "call needs a playbook's name");
    ENDS(BODY("call('x', {})"), "call takes the name alone");
    ENDS(BODY("call 'x' ({}, {})"), "call takes one table");
    ENDS(BODY("call 'x' {1}"), "call: arguments must have names");
    ENDS(BODY("call 'x' {f = note}"), "call: arguments.f is a function");
    ENDS("call 'x' return 1", "call is only available inside");
    REPLAYS(BODY("local r = each({'a', 'b'}, function(n) return call(n) {n = n}.step end)\n"
                 "return {r[1].value, r[2].value, call 'c' ().n}"),
        "finished [\"0:1.0\",\"0:2.0\",2]", 3);
}

/* What run is given beside the alert. */
static void test_arguments(void)
{
    static const char source[] = "return playbook {name = 'test', run = function(a, args)"
                                 " return {a.title, args.n or 'none'} end}";
    struct hk_script_start start = {.run = 7,
        .version = "arguments",
        .chunk = "run.lua",
        .source = source,
        .source_size = sizeof source - 1,
        .alert = "{\"title\":\"t\"}"};

    for (int i = 0; i < 2; i++) {
        struct hk_play *run = NULL;
        struct world w = {0};
        struct hk_error error;
        start.args = i == 0 ? NULL : "{\"n\":[1]}";
        CU_ASSERT_EQUAL_FATAL(hk_play_new(&start, &run, &error), HK_OK);
        drive(&w, run, 0);
        CHECK_TEXT(w.end, i == 0 ? "finished [\"t\",\"none\"]" : "finished [\"t\",[1]]");
        hk_play_free(run);
        world_done(&w);
    }
}

static CU_TestInfo tests[] = {
    {"each", test_each},
    {"each replays as it was", test_each_replays},
    {"each says what is wrong", test_each_errors},
    {"another each diverges", test_each_diverges},
    {"errors are the same in every state", test_errors_are_the_same},
    {"retry", test_retry},
    {"retry takes a no", test_retry_refused},
    {"retry ends", test_retry_ends},
    {"retry replays as it was", test_retry_replays},
    {"wait and signal", test_wait},
    {"wait says what is wrong", test_wait_misuse},
    {"wait replays as it was", test_wait_replays},
    {"call", test_call},
    {"what run is given", test_arguments},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("branches", tests)
