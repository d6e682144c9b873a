/*
 * case_op: see case_op.h.
 *
 *   start → turn of the case (and of the other one; the smaller id first, so that two never wait
 * for each other) → read → a merged case is followed → the verb's act → written → answer, turns end
 */
#include "engine/case_op.h"
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_play.h"
#include "engine/case_soon.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "engine/turn.h"

#include <stdlib.h>
#include <string.h>

#define OP_MEMORY_MAX (8UL * 1024 * 1024)
enum { HOPS_MAX = 64 };

static const struct hk_case_verb_fns *fns(const struct hk_case_op *op)
{
    return &hk_case_edits[op->verb];
}

/* --- the end --- */

void hk_case_op_stand(struct hk_case_op *op, struct hk_jw *jw)
{
    hk_buf_clear(&op->answer);
    hk_jw_init(jw, &op->answer);
    hk_jw_object(jw);
    hk_jw_kv(jw, "id", op->id);
    hk_jw_kv(jw, "state", hk_case_state_text(op->state));
    hk_jw_kv(jw, "phase", op->row.phase);
    hk_jw_kv(jw, "assignee", op->row.assignee[0] != 0 ? op->row.assignee : NULL);
    hk_jw_kv(jw, "verdict", op->row.verdict[0] != 0 ? op->row.verdict : NULL);
    hk_jw_kv(jw, "proposed", op->row.proposed[0] != 0 ? op->row.proposed : NULL);
    if (op->row.into[0] != 0)
        hk_jw_kv(jw, "merged_into", op->row.into);
}

static void end(struct hk_case_op *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char first[HK_ID_SIZE];
    char second[HK_ID_SIZE];
    bool swap = op->other[0] != 0 && strcmp(op->other, op->id) < 0;
    (void)hk_copy_text(first, sizeof first, swap ? op->other : op->id);
    (void)hk_copy_text(second, sizeof second, swap ? op->id : op->other);
    if (op->reply != NULL)
        op->reply(op->reply_ctx, status, error, op->answer.data);
    if (op->verb == HK_CASE_CONSIDER && (status == HK_BUSY || status == HK_TIMEOUT))
        hk_case_soon(engine, op->tenant, op->id);
    if (op->run != NULL)
        hk_run_unpin(op->run);
    hk_arena_done(&op->arena);
    hk_buf_done(&op->answer);
    free(op->more);
    free(op);
    if (second[0] != 0)
        hk_turn_end(engine, second);
    hk_turn_end(engine, first);
}

void hk_case_op_done(struct hk_case_op *op)
{
    struct hk_jw jw;
    if (op->answer.size == 0) {
        hk_case_op_stand(op, &jw);
        hk_jw_object_end(&jw);
    }
    end(op, HK_OK, NULL);
}

void hk_case_op_refuse(struct hk_case_op *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    struct hk_jw jw;
    (void)hk_fail(&error, status, "%s", text);
    if (op->run != NULL)
        hk_case_play_refused(op, text);
    hk_buf_clear(&op->answer);
    if (status == HK_CONFLICT) {
        hk_case_op_stand(op, &jw);
        hk_jw_object_end(&jw);
    }
    end(op, status, &error);
}

bool hk_case_op_may(struct hk_case_op *op, enum hk_kind kind)
{
    struct hk_error error = {0};
    if (hk_case_step_to(&op->state, kind))
        return true;
    if (op->state == HK_CASE_MERGED)
        (void)hk_fail(&error, HK_CONFLICT, "it was merged into %s", op->row.into);
    else
        (void)hk_fail(&error, HK_CONFLICT, "it is %s", hk_case_state_text(op->state));
    hk_case_op_refuse(op, HK_CONFLICT, error.text);
    return false;
}

static void on_written(void *ctx)
{
    hk_crashpoint("case-written");
    hk_case_op_done(ctx);
}

/* In the order of everything else: an alert that came in before is in the ledger before. */
void hk_case_op_commit(struct hk_case_op *op, struct hk_tx *tx)
{
    hk_crashpoint("before-case");
    hk_tx_commit(tx, HK_LANE_NORMAL, NULL, on_written, op);
}

const char *hk_case_op_text(struct hk_case_op *op, const char *text)
{
    if (text == NULL)
        return NULL;
    char *copy = hk_arena_copy(&op->arena, text, strlen(text));
    hk_engine_must(copy == NULL ? HK_NOMEM : HK_OK, "a case", NULL);
    return copy;
}

