#include "script/config.h"

#include "script/convert.h"
#include "script/lib.h"

/* A configuration with many rules; it is read once. */
#define CONFIG_SIZE_MAX (4U * 1024 * 1024)

struct eval {
    const char *source;
    size_t size;
    const char *chunk;
    struct hk_buf text;
};

/* hikeshi {…}: says what the file is, and gives the table back. */
static int config_hikeshi(lua_State *L)
{
    if (!lua_istable(L, 1))
        hk_state_raise(L, "hikeshi needs a table");
    lua_settop(L, 1);
    return 1;
}

/* secret "name": a reference, which stands in the configuration in place of the value. */
static int config_secret(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "secret needs a name, as in secret \"smtp\"");
    lua_settop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "$secret");
    return 1;
}

static int eval(lua_State *L)
{
    struct eval *e = lua_touserdata(L, 1);
    const struct hk_buf *json;

    lua_settop(L, 0);
    hk_lib_base_open(L);
    lua_pushcfunction(L, config_hikeshi);
    lua_setfield(L, -2, "hikeshi");
    lua_pushcfunction(L, config_secret);
    lua_setfield(L, -2, "secret");
    hk_lib_seal_globals(L);
    hk_state_compile(L, e->source, e->size, e->chunk);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        (void)luaL_error(L, "%s: a configuration must return hikeshi { … }", e->chunk);
    json = hk_convert_json(L, -1, CONFIG_SIZE_MAX, "", HK_CONVERT_SETTINGS);
    hk_buf_append(&e->text, json->data, json->size);
    return 0;
}

enum hk_status hk_config_eval(
    const char *source, size_t size, const char *chunk, struct hk_buf *out, struct hk_error *error)
{
    struct eval e = {.source = source, .size = size, .chunk = chunk};
    enum hk_status status;

    hk_buf_init(&e.text, CONFIG_SIZE_MAX);
    status = hk_state_once(eval, &e, error);
    if (status == HK_OK)
        status = hk_buf_check(&e.text, "configuration", error);
    if (status == HK_OK)
        hk_buf_append(out, e.text.data, e.text.size);
    hk_buf_done(&e.text);
    return status;
}
