/*
 * turn: one at a time per subject.
 */
#ifndef HK_ENGINE_TURN_H
#define HK_ENGINE_TURN_H

#include "engine/objects.h"

/* Call go(ctx) when nobody else works on the subject (perhaps at once); hk_turn_end lets the next
 * one go. */
void hk_turn_take(struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx);
void hk_turn_end(struct hk_engine *engine, const char *subject);

#endif
