/*
 * retire: what a tenant's `retention` says is due is erased, slice by slice, on schedule. How far
 * it has come with each rule is kept beside the ledger, so that what became due while nothing ran
 * is late, not lost. What is still needed stays, is counted, and is looked at again once a day.
 */
#ifndef HK_ENGINE_RETIRE_H
#define HK_ENGINE_RETIRE_H

#include "engine/objects.h"
#include "ledger/query_erase.h"

/* The shelf of cursors on which lies how far each rule has come: key is the rule, value the number
 * of the entry to go on with. */
#define HK_RETIRE_SHELF "retention"

struct hk_retirer;

HK_MUST_CHECK enum hk_status hk_retirer_new(
    struct hk_engine *engine, struct hk_retirer **ret_retirer, struct hk_error *error);
void hk_retirer_free(struct hk_retirer *retirer); /* NULL is fine */
/* Begin, once the engine is ready. */
void hk_retirer_start(struct hk_retirer *retirer);
/* Slices since the start, and what is kept now beyond its time. */
void hk_retirer_stats(const struct hk_retirer *retirer, uint64_t *ret_entries, size_t *ret_kept);

/* The tenant's `retention`: for how long, by rule; 0: for ever. HK_INVALID names the key. */
HK_MUST_CHECK enum hk_status hk_retention_read(const struct hk_json *config,
    int64_t ret_keep_ms[HK_RETIRE_RULE_COUNT], struct hk_error *error);

#endif
