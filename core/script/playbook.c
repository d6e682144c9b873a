#include "script/playbook.h"

#include "base/id.h"
#include "base/time.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/lib.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the registry: the table that was given to playbook{}. */
static const char playbook_key;

/* Fields of the alert view that a trigger may ask about. */
#define NAME(name) name,
static const char *const trigger_fields[] = {HK_TRIGGER_FIELDS(NAME)};
#undef NAME

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, list[i]) == 0)
            return true;
    }
    return false;
}

/* --- checking --- */

/* One text of a trigger, on top of the stack. */
static void check_trigger_text(lua_State *L, const char *field)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        hk_state_raise(L, "on: %s must be a text, a list of texts, or at_least", field);
    if (strcmp(field, "severity") == 0 && !hk_lib_is_severity(lua_tostring(L, -1)))
        hk_state_raise(L, "on: \"%.60s\" is no severity", lua_tostring(L, -1));
}

static void check_trigger_value(lua_State *L, const char *field)
{
    lua_Integer count;

    if (hk_lib_at_least_of(L, -1) != NULL) {
        if (strcmp(field, "severity") != 0)
            hk_state_raise(L, "on: at_least is for severity, not for %s", field);
        return;
    }
    if (!lua_istable(L, -1)) {
        check_trigger_text(L, field);
        return;
    }
    count = (lua_Integer)lua_rawlen(L, -1);
    if (count == 0)
        hk_state_raise(L, "on: the list for %s is empty", field);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, -1, i);
        check_trigger_text(L, field);
        lua_pop(L, 1);
    }
}

/* The trigger on top of the stack. */
static void check_trigger(lua_State *L)
{
    bool is_empty = true;

    if (!lua_istable(L, -1))
        hk_state_raise(L, "on must be a table of fields, or a list of such tables");
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        const char *field = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(a number)";
        if (!is_one_of(field, trigger_fields, sizeof trigger_fields / sizeof *trigger_fields))
            hk_state_raise(L,
                "on: \"%.60s\" is no field of an alert that a trigger can ask about (nested ones "
                "are written as [\"src.ip\"])",
                field);
        check_trigger_value(L, field);
        lua_pop(L, 1);
        is_empty = false;
    }
    if (is_empty)
        hk_state_raise(L, "on: a trigger needs at least one field");
}

/* Is the table on top a list of triggers? */
static bool is_trigger_list(lua_State *L)
{
    bool is_list = lua_rawgeti(L, -1, 1) != LUA_TNIL;

    lua_pop(L, 1);
    return is_list;
}

static void check_on(lua_State *L)
{
    lua_Integer count;

    lua_pushliteral(L, "on");
    if (lua_rawget(L, 1) == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (lua_istable(L, -1) && is_trigger_list(L)) {
        count = (lua_Integer)lua_rawlen(L, -1);
        for (lua_Integer i = 1; i <= count; i++) {
            (void)lua_rawgeti(L, -1, i);
            check_trigger(L);
            lua_pop(L, 1);
        }
    } else {
        check_trigger(L);
    }
    lua_pop(L, 1);
}

/* limits.run_for in milliseconds, or -1 when it is not given; the playbook is at 1. */
static int64_t read_limits(lua_State *L)
{
    struct hk_error error;
    int64_t run_for_ms = -1;

    lua_pushliteral(L, "limits");
    if (lua_rawget(L, 1) == LUA_TNIL) {
        lua_pop(L, 1);
        return -1;
    }
    if (!lua_istable(L, -1))
        hk_state_raise(L, "limits must be a table");
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "run_for") != 0)
            hk_state_raise(L, "limits: the only limit is run_for");
        if (lua_type(L, -1) != LUA_TSTRING ||
            hk_duration_parse(lua_tostring(L, -1), &run_for_ms, &error) != HK_OK || run_for_ms <= 0)
            hk_state_raise(L, "limits: run_for must be a duration, such as \"2d\"");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return run_for_ms;
}

static void check_fields(lua_State *L)
{
    static const char *const fields[] = {"name", "summary", "on", "limits", "run"};

    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING ||
            !is_one_of(lua_tostring(L, -2), fields, sizeof fields / sizeof *fields))
            hk_state_raise(L,
                "playbook: \"%.60s\" is no field; there are name, summary, on, "
                "limits and run",
                lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2));
        lua_pop(L, 1);
    }
    lua_pushliteral(L, "name");
    if (lua_rawget(L, 1) != LUA_TSTRING || strlen(lua_tostring(L, -1)) != lua_rawlen(L, -1) ||
        !hk_name_is_valid(lua_tostring(L, -1)))
        hk_state_raise(L, "playbook: name must be 1 to 63 of a-z, 0-9, - and _");
    lua_pushliteral(L, "summary");
    if (lua_rawget(L, 1) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
        hk_state_raise(L, "playbook: summary must be a text");
    lua_pushliteral(L, "run");
    if (lua_rawget(L, 1) != LUA_TFUNCTION)
        hk_state_raise(L, "playbook: run must be a function");
    lua_settop(L, 1);
}

