/*
 * effect: what may be done after a call has ended, by the action's effect class. Pure, and the
 * heart of "never twice".
 *
 *                done   certainly not   no answer (crash, time-out, found open at start)
 *   read         done   failed          send again, a few times, then failed
 *   idempotent   done   failed          send again with the same key, a few times, then unknown
 *   probeable    done   failed          probe: happened → done, did not → send, else unknown
 *   once         done   failed          unknown, at once
 *
 * "Certainly not" is said of one call. Of the calls before it, which had no answer, it says
 * something only where a probe came in between.
 */
#include "engine/effect.h"
#include "limits.h"

static enum hk_next after_lost(
    enum hk_effect effect, bool can_probe, enum hk_call_mode mode, unsigned attempts)
{
    bool is_spent = attempts > HK_RETRY_SAME_KEY_MAX;
    switch (effect) {
    case HK_READ:
        return is_spent ? HK_NEXT_FAILED : HK_NEXT_SEND;
    case HK_IDEMPOTENT:
        return is_spent ? HK_NEXT_UNKNOWN : HK_NEXT_SEND;
    case HK_PROBEABLE:
        /* A probe changes nothing, so it may be repeated; a start never is without one. */
        if (!can_probe || is_spent)
            return HK_NEXT_UNKNOWN;
        return HK_NEXT_PROBE;
    case HK_ONCE:
        break;
    }
    (void)mode;
    return HK_NEXT_UNKNOWN;
}

enum hk_next hk_effect_next(enum hk_effect effect, bool can_probe, enum hk_call_mode mode,
    enum hk_call_end end, unsigned attempts)
{
    bool is_first = attempts <= 1 && mode == HK_CALL_START;
    switch (end) {
    case HK_CALL_DONE:
        return HK_NEXT_DONE;
    case HK_CALL_DID_NOT:
        /* Only a probe can say so; the start that follows has the same key. */
        return mode == HK_CALL_PROBE && effect == HK_PROBEABLE && attempts <= HK_RETRY_SAME_KEY_MAX
                   ? HK_NEXT_SEND
                   : HK_NEXT_FAILED;
    case HK_CALL_FAILED:
        /* A probe that fails says nothing about the action. */
        if (mode == HK_CALL_START && (is_first || effect == HK_READ || effect == HK_PROBEABLE))
            return HK_NEXT_FAILED;
        break;
    case HK_CALL_NOT_SENT:
        /* Nothing went out this time, but what was sent before may have happened. */
        if (is_first)
            return HK_NEXT_FAILED;
        break;
    case HK_CALL_LOST:
        break;
    }
    return after_lost(effect, can_probe, mode, attempts);
}
