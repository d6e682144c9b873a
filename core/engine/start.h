/*
 * start: whether the engine takes orders, and its clean end.
 */
#ifndef HK_ENGINE_START_H
#define HK_ENGINE_START_H

#include "engine/objects.h"

/* Answer HK_BUSY: not ready yet, or stopping. */
void hk_reply_busy(hk_reply_fn *reply, void *ctx);
void hk_engine_check_stopped(struct hk_engine *engine);

#endif
