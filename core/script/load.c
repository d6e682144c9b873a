/* Loading a run: open the sandbox, compile or take from the cache, evaluate, make the top branch.
 */
#include "script/api.h"
#include "script/convert.h"

#include <stdio.h>
#include <string.h>

static int write_code(lua_State *L, const void *data, size_t size, void *ctx)
{
    struct hk_buf *code = ctx;

    (void)L;
    hk_buf_append(code, data, size);
    return 0;
}

static void push_text(lua_State *L, struct hk_play *run)
{
    if (run->cached != NULL) {
        /* Our own compilation, kept in memory. */
        if (luaL_loadbufferx(L, run->cached->bytes, run->cached->size, run->chunk, "b") != LUA_OK) {
            hk_state_check_caught(L, LUA_ERRRUN);
            (void)lua_error(L);
        }
        return;
    }
    hk_state_compile(L, run->start.source, run->start.source_size, run->chunk);
    if (lua_dump(L, write_code, &run->code, 0) != 0 || run->code.size == 0)
        run->code.failed = true;
}

/* What `run` returned, as JSON in the state's out buffer. */
static int finish_top(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    (void)hk_convert_json(
        L, -1, HK_RUN_VALUE_SIZE_MAX, "the value that run returned", HK_CONVERT_PLAIN);
    return 0;
}

/* The body of the top branch: run(alert, args). */
static int top(lua_State *L)
{
    struct hk_state *st = hk_state_of(L);
    lua_Debug ar;

    lua_pushvalue(L, 1);
    if (lua_getinfo(L, ">S", &ar) != 0)
        (void)snprintf(
            st->main_where, sizeof st->main_where, "%s:%d", ar.short_src, ar.linedefined);
    lua_callk(L, 2, 1, 0, finish_top);
    return finish_top(L, LUA_OK, 0);
}

int hk_play_load(lua_State *L)
{
    struct hk_play *run = lua_touserdata(L, 1);
    struct hk_branch *branch;

    lua_settop(L, 0);
    hk_api_open(L);
    push_text(L, run);
    hk_api_eval(L);
    lua_pushliteral(L, "run");
    if (lua_rawget(L, -2) != LUA_TFUNCTION)
        hk_state_raise(L, "playbook: run must be a function");
    hk_convert_push(L, run->start.alert, strlen(run->start.alert), "alert");
    hk_convert_push(L, run->start.args, strlen(run->start.args), "arguments");
    branch = hk_api_branch(L, run, "");
    lua_pushcfunction(L, top);
    lua_insert(L, -4);
    lua_xmove(L, branch->co, 4);
    branch->argument_count = 3;
    branch->state = HK_BRANCH_RUNNABLE;
    return 0;
}
