/*
 * gap: what is not covered, and said so: a source that fell silent, an action that could not be
 * carried out, a contact that doesn't answer, a mapping that fails. Each is opened and closed in
 * the ledger, once, however often it is found.
 *
 *     ∅ ─opened─► open ─closed─► closed ─opened─► open
 *
 * Whoever looks for gaps of a kind looks for all of them and says which there are now; those that
 * are not named are closed.
 */
#ifndef HK_ENGINE_GAP_H
#define HK_ENGINE_GAP_H

#include "engine/objects.h"

struct hk_gaps;

HK_MUST_CHECK enum hk_status hk_gaps_new(
    struct hk_engine *engine, struct hk_gaps **ret_gaps, struct hk_error *error);
void hk_gaps_free(struct hk_gaps *gaps); /* NULL is fine */
/* Read which are open. Blocks: before the loop runs. */
HK_MUST_CHECK enum hk_status hk_gaps_load(struct hk_gaps *gaps, struct hk_error *error);

/* Those of a kind that are open now, of a tenant. */
typedef void hk_gap_open_fn(void *ctx, const char *name);
void hk_gaps_each_open(const struct hk_gaps *gaps, hk_tenant tenant, enum hk_gap_kind kind,
    hk_gap_open_fn *fn, void *ctx);
/* These, and no others, are the tenant's gaps of that kind now. */
void hk_gaps_are(struct hk_engine *engine, const struct hk_tenant_state *tenant,
    enum hk_gap_kind kind, const struct hk_gap_found *found, size_t count);

#endif
