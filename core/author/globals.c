/*
 * globals: see globals.h.
 */
#include "author/globals.h"
#include "base/json.h"
#include "script/api.h"

#define NAMES_SIZE_MAX 65536

struct names {
    struct hk_buf text;
    struct hk_jw jw;
};

/* Replace the read-only table on top by what stands behind it; false when there is no such thing.
 */
static bool open_sealed(lua_State *L)
{
    if (!lua_istable(L, -1) || lua_getmetatable(L, -1) == 0)
        return false;
    lua_pushliteral(L, "__index");
    (void)lua_rawget(L, -2);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 2);
        return false;
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
    return true;
}

static void write_library(lua_State *L, struct hk_jw *jw)
{
    hk_jw_object(jw);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            hk_jw_kv_bool(jw, lua_tostring(L, -1), true);
    }
    hk_jw_object_end(jw);
}

static int list(lua_State *L)
{
    struct names *names = lua_touserdata(L, 1);

    lua_settop(L, 0);
    hk_api_open(L);
    lua_settop(L, 0);
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    if (!open_sealed(L))
        return luaL_error(L, "the sandbox's globals can't be listed");
    hk_jw_init(&names->jw, &names->text);
    hk_jw_object(&names->jw);
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        hk_jw_key(&names->jw, lua_tostring(L, -2));
        if (open_sealed(L))
            write_library(L, &names->jw);
        else
            hk_jw_bool(&names->jw, true);
        lua_settop(L, 2);
    }
    hk_jw_object_end(&names->jw);
    return 0;
}

enum hk_status hk_globals_write(struct hk_buf *out, struct hk_error *error)
{
    struct names names;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status;

    hk_buf_init(&names.text, NAMES_SIZE_MAX);
    status = hk_state_once(list, &names, error);
    if (status == HK_OK)
        status = hk_buf_check(&names.text, "the names", error);
    if (status == HK_OK)
        status = hk_json_parse(names.text.data, names.text.size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        hk_json_canonical(doc.root, out); /* in one order, whatever that of Lua's tables */
    hk_json_doc_done(&doc);
    hk_buf_done(&names.text);
    return status;
}
