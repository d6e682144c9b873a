/*
 * gate_decide: a person's answer, or none in time.
 *
 * One at a time per gate (hk_turn_take): read the gate's entries, bring its run into memory, judge,
 * write everything that follows in one transaction (the vote, the decision, the step's intent with
 * its containment), and answer once that is on disk. So there is no moment at which a decision
 * stands without what follows from it.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/dispatch.h"
#include "engine/gate.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/step.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/tx.h"

#include <stdlib.h>
#include <string.h>

#define GATE_MEMORY_MAX (8UL * 1024 * 1024)
enum { GATE_ENTRIES_MAX = 1000 };

struct vote {
    const char *actor;
    const char *choice; /* of a question, or NULL */
};

struct gate_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char gate[HK_ID_SIZE];
    bool is_expiry;
    struct hk_actor actor;
    bool approve;
    char *digest;
    char *reason;
    char *choice;
    hk_reply_fn *reply;
    void *reply_ctx;
    /* what stands */
    struct hk_arena arena;
    struct hk_chain chain;
    struct hk_json_doc opened;
    enum hk_gate_state state;
    struct hk_json_doc decided; /* last gate.decided */
    struct vote *votes;
    size_t vote_count;
    /* what follows */
    struct hk_buf answer;
    enum hk_status answer_status;
    struct hk_run *intended_run; /* an approved action: its call leaves once this is on disk */
    struct hk_step *intended_step;
};

static void op_free(struct gate_op *op)
{
    hk_json_doc_done(&op->opened);
    hk_json_doc_done(&op->decided);
    hk_arena_done(&op->arena);
    hk_buf_done(&op->answer);
    free(op->votes);
    free(op->digest);
    free(op->reason);
    free(op->choice);
    free(op);
}

/* The end of every op: tell whoever asked, let the next one go. */
static void op_end(struct gate_op *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char gate[HK_ID_SIZE];
    (void)hk_copy_text(gate, sizeof gate, op->gate);
    if (op->reply != NULL)
        op->reply(op->reply_ctx, status, error, op->answer.data);
    op_free(op);
    hk_turn_end(engine, gate);
}

static void op_refuse(struct gate_op *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    op_end(op, status, &error);
}

/* {"id","state","digest","decisions":[…]}: what stands */
static void write_standing(struct gate_op *op)
{
    struct hk_jw jw;
    hk_buf_clear(&op->answer);
    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", op->gate);
    hk_jw_kv(&jw, "state", hk_gate_state_text(op->state));
    hk_jw_kv(&jw, "digest", hk_json_string_at(op->opened.root, "digest", ""));
    hk_jw_kv(&jw, "run", hk_json_string_at(op->opened.root, "run", ""));
    hk_jw_kv_i64(&jw, "quorum", hk_json_i64_at(op->opened.root, "quorum", 1));
    hk_jw_kv_i64(&jw, "votes", (int64_t)op->vote_count);
    hk_jw_key(&jw, "approved_by");
    hk_jw_array(&jw);
    for (size_t i = 0; i < op->vote_count; i++)
        hk_jw_string(&jw, op->votes[i].actor);
    hk_jw_array_end(&jw);
    if (op->decided.root != NULL)
        hk_jw_kv_value(&jw, "decided", op->decided.root);
    hk_jw_object_end(&jw);
}

static void op_conflict(struct gate_op *op, const char *text)
{
    write_standing(op);
    op_refuse(op, HK_CONFLICT, text);
}

/* --- reading what stands --- */

static enum hk_status read_gate(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct gate_op *op = job;
    return hk_query_chain(
        reading, op->tenant->number, op->gate, GATE_ENTRIES_MAX, &op->arena, &op->chain, error);
}

static const char *keep_text(struct gate_op *op, const char *text)
{
    return text == NULL ? NULL : hk_arena_copy(&op->arena, text, strlen(text));
}

