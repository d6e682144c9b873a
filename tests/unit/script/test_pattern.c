/* Our matcher against the one of stock Lua: the same expression in both must give the same. */
#include "helper.h"

#include "script/play.h"

#include <lualib.h>

/* What stock Lua answers, in the same form as lua(). Static memory. */
static const char *stock(const char *source)
{
    static char answer[8192];
    lua_State *L = luaL_newstate();

    luaL_openlibs(L);
    if (luaL_loadbufferx(L, source, strlen(source), "@test.lua", "t") != LUA_OK ||
        lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK) {
        (void)snprintf(answer, sizeof answer, "error: %s", lua_tostring(L, -1));
    } else {
        char *end = answer;
        *end = '\0';
        for (int i = 1; i <= lua_gettop(L); i++) {
            size_t size;
            const char *text = luaL_tolstring(L, i, &size);
            if ((size_t)(end - answer) + size + 2 > sizeof answer)
                break;
            if (i > 1)
                *end++ = ' ';
            end = copy_shown(end, text, size);
            lua_pop(L, 1);
        }
    }
    lua_close(L);
    return answer;
}

static void check_same(const char *source)
{
    char expected[8192];
    const char *answer;

    (void)snprintf(expected, sizeof expected, "%s", stock(source));
    answer = lua(source);
    if (strncmp(expected, "error: ", 7) == 0 && strncmp(answer, "error: ", 7) == 0) {
        CU_PASS("both fail");
        return;
    }
    check_lua(__FILE__, __LINE__, source, expected);
}

static const char *const subjects[] = {"", "a", "hello world", "aaab", "key = value", "2026-11-22",
    "  trim me  ", "((a)(b))", "THE (quick) fox", "a.b.c", "x\\0y", "[tag] more", "%d %s", "a,b,,c",
    "192.0.2.1:443", "aXbXc", "f(a(b)c)d", "\\n\\t end", "caf\\xc3\\xa9", "$1.50^2", "abcabcabc"};

static const char *const patterns[] = {"", "a", ".", ".*", ".-", ".+", "a*", "a+b", "a-b", "a?b",
    "^a", "^", "$", "^$", "^.-$", "a$", "%a+", "%d+", "%s+", "%w+", "%p", "%u+", "%l*", "%x+", "%c",
    "%g+", "%A", "%D+", "%S+", "%W", "[abc]", "[^abc]", "[a-c]+", "[%w_]+", "[^%s]+", "[]]", "[^]]",
    "[a-]", "[-a]", "[%-a]", "[%]]", "[^%w%s]", "(a)", "(a*)(b)", "()", "()ll()", "((a)(b))",
    "(%w+) = (%w+)", "(%d+)-(%d+)-(%d+)", "^%s*(.-)%s*$", "%((.-)%)", "%b()", "%b[]", "%bxx",
    "(.)%1", "(a)(%1)", "%f[%w]%w+", "%f[%a]%a+%f[%A]", "%f[%z]", "%.", "%%", "%$", "%^", "a^",
    "$a", "a$b", "[.]", "[%a.]+", "x%z", "%z", "(.-),", "([^,]*)", "(%d+)%.(%d+)%.(%d+)%.(%d+)",
    "a-", "a-$", "(a-)$", "a?a?a?aaa", "(a?)(a?)b", ".-b", "(.-)(%s)", "[a-z]-w", "[0-9%.]+",
    "(abc)%1+", "%1", "(%1)", "(", ")", "%", "[", "[a", "[^", "[%", "%b", "%bx", "%f", "%fa", "(()",
    "())", "[a-z", "%f[", "*a", "+", "?", "-", "a**", "%a*%s*%a*", "(%f[%w])", "[\\xc3][\\xa9]",
    "%9", "%0"};

static void test_peers(void)
{
    char source[512];

    for (size_t s = 0; s < sizeof subjects / sizeof *subjects; s++) {
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            const char *subject = subjects[s];
            const char *pattern = patterns[p];
            /* Stock Lua sees a malformed pattern only where it gets to it. */
            (void)snprintf(source, sizeof source, "return ('%s'):find('%s')", subject, pattern);
            if (strncmp(lua(source), "error", 5) == 0) {
                CHECK_HAS(lua(source), pattern[0] == '\0' ? "x" : "test.lua:1: ");
                continue;
            }
            check_same(source);
            (void)snprintf(source, sizeof source, "return ('%s'):match('%s', 2)", subject, pattern);
            check_same(source);
            (void)snprintf(
                source, sizeof source, "return ('%s'):gsub('%s', '<%%0>')", subject, pattern);
            check_same(source);
            (void)snprintf(source, sizeof source,
                "local t = {} for a, b in ('%s'):gmatch('%s') do t[#t + 1] = a .. '/' .. (b or '') "
                "end return table.concat(t, ';')",
                subject, pattern);
            check_same(source);
        }
    }
}

