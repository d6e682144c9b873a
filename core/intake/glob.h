/*
 * glob: texts with '*' for any run of bytes and '?' for any byte, made once and asked often. Case
 * of ASCII letters does not matter. Inside the room only.
 *
 * Whoever asks one text for many globs or patterns takes the text's grams first: a set of all its
 * runs of three bytes, hashed. What must hold three bytes in a row that the text has not is never
 * compared. The set errs to one side only: it may call a run present that is not.
 */
#ifndef HK_INTAKE_GLOB_H
#define HK_INTAKE_GLOB_H

#include "base/arena.h"
#include "intake/slice.h"

#include <stdint.h>

#define HK_GRAMS_WORDS 64 /* 4096 bits: a line of a log fills less than a tenth */
#define HK_NEEDS_MAX 3

struct hk_grams {
    uint64_t bits[HK_GRAMS_WORDS];
};
void hk_grams_of(struct hk_slice text, struct hk_grams *ret_grams);

/* Runs that a text must have. */
struct hk_needs {
    uint16_t grams[HK_NEEDS_MAX];
    uint16_t count;
};
/* Need the beginning, the middle and the end of a text, where it is long enough. */
void hk_needs_add(struct hk_needs *needs, struct hk_slice text);
static inline bool hk_grams_may(const struct hk_grams *grams, const struct hk_needs *needs)
{
    for (unsigned i = 0; i < needs->count; i++)
        if ((grams->bits[needs->grams[i] / 64] >> (needs->grams[i] % 64) & 1) == 0)
            return false;
    return true;
}

struct hk_glob {
    const char *text; /* in lower case */
    char first;       /* the byte that a text must begin with, in lower case; '*': any, or none */
    struct hk_needs needs;
};

/* Make from text, which is copied into the arena. False: no memory. */
HK_MUST_CHECK bool hk_glob_read(
    struct hk_slice text, struct hk_arena *arena, struct hk_glob *ret_glob);
/* Has it stars or question marks? */
bool hk_glob_is_open(const struct hk_glob *glob);
/* Can a text that begins so fit at all? */
static inline bool hk_glob_may_begin(const struct hk_glob *glob, struct hk_slice text)
{
    return glob->first == '*' || glob->first == (text.size > 0 ? hk_lower(text.at[0]) : '\0');
}
/* Does it fit? Whoever asks often asks hk_glob_may_begin before. A glob whose runs begin often in
 * the text is compared again and again: *steps is taken from, and at zero nothing fits any more. */
bool hk_glob_fits(const struct hk_glob *glob, struct hk_slice text, long *steps);
/* The same of a text that is in lower case. */
bool hk_glob_fits_lower(const struct hk_glob *glob, struct hk_slice lower, long *steps);

#endif
