#include "script/lib.h"

#include "base/severity.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { NAME_SIZE = 64 }; /* a name of base/id.h, with NUL */

static const char null_marker;
static const char sealed_key;

/* --- values as text --- */

const char *hk_lib_text(lua_State *L, int index, size_t *ret_size)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 4, NULL);
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        lua_pushvalue(L, index);
        break;
    case LUA_TNUMBER:
        if (isnan(lua_tonumber(L, index)))
            lua_pushliteral(L, "nan");
        else
            lua_pushvalue(L, index);
        break;
    case LUA_TNIL:
        lua_pushliteral(L, "nil");
        break;
    case LUA_TBOOLEAN:
        (void)lua_pushstring(L, lua_toboolean(L, index) != 0 ? "true" : "false");
        break;
    default:
        if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
            lua_pushvalue(L, index);
            lua_call(L, 1, 1);
            if (lua_type(L, -1) != LUA_TSTRING)
                hk_state_raise(L, "'__tostring' must return a string");
        } else if (hk_lib_is_null(L, index)) {
            lua_pushliteral(L, "null");
        } else if (hk_lib_mark_of(L, index, HK_MARK_SIGNAL) != NULL) {
            (void)lua_pushfstring(L, "signal \"%s\"", hk_lib_mark_of(L, index, HK_MARK_SIGNAL));
        } else if (hk_lib_at_least_of(L, index) != NULL) {
            (void)lua_pushfstring(L, "at_least \"%s\"", hk_lib_at_least_of(L, index));
        } else {
            (void)lua_pushstring(L, luaL_typename(L, index));
        }
    }
    return lua_tolstring(L, -1, ret_size);
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    (void)hk_lib_text(L, 1, NULL);
    return 1;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

/* Read an integer in a base; false when the text is none. Overflow wraps, as in stock Lua. */
static bool read_in_base(const char *text, size_t size, int base, lua_Integer *ret_value)
{
    const char *end = text + size;
    bool is_negative;
    lua_Unsigned value = 0;

    while (text < end && is_space(*text))
        text++;
    while (end > text && is_space(end[-1]))
        end--;
    is_negative = text < end && *text == '-';
    if (is_negative)
        text++;
    if (text == end)
        return false;
    for (; text < end; text++) {
        int digit = digit_of(*text);
        if (digit >= base)
            return false;
        value = value * (lua_Unsigned)base + (lua_Unsigned)digit;
    }
    *ret_value = (lua_Integer)(is_negative ? 0U - value : value);
    return true;
}

static int base_tonumber(lua_State *L)
{
    size_t size;
    const char *text;
    lua_Integer base;
    lua_Integer value;

    if (lua_isnoneornil(L, 2)) {
        if (lua_type(L, 1) == LUA_TNUMBER) {
            lua_settop(L, 1);
            return 1;
        }
        text = lua_tolstring(L, 1, &size);
        luaL_checkany(L, 1);
        if (text != NULL) {
            hk_state_charge(L, size);
            if (lua_stringtonumber(L, text) == size + 1)
                return 1;
        }
        lua_pushnil(L);
        return 1;
    }
    base = luaL_checkinteger(L, 2);
    luaL_checktype(L, 1, LUA_TSTRING);
    text = lua_tolstring(L, 1, &size);
    luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
    hk_state_charge(L, size);
    if (read_in_base(text, size, (int)base, &value))
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
    return 1;
}

/* --- small ones --- */

static int base_type(lua_State *L)
{
    luaL_checkany(L, 1);
    (void)lua_pushstring(L, luaL_typename(L, 1));
    return 1;
}

static int base_select(lua_State *L)
{
    int count = lua_gettop(L);
    lua_Integer from;

    if (lua_type(L, 1) == LUA_TSTRING && *lua_tostring(L, 1) == '#') {
        lua_pushinteger(L, count - 1);
        return 1;
    }
    from = luaL_checkinteger(L, 1);
    if (from < 0)
        from = count + from;
    else if (from > count)
        from = count;
    luaL_argcheck(L, from >= 1, 1, "index out of range");
    return count - (int)from;
}

static int base_rawequal(lua_State *L)
{
    luaL_checkany(L, 1);
    luaL_checkany(L, 2);
    lua_pushboolean(L, lua_rawequal(L, 1, 2));
    return 1;
}

static int base_rawlen(lua_State *L)
{
    int type = lua_type(L, 1);

    luaL_argexpected(L, type == LUA_TTABLE || type == LUA_TSTRING, 1, "table or string");
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}

static int base_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    (void)lua_rawget(L, 1);
    return 1;
}

static int base_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (hk_lib_is_sealed(L, 1))
        hk_state_raise(L, "this table is read-only");
    lua_rawset(L, 1);
    return 1;
}

