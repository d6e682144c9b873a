/*
 * gate_narrow: ask for less than what is asked.
 *
 * The playbook's request stays what it was, since replay goes by it; what was narrowed stands in
 * the gate's entries (gate.narrowed, or gate.opened of a gate that took the place of a void one),
 * and in step.intended once it is approved. The step is prepared anew, so authority and the
 * protected list judge the narrowed action.
 */
#include "base/text.h"
#include "engine/act.h"
#include "engine/gate.h"
#include "engine/gate_op.h"
#include "engine/memory.h"
#include "engine/narrow.h"
#include "engine/run.h"
#include "engine/tenant.h"

#include <string.h>

static bool may_narrow(struct hk_gate_op *op)
{
    if (!hk_gate_op_may_speak(op) || !hk_gate_op_has_seen(op) || !hk_gate_op_has_room(op))
        return false;
    if (op->revision < HK_GATE_REVISIONS_MAX)
        return true;
    hk_gate_op_refuse(op, HK_LIMIT, "this was narrowed too often: decide it, or reject it");
    return false;
}

/* The wanted arguments within those that are asked for. */
static enum hk_status narrow_args(const struct hk_gate_op *op, const struct hk_json *asked,
    const struct hk_action_info *info, struct hk_buf *out, bool *ret_is_changed,
    struct hk_error *error)
{
    struct hk_json_doc wanted = {0};
    struct hk_json_doc schema = {0};
    const char *args = op->args != NULL ? op->args : "{}";
    enum hk_status status = hk_json_parse(args, strlen(args), &hk_json_limits_own, &wanted, error);

    if (status == HK_OK && info != NULL && info->args_schema != NULL)
        status = hk_json_parse(
            info->args_schema, strlen(info->args_schema), &hk_json_limits_own, &schema, error);
    if (status == HK_OK)
        status = hk_narrow(asked, wanted.root, schema.root, out, ret_is_changed, error);
    hk_json_doc_done(&wanted);
    hk_json_doc_done(&schema);
    return status;
}

/* Arguments and lease as they are to be. */
static enum hk_status narrow_request(const struct hk_gate_op *op, const struct hk_step *step,
    struct hk_buf *out, int64_t *ret_lease_ms, struct hk_error *error)
{
    const struct hk_json *covers = hk_json_get(hk_gate_op_current(op), "covers");
    const struct hk_json *asked = hk_json_get(covers, "args");
    int64_t asked_ms = hk_json_i64_at(covers, "lease_ms", 0);
    const char *capability;
    bool is_changed = false;
    enum hk_status status;

    if (asked == NULL)
        return hk_fail(error, HK_INVALID, "a question can't be narrowed");
    status = narrow_args(op, asked,
        hk_tenant_action(op->engine, op->tenant, step->name, &capability), out, &is_changed, error);
    if (status != HK_OK)
        return status;
    *ret_lease_ms = op->lease_ms > 0 ? op->lease_ms : asked_ms;
    if (op->lease_ms > 0 && asked_ms == 0)
        return hk_fail(
            error, HK_INVALID, "expires: nothing takes this action back, so it has no end");
    if (*ret_lease_ms > asked_ms)
        return hk_fail(error, HK_INVALID, "expires: longer than what is asked for, %llds",
            (long long)(asked_ms / 1000));
    if (!is_changed && *ret_lease_ms == asked_ms)
        return hk_fail(error, HK_INVALID, "nothing of it is narrower than what is asked for");
    return HK_OK;
}

