/*
 * bench: see bench.h.
 */
#include "author/bench.h"
#include "author/embed.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "script/convert.h"
#include "script/playbook.h"
#include "script/trigger.h"

#include <stdio.h>
#include <string.h>

#define PRELUDE "hikeshi-test"
#define FAILURE_SIZE_MAX (256 * 1024)

void hk_trial_init(
    struct hk_trial *trial, const struct hk_suite_setup *setup, const struct hk_json *descriptor)
{
    memset(trial, 0, sizeof(*trial));
    trial->setup = setup;
    trial->descriptor = descriptor;
    hk_buf_init(&trial->failure, FAILURE_SIZE_MAX);
    hk_buf_init(&trial->file, 2 * HK_PLAYBOOK_SIZE_MAX);
}

/* Keep the outermost ones, so many. */
static void drop_drives(struct hk_trial *trial, unsigned count)
{
    while (trial->depth > count) {
        trial->depth--;
        hk_drive_free(trial->drives[trial->depth]);
        trial->drives[trial->depth] = NULL;
    }
}

void hk_trial_done(struct hk_trial *trial)
{
    drop_drives(trial, 0);
    hk_buf_done(&trial->file);
    hk_buf_done(&trial->failure);
}

static struct hk_trial *trial_of(lua_State *L)
{
    return hk_state_of(L)->owner;
}

static struct hk_drive *drive_of(lua_State *L)
{
    struct hk_trial *trial = trial_of(L);

    if (trial->depth == 0)
        hk_state_raise(L, "there is no run");
    return trial->drives[trial->depth - 1];
}

static const struct hk_drive_step *step_of(lua_State *L)
{
    struct hk_drive *drive = drive_of(L);
    lua_Integer number = luaL_checkinteger(L, 1);

    luaL_argcheck(L, number >= 0 && (size_t)number < hk_drive_count(drive), 1, "no such step");
    return hk_drive_step(drive, (size_t)number);
}

void hk_bench_where(lua_State *L, char *ret_where, size_t capacity)
{
    lua_Debug ar;

    ret_where[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &ar) != 0; level++) {
        if (lua_getinfo(L, "Sl", &ar) == 0 || ar.currentline < 0 ||
            strcmp(ar.short_src, PRELUDE) == 0)
            continue;
        (void)snprintf(ret_where, capacity, "%s:%d", ar.short_src, ar.currentline);
        return;
    }
}

/* where() → "file:line" */
static int bench_where(lua_State *L)
{
    char where[LUA_IDSIZE + 16];

    hk_bench_where(L, where, sizeof(where));
    (void)lua_pushstring(L, where);
    return 1;
}

/* fail(text, where): end the test, for good also when the error is caught. */
static int bench_fail(lua_State *L)
{
    struct hk_trial *trial = trial_of(L);
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    const char *where = luaL_optstring(L, 2, NULL);

    if (trial->failure.size == 0) {
        hk_buf_append(&trial->failure, text, size);
        if (where != NULL)
            (void)hk_copy_text(trial->where, sizeof(trial->where), where);
        else
            hk_bench_where(L, trial->where, sizeof(trial->where));
    }
    lua_settop(L, 1);
    return lua_error(L);
}

/* json(value, what) → canonical JSON, or an error that names the place */
static int bench_json(lua_State *L)
{
    const char *what = luaL_optstring(L, 2, "value");
    const struct hk_buf *out;

    lua_settop(L, 2);
    out = hk_convert_json(L, 1, HK_PAYLOAD_SIZE_MAX, what, HK_CONVERT_PLAIN);
    (void)lua_pushlstring(L, out->data, out->size);
    return 1;
}

/* duration("4h") → milliseconds, or nil and why not */
static int bench_duration(lua_State *L)
{
    struct hk_error error;
    int64_t ms;

    if (hk_duration_parse(luaL_checkstring(L, 1), &ms, &error) != HK_OK) {
        lua_pushnil(L);
        (void)lua_pushstring(L, error.text);
        return 2;
    }
    lua_pushinteger(L, ms);
    return 1;
}

/* time("2026-01-01T00:00:00Z") → microseconds, or nil */
static int bench_time(lua_State *L)
{
    struct hk_error error;
    int64_t time_us;

    if (hk_time_parse(luaL_checkstring(L, 1), &time_us, &error) != HK_OK)
        lua_pushnil(L);
    else
        lua_pushinteger(L, time_us);
    return 1;
}

