/*
 * secret "name": stands for a secret of the tenant where an action takes a text. No playbook ever
 * has its value: the engine puts it in at the last moment, in the frame that goes to the plugin.
 * Whatever else is tried with it raises, and says so.
 */
#include "script/api.h"
#include "script/lib.h"

#include "base/id.h"

#include <string.h>

static const char metatable_key;

static int refuse(lua_State *L)
{
    hk_state_raise(L, "a secret may only stand in the arguments of an action: it can't be %s",
        lua_tostring(L, lua_upvalueindex(1)));
}

static void push_metatable(lua_State *L)
{
    static const char *const events[][2] = {{"__tostring", "made a text"},
        {"__concat", "joined to a text"}, {"__len", "measured"}, {"__lt", "compared"},
        {"__le", "compared"}, {"__index", "looked into"}, {"__newindex", "changed"},
        {"__call", "called"}, {"__pairs", "looked into"}, {"__eq", "compared"},
        {"__add", "calculated with"}, {"__sub", "calculated with"}, {"__mul", "calculated with"},
        {"__div", "calculated with"}, {"__mod", "calculated with"}, {"__pow", "calculated with"},
        {"__unm", "calculated with"}, {"__idiv", "calculated with"}, {"__band", "calculated with"},
        {"__bor", "calculated with"}, {"__bxor", "calculated with"}, {"__shl", "calculated with"},
        {"__shr", "calculated with"}, {"__bnot", "calculated with"}};

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, (int)(sizeof events / sizeof *events));
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        (void)lua_pushstring(L, events[i][1]);
        lua_pushcclosure(L, refuse, 1);
        lua_setfield(L, -2, events[i][0]);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}

int hk_api_secret(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING || strlen(lua_tostring(L, 1)) != lua_rawlen(L, 1) ||
        !hk_name_is_valid(lua_tostring(L, 1)))
        hk_state_raise(L, "secret needs a name, such as secret \"ticket-token\"");
    hk_lib_push_mark(L, HK_MARK_SECRET, lua_tostring(L, 1));
    push_metatable(L);
    (void)lua_setmetatable(L, -2);
    return 1;
}
