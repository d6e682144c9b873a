/* What a playbook may not do: each trap ends within the limits, and nothing can catch the end. */
#include "helper.h"

#include "script/play.h"

#include <time.h>

#define INSTRUCTIONS "instructions in one go"
#define MEMORY "run used more than 16 MiB of memory"

static uint64_t cpu_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

/* Either of the limits on time: which one is first depends on the machine. */
static void check_stops(int line, const char *source)
{
    uint64_t begin = cpu_ms();
    const char *answer = lua(source);
    uint64_t took = cpu_ms() - begin;

    if (strstr(answer, INSTRUCTIONS) == NULL && strstr(answer, "CPU time") == NULL &&
        strstr(answer, MEMORY) == NULL) {
        (void)fprintf(
            stderr, "\n%s:%d: %s\n  was not stopped: %s\n", __FILE__, line, source, answer);
        CU_FAIL("not stopped");
    } else if (strncmp(answer, "error: test.lua:", 16) != 0) {
        (void)fprintf(stderr, "\n%s:%d: %s\n  says no line: %s\n", __FILE__, line, source, answer);
        CU_FAIL("no line");
    }
    if (took > 2000) {
        (void)fprintf(
            stderr, "\n%s:%d: %s\n  took %u ms\n", __FILE__, line, source, (unsigned)took);
        CU_FAIL("too slow");
    }
    CU_PASS("stopped");
}
#define STOPS(source) check_stops(__LINE__, source)

static void test_endless(void)
{
    STOPS("while true do end");
    STOPS("local function f() return f() end f()");
    STOPS("::again:: goto again");
    STOPS("for i = 1, math.huge do end");
    STOPS("local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) "
          "while true do pcall(function() return t[1] end) end");
}

static void test_caught(void)
{
    STOPS("while true do pcall(function() while true do end end) end");
    STOPS("return pcall(function() while true do end end)");
    STOPS("xpcall(function() while true do end end, function() while true do end end)");
    STOPS(
        "return select(2, xpcall(function() while true do end end, function() return 'mine' end))");
    STOPS("return pcall(pcall, pcall, function() while true do end end)");
    STOPS("return pcall(string.rep, 'x', 1 << 40)");
    STOPS("return pcall(string.find, ('a'):rep(100000), ('.-'):rep(20) .. 'b')");
    STOPS("local t = setmetatable({}, {__tostring = function() while true do end end}) "
          "pcall(tostring, t) pcall(tostring, t) return 'on'");
    STOPS("pcall(table.sort, {3, 2, 1}, function() while true do end end) return 'on'");
    STOPS("pcall(string.gsub, 'x', 'x', function() while true do end end) return 'on'");
}

static void test_patterns(void)
{
    STOPS("return (('a'):rep(100)):find(('.-'):rep(6) .. 'b')");
    STOPS("return (('a'):rep(30000)):match('.-.-.-.-b')");
    STOPS("return (('a'):rep(30000)):gsub('a*a*a*a*b', '')");
    STOPS("for x in (('a'):rep(30000)):gmatch('.-.-.-b') do end");
    STOPS("return (('('):rep(1000000)):find('%b()')");
    STOPS("return (('x'):rep(1000000)):find('(x+)%1%1%1y')");
    CHECK_FAILS("return ('x'):find(('x'):rep(5000) .. '.')", "pattern is longer");
}