/* starts(alert as JSON) → does a trigger match? */
static int bench_starts(lua_State *L)
{
    struct hk_state *st = hk_state_of(L);
    size_t size;
    const char *alert = luaL_checklstring(L, 1, &size);
    struct hk_error error;
    bool starts;

    hk_json_doc_done(&st->doc);
    if (hk_json_parse(alert, size, &hk_json_limits_own, &st->doc, &error) != HK_OK)
        hk_state_raise(L, "alert: %s", error.text);
    starts = hk_trigger_matches(trial_of(L)->descriptor, st->doc.root);
    hk_json_doc_done(&st->doc);
    lua_pushboolean(L, starts);
    return 1;
}

/* --- the run --- */

/* A path in a test is one beside the file of tests. */
static void push_path(lua_State *L, const char *file)
{
    const char *tests = trial_of(L)->setup->file;
    const char *slash = strrchr(tests, '/');

    if (*file == '/' || slash == NULL)
        (void)lua_pushstring(L, file);
    else
        (void)lua_pushfstring(
            L, "%s%s", lua_pushlstring(L, tests, (size_t)(slash - tests) + 1), file);
}

/* Read a called playbook into trial->file. The path is left on the stack. */
static const char *read_called(lua_State *L, const char *file)
{
    struct hk_trial *trial = trial_of(L);
    struct hk_error error;

    push_path(L, file);
    hk_buf_clear(&trial->file);
    if (hk_file_read(
            lua_tostring(L, -1), HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &trial->file, &error) != HK_OK)
        hk_state_raise(L, "%s", error.text);
    if (trial->file.data == NULL)
        hk_state_raise(L, "%s: is empty", file);
    return lua_tostring(L, -1);
}

/* name(file) → the name of the playbook in it */
static int bench_name(lua_State *L)
{
    struct hk_trial *trial = trial_of(L);
    struct hk_state *st = hk_state_of(L);
    const char *path = read_called(L, luaL_checkstring(L, 1));
    size_t size = trial->file.size;
    struct hk_error error;
    enum hk_status status;

    /* Behind its text in the same buffer: whatever raises from here on, nothing is lost. */
    status = hk_playbook_describe(trial->file.data, size, path, &trial->file, &error);
    if (status != HK_OK)
        hk_state_raise(L, "%s", error.text);
    hk_json_doc_done(&st->doc);
    if (hk_json_parse(trial->file.data + size, trial->file.size - size, &hk_json_limits_own,
            &st->doc, &error) != HK_OK)
        hk_state_raise(L, "%s", error.text);
    hk_state_begin(st, 1);
    (void)lua_pushstring(L, hk_json_string_at(st->doc.root, "name", ""));
    hk_json_doc_done(&st->doc);
    return 1;
}

/* start(alert as JSON, args as JSON, time_us, seed, file of what is called by the last one, or nil:
 * the playbook that is tested) */
