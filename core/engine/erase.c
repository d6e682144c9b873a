/*
 * erase: a person has what is recorded about something erased. Who may is judged here; what goes
 * with it, and what is still needed, is found by the ledger where it is done
 * (ledger/erase_cover.h), so that nothing comes between.
 */
#include "base/text.h"
#include "engine/memory.h"
#include "engine/proof.h"
#include "engine/start.h"
#include "engine/tenant.h"
#include "ledger/query_erase.h"

#include <stdlib.h>
#include <string.h>

struct erase_op {
    struct hk_tenant_state *tenant;
    char subject[HK_ID_SIZE];
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_buf answer; /* of a look */
};

static void op_end(struct erase_op *op, enum hk_status status, const struct hk_error *error)
{
    op->reply(op->reply_ctx, status, status == HK_OK ? NULL : error,
        status == HK_OK ? op->answer.data : NULL);
    hk_buf_done(&op->answer);
    free(op);
}

static void on_erased(void *ctx, const struct hk_erasure *erasure)
{
    struct erase_op *op = ctx;
    struct hk_jw jw;

    hk_jw_init(&jw, &op->answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "subject", op->subject);
    hk_jw_kv_bool(&jw, "erased", true);
    hk_jw_kv_i64(&jw, "seq", (int64_t)erasure->seq);
    hk_jw_kv_i64(&jw, "entries", (int64_t)erasure->entries);
    hk_jw_kv_i64(&jw, "subject_count", (int64_t)erasure->subjects);
    hk_jw_object_end(&jw);
    op_end(op, erasure->status, &erasure->error);
}

static enum hk_status look(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct erase_op *op = job;

    return hk_query_erase(reading, op->tenant->number, op->subject, &op->answer, error);
}

static void on_looked(void *job, enum hk_status status, const struct hk_error *error)
{
    op_end(job, status, error);
}

static void submit(
    struct hk_engine *engine, struct erase_op *op, const struct hk_actor *actor, const char *reason)
{
    struct hk_write *write = hk_write_new();
    const struct hk_erase_request request = {.tenant = op->tenant->number,
        .subject = op->subject,
        .actor = actor->id,
        .reason = reason,
        .time_us = hk_clock_now_us(hk_ledger_clock(engine->ledger))};
    struct hk_error error = {0};
    enum hk_status status = write == NULL ? hk_fail(&error, HK_NOMEM, "no memory for a write")
                                          : hk_write_erase(write, &request, &error);

    if (status != HK_OK) {
        hk_write_free(write);
        op_end(op, status, &error);
        return;
    }
    hk_ledger_submit_erase(engine->ledger, write, on_erased, op);
}

static enum hk_status judge(const struct hk_engine *engine, const struct hk_tenant_state *tenant,
    const struct hk_actor *actor, struct hk_error *error)
{
    if (!actor->is_person)
        return hk_fail(error, HK_DENIED,
            "only a person has something erased: in their name, not a service's or the machine's");
    if (tenant->login.session_decides && !actor->has_session)
        return hk_fail(error, HK_DENIED,
            "here people decide after they have logged in: a token may be in other hands");
    return hk_proof_check(engine, tenant, actor, "erase", error);
}

void hk_engine_erase(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const struct hk_erase_wish *wish, hk_reply_fn *reply, void *ctx)
{
    struct hk_tenant_state *state = hk_tenant_of(engine, tenant);
    struct hk_error error = {0};
    enum hk_status status = judge(engine, state, actor, &error);
    struct erase_op *op;

    if (status != HK_OK) {
        reply(ctx, status, &error, NULL);
        return;
    }
    if (engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    op = hk_engine_alloc(sizeof *op);
    op->tenant = state;
    op->reply = reply;
    op->reply_ctx = ctx;
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    (void)hk_copy_text(op->subject, sizeof op->subject, wish->subject);
    if (!wish->is_dry_run)
        submit(engine, op, actor, wish->reason);
    else if (hk_ledger_read(engine->ledger, look, on_looked, op, &error) != HK_OK)
        op_end(op, error.status, &error);
}
