/*
 * run_events: what the script threads say.
 */
#include "engine/run_events.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/pace.h"
#include "engine/run.h"
#include "engine/run_continue.h"
#include "engine/run_end.h"
#include "engine/step.h"
#include "engine/tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One entry and nothing else: what the playbook wants now is not what it wanted before. */
static void diverged(struct hk_run *run, const struct hk_script_event *event)
{
    struct hk_tx tx;
    if (!hk_run_step_over(run, HK_KIND_RUN_DIVERGED))
        return;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_RUN_DIVERGED, run->id);
    hk_jw_kv(jw, "step", event->step);
    hk_jw_kv(jw, "expected", event->text);
    hk_jw_kv(jw, "got", event->got);
    hk_jw_kv(jw, "where", event->where);
    hk_tx_end(&tx);
    if (!run->is_shadow)
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
        hk_run_finished(run, event->value);
        break;
    case HK_SCRIPT_CONTINUED:
        hk_run_continue(run, event->value, event->where);
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
        run->has_spoken = true;
        hk_pace_note(run->playbook, engine, event->is_slow);
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
