#include "script/api.h"

#include "base/time.h"
#include "script/convert.h"
#include "script/fields.h"
#include "script/helpers.h"
#include "script/lib.h"
#include "script/term_list.h"
#include "script/terms.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <string.h>

enum {
    TO_SIZE_MAX = 63,     /* a name */
    TELL_SIZE_MAX = 4000, /* what people read on a phone */
};

#define NAME(name, help) name,
static const char *const verdicts[] = {HK_VERDICTS(NAME)};
static const char *const phases[] = {HK_CASE_PHASES(NAME)};
#undef NAME

struct hk_play *hk_api_run(lua_State *L, const char *name)
{
    struct hk_play *run = hk_state_of(L)->owner;

    if (run == NULL || run->current == NULL)
        hk_state_raise(L, "%s is only available inside the playbook's run function", name);
    return run;
}

struct hk_play *hk_api_run_yieldable(lua_State *L, const char *name)
{
    struct hk_play *run = hk_api_run(L, name);

    if (lua_isyieldable(L) == 0)
        hk_state_raise(L,
            "%s can't be called here: a playbook can't wait inside the function given to "
            "table.sort, string.gsub, xpcall's handler or __tostring",
            name);
    return run;
}

static int finish_step(lua_State *L, int status, lua_KContext ctx)
{
    const struct hk_delivery *delivery = hk_api_run(L, "a step")->delivering;

    (void)status;
    if (!delivery->ok) {
        lua_pushnil(L);
        (void)lua_pushstring(L, delivery->value);
        return 2;
    }
    switch ((enum hk_api_result)ctx) {
    case HK_API_ARGUMENT:
        lua_pushvalue(L, 1);
        break;
    case HK_API_TRUE:
        lua_pushboolean(L, 1);
        break;
    case HK_API_VALUE:
        if (delivery->value == NULL || *delivery->value == '\0')
            lua_pushnil(L);
        else
            hk_convert_push(L, delivery->value, strlen(delivery->value), "result");
        if (lua_isnil(L, -1)) {
            /* nil is how a failure looks */
            lua_pop(L, 1);
            lua_pushboolean(L, 1);
        }
        break;
    }
    return 1;
}

static void push_table(
    lua_State *L, int index, const char *name, const char *what, enum hk_convert_marks marks)
{
    char path[120];
    const struct hk_buf *out;

    if (lua_isnoneornil(L, index)) {
        lua_pushliteral(L, "{}");
        return;
    }
    (void)snprintf(path, sizeof path, "%.80s: %s", name, what);
    if (!lua_istable(L, index))
        hk_state_raise(L, "%s must be a table, such as {name = value}", path);
    out = hk_convert_json(L, index, HK_ARGS_SIZE_MAX, path, marks);
    if (out->data[0] != '{')
        hk_state_raise(L, "%s must have names, such as {name = value}", path);
    (void)lua_pushlstring(L, out->data, out->size);
}

void hk_api_push_json(lua_State *L, int index, const char *name, const char *what)
{
    push_table(L, index, name, what, HK_CONVERT_PLAIN);
}

void hk_api_request(lua_State *L, struct hk_play *run, const char *op, const char *name)
{
    char where[LUA_IDSIZE + 16];

    hk_state_where(L, where, sizeof where);
    switch (hk_play_ask(run, op, name, lua_tostring(L, -2), lua_tostring(L, -1), where)) {
    case HK_ASK_OK:
        return;
    case HK_ASK_DIVERGED:
        hk_state_stop(L, HK_STATE_DIVERGED, "run no longer follows its record");
    case HK_ASK_TOO_MANY:
        hk_state_stop(L, HK_STATE_LIMIT, "run asked for too many steps");
    case HK_ASK_TOO_DEEP:
        hk_state_raise(L, "steps are nested too deeply: use fewer levels, or shorter branch names");
    case HK_ASK_NOMEM:
        hk_state_stop_memory(L);
    }
}

int hk_api_ask_named(
    lua_State *L, struct hk_play *run, const char *op, const char *name, enum hk_api_result result)
{
    hk_api_request(L, run, op, name);
    return lua_yieldk(L, 0, result, finish_step);
}

int hk_api_ask_step(lua_State *L, struct hk_play *run, const char *op, enum hk_api_result result)
{
    return hk_api_ask_named(L, run, op, "", result);
}

/* --- act --- */

static bool is_name(lua_State *L, int index)
{
    size_t size;
    const char *text;

    if (lua_type(L, index) != LUA_TSTRING)
        return false;
    text = lua_tolstring(L, index, &size);
    return size > 0 && size < 64 && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

/* Upvalue: "contain.block_ip" */
static int act_call(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    char full[160];
    struct hk_play *run;

    (void)snprintf(full, sizeof full, "act.%s", name);
    run = hk_api_run_yieldable(L, full);
    if (lua_gettop(L) > 2)
        hk_state_raise(L, "%s takes two tables: arguments and options", full);
    lua_settop(L, 2);
    push_table(L, 1, full, "arguments", HK_CONVERT_ACTION);
    hk_api_push_json(L, 2, full, "options");
    return hk_api_ask_named(L, run, "act", name, HK_API_VALUE);
}

/* Look into the table of what was made before; false: not there. Upvalue 2 is that table. */
static bool find_made(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
        return true;
    lua_pop(L, 1);
    return false;
}

static void keep_made(lua_State *L)
{
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(2));
}

