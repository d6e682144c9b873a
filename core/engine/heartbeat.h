/*
 * heartbeat: one entry at intervals, each saying when the next is due. A record that ends without
 * one is evidence: the engine was stopped unseen, or what was written was cut off. Each brings a
 * new checkpoint, so that those who keep checkpoints outside see it too.
 */
#ifndef HK_ENGINE_HEARTBEAT_H
#define HK_ENGINE_HEARTBEAT_H

#include "engine/objects.h"

struct hk_heartbeat;

HK_MUST_CHECK enum hk_status hk_heartbeat_new(
    struct hk_engine *engine, struct hk_heartbeat **ret_heartbeat, struct hk_error *error);
void hk_heartbeat_free(struct hk_heartbeat *heartbeat); /* NULL is fine */
/* The first is due one interval from now: the entry of the start is the sign until then. */
void hk_heartbeat_start(struct hk_heartbeat *heartbeat);

#endif
