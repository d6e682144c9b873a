/*
 * task_done: a task is given to somebody, and done. What people say was done by hand becomes part
 * of what is known to be contained: a recommendation that was followed is a containment by hand, an
 * undo by hand ends one.
 *
 * One at a time: in the turn of the containment that the task is about, so that its release and the
 * task's end are never written past each other; else in the task's own.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/case_soon.h"
#include "engine/dispatch.h"
#include "engine/lease.h"
#include "engine/memory.h"
#include "engine/standing.h"
#include "engine/start.h"
#include "engine/task.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/verify.h"
#include "ledger/query_work.h"

#include <stdlib.h>
#include <string.h>

#define TASK_MEMORY_MAX (8UL * 1024 * 1024)
enum { TASK_ENTRIES_MAX = 1000, HELD_AGAIN_MS = 3600 * 1000 };

struct task_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_actor actor;
    char id[HK_ID_SIZE];
    char turn[HK_ID_SIZE]; /* whose turn it has */
    bool is_done;          /* else it is assigned */
    const char *to;        /* assign */
    const char *user;
    struct hk_task_end done;
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_arena arena;
    /* what stands */
    struct hk_task_row row;
    struct hk_chain chain;
    struct hk_json_doc opened;
    enum hk_task_state state;
    struct hk_standing standing; /* of the containment that it is about */
    /* what follows */
    char made[HK_ID_SIZE]; /* the containment by hand */
    struct hk_buf answer;
};

static const char *outcome_text(enum hk_task_outcome outcome)
{
    static const char *const texts[] = {"happened", "did_not", "not_needed"};
    return texts[outcome];
}

static void end(struct task_op *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char turn[HK_ID_SIZE];
    struct hk_jw jw;
    (void)hk_copy_text(turn, sizeof turn, op->turn);
    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", op->id);
    hk_jw_kv(&jw, "state", op->state == HK_TASK_DONE ? "done" : "open");
    hk_jw_kv(&jw, "owner", op->row.owner[0] != 0 ? op->row.owner : NULL);
    if (op->made[0] != 0)
        hk_jw_kv(&jw, "made", op->made);
    hk_jw_object_end(&jw);
    op->reply(op->reply_ctx, status, error, op->answer.data);
    hk_json_doc_done(&op->opened);
    hk_standing_done(&op->standing);
    hk_arena_done(&op->arena);
    hk_buf_done(&op->answer);
    free(op);
    if (turn[0] != 0)
        hk_turn_end(engine, turn);
}

static void refuse(struct task_op *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    end(op, status, &error);
}

static void on_written(void *ctx)
{
    struct task_op *op = ctx;
    hk_crashpoint("task-written");
    if (op->state == HK_TASK_DONE) {
        const char *in_case = hk_json_string_at(op->opened.root, "case", "");
        hk_case_soon(op->engine, op->tenant, in_case);
        hk_case_soon_of_run(op->engine, op->tenant, op->row.run);
    }
    end(op, HK_OK, NULL);
}

/* --- reading what stands --- */

static enum hk_status parse(
    const struct hk_stored *stored, struct hk_json_doc *doc, struct hk_error *error)
{
    if (stored->payload == NULL)
        return hk_fail(error, HK_NOT_FOUND, "what the task said was erased");
    return hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, doc, error);
}

static enum hk_status read_task(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct task_op *op = job;
    hk_tenant tenant = op->tenant->number;
    enum hk_status status = hk_query_task_row(reading, tenant, op->id, &op->row, error);
    if (status == HK_OK)
        status = hk_query_chain(
            reading, tenant, op->id, TASK_ENTRIES_MAX, &op->arena, &op->chain, error);
    hk_standing_init(&op->standing, tenant, op->row.containment);
    if (status == HK_OK && op->row.containment[0] != 0)
        status = hk_standing_read(&op->standing, reading, error);
    return status;
}

static enum hk_status take_chain(struct task_op *op, struct hk_error *error)
{
    enum hk_status status = parse(&op->chain.items[0], &op->opened, error);
    for (size_t i = 0; status == HK_OK && i < op->chain.count; i++) {
        if (!hk_task_step_to(&op->state, op->chain.items[i].entry.kind))
            status = hk_fail(error, HK_CORRUPT, "task %s: its entries don't follow", op->id);
    }
    return status;
}

/* --- a containment by hand --- */

static bool makes_containment(const struct task_op *op)
{
    const char *kind = op->row.kind;
    const char *action_kind = hk_json_string_at(op->opened.root, "action_kind", "");
    return op->done.outcome == HK_TASK_HAPPENED &&
           (strcmp(kind, "recommended") == 0 || strcmp(kind, "fallback") == 0) &&
           (strcmp(action_kind, "contain") == 0 || strcmp(action_kind, "eradicate") == 0);
}

