/*
 * run_events: what the script threads say, and how runs end.
 */
#include "engine/run_events.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/call.h"
#include "engine/case_soon.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool can_end(struct hk_run *run, enum hk_kind kind)
{
    enum hk_run_state state = hk_run_state(run);
    if (!hk_run_step_to(&state, kind)) {
        hk_log(HK_LOG_ERROR, "run %s: %s can't follow while %s", run->id, hk_kind_text(kind),
            hk_run_state_text(state));
        return false;
    }
    run->end = state;
    return true;
}

void hk_run_void_gates(struct hk_run *run, struct hk_tx *tx, const char *why)
{
    for (size_t i = 0; i < run->step_count; i++) {
        const struct hk_step *step = run->steps[i];
        if (step->state != HK_STEP_WAITING || step->gate[0] == 0)
            continue;
        struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_VOIDED, step->gate);
        hk_jw_kv(jw, "run", run->id);
        hk_jw_kv(jw, "step", step->path);
        hk_jw_kv(jw, "why", why);
        hk_tx_end(tx);
    }
}

/* May its case be closed now? */
static void look_at_case(struct hk_run *run)
{
    if (run->alert->state == HK_ALERT_CLOSED)
        hk_case_soon(run->engine, run->tenant, run->alert->in_case);
}

struct end {
    enum hk_kind kind;
    char *text; /* the value, or why */
};

/* The end of the run and what its caller gets are one transaction. */
static void write_end(struct hk_run *run, struct hk_run *caller, void *ctx)
{
    struct end *end = ctx;
    struct hk_step *settled = NULL;
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    struct hk_jw *jw = hk_tx_entry(&tx, end->kind, run->id);
    if (end->kind == HK_KIND_RUN_FINISHED)
        hk_jw_kv_raw(jw, "value", end->text);
    else
        hk_jw_kv(jw, end->kind == HK_KIND_RUN_FAILED ? "error" : "reason", end->text);
    hk_tx_end(&tx);
    if (end->kind == HK_KIND_RUN_FAILED)
        hk_notice_about(&tx, HK_REASON_FAILED, run->id);
    if (end->kind != HK_KIND_RUN_FINISHED)
        hk_run_void_gates(
            run, &tx, end->kind == HK_KIND_RUN_FAILED ? "its run failed" : "its run was cancelled");
    if (caller != NULL)
        settled = hk_call_settle(&tx, run, end->kind, end->text, caller);
    hk_tx_commit_two(&tx, run, settled == NULL ? NULL : caller, NULL, NULL);
    if (settled != NULL)
        hk_step_deliver(caller, settled);
    run->engine->stats.runs_finished += end->kind == HK_KIND_RUN_FINISHED;
    run->engine->stats.runs_failed += end->kind == HK_KIND_RUN_FAILED;
    hk_run_sleep(run);
    hk_call_end_called(run);
    look_at_case(run);
    free(end->text);
    free(end);
}

static void end_run(struct hk_run *run, enum hk_kind kind, const char *text)
{
    if (!can_end(run, kind))
        return;
    struct end *end = hk_engine_alloc(sizeof *end);
    *end = (struct end){.kind = kind, .text = hk_strdup(text == NULL ? "" : text)};
    hk_engine_must(end->text == NULL ? HK_NOMEM : HK_OK, "the end of a run", NULL);
    hk_call_with_caller(run, write_end, end);
}

static void finished(struct hk_run *run, const struct hk_script_event *event)
{
    end_run(run, HK_KIND_RUN_FINISHED, event->value == NULL ? "null" : event->value);
}

void hk_run_failed(struct hk_run *run, const char *error)
{
    end_run(run, HK_KIND_RUN_FAILED, error);
}

void hk_run_cancelled(struct hk_run *run, const char *why)
{
    if (run->end != HK_RUN_RUNNING)
        return; /* it has ended, or a person looks at it */
    hk_dispatch_cancel(run);
    end_run(run, HK_KIND_RUN_CANCELLED, why);
}

