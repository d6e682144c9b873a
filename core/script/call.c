/* call "name" {…}: another playbook, as a run of its own. */
#include "script/api.h"

#include "base/id.h"

#include <string.h>

/* Upvalue: the playbook's name. */
static int go(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "call");
    const char *name = lua_tostring(L, lua_upvalueindex(1));

    if (lua_gettop(L) > 1)
        hk_state_raise(L, "call takes one table for the playbook that is called");
    lua_settop(L, 1);
    hk_api_push_json(L, 1, "call", "arguments");
    lua_pushliteral(L, "{}");
    return hk_api_ask_named(L, run, "call", name, HK_API_VALUE);
}

int hk_api_call(lua_State *L)
{
    (void)hk_api_run(L, "call");
    if (lua_type(L, 1) != LUA_TSTRING || strlen(lua_tostring(L, 1)) != lua_rawlen(L, 1) ||
        !hk_name_is_valid(lua_tostring(L, 1)))
        hk_state_raise(L, "call needs a playbook's name, such as call \"block-indicators\" {…}");
    if (lua_gettop(L) > 1)
        hk_state_raise(L, "call takes the name alone; the arguments follow it: call \"name\" {…}");
    lua_pushcclosure(L, go, 1);
    return 1;
}
