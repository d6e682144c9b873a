/* math and utf8: Lua's own, without what is not the same on every run, and charged for their work.
 */
#include "script/lib.h"

#include <lualib.h>
#include <string.h>

void hk_lib_math_open(lua_State *L)
{
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    lua_pushnil(L);
    lua_setfield(L, -2, "random");
    lua_pushnil(L);
    lua_setfield(L, -2, "randomseed");
}

/* Call Lua's function of that name after charging for the text it will read. Upvalue: it. */
static int charged(lua_State *L)
{
    size_t size = 0;

    if (lua_type(L, 1) == LUA_TSTRING)
        (void)lua_tolstring(L, 1, &size);
    hk_state_charge(L, size + (uint64_t)lua_gettop(L));
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void hk_lib_utf8_open(lua_State *L)
{
    static const char *const names[] = {"char", "codepoint", "codes", "len", "offset"};

    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)lua_getfield(L, -1, names[i]);
        lua_pushcclosure(L, charged, 1);
        lua_setfield(L, -2, names[i]);
    }
}
