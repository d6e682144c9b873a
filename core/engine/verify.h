/*
 * verify: does a containment still hold? Plugins that can look are asked on schedule (the tenant's
 * verify.every), and whenever a person asks (hk_engine_verify).
 *
 *   active  ─drifted─►  drifted ─verified─► active
 *
 * What is found drifted is not put back: it is listed as what may be contained no longer, people
 * are told, it can be released, it ends when its time is up, and a later look may find it whole
 * again. The record gets what changed, what a person asked for, and one containment.verified a day;
 * when the last look was, and that it found nothing new, lies beside it (HK_CHECK_SHELF).
 */
#ifndef HK_ENGINE_VERIFY_H
#define HK_ENGINE_VERIFY_H

#include "engine/tx.h"

struct hk_verifier;

HK_MUST_CHECK enum hk_status hk_verifier_new(
    struct hk_engine *engine, struct hk_verifier **ret_verifier, struct hk_error *error);
void hk_verifier_free(struct hk_verifier *verifier); /* NULL is fine */
/* Begin the rounds; the first is now. Once, when the engine is ready. */
void hk_verifier_start(struct hk_verifier *verifier);
/* Looks that are under way are given up; who asked is told to ask again. */
void hk_verifier_stop(struct hk_verifier *verifier);

/* In the transaction that ends a containment. */
void hk_verify_forget(struct hk_tx *tx, const char *containment);

#endif
