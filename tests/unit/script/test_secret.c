/* secret "name": it goes into the arguments of an action as a name, and nowhere else. */
#include "world.h"

#include "script/play.h"

static void test_argument(void)
{
    struct world w = {0};

    play(&w, BODY("local s = secret 'ticket-token'\n"
                  "act.p.tell {token = s, list = {s, 'x'}}\n return s == s"));
    CHECK_TEXT(w.end, "finished true");
    CHECK_TEXT(w.done[0].args, "{\"list\":[{\"$secret\":\"ticket-token\"},\"x\"],"
                               "\"token\":{\"$secret\":\"ticket-token\"}}");
    world_done(&w);
    REPLAYS(BODY("return act.p.tell({token = secret 'a'}).n"), "finished 25", 1);
}

static void test_nothing_else(void)
{
    static const char *const uses[] = {"tostring(s)", "'x' .. s", "s .. 'x'", "#s", "s < s",
        "s <= s", "s.x", "s()", "s + 1", "-s", "s == secret 'a'", "string.format('%s', s)",
        "(function() s.x = 1 end)()", "(function() for _ in pairs(s) do end end)()"};

    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        char source[300];
        (void)snprintf(source, sizeof source,
            BODY("local s = secret 'a'\n local x = %s\n return 'none'"), uses[i]);
        ENDS(source, "a secret may only stand in the arguments of an action");
    }
    ENDS(BODY("return secret 'a'"), "is a secret, which may only stand in the arguments");
    ENDS(BODY("return json.text {secret 'a'}"), "value[1] is a secret");
    ENDS(BODY("act.p.x({}, {because = secret 'a'})"), "options.because is a secret");
    ENDS(BODY("ask {question = 'q', x = secret 'a'}"), "fields.x is a secret");
    ENDS(BODY("close {verdict = 'expected', x = secret 'a'}"), "fields.x is a secret");
    ENDS(BODY("call 'x' {t = secret 'a'}"), "arguments.t is a secret");
    ENDS(BODY("signal {to = 'ru-1', name = 'x', data = secret 'a'}"), "signal: data is a secret");
    ENDS(BODY("note(secret 'a')"), "note needs a text");
    ENDS(BODY("wait(secret 'a')"), "wait needs a duration");
    ENDS(BODY("error(secret 'a')"), "not a text");
    ENDS(BODY("table.concat {secret 'a'}"), "invalid value (a userdata)");
    ENDS(BODY("setmetatable(secret 'a', {})"), "table expected");
    ENDS(BODY("return tostring(getmetatable(secret 'a'))"), "finished \"nil\"");
    ENDS(BODY("secret ''"), "secret needs a name");
    ENDS(BODY("secret(1)"), "secret needs a name");
}

/* What comes from outside can't look like one. */
static void test_no_forgery(void)
{
    ENDS(BODY("act.p.tell {x = {['$secret'] = 'a'}}"),
        "arguments.x.$secret is a name that no member of an argument may have");
    ENDS(BODY("act.p.tell {['$secret'] = 'a'}"), "no member of an argument may have");
    ENDS(BODY("act.p.tell {x = json.parse('{\"y\":[{\"$secret\":\"a\",\"z\":1}]}')}"),
        "arguments.x.y[1].$secret is a name");
    ENDS(BODY("return {['$secret'] = 'a'}"), "finished {\"$secret\":\"a\"}");
}

static CU_TestInfo tests[] = {
    {"an argument", test_argument},
    {"nothing else", test_nothing_else},
    {"no forgery", test_no_forgery},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("secret", tests)