static void test_memory(void)
{
    STOPS("local t = {} for i = 1, 1e9 do t[i] = i end");
    STOPS("local t = {} for i = 1, 1e9 do t['k' .. i] = {} end");
    STOPS("local s = 'x' while true do s = s .. s end");
    STOPS("return ('x'):rep(1e9)");
    STOPS("return ('x'):rep(1 << 62)");
    STOPS("return (''):rep(1 << 62, 'ab')");
    STOPS("return table.concat({('x'):rep(1e6)}, '', 1, 1):rep(20)");
    STOPS("local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6) end return table.concat(t)");
    STOPS("local t = {} for i = 1, 12 do t[i] = ('x'):rep(1e6) end "
          "while true do t[1] = ('x'):rep(1e6 + #t[1] % 7) end");
    STOPS("local function f(...) return f(1, ...) end f()");
    STOPS("local function f(n) return 1 + f(n + 1) end return f(1)");
    STOPS("local ok, e = pcall(string.rep, 'x', 15 << 20) "
          "local ok2, e2 = pcall(string.rep, 'y', 15 << 20) return 'on'");
    STOPS("local t, r = {}, {} for i = 1, 1000 do t[i] = 1e308 end "
          "local f = ('%99.99f'):rep(1000) "
          "for i = 1, 1e9 do r[i] = f:format(table.unpack(t)) end");
    STOPS("return (('x'):rep(1e6)):gsub('', ('y'):rep(1000))");
    STOPS("local t = {} for i = 1, 200000 do t[i] = 1 end "
          "while true do local x = {table.unpack(t)} end");
}

static void test_loops_in_c(void)
{
    STOPS("table.move({}, 1, 1e15, 2)");
    STOPS("table.move({}, 1, 1e9, 2, {})");
    STOPS("table.concat({}, '', 1, 1e9) ");
    STOPS("local t = setmetatable({}, {__index = function() return '' end}) "
          "return table.concat(t, '', 1, 1e12)");
    STOPS("local t = setmetatable({}, {__len = function() return 1e12 end}) table.insert(t, 1, 1)");
    STOPS("local t = setmetatable({}, {__len = function() return 1e12 end}) table.remove(t, 1)");
    STOPS("local t = setmetatable({}, {__len = function() return 1e9 end}) table.sort(t)");
    STOPS("return select('#', table.unpack({}, 1, 1e8))");
    STOPS("local t = {} for i = 1, 20000 do t[i] = i end while true do table.insert(t, 1, 0) "
          "table.remove(t, 1) end");
    STOPS("local t = {} for i = 1, 5000 do t['k' .. i] = i end while true do next(t) end");
    STOPS("local s = ('x'):rep(1e6) while true do utf8.len(s) end");
    STOPS("local s = ('x'):rep(1e6) while true do s:lower() end");
    STOPS("local a, b = ('x'):rep(4e6) .. 'a', ('x'):rep(4e6) .. 'b' while true do "
          "local c = a == b or a < b end");
    STOPS("local t = {} for i = 1, 1000 do t[i] = i end "
          "while true do table.sort(t, function(a, b) return true end) end");
    CHECK_FAILS("return table.unpack({}, 1, 1 << 40)", "too many results");
    CHECK_FAILS("table.move({1}, 1, math.maxinteger, 2)", "wrap around");
}

static void test_recursion(void)
{
    CHECK_FAILS("local function f() return pcall(f) end "
                "local function g(n) if n == 0 then return 1 + select('#', pcall(f)) end "
                "return 1 + g(n - 1) end return g(1000)",
        "at most 1000 nested calls");
    CHECK_LUA("local function f(n) if n == 0 then return 'deep' end "
              "local ok, e = pcall(f, n - 1) return e end return f(150)",
        "deep");
    CHECK_FAILS("local function f() return pcall(f) end "
                "local function g() local ok, e = pcall(g) if not ok then error(e, 0) end end g()",
        "");
    CHECK_FAILS("local t = setmetatable({}, {}) getmetatable(t).__index = t "
                "setmetatable(t, getmetatable(t)) return t.x",
        "loop");
    CHECK_FAILS("local f f = function(s) return (s:gsub('.', f)) end return f('x')", "overflow");
    CHECK_FAILS("local t = {} setmetatable(t, {__tostring = function(x) return tostring(x) end}) "
                "return tostring(t)",
        "overflow");
    CHECK_FAILS("local less less = function(a, b) local t = {1, 2} table.sort(t, less) "
                "return a < b end less(1, 2)",
        "overflow");
    CHECK_LUA("local function deep(n) if n == 0 then return 'deep' end return (deep(n - 1)) end "
              "return deep(10000)",
        "deep");
}

