/*
 * pattern: find named parts in a text, without going back: each part is searched once from where
 * the one before it ended, so the work is bounded by the text's length times the places where the
 * pattern may begin, and by a budget. Inside the room only.
 *
 *   Deny {proto:word} src {zone}:{src:ip}/{sport:number} dst
 *
 * - Text stands for itself; a blank stands for any run of blanks.
 * - {name} takes all up to the next text of the pattern, or to the end.
 * - {name:KIND} takes what is of that kind, one byte at least: word (no blank), number, hex, ip,
 *   host (letters, digits, ".-_"), addr (host's and ":"), id (addr's and "@$/+" and a backslash),
 *   quoted (with its quotes off). Where the next text of the pattern stands only within that, it
 *   ends there.
 * - {_} is taken and forgotten.
 * - [ … ] may be missing.
 * - Doubled braces and brackets stand for one.
 * - A pattern that begins with text begins anywhere, unless it starts with "^".
 */
#ifndef HK_INTAKE_PATTERN_H
#define HK_INTAKE_PATTERN_H

#include "base/arena.h"
#include "intake/glob.h"

#include <stdint.h>

struct hk_pattern;

/* Gives the slot for a name that the pattern finds, new or known; -1: there are too many. */
typedef int hk_pattern_slot_fn(void *ctx, struct hk_slice name);

/* Read a pattern into the arena. HK_INVALID says what is wrong with it. */
HK_MUST_CHECK enum hk_status hk_pattern_read(const char *text, struct hk_arena *arena,
    hk_pattern_slot_fn *slot_of, void *ctx, const struct hk_pattern **ret_pattern,
    struct hk_error *error);

/* What a text must have for the pattern to fit. */
const struct hk_needs *hk_pattern_needs(const struct hk_pattern *pattern);

/* Does the text fit? Found parts go into their slots, which stay as they are when it doesn't. A
 * slot that is in a missing [ … ] stays too. *steps is taken from; at zero nothing fits any more.
 */
bool hk_pattern_find(
    const struct hk_pattern *pattern, struct hk_slice text, long *steps, struct hk_slice *slots);

#endif
