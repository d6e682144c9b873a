/*
 * hours: see hours.h.
 */
#include "authority/hours.h"

#include "authority/rules.h"

#include <stdio.h>
#include <string.h>

#define MINUTES_PER_DAY 1440
#define US_PER_MINUTE INT64_C(60000000)
#define ALL_DAYS 0x7fU

static const char *const day_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HH:MM" */
static bool read_minutes(const char *text, int hours_max, int *ret_minutes)
{
    int hours;
    int minutes;

    if (strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' ||
        !is_digit(text[3]) || !is_digit(text[4]))
        return false;
    hours = (text[0] - '0') * 10 + text[1] - '0';
    minutes = (text[3] - '0') * 10 + text[4] - '0';
    if (minutes > 59 || hours * 60 + minutes > hours_max * 60)
        return false;
    *ret_minutes = hours * 60 + minutes;
    return true;
}

static bool read_zone(const char *text, int *ret_minutes)
{
    int minutes;

    *ret_minutes = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "UTC") == 0)
        return true;
    if ((text[0] != '+' && text[0] != '-') || !read_minutes(text + 1, 14, &minutes))
        return false;
    *ret_minutes = text[0] == '-' ? -minutes : minutes;
    return true;
}

enum hk_status hk_clock_read(
    const char *text, const char *path, int *ret_minute, struct hk_error *error)
{
    if (!read_minutes(text, 24, ret_minute))
        return hk_fail(
            error, HK_INVALID, "%s: \"%.20s\" is not a time of day such as \"09:00\"", path, text);
    return HK_OK;
}

static enum hk_status read_clock(const struct hk_json *value, const char *path, const char *key,
    int *minutes, struct hk_error *error)
{
    char place[160];
    const char *text;
    enum hk_status status = hk_text_of(value, path, key, &text, error);

    if (status != HK_OK || text == NULL)
        return status;
    (void)snprintf(place, sizeof(place), "%s.%s", path, key);
    return hk_clock_read(text, place, minutes, error);
}

static enum hk_status read_days(
    const struct hk_json *value, const char *path, unsigned *days, struct hk_error *error)
{
    unsigned found = 0;

    if (value == NULL)
        return HK_OK;
    if (value->type != HK_JSON_ARRAY || value->count == 0)
        return hk_fail(error, HK_INVALID, "%s.days is not a list of days", path);
    for (const struct hk_json *day = value->first; day != NULL; day = day->next) {
        const char *name = hk_json_string(day);
        size_t i = 0;
        while (i < 7 && (name == NULL || strcmp(name, day_names[i]) != 0))
            i++;
        if (i == 7)
            return hk_fail(error, HK_INVALID,
                "%s.days: \"%.20s\" is none of mon, tue, wed, thu, fri, sat, sun", path,
                name != NULL ? name : hk_json_type_name(day->type));
        found |= 1U << i;
    }
    *days = found;
    return HK_OK;
}

enum hk_status hk_hours_read(const struct hk_json *value, const char *path,
    struct hk_hours *ret_hours, struct hk_error *error)
{
    static const char *const keys[] = {"from", "to", "days", "zone", "outside", NULL};
    struct hk_hours hours = {.is_set = true, .days = ALL_DAYS, .to_minute = MINUTES_PER_DAY};
    const struct hk_json *outside = hk_json_get(value, "outside");
    const char *zone = NULL;
    enum hk_status status = hk_check_keys(value, path, keys, error);

    if (status == HK_OK)
        status = read_clock(value, path, "from", &hours.from_minute, error);
    if (status == HK_OK)
        status = read_clock(value, path, "to", &hours.to_minute, error);
    if (status == HK_OK)
        status = read_days(hk_json_get(value, "days"), path, &hours.days, error);
    if (status == HK_OK)
        status = hk_text_of(value, path, "zone", &zone, error);
    if (status != HK_OK)
        return status;
    if (zone != NULL && !read_zone(zone, &hours.zone_minutes))
        return hk_fail(error, HK_INVALID, "%s.zone: \"%.20s\" is not an offset such as \"+09:00\"",
            path, zone);
    if (outside != NULL && !hk_json_bool(outside, &hours.outside))
        return hk_fail(error, HK_INVALID, "%s.outside is neither true nor false", path);
    if (hours.from_minute == hours.to_minute)
        return hk_fail(error, HK_INVALID, "%s: from and to are the same time", path);
    if (hours.from_minute == MINUTES_PER_DAY)
        return hk_fail(error, HK_INVALID, "%s.from is the end of the day", path);
    *ret_hours = hours;
    return HK_OK;
}

static bool is_within(const struct hk_hours *hours, int64_t time_us)
{
    int64_t minutes = time_us / US_PER_MINUTE - (time_us % US_PER_MINUTE < 0 ? 1 : 0);
    int64_t local = minutes + hours->zone_minutes;
    int64_t day = local / MINUTES_PER_DAY - (local % MINUTES_PER_DAY < 0 ? 1 : 0);
    int minute = (int)(local - day * MINUTES_PER_DAY);
    /* 1970-01-01 was a Thursday. */
    unsigned today = (unsigned)(((day + 3) % 7 + 7) % 7);
    unsigned yesterday = (today + 6) % 7;
    bool is_day = (hours->days >> today & 1) != 0;

    if (hours->from_minute < hours->to_minute)
        return is_day && minute >= hours->from_minute && minute < hours->to_minute;
    if (minute >= hours->from_minute)
        return is_day;
    return minute < hours->to_minute && (hours->days >> yesterday & 1) != 0;
}

bool hk_hours_hold(const struct hk_hours *hours, int64_t time_us)
{
    return !hours->is_set || is_within(hours, time_us) != hours->outside;
}

/* Hours change on whole minutes only. */
int64_t hk_hours_next(const struct hk_hours *hours, int64_t time_us)
{
    int64_t minute_us = time_us / US_PER_MINUTE * US_PER_MINUTE;

    if (hk_hours_hold(hours, time_us))
        return time_us;
    for (int i = 1; i <= 7 * MINUTES_PER_DAY + 1; i++) {
        if (hk_hours_hold(hours, minute_us + i * US_PER_MINUTE))
            return minute_us + i * US_PER_MINUTE;
    }
    return INT64_MAX;
}