static void add_vote(struct gate_op *op, const char *actor, const char *choice)
{
    op->votes = hk_engine_grow(op->votes, (op->vote_count + 1) * sizeof *op->votes);
    op->votes[op->vote_count++] = (struct vote){.actor = actor, .choice = choice};
}

static enum hk_status take_entry(
    struct gate_op *op, const struct hk_stored *stored, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    if (stored->payload == NULL)
        return hk_fail(error, HK_NOT_FOUND, "the gate was erased");
    enum hk_status status =
        hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error);
    if (status != HK_OK)
        return status;
    bool approved = strcmp(hk_json_string_at(doc.root, "outcome", ""), "approved") == 0;
    if (!hk_gate_step_to(&op->state, stored->entry.kind, approved))
        status = hk_fail(error, HK_CORRUPT, "gate %s: %s can't follow while %s", op->gate,
            hk_kind_text(stored->entry.kind), hk_gate_state_text(op->state));
    else if (stored->entry.kind == HK_KIND_GATE_OPENED)
        op->opened = doc;
    else if (stored->entry.kind == HK_KIND_GATE_DECIDED)
        op->decided = doc;
    else if (stored->entry.kind == HK_KIND_GATE_VOTED &&
             strcmp(hk_json_string_at(doc.root, "decision", ""), "approve") == 0)
        add_vote(
            op, stored->entry.actor, keep_text(op, hk_json_string_at(doc.root, "choice", NULL)));
    if (stored->entry.kind != HK_KIND_GATE_OPENED && stored->entry.kind != HK_KIND_GATE_DECIDED)
        hk_json_doc_done(&doc);
    return status;
}

/* --- judging --- */

static bool is_excluded(const struct gate_op *op)
{
    const struct hk_json *excluded = hk_json_get(op->opened.root, "excluded");
    for (const struct hk_json *who = excluded == NULL ? NULL : excluded->first; who != NULL;
         who = who->next) {
        if (hk_json_string(who) != NULL && strcmp(hk_json_string(who), op->actor.id) == 0)
            return true;
    }
    return false;
}

static bool choice_is_offered(const struct gate_op *op)
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
static int64_t voices(const struct gate_op *op)
{
    int64_t count = 0;
    for (size_t i = 0; i < op->vote_count; i++) {
        const char *choice = op->votes[i].choice;
        count += (choice == NULL) == (op->choice == NULL) &&
                 (choice == NULL || strcmp(choice, op->choice) == 0);
    }
    return count;
}

static bool has_voted(const struct gate_op *op)
{
    for (size_t i = 0; i < op->vote_count; i++) {
        if (strcmp(op->votes[i].actor, op->actor.id) == 0)
            return true;
    }
    return false;
}

/* May this person decide this gate with this digest? False: the op has been ended. */
static bool may_decide(struct gate_op *op)
{
    const char *role = hk_json_string_at(op->opened.root, "role", "approver");
    if (!op->actor.is_person)
        op_refuse(op, HK_DENIED, "only a person decides, a service token never does");
    else if (!hk_role_fulfils(op->actor.role, role))
        op_refuse(op, HK_DENIED, "your role may not decide this");
    else if (is_excluded(op))
        op_refuse(op, HK_DENIED, "whoever asked for it may not decide it");
    else if (op->state != HK_GATE_PENDING)
        op_conflict(op, "it is already decided");
    else if (op->digest == NULL ||
             strcmp(op->digest, hk_json_string_at(op->opened.root, "digest", "")) != 0)
        op_conflict(op, "the digest is not that of what is asked now");
    else if (has_voted(op))
        op_conflict(op, "you have already approved it; another person is needed");
    else if (!choice_is_offered(op))
        op_refuse(op, HK_INVALID, "choice: not one of those offered");
    else
        return true;
    return false;
}

/* --- writing what follows --- */

