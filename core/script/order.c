/*
 * pairs and next in an order that is the same in every process: integers ascending, other numbers
 * ascending, strings by their bytes, false, true. Lua's own order depends on a seed and on
 * addresses.
 */
#include "script/lib.h"

#include <stdlib.h>
#include <string.h>

enum rank { RANK_INTEGER, RANK_FLOAT, RANK_STRING, RANK_BOOLEAN };

struct key {
    enum rank rank;
    union {
        lua_Integer integer;
        lua_Number number;
        const char *text; /* anchored by the table or by the list of keys */
        bool boolean;
    } as;
    size_t size;    /* of text */
    lua_Integer at; /* place in the list of keys */
};

/* The keys of one traversal, sorted. */
struct walk {
    lua_Integer count;
    lua_Integer next;
    struct key keys[];
};

/* Raise for a key of this type: of all such in the table the least is named, since which one comes
 * first is chance. */
_Noreturn static void refuse_keys(lua_State *L, int table, int least)
{
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        int type = lua_type(L, -2);
        lua_pop(L, 1);
        hk_state_charge(L, 1);
        if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN && type < least)
            least = type;
    }
    hk_state_raise(L,
        "a table with a %s as a key can't be traversed: such keys have no order that would be "
        "the same in a replay",
        lua_typename(L, least));
}

static struct key key_of(lua_State *L, int index, int table)
{
    struct key key = {.rank = RANK_BOOLEAN};

    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, index) != 0) {
            key.rank = RANK_INTEGER;
            key.as.integer = lua_tointeger(L, index);
        } else {
            key.rank = RANK_FLOAT;
            key.as.number = lua_tonumber(L, index);
        }
        break;
    case LUA_TSTRING:
        key.rank = RANK_STRING;
        key.as.text = lua_tolstring(L, index, &key.size);
        break;
    case LUA_TBOOLEAN:
        key.as.boolean = lua_toboolean(L, index) != 0;
        break;
    default:
        refuse_keys(L, table, lua_type(L, index));
    }
    return key;
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;
    int order;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    switch (a->rank) {
    case RANK_INTEGER:
        return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    case RANK_FLOAT:
        return (a->as.number > b->as.number) - (a->as.number < b->as.number);
    case RANK_STRING:
        order = memcmp(a->as.text, b->as.text, a->size < b->size ? a->size : b->size);
        return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
    default:
        return (int)a->as.boolean - (int)b->as.boolean;
    }
}

/* Number of entries; *ret_is_sequence: are the keys exactly 1 … n? */
static lua_Integer count_entries(lua_State *L, int table, bool *ret_is_sequence)
{
    lua_Integer count = 0;
    lua_Integer largest = 0;
    bool is_sequence = true;

    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        lua_pop(L, 1);
        if ((++count & 1023) == 0)
            hk_state_charge(L, 1024);
        if (lua_isinteger(L, -1) == 0 || lua_tointeger(L, -1) < 1)
            is_sequence = false;
        else if (lua_tointeger(L, -1) > largest)
            largest = lua_tointeger(L, -1);
    }
    *ret_is_sequence = is_sequence && largest == count;
    return count;
}

/* Push the list of keys and the walk over it. */
static void push_walk(lua_State *L, int table, lua_Integer count)
{
    struct walk *walk;
    lua_Integer at = 0;
    int keys;

    hk_state_charge(L, (uint64_t)count * 24);
    lua_createtable(L, (int)count, 0);
    keys = lua_gettop(L);
    walk = lua_newuserdatauv(L, sizeof *walk + (size_t)count * sizeof walk->keys[0], 0);
    lua_pushnil(L);
    while (lua_next(L, table) != 0 && at < count) {
        lua_pop(L, 1);
        walk->keys[at] = key_of(L, -1, table);
        walk->keys[at].at = at + 1;
        if (walk->keys[at].rank == RANK_STRING)
            hk_state_charge_bytes(L, walk->keys[at].size);
        lua_pushvalue(L, -1);
        lua_rawseti(L, keys, ++at);
    }
    walk->count = at;
    walk->next = 0;
    lua_settop(L, keys + 1);
    qsort(walk->keys, (size_t)at, sizeof walk->keys[0], compare_keys);
}

/* Upvalues: table, list of keys, walk. */
static int walk_next(lua_State *L)
{
    struct walk *walk = lua_touserdata(L, lua_upvalueindex(3));

    lua_settop(L, 0);
    while (walk->next < walk->count) {
        (void)lua_rawgeti(L, lua_upvalueindex(2), walk->keys[walk->next++].at);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
            return 2;
        lua_settop(L, 0);
        hk_state_charge(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

/* Upvalues: table, number of entries, last index. */
static int sequence_next(lua_State *L)
{
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(2));
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));

    lua_settop(L, 0);
    while (at < count) {
        lua_pushinteger(L, ++at);
        lua_copy(L, -1, lua_upvalueindex(3));
        if (lua_rawgeti(L, lua_upvalueindex(1), at) != LUA_TNIL)
            return 2;
        lua_settop(L, 0);
        hk_state_charge(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

static int finish_pairs(lua_State *L, int status, lua_KContext ctx)
{
    (void)L;
    (void)status;
    (void)ctx;
    return 3;
}

static int order_pairs(lua_State *L)
{
    bool is_sequence;
    lua_Integer count;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, finish_pairs);
        return finish_pairs(L, LUA_OK, 0);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    count = count_entries(L, 1, &is_sequence);
    hk_state_charge(L, (uint64_t)(count & 1023) + 1);
    lua_pushvalue(L, 1);
    if (is_sequence) {
        lua_pushinteger(L, count);
        lua_pushinteger(L, 0);
        lua_pushcclosure(L, sequence_next, 3);
    } else {
        push_walk(L, 1, count);
        lua_pushcclosure(L, walk_next, 3);
    }
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* The smallest key above the one given: it costs a walk over the whole table. */
static int order_next(lua_State *L)
{
    struct key after = {.rank = RANK_INTEGER};
    struct key best = {.rank = RANK_INTEGER};
    bool has_after;
    bool has_best = false;
    uint64_t count = 0;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    has_after = !lua_isnil(L, 2);
    if (has_after)
        after = key_of(L, 2, 1);
    lua_pushnil(L); /* 3: the best key so far */
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        struct key key;
        lua_pop(L, 1);
        key = key_of(L, -1, 1);
        if ((++count & 255) == 0)
            hk_state_charge(L, 1024);
        if ((!has_after || compare_keys(&key, &after) > 0) &&
            (!has_best || compare_keys(&key, &best) < 0)) {
            best = key;
            has_best = true;
            lua_pushvalue(L, -1);
            lua_replace(L, 3);
        }
    }
    hk_state_charge(L, (count & 255) * 4 + 1);
    lua_settop(L, 3);
    if (!has_best)
        return 1;
    lua_pushvalue(L, 3);
    (void)lua_rawget(L, 1);
    return 2;
}

void hk_lib_order_add(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"next", order_next},
        {"pairs", order_pairs},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
