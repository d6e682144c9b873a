/*
 * when: read times as products write them. Inside the room only.
 *
 * A pattern is text with strftime's conversions: %Y %y %m %d %H %I %M %S %p %b %B %a %A %z %Z %s,
 * and %f for decimals after a point or comma, which may be missing. %d %H %I and %m take one digit
 * or two. A blank in the pattern stands for any run of blanks, one at least. All other bytes stand
 * for themselves. %z is "Z", "+0100", "+01:00", "+01" or "GMT+01:00"; %Z is a zone's abbreviation,
 * of which UTC, GMT and the common ones of America, Europe and Japan are known.
 */
#ifndef HK_INTAKE_WHEN_H
#define HK_INTAKE_WHEN_H

#include "intake/slice.h"

#include <stdint.h>

struct hk_when_ground {
    int64_t now_us; /* a date without a year is the last such date before, or just after, this */
    int utc_offset_min; /* of times that name no zone */
};

/* Read a time at the beginning of text; *ret_used (may be NULL) is what was read of it. */
bool hk_when_read(struct hk_slice text, const char *pattern, const struct hk_when_ground *ground,
    int64_t *ret_time_us, size_t *ret_used);
/* The same, over all forms that are known: RFC 3339 and its relatives, RFC 2822, the common log
 * format, ctime's, those of CEF and LEEF, US dates with AM and PM. */
bool hk_when_guess(struct hk_slice text, const struct hk_when_ground *ground, int64_t *ret_time_us,
    size_t *ret_used);
/* A number that counts from 1970: seconds, ms, µs or ns by its size, with or without decimals; or
 * a Windows file time (100 ns since 1601). All of text. */
bool hk_when_epoch(struct hk_slice text, int64_t *ret_time_us);
/* Is the pattern made of what is known? */
bool hk_when_pattern_is_good(const char *pattern);

#endif
