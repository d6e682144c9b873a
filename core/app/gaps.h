/*
 * gaps: what hinders sources, which mappings fail and which sinks of checkpoints do, told to the
 * engine as gaps at intervals. The sources and the ledger know it, the engine records it, and
 * neither sees the other.
 */
#ifndef HK_APP_GAPS_H
#define HK_APP_GAPS_H

#include "engine/engine.h"
#include "ledger/sinks.h"
#include "loop/loop.h"
#include "source/tally.h"

struct hk_app_gaps;

/* All must outlive it. */
HK_MUST_CHECK enum hk_status hk_app_gaps_new(struct hk_loop *loop, struct hk_engine *engine,
    struct hk_tally *tally, struct hk_sinks *sinks, struct hk_app_gaps **ret_gaps,
    struct hk_error *error);
void hk_app_gaps_free(struct hk_app_gaps *gaps); /* NULL is fine */
/* Look at one more tenant; HK_NOMEM. */
HK_MUST_CHECK enum hk_status hk_app_gaps_add(
    struct hk_app_gaps *gaps, hk_tenant tenant, struct hk_error *error);

#endif
