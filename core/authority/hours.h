/*
 * hours: when something holds: {"from","to","days","zone","outside"} of a rule or of a contact. The
 * zone is a fixed offset; hours that pass midnight belong to the day on which they begin.
 */
#ifndef HK_AUTHORITY_HOURS_H
#define HK_AUTHORITY_HOURS_H

#include "base/json.h"

struct hk_hours {
    bool is_set;
    bool outside;     /* holds when the time is not within */
    unsigned days;    /* bit 0 is Monday */
    int from_minute;  /* 0..1439 */
    int to_minute;    /* 1..1440; below from_minute: the next day */
    int zone_minutes; /* east of UTC */
};

/* Read a time of day, "HH:MM" up to "24:00", as minutes. HK_INVALID names the path. */
HK_MUST_CHECK enum hk_status hk_clock_read(
    const char *text, const char *path, int *ret_minute, struct hk_error *error);
/* Read the table at path ("authority[2].hours"), which errors name. */
HK_MUST_CHECK enum hk_status hk_hours_read(const struct hk_json *value, const char *path,
    struct hk_hours *ret_hours, struct hk_error *error);
/* Do they hold at that time? Always, when none are set. */
bool hk_hours_hold(const struct hk_hours *hours, int64_t time_us);
/* The first time from time_us on at which they hold; INT64_MAX when there is none within a week. */
int64_t hk_hours_next(const struct hk_hours *hours, int64_t time_us);

#endif
