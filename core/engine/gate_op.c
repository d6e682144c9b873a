/*
 * gate_op: see gate_op.h.
 */
#include "engine/gate_op.h"
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/dispatch.h"
#include "engine/gate.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "engine/turn.h"

#include <stdlib.h>
#include <string.h>

enum { GATE_ENTRIES_MAX = 1000 }; /* with room for decisions, see HK_GATE_TALK_MAX */

static void op_free(struct hk_gate_op *op)
{
    hk_json_doc_done(&op->opened);
    hk_json_doc_done(&op->narrowed);
    hk_json_doc_done(&op->decided);
    hk_arena_done(&op->arena);
    hk_buf_done(&op->answer);
    free(op->votes);
    free(op->digest);
    free(op->reason);
    free(op->choice);
    free(op->args);
    free(op->text);
    free(op);
}

void hk_gate_op_end(struct hk_gate_op *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char gate[HK_ID_SIZE];
    (void)hk_copy_text(gate, sizeof gate, op->gate);
    if (op->reply != NULL)
        op->reply(op->reply_ctx, status, error, op->answer.data);
    op_free(op);
    hk_turn_end(engine, gate);
}

void hk_gate_op_refuse(struct hk_gate_op *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    hk_gate_op_end(op, status, &error);
}

const struct hk_json *hk_gate_op_current(const struct hk_gate_op *op)
{
    return op->narrowed.root != NULL ? op->narrowed.root : op->opened.root;
}

/* {"id","state","digest",…,"approved_by":[…]} */
void hk_gate_op_standing(struct hk_gate_op *op)
{
    const struct hk_json *current = hk_gate_op_current(op);
    struct hk_jw jw;
    hk_buf_clear(&op->answer);
    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", op->gate);
    hk_jw_kv(&jw, "state", hk_gate_state_text(op->state));
    hk_jw_kv(&jw, "digest", hk_json_string_at(current, "digest", ""));
    hk_jw_kv_i64(&jw, "revision", op->revision);
    hk_jw_kv(&jw, "run", hk_json_string_at(op->opened.root, "run", ""));
    hk_jw_kv_i64(&jw, "quorum", hk_json_i64_at(current, "quorum", 1));
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

void hk_gate_op_conflict(struct hk_gate_op *op, const char *text)
{
    hk_gate_op_standing(op);
    hk_gate_op_refuse(op, HK_CONFLICT, text);
}

/* --- reading what stands --- */

static enum hk_status read_gate(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_gate_op *op = job;
    return hk_query_chain(
        reading, op->tenant->number, op->gate, GATE_ENTRIES_MAX, &op->arena, &op->chain, error);
}

static const char *keep_text(struct hk_gate_op *op, const char *text)
{
    return text == NULL ? NULL : hk_arena_copy(&op->arena, text, strlen(text));
}

void hk_gate_op_add_vote(struct hk_gate_op *op, const char *actor, const char *choice)
{
    op->votes = hk_engine_grow(op->votes, (op->vote_count + 1) * sizeof *op->votes);
    op->votes[op->vote_count++] = (struct hk_gate_vote){.actor = actor, .choice = choice};
}

/* Keep doc in place of what was there. */
static void keep_doc(struct hk_json_doc *place, struct hk_json_doc *doc)
{
    hk_json_doc_done(place);
    *place = *doc;
    *doc = (struct hk_json_doc){0};
}

static void take_payload(
    struct hk_gate_op *op, const struct hk_stored *stored, struct hk_json_doc *doc)
{
    switch (stored->entry.kind) {
    case HK_KIND_GATE_OPENED:
        keep_doc(&op->opened, doc);
        op->revision = 1;
        break;
    case HK_KIND_GATE_NARROWED:
        keep_doc(&op->narrowed, doc);
        op->revision++;
        op->vote_count = 0; /* they were for another thing */
        break;
    case HK_KIND_GATE_DECIDED:
        keep_doc(&op->decided, doc);
        break;
    case HK_KIND_GATE_VOTED:
        if (strcmp(hk_json_string_at(doc->root, "decision", ""), "approve") == 0)
            hk_gate_op_add_vote(op, stored->entry.actor,
                keep_text(op, hk_json_string_at(doc->root, "choice", NULL)));
        break;
    default:
        break;
    }
}

static enum hk_status take_entry(
    struct hk_gate_op *op, const struct hk_stored *stored, struct hk_error *error)
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
    else
        take_payload(op, stored, &doc);
    hk_json_doc_done(&doc);
    return status;
}

/* --- judging --- */

bool hk_gate_op_excludes(const struct hk_gate_op *op, const char *actor_id)
{
    const struct hk_json *excluded = hk_json_get(op->opened.root, "excluded");
    for (const struct hk_json *who = excluded == NULL ? NULL : excluded->first; who != NULL;
         who = who->next) {
        if (hk_json_string(who) != NULL && strcmp(hk_json_string(who), actor_id) == 0)
            return true;
    }
    return false;
}

