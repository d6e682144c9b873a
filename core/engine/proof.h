/*
 * proof: has whoever acts shown lately who they are, where the tenant wants that (login.step_up)?
 */
#ifndef HK_ENGINE_PROOF_H
#define HK_ENGINE_PROOF_H

#include "engine/objects.h"

/* kind: of an action, "release" or "erase". HK_OK; HK_UNPROVEN: a code is wanted; HK_DENIED: who
 * has no session can't give one. The engine itself, and who sits at the machine, need none. */
HK_MUST_CHECK enum hk_status hk_proof_check(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const struct hk_actor *actor, const char *kind,
    struct hk_error *error);
/* The same for what is a person's word as an approval is, though it has no gate (that a containment
 * stands for longer than was approved): HK_DENIED for services too, and for people's tokens where
 * only sessions decide. */
HK_MUST_CHECK enum hk_status hk_proof_check_word(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const struct hk_actor *actor, const char *kind,
    struct hk_error *error);

#endif