/* One entry and nothing else: what the playbook wants now is not what it wanted before. */
static void diverged(struct hk_run *run, const struct hk_script_event *event)
{
    struct hk_tx tx;
    if (!can_end(run, HK_KIND_RUN_DIVERGED))
        return;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_RUN_DIVERGED, run->id);
    hk_jw_kv(jw, "step", event->step);
    hk_jw_kv(jw, "expected", event->text);
    hk_jw_kv(jw, "got", event->got);
    hk_jw_kv(jw, "where", event->where);
    hk_tx_end(&tx);
    hk_notice_about(&tx, HK_REASON_DIVERGED, run->id);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    run->engine->stats.runs_diverged++;
    hk_run_sleep(run);
}

/* Every branch waits. When what they wait for is a person or a timer, the state goes: a wait costs
 * bytes. A result that is still on its way to the state keeps it, and so does a step of which
 * nothing is written yet: its case's turn comes soon. */
static void blocked(struct hk_run *run, const struct hk_script_event *event)
{
    if (event->deliveries == run->deliveries_sent && hk_run_steps_in(run, HK_STEP_INTENDED) == 0 &&
        hk_run_steps_in(run, HK_STEP_NONE) == 0)
        hk_run_sleep(run);
}

static void handle(struct hk_run *run, const struct hk_script_event *event)
{
    switch (event->kind) {
    case HK_SCRIPT_REQUEST:
        if (run->end == HK_RUN_RUNNING)
            hk_step_request(run, event);
        break;
    case HK_SCRIPT_BLOCKED:
        blocked(run, event);
        break;
    case HK_SCRIPT_FINISHED:
        finished(run, event);
        break;
    case HK_SCRIPT_FAILED:
        hk_run_failed(run, event->text);
        break;
    case HK_SCRIPT_DIVERGED:
        diverged(run, event);
        break;
    }
}

/* Events are taken up only while the ledger keeps pace: a playbook that asks for more than can be
 * written waits for its answers, and the memory of writes stays bounded. */
static bool has_pace(const struct hk_engine *engine)
{
    return engine->writes_open < HK_WRITE_QUEUE_MAX;
}

static void take_up(struct hk_engine *engine, struct hk_script_event *event)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)event->run);
    struct hk_run *run = hk_map_get(&engine->scripts, text);
    /* Not there: its state was dropped meanwhile. Stopping: it is replayed at the next start. */
    if (run != NULL && !engine->is_stopping) {
        hk_run_pin(run);
        handle(run, event);
        hk_run_unpin(run);
    }
    hk_script_event_free(event);
}

static struct hk_script_event *next_event(struct hk_engine *engine)
{
    if (engine->events == NULL)
        engine->events = hk_script_take(engine->script);
    struct hk_script_event *event = engine->events;
    if (event != NULL)
        engine->events = (struct hk_script_event *)(void *)event->item.next;
    return event;
}

void hk_script_events(void *ctx)
{
    struct hk_engine *engine = ctx;
    struct hk_script_event *event;
    unsigned count = 0;
    while (count++ < HK_SCRIPT_EVENTS_PER_TURN && (has_pace(engine) || engine->is_stopping) &&
           (event = next_event(engine)) != NULL)
        take_up(engine, event);
    if (count > HK_SCRIPT_EVENTS_PER_TURN) /* there may be more: when others had their turn */
        hk_wake_signal(engine->script_wake);
    hk_runs_advance(engine);
}

void hk_script_events_resume(struct hk_engine *engine)
{
    if (engine->writes_open == HK_WRITE_QUEUE_MAX / 2)
        hk_wake_signal(engine->script_wake);
}

void hk_script_events_drop(struct hk_engine *engine)
{
    while (engine->events != NULL) {
        struct hk_script_event *event = engine->events;
        engine->events = (struct hk_script_event *)(void *)event->item.next;
        hk_script_event_free(event);
    }
}