static void on_written(void *ctx)
{
    struct gate_op *op = ctx;
    struct hk_error error = {0};
    hk_crashpoint("decided");
    if (op->intended_run != NULL)
        hk_dispatch_send(op->intended_run, op->intended_step, HK_CALL_START);
    if (op->answer_status != HK_OK)
        (void)hk_fail(&error, op->answer_status,
            "what was approved has changed since; a new question is open");
    op_end(op, op->answer_status, op->answer_status == HK_OK ? NULL : &error);
}

static void write_vote(struct gate_op *op, struct hk_tx *tx)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_GATE_VOTED, op->gate);
    hk_jw_kv(jw, "decision", op->approve ? "approve" : "reject");
    hk_jw_kv(jw, "digest", op->digest);
    if (op->reason != NULL)
        hk_jw_kv(jw, "reason", op->reason);
    if (op->choice != NULL)
        hk_jw_kv(jw, "choice", op->choice);
    hk_tx_end(tx);
}

static void write_by(const struct gate_op *op, struct hk_jw *jw)
{
    hk_jw_array(jw);
    for (size_t i = 0; i < op->vote_count; i++)
        hk_jw_string(jw, op->votes[i].actor);
    hk_jw_array_end(jw);
}

static void write_decided(struct gate_op *op, struct hk_tx *tx)
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
    struct gate_op *op, struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    struct hk_error text = {0};
    (void)hk_fail(&text, HK_DENIED, "rejected%s%s", op->reason == NULL ? "" : ": ",
        op->reason == NULL ? "" : op->reason);
    hk_step_settle(run, step, tx, false, text.text, "rejected");
}