static int bench_start(lua_State *L)
{
    struct hk_trial *trial = trial_of(L);
    struct hk_drive_setup setup = {.chunk = trial->setup->playbook,
        .source = trial->setup->playbook_source,
        .source_size = trial->setup->playbook_size,
        .alert = luaL_checkstring(L, 1),
        .args = luaL_checkstring(L, 2),
        .started_us = luaL_checkinteger(L, 3),
        .seed = (uint64_t)luaL_checkinteger(L, 4)};
    const char *file = luaL_optstring(L, 5, NULL);
    struct hk_error error;

    if (++trial->runs > HK_TEST_RUNS_MAX) {
        struct hk_state *st = hk_state_of(L);
        hk_bench_where(L, st->end_where, sizeof(st->end_where));
        hk_state_stop(L, HK_STATE_LIMIT, "test ran the playbook too many times");
    }
    if (file == NULL) {
        drop_drives(trial, 0);
    } else {
        setup.chunk = read_called(L, file);
        setup.source = trial->file.data;
        setup.source_size = trial->file.size;
    }
    if (trial->depth == sizeof(trial->drives) / sizeof(trial->drives[0]))
        hk_state_raise(L, "calls are nested too deeply");
    if (hk_drive_new(&setup, &trial->drives[trial->depth], &error) != HK_OK)
        hk_state_raise(L, "%s", error.text);
    trial->depth++;
    return 0;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    (void)lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* next() → {number, step, op, name, where, asked_ms, args, options}, or nil when the run has ended
 */
static int bench_next(lua_State *L)
{
    struct hk_drive *drive = drive_of(L);
    const struct hk_drive_step *step = hk_drive_next(drive);

    /* The playbook has limits of its own: its time is not the test's. */
    hk_state_begin(hk_state_of(L), 1);
    if (step == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_settop(L, 0);
    lua_createtable(L, 0, 8);
    lua_pushinteger(L, (lua_Integer)step->number);
    lua_setfield(L, 1, "number");
    set_text(L, "step", step->step);
    set_text(L, "op", step->op);
    set_text(L, "name", step->name);
    set_text(L, "where", step->where);
    lua_pushinteger(L, (lua_Integer)(step->asked_us / 1000));
    lua_setfield(L, 1, "asked_ms");
    hk_convert_push(L, step->args, strlen(step->args), "arguments");
    lua_setfield(L, 1, "args");
    hk_convert_push(L, step->options, strlen(step->options), "options");
    lua_setfield(L, 1, "options");
    return 1;
}

/* answer(number, "ok" | "failed" | "refused", value as JSON or reason, after_ms) */
static int bench_answer(lua_State *L)
{
    static const char *const answers[] = {"ok", "failed", "refused", NULL};
    const struct hk_drive_step *step = step_of(L);
    int answer = luaL_checkoption(L, 2, NULL, answers);
    const char *value = luaL_checkstring(L, 3);
    lua_Integer after_ms = luaL_checkinteger(L, 4);

    luaL_argcheck(L, after_ms >= 0, 4, "an answer can't come before its question");
    hk_drive_answer(drive_of(L), step->number, (enum hk_drive_answer)answer, value, after_ms);
    return 0;
}

static int push_problem(lua_State *L, enum hk_status status, const struct hk_error *error)
{
    if (status == HK_OK)
        lua_pushnil(L);
    else
        (void)lua_pushstring(L, error->text);
    return 1;
}

/* check(number) → what the engine would say against the call, or nil */
static int bench_check(lua_State *L)
{
    const struct hk_drive_step *step = step_of(L);
    const struct hk_suite_checker *checker = trial_of(L)->setup->checker;
    struct hk_error error;
    enum hk_status status = HK_OK;

    if (checker != NULL && strcmp(step->op, "act") == 0)
        status = checker->call(checker->ctx, step->name, step->args, step->options, &error);
    return push_problem(L, status, &error);
}

/* check_result(number, value as JSON) → why the action can't give that, or nil */
static int bench_check_result(lua_State *L)
{
    const struct hk_drive_step *step = step_of(L);
    const struct hk_suite_checker *checker = trial_of(L)->setup->checker;
    const char *value = luaL_checkstring(L, 2);
    struct hk_error error;
    enum hk_status status = HK_OK;

    if (checker != NULL && strcmp(step->op, "act") == 0)
        status = checker->result(checker->ctx, step->name, value, &error);
    return push_problem(L, status, &error);
}

/* finish() → state, error, value, how the run differs when it is run again or nil, and the time in
 * ms. What was called is left: its caller goes on. */
static int bench_finish(lua_State *L)
{
    struct hk_drive *drive = drive_of(L);
    enum hk_drive_end end = hk_drive_end(drive);
    const char *text = hk_drive_text(drive);
    struct hk_error error;
    enum hk_status status = hk_drive_repeat(drive, &error);

    hk_state_begin(hk_state_of(L), 1);
    trial_of(L)->steps += hk_drive_count(drive);
    (void)lua_pushstring(L, hk_drive_end_text(end));
    (void)lua_pushstring(L, end == HK_DRIVE_FAILED ? text : "");
    if (end == HK_DRIVE_FINISHED || end == HK_DRIVE_CONTINUED)
        hk_convert_push(L, text, strlen(text), "value");
    else
        lua_pushnil(L);
    (void)push_problem(L, status, &error);
    lua_pushinteger(L, hk_drive_now_us(drive) / 1000);
    if (trial_of(L)->depth > 1)
        drop_drives(trial_of(L), trial_of(L)->depth - 1);
    return 5;
}

void hk_bench_push(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"answer", bench_answer},
        {"check", bench_check},
        {"check_result", bench_check_result},
        {"duration", bench_duration},
        {"fail", bench_fail},
        {"finish", bench_finish},
        {"json", bench_json},
        {"name", bench_name},
        {"next", bench_next},
        {"start", bench_start},
        {"starts", bench_starts},
        {"time", bench_time},
        {"where", bench_where},
        {NULL, NULL},
    };

    hk_state_compile(
        L, (const char *)hk_embed_author_test_lua, hk_embed_author_test_lua_size_bytes, PRELUDE);
    luaL_newlib(L, functions);
    set_text(L, "playbook", hk_json_string_at(trial_of(L)->descriptor, "name", ""));
    lua_pushinteger(L, HK_CALL_DEPTH_MAX);
    lua_setfield(L, -2, "call_depth_max");
    lua_call(L, 1, 1);
}
