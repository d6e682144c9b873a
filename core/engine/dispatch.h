/*
 * dispatch: intended → call → what became of it. A call leaves only once its intent is on disk.
 */
#ifndef HK_ENGINE_DISPATCH_H
#define HK_ENGINE_DISPATCH_H

#include "engine/act.h"
#include "engine/tx.h"

/* The idempotency key of a step (subject: run, part: step) or of a release (containment,
 * "release"): the same on every replay. */
void hk_key_of(
    const char *tenant, const char *subject, const char *part, char ret_key[HK_SHA256_HEX_SIZE]);
/* "plugin":{"name","version","sha256"} */
void hk_plugin_write(struct hk_jw *jw, const struct hk_action_info *info);
/* containment.active for a step that has one: the lease begins now. */
void hk_containment_active(
    const struct hk_step *step, struct hk_tx *tx, const char *from, const char *result);
/* Write step.intended (and containment.starting) into tx; hk_dispatch_send once it is synced. by:
 * JSON array of the persons who approved it, NULL when a rule alone allowed it. */
void hk_dispatch_intend(struct hk_run *run, struct hk_step *step, const struct hk_act *act,
    const char *by, struct hk_tx *tx);
void hk_dispatch_send(struct hk_run *run, struct hk_step *step, enum hk_call_mode mode);
/* Settled callback of the pool. */
void hk_dispatch_settled(void *engine, uint64_t call_id, enum hk_call_end end, const char *text);
/* Ask the plugins to stop working on the run's calls. What becomes of each is still recorded. */
void hk_dispatch_cancel(struct hk_run *run);
/* A step that was found intended at start: what its effect class allows. */
void hk_dispatch_recover(struct hk_run *run, struct hk_step *step);
/* Send a call; out says whose it is, and mode. Returns its number. */
uint64_t hk_out_send(struct hk_engine *engine, struct hk_tenant_state *tenant,
    const struct hk_out *out, const char *action, const struct hk_call_request *request);

/* Nobody waits for that call any more; only for those with `ended`, which is not called then. */
void hk_out_forget(struct hk_engine *engine, uint64_t id);

#endif
