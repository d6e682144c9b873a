/* together: branches of a run, each a coroutine with steps of its own. */
#include "script/api.h"
#include "script/lib.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCH_NAME_SIZE 64

struct names {
    size_t count;
    bool is_list;
    const char *items[HK_RUN_BRANCHES_MAX]; /* anchored by the table; unused for a list */
};

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;

    return strcmp(*a, *b);
}

/* Check keys and values of the table at 1 before any branch is made. */
static void read_names(lua_State *L, struct names *names)
{
    size_t listed = 0;
    lua_Integer largest = 0;
    bool has_bad_name = false;
    bool has_bad_key = false;
    int odd_type = INT_MAX;

    /* What is wrong is said after all was seen: which key comes first differs from state to state.
     */
    memset(names, 0, sizeof *names);
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        if (names->count == HK_RUN_BRANCHES_MAX)
            hk_state_raise(L, "together takes at most %d functions", HK_RUN_BRANCHES_MAX);
        if (!lua_isfunction(L, -1) && lua_type(L, -1) < odd_type)
            odd_type = lua_type(L, -1);
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            size_t size;
            const char *name = lua_tolstring(L, -1, &size);
            if (size == 0 || size >= BRANCH_NAME_SIZE ||
                strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
                    size)
                has_bad_name = true;
            names->items[names->count] = name;
        } else if (lua_isinteger(L, -1) != 0) {
            listed++;
            if (lua_tointeger(L, -1) > largest)
                largest = lua_tointeger(L, -1);
        } else {
            has_bad_key = true;
        }
        names->count++;
    }
    if (odd_type != INT_MAX)
        hk_state_raise(L, "together takes functions only, not a %s", lua_typename(L, odd_type));
    if (has_bad_key)
        hk_state_raise(L, "together takes a list of functions, or functions with names");
    if (has_bad_name)
        hk_state_raise(L, "together: a branch is named by up to %d letters, digits, _ or -",
            BRANCH_NAME_SIZE - 1);
    names->is_list = listed > 0;
    if (listed > 0 && (listed != names->count || largest != (lua_Integer)listed))
        hk_state_raise(L, "together takes a list of functions, or functions with names, not both");
    if (!names->is_list)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
}

/* Push the key of branch i. */
static void push_key(lua_State *L, const struct names *names, size_t i)
{
    if (names->is_list)
        lua_pushinteger(L, (lua_Integer)i + 1);
    else
        (void)lua_pushstring(L, names->items[i]);
}

struct hk_branch *hk_api_branch(lua_State *L, struct hk_play *run, const char *prefix)
{
    struct hk_branch *branch = hk_play_branch_new(run, prefix);

    if (branch != NULL) {
        branch->state = HK_BRANCH_DONE;
        branch->co = lua_newthread(L);
        branch->ref = luaL_ref(L, LUA_REGISTRYINDEX);
        return branch;
    }
    hk_state_stop_memory(L);
}

struct hk_branch *hk_api_branch_named(lua_State *L, struct hk_play *run, const char *name)
{
    char prefix[HK_STEP_PATH_SIZE];
    int size = snprintf(
        prefix, sizeof prefix, "%s%u:%s.", run->current->prefix, run->current->ordinal, name);

    if (size < 0 || (size_t)size >= sizeof prefix)
        hk_state_raise(
            L, "branches are nested too deeply: use fewer levels, or shorter branch names");
    return hk_api_branch(L, run, prefix);
}

static void start_branch(lua_State *L, struct hk_play *run, const struct names *names, size_t i)
{
    char number[24];
    struct hk_branch *branch;

    (void)snprintf(number, sizeof number, "%zu", i + 1);
    branch = hk_api_branch_named(L, run, names->is_list ? number : names->items[i]);
    push_key(L, names, i);
    (void)lua_rawget(L, 1);
    lua_xmove(L, branch->co, 1);
    branch->state = HK_BRANCH_RUNNABLE;
}

void hk_api_push_outcome(lua_State *L, struct hk_branch *branch)
{
    int results = branch->result_count;

    lua_createtable(L, 0, 2);
    if (results > 2)
        lua_pop(branch->co, results - 2);
    lua_xmove(branch->co, L, results > 2 ? 2 : results);
    if (results == 0)
        lua_pushnil(L);
    if (results < 2)
        lua_pushnil(L);
    if (lua_isnil(L, -2) && !lua_isnil(L, -1)) {
        (void)hk_lib_text(L, -1, NULL);
        lua_setfield(L, -4, "error");
        lua_pushboolean(L, 0);
        lua_setfield(L, -4, "ok");
    } else {
        lua_pushvalue(L, -2);
        lua_setfield(L, -4, "value");
        lua_pushboolean(L, 1);
        lua_setfield(L, -4, "ok");
    }
    lua_pop(L, 2);
}

static int finish_together(lua_State *L, int status, lua_KContext ctx)
{
    struct hk_play *run = hk_api_run(L, "together");
    struct names names;
    size_t at = 0;

    (void)status;
    (void)ctx;
    read_names(L, &names);
    lua_createtable(L, names.is_list ? (int)names.count : 0, names.is_list ? 0 : (int)names.count);
    for (size_t i = 0; i < run->branch_count; i++) {
        struct hk_branch *branch = run->branches[i];
        if (branch->parent != run->current)
            continue;
        push_key(L, &names, at++);
        hk_api_push_outcome(L, branch);
        lua_rawset(L, 2);
        luaL_unref(L, LUA_REGISTRYINDEX, branch->ref);
    }
    hk_play_drop_ended(run);
    return 1;
}

int hk_api_together(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "together");
    struct names names;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    /* A copy: the caller may change the table while the branches run. */
    read_names(L, &names);
    lua_createtable(L, 0, 0);
    for (size_t i = 0; i < names.count; i++) {
        push_key(L, &names, i);
        push_key(L, &names, i);
        (void)lua_rawget(L, 1);
        lua_rawset(L, 2);
    }
    lua_remove(L, 1);
    read_names(L, &names);
    if (run->branch_count + names.count > HK_RUN_BRANCHES_LIVE_MAX)
        hk_state_stop(L, HK_STATE_LIMIT, "run has too many branches at once");
    for (size_t i = 0; i < names.count; i++)
        start_branch(L, run, &names, i);
    run->current->ordinal++;
    if (names.count == 0) {
        lua_createtable(L, 0, 0);
        return 1;
    }
    run->current->children_left = (unsigned)names.count;
    run->current->state = HK_BRANCH_TOGETHER;
    return lua_yieldk(L, 0, 0, finish_together);
}
