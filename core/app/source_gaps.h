/*
 * source_gaps: what hinders sources and which mappings fail, told to the engine as gaps at
 * intervals. The sources know it, the engine records it, and neither sees the other.
 */
#ifndef HK_APP_SOURCE_GAPS_H
#define HK_APP_SOURCE_GAPS_H

#include "engine/engine.h"
#include "loop/loop.h"
#include "source/tally.h"

struct hk_source_gaps;

/* All must outlive it. */
HK_MUST_CHECK enum hk_status hk_source_gaps_new(struct hk_loop *loop, struct hk_engine *engine,
    struct hk_tally *tally, struct hk_source_gaps **ret_gaps, struct hk_error *error);
void hk_source_gaps_free(struct hk_source_gaps *gaps); /* NULL is fine */
/* Look at one more tenant; HK_NOMEM. */
HK_MUST_CHECK enum hk_status hk_source_gaps_add(
    struct hk_source_gaps *gaps, hk_tenant tenant, struct hk_error *error);

#endif
