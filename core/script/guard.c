/* Errors and metatables: nothing here can catch the end of a run, or get hold of the collector. */
#include "script/lib.h"

#include <string.h>

/* In the copy that is really set: the metatable that the script gave. */
static const char original_key;
/* In the registry: copy of each metatable, so that objects of one kind share one. */
static const char copies_key;

/* --- raising and catching --- */

static int guard_error(lua_State *L)
{
    lua_Integer level = luaL_optinteger(L, 2, 1);

    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING && level > 0 && level < 200) {
        luaL_where(L, (int)level);
        lua_pushvalue(L, 1);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int guard_assert(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1) != 0)
        return lua_gettop(L);
    lua_remove(L, 1);
    lua_pushliteral(L, "assertion failed!");
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, 1);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* ctx: values below the call that are not results */
static int finish_pcall(lua_State *L, int status, lua_KContext ctx)
{
    if (status != LUA_OK && status != LUA_YIELD) {
        hk_state_check_caught(L, status);
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)ctx;
}

/* In a coroutine each error walks through all calls that stand. Were there no bound, calls of pcall
 * in pcall would take the square of a hundred thousand when a limit ends them. */
static void enter_protected(lua_State *L)
{
    lua_Debug ar;

    hk_state_charge(L, 16);
    if (lua_getstack(L, HK_LUA_PCALL_DEPTH_MAX, &ar) != 0)
        hk_state_raise(
            L, "pcall and xpcall are for at most %d nested calls", HK_LUA_PCALL_DEPTH_MAX);
}

static int guard_pcall(lua_State *L)
{
    int status;

    luaL_checkany(L, 1);
    enter_protected(L);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

/* Stands before the script's handler, which must not run once the run is over. */
static int call_handler(lua_State *L)
{
    if (hk_state_of(L)->end != HK_STATE_RUNS)
        return 1;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int guard_xpcall(lua_State *L)
{
    int count = lua_gettop(L);
    int status;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    enter_protected(L);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, call_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2); /* f, handler, true, f, arguments */
    status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

/* --- metatables --- */

static const char *const events[] = {"__index", "__newindex", "__call", "__tostring", "__name",
    "__eq", "__lt", "__le", "__len", "__concat", "__unm", "__add", "__sub", "__mul", "__div",
    "__mod", "__pow", "__idiv", "__band", "__bor", "__bxor", "__shl", "__shr", "__bnot", "__pairs"};
/* With these a script would run when the collector likes, or while an error travels. */
static const char *const refused_events[] = {"__gc", "__mode", "__close", "__metatable"};

/* Push the copy that belongs to the metatable at index, made up to date. */
static void push_copy(lua_State *L, int index)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &copies_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 0);
        lua_createtable(L, 0, 1);
        /* A copy refers to its original. Were only the keys weak, chains of them could keep the
         * collector busy for seconds; and a copy that no object has need not be kept. */
        lua_pushliteral(L, "kv");
        lua_setfield(L, -2, "__mode");
        (void)lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &copies_key);
    }
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 4);
        lua_pushvalue(L, index);
        lua_rawsetp(L, -2, &original_key);
        lua_pushvalue(L, index);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        (void)lua_pushstring(L, events[i]);
        lua_pushvalue(L, -1);
        (void)lua_rawget(L, index);
        lua_rawset(L, -3);
    }
}

/* Push the metatable that the script gave to the value, or nil: ours are not shown. */
static void push_original(lua_State *L, int index)
{
    if (lua_getmetatable(L, index) == 0) {
        lua_pushnil(L);
        return;
    }
    (void)lua_rawgetp(L, -1, &original_key);
    lua_remove(L, -2);
}

static int guard_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(L, 2);
    hk_state_charge(L, 64);
    if (lua_getmetatable(L, 1) != 0) {
        push_original(L, 1);
        if (lua_isnil(L, -1))
            hk_state_raise(L, "the metatable of this table can't be changed");
        lua_settop(L, 2);
    }
    if (type == LUA_TNIL) {
        lua_pushnil(L);
    } else {
        for (size_t i = 0; i < sizeof refused_events / sizeof *refused_events; i++) {
            (void)lua_pushstring(L, refused_events[i]);
            if (lua_rawget(L, 2) != LUA_TNIL)
                hk_state_raise(L, "%s is not available in playbooks", refused_events[i]);
            lua_pop(L, 1);
        }
        /* Lua follows a chain of these in one instruction, shifting all arguments each time. */
        lua_pushliteral(L, "__call");
        type = lua_rawget(L, 2);
        if (type != LUA_TNIL && type != LUA_TFUNCTION)
            hk_state_raise(L, "__call must be a function");
        lua_pop(L, 1);
        push_copy(L, 2);
    }
    (void)lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int guard_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    push_original(L, 1);
    return 1;
}

void hk_lib_guard_add(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"assert", guard_assert},
        {"error", guard_error},
        {"getmetatable", guard_getmetatable},
        {"pcall", guard_pcall},
        {"setmetatable", guard_setmetatable},
        {"xpcall", guard_xpcall},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
