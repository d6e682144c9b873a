#include "engine/business.h"

#include "authority/rules.h"
#include "base/time.h"
#include "engine/memory.h"
#include "limits.h"
#include "words/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_PER_DAY 1440
#define US_PER_MINUTE INT64_C(60000000)
#define US_PER_DAY (MINUTES_PER_DAY * US_PER_MINUTE)
#define LOOK_DAYS_MAX 731

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* "2026-12-31" */
static bool read_day(const char *text, int64_t *ret_day)
{
    char time[24];
    int64_t time_us;
    if (strlen(text) != 10)
        return false;
    (void)snprintf(time, sizeof time, "%.10sT00:00:00Z", text);
    if (hk_time_parse(time, &time_us, NULL) != HK_OK)
        return false;
    *ret_day = time_us / US_PER_DAY;
    return true;
}

static enum hk_status read_holidays(
    const struct hk_json *list, struct hk_business *business, struct hk_error *error)
{
    if (list == NULL || (list->count == 0 && list->type == HK_JSON_OBJECT))
        return HK_OK;
    if (!hk_json_is_texts(list))
        return hk_fail(error, HK_INVALID, "business_hours.holidays: expected a list of days");
    if (list->count > HK_HOLIDAYS_MAX)
        return hk_fail(
            error, HK_INVALID, "business_hours.holidays: more than %d days", HK_HOLIDAYS_MAX);
    business->holidays = hk_engine_alloc((list->count + 1) * sizeof *business->holidays);
    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        if (!read_day(item->text, &business->holidays[business->holiday_count]))
            return hk_fail(error, HK_INVALID,
                "business_hours.holidays: \"%.20s\" is not a day such as \"2026-12-31\"",
                item->text);
        business->holiday_count++;
    }
    return HK_OK;
}

enum hk_status hk_business_read(
    const struct hk_json *config, struct hk_business *ret_business, struct hk_error *error)
{
    static const char *const keys[] = {"hours", "holidays", NULL};
    const struct hk_json *value = hk_json_get(config, "business_hours");
    const struct hk_json *hours = hk_json_get(value, "hours");
    const char *zone = hk_json_string_at(config, "notices.zone", NULL);
    *ret_business = (struct hk_business){.zone_minutes = 0};
    /* A zone that can't be read is refused where notices are. */
    if (zone != NULL && hk_zone_parse(zone, &ret_business->zone_minutes, NULL) != HK_OK)
        ret_business->zone_minutes = 0;
    if (value == NULL)
        return HK_OK;
    enum hk_status status = hk_check_keys(value, "business_hours", keys, error);
    if (status == HK_OK && hours == NULL)
        status = hk_fail(error, HK_INVALID, "business_hours.hours: is missing");
    if (status == HK_OK)
        status = hk_hours_read(hours, "business_hours.hours", &ret_business->hours, error);
    if (status == HK_OK && ret_business->hours.outside)
        status = hk_fail(error, HK_INVALID, "business_hours.hours.outside: has no place here");
    if (status == HK_OK && hk_json_get(hours, "zone") != NULL)
        ret_business->zone_minutes = ret_business->hours.zone_minutes;
    else
        ret_business->hours.zone_minutes = ret_business->zone_minutes;
    if (status == HK_OK)
        status = read_holidays(hk_json_get(value, "holidays"), ret_business, error);
    return status;
}

void hk_business_done(struct hk_business *business)
{
    free(business->holidays);
    business->holidays = NULL;
    business->holiday_count = 0;
}

/* The day, by the tenant's calendar, on which the hours that hold at time_us began. */
static int64_t day_of(const struct hk_business *business, int64_t time_us)
{
    const struct hk_hours *hours = &business->hours;
    int64_t local = floor_div(time_us, US_PER_MINUTE) + hours->zone_minutes;
    int64_t day = floor_div(local, MINUTES_PER_DAY);
    bool passes_midnight = hours->from_minute > hours->to_minute;
    return passes_midnight && local - day * MINUTES_PER_DAY < hours->to_minute ? day - 1 : day;
}

static bool is_holiday(const struct hk_business *business, int64_t day)
{
    for (size_t i = 0; i < business->holiday_count; i++) {
        if (business->holidays[i] == day)
            return true;
    }
    return false;
}

int64_t hk_business_next(const struct hk_business *business, int64_t time_us)
{
    for (int looked = 0; looked < LOOK_DAYS_MAX; looked++) {
        time_us = hk_hours_next(&business->hours, time_us);
        if (time_us == INT64_MAX)
            return INT64_MAX;
        int64_t day = day_of(business, time_us);
        if (!is_holiday(business, day))
            return time_us;
        /* On from where the hours of the next day begin, or its first minute. */
        int64_t next = (day + 1) * MINUTES_PER_DAY - business->hours.zone_minutes;
        if (business->hours.from_minute > business->hours.to_minute)
            next += business->hours.from_minute;
        time_us = next * US_PER_MINUTE;
    }
    return INT64_MAX;
}

int64_t hk_business_clock(const struct hk_business *business, int minute, int64_t time_us)
{
    int64_t local = floor_div(time_us, US_PER_MINUTE) + business->zone_minutes;
    int64_t next = floor_div(local, MINUTES_PER_DAY) * MINUTES_PER_DAY + minute;
    if (next <= local)
        next += MINUTES_PER_DAY;
    return (next - business->zone_minutes) * US_PER_MINUTE;
}
