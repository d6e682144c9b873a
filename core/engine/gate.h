/*
 * gate: the question put to people, what an answer covers, and what follows when none comes.
 */
#ifndef HK_ENGINE_GATE_H
#define HK_ENGINE_GATE_H

#include "engine/act.h"
#include "engine/tx.h"

/* Open a gate for the step in tx: gate.opened and step.waiting. */
void hk_gate_open(
    struct hk_run *run, struct hk_step *step, const struct hk_act *act, struct hk_tx *tx);
void hk_gate_open_question(struct hk_run *run, struct hk_step *step, struct hk_tx *tx);
/* What an approval of this act covers, canonical JSON, and its digest. */
void hk_gate_covers(struct hk_run *run, const struct hk_step *step, const struct hk_act *act,
    struct hk_buf *out, char ret_digest[HK_SHA256_HEX_SIZE]);
/* What a gate has as `narrowed` and `narrowed_lease_ms` (what it was opened with, or its last
 * narrowing) is what its step means: hk_act_prepare goes by it. */
void hk_gate_apply_narrowing(
    struct hk_run *run, struct hk_step *step, const struct hk_json *gate_payload);
/* Write those two members, when there is anything. */
void hk_gate_write_narrowing(struct hk_jw *jw, const struct hk_step *step);
/* What a playbook gets as the result of its step: the action's own, with `narrowed` in it (`args`,
 * `lease_ms`) when people narrowed what it asked for. The text is result or lies in out. */
const char *hk_gate_tell_narrowing(
    const struct hk_step *step, const char *result, struct hk_buf *out);
/* Authority, which asked, would let it be done by now: what was asked goes on being asked, by the
 * rule, role and quorum that it covers. */
void hk_gate_go_on_asking(const struct hk_json *covers, struct hk_verdict *verdict);
void hk_gate_expire(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate);

#endif