static int ipairs_next(lua_State *L)
{
    lua_Integer i = luaL_checkinteger(L, 2);

    i = (lua_Integer)((lua_Unsigned)i + 1);
    lua_pushinteger(L, i);
    return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

static int base_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushcfunction(L, ipairs_next);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

void hk_lib_base_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"ipairs", base_ipairs},
        {"rawequal", base_rawequal},
        {"rawget", base_rawget},
        {"rawlen", base_rawlen},
        {"rawset", base_rawset},
        {"select", base_select},
        {"tonumber", base_tonumber},
        {"tostring", base_tostring},
        {"type", base_type},
        {"at_least", hk_lib_at_least}, /* in configuration, too */
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    hk_lib_push_null(L);
    lua_setfield(L, -2, "null");
}

/* --- marks --- */

void hk_lib_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&null_marker);
}

bool hk_lib_is_null(lua_State *L, int index)
{
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &null_marker;
}

bool hk_lib_is_severity(const char *text)
{
    return hk_severity_from_text(text) != HK_SEVERITY_NONE;
}

/* The mark is a userdata that only C can make: a script can't build one, nor change it. */
int hk_lib_at_least(lua_State *L)
{
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
    enum hk_severity severity = hk_severity_from_text(text);
    const char **mark;

    if (severity == HK_SEVERITY_NONE)
        hk_state_raise(
            L, "at_least needs one of informational, low, medium, high, critical, fatal");
    mark = lua_newuserdatauv(L, sizeof *mark, 0);
    *mark = hk_severity_text(severity);
    return 1;
}

const char *hk_lib_at_least_of(lua_State *L, int index)
{
    const char **mark;

    if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof *mark)
        return NULL;
    mark = lua_touserdata(L, index);
    return *mark;
}

/* As long as no other value that scripts can hold. */
struct mark {
    enum hk_mark mark;
    char name[NAME_SIZE];
};

void hk_lib_push_mark(lua_State *L, enum hk_mark mark, const char *name)
{
    struct mark *made = lua_newuserdatauv(L, sizeof *made, 0);

    made->mark = mark;
    (void)hk_copy_text(made->name, sizeof made->name, name);
}

const char *hk_lib_mark_of(lua_State *L, int index, enum hk_mark mark)
{
    const struct mark *made;

    if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof *made)
        return NULL;
    made = lua_touserdata(L, index);
    return made->mark == mark ? made->name : NULL;
}

/* --- read-only tables --- */

static const char *key_text(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : luaL_typename(L, index);
}

static int refuse_write(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(1));

    if (*name == '\0')
        hk_state_raise(
            L, "global '%.60s' can't be set: globals are read-only, use 'local'", key_text(L, 2));
    hk_state_raise(L, "%s.%.60s can't be set: %s is read-only", name, key_text(L, 2), name);
}

static int refuse_unknown(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(1));

    if (*name == '\0')
        hk_state_raise(L, "undefined global '%.60s'", key_text(L, 2));
    hk_state_raise(L, "%s.%.60s does not exist", name, key_text(L, 2));
}

/* Stack: what is to be __index → empty table that is read-only */
static void push_proxy(lua_State *L, const char *name)
{
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 3);
    lua_rotate(L, -3, -1); /* proxy, metatable, index */
    lua_setfield(L, -2, "__index");
    (void)lua_pushstring(L, name);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &sealed_key);
    (void)lua_setmetatable(L, -2);
}

void hk_lib_seal(lua_State *L, const char *name)
{
    lua_createtable(L, 0, 1); /* stands behind the functions */
    (void)lua_pushstring(L, name);
    lua_pushcclosure(L, refuse_unknown, 1);
    lua_setfield(L, -2, "__index");
    (void)lua_setmetatable(L, -2);
    push_proxy(L, name);
}

void hk_lib_push_lazy(lua_State *L, const char *name, lua_CFunction find)
{
    (void)lua_pushstring(L, name);
    lua_createtable(L, 0, 0);
    lua_pushcclosure(L, find, 2);
    push_proxy(L, name);
}

bool hk_lib_is_sealed(lua_State *L, int index)
{
    bool is_sealed;

    if (lua_getmetatable(L, index) == 0)
        return false;
    is_sealed = lua_rawgetp(L, -1, &sealed_key) != LUA_TNIL;
    lua_pop(L, 2);
    return is_sealed;
}

static void add_library(lua_State *L, const char *name, void (*open)(lua_State *L))
{
    open(L);
    if (strcmp(name, "string") == 0) {
        /* Methods of strings, such as ("x"):rep(3). */
        lua_pushliteral(L, "");
        lua_createtable(L, 0, 1);
        lua_pushvalue(L, -3);
        lua_setfield(L, -2, "__index");
        (void)lua_setmetatable(L, -2);
        lua_pop(L, 1);
    }
    hk_lib_seal(L, name);
    lua_setfield(L, -2, name);
}

void hk_lib_seal_globals(lua_State *L)
{
    add_library(L, "string", hk_lib_string_open);
    add_library(L, "table", hk_lib_table_open);
    add_library(L, "math", hk_lib_math_open);
    add_library(L, "utf8", hk_lib_utf8_open);
    hk_lib_guard_add(L);
    hk_lib_order_add(L);
    hk_lib_seal(L, "");
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