int hk_api_playbook(lua_State *L)
{
    if (!lua_istable(L, 1))
        hk_state_raise(L, "playbook needs a table, such as playbook {name = …, run = …}");
    lua_settop(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &playbook_key) != LUA_TNIL)
        hk_state_raise(L, "a file holds one playbook");
    lua_settop(L, 1);
    check_fields(L);
    check_on(L);
    (void)read_limits(L);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &playbook_key);
    return 1;
}

void hk_api_eval(lua_State *L)
{
    bool is_same;

    lua_call(L, 0, 1);
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &playbook_key);
    is_same = !lua_isnil(L, -1) && lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 1);
    if (!is_same)
        hk_state_raise(L, "a playbook's text must return playbook { … }");
}

/* --- describing --- */

struct describe {
    const char *source;
    size_t size;
    const char *chunk;
    struct hk_buf text;
};

static void write_field(lua_State *L, struct hk_jw *jw, const char *field)
{
    const struct hk_buf *json;

    (void)lua_pushstring(L, field);
    if (lua_rawget(L, 1) == LUA_TNIL) {
        hk_jw_kv(jw, field, "");
    } else {
        json = hk_convert_json(L, -1, HK_ARGS_SIZE_MAX, field, HK_CONVERT_PLAIN);
        hk_jw_kv_raw(jw, field, json->data);
    }
    lua_pop(L, 1);
}

/* The triggers, always as a list. */
static void write_on(lua_State *L, struct hk_jw *jw)
{
    const struct hk_buf *json;
    bool is_list;

    lua_pushliteral(L, "on");
    if (lua_rawget(L, 1) == LUA_TNIL) {
        hk_jw_kv_raw(jw, "on", "[]");
        lua_pop(L, 1);
        return;
    }
    is_list = is_trigger_list(L);
    json = hk_convert_json(L, -1, HK_ARGS_SIZE_MAX, "on", HK_CONVERT_SETTINGS);
    if (is_list) {
        hk_jw_kv_raw(jw, "on", json->data);
    } else {
        hk_jw_key(jw, "on");
        hk_jw_array(jw);
        hk_jw_raw(jw, json->data, json->size);
        hk_jw_array_end(jw);
    }
    lua_pop(L, 1);
}

static int describe(lua_State *L)
{
    struct describe *d = lua_touserdata(L, 1);
    struct hk_jw jw;
    int64_t run_for_ms;
    lua_Debug ar;

    lua_settop(L, 0);
    hk_api_open(L);
    hk_state_compile(L, d->source, d->size, d->chunk);
    lua_pushvalue(L, -1);
    if (lua_getinfo(L, ">S", &ar) != 0) /* what no line is to blame for is the file's */
        (void)snprintf(
            hk_state_of(L)->main_where, sizeof hk_state_of(L)->main_where, "%s:1", ar.short_src);
    hk_api_eval(L);
    check_fields(L); /* what follows may have changed it */
    check_on(L);
    run_for_ms = read_limits(L);
    hk_jw_init(&jw, &d->text);
    hk_jw_object(&jw);
    write_field(L, &jw, "name");
    write_field(L, &jw, "summary");
    write_on(L, &jw);
    hk_jw_key(&jw, "limits");
    hk_jw_object(&jw);
    if (run_for_ms >= 0)
        hk_jw_kv_i64(&jw, "run_for_ms", run_for_ms);
    hk_jw_object_end(&jw);
    hk_jw_object_end(&jw);
    return 0;
}

enum hk_status hk_playbook_describe(
    const char *source, size_t size, const char *chunk, struct hk_buf *out, struct hk_error *error)
{
    struct describe d = {.source = source, .size = size, .chunk = chunk};
    enum hk_status status;

    hk_buf_init(&d.text, (size_t)HK_ARGS_SIZE_MAX * 4);
    status = hk_state_once(describe, &d, error);
    if (status == HK_OK)
        status = hk_buf_check(&d.text, "playbook's description", error);
    if (status == HK_OK)
        hk_buf_append(out, d.text.data, d.text.size);
    hk_buf_done(&d.text);
    return status;
}

void hk_playbook_version(const char *source, size_t size, char ret_version[HK_SHA256_HEX_SIZE])
{
    hk_sha256_hex(source, size, ret_version);
}