static void test_malformed(void)
{
    static const char *const bad[] = {"(", "%", "[", "[a", "[^", "[%", "%b", "%bx", "%f", "%fa",
        "(()", "())", "%1", "(%1)", "%f["};
    char source[128];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(source, sizeof source, "return ('aaa'):find('%s')", bad[i]);
        CHECK_HAS(stock(source), "error");
        CHECK_FAILS(source, "test.lua:1: ");
    }
    CHECK_FAILS("return ('x'):find(('()'):rep(33))", "too many captures");
    CHECK_LUA("return select('#', ('x'):find(('()'):rep(32)))", "34");
}

static void test_others(void)
{
    static const char *const sources[] = {"return ('hello'):find('l', 1, true)",
        "return ('a.b'):find('.', 1, true)", "return ('hello'):find('xyz', -2)",
        "return ('hello'):find('', 10)", "return ('hello'):find('', 6)",
        "return ('hello'):find('l', -2)", "return ('abc'):find('b', -10)",
        "return ('hello world'):gsub('o', '0', 1)", "return ('hello'):gsub('', '-')",
        "return ('abc'):gsub('%w', '%0%0')", "return ('abc'):gsub('(a)(b)', '%2%1')",
        "return ('abc'):gsub('b', '%1')", "return ('abc'):gsub('b', '%2')",
        "return ('abc'):gsub('b', '%%')", "return ('abc'):gsub('b', '%x')",
        "return ('abc'):gsub('b', '%')",
        "return ('$name is $age'):gsub('%$(%w+)', {name = 'x', age = 7})",
        "return ('abc'):gsub('%w', function(c) return c ~= 'b' and c .. c end)",
        "return ('abc'):gsub('%w', function(c) return {} end)", "return ('abc'):gsub('^a', 'x')",
        "return ('aaa'):gsub('^a', 'x')", "return ('abc'):gsub('b', 'x', 0)",
        "return ('abc'):gsub('b', 'x', -1)", "return ('abc def'):gsub('%f[%w]%w+', string.upper)",
        "return ('abc'):gsub('()', '%1')", "return ('abc'):gsub('b', 5)",
        "return ('abc'):gsub('b')", "return ('x = 1, y = 2'):gsub('(%w+) = (%w+)', '%2 = %1')",
        ("local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t+1] = k .. v end "
         "return table.concat(t, ' ')"),
        ("local t = {} for w in ('one two'):gmatch('%a+', 4) do t[#t+1] = w end return "
         "table.concat(t)"),
        "local t = {} for w in ('abc'):gmatch('') do t[#t+1] = 'x' end return #t",
        "local t = {} for w in ('^a^a'):gmatch('^a') do t[#t+1] = w end return #t",
        "local t = {} for w in ('abc'):gmatch('b', 9) do t[#t+1] = w end return #t",
        "return ('a\\0b'):find('\\0')", "return ('a\\0b'):find('%z')",
        "return ('a\\0b'):match('[\\0]b')",
        "return ('äöü'):upper(), ('ABC'):lower(), ('abc'):reverse()",
        "return ('hello'):sub(2, -2), ('hello'):sub(-3), ('hello'):sub(10), ('hello'):sub(0)",
        "return ('hello'):byte(1, -1)", "return ('hello'):byte(10)", "return string.char(104, 105)",
        "return string.char()", "return string.char(256)", "return ('ab'):rep(3, ',')",
        "return ('ab'):rep(0)", "return ('ab'):rep(-1)", "return ('ab'):rep(1, ',')",
        "return #('x'):rep(0, 'y')", "return ('abc'):len()", "return ('x'):rep(3, '')"};

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        check_same(sources[i]);
}

