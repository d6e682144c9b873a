/*
 * business: a tenant's business hours, `business_hours = { hours = {…}, holidays = {…} }`, and when
 * a time of day comes next. A zone is a fixed offset. Hours that pass midnight belong to the day on
 * which they begin, so a holiday takes them away up to their end on the day after.
 */
#ifndef HK_ENGINE_BUSINESS_H
#define HK_ENGINE_BUSINESS_H

#include "authority/hours.h"

struct hk_business {
    struct hk_hours hours; /* is_set false: the tenant has none */
    int64_t *holidays;     /* days since 1970 by its own calendar */
    size_t holiday_count;
    int zone_minutes; /* of times of day: hours.zone, else notices.zone, else UTC */
};

/* Read what the tenant's configuration says. Free with hk_business_done, also after a failure. */
HK_MUST_CHECK enum hk_status hk_business_read(
    const struct hk_json *config, struct hk_business *ret_business, struct hk_error *error);
void hk_business_done(struct hk_business *business);
/* The first time from time_us on that is within business hours; INT64_MAX when none is found within
 * two years. Only where hours are set. */
int64_t hk_business_next(const struct hk_business *business, int64_t time_us);
/* The first time after time_us at which its clocks show so many minutes since midnight. */
int64_t hk_business_clock(const struct hk_business *business, int minute, int64_t time_us);

#endif
