/*
 * retry: call a function again until it succeeds, with pauses that grow. Each pause is a step like
 * any other wait, so a run that is interrupted in one goes on in it.
 *
 * What people or rules said no to, and what was asked for wrongly, is not tried again: the engine
 * marks such results (hk_script_record.is_refused), and a try in which there was one is the last,
 * whatever the function made of it.
 */
#include "script/api.h"
#include "script/fields.h"

/* On the stack of the branch that called retry; above it what the function gave. */
enum { SLOT_FUNCTION = 1, SLOT_STATE };

struct retry {
    unsigned times;
    unsigned tries;
    unsigned refusals; /* of the branch before this try */
    double pause_ms;   /* the next one, before chance */
    double factor;
    double at_most_ms;
    int64_t until_us; /* no pause ends later; INT64_MAX: no bound */
};

static int try_once(lua_State *L);

static int after_pause(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return try_once(L);
}

/* Between half of it and all of it, so that many runs which failed together don't come back
 * together. Draws once from the run's own chance. */
static int64_t next_pause(struct hk_play *run, struct retry *retry)
{
    double pause_ms = retry->pause_ms < retry->at_most_ms ? retry->pause_ms : retry->at_most_ms;
    int64_t half_ms = (int64_t)pause_ms / 2;

    retry->pause_ms = pause_ms * retry->factor;
    return (int64_t)pause_ms - half_ms + (int64_t)(hk_play_random(run) % ((uint64_t)half_ms + 1));
}

static int after_try(lua_State *L, int status, lua_KContext ctx)
{
    struct hk_play *run = hk_api_run(L, "retry");
    struct retry *retry = lua_touserdata(L, SLOT_STATE);
    int count = lua_gettop(L) - SLOT_STATE;
    int64_t pause_ms;

    (void)status;
    (void)ctx;
    if (count < 2 || !lua_isnil(L, SLOT_STATE + 1) || lua_isnil(L, SLOT_STATE + 2))
        return count; /* it did not fail */
    if (retry->tries == retry->times || run->current->refusals != retry->refusals)
        return count;
    pause_ms = next_pause(run, retry);
    if (pause_ms > (retry->until_us - run->now_us) / 1000)
        return count;
    lua_settop(L, SLOT_STATE);
    (void)lua_pushfstring(L, "{\"for_ms\":%I}", (LUAI_UACINT)pause_ms);
    lua_pushliteral(L, "{}");
    hk_api_request(L, run, "wait", "");
    lua_settop(L, SLOT_STATE);
    return lua_yieldk(L, 0, 0, after_pause);
}

static int try_once(lua_State *L)
{
    struct hk_play *run = hk_api_run(L, "retry");
    struct retry *retry = lua_touserdata(L, SLOT_STATE);

    lua_settop(L, SLOT_STATE);
    retry->refusals = run->current->refusals;
    retry->tries++;
    lua_pushvalue(L, SLOT_FUNCTION);
    lua_pushinteger(L, (lua_Integer)retry->tries);
    lua_callk(L, 1, LUA_MULTRET, 0, after_try);
    return after_try(L, LUA_OK, 0);
}

int hk_api_retry(lua_State *L)
{
    static const char *const known[] = {"times", "first", "factor", "at_most", "within", NULL};
    struct hk_play *run = hk_api_run_yieldable(L, "retry");
    struct retry read = {.until_us = INT64_MAX};
    struct retry *retry;
    int64_t within_ms;

    lua_settop(L, 2);
    if (!lua_isfunction(L, 1))
        hk_state_raise(L, "retry takes a function, not a %s", luaL_typename(L, 1));
    if (lua_isnil(L, 2)) {
        lua_createtable(L, 0, 0);
        lua_replace(L, 2);
    }
    hk_fields_check(L, 2, "retry", known);
    read.times =
        (unsigned)hk_fields_integer(L, 2, "retry", "times", 1, HK_RETRY_TIMES_MAX, HK_RETRY_TIMES);
    read.factor = hk_fields_number(L, 2, "retry", "factor", 1, 100, 2);
    read.pause_ms = (double)hk_fields_duration(L, 2, "retry", "first", HK_RETRY_FIRST_MS);
    read.at_most_ms = (double)hk_fields_duration(L, 2, "retry", "at_most", HK_RETRY_AT_MOST_MS);
    within_ms = hk_fields_duration(L, 2, "retry", "within", 0);
    if (within_ms > 0)
        read.until_us = run->now_us + within_ms * 1000;
    lua_settop(L, 1);
    retry = lua_newuserdatauv(L, sizeof *retry, 0);
    *retry = read;
    return try_once(L);
}