static void test_libraries(void)
{
    static const char *const sources[] = {"return ('%d %5d|%-5d|%05d|%+d'):format(1, 2, 3, 4, 5)",
        "return ('%x %X %#x %o'):format(255, 255, 255, 8)",
        "return ('%5.2f|%-8.3f|%e|%g'):format(3.14159, 2.5, 12345.678, 0.0001)",
        "return ('%s|%10s|%-10s|%.2s'):format('abc', 'abc', 'abc', 'abc')",
        "return ('%q'):format('a\\n\"b\\\\\\0001')",
        "return ('%q %q %q'):format(1, 0.5, math.mininteger)", "return ('%c%c'):format(104, 105)",
        "return ('%a'):format(0.5)", "return ('%i%%'):format(42)", "return ('%s'):format(nil)",
        "return ('%d'):format(3.0)", "return ('%d'):format(3.5)", "return ('%d'):format('10')",
        "return ('%y'):format(1)", "return ('%'):format(1)", "return ('%d'):format()",
        "return ('%123d'):format(1)", "return ('%.123f'):format(1)",
        "return ('%99.99f'):format(1e300)", "return ('%#q'):format(1)",
        "return ('%+s'):format('x')",
        "return tonumber('10'), tonumber(' 0x1p4 '), tonumber('1e1'), tonumber('')",
        "return tonumber('abc'), 1",
        "return tonumber('ff', 16), tonumber('-zz', 36), tonumber('8', 8), tonumber('1 0', 10)",
        "return tonumber('7', 1)", "return tonumber(), 1", "return tonumber({})",
        "return tonumber('1e')",
        "return 1e15, 1e14, 0.1, -0.0, 1/0, 2^53, 3 // 2, 3.0 // 2, 7 % -3, 1e100",
        "return math.maxinteger, math.mininteger, math.pi, math.type(1), math.type(1.0)",
        ("return math.floor(3.7), math.ceil(3.2), math.max(1, 5, 3), math.fmod(7, 3), math.ult(1, "
         "-1)"),
        "return select('#', 1, nil, nil), select(2, 'a', 'b', 'c'), select(-1, 'a', 'b')",
        "return select(0, 1)", "return select(-5, 1)",
        "return rawequal('a', 'a'), rawlen({1, 2}), rawget({5}, 1)",
        ("return table.concat({1, 2, 3}, ', '), table.concat({}, 'x'), table.concat({1, 2, 3}, "
         "'-', "
         "2, 3)"),
        "return table.concat({1, {}, 3})", "return table.unpack({1, 2, 3}, 2)",
        "return table.unpack({1, 2}, 1, 3)",
        "local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) return table.concat(t, ',')",
        "local t = {1, 2, 3} table.insert(t, 5, 0)", "local t = {1} table.insert(t, 1, 2, 3)",
        ("local t = {1, 2, 3} return table.remove(t), table.remove(t, 1), #t, table.remove({}), "
         "table.remove({}, 0)"),
        "local t = {1, 2, 3} return table.remove(t, 4), #t",
        "local t = {1, 2, 3} return table.remove(t, 5)",
        "local t = table.pack(1, nil, 3) return t.n, t[1], t[3]",
        ("return table.concat(table.move({1, 2, 3}, 1, 3, 2), ','), table.concat(table.move({1, 2, "
         "3}, 2, 3, 1), ',')"),
        "return table.concat(table.move({1, 2, 3}, 1, 3, 3, {9, 9}), ',')",
        "local t = {5, 2, 8, 1} table.sort(t) return table.concat(t, ',')",
        "local t = {'b', 'a', 'C'} table.sort(t) return table.concat(t, ',')",
        ("local t = {5, 2, 8, 1} table.sort(t, function(a, b) return a > b end) return "
         "table.concat(t, ',')"),
        "local t = {1, 'x'} table.sort(t)",
        "return utf8.char(228, 8364, 128512), utf8.len('äöü'), utf8.len('\\xff')",
        ("local t = {} for p, c in utf8.codes('aä€') do t[#t+1] = p .. ':' .. c end return "
         "table.concat(t, ' ')"),
        "return utf8.codepoint('aä€', 1, -1)", "return utf8.offset('aä€', 3), utf8.charpattern",
        "return type(nil), type(1), type('x'), type({}), type(type)", "return type()",
        "return pcall(error, 'x', 0)", "return pcall(error)", "return pcall()",
        "return xpcall(error)", "return select('#', pcall(function() return 1, nil end))",
        "return (select(2, pcall(function() local x = nil; x() end)))",
        "local t = {} for i, v in ipairs({1, 2, nil, 4}) do t[i] = v end return #t",
        "local s = 0 for k, v in pairs({1, 2, 3}) do s = s + v end return s",
        "return next({}), next({7})",
        ("local t = setmetatable({}, {__pairs = function() return function(_, k) if not k then "
         "return 1, 2 end end end}) "
         "for k, v in pairs(t) do return k, v end"),
        "return setmetatable({}, {__index = {x = 1}}).x, getmetatable({})",
        "return assert(1, 2, 3)", "return assert()"};

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        check_same(sources[i]);
}

static CU_TestInfo tests[] = {
    {"patterns as in stock Lua", test_peers},
    {"malformed patterns", test_malformed},
    {"string functions as in stock Lua", test_others},
    {"the other libraries as in stock Lua", test_libraries},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("pattern", tests)
