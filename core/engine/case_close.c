/*
 * case_close: a case ends. A person closes it, and its open alerts with it; or the engine does,
 * when all of its alerts are closed, no run goes on, nothing is contained, no task is open and
 * nobody took it on. While one of these holds it open, what it should be closed with is proposed.
 */
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_op.h"
#include "engine/case_soon.h"
#include "engine/dedupe.h"
#include "engine/memory.h"

#include <string.h>

/* An alert that comes in while the case is being closed is looked at once more, but whoever keeps
 * sending must not keep a case from being closed. */
enum { LOOKS_MAX = 8 };

enum hk_status hk_case_read_alerts_open(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error)
{
    return hk_query_case_part(reading, op->tenant->number, op->id, HK_CASE_ALERTS_OPEN,
        HK_CASE_BATCH_MAX, op->ids, &op->id_count, error);
}

static bool alert_came_in(struct hk_case_op *op)
{
    return op->hops++ < LOOKS_MAX &&
           hk_case_index_joins(op->engine->cases, op->tenant->number, op->id) != op->joins;
}

/* --- by a person --- */

static void close_alert(struct hk_case_op *op, struct hk_tx *tx, const char *id)
{
    struct hk_alert *held = hk_map_get(&op->engine->alerts, id);
    /* A playbook has closed it, and that is on its way to the disk. */
    if (held != NULL && !hk_alert_step_to(&held->state, HK_KIND_ALERT_CLOSED))
        return;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_ALERT_CLOSED, id);
    hk_jw_kv(jw, "verdict", op->change.verdict);
    hk_jw_kv(jw, "case", op->id);
    hk_tx_end(tx);
    hk_dedupe_forget(op->engine->dedupe, id);
}

static void on_batch(void *ctx)
{
    hk_case_op_again(ctx);
}

static void write_closed(
    struct hk_case_op *op, struct hk_tx *tx, const char *verdict, const char *note)
{
    hk_tx_simple(tx, HK_KIND_CASE_CLOSED, op->id, "verdict", verdict, "note", note);
    (void)hk_copy_text(op->row.verdict, sizeof op->row.verdict, verdict);
    hk_case_index_set(op->engine->cases, op->tenant->number, op->id, false, "");
}

static void write_standing(struct hk_case_op *op)
{
    struct hk_jw jw;
    hk_case_op_stand(op, &jw);
    hk_jw_kv_i64(&jw, "runs_live", op->row.runs_live);
    hk_jw_kv_i64(&jw, "approvals_pending", op->row.approvals_pending);
    hk_jw_kv_i64(&jw, "containments_live", op->row.containments_live);
    hk_jw_kv_i64(&jw, "tasks_open", op->row.tasks_open);
    hk_jw_object_end(&jw);
}

void hk_case_close(struct hk_case_op *op)
{
    struct hk_tx tx;
    enum hk_case_state closed = op->state;
    bool is_last = op->id_count < HK_CASE_BATCH_MAX;
    if (!hk_case_step_to(&closed, HK_KIND_CASE_CLOSED)) {
        (void)hk_case_op_may(op, HK_KIND_CASE_CLOSED);
        return;
    }
    if (is_last && alert_came_in(op)) {
        hk_case_op_again(op);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    for (size_t i = 0; i < op->id_count; i++)
        close_alert(op, &tx, op->ids[i]);
    if (!is_last) {
        hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_batch, op);
        return;
    }
    op->state = closed;
    write_closed(op, &tx, op->change.verdict, op->change.text);
    write_standing(op);
    hk_case_op_commit(op, &tx);
}

/* --- by itself --- */

/* What holds the case open; NULL: nothing does. */
static const char *held_open_by(const struct hk_case_row *row)
{
    if (row->containments_live > 0)
        return "something is contained still";
    if (row->tasks_open > 0)
        return "a task is open still";
    if (row->assignee[0] != 0)
        return "whoever took it on closes it";
    return NULL;
}

static void propose(struct hk_case_op *op, const char *verdict, const char *why)
{
    struct hk_tx tx;
    bool is_recovering =
        op->row.containments_live > 0 && hk_phase_is_before(op->row.phase, "recover");
    if (strcmp(op->row.proposed, verdict) == 0 && !is_recovering) {
        hk_case_op_done(op);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    if (strcmp(op->row.proposed, verdict) != 0)
        hk_tx_simple(&tx, HK_KIND_CASE_PROPOSED, op->id, "verdict", verdict, "note", why);
    if (is_recovering)
        (void)hk_case_index_move(op->engine->cases, op->tenant->number, op->id, "recover");
    if (is_recovering)
        hk_tx_simple(
            &tx, HK_KIND_CASE_PHASE, op->id, "phase", "recover", "reason", "its alerts are closed");
    hk_case_op_commit(op, &tx);
}

void hk_case_consider(struct hk_case_op *op)
{
    const struct hk_case_row *row = &op->row;
    struct hk_tx tx;
    if (op->state != HK_CASE_OPEN || row->alerts == 0 || row->alerts_open > 0 ||
        row->runs_live > 0) {
        hk_case_op_done(op);
        return;
    }
    if (alert_came_in(op)) {
        hk_case_op_again(op);
        return;
    }
    const char *verdict = row->verdict_of_alerts[0] != 0 ? row->verdict_of_alerts : "undetermined";
    const char *why = held_open_by(row);
    if (why != NULL) {
        propose(op, verdict, why);
        return;
    }
    if (!hk_case_op_may(op, HK_KIND_CASE_CLOSED))
        return;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    write_closed(op, &tx, verdict, "all of its alerts are closed");
    hk_case_op_commit(op, &tx);
}