/* act.PLUGIN.ACTION */
static int find_action(lua_State *L)
{
    const char *plugin = lua_tostring(L, lua_upvalueindex(1)) + strlen("act.");

    if (!is_name(L, 2))
        hk_state_raise(L, "act.%s: an action's name is lower-case letters, digits and _", plugin);
    if (!find_made(L)) {
        (void)lua_pushfstring(L, "%s.%s", plugin, lua_tostring(L, 2));
        lua_pushcclosure(L, act_call, 1);
        keep_made(L);
    }
    return 1;
}

/* act.PLUGIN */
static int find_plugin(lua_State *L)
{
    char name[80];

    if (!is_name(L, 2))
        hk_state_raise(L, "act: a plugin's name is lower-case letters, digits and _");
    if (!find_made(L)) {
        (void)snprintf(name, sizeof name, "act.%s", lua_tostring(L, 2));
        hk_lib_push_lazy(L, name, find_action);
        keep_made(L);
    }
    return 1;
}

/* --- the other steps --- */

int hk_api_ask(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "ask");

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushliteral(L, "question");
    if (lua_rawget(L, 1) != LUA_TSTRING || lua_rawlen(L, -1) == 0)
        hk_state_raise(L, "ask needs a question, such as ask {question = \"Block it?\"}");
    lua_pop(L, 1);
    (void)hk_fields_duration(L, 1, "ask", "timeout", 0);
    hk_fields_text(L, 1, "ask", "to", false, TO_SIZE_MAX);
    hk_api_push_json(L, 1, "ask", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "ask", HK_API_VALUE);
}

int hk_api_note(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "note");

    if (lua_isstring(L, 1) == 0)
        hk_state_raise(L, "note needs a text, not a %s", luaL_typename(L, 1));
    lua_settop(L, 1);
    lua_createtable(L, 0, 1);
    (void)hk_lib_text(L, 1, NULL);
    lua_setfield(L, 2, "text");
    hk_api_push_json(L, 2, "note", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "note", HK_API_TRUE);
}

/* notify and escalate: {to = "level or contact", text = "…"} */
static int ask_to_tell(lua_State *L, const char *name, bool needs_text)
{
    struct hk_play *run = hk_api_run_yieldable(L, name);

    if (lua_isnoneornil(L, 1) && !needs_text) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    hk_fields_text(L, 1, name, "to", false, TO_SIZE_MAX);
    hk_fields_text(L, 1, name, "text", needs_text, TELL_SIZE_MAX);
    hk_api_push_json(L, 1, name, "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, name, HK_API_TRUE);
}

int hk_api_notify(lua_State *L)
{
    return ask_to_tell(L, "notify", true);
}

int hk_api_escalate(lua_State *L)
{
    return ask_to_tell(L, "escalate", false);
}

int hk_api_close(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "close");
    bool is_known = false;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushliteral(L, "verdict");
    if (lua_rawget(L, 1) == LUA_TSTRING) {
        for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
            is_known = is_known || strcmp(lua_tostring(L, -1), verdicts[i]) == 0;
    }
    if (!is_known)
        hk_state_raise(
            L, "close: verdict must be true_positive, false_positive, expected or undetermined");
    lua_settop(L, 1);
    lua_pushliteral(L, "note");
    if (lua_rawget(L, 1) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
        hk_state_raise(L, "close: note must be a text, not a %s", luaL_typename(L, -1));
    lua_settop(L, 1);
    hk_api_push_json(L, 1, "close", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "close", HK_API_ARGUMENT);
}

static void check_phase(lua_State *L)
{
    bool is_known = false;

    lua_pushliteral(L, "phase");
    if (lua_rawget(L, 1) != LUA_TNIL) {
        for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
            is_known = is_known || (lua_type(L, -1) == LUA_TSTRING &&
                                       strcmp(lua_tostring(L, -1), phases[i]) == 0);
        if (!is_known)
            hk_state_raise(L, "case: phase must be identify, contain, eradicate, recover or learn");
    }
    lua_pop(L, 1);
}

static void check_evidence_item(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TTABLE)
        hk_state_raise(L, "case: evidence is a list of tables with name and text");
    hk_fields_text(L, lua_absindex(L, -1), "case: evidence", "name", true, HK_CASE_TITLE_SIZE_MAX);
    hk_fields_text(L, lua_absindex(L, -1), "case: evidence", "text", false, HK_EVIDENCE_SIZE_MAX);
    hk_fields_text(L, lua_absindex(L, -1), "case: evidence", "place", false, HK_REASON_SIZE_MAX);
    hk_fields_text(L, lua_absindex(L, -1), "case: evidence", "note", false, HK_REASON_SIZE_MAX);
}