static void test_metatables(void)
{
    CHECK_FAILS("setmetatable({}, {__gc = function() end})", "__gc is not available");
    CHECK_FAILS("setmetatable({}, {__mode = 'k'})", "__mode is not available");
    CHECK_FAILS("setmetatable({}, {__close = function() end})", "__close is not available");
    CHECK_FAILS("setmetatable({}, {__metatable = 1})", "__metatable is not available");
    CHECK_FAILS("setmetatable({}, {__call = {}})", "test.lua:1: __call must be a function");
    CHECK_LUA("return setmetatable({}, {__call = function(self, x) return x + 1 end})(4)", "5");
    CHECK_FAILS("local x <close> = setmetatable({}, {})", "non-closable");
    /* set later: the metatable that counts is a copy */
    CHECK_LUA("local mt = {} local t = setmetatable({}, mt) mt.__mode = 'v' t[1] = {} "
              "local s = {} for i = 1, 24 do s[i % 4] = ('x'):rep(2e5 + i) end return #t",
        "1");
    CHECK_LUA("local mt = {} local t = setmetatable({}, mt) return getmetatable(t) == mt", "true");
    CHECK_LUA("local C = {} C.__index = C function C.f() return 7 end "
              "return setmetatable({}, C).f()",
        "7");
    CHECK_LUA(
        "local a = setmetatable({}, {__add = function(x, y) return 5 end}) return a + 1", "5");
    CHECK_LUA("return getmetatable('')", "nil");
    CHECK_LUA("return getmetatable(string), getmetatable(act), getmetatable(act.x)", "nil nil nil");
    CHECK_FAILS("setmetatable(string, {})", "can't be changed");
    CHECK_FAILS("setmetatable(act, nil)", "can't be changed");
    CHECK_LUA("local t = setmetatable({}, {__index = function() return 1 end}) "
              "setmetatable(t, nil) return t.x",
        "nil");
}

static void test_globals(void)
{
    CHECK_FAILS("x = 1", "test.lua:1: global 'x' can't be set");
    CHECK_FAILS("\nreturn foo", "test.lua:2: undefined global 'foo'");
    CHECK_FAILS("string = nil", "global 'string' can't be set");
    CHECK_FAILS("string.rep = nil", "string.rep can't be set");
    CHECK_FAILS("math.random()", "math.random does not exist");
    CHECK_FAILS("rawset(string, 'rep', 1)", "read-only");
    CHECK_FAILS("rawset(act, 'x', 1)", "read-only");
    CHECK_FAILS("act.x.y = 1", "can't be set");
    CHECK_FAILS("table.insert(string, 1)", "can't be set");
    CHECK_FAILS("return ('x'):dump()", "string.dump does not exist");
    CHECK_FAILS("local _ENV = {}", "_ENV is not available");
    CHECK_FAILS("\n\nlocal function f(_ENV) return x end", "test.lua:3: _ENV");
    CHECK_LUA("local my_ENV, _ENVY = 1, 2 return my_ENV + _ENVY", "3");
    for (const char *const *name = (const char *const[]){"coroutine", "load", "loadstring",
             "require", "os", "io", "debug", "collectgarbage", "print", "dofile", "loadfile",
             "package", "_G", "_VERSION", "warn", "hikeshi", NULL};
         *name != NULL; name++) {
        char source[64];
        (void)snprintf(source, sizeof source, "return %s", *name);
        CHECK_FAILS(source, "undefined global");
    }
}

static void test_addresses(void)
{
    CHECK_LUA("return tostring({}), tostring(print_ or pcall), tostring(function() end)",
        "error: test.lua:1: undefined global 'print_'");
    CHECK_LUA("return tostring({}), tostring(pcall), tostring(function() end)",
        "table function function");
    CHECK_LUA("return tostring(null), tostring(at_least 'high')", "null at_least \"high\"");
    CHECK_LUA("return ('%s %s'):format({}, pcall)", "table function");
    CHECK_FAILS("return ('%p'):format({})", "%p is not available");
    CHECK_FAILS("return ('%10p'):format({})", "%p is not available");
    CHECK_LUA("local ok, e = pcall(function() return {} .. 'x' end) return e",
        "test.lua:1: attempt to concatenate a table value");
    CHECK_LUA("local t = setmetatable({}, {__name = 'my kind'}) return tostring(t)", "table");
}

