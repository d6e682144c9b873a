/*
 * each: a function over a list, so many items at once. The branch of item i at step 2 has the steps
 * "2:i.0", "2:i.1" …, whenever it begins. A branch begins as soon as another has ended, which
 * follows from the order of the results alone: so it begins at the same place in a replay.
 */
#include "script/api.h"
#include "script/fields.h"

#include <stdio.h>

/* On the stack of the branch that called each. */
enum { SLOT_LIST = 1, SLOT_FUNCTION, SLOT_RESULTS, SLOT_STATE };

struct each {
    unsigned count;
    unsigned started;
    unsigned open;
    unsigned at_once;
};

/* The number of items of the list at 1, whose keys are 1 … n and nothing else. */
static unsigned read_list(lua_State *L)
{
    lua_Integer largest = 0;
    lua_Integer count = 0;
    bool has_bad_key = false;

    if (!lua_istable(L, 1))
        hk_state_raise(L, "each takes a list and a function, not a %s", luaL_typename(L, 1));
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        lua_pop(L, 1);
        hk_state_charge(L, 2);
        if (lua_isinteger(L, -1) == 0 || lua_tointeger(L, -1) < 1)
            has_bad_key = true;
        else if (lua_tointeger(L, -1) > largest)
            largest = lua_tointeger(L, -1);
        count++;
    }
    if (has_bad_key)
        hk_state_raise(L, "each takes a list: a table with the keys 1, 2, 3 …");
    if (count > HK_EACH_ITEMS_MAX)
        hk_state_raise(L, "each takes at most %d items", HK_EACH_ITEMS_MAX);
    if (largest != count)
        hk_state_raise(L, "each takes a list without gaps");
    return (unsigned)count;
}

/* A copy: the caller may change the list while branches run. */
static void copy_list(lua_State *L, unsigned count)
{
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= (lua_Integer)count; i++) {
        (void)lua_rawgeti(L, SLOT_LIST, i);
        lua_rawseti(L, -2, i);
    }
    lua_replace(L, SLOT_LIST);
}

static void begin(lua_State *L, struct hk_play *run, unsigned index)
{
    char number[16];
    struct hk_branch *branch;

    (void)snprintf(number, sizeof number, "%u", index);
    branch = hk_api_branch_named(L, run, number);
    branch->index = index;
    lua_pushvalue(L, SLOT_FUNCTION);
    (void)lua_rawgeti(L, SLOT_LIST, (lua_Integer)index);
    lua_pushinteger(L, (lua_Integer)index);
    lua_xmove(L, branch->co, 3);
    branch->argument_count = 2;
    branch->state = HK_BRANCH_RUNNABLE;
}

/* Put what ended branches gave into its place, and forget them. */
static void take_ended(lua_State *L, struct hk_play *run, struct each *each)
{
    for (size_t i = 0; i < run->branch_count; i++) {
        struct hk_branch *branch = run->branches[i];
        if (branch->parent != run->current || branch->state != HK_BRANCH_DONE)
            continue;
        hk_api_push_outcome(L, branch);
        lua_rawseti(L, SLOT_RESULTS, (lua_Integer)branch->index);
        luaL_unref(L, LUA_REGISTRYINDEX, branch->ref);
        each->open--;
    }
    hk_state_charge(L, run->branch_count);
    hk_play_drop_ended(run);
}

static int go_on(lua_State *L, int status, lua_KContext ctx)
{
    struct hk_play *run = hk_api_run(L, "each");
    struct each *each = lua_touserdata(L, SLOT_STATE);

    (void)status;
    (void)ctx;
    take_ended(L, run, each);
    while (each->open < each->at_once && each->started < each->count) {
        if (run->branch_count == HK_RUN_BRANCHES_LIVE_MAX)
            hk_state_stop(L, HK_STATE_LIMIT, "run has too many branches at once");
        begin(L, run, ++each->started);
        each->open++;
    }
    if (each->open == 0) {
        run->current->ordinal++;
        lua_pushvalue(L, SLOT_RESULTS);
        return 1;
    }
    run->current->children_left = each->open;
    run->current->state = HK_BRANCH_EACH;
    return lua_yieldk(L, 0, 0, go_on);
}

int hk_api_each(lua_State *L)
{
    static const char *const known[] = {"at_once", NULL};
    lua_Integer at_once = HK_EACH_AT_ONCE;
    unsigned count;
    struct each *each;

    (void)hk_api_run_yieldable(L, "each");
    lua_settop(L, 3);
    count = read_list(L);
    if (!lua_isfunction(L, 2))
        hk_state_raise(L, "each takes a list and a function, not a %s", luaL_typename(L, 2));
    if (!lua_isnil(L, 3)) {
        hk_fields_check(L, 3, "each", known);
        at_once =
            hk_fields_integer(L, 3, "each", "at_once", 1, HK_RUN_BRANCHES_MAX, HK_EACH_AT_ONCE);
    }
    lua_settop(L, 2);
    copy_list(L, count);
    lua_createtable(L, (int)count, 0);
    each = lua_newuserdatauv(L, sizeof *each, 0);
    *each = (struct each){.count = count, .at_once = (unsigned)at_once};
    return go_on(L, LUA_OK, 0);
}
