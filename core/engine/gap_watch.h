/*
 * gap_watch: looks for gaps at intervals: sources by their rhythm, actions that are not ready,
 * contacts that did not answer. What is known elsewhere (intake's sources and mappings) is handed
 * in by hk_engine_gaps.
 */
#ifndef HK_ENGINE_GAP_WATCH_H
#define HK_ENGINE_GAP_WATCH_H

#include "engine/objects.h"

struct hk_gap_watch;

HK_MUST_CHECK enum hk_status hk_gap_watch_new(
    struct hk_engine *engine, struct hk_gap_watch **ret_watch, struct hk_error *error);
void hk_gap_watch_free(struct hk_gap_watch *watch); /* NULL is fine */
/* Read the rhythms that were kept, and begin. Blocks: before the loop runs. */
HK_MUST_CHECK enum hk_status hk_gap_watch_start(struct hk_gap_watch *watch, struct hk_error *error);
/* Keep what has changed over a restart; in the way of a clean stop. */
void hk_gap_watch_keep(struct hk_gap_watch *watch);

/* The tenant's `gaps` in its configuration: HK_INVALID names the key. */
HK_MUST_CHECK enum hk_status hk_gap_policy_read(
    const struct hk_json *config, int64_t *ret_every_ms, struct hk_error *error);

#endif
