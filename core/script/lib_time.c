/* time: texts that are times and durations, as seconds since 1970 and seconds, and back. Nothing
 * here reads a clock: `now` is a step's time. */
#include "base/time.h"
#include "script/helpers.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define SECONDS_MAX INT64_C(253402300799) /* the end of 9999 */
#define SPAN_MAX (INT64_C(36525) * 86400) /* a hundred years */

static int fail(lua_State *L, const char *why)
{
    lua_pushnil(L);
    (void)lua_pushstring(L, why);
    return 2;
}

static const char *read_text(lua_State *L, const char *name, size_t *ret_size)
{
    if (lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "%s needs a text, not a %s", name, luaL_typename(L, 1));
    return lua_tolstring(L, 1, ret_size);
}

/* time.parse(text): seconds since 1970. */
int hk_help_time_parse(lua_State *L)
{
    struct hk_error error = {0};
    int64_t time_us;
    size_t size;
    const char *text = read_text(L, "time.parse", &size);

    hk_state_charge(L, 16);
    if (strlen(text) != size)
        return fail(L, "no time");
    if (hk_time_parse(text, &time_us, &error) != HK_OK)
        return fail(L, error.text);
    lua_pushinteger(L, time_us / SECOND_US);
    return 1;
}

/* Minutes east of UTC of the zone at index ("+09:00"; UTC when there is none). */
static int64_t read_zone(lua_State *L, int index, const char *name)
{
    char text[40];
    int64_t time_us;

    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) < 8) {
        /* The zone is what noon there is away from noon in UTC. */
        (void)snprintf(text, sizeof text, "2000-01-02T12:00:00%s", lua_tostring(L, index));
        if (lua_rawlen(L, index) > 0 && hk_time_parse(text, &time_us, NULL) == HK_OK)
            return (INT64_C(946814400) - time_us / SECOND_US) / 60;
    }
    hk_state_raise(L, "%s: a zone is written \"+09:00\"", name);
}

static int64_t read_seconds(lua_State *L, const char *name)
{
    lua_Integer seconds = luaL_checkinteger(L, 1);

    if (seconds < 0 || seconds > SECONDS_MAX)
        hk_state_raise(L, "%s: the time is not in the years 1970 to 9999", name);
    return seconds;
}

/* The time there, as its own clock shows it, and as far as the second. */
static void write_local(lua_State *L, const char *name, char *ret_text, int64_t *ret_zone)
{
    int64_t seconds = read_seconds(L, name);
    int64_t zone = read_zone(L, 2, name);
    int64_t local = seconds + zone * 60;

    if (local < 0 || local > SECONDS_MAX)
        hk_state_raise(L, "%s: the time is not in the years 1970 to 9999", name);
    hk_time_format(local * SECOND_US, ret_text);
    ret_text[19] = '\0';
    *ret_zone = zone;
}

/* time.text(seconds, zone): "2026-11-22T01:23:45Z" */
int hk_help_time_text(lua_State *L)
{
    char text[HK_TIME_TEXT_SIZE];
    char there[16] = "Z";
    int64_t zone;
    int64_t minutes;

    hk_state_charge(L, 16);
    write_local(L, "time.text", text, &zone);
    minutes = zone < 0 ? -zone : zone;
    if (zone != 0)
        (void)snprintf(there, sizeof there, "%c%02d:%02d", zone < 0 ? '-' : '+',
            (int)(minutes / 60 % 100), (int)(minutes % 60));
    (void)lua_pushfstring(L, "%s%s", text, there);
    return 1;
}

/* time.parts(seconds, zone): {year, month, day, hour, minute, second, weekday = "mon"} */
int hk_help_time_parts(lua_State *L)
{
    static const char *const names[] = {"year", "month", "day", "hour", "minute", "second"};
    static const char *const days[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
    char text[HK_TIME_TEXT_SIZE];
    const char *at = text;
    int64_t zone;

    hk_state_charge(L, 32);
    write_local(L, "time.parts", text, &zone);
    lua_createtable(L, 0, 7);
    for (size_t i = 0; i < 6; i++) {
        lua_Integer value = 0;
        for (; *at >= '0' && *at <= '9'; at++)
            value = value * 10 + (*at - '0');
        at++;
        lua_pushinteger(L, value);
        lua_setfield(L, -2, names[i]);
    }
    (void)lua_pushstring(L, days[(lua_tointeger(L, 1) + zone * 60) / 86400 % 7]);
    lua_setfield(L, -2, "weekday");
    return 1;
}

/* time.duration(text): seconds, with a fraction where there is one */
int hk_help_time_duration(lua_State *L)
{
    struct hk_error error = {0};
    int64_t ms;
    size_t size;
    const char *text = read_text(L, "time.duration", &size);

    hk_state_charge(L, 8);
    if (strlen(text) != size)
        return fail(L, "no duration");
    if (hk_duration_parse(text, &ms, &error) != HK_OK)
        return fail(L, error.text);
    if (ms % 1000 == 0)
        lua_pushinteger(L, ms / 1000);
    else
        lua_pushnumber(L, (lua_Number)ms / 1000);
    return 1;
}

/* time.span(seconds): "2d 3h", the two largest units that are not nothing */
int hk_help_time_span(lua_State *L)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    lua_Number given = luaL_checknumber(L, 1);
    char text[64] = "";
    size_t used = 0;
    int64_t left;

    if (!(given >= -(lua_Number)SPAN_MAX && given <= (lua_Number)SPAN_MAX))
        hk_state_raise(L, "time.span: more than a hundred years");
    left = (int64_t)(given < 0 ? -given : given);
    if (given <= -1)
        text[used++] = '-';
    for (size_t i = 0, told = 0; i < sizeof units / sizeof *units && told < 2; i++) {
        int64_t count = left / units[i].seconds;
        left %= units[i].seconds;
        if (count == 0 && told > 0)
            break;
        if (count == 0)
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld%c", told > 0 ? " " : "",
            (long long)count, units[i].unit);
        told++;
    }
    (void)lua_pushstring(L, used == 0 ? "0s" : text);
    return 1;
}
