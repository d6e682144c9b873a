/*
 * gate_decide: a person's answer, or none in time.
 *
 * What follows is written in one transaction (the vote, the decision, the step's intent with its
 * containment), so there is no moment at which a decision stands without what follows from it.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/dispatch.h"
#include "engine/gate.h"
#include "engine/gate_op.h"
#include "engine/memory.h"
#include "engine/proof.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/tenant.h"

#include <string.h>

/* --- judging --- */

static bool choice_is_offered(const struct hk_gate_op *op)
{
    const struct hk_json *choices = hk_json_get(op->opened.root, "choices");
    if (!op->approve)
        return true;
    if (choices == NULL)
        return op->choice == NULL;
    for (const struct hk_json *item = choices->first; item != NULL; item = item->next) {
        if (op->choice != NULL && hk_json_string(item) != NULL &&
            strcmp(hk_json_string(item), op->choice) == 0)
            return true;
    }
    return false;
}

/* Voices for the same thing: an approval, or the same choice. */
static int64_t voices(const struct hk_gate_op *op)
{
    int64_t count = 0;
    for (size_t i = 0; i < op->vote_count; i++) {
        const char *choice = op->votes[i].choice;
        count += (choice == NULL) == (op->choice == NULL) &&
                 (choice == NULL || strcmp(choice, op->choice) == 0);
    }
    return count;
}

static bool has_voted(const struct hk_gate_op *op)
{
    for (size_t i = 0; i < op->vote_count; i++) {
        if (strcmp(op->votes[i].actor, op->actor.id) == 0)
            return true;
    }
    return false;
}

/* A no needs no proof: whoever finds something wrong must not need a device to say so. */
static enum hk_status check_proof(const struct hk_gate_op *op, struct hk_error *error)
{
    const char *kind = hk_json_string_at(hk_gate_op_current(op), "covers.kind", "");
    return op->approve ? hk_proof_check(op->engine, op->tenant, &op->actor, kind, error) : HK_OK;
}

/* May this person decide this gate with this digest? False: the op has been ended. */
static bool may_decide(struct hk_gate_op *op)
{
    struct hk_error error = {0};
    if (!hk_gate_op_may_speak(op) || !hk_gate_op_has_seen(op))
        return false;
    if (has_voted(op))
        hk_gate_op_conflict(op, "you have already approved it; another person is needed");
    else if (!choice_is_offered(op))
        hk_gate_op_refuse(op, HK_INVALID, "choice: not one of those offered");
    else if (check_proof(op, &error) != HK_OK)
        hk_gate_op_refuse(op, error.status, error.text);
    else
        return true;
    return false;
}

/* A question that was answered in the meantime does not expire. */
static bool may_expire(struct hk_gate_op *op)
{
    if (op->state == HK_GATE_PENDING)
        return true;
    hk_gate_op_end(op, HK_OK, NULL);
    return false;
}

/* --- writing what follows --- */

static void write_vote(struct hk_gate_op *op, struct hk_tx *tx)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_VOTED, op->gate);
    hk_jw_kv(jw, "decision", op->approve ? "approve" : "reject");
    hk_jw_kv(jw, "via", op->actor.has_session ? "session" : "token");
    if (op->actor.proven_us != 0)
        hk_jw_kv_i64(jw, "proven_us", op->actor.proven_us);
    hk_jw_kv(jw, "digest", op->digest);
    if (op->reason != NULL)
        hk_jw_kv(jw, "reason", op->reason);
    if (op->choice != NULL)
        hk_jw_kv(jw, "choice", op->choice);
    hk_tx_end(tx);
}

static void write_by(const struct hk_gate_op *op, struct hk_jw *jw)
{
    hk_jw_array(jw);
    for (size_t i = 0; i < op->vote_count; i++)
        hk_jw_string(jw, op->votes[i].actor);
    hk_jw_array_end(jw);
}

static void write_decided(struct hk_gate_op *op, struct hk_tx *tx)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_DECIDED, op->gate);
    hk_jw_kv(jw, "outcome", op->approve ? "approved" : "rejected");
    hk_jw_key(jw, "by");
    if (op->approve) {
        write_by(op, jw);
    } else {
        hk_jw_array(jw);
        hk_jw_string(jw, op->actor.id);
        hk_jw_array_end(jw);
    }
    if (op->reason != NULL)
        hk_jw_kv(jw, "reason", op->reason);
    if (op->choice != NULL)
        hk_jw_kv(jw, "choice", op->choice);
    hk_tx_end(tx);
    if (!hk_gate_step_to(&op->state, HK_KIND_GATE_DECIDED, op->approve))
        hk_engine_must(HK_INTERNAL, "deciding a gate", NULL);
    op->engine->stats.gates_decided++;
}

static void settle_rejected(
    struct hk_gate_op *op, struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    struct hk_error text = {0};
    (void)hk_fail(&text, HK_DENIED, "rejected%s%s", op->reason == NULL ? "" : ": ",
        op->reason == NULL ? "" : op->reason);
    hk_step_settle(run, step, tx, false, text.text, "rejected");
}

static void settle_answer(
    struct hk_gate_op *op, struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    struct hk_buf value;
    struct hk_jw jw;
    hk_buf_init(&value, HK_REASON_SIZE_MAX * 8);
    hk_jw_init(&jw, &value);
    if (op->choice != NULL)
        hk_jw_string(&jw, op->choice);
    else
        hk_jw_bool(&jw, true);
    hk_step_settle(run, step, tx, true, value.data, "answer");
    hk_buf_done(&value);
}

