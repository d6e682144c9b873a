/*
 * renew: a person lets a containment stand for longer (hk_engine_renew). Where the product would
 * let go by itself, its plugin is asked first: containment.renewing is on disk before that call
 * leaves, and only when it is done is containment.renewed written. Should no answer come, the
 * containment ends when it would have ended; that the product might hold a little longer does no
 * harm, since the release takes it back all the same.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/proof.h"
#include "engine/standing.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/tx.h"

#include <stdlib.h>

struct renewal {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_standing standing;
    struct hk_actor actor;
    char *reason; /* may be NULL */
    int64_t for_ms;
    char *args;
    hk_reply_fn *reply;
    void *reply_ctx;
};

static void end(struct renewal *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char id[HK_ID_SIZE];
    struct hk_buf answer;
    struct hk_jw jw;
    (void)hk_copy_text(id, sizeof id, op->standing.id);
    hk_buf_init(&answer, HK_REASON_SIZE_MAX);
    hk_jw_init(&jw, &answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", id);
    hk_jw_kv(&jw, "state", hk_containment_state_text(op->standing.state));
    hk_jw_kv_time(&jw, "expires", op->standing.expires_us);
    hk_jw_object_end(&jw);
    op->reply(op->reply_ctx, status, error, answer.data);
    hk_buf_done(&answer);
    hk_standing_done(&op->standing);
    free(op->reason);
    free(op->args);
    free(op);
    hk_turn_end(engine, id);
}

static void refuse(struct renewal *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    end(op, status, &error);
}

static void on_renewed(void *ctx)
{
    end(ctx, HK_OK, NULL);
}

static void write_renewed(struct renewal *op)
{
    struct hk_tx tx;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_RENEWED))
        hk_engine_must(HK_INTERNAL, "a renewal", NULL);
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    op->standing.expires_us = tx.time_us + op->for_ms * 1000;
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CONTAINMENT_RENEWED, op->standing.id);
    hk_jw_kv_i64(jw, "expires_us", op->standing.expires_us);
    if (op->reason != NULL)
        hk_jw_kv(jw, "reason", op->reason);
    hk_tx_end(&tx);
    hk_tx_due(&tx, op->standing.expires_us);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_renewed, op);
}

static void on_asked(void *ctx, enum hk_call_end call_end, const char *text)
{
    struct renewal *op = ctx;
    struct hk_error error = {0};
    if (call_end == HK_CALL_DONE) {
        write_renewed(op);
        return;
    }
    (void)hk_fail(
        &error, HK_CONFLICT, "it ends when it would have ended: it can't be renewed: %s", text);
    end(op, HK_CONFLICT, &error);
}

static void on_renewing(void *ctx)
{
    struct renewal *op = ctx;
    hk_crashpoint("renewing");
    const struct hk_out out = {.mode = HK_CALL_RENEW, .ended = on_asked, .ctx = op};
    const struct hk_call_request request = {
        .key = hk_json_string_at(op->standing.starting.root, "key", ""),
        .args = op->args,
        .deadline_ms = HK_CALL_TIME_DEFAULT_MS,
        .lease_ms = op->for_ms,
    };
    (void)hk_out_send(op->engine, op->tenant, &out,
        hk_json_string_at(op->standing.starting.root, "action", ""), &request);
}

static void write_renewing(struct renewal *op)
{
    struct hk_tx tx;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_RENEWING))
        hk_engine_must(HK_INTERNAL, "a renewal", NULL);
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CONTAINMENT_RENEWING, op->standing.id);
    hk_jw_kv_i64(jw, "for_ms", op->for_ms);
    if (op->reason != NULL)
        hk_jw_kv(jw, "reason", op->reason);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_renewing, op);
}

/* Protection may have come since it was made: then it ends in its time. */
static bool is_protected(const struct renewal *op, struct hk_verdict *ret_verdict)
{
    const struct hk_json *starting = op->standing.starting.root;
    const struct hk_question question = {
        .action = hk_json_string_at(starting, "action", ""),
        .kind = hk_json_string_at(starting, "kind", ""),
        .target = hk_json_string_at(starting, "target", NULL),
        .target_type = hk_json_string_at(starting, "target_type", NULL),
        .time_us = hk_engine_now_us(op->engine),
    };
    return hk_authority_is_protected(op->tenant->authority, &question, true, ret_verdict);
}

static void renew(struct renewal *op)
{
    const struct hk_action_info *info = NULL;
    struct hk_verdict verdict;
    const char *kind = hk_json_string_at(op->standing.starting.root, "kind", "contain");
    struct hk_error error = {0};
    /* It is to stand for longer than was approved. */
    if (hk_proof_check_word(op->engine, op->tenant, &op->actor, kind, &error) != HK_OK) {
        end(op, error.status, &error);
        return;
    }
    if (op->standing.state != HK_CONTAINMENT_ACTIVE) {
        refuse(op, HK_CONFLICT,
            op->standing.state == HK_CONTAINMENT_DRIFTED
                ? "it has drifted: what no longer holds can't be renewed"
                : "only an active containment can be renewed");
        return;
    }
    if (is_protected(op, &verdict)) {
        refuse(op, HK_CONFLICT, verdict.why);
        return;
    }
    if (!hk_standing_has_room(&op->standing)) {
        refuse(op, HK_LIMIT, "so much was done about it already that it can only be released");
        return;
    }
    if (op->standing.is_by_hand) {
        write_renewed(op);
        return;
    }
    info = hk_pool_action(op->engine->pool, op->tenant->name, hk_standing_plugin(&op->standing),
        hk_standing_action(&op->standing));
    if (info == NULL)
        refuse(op, HK_CONFLICT, "its plugin is not there, which may have to know of it");
    else if (!info->can_renew)
        write_renewed(op);
    else if ((op->args = hk_standing_args(&op->standing)) == NULL)
        refuse(op, HK_NOMEM, "out of memory");
    else
        write_renewing(op);
}

static enum hk_status read_containment(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_standing_read(&((struct renewal *)job)->standing, reading, error);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct renewal *op = job;
    if (status != HK_OK)
        end(op, status, error);
    else
        renew(op);
}

static void go(void *ctx)
{
    struct renewal *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_containment, on_read, op, &error) != HK_OK)
        end(op, error.status, &error);
}

void hk_engine_renew(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, int64_t for_ms, const char *reason, hk_reply_fn *reply, void *ctx)
{
    struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    struct hk_error error = {0};
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    if (for_ms > state->lease_max_ms) {
        (void)hk_fail(&error, HK_INVALID, "for: longer than a lease may be");
        reply(ctx, HK_INVALID, &error, NULL);
        return;
    }
    struct renewal *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = state;
    op->actor = *actor;
    op->reason = hk_strdup(reason);
    op->for_ms = for_ms;
    op->reply = reply;
    op->reply_ctx = ctx;
    hk_standing_init(&op->standing, tenant, containment);
    hk_turn_take(engine, op->standing.id, go, op);
}
