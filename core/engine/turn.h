/*
 * turn: one at a time per subject.
 */
#ifndef HK_ENGINE_TURN_H
#define HK_ENGINE_TURN_H

#include "engine/objects.h"

/* Call go(ctx) when nobody else works on the subject (perhaps at once); hk_turn_end lets the next
 * one go. */
void hk_turn_take(struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx);
/* The same, before those who wait with hk_turn_take: what ends something does not wait for all who
 * want to look at it, each of whom may ask a plugin that hangs. */
void hk_turn_take_first(
    struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx);
void hk_turn_end(struct hk_engine *engine, const char *subject);

#endif