/* The payload of gate.narrowed. */
static void write_payload(struct hk_gate_op *op, struct hk_run *run, const struct hk_step *step,
    const struct hk_act *act, struct hk_buf *out)
{
    char digest[HK_SHA256_HEX_SIZE];
    struct hk_buf covers;
    struct hk_buf summary;
    struct hk_jw jw;

    hk_buf_init(&covers, HK_PAYLOAD_SIZE_MAX / 2);
    hk_buf_init(&summary, HK_ARGS_SIZE_MAX);
    hk_gate_covers(run, step, act, &covers, digest);
    hk_act_summary(act, &summary);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "run", run->id);
    hk_jw_kv(&jw, "step", step->path);
    hk_jw_kv_i64(&jw, "revision", op->revision + 1);
    hk_jw_kv(&jw, "from", op->digest);
    hk_gate_write_narrowing(&jw, step);
    hk_jw_kv_raw(&jw, "covers", covers.data);
    hk_jw_kv(&jw, "digest", digest);
    hk_jw_kv(&jw, "role", act->verdict.role);
    hk_jw_kv_i64(&jw, "quorum", act->verdict.quorum);
    hk_jw_kv(&jw, "target", act->verdict.target);
    hk_jw_kv(&jw, "summary", summary.data == NULL ? "" : summary.data);
    if (op->reason != NULL)
        hk_jw_kv(&jw, "reason", op->reason);
    hk_jw_object_end(&jw);
    hk_buf_done(&covers);
    hk_buf_done(&summary);
}

/* Write the entry, and let the op stand on it. */
static void write_narrowed(
    struct hk_gate_op *op, struct hk_run *run, const struct hk_step *step, const struct hk_act *act)
{
    struct hk_error error = {0};
    struct hk_buf payload;
    struct hk_tx tx;
    struct hk_jw *jw;

    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    write_payload(op, run, step, act, &payload);
    hk_engine_must(hk_buf_check(&payload, "a payload", &error), "narrowing a gate", &error);
    hk_json_doc_done(&op->narrowed);
    hk_engine_must(
        hk_json_parse(payload.data, payload.size, &hk_json_limits_own, &op->narrowed, &error),
        "narrowing a gate", &error);
    hk_engine_must(hk_gate_step_to(&op->state, HK_KIND_GATE_NARROWED, false) ? HK_OK : HK_INTERNAL,
        "narrowing a gate", NULL);
    op->revision++;
    op->vote_count = 0;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    jw = hk_tx_entry(&tx, HK_KIND_GATE_NARROWED, op->gate);
    for (const struct hk_json *item = op->narrowed.root->first; item != NULL; item = item->next) {
        hk_jw_key(jw, item->key);
        hk_jw_raw(jw, item->source, item->source_size); /* the digest is over these very bytes */
    }
    hk_tx_end(&tx);
    hk_gate_op_standing(op);
    hk_tx_commit(&tx, HK_LANE_URGENT, run, hk_gate_op_written, op);
    hk_buf_done(&payload);
}

static void narrow(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step)
{
    const char *narrowed_before = step->narrowed;
    int64_t lease_before_ms = step->narrowed_lease_ms;
    struct hk_act act = {0};
    struct hk_error error = {0};
    struct hk_buf args;
    int64_t lease_ms = 0;
    enum hk_status status;

    hk_buf_init(&args, HK_ARGS_SIZE_MAX * 2);
    status = narrow_request(op, step, &args, &lease_ms, &error);
    if (status != HK_OK)
        goto refuse;
    step->narrowed = hk_run_text(run, args.data);
    step->narrowed_lease_ms = lease_ms;
    status = hk_act_prepare(run, step, &act, &error);
    if (status == HK_OK && act.verdict.outcome < HK_MAY_ASK)
        status = hk_fail(&error, HK_INVALID, "authority denies it: %s", act.verdict.why);
    if (status != HK_OK)
        goto refuse;
    hk_gate_go_on_asking(hk_json_get(hk_gate_op_current(op), "covers"), &act.verdict);
    write_narrowed(op, run, step, &act);
    goto out;
refuse:
    step->narrowed = narrowed_before;
    step->narrowed_lease_ms = lease_before_ms;
    hk_gate_op_refuse(op, status, error.text);
out:
    hk_act_done(&act);
    hk_buf_done(&args);
}

void hk_engine_narrow(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_narrowing *narrowing, hk_reply_fn *reply, void *ctx)
{
    struct hk_gate_op *op = hk_gate_op_new(engine, hk_tenant_of(engine, tenant), gate);

    op->check = may_narrow;
    op->act = narrow;
    op->args = hk_strdup(narrowing->args);
    op->lease_ms = narrowing->lease_ms;
    op->digest = hk_strdup(narrowing->digest);
    op->reason = hk_strdup(narrowing->reason);
    hk_gate_op_ask(op, actor, reply, ctx);
}