static void test_errors(void)
{
    CHECK_FAILS("error({})", "test.lua:1: the error raised is a table, not a text");
    CHECK_FAILS("error(setmetatable({}, {__tostring = function() while true do end end}))",
        "the error raised is a table");
    CHECK_FAILS("error(setmetatable({}, {__name = ('x'):rep(1000)}))", "table");
    CHECK_FAILS("error(nil)", "nil");
    CHECK_FAILS("error('plain')", "test.lua:1: plain");
    CHECK_FAILS("error('plain', 0)", "error: plain");
    CHECK_FAILS("assert(false, 'what')", "what");
    CHECK_FAILS("assert(nil)", "test.lua:1: assertion failed!");
    CHECK_LUA("return pcall(error, {code = 1}) == false", "true");
    CHECK_LUA("return select(2, pcall(error, 'x', 0))", "x");
    CHECK_LUA("return xpcall(function(a) return a end, error, 4)", "true 4");
    CHECK_LUA("return xpcall(error, function(m) return m .. '!' end, 'x', 0)", "false x!");
    CHECK_FAILS("local t = setmetatable({}, {__tostring = function() return 1 end}) tostring(t)",
        "must return a string");
}

static void test_text(void)
{
    struct hk_error error;
    struct hk_buf out;
    static const char *const bad[] = {"\x1bLua", "\x1bLuaT\0\x19\x93", "return '\xff'",
        "#!/usr/bin/lua\nreturn 1", "\xef\xbb\xbfreturn 1"};

    hk_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_EQUAL(
            hk_playbook_describe(bad[i], strlen(bad[i]), "x.lua", &out, &error), HK_INVALID);
    CU_ASSERT_EQUAL(hk_playbook_describe("return \0 1", 10, "x.lua", &out, &error), HK_INVALID);
    CHECK_HAS(error.text, "not UTF-8 text");
    CHECK_FAILS("return '\x1bLua' .. nil", "attempt to concatenate");
    CHECK_FAILS("local x = ", "test.lua:1: unexpected symbol near <eof>");
    hk_buf_done(&out);
}

/* No amount of memory leaves a broken thread, or memory behind. */
static int small_piece(lua_State *L)
{
    static const char source[] =
        "local t = {} for i = 1, 50 do t[i] = ('x'):rep(i):gsub('x', {x = 'yy'}) end "
        "table.sort(t) local s = table.concat(t) "
        "for k, v in pairs({a = 1, b = 2}) do s = s .. k end "
        "pcall(function() local u = {} for i = 1, 100 do u['k' .. i] = {i} end end) "
        "return ('%5.2f %s'):format(3, s)";
    struct hk_state *st = hk_state_of(L);

    st->memory_max = (size_t)lua_touserdata(L, 1);
    lua_settop(L, 0);
    hk_api_open(L);
    hk_state_compile(L, source, sizeof source - 1, "small.lua");
    lua_call(L, 0, 1);
    return 0;
}

static void test_every_memory_limit(void)
{
    unsigned failed = 0;
    struct hk_error error;
    size_t size = 4096;
    enum hk_status status = HK_INVALID;

    for (; size < 200000; size += 97) {
        status = hk_state_once(small_piece, (void *)size, &error); // NOLINT
        if (status != HK_OK) {
            CHECK_HAS(error.text, "of memory");
            failed++;
        }
    }
    CU_ASSERT_EQUAL(status, HK_OK);
    CU_ASSERT(failed > 50);
}

static CU_TestInfo tests[] = {
    {"endless loops end", test_endless},
    {"a limit can't be caught", test_caught},
    {"pattern bombs", test_patterns},
    {"memory", test_memory},
    {"long loops inside C functions", test_loops_in_c},
    {"deep recursion", test_recursion},
    {"metatables", test_metatables},
    {"globals are read-only", test_globals},
    {"no addresses", test_addresses},
    {"errors", test_errors},
    {"text only", test_text},
    {"every memory limit", test_every_memory_limit},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("sandbox", tests)