static void copy(struct hk_jw *jw, const struct hk_json *from, const char *key)
{
    if (hk_json_get(from, key) != NULL)
        hk_jw_kv_value(jw, key, hk_json_get(from, key));
}

static void write_containment(struct task_op *op, struct hk_tx *tx)
{
    const struct hk_json *opened = op->opened.root;
    int64_t lease_ms = hk_json_i64_at(opened, "lease_ms", 0);
    char key[HK_SHA256_HEX_SIZE];
    hk_id_new("co", tx->time_us, op->made);
    hk_key_of(op->tenant->name, op->id, "by_hand", key);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_STARTING, op->made);
    hk_jw_kv_bool(jw, "by_hand", true);
    hk_jw_kv(jw, "task", op->id);
    copy(jw, opened, "run");
    copy(jw, opened, "step");
    copy(jw, opened, "action");
    copy(jw, opened, "plugin");
    hk_jw_kv(jw, "kind", hk_json_string_at(opened, "action_kind", ""));
    hk_jw_kv(jw, "effect", "once");
    copy(jw, opened, "args");
    hk_jw_kv(jw, "target", hk_json_string_at(opened, "target", ""));
    hk_jw_kv(jw, "target_type", hk_json_string_at(opened, "target_type", ""));
    hk_jw_kv(jw, "key", key);
    copy(jw, opened, "undo");
    hk_jw_kv(jw, "residual", hk_json_string_at(opened, "residual", ""));
    hk_jw_kv_i64(jw, "lease_ms", lease_ms);
    hk_jw_key(jw, "by");
    hk_jw_array(jw);
    hk_jw_string(jw, op->actor.id);
    hk_jw_array_end(jw);
    hk_jw_kv(jw, "rule", hk_json_string_at(opened, "rule", "by hand"));
    hk_tx_end(tx);

    jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_ACTIVE, op->made);
    hk_jw_kv(jw, "from", "starting");
    hk_jw_kv_bool(jw, "by_hand", true);
    hk_jw_kv_i64(jw, "effective_us", op->done.when_us);
    if (lease_ms > 0)
        hk_jw_kv_i64(jw, "expires_us", op->done.when_us + lease_ms * 1000);
    hk_tx_end(tx);
    if (lease_ms > 0)
        hk_tx_due(tx, op->done.when_us + lease_ms * 1000);
}

/* --- what becomes of the containment that the task is about --- */

static void write_released(struct task_op *op, struct hk_tx *tx, const char *reason)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_RELEASED, op->row.containment);
    hk_jw_kv(jw, "reason", reason);
    hk_jw_kv_bool(jw, "by_hand", true);
    hk_jw_kv(jw, "task", op->id);
    if (op->done.outcome == HK_TASK_HAPPENED)
        hk_jw_kv_i64(jw, "ended_us", op->done.when_us);
    hk_tx_end(tx);
    hk_verify_forget(tx, op->row.containment);
}

/* What was done by hand is to be undone by hand. */
static void end_undo(struct task_op *op, struct hk_tx *tx)
{
    if (op->standing.state != HK_CONTAINMENT_RELEASING)
        return;
    if (op->done.outcome != HK_TASK_DID_NOT) {
        write_released(op, tx, op->done.evidence);
        return;
    }
    int64_t retry_us = tx->time_us + (int64_t)HELD_AGAIN_MS * 1000;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_HELD, op->row.containment);
    hk_jw_kv(jw, "reason", op->done.evidence);
    hk_jw_kv_i64(jw, "retry_us", retry_us);
    hk_tx_end(tx);
    hk_tx_due(tx, retry_us);
}

/* The plugin could not take it back, and a person did. */
static void end_release(struct task_op *op, struct hk_tx *tx)
{
    char key[HK_SHA256_HEX_SIZE];
    enum hk_containment_state state = op->standing.state;
    if (op->done.outcome != HK_TASK_HAPPENED ||
        !hk_containment_step_to(&state, HK_KIND_CONTAINMENT_RELEASING))
        return;
    hk_key_of(op->tenant->name, op->row.containment, "release", key);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_RELEASING, op->row.containment);
    hk_jw_kv(jw, "key", key);
    hk_jw_kv(jw, "reason", op->done.evidence);
    hk_jw_kv_i64(jw, "attempt", op->standing.releases + 1);
    hk_jw_kv_bool(jw, "by_hand", true);
    hk_jw_kv(jw, "task", op->id);
    hk_tx_end(tx);
    write_released(op, tx, op->done.evidence);
}

/* --- the two things that are done to a task --- */

