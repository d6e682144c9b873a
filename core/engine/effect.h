/*
 * effect: what may follow from a call's end, by effect class: pure, the heart of "never twice".
 */
#ifndef HK_ENGINE_EFFECT_H
#define HK_ENGINE_EFFECT_H

#include "plugin/pool.h"

enum hk_next { HK_NEXT_DONE, HK_NEXT_FAILED, HK_NEXT_SEND, HK_NEXT_PROBE, HK_NEXT_UNKNOWN };
/* What follows from a call's end: pure, the heart of "never twice". attempts: calls made so far. */
enum hk_next hk_effect_next(enum hk_effect effect, bool can_probe, enum hk_call_mode mode,
    enum hk_call_end end, unsigned attempts);

#endif
