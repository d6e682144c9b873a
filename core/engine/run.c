/*
 * run: a run in memory, its pins and its Lua state. Loading from the ledger is run_load.c, what the
 * script thread says is run_events.c.
 *
 * A run has a Lua state only while something of it can go on: when every open step waits for a
 * person or a timer the state is dropped, and when nothing pins the run it is dropped altogether.
 */
#include "engine/run.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/due.h"
#include "engine/line.h"
#include "engine/memory.h"
#include "engine/pace.h"
#include "engine/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MEMORY_MAX (64UL * 1024 * 1024)
/* Half of it, so that what hk_step_size does not foresee never comes near the ceiling. */
#define RUN_RECORD_SIZE_MAX (RUN_MEMORY_MAX / 2)
enum { STEP_SIZE = sizeof(struct hk_step) + 1024 };

/* --- alerts that runs share --- */

char *hk_alert_as_given(const char *id, const struct hk_json *view, const char *raw)
{
    struct hk_buf out;
    struct hk_jw jw;
    struct hk_error error = {0};
    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX * 2);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    for (const struct hk_json *field = view->first; field != NULL; field = field->next) {
        if (strcmp(field->key, "id") != 0 && strcmp(field->key, "raw") != 0)
            hk_jw_kv_value(&jw, field->key, field);
    }
    hk_jw_kv(&jw, "id", id);
    hk_jw_kv_raw(&jw, "raw", raw);
    hk_jw_object_end(&jw);
    hk_engine_must(hk_buf_check(&out, "an alert", &error), "an alert", &error);
    return hk_buf_take(&out, NULL);
}

struct hk_alert *hk_alert_hold(struct hk_engine *engine, const char *id, const struct hk_json *view,
    const char *raw, enum hk_alert_state state)
{
    struct hk_alert *alert = hk_map_get(&engine->alerts, id);
    if (alert == NULL) {
        alert = hk_engine_alloc(sizeof *alert);
        (void)hk_copy_text(alert->id, sizeof alert->id, id);
        alert->json = hk_alert_as_given(id, view, raw);
        alert->state = state;
        hk_engine_must(hk_map_put(&engine->alerts, alert->id, alert), "an alert", NULL);
    }
    alert->users++;
    return alert;
}

static void alert_let_go(struct hk_engine *engine, struct hk_alert *alert)
{
    if (alert == NULL || --alert->users > 0)
        return;
    (void)hk_map_remove(&engine->alerts, alert->id);
    free(alert->json);
    free(alert);
}

/* --- runs and their pins --- */

/* What somebody asks for under a foreign id must neither find that run nor stand in its place. */
void hk_run_key(const struct hk_tenant_state *tenant, const char *id, char ret_key[HK_RUN_KEY_SIZE])
{
    (void)snprintf(
        ret_key, HK_RUN_KEY_SIZE, "%lld/%.*s", (long long)tenant->number, HK_ID_SIZE - 1, id);
}

struct hk_run *hk_run_make(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id)
{
    struct hk_run *run = hk_engine_alloc(sizeof *run);
    run->engine = engine;
    run->tenant = tenant;
    run->end = HK_RUN_RUNNING;
    run->pins = 1;
    (void)hk_copy_text(run->id, sizeof run->id, id);
    hk_run_key(tenant, id, run->key);
    hk_arena_init(&run->arena, RUN_MEMORY_MAX);
    hk_engine_must(hk_map_put(&engine->runs, run->key, run), "a run", NULL);
    return run;
}

static void run_free(struct hk_run *run)
{
    (void)hk_map_remove(&run->engine->runs, run->key);
    alert_let_go(run->engine, run->alert);
    hk_arena_done(&run->arena);
    free(run->steps);
    free(run);
}

void hk_run_pin(struct hk_run *run)
{
    run->pins++;
}

void hk_run_unpin(struct hk_run *run)
{
    if (--run->pins == 0 && run->script == 0)
        run_free(run);
}

