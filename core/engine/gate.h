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
void hk_gate_expire(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate);

#endif
