/*
 * proof: see proof.h.
 */
#include "engine/proof.h"

#include "limits.h"

#include <string.h>

enum hk_status hk_proof_check(const struct hk_engine *engine, const struct hk_tenant_state *tenant,
    const struct hk_actor *actor, const char *kind, struct hk_error *error)
{
    int64_t now_us;

    if (!hk_login_wants_code(&tenant->login, kind) || strcmp(actor->id, "engine") == 0 ||
        strcmp(actor->id, "local") == 0)
        return HK_OK;
    if (!actor->has_session)
        return hk_fail(error, HK_DENIED,
            "this wants a code of a person's device: log in, a token can't give one");
    now_us = hk_clock_now_us(hk_ledger_clock(engine->ledger));
    if (actor->proven_us == 0 || now_us - actor->proven_us > HK_STEP_UP_MS * 1000LL)
        return hk_fail(error, HK_UNPROVEN, "this wants a code of your device, given just now");
    return HK_OK;
}