/* --- the way through --- */

static void take_turns(struct hk_case_op *op);

static enum hk_status read_case(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_case_op *op = job;
    hk_tenant tenant = op->tenant->number;
    enum hk_status status =
        hk_query_case_row(reading, tenant, op->id, fns(op)->needs_counts, &op->row, error);
    op->state = hk_case_state_from_text(op->row.state);
    if (status == HK_OK && op->other[0] != 0) {
        status = hk_query_case_row(reading, tenant, op->other, false, &op->other_row, error);
        op->other_state = hk_case_state_from_text(op->other_row.state);
    }
    if (status == HK_OK && fns(op)->read != NULL)
        status = fns(op)->read(reading, op, error);
    return status;
}

/* On with the case that it was merged into, in that one's turn. */
static void follow(struct hk_case_op *op)
{
    struct hk_engine *engine = op->engine;
    char before[HK_ID_SIZE];
    (void)hk_copy_text(before, sizeof before, op->id);
    (void)hk_copy_text(op->id, sizeof op->id, op->row.into);
    op->hops++;
    take_turns(op);
    hk_turn_end(engine, before);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct hk_case_op *op = job;
    if (status != HK_OK)
        hk_case_op_refuse(op, status, error->text);
    else if (op->engine->is_stopping)
        hk_case_op_refuse(op, HK_BUSY, "the engine is stopping; try again later");
    else if (op->state == HK_CASE_MERGED && fns(op)->follows && op->hops < HOPS_MAX)
        follow(op);
    else
        fns(op)->act(op);
}

void hk_case_op_again(struct hk_case_op *op)
{
    struct hk_error error = {0};
    op->joins = hk_case_index_joins(op->engine->cases, op->tenant->number, op->id);
    if (hk_ledger_read(op->engine->ledger, read_case, on_read, op, &error) != HK_OK)
        hk_case_op_refuse(op, error.status, error.text);
}

static void on_caught_up(void *ctx)
{
    hk_case_op_again(ctx);
}

/* Playbooks begin, and runs end, while what they rest on is on its way to the disk: an empty write
 * comes back once all of that is there to be read. */
static void go(void *ctx)
{
    struct hk_case_op *op = ctx;
    struct hk_tx tx;
    if (!fns(op)->follows) {
        hk_case_op_again(op);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_caught_up, op);
}

static void take_second(void *ctx)
{
    struct hk_case_op *op = ctx;
    bool swap = strcmp(op->other, op->id) < 0;
    hk_turn_take(op->engine, swap ? op->id : op->other, go, op);
}

static void take_turns(struct hk_case_op *op)
{
    if (op->other[0] == 0)
        hk_turn_take(op->engine, op->id, go, op);
    else
        hk_turn_take(
            op->engine, strcmp(op->other, op->id) < 0 ? op->other : op->id, take_second, op);
}

void hk_case_op_start(struct hk_case_op *op)
{
    take_turns(op);
}

struct hk_case_op *hk_case_op_new(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id, int verb)
{
    struct hk_case_op *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = tenant;
    op->verb = verb;
    (void)hk_copy_text(op->id, sizeof op->id, id);
    (void)hk_copy_text(op->actor.id, sizeof op->actor.id, "engine");
    hk_arena_init(&op->arena, OP_MEMORY_MAX);
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    return op;
}

/* --- people --- */

static void keep_texts(struct hk_case_op *op, const struct hk_case_change *change)
{
    struct hk_case_change *kept = &op->change;
    const char **const texts[] = {&kept->text, &kept->to, &kept->user, &kept->phase, &kept->verdict,
        &kept->title, &kept->happening, &kept->do_now, &kept->impact, &kept->scope, &kept->other,
        &kept->alert, &kept->evidence.name, &kept->evidence.text, &kept->evidence.place,
        &kept->evidence.sha256, &kept->evidence.note, &kept->task.title, &kept->task.instruction,
        &kept->task.owner};
    *kept = *change;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = hk_case_op_text(op, *texts[i]);
}

void hk_engine_case(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const struct hk_case_change *change, hk_reply_fn *reply, void *ctx)
{
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    struct hk_case_op *op =
        hk_case_op_new(engine, hk_tenant_of(engine, tenant), id, (int)change->verb);
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    keep_texts(op, change);
    if (change->other != NULL && strcmp(change->other, id) != 0)
        (void)hk_copy_text(op->other, sizeof op->other, change->other);
    hk_case_op_start(op);
}
