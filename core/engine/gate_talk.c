/*
 * gate_talk: what people say to each other about a decision without deciding: pass it on, ask back.
 */
#include "base/text.h"
#include "engine/gate_op.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/tenant.h"

#include <string.h>

static void write_talk(struct hk_gate_op *op, enum hk_kind kind, const char *key1,
    const char *value1, const char *key2, const char *value2)
{
    struct hk_tx tx;
    struct hk_jw *jw;

    hk_engine_must(hk_gate_step_to(&op->state, kind, false) ? HK_OK : HK_INTERNAL,
        "talking about a gate", NULL);
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    jw = hk_tx_entry(&tx, kind, op->gate);
    if (value1 != NULL)
        hk_jw_kv(jw, key1, value1);
    if (value2 != NULL)
        hk_jw_kv(jw, key2, value2);
    if (kind == HK_KIND_GATE_DELEGATED)
        hk_notice_ask(&tx, jw, op->gate);
    hk_tx_end(&tx);
    hk_gate_op_standing(op);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, hk_gate_op_written, op);
}

/* --- pass it on --- */

static bool may_delegate(struct hk_gate_op *op)
{
    const char *role = hk_json_string_at(hk_gate_op_current(op), "role", "approver");

    if (!hk_gate_op_may_speak(op) || !hk_gate_op_has_room(op))
        return false;
    if (strcmp(op->delegate.id, op->actor.id) == 0)
        hk_gate_op_refuse(op, HK_INVALID, "to: that is you");
    else if (!hk_role_fulfils(op->delegate.role, role))
        hk_gate_op_refuse(op, HK_INVALID, "to: that person's role may not decide this");
    else if (hk_gate_op_excludes(op, op->delegate.id))
        hk_gate_op_refuse(op, HK_INVALID, "to: whoever asked for it may not decide it");
    else
        return true;
    return false;
}

static void delegate(struct hk_gate_op *op)
{
    write_talk(op, HK_KIND_GATE_DELEGATED, "to", op->delegate.id, "reason", op->reason);
}

void hk_engine_delegate(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_delegate *to, const char *reason, hk_reply_fn *reply,
    void *ctx)
{
    struct hk_gate_op *op = hk_gate_op_new(engine, hk_tenant_of(engine, tenant), gate);

    op->check = may_delegate;
    op->speak = delegate;
    op->delegate = *to;
    op->reason = hk_strdup(reason);
    hk_gate_op_ask(op, actor, reply, ctx);
}

/* --- ask back --- */

static bool may_note(struct hk_gate_op *op)
{
    if (!op->actor.is_person)
        hk_gate_op_refuse(op, HK_DENIED, "only a person writes notes");
    else if (op->state != HK_GATE_PENDING)
        hk_gate_op_conflict(op, "it is already decided");
    else
        return hk_gate_op_has_room(op);
    return false;
}

static void note(struct hk_gate_op *op)
{
    write_talk(op, HK_KIND_GATE_NOTED, "text", op->text, NULL, NULL);
}

void hk_engine_gate_note(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const char *text, hk_reply_fn *reply, void *ctx)
{
    struct hk_gate_op *op = hk_gate_op_new(engine, hk_tenant_of(engine, tenant), gate);

    op->check = may_note;
    op->speak = note;
    op->text = hk_strdup(text);
    hk_gate_op_ask(op, actor, reply, ctx);
}
