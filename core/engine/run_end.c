/*
 * run_end: see run_end.h. What a run called is found before anything is written, since it may have
 * to be read: the run with all that it waits for, and what those wait for. Each is marked as ended
 * when it is found, so that nothing new begins below it. Then one write holds all.
 */
#include "engine/run_end.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/call.h"
#include "engine/case_soon.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/step.h"

#include <stdlib.h>
#include <string.h>

static const char orphaned[] = "the run that called it has ended";

enum { AGAIN_MS = 200 };

struct ending {
    struct hk_run *run; /* pinned */
    enum hk_kind kind;
    char *text;
    char *actor;
    hk_tx_done_fn *done;
    void *ctx;
    struct hk_run **called; /* pinned: they end with it */
    size_t called_count;
    size_t open; /* that are being read */
    bool is_cut; /* there are more than one write may hold */
};

bool hk_run_step_over(struct hk_run *run, enum hk_kind kind)
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

/* --- writing --- */

static void void_gates(struct hk_run *run, struct hk_tx *tx, const char *why)
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

static void write_run(struct hk_tx *tx, struct hk_run *run, enum hk_kind kind, const char *text)
{
    struct hk_jw *jw = hk_tx_entry(tx, kind, run->id);
    if (kind == HK_KIND_RUN_FINISHED)
        hk_jw_kv_raw(jw, "value", text);
    else
        hk_jw_kv(jw, kind == HK_KIND_RUN_FAILED ? "error" : "reason", text);
    hk_tx_end(tx);
    if (kind == HK_KIND_RUN_FAILED && !run->is_shadow)
        hk_notice_about(tx, HK_REASON_FAILED, run->id);
    if (kind != HK_KIND_RUN_FINISHED)
        void_gates(
            run, tx, kind == HK_KIND_RUN_FAILED ? "its run failed" : "its run was cancelled");
}

/* A person's word goes first, unless that would put the end of a run before what it did. */
static enum hk_lane lane_of(const struct ending *ending)
{
    if (ending->actor == NULL)
        return HK_LANE_NORMAL;
    for (size_t i = 0; i < ending->called_count; i++) {
        if (ending->called[i]->writes_open > 0)
            return HK_LANE_NORMAL;
    }
    return HK_LANE_URGENT;
}

static void on_written(void *ctx)
{
    struct ending *ending = ctx;
    hk_crashpoint("ended");
    if (ending->done != NULL)
        ending->done(ending->ctx);
    for (size_t i = 0; i < ending->called_count; i++)
        hk_run_unpin(ending->called[i]);
    hk_run_unpin(ending->run);
    free(ending->called);
    free(ending->actor);
    free(ending->text);
    free(ending);
}

/* Nothing of it is in memory any more but what is being written. */
static void let_go(struct hk_run *run, bool is_cut)
{
    hk_run_sleep(run);
    if (is_cut)
        hk_call_end_called(run);
    if (run->alert->state == HK_ALERT_CLOSED || run->end == HK_RUN_CANCELLED)
        hk_case_soon(run->engine, run->tenant, run->alert->in_case);
}

static void write_end(struct hk_run *run, struct hk_run *caller, void *ctx)
{
    struct ending *ending = ctx;
    struct hk_step *settled = NULL;
    bool is_cut = ending->is_cut;
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, ending->actor == NULL ? "engine" : ending->actor);
    write_run(&tx, run, ending->kind, ending->text);
    tx.actor = "engine";
    for (size_t i = 0; i < ending->called_count; i++)
        write_run(&tx, ending->called[i], HK_KIND_RUN_CANCELLED, orphaned);
    if (caller != NULL)
        settled = hk_call_settle(&tx, run, ending->kind, ending->text, caller);
    run->engine->stats.runs_finished += ending->kind == HK_KIND_RUN_FINISHED;
    run->engine->stats.runs_failed += ending->kind == HK_KIND_RUN_FAILED;
    hk_crashpoint("ending");
    if (settled != NULL)
        hk_tx_commit_two(&tx, run, caller, on_written, ending);
    else
        hk_tx_commit(&tx, lane_of(ending), run, on_written, ending);
    if (settled != NULL)
        hk_step_deliver(caller, settled);
    for (size_t i = 0; i < ending->called_count; i++)
        let_go(ending->called[i], is_cut);
    let_go(run, is_cut);
}

/* --- what it called --- */

/* One that is being read. */
struct finding {
    struct ending *ending;
    struct hk_run *caller; /* of the ending, so it is pinned */
    char run[HK_ID_SIZE];
    struct hk_timer *timer; /* until it is tried again */
};

static void find_called(struct ending *ending, struct hk_run *run);