/* Things have changed since the question was put: the approval is void and a new gate is open. */
static void void_and_ask_again(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step,
    const struct hk_act *act, struct hk_tx *tx)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_VOIDED, op->gate);
    hk_jw_kv(jw, "run", run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "why", "what it covers has changed");
    hk_tx_end(tx);
    op->state = HK_GATE_VOID;
    op->answer_status = HK_CONFLICT;
    hk_gate_open(run, step, act, tx);
}

/* An approved action: I4, the digest is computed again from what is true now. */
static void intend_approved(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step,
    struct hk_act *act, struct hk_tx *tx)
{
    struct hk_buf covers;
    struct hk_buf by;
    struct hk_jw jw;
    char digest[HK_SHA256_HEX_SIZE];
    hk_buf_init(&covers, HK_PAYLOAD_SIZE_MAX / 2);
    hk_buf_init(&by, HK_REASON_SIZE_MAX * 8);
    hk_gate_go_on_asking(hk_json_get(hk_gate_op_current(op), "covers"), &act->verdict);
    hk_gate_covers(run, step, act, &covers, digest);
    if (strcmp(digest, op->digest) != 0) {
        void_and_ask_again(op, run, step, act, tx);
        goto out;
    }
    write_decided(op, tx);
    hk_jw_init(&jw, &by);
    write_by(op, &jw);
    hk_dispatch_intend(run, step, act, by.data, tx);
    op->intended_run = run; /* pinned by the write until hk_gate_op_written has run */
    op->intended_step = step;
out:
    hk_buf_done(&covers);
    hk_buf_done(&by);
}

/* Could what is approved be done now? If not nothing is written, the question stays open, and the
 * person hears why: an approval is not spent on what can't follow from it. */
static enum hk_status can_follow(
    struct hk_run *run, const struct hk_step *step, struct hk_act *act, struct hk_error *error)
{
    if (hk_act_prepare(run, step, act, error) != HK_OK)
        return hk_error_prefix(error, "it can't be carried out now");
    if (act->verdict.outcome < HK_MAY_ASK)
        return hk_fail(error, HK_CONFLICT, "authority denies it by now: %s", act->verdict.why);
    return HK_OK;
}

static void decide(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step)
{
    struct hk_tx tx;
    struct hk_act act = {0};
    struct hk_error error = {0};
    bool is_action = strcmp(step->waits_for, "gate") == 0;
    if (op->approve && is_action && can_follow(run, step, &act, &error) != HK_OK) {
        hk_act_done(&act);
        hk_gate_op_conflict(op, error.text);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    write_vote(op, &tx);
    if (op->approve)
        hk_gate_op_add_vote(op, op->actor.id, op->choice);
    if (!op->approve) {
        write_decided(op, &tx);
        settle_rejected(op, run, step, &tx);
    } else if (voices(op) < hk_json_i64_at(hk_gate_op_current(op), "quorum", 1)) {
        /* one more voice is needed: the vote stands, nothing follows yet */
    } else if (is_action) {
        intend_approved(op, run, step, &act, &tx);
    } else {
        write_decided(op, &tx);
        settle_answer(op, run, step, &tx);
    }
    hk_act_done(&act);
    hk_gate_op_standing(op);
    hk_crashpoint("before-decision");
    hk_tx_commit(&tx, HK_LANE_URGENT, run, hk_gate_op_written, op);
    if (step->state == HK_STEP_SETTLED)
        hk_step_deliver(run, step);
}

static void expire(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step)
{
    struct hk_tx tx;
    struct hk_buf value;
    const struct hk_json *otherwise = hk_json_get(op->opened.root, "otherwise");
    hk_buf_init(&value, HK_ARGS_SIZE_MAX);
    hk_tx_begin(&tx, op->engine, op->tenant, "engine");
    hk_tx_simple(&tx, HK_KIND_GATE_EXPIRED, op->gate, "run", run->id, "step", step->path);
    if (otherwise != NULL) {
        hk_json_canonical(otherwise, &value);
        hk_step_settle(run, step, &tx, true, value.data, "expired");
    } else {
        hk_step_settle(run, step, &tx, false, "expired: nobody answered in time", "expired");
    }
    hk_buf_done(&value);
    hk_tx_commit(&tx, HK_LANE_URGENT, run, hk_gate_op_written, op);
    hk_step_deliver(run, step);
}

/* --- in --- */

void hk_gate_expire(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate)
{
    struct hk_gate_op *op = hk_gate_op_new(engine, tenant, gate);
    op->is_expiry = true;
    op->check = may_expire;
    op->act = expire;
    hk_gate_op_begin(op);
}

void hk_engine_decide(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_decision *decision, hk_reply_fn *reply, void *ctx)
{
    struct hk_gate_op *op = hk_gate_op_new(engine, hk_tenant_of(engine, tenant), gate);
    op->check = may_decide;
    op->act = decide;
    op->approve = decision->approve;
    op->digest = hk_strdup(decision->digest);
    op->reason = hk_strdup(decision->reason);
    op->choice = hk_strdup(decision->choice);
    hk_gate_op_ask(op, actor, reply, ctx);
}
