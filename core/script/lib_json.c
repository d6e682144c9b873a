/* json: texts that are JSON, read and written as the engine's own data are (convert.h). */
#include "script/convert.h"
#include "script/helpers.h"

/* json.parse(text): the value, or nil and what is wrong. null is the sentinel at the top, too. */
int hk_help_json_parse(lua_State *L)
{
    struct hk_error error = {0};
    const char *text;
    size_t size;

    if (lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "json.parse needs a text, not a %s", luaL_typename(L, 1));
    text = lua_tolstring(L, 1, &size);
    if (size > HK_HELP_TEXT_SIZE_MAX)
        (void)hk_fail(&error, HK_LIMIT, "more than %d KiB", HK_HELP_TEXT_SIZE_MAX / 1024);
    else if (hk_convert_try(L, text, size, &error))
        return 1;
    lua_pushnil(L);
    (void)lua_pushfstring(L, "no JSON: %s", error.text);
    return 2;
}

/* json.text(value): as JSON, members in the order of their names. */
int hk_help_json_text(lua_State *L)
{
    const struct hk_buf *json;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    json = hk_convert_json(L, 1, HK_HELP_TEXT_SIZE_MAX, "value", HK_CONVERT_PLAIN);
    hk_state_charge_bytes(L, json->size);
    (void)lua_pushlstring(L, json->data, json->size);
    return 1;
}