bool hk_gate_op_may_speak(struct hk_gate_op *op)
{
    const char *role = hk_json_string_at(hk_gate_op_current(op), "role", "approver");
    if (!op->actor.is_person)
        hk_gate_op_refuse(op, HK_DENIED, "only a person decides, a service token never does");
    else if (op->tenant->login.session_decides && !op->actor.has_session)
        hk_gate_op_refuse(op, HK_DENIED,
            "here people decide after they have logged in: a token may be in other hands");
    else if (!hk_role_fulfils(op->actor.role, role))
        hk_gate_op_refuse(op, HK_DENIED, "your role may not decide this");
    else if (hk_gate_op_excludes(op, op->actor.id))
        hk_gate_op_refuse(op, HK_DENIED, "whoever asked for it may not decide it");
    else if (op->state != HK_GATE_PENDING)
        hk_gate_op_conflict(op, "it is already decided");
    else if (hk_json_i64_at(op->opened.root, "expires_us", INT64_MAX) <=
             hk_engine_now_us(op->engine)) /* gate.expired is about to be written */
        hk_gate_op_conflict(op, "its time is up");
    else
        return true;
    return false;
}

bool hk_gate_op_has_seen(struct hk_gate_op *op)
{
    const char *digest = hk_json_string_at(hk_gate_op_current(op), "digest", "");
    if (op->digest != NULL && strcmp(op->digest, digest) == 0)
        return true;
    hk_gate_op_conflict(op, "the digest is not that of what is asked now");
    return false;
}

bool hk_gate_op_has_room(struct hk_gate_op *op)
{
    if (op->chain.count < HK_GATE_TALK_MAX)
        return true;
    hk_gate_op_refuse(
        op, HK_LIMIT, "so much was said about this already that it can only be decided");
    return false;
}

/* --- the way through --- */

void hk_gate_op_written(void *ctx)
{
    struct hk_gate_op *op = ctx;
    struct hk_error error = {0};
    hk_crashpoint("decided");
    if (op->intended_run != NULL)
        hk_dispatch_send(op->intended_run, op->intended_step, HK_CALL_START);
    if (op->answer_status != HK_OK)
        (void)hk_fail(&error, op->answer_status,
            "what was approved has changed since; a new question is open");
    hk_gate_op_end(op, op->answer_status, op->answer_status == HK_OK ? NULL : &error);
}

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct hk_gate_op *op = ctx;
    if (run == NULL) {
        hk_gate_op_refuse(op, error->status, error->text);
        return;
    }
    if (op->engine->is_stopping) {
        hk_gate_op_refuse(op, HK_BUSY, "the engine is stopping; try again later");
        return;
    }
    struct hk_step *step = hk_run_step(run, hk_json_string_at(op->opened.root, "step", ""));
    /* Nobody decides for a run that has diverged, but its questions end in their time. */
    if (hk_run_has_ended(run->end) || (run->end == HK_RUN_DIVERGED && !op->is_expiry) ||
        step == NULL || step->state != HK_STEP_WAITING || strcmp(step->gate, op->gate) != 0) {
        hk_gate_op_conflict(op, "its run no longer waits for it");
        return;
    }
    hk_gate_apply_narrowing(run, step, hk_gate_op_current(op));
    op->act(op, run, step);
}

static void on_gate(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct hk_gate_op *op = job;
    struct hk_error error = {0};
    if (status != HK_OK)
        error = *read_error;
    for (size_t i = 0; status == HK_OK && i < op->chain.count; i++)
        status = take_entry(op, &op->chain.items[i], &error);
    if (status != HK_OK) {
        hk_gate_op_end(op, status, &error);
        return;
    }
    if (!op->check(op))
        return;
    if (op->act == NULL) {
        op->speak(op);
        return;
    }
    hk_run_with(op->engine, op->tenant, hk_json_string_at(op->opened.root, "run", ""), on_run, op);
}

static void go(void *ctx)
{
    struct hk_gate_op *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_gate, on_gate, op, &error) != HK_OK)
        hk_gate_op_end(op, error.status, &error);
}

struct hk_gate_op *hk_gate_op_new(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate)
{
    struct hk_gate_op *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = tenant;
    op->answer_status = HK_OK;
    (void)hk_copy_text(op->gate, sizeof op->gate, gate);
    hk_arena_init(&op->arena, HK_GATE_MEMORY_MAX);
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    return op;
}

void hk_gate_op_begin(struct hk_gate_op *op)
{
    hk_turn_take(op->engine, op->gate, go, op);
}

void hk_gate_op_ask(
    struct hk_gate_op *op, const struct hk_actor *actor, hk_reply_fn *reply, void *ctx)
{
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    if (!op->engine->is_ready || op->engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        op_free(op);
        return;
    }
    hk_gate_op_begin(op);
}
