/*
 * wait and signal: until when, or for what, a branch waits, as the engine is asked for it:
 *
 *   wait "30m"                        {"for_ms":1800000}
 *   wait "09:00"                      {"clock_min":540}, by the tenant's clocks
 *   wait "2026-11-23T09:00:00+09:00"  {"until_us":…}
 *   wait "business hours"             {"business":true}
 *   wait(signal "name", "2h")         {"signal":"name","timeout_ms":7200000}
 */
#include "script/api.h"
#include "script/convert.h"
#include "script/fields.h"
#include "script/lib.h"

#include "base/id.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

enum { RUN_ID_SIZE_MAX = 64 };

/* "HH:MM", up to 23:59 */
static bool read_clock(const char *text, int *ret_minute)
{
    static const char form[] = "00:00";
    int part[2] = {0, 0};

    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == ':' ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
        if (form[i] == '0')
            part[i > 2] = part[i > 2] * 10 + text[i] - '0';
    }
    *ret_minute = part[0] * 60 + part[1];
    return part[0] < 24 && part[1] < 60;
}

/* RFC 3339; a time without a zone would be read another way by each reader. */
static bool read_time(const char *text, int64_t *ret_time_us)
{
    size_t size = strlen(text);
    bool has_zone = size > 19 && (text[size - 1] == 'Z' || text[size - 1] == 'z' ||
                                     strpbrk(text + 19, "+-") != NULL);

    return has_zone && hk_time_parse(text, ret_time_us, NULL) == HK_OK;
}

bool hk_api_wait_text_is_valid(const char *text)
{
    int64_t number;
    int minute;

    return strcmp(text, "business hours") == 0 || read_clock(text, &minute) ||
           read_time(text, &number) || hk_duration_parse(text, &number, NULL) == HK_OK;
}

/* Push what the text at 1 asks for. */
static void push_until(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    struct hk_error error;
    int64_t time_us;
    int64_t ms;
    int minute;

    if (strcmp(text, "business hours") == 0)
        lua_pushliteral(L, "{\"business\":true}");
    else if (read_clock(text, &minute))
        (void)lua_pushfstring(L, "{\"clock_min\":%d}", minute);
    else if (read_time(text, &time_us))
        (void)lua_pushfstring(L, "{\"until_us\":%I}", (LUAI_UACINT)time_us);
    else if (hk_duration_parse(text, &ms, &error) == HK_OK)
        (void)lua_pushfstring(L, "{\"for_ms\":%I}", (LUAI_UACINT)ms);
    else
        hk_state_raise(L,
            "wait: \"%.40s\" is no duration (\"30m\"), no time of day (\"09:00\"), no time with a "
            "zone (\"2026-11-23T09:00:00+09:00\") and not \"business hours\"",
            text);
}

/* Push what wait(signal "name", timeout) asks for. */
static void push_signal(lua_State *L, const char *name)
{
    struct hk_error error;
    int64_t ms;

    if (lua_isnoneornil(L, 2)) {
        (void)lua_pushfstring(L, "{\"signal\":\"%s\"}", name);
        return;
    }
    if (lua_type(L, 2) != LUA_TSTRING)
        hk_state_raise(L, "wait: how long for the signal? A duration, such as \"2h\"");
    if (hk_duration_parse(lua_tostring(L, 2), &ms, &error) != HK_OK)
        hk_state_raise(L, "wait: %s", error.text);
    if (ms < 1)
        hk_state_raise(L, "wait: a signal is waited for longer than nothing");
    (void)lua_pushfstring(L, "{\"signal\":\"%s\",\"timeout_ms\":%I}", name, (LUAI_UACINT)ms);
}

int hk_api_wait(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "wait");
    const char *signal = hk_lib_mark_of(L, 1, HK_MARK_SIGNAL);

    if (signal == NULL && lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "wait needs a duration, such as wait \"30m\", or a time, or a signal");
    if (signal == NULL && !lua_isnoneornil(L, 2))
        hk_state_raise(L, "wait: only a signal has a second value, how long it is waited for");
    lua_settop(L, 2);
    if (signal != NULL)
        push_signal(L, signal);
    else
        push_until(L);
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "wait", signal != NULL ? HK_API_VALUE : HK_API_TRUE);
}

/* --- signal --- */

static void check_name(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TSTRING ||
        strlen(lua_tostring(L, index)) != lua_rawlen(L, index) ||
        !hk_name_is_valid(lua_tostring(L, index)))
        hk_state_raise(L, "signal: a name is 1 to 63 of a-z, 0-9, - and _");
}

/* signal {to = run, name = …, data = …} */
static int send(lua_State *L)
{
    static const char *const known[] = {"to", "name", "data", NULL};
    struct hk_play *run = hk_api_run_yieldable(L, "signal");

    lua_settop(L, 1);
    hk_fields_check(L, 1, "signal", known);
    hk_fields_text(L, 1, "signal", "to", true, RUN_ID_SIZE_MAX);
    lua_pushliteral(L, "name");
    (void)lua_rawget(L, 1);
    check_name(L, 2);
    lua_settop(L, 1);
    lua_pushliteral(L, "data");
    (void)lua_rawget(L, 1);
    (void)hk_convert_json(L, 2, HK_SIGNAL_SIZE_MAX, "signal: data", HK_CONVERT_PLAIN);
    lua_settop(L, 1);
    hk_api_push_json(L, 1, "signal", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "signal", HK_API_TRUE);
}

int hk_api_signal(lua_State *L)
{
    if (lua_istable(L, 1))
        return send(L);
    (void)hk_api_run(L, "signal");
    check_name(L, 1);
    hk_lib_push_mark(L, HK_MARK_SIGNAL, lua_tostring(L, 1));
    return 1;
}

int hk_api_this_run(lua_State *L)
{
    (void)lua_pushstring(L, hk_api_run(L, "this_run")->name);
    return 1;
}