static void settle_answer(
    struct gate_op *op, struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
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
static void void_and_ask_again(struct gate_op *op, struct hk_run *run, struct hk_step *step,
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

/* Authority, which asked, would let it be done by now: what was approved is not void for that. */
static void go_on_asking(const struct gate_op *op, struct hk_verdict *verdict)
{
    const struct hk_json *covers = hk_json_get(op->opened.root, "covers");
    if (verdict->outcome <= HK_MAY_ASK)
        return;
    verdict->outcome = HK_MAY_ASK;
    (void)hk_copy_text(verdict->rule, sizeof verdict->rule, hk_json_string_at(covers, "rule", ""));
    (void)hk_copy_text(
        verdict->role, sizeof verdict->role, hk_json_string_at(covers, "role", "approver"));
    verdict->quorum = (unsigned)hk_json_i64_at(covers, "quorum", 1);
    verdict->expires_ms = HK_GATE_EXPIRES_DEFAULT_MS;
}

/* An approved action: I4, the digest is computed again from what is true now. */
static void intend_approved(struct gate_op *op, struct hk_run *run, struct hk_step *step,
    struct hk_act *act, struct hk_tx *tx)
{
    struct hk_buf covers;
    struct hk_buf by;
    struct hk_jw jw;
    char digest[HK_SHA256_HEX_SIZE];
    hk_buf_init(&covers, HK_PAYLOAD_SIZE_MAX / 2);
    hk_buf_init(&by, HK_REASON_SIZE_MAX * 8);
    go_on_asking(op, &act->verdict);
    hk_gate_covers(run, step, act, &covers, digest);
    if (strcmp(digest, op->digest) != 0) {
        void_and_ask_again(op, run, step, act, tx);
        goto out;
    }
    write_decided(op, tx);
    hk_jw_init(&jw, &by);
    write_by(op, &jw);
    hk_dispatch_intend(run, step, act, by.data, tx);
    op->intended_run = run; /* pinned by the write until on_written has run */
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

static void decide(struct gate_op *op, struct hk_run *run, struct hk_step *step)
{
    struct hk_tx tx;
    struct hk_act act = {0};
    struct hk_error error = {0};
    bool is_action = strcmp(step->waits_for, "gate") == 0;
    if (op->approve && is_action && can_follow(run, step, &act, &error) != HK_OK) {
        hk_act_done(&act);
        op_conflict(op, error.text);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    write_vote(op, &tx);
    if (op->approve)
        add_vote(op, op->actor.id, op->choice);
    if (!op->approve) {
        write_decided(op, &tx);
        settle_rejected(op, run, step, &tx);
    } else if (voices(op) < hk_json_i64_at(op->opened.root, "quorum", 1)) {
        /* one more voice is needed: the vote stands, nothing follows yet */
    } else if (is_action) {
        intend_approved(op, run, step, &act, &tx);
    } else {
        write_decided(op, &tx);
        settle_answer(op, run, step, &tx);
    }
    hk_act_done(&act);
    write_standing(op);
    hk_crashpoint("before-decision");
    hk_tx_commit(&tx, HK_LANE_URGENT, run, on_written, op);
    if (step->state == HK_STEP_SETTLED)
        hk_step_deliver(run, step);
}

static void expire(struct gate_op *op, struct hk_run *run, struct hk_step *step)
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
    hk_tx_commit(&tx, HK_LANE_URGENT, run, on_written, op);
    hk_step_deliver(run, step);
}

/* --- the way through --- */

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct gate_op *op = ctx;
    if (run == NULL) {
        op_refuse(op, error->status, error->text);
        return;
    }
    if (op->engine->is_stopping) {
        op_refuse(op, HK_BUSY, "the engine is stopping; try again later");
        return;
    }
    struct hk_step *step = hk_run_step(run, hk_json_string_at(op->opened.root, "step", ""));
    /* Nobody decides for a run that has diverged, but its questions end in their time. */
    if (hk_run_has_ended(run->end) || (run->end == HK_RUN_DIVERGED && !op->is_expiry) ||
        step == NULL || step->state != HK_STEP_WAITING || strcmp(step->gate, op->gate) != 0) {
        op_conflict(op, "its run no longer waits for it");
        return;
    }
    if (op->is_expiry)
        expire(op, run, step);
    else
        decide(op, run, step);
}

static void on_gate(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct gate_op *op = job;
    struct hk_error error = {0};
    if (status != HK_OK)
        error = *read_error;
    for (size_t i = 0; status == HK_OK && i < op->chain.count; i++)
        status = take_entry(op, &op->chain.items[i], &error);
    if (status != HK_OK) {
        op_end(op, status, &error);
        return;
    }
    if (op->is_expiry && op->state != HK_GATE_PENDING) {
        op_end(op, HK_OK, NULL);
        return;
    }
    if (!op->is_expiry && !may_decide(op))
        return;
    hk_run_with(op->engine, op->tenant, hk_json_string_at(op->opened.root, "run", ""), on_run, op);
}

static void go(void *ctx)
{
    struct gate_op *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_gate, on_gate, op, &error) != HK_OK)
        op_end(op, error.status, &error);
}

static struct gate_op *op_new(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate)
{
    struct gate_op *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = tenant;
    op->answer_status = HK_OK;
    (void)hk_copy_text(op->gate, sizeof op->gate, gate);
    hk_arena_init(&op->arena, GATE_MEMORY_MAX);
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    return op;
}

void hk_gate_expire(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate)
{
    struct gate_op *op = op_new(engine, tenant, gate);
    op->is_expiry = true;
    hk_turn_take(engine, op->gate, go, op);
}

void hk_engine_decide(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_decision *decision, hk_reply_fn *reply, void *ctx)
{
    struct gate_op *op = op_new(engine, hk_tenant_of(engine, tenant), gate);
    op->actor = *actor;
    op->approve = decision->approve;
    op->digest = hk_strdup(decision->digest);
    op->reason = hk_strdup(decision->reason);
    op->choice = hk_strdup(decision->choice);
    op->reply = reply;
    op->reply_ctx = ctx;
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        op_free(op);
        return;
    }
    hk_turn_take(engine, op->gate, go, op);
}