static void done(struct task_op *op)
{
    const char *role = hk_json_string_at(op->opened.root, "role", "analyst");
    struct hk_tx tx;
    if (!op->actor.is_person) {
        refuse(op, HK_DENIED, "only a person says what was done by hand");
        return;
    }
    if (!hk_role_fulfils(op->actor.role, role)) {
        refuse(op, HK_DENIED, "your role may not do this");
        return;
    }
    if (!hk_task_step_to(&op->state, HK_KIND_TASK_DONE)) {
        refuse(op, HK_CONFLICT, "it is done");
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    if (op->done.when_us == 0 || op->done.when_us > tx.time_us)
        op->done.when_us = tx.time_us;
    if (makes_containment(op))
        write_containment(op, &tx);
    if (strcmp(op->row.kind, "undo") == 0)
        end_undo(op, &tx);
    else if (strcmp(op->row.kind, "release") == 0)
        end_release(op, &tx);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_TASK_DONE, op->id);
    hk_jw_kv(jw, "outcome", outcome_text(op->done.outcome));
    hk_jw_kv(jw, "evidence", op->done.evidence);
    hk_jw_kv_i64(jw, "when_us", op->done.when_us);
    if (op->made[0] != 0)
        hk_jw_kv(jw, "made", op->made);
    hk_tx_end(&tx);
    hk_crashpoint("before-task");
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_written, op);
}

static void assign(struct task_op *op)
{
    struct hk_tx tx;
    if (op->chain.count >= HK_TASK_TALK_MAX) {
        refuse(op, HK_LIMIT, "it was given away so often that it can only be done");
        return;
    }
    if (!hk_task_step_to(&op->state, HK_KIND_TASK_ASSIGNED)) {
        refuse(op, HK_CONFLICT, "it is done");
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_tx_simple(&tx, HK_KIND_TASK_ASSIGNED, op->id, "to", op->to, "user", op->user);
    (void)hk_copy_text(op->row.owner, sizeof op->row.owner, op->to);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_written, op);
}

/* --- the way through: whose turn is it, then all of it in that turn --- */

static void on_read(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct task_op *op = job;
    struct hk_error error = {0};
    if (status != HK_OK)
        error = *read_error;
    else
        status = take_chain(op, &error);
    if (status != HK_OK)
        end(op, status, &error);
    else if (op->engine->is_stopping)
        refuse(op, HK_BUSY, "the engine is stopping; try again later");
    else if (op->is_done)
        done(op);
    else
        assign(op);
}

static void go(void *ctx)
{
    struct task_op *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_task, on_read, op, &error) != HK_OK)
        end(op, error.status, &error);
}

static enum hk_status read_row(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct task_op *op = job;
    return hk_query_task_row(reading, op->tenant->number, op->id, &op->row, error);
}

static void on_row(void *job, enum hk_status status, const struct hk_error *error)
{
    struct task_op *op = job;
    if (status != HK_OK) {
        end(op, status, error);
        return;
    }
    (void)hk_copy_text(
        op->turn, sizeof op->turn, op->row.containment[0] != 0 ? op->row.containment : op->id);
    hk_turn_take(op->engine, op->turn, go, op);
}

static const char *keep(struct task_op *op, const char *text)
{
    char *kept =
        hk_arena_copy(&op->arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    hk_engine_must(kept == NULL ? HK_NOMEM : HK_OK, "a task", NULL);
    return kept;
}

static struct task_op *op_new(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *id, hk_reply_fn *reply, void *ctx)
{
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return NULL;
    }
    struct task_op *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = hk_tenant_of(engine, tenant);
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    (void)hk_copy_text(op->id, sizeof op->id, id);
    hk_arena_init(&op->arena, TASK_MEMORY_MAX);
    hk_buf_init(&op->answer, HK_REASON_SIZE_MAX);
    return op;
}

static void start(struct task_op *op)
{
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_row, on_row, op, &error) != HK_OK)
        end(op, error.status, &error);
}

void hk_engine_task_assign(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const char *to, const char *user, hk_reply_fn *reply, void *ctx)
{
    struct task_op *op = op_new(engine, tenant, actor, id, reply, ctx);
    if (op == NULL)
        return;
    op->to = keep(op, to);
    op->user = keep(op, user);
    start(op);
}

void hk_engine_task_done(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const struct hk_task_end *task_end, hk_reply_fn *reply, void *ctx)
{
    struct task_op *op = op_new(engine, tenant, actor, id, reply, ctx);
    if (op == NULL)
        return;
    op->is_done = true;
    op->done = *task_end;
    op->done.evidence = keep(op, task_end->evidence);
    start(op);
}
