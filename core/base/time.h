/*
 * time: points in time are microseconds since 1970 UTC in an int64_t named *_us; durations are
 * milliseconds named *_ms. Wall clocks jump, so whoever stamps entries uses a struct hk_clock,
 * which never goes back.
 */
#ifndef HK_BASE_TIME_H
#define HK_BASE_TIME_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_TIME_TEXT_SIZE 32 /* "2026-11-22T01:23:45.123456Z" and NUL */

int64_t hk_time_wall_us(void);
int64_t hk_time_monotonic_ms(void);
int64_t hk_time_monotonic_us(void);

/* A wall clock that never goes back: each reading is at least floor_us and the last reading. */
struct hk_clock {
    int64_t floor_us;
};
int64_t hk_clock_now_us(struct hk_clock *clock);

/* RFC 3339 in UTC with six decimals and Z. */
void hk_time_format(int64_t time_us, char ret_text[HK_TIME_TEXT_SIZE]);
/* Read that form and no other, from 1970 on: what is read gives the same text again. */
bool hk_time_parse_exact(const char *text, size_t size, int64_t *ret_time_us);
/* Read RFC 3339; also what products send: "+0600" without colon, a blank for T, no zone (taken as
 * UTC), one to nine decimals. HK_INVALID otherwise. Years 1970 to 9999. */
HK_MUST_CHECK enum hk_status hk_time_parse(
    const char *text, int64_t *ret_time_us, struct hk_error *error);

/* A point in time as it is read off a clock and a calendar that is utc_offset_min ahead of UTC. */
struct hk_civil {
    int64_t year;
    int64_t month; /* from 1 */
    int64_t day;   /* from 1 */
    int64_t hour;
    int64_t minute;
    int64_t second; /* to 60: a leap second counts as the second after it */
    int64_t us;
    int64_t utc_offset_min;
};
/* False when there is no such day or time, or it is not in the years 1970 to 9999. */
bool hk_time_from_civil(const struct hk_civil *civil, int64_t *ret_time_us);
/* The year, in UTC, of a time. */
int64_t hk_time_year(int64_t time_us);

/* "500ms", "90s", "30m", "4h", "2d", "1w", one number and one unit. HK_INVALID otherwise or when
 * it is more than a hundred years. */
HK_MUST_CHECK enum hk_status hk_duration_parse(
    const char *text, int64_t *ret_ms, struct hk_error *error);

#endif