static void check_evidence(lua_State *L)
{
    lua_Integer count;

    lua_pushliteral(L, "evidence");
    if (lua_rawget(L, 1) == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (lua_type(L, -1) != LUA_TTABLE)
        hk_state_raise(L, "case: evidence is a list of tables with name and text");
    count = (lua_Integer)lua_rawlen(L, -1);
    if (count > HK_CASE_EVIDENCE_AT_ONCE_MAX)
        hk_state_raise(
            L, "case: at most %d pieces of evidence at once", HK_CASE_EVIDENCE_AT_ONCE_MAX);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, -1, i);
        check_evidence_item(L);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

int hk_api_case(lua_State *L)
{
    static const char *const texts[] = {"happening", "do_now", "impact", "scope"};
    struct hk_play *run = hk_api_run_yieldable(L, "case");

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    hk_fields_text(L, 1, "case", "title", false, HK_CASE_TITLE_SIZE_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hk_fields_text(L, 1, "case", texts[i], false, HK_REASON_SIZE_MAX);
    check_phase(L);
    check_evidence(L);
    hk_api_push_json(L, 1, "case", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "case", HK_API_VALUE);
}

int hk_api_release(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "release");

    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    hk_fields_text(L, 1, "release", "reason", false, HK_REASON_SIZE_MAX);
    hk_api_push_json(L, 1, "release", "fields");
    lua_pushliteral(L, "{}");
    return hk_api_ask_step(L, run, "release", HK_API_VALUE);
}

/* --- going on as a new run --- */

/* Never gives anything back: the run ends in it, and pcall doesn't see that. */
int hk_api_continue_as_new(lua_State *L)
{
    struct hk_play *run = hk_api_run_yieldable(L, "continue_as_new");

    if (run->current->parent != NULL)
        hk_state_raise(L,
            "continue_as_new can't be called in a branch of together or each: others may still be "
            "under way. Call it when they have ended");
    if (lua_gettop(L) > 1)
        hk_state_raise(L, "continue_as_new takes one table, which the new run is given");
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    hk_api_push_json(L, 1, "continue_as_new", "state");
    hk_state_where(L, run->where, sizeof run->where);
    run->is_continued = true; /* the state is in run->st.out, like what `run` returns */
    return lua_yield(L, 0);
}

/* --- what costs no step --- */

int hk_api_now(lua_State *L)
{
    lua_pushinteger(L, hk_api_run(L, "now")->now_us / 1000000);
    return 1;
}

int hk_api_random(lua_State *L)
{
    struct hk_play *run = hk_api_run(L, "random");
    uint64_t value = hk_play_random(run);
    lua_Integer low = 1;
    lua_Integer high;
    uint64_t span;

    switch (lua_gettop(L)) {
    case 0:
        lua_pushnumber(L, (lua_Number)(value >> 11) * 0x1p-53);
        return 1;
    case 1:
        high = luaL_checkinteger(L, 1);
        break;
    case 2:
        low = luaL_checkinteger(L, 1);
        high = luaL_checkinteger(L, 2);
        break;
    default:
        hk_state_raise(L, "random takes no, one or two numbers");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    span = (uint64_t)high - (uint64_t)low;
    if (span != UINT64_MAX) {
        /* Draw again what would make the first values likelier. */
        uint64_t limit = UINT64_MAX - UINT64_MAX % (span + 1);
        while (value >= limit)
            value = hk_play_random(run);
        value %= span + 1;
    }
    value += (uint64_t)low;
    lua_pushinteger(L, (lua_Integer)value);
    return 1;
}

/* --- opening --- */

#define TERM(name, kind, function, signature, help) {name, kind, function},
static const struct {
    const char *name;
    enum hk_term_kind kind;
    lua_CFunction function;
} terms[] = {HK_TERMS(TERM)};
#undef TERM

/* Put LIBRARY.MEMBER into its table, which is made with the first one. */
static void add_member(lua_State *L, const char *name, lua_CFunction function)
{
    const char *dot = strchr(name, '.');

    (void)lua_pushlstring(L, name, (size_t)(dot - name));
    if (lua_rawget(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 8);
        (void)lua_pushlstring(L, name, (size_t)(dot - name));
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, dot + 1);
    lua_pop(L, 1);
}

void hk_api_open_helpers(lua_State *L)
{
    static const char *const libraries[] = {"ip", "json", "text", "time"};

    hk_lib_base_open(L);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        if (terms[i].kind == HK_TERM_HELPER)
            add_member(L, terms[i].name, terms[i].function);
    }
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        (void)lua_getfield(L, -1, libraries[i]);
        hk_lib_seal(L, libraries[i]);
        lua_setfield(L, -2, libraries[i]);
    }
}

void hk_api_open(lua_State *L)
{
    hk_api_open_helpers(L);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        if (terms[i].kind == HK_TERM_HELPER || terms[i].function == NULL)
            continue;
        lua_pushcfunction(L, terms[i].function);
        lua_setfield(L, -2, terms[i].name);
    }
    hk_lib_push_lazy(L, "act", find_plugin);
    lua_setfield(L, -2, "act");
    hk_lib_seal_globals(L);
}
