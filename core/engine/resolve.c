/*
 * resolve: the ways out that people have: cancel a run, and say what happened to a step that the
 * engine can't know about.
 */
#include "base/text.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/run_end.h"
#include "engine/standing.h"
#include "engine/step.h"
#include "engine/task.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/tx.h"

#include <stdlib.h>
#include <string.h>

struct run_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char run[HK_ID_SIZE];
    struct hk_actor actor;
    bool is_cancel;
    enum hk_resolution resolution;
    char *step;
    char *result;
    char *text; /* reason or evidence */
    hk_reply_fn *reply;
    void *reply_ctx;
    enum hk_run_state state;
    /* of the step's containment, which a person may have released meanwhile: our turn on it */
    struct hk_standing standing; /* id "": there is none */
};

static void op_end(struct run_op *op, enum hk_status status, const char *problem)
{
    struct hk_engine *engine = op->engine;
    char containment[HK_ID_SIZE];
    (void)hk_copy_text(containment, sizeof containment, op->standing.id);
    struct hk_error error = {0};
    struct hk_buf answer;
    struct hk_jw jw;
    hk_buf_init(&answer, HK_REASON_SIZE_MAX);
    hk_jw_init(&jw, &answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", op->run);
    hk_jw_kv(&jw, "state", hk_run_state_text(op->state));
    hk_jw_object_end(&jw);
    if (status != HK_OK)
        (void)hk_fail(&error, status, "%s", problem);
    op->reply(op->reply_ctx, status, status == HK_OK ? NULL : &error, answer.data);
    hk_buf_done(&answer);
    free(op->step);
    free(op->result);
    free(op->text);
    hk_standing_done(&op->standing);
    free(op);
    if (containment[0] != 0)
        hk_turn_end(engine, containment);
}

static void on_written(void *ctx)
{
    op_end(ctx, HK_OK, NULL);
}

/* --- cancel --- */

static void cancel(struct run_op *op, struct hk_run *run)
{
    const struct hk_run_end end = {.kind = HK_KIND_RUN_CANCELLED,
        .text = op->text,
        .actor = op->actor.id,
        .done = on_written,
        .ctx = op};
    op->state = HK_RUN_CANCELLED;
    if (hk_run_end(run, &end) == HK_OK)
        return;
    op->state = hk_run_state(run);
    op_end(op, HK_CONFLICT, "the run has ended");
}

/* --- resolve --- */

static void write_resolved(
    struct run_op *op, struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    bool happened = op->resolution == HK_RESOLVE_HAPPENED;
    const char *value = happened ? (op->result == NULL ? "{}" : op->result)
                                 : "a person found that it did not happen";
    if (!hk_step_step_to(&step->state, HK_KIND_STEP_RESOLVED))
        hk_engine_must(HK_INTERNAL, "resolving a step", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_RESOLVED, run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv_bool(jw, "ok", happened);
    if (happened)
        hk_jw_kv_raw(jw, "value", value);
    else
        hk_jw_kv(jw, "reason", value);
    hk_jw_kv(jw, "how", happened ? "happened" : "did_not");
    hk_jw_kv(jw, "evidence", op->text);
    hk_jw_kv_i64(jw, "at_us", tx->time_us);
    hk_tx_end(tx);
    step->ok = happened;
    step->value = hk_run_text(run, value);
    step->time_us = tx->time_us;
    step->order = ++run->settled_count;
    run->record_size += strlen(value);
    if (!happened)
        hk_task_open_fallback(tx, run, step, value);
    /* Released by hand while the step was unknown: what happened no longer stands. */
    if (op->standing.state != HK_CONTAINMENT_UNKNOWN)
        return;
    if (happened)
        hk_containment_active(step, tx, "unknown", value);
    else
        hk_tx_simple(
            tx, HK_KIND_CONTAINMENT_FAILED, step->containment, "reason", value, NULL, NULL);
}

static void resolve(struct run_op *op, struct hk_run *run)
{
    struct hk_tx tx;
    struct hk_step *step = op->step == NULL ? NULL : hk_run_step(run, op->step);
    op->state = hk_run_state(run);
    if (op->resolution == HK_RESOLVE_ABANDON) {
        cancel(op, run);
        return;
    }
    if (step == NULL) {
        op_end(op, HK_NOT_FOUND, "the run has no such step");
        return;
    }
    if (step->state != HK_STEP_UNKNOWN) {
        op_end(op, HK_CONFLICT, "the step is not unknown: there is nothing to resolve");
        return;
    }
    if (op->result != NULL && !hk_run_has_room(run, strlen(op->result))) {
        op_end(op, HK_LIMIT, "the record of the run has no room for the result: leave it out");
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    write_resolved(op, run, step, &tx);
    op->state = hk_run_state(run);
    hk_tx_due(&tx, 0); /* the end of its time stood still while nobody knew */
    hk_tx_commit(&tx, HK_LANE_URGENT, run, on_written, op);
    hk_step_deliver(run, step);
}

/* --- the step's containment first --- */

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *error);

static enum hk_status read_containment(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct run_op *op = job;
    return hk_standing_read(&op->standing, reading, error);
}

static void on_containment(void *job, enum hk_status status, const struct hk_error *error)
{
    struct run_op *op = job;
    if (status != HK_OK)
        op_end(op, status, error->text);
    else
        hk_run_with(op->engine, op->tenant, op->run, on_run, op);
}

static void go(void *ctx)
{
    struct run_op *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_containment, on_containment, op, &error) != HK_OK)
        op_end(op, error.status, error.text);
}

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct run_op *op = ctx;
    if (run == NULL) {
        op_end(op, error->status, error->text);
        return;
    }
    const struct hk_step *step = op->step == NULL ? NULL : hk_run_step(run, op->step);
    if (op->is_cancel) {
        cancel(op, run);
    } else if (step != NULL && step->containment[0] != 0 && op->standing.id[0] == 0) {
        hk_standing_init(&op->standing, op->tenant->number, step->containment);
        hk_turn_take(op->engine, op->standing.id, go, op);
    } else {
        resolve(op, run);
    }
}

static void start(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const struct run_op *draft, hk_reply_fn *reply, void *ctx)
{
    struct run_op *op = hk_engine_alloc(sizeof *op);
    *op = *draft;
    op->engine = engine;
    op->tenant = hk_tenant_of(engine, tenant);
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    op->state = HK_RUN_NONE;
    (void)hk_copy_text(op->run, sizeof op->run, run);
    if (!engine->is_ready || engine->is_stopping)
        op_end(op, HK_BUSY, "the engine is not ready; try again later");
    else
        hk_run_with(engine, op->tenant, op->run, on_run, op);
}

void hk_engine_run_cancel(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const char *reason, hk_reply_fn *reply, void *ctx)
{
    const struct run_op draft = {
        .is_cancel = true, .text = hk_strdup(reason == NULL ? "cancelled" : reason)};
    start(engine, tenant, actor, run, &draft, reply, ctx);
}

void hk_engine_run_resolve(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const struct hk_resolve *resolution, hk_reply_fn *reply, void *ctx)
{
    const struct run_op draft = {
        .resolution = resolution->resolution,
        .step = hk_strdup(resolution->step),
        .result = hk_strdup(resolution->result),
        .text = hk_strdup(resolution->evidence),
    };
    start(engine, tenant, actor, run, &draft, reply, ctx);
}