static void found_one(struct ending *ending)
{
    if (--ending->open == 0)
        hk_call_with_caller(ending->run, write_end, ending);
}

static void look(void *ctx);

/* Readers are busy, or its beginning is not on disk yet: that says nothing about it. */
static bool try_again(struct finding *finding, const struct hk_error *error)
{
    struct hk_engine *engine = finding->ending->run->engine;
    bool is_late = error->status == HK_NOT_FOUND && finding->caller->writes_open > 0;
    if (error->status != HK_BUSY && error->status != HK_TIMEOUT && !is_late)
        return false;
    if (finding->timer == NULL)
        finding->timer = hk_timer_new(engine->options.loop, look, finding);
    hk_engine_must(finding->timer == NULL ? HK_NOMEM : HK_OK, "the end of a run", NULL);
    hk_timer_arm(finding->timer, AGAIN_MS);
    return true;
}

static void take_called(struct ending *ending, struct hk_run *run)
{
    if (run->end != HK_RUN_RUNNING)
        return; /* it has ended, or a person looks at it */
    if (ending->called_count == HK_CALLED_ENDED_MAX) {
        ending->is_cut = true;
        return;
    }
    if (!hk_run_step_over(run, HK_KIND_RUN_CANCELLED))
        return;
    hk_run_pin(run);
    ending->called =
        hk_engine_grow(ending->called, (ending->called_count + 1) * sizeof(struct hk_run *));
    ending->called[ending->called_count++] = run;
    hk_dispatch_cancel(run);
    find_called(ending, run);
}

static void on_found(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct finding *finding = ctx;
    struct ending *ending = finding->ending;
    if (run == NULL && try_again(finding, error))
        return;
    if (run == NULL)
        hk_log(HK_LOG_ERROR, "run %s, whose caller has ended: %s", finding->run, error->text);
    else
        take_called(ending, run);
    hk_timer_free(finding->timer);
    free(finding);
    found_one(ending);
}

static void look(void *ctx)
{
    struct finding *finding = ctx;
    const struct hk_run *run = finding->ending->run;
    hk_run_with(run->engine, run->tenant, finding->run, on_found, finding);
}

/* As deep as calls are nested. */
static void find_called(struct ending *ending, struct hk_run *run) // NOLINT(misc-no-recursion)
{
    for (size_t i = 0; i < run->step_count && !ending->is_cut; i++) {
        const struct hk_step *step = run->steps[i];
        if (step->state != HK_STEP_WAITING || step->called[0] == 0)
            continue;
        struct finding *finding = hk_engine_alloc(sizeof *finding);
        *finding = (struct finding){.ending = ending, .caller = run};
        (void)hk_copy_text(finding->run, sizeof finding->run, step->called);
        ending->open++;
        look(finding);
    }
}

/* --- ending --- */

enum hk_status hk_run_end(struct hk_run *run, const struct hk_run_end *end)
{
    enum hk_run_state state = hk_run_state(run);
    if (!hk_run_step_to(&state, end->kind))
        return HK_CONFLICT;
    run->end = state;
    struct ending *ending = hk_engine_alloc(sizeof *ending);
    *ending = (struct ending){.run = run,
        .kind = end->kind,
        .text = hk_strdup(end->text == NULL ? "" : end->text),
        .actor = hk_strdup(end->actor),
        .done = end->done,
        .ctx = end->ctx,
        .open = 1};
    if (ending->text == NULL || (end->actor != NULL && ending->actor == NULL))
        hk_engine_must(HK_NOMEM, "the end of a run", NULL);
    hk_run_pin(run);
    if (end->kind == HK_KIND_RUN_CANCELLED)
        hk_dispatch_cancel(run);
    find_called(ending, run);
    found_one(ending);
    return HK_OK;
}

static void end_run(struct hk_run *run, enum hk_kind kind, const char *text)
{
    const struct hk_run_end end = {.kind = kind, .text = text};
    enum hk_run_state state = hk_run_state(run);
    if (hk_run_end(run, &end) != HK_OK)
        hk_log(HK_LOG_ERROR, "run %s: %s can't follow while %s", run->id, hk_kind_text(kind),
            hk_run_state_text(state));
}

void hk_run_finished(struct hk_run *run, const char *value)
{
    end_run(run, HK_KIND_RUN_FINISHED, value == NULL ? "null" : value);
}

void hk_run_failed(struct hk_run *run, const char *error)
{
    end_run(run, HK_KIND_RUN_FAILED, error);
}

void hk_run_cancelled(struct hk_run *run, const char *why)
{
    if (run->end == HK_RUN_RUNNING)
        end_run(run, HK_KIND_RUN_CANCELLED, why);
}
