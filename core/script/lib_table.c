#include "script/lib.h"
#include "script/strbuf.h"

#include <limits.h>
#include <string.h>

static lua_Integer length_of(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    return luaL_len(L, index);
}

/* Charge for the elements first … last before touching them. */
static void charge_range(lua_State *L, lua_Integer first, lua_Integer last)
{
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;

    if (last >= first)
        hk_state_charge(L, count < UINT32_MAX ? count * 4 + 4 : count);
}

static int table_insert(lua_State *L)
{
    lua_Integer end = length_of(L, 1) + 1;
    lua_Integer at = end;

    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1U < (lua_Unsigned)end, 2, "position out of bounds");
        charge_range(L, at, end);
        for (lua_Integer i = end; i > at; i--) {
            (void)lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
        }
        break;
    default:
        hk_state_raise(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer size = length_of(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, size);

    if (at != size)
        luaL_argcheck(L, (lua_Unsigned)at - 1U <= (lua_Unsigned)size, 2, "position out of bounds");
    (void)lua_geti(L, 1, at);
    charge_range(L, at, size);
    for (; at < size; at++) {
        (void)lua_geti(L, 1, at + 1);
        lua_seti(L, 1, at);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer end = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    lua_Integer count;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, target, LUA_TTABLE);
    if (end >= from) {
        luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
        count = end - from + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        charge_range(L, from, end);
        if (to > end || to <= from || (target != 1 && lua_compare(L, 1, target, LUA_OPEQ) == 0)) {
            for (lua_Integer i = 0; i < count; i++) {
                (void)lua_geti(L, 1, from + i);
                lua_seti(L, target, to + i);
            }
        } else {
            for (lua_Integer i = count - 1; i >= 0; i--) {
                (void)lua_geti(L, 1, from + i);
                lua_seti(L, target, to + i);
            }
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

static int table_concat(lua_State *L)
{
    lua_Integer size = length_of(L, 1);
    size_t between_size;
    const char *between = luaL_optlstring(L, 2, "", &between_size);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, size);
    struct hk_strbuf sb;
    size_t part;
    const char *text;

    lua_settop(L, 4);
    charge_range(L, first, last);
    hk_strbuf_init(L, &sb, 256);
    for (lua_Integer i = first; i <= last; i++) {
        (void)lua_geti(L, 1, i);
        if (lua_isstring(L, -1) == 0)
            hk_state_raise(L, "invalid value (a %s) at index %lld in table for 'concat'",
                luaL_typename(L, -1), (long long)i);
        text = hk_lib_text(L, -1, &part);
        hk_strbuf_add(&sb, text, part);
        lua_pop(L, 2);
        if (i == last)
            break;
        hk_strbuf_add(&sb, between, between_size);
    }
    hk_strbuf_push(&sb);
    return 1;
}

static int table_pack(lua_State *L)
{
    int count = lua_gettop(L);

    hk_state_charge(L, (uint64_t)count);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--)
        lua_seti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int table_unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count;

    if (first > last)
        return 0;
    count = (lua_Unsigned)last - (lua_Unsigned)first;
    if (count >= INT_MAX - 1)
        hk_state_raise(L, "too many results to unpack");
    charge_range(L, first, last);
    if (lua_checkstack(L, (int)count + 1) == 0)
        hk_state_raise(L, "too many results to unpack");
    for (lua_Unsigned i = 0; i <= count; i++)
        (void)lua_geti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
    return (int)count + 1;
}

/* --- sort: merges, from runs of one upwards; stable, and whatever the comparator says it ends ---
 */

/* Stack during a sort. */
enum { SORT_TABLE = 1, SORT_LESS, SORT_FROM, SORT_TO };

/* The same for two texts. As Lua's `<` does in the "C" locale, but charged for what it looks at: no
 * hook comes between the comparisons of a sort. */
static bool top_text_is_less(lua_State *L)
{
    size_t size;
    size_t below_size;
    const char *text = lua_tolstring(L, -1, &size);
    const char *below = lua_tolstring(L, -2, &below_size);
    size_t shorter = size < below_size ? size : below_size;
    int order;

    hk_state_charge_bytes(L, shorter);
    order = memcmp(text, below, shorter);
    return order != 0 ? order < 0 : size < below_size;
}

/* Is the value on top less than the one below it? Both stay. */
static bool top_is_less(lua_State *L)
{
    bool is_less;

    if (lua_isnil(L, SORT_LESS)) {
        if (lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TSTRING)
            return top_text_is_less(L);
        return lua_compare(L, -1, -2, LUA_OPLT) != 0;
    }
    lua_pushvalue(L, SORT_LESS);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -4);
    lua_call(L, 2, 1);
    is_less = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return is_less;
}

/* Merge [begin, middle) and [middle, end) of `from` into the same places of `to`. */
static void merge(
    lua_State *L, int from, int to, lua_Integer begin, lua_Integer middle, lua_Integer end)
{
    lua_Integer left = begin;
    lua_Integer right = middle;
    lua_Integer out = begin;

    while (left < middle && right < end) {
        (void)lua_rawgeti(L, from, left);
        (void)lua_rawgeti(L, from, right);
        if (top_is_less(L)) {
            lua_rawseti(L, to, out++);
            lua_pop(L, 1);
            right++;
        } else {
            lua_pop(L, 1);
            lua_rawseti(L, to, out++);
            left++;
        }
    }
    for (; left < middle; left++) {
        (void)lua_rawgeti(L, from, left);
        lua_rawseti(L, to, out++);
    }
    for (; right < end; right++) {
        (void)lua_rawgeti(L, from, right);
        lua_rawseti(L, to, out++);
    }
}

static int table_sort(lua_State *L)
{
    lua_Integer size = length_of(L, 1);
    int from = SORT_FROM;
    int to = SORT_TO;

    if (size < 2)
        return 0;
    luaL_argcheck(L, size < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    charge_range(L, 1, size);
    lua_createtable(L, (int)size, 0);
    lua_createtable(L, (int)size, 0);
    luaL_checkstack(L, 8, NULL);
    for (lua_Integer i = 1; i <= size; i++) {
        (void)lua_geti(L, SORT_TABLE, i);
        lua_rawseti(L, SORT_FROM, i);
    }
    for (lua_Integer width = 1; width < size; width *= 2) {
        charge_range(L, 1, size);
        for (lua_Integer begin = 1; begin <= size; begin += 2 * width) {
            lua_Integer middle = begin + width <= size ? begin + width : size + 1;
            lua_Integer end = middle + width <= size ? middle + width : size + 1;
            merge(L, from, to, begin, middle, end);
        }
        from = from == SORT_FROM ? SORT_TO : SORT_FROM;
        to = to == SORT_FROM ? SORT_TO : SORT_FROM;
    }
    for (lua_Integer i = 1; i <= size; i++) {
        (void)lua_rawgeti(L, from, i);
        lua_seti(L, SORT_TABLE, i);
    }
    return 0;
}

void hk_lib_table_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", table_concat},
        {"insert", table_insert},
        {"move", table_move},
        {"pack", table_pack},
        {"remove", table_remove},
        {"sort", table_sort},
        {"unpack", table_unpack},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