void *hk_run_alloc(struct hk_run *run, size_t size)
{
    void *memory = hk_arena_alloc(&run->arena, size);
    hk_engine_must(memory == NULL ? HK_NOMEM : HK_OK, "a run", NULL);
    return memory;
}

const char *hk_run_text(struct hk_run *run, const char *text)
{
    char *copy =
        hk_arena_copy(&run->arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    if (copy == NULL)
        hk_engine_must(HK_NOMEM, "a run", NULL);
    return copy;
}

/* --- steps --- */

struct hk_step *hk_run_step(const struct hk_run *run, const char *path)
{
    for (size_t i = run->step_count; i > 0; i--) { /* the newest are asked for most */
        if (strcmp(run->steps[i - 1]->path, path) == 0)
            return run->steps[i - 1];
    }
    return NULL;
}

struct hk_step *hk_run_step_add(struct hk_run *run, const char *path)
{
    if (run->step_count == run->step_capacity) {
        size_t capacity = run->step_capacity == 0 ? 8 : run->step_capacity * 2;
        run->steps = hk_engine_grow(run->steps, capacity * sizeof(struct hk_step *));
        run->step_capacity = capacity;
    }
    struct hk_step *step = hk_run_alloc(run, sizeof *step);
    (void)hk_copy_text(step->path, sizeof step->path, path);
    run->steps[run->step_count++] = step;
    return step;
}

bool hk_run_has_room(const struct hk_run *run, size_t size)
{
    return run->record_size <= RUN_RECORD_SIZE_MAX &&
           size <= RUN_RECORD_SIZE_MAX - run->record_size;
}

/* The arguments are kept as they were given and as they are sent. */
size_t hk_step_size(const char *args, const char *options, const char *name, const char *where)
{
    return STEP_SIZE + 3 * strlen(args) + strlen(options) + strlen(name) + strlen(where);
}

unsigned hk_run_steps_in(const struct hk_run *run, enum hk_step_state state)
{
    unsigned count = 0;
    for (size_t i = 0; i < run->step_count; i++)
        count += run->steps[i]->state == state;
    return count;
}

enum hk_run_state hk_run_state(const struct hk_run *run)
{
    if (run->end != HK_RUN_RUNNING)
        return run->end;
    return hk_run_state_of(hk_run_steps_in(run, HK_STEP_WAITING),
        hk_run_steps_in(run, HK_STEP_INTENDED), hk_run_steps_in(run, HK_STEP_UNKNOWN));
}

/* --- the Lua state --- */

static void fill_record(struct hk_script_record *record, const struct hk_step *step)
{
    *record = (struct hk_script_record){
        .step = step->path,
        .op = step->op,
        .name = step->name,
        .args = step->args,
        .options = step->options,
        .is_settled = step->state == HK_STEP_SETTLED,
        .ok = step->ok,
        .is_refused = step->is_refused,
        .value = step->value,
        .time_us = step->time_us,
    };
}

/* Settled steps in the order of the ledger, then the open ones. */
static struct hk_script_record *records_of(const struct hk_run *run)
{
    struct hk_script_record *records = hk_engine_alloc((run->step_count + 1) * sizeof *records);
    size_t open = run->settled_count;
    for (size_t i = 0; i < run->step_count; i++) {
        const struct hk_step *step = run->steps[i];
        bool is_settled = step->state == HK_STEP_SETTLED;
        fill_record(&records[is_settled ? step->order - 1 : open++], step);
    }
    return records;
}

static void load_script(struct hk_run *run)
{
    struct hk_engine *engine = run->engine;
    struct hk_error error = {0};
    struct hk_script_record *records = records_of(run);
    run->script = ++engine->next_script;
    snprintf(run->script_text, sizeof run->script_text, "%llu", (unsigned long long)run->script);
    hk_engine_must(hk_map_put(&engine->scripts, run->script_text, run), "a run's state", NULL);
    run->deliveries_sent = 0;
    engine->active++;
    hk_pace_enter(run);
    const struct hk_script_start start = {
        .run = run->script,
        .name = run->id,
        .version = run->playbook->version,
        .chunk = run->playbook->file,
        .source = run->playbook->source,
        .source_size = run->playbook->source_size,
        .alert = run->alert->json,
        .args = run->args,
        .seed = run->seed,
        .started_us = run->started_us,
        .records = records,
        .record_count = run->step_count,
    };
    enum hk_status status = hk_script_load(engine->script, &start, &error);
    free(records);
    hk_engine_must(status, "starting a playbook", &error);
}

void hk_run_wake(struct hk_run *run)
{
    struct hk_engine *engine = run->engine;
    if (run->script != 0 || run->end != HK_RUN_RUNNING || engine->is_stopping ||
        hk_run_steps_in(run, HK_STEP_UNKNOWN) > 0)
        return;
    if (!engine->is_ready || engine->active >= HK_RUNS_ACTIVE_MAX)
        hk_line_put(engine->line, run->tenant->number, run->id);
    else if (!hk_pace_has_place(run))
        hk_line_put(engine->slow_line, run->tenant->number, run->id);
    else
        load_script(run);
}

void hk_run_sleep(struct hk_run *run)
{
    struct hk_error error = {0};
    if (run->script == 0)
        return;
    (void)hk_map_remove(&run->engine->scripts, run->script_text);
    hk_engine_must(
        hk_script_unload(run->engine->script, run->script, &error), "ending a playbook", &error);
    run->script = 0;
    run->engine->active--;
    hk_pace_leave(run);
}

/* --- the line --- */

struct lined {
    struct hk_engine *engine;
    bool is_slow; /* from the slow line */
    hk_tenant tenant;
    char run[HK_ID_SIZE];
};

enum { LINE_PAUSE_MS = 200 };

/* Back to the end of the line: reading was refused or took too long, which says nothing about the
 * run. */
static void line_again(const struct lined *lined)
{
    struct hk_engine *engine = lined->engine;
    hk_line_put(lined->is_slow ? engine->slow_line : engine->line, lined->tenant, lined->run);
    engine->line_pause_us = hk_engine_now_us(engine) + LINE_PAUSE_MS * 1000;
    hk_due_note(engine, engine->line_pause_us);
}

static void on_lined(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct lined *lined = ctx;
    struct hk_engine *engine = lined->engine;
    engine->loading--;
    engine->slow_loading -= lined->is_slow ? 1 : 0;
    if (run != NULL)
        hk_run_wake(run);
    else if (error->status == HK_BUSY || error->status == HK_TIMEOUT)
        line_again(lined);
    else
        hk_log(HK_LOG_ERROR, "run %s: %s", lined->run, error->text);
    free(lined);
    hk_runs_advance(engine); /* it may have needed no state */
}

/* Those that take long first: their places are few, and never those that the others need. */
static bool take_lined(struct hk_engine *engine, struct lined *next)
{
    next->is_slow = engine->slow + engine->slow_loading < HK_RUNS_SLOW_MAX &&
                    hk_line_take(engine->slow_line, &next->tenant, next->run);
    return next->is_slow || hk_line_take(engine->line, &next->tenant, next->run);
}

void hk_runs_advance(struct hk_engine *engine)
{
    struct lined next = {.engine = engine};
    if (engine->is_advancing) /* on_lined, for a run that was in memory: the loop goes on anyway */
        return;
    engine->is_advancing = true;
    while (engine->is_ready && !engine->is_stopping &&
           engine->active + engine->loading < HK_RUNS_ACTIVE_MAX &&
           (engine->line_pause_us == 0 || engine->line_pause_us <= hk_engine_now_us(engine)) &&
           take_lined(engine, &next)) {
        struct lined *lined = hk_engine_alloc(sizeof *lined);
        *lined = next;
        engine->line_pause_us = 0;
        engine->loading++;
        engine->slow_loading += next.is_slow ? 1 : 0;
        hk_run_with(engine, hk_tenant_of(engine, next.tenant), next.run, on_lined, lined);
    }
    engine->is_advancing = false;
}
