#include "script/fields.h"

#include "base/time.h"

#include <limits.h>
#include <string.h>

/* Push the field; is there one? */
static bool push(lua_State *L, int index, const char *field)
{
    index = lua_absindex(L, index);
    (void)lua_pushstring(L, field);
    return lua_rawget(L, index) != LUA_TNIL;
}

static bool is_known(const char *key, const char *const *known)
{
    for (size_t i = 0; known[i] != NULL; i++) {
        if (strcmp(known[i], key) == 0)
            return true;
    }
    return false;
}

void hk_fields_check(lua_State *L, int index, const char *name, const char *const *known)
{
    const char *unknown = NULL; /* the first one by its bytes: the table's order is by chance */
    int odd_type = INT_MAX;

    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        hk_state_raise(L, "%s needs a table, such as {%s = …}, not a %s", name, known[0],
            luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        hk_state_charge(L, 2);
        if (lua_type(L, -1) != LUA_TSTRING) {
            odd_type = lua_type(L, -1) < odd_type ? lua_type(L, -1) : odd_type;
        } else if (!is_known(lua_tostring(L, -1), known) &&
                   (unknown == NULL || strcmp(lua_tostring(L, -1), unknown) < 0)) {
            unknown = lua_tostring(L, -1);
        }
    }
    if (odd_type != INT_MAX)
        hk_state_raise(L, "%s: a field is a name, not a %s", name, lua_typename(L, odd_type));
    if (unknown != NULL)
        hk_state_raise(L, "%s: there is no field \"%.60s\"", name, unknown);
}

int64_t hk_fields_duration(
    lua_State *L, int index, const char *name, const char *field, int64_t fallback)
{
    struct hk_error error;
    int64_t ms = fallback;

    if (push(L, index, field)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            hk_state_raise(L, "%s: %s must be a duration, such as \"30m\"", name, field);
        if (hk_duration_parse(lua_tostring(L, -1), &ms, &error) != HK_OK)
            hk_state_raise(L, "%s: %s: %s", name, field, error.text);
        if (ms < 1)
            hk_state_raise(L, "%s: %s must be longer than nothing", name, field);
    }
    lua_pop(L, 1);
    return ms;
}

lua_Integer hk_fields_integer(lua_State *L, int index, const char *name, const char *field,
    lua_Integer min, lua_Integer max, lua_Integer fallback)
{
    lua_Integer value = fallback;

    if (push(L, index, field)) {
        value = lua_isinteger(L, -1) != 0 ? lua_tointeger(L, -1) : min - 1;
        if (value < min || value > max)
            hk_state_raise(L, "%s: %s must be an integer from %lld to %lld", name, field,
                (long long)min, (long long)max);
    }
    lua_pop(L, 1);
    return value;
}

double hk_fields_number(lua_State *L, int index, const char *name, const char *field, double min,
    double max, double fallback)
{
    double value = fallback;

    if (push(L, index, field)) {
        value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : min - 1;
        if (!(value >= min && value <= max))
            hk_state_raise(L, "%s: %s must be a number from %g to %g", name, field, min, max);
    }
    lua_pop(L, 1);
    return value;
}

void hk_fields_text(
    lua_State *L, int index, const char *name, const char *field, bool is_required, size_t size_max)
{
    if (!push(L, index, field)) {
        if (is_required)
            hk_state_raise(L, "%s needs a %s, such as %s {%s = \"…\"}", name, field, name, field);
    } else if (lua_type(L, -1) != LUA_TSTRING) {
        hk_state_raise(L, "%s: %s must be a text, not a %s", name, field, luaL_typename(L, -1));
    } else if (lua_rawlen(L, -1) == 0 || lua_rawlen(L, -1) > size_max) {
        hk_state_raise(L, "%s: %s must have from 1 to %d bytes", name, field, (int)size_max);
    }
    lua_pop(L, 1);
}
