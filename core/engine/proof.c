/*
 * proof: see proof.h.
 */
#include "engine/proof.h"

#include "limits.h"

#include <string.h>

/* The engine itself, and who sits at the machine. */
static bool is_exempt(const struct hk_actor *actor)
{
    return strcmp(actor->id, "engine") == 0 || strcmp(actor->id, "local") == 0;
}

enum hk_status hk_proof_check(const struct hk_engine *engine, const struct hk_tenant_state *tenant,
    const struct hk_actor *actor, const char *kind, struct hk_error *error)
{
    int64_t now_us;

    if (!hk_login_wants_code(&tenant->login, kind) || is_exempt(actor))
        return HK_OK;
    if (!actor->has_session)
        return hk_fail(error, HK_DENIED,
            "this wants a code of a person's device: log in, a token can't give one");
    now_us = hk_clock_now_us(hk_ledger_clock(engine->ledger));
    if (actor->proven_us == 0 || now_us - actor->proven_us > HK_STEP_UP_MS * 1000LL)
        return hk_fail(error, HK_UNPROVEN, "this wants a code of your device, given just now");
    return HK_OK;
}

enum hk_status hk_proof_check_word(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const struct hk_actor *actor, const char *kind,
    struct hk_error *error)
{
    if (is_exempt(actor))
        return HK_OK;
    if (!actor->is_person)
        return hk_fail(error, HK_DENIED, "only a person decides this, a service token never does");
    if (tenant->login.session_decides && !actor->has_session)
        return hk_fail(error, HK_DENIED,
            "here people decide after they have logged in: a token may be in other hands");
    return hk_proof_check(engine, tenant, actor, kind, error);
}
