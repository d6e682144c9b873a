/*
 * when: see when.h. Each conversion takes what it needs and never comes back to it, so a pattern
 * costs no more than the text is long.
 */
#include "intake/when.h"

#include "base/time.h"

#include <string.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)
#define FILETIME_EPOCH_S INT64_C(11644473600) /* from 1601 to 1970 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NAME_SIZE_SHORT 3

static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december"};
static const char *const days[] = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

static const struct {
    const char *name;
    int offset_min;
} zones[] = {{"utc", 0}, {"gmt", 0}, {"z", 0}, {"est", -300}, {"edt", -240}, {"cst", -360},
    {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"cet", 60},
    {"cest", 120}, {"bst", 60}, {"eet", 120}, {"eest", 180}, {"msk", 180}, {"ist", 330},
    {"jst", 540}, {"aest", 600}, {"aedt", 660}, {"wet", 0}, {"west", 60}};

struct reading {
    const char *at;
    const char *end;
    struct hk_civil civil;
    bool has_year;
    bool has_zone;
    bool has_half; /* %p was read */
    bool is_pm;
    bool is_epoch;
    int64_t epoch_us;
};

/* Read from digits_min to digits_max digits. */
static bool take_number(
    struct reading *reading, int digits_min, int digits_max, int64_t *ret_number)
{
    int64_t number = 0;
    int count = 0;

    while (count < digits_max && reading->at < reading->end && hk_is_digit(*reading->at)) {
        number = number * 10 + (*reading->at++ - '0');
        count++;
    }
    *ret_number = number;
    return count >= digits_min;
}

/* Which of the words stands here? -1: none of them. */
static int take_word(struct reading *reading, const char *const *words, int count)
{
    struct hk_slice rest = {reading->at, (size_t)(reading->end - reading->at)};

    for (int i = 0; i < count; i++) {
        size_t size = strlen(words[i]);
        if (size <= rest.size && hk_slice_is_like((struct hk_slice){rest.at, size}, words[i])) {
            reading->at += size;
            return i;
        }
    }
    return -1;
}

/* Which of the names stands here, whole or cut to its three letters? -1: none of them. */
static int take_name(struct reading *reading, const char *const *names, int count)
{
    struct hk_slice rest = {reading->at, (size_t)(reading->end - reading->at)};
    char letters[NAME_SIZE_SHORT];

    if (rest.size < sizeof(letters))
        return -1;
    for (size_t i = 0; i < sizeof(letters); i++)
        letters[i] = hk_lower(rest.at[i]);
    for (int i = 0; i < count; i++) {
        size_t size = strlen(names[i]);
        if (memcmp(letters, names[i], sizeof(letters)) != 0)
            continue;
        if (size > rest.size || !hk_slice_is_like((struct hk_slice){rest.at, size}, names[i]))
            size = sizeof(letters);
        reading->at += size;
        return i;
    }
    return -1;
}

static bool take_month(struct reading *reading)
{
    reading->civil.month = take_name(reading, months, COUNT(months)) + 1;
    return reading->civil.month > 0;
}

static bool take_day_name(struct reading *reading)
{
    return take_name(reading, days, COUNT(days)) >= 0;
}

/* Decimals after a point or a comma, cut to microseconds; none are fine. */
static bool take_fraction(struct reading *reading)
{
    int64_t us = 0;
    int count = 0;

    if (reading->end - reading->at < 2 || (*reading->at != '.' && *reading->at != ',') ||
        !hk_is_digit(reading->at[1]))
        return true;
    reading->at++;
    for (; reading->at < reading->end && hk_is_digit(*reading->at); reading->at++, count++)
        if (count < 6)
            us = us * 10 + (*reading->at - '0');
    for (; count < 6; count++)
        us *= 10;
    reading->civil.us = us;
    return true;
}

static bool take_offset(struct reading *reading)
{
    int64_t hours;
    int64_t minutes = 0;
    bool is_west;

    if (reading->end - reading->at >= 3 &&
        (hk_slice_is_like((struct hk_slice){reading->at, 3}, "gmt") ||
            hk_slice_is_like((struct hk_slice){reading->at, 3}, "utc"))) {
        reading->at += 3;
        reading->has_zone = true;
        if (reading->at == reading->end || (*reading->at != '+' && *reading->at != '-'))
            return true;
    }
    if (reading->at == reading->end)
        return false;
    reading->has_zone = true;
    if (*reading->at == 'Z' || *reading->at == 'z') {
        reading->at++;
        return true;
    }
    if (*reading->at != '+' && *reading->at != '-')
        return false;
    is_west = *reading->at++ == '-';
    if (!take_number(reading, 2, 2, &hours))
        return false;
    if (reading->end - reading->at >= 3 && *reading->at == ':' && hk_is_digit(reading->at[1]))
        reading->at++;
    if (reading->at < reading->end && hk_is_digit(*reading->at) &&
        !take_number(reading, 2, 2, &minutes))
        return false;
    if (hours > 14 || minutes > 59)
        return false;
    reading->civil.utc_offset_min = (hours * 60 + minutes) * (is_west ? -1 : 1);
    return true;
}

static bool take_zone(struct reading *reading)
{
    const char *begin = reading->at;
    struct hk_slice name;

    while (reading->at < reading->end && reading->at - begin < 6 && hk_lower(*reading->at) >= 'a' &&
           hk_lower(*reading->at) <= 'z')
        reading->at++;
    name = (struct hk_slice){begin, (size_t)(reading->at - begin)};
    for (size_t i = 0; i < COUNT(zones); i++) {
        if (hk_slice_is_like(name, zones[i].name)) {
            reading->has_zone = true;
            reading->civil.utc_offset_min = zones[i].offset_min;
        }
    }
    return reading->has_zone;
}

static bool take_half(struct reading *reading)
{
    static const char *const halves[] = {"am", "pm", "a.m.", "p.m."};
    int half = take_word(reading, halves, COUNT(halves));

    reading->has_half = true;
    reading->is_pm = half == 1 || half == 3;
    return half >= 0;
}

static bool take_year(struct reading *reading, int digits)
{
    reading->has_year = true;
    if (!take_number(reading, digits, digits, &reading->civil.year))
        return false;
    if (digits == 2)
        reading->civil.year += reading->civil.year < 70 ? 2000 : 1900;
    return true;
}

static bool take_seconds_since(struct reading *reading)
{
    const char *begin = reading->at;

    while (reading->at < reading->end && (hk_is_digit(*reading->at) || *reading->at == '.'))
        reading->at++;
    reading->is_epoch = true;
    return hk_when_epoch(
        (struct hk_slice){begin, (size_t)(reading->at - begin)}, &reading->epoch_us);
}

static bool take_conversion(struct reading *reading, char conversion)
{
    struct hk_civil *civil = &reading->civil;

    switch (conversion) {
    case 'Y':
        return take_year(reading, 4);
    case 'y':
        return take_year(reading, 2);
    case 'm':
        return take_number(reading, 1, 2, &civil->month);
    case 'd':
        return take_number(reading, 1, 2, &civil->day);
    case 'H':
    case 'I':
        return take_number(reading, 1, 2, &civil->hour);
    case 'M':
        return take_number(reading, 2, 2, &civil->minute);
    case 'S':
        return take_number(reading, 2, 2, &civil->second);
    case 'f':
        return take_fraction(reading);
    case 'b':
    case 'B':
        return take_month(reading);
    case 'a':
    case 'A':
        return take_day_name(reading);
    case 'p':
        return take_half(reading);
    case 'z':
        return take_offset(reading);
    case 'Z':
        return take_zone(reading);
    case 's':
        return take_seconds_since(reading);
    default:
        return false;
    }
}

bool hk_when_pattern_is_good(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '%')
            continue;
        pattern++;
        if (*pattern == '\0' || strchr("YymdHIMSfbBaApzZs%", *pattern) == NULL)
            return false;
    }
    return true;
}

static bool follow(struct reading *reading, const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '%' && pattern[1] != '%') {
            if (!take_conversion(reading, *++pattern))
                return false;
            continue;
        }
        if (*pattern == '%')
            pattern++;
        if (reading->at == reading->end)
            return false;
        if (*pattern == ' ') {
            if (!hk_is_blank(*reading->at))
                return false;
            while (reading->at < reading->end && hk_is_blank(*reading->at))
                reading->at++;
        } else if (hk_lower(*pattern) != hk_lower(*reading->at++)) {
            return false;
        }
    }
    return true;
}

/* The latest year that does not put the date more than a day after now: clocks are wrong by
 * minutes, zones by hours. */
static bool without_year(struct hk_civil *civil, int64_t now_us, int64_t *ret_time_us)
{
    int64_t year = hk_time_year(now_us) + 1;

    /* A leap day may be up to eight years back. */
    for (int back = 0; back <= 9; back++) {
        civil->year = year - back;
        if (hk_time_from_civil(civil, ret_time_us) && *ret_time_us <= now_us + US_PER_DAY)
            return true;
    }
    return false;
}

bool hk_when_read(struct hk_slice text, const char *pattern, const struct hk_when_ground *ground,
    int64_t *ret_time_us, size_t *ret_used)
{
    struct reading reading = {.at = text.at, .end = text.at + text.size, .civil = {.day = 1}};
    int64_t time_us = 0;

    if (!follow(&reading, pattern))
        return false;
    if (reading.has_half) {
        if (reading.civil.hour < 1 || reading.civil.hour > 12)
            return false;
        reading.civil.hour = reading.civil.hour % 12 + (reading.is_pm ? 12 : 0);
    }
    if (!reading.has_zone)
        reading.civil.utc_offset_min = ground->utc_offset_min;
    if (reading.is_epoch)
        time_us = reading.epoch_us;
    else if (!(reading.has_year ? hk_time_from_civil(&reading.civil, &time_us)
                                : without_year(&reading.civil, ground->now_us, &time_us)))
        return false;
    *ret_time_us = time_us;
    if (ret_used != NULL)
        *ret_used = (size_t)(reading.at - text.at);
    return true;
}

/* Longer forms stand before those that they begin with. */
static const char *const digit_forms[] = {"%Y-%m-%dT%H:%M:%S%f%z", "%Y-%m-%d %H:%M:%S%f %z",
    "%Y-%m-%d %H:%M:%S%f%z", "%Y-%m-%d %H:%M:%S%f %Z", "%Y-%m-%dT%H:%M:%S%f", "%Y-%m-%d %H:%M:%S%f",
    "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %I:%M:%S%f %p", "%Y/%m/%d %H:%M:%S%f %z", "%Y/%m/%d %H:%M:%S%f",
    "%Y %b %d %H:%M:%S%f %z", "%Y %b %d %H:%M:%S%f %Z", "%Y %b %d %H:%M:%S%f",
    "%d/%b/%Y:%H:%M:%S%f %z", "%d/%b/%Y:%H:%M:%S%f", "%d %b %Y %H:%M:%S%f %z",
    "%d %b %Y %H:%M:%S%f %Z", "%d %b %Y %H:%M:%S%f", "%d-%b-%Y %H:%M:%S%f",
    "%m/%d/%Y %I:%M:%S%f %p", "%m/%d/%Y, %I:%M:%S%f %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S%f",
    "%Y%m%dT%H%M%S%z", "%Y%m%dT%H%M%S"};
static const char *const word_forms[] = {"%b %d %Y %H:%M:%S%f %z", "%b %d %Y %H:%M:%S%f %Z",
    "%b %d %Y %H:%M:%S%f", "%b %d, %Y %I:%M:%S%f %p %Z", "%b %d, %Y %I:%M:%S%f %p",
    "%b %d, %Y, %I:%M:%S%f %p", "%b %d, %Y %H:%M:%S%f %Z", "%b %d, %Y %H:%M:%S%f",
    "%b %d, %Y @ %H:%M:%S%f", "%b %d %H:%M:%S%f %Z %Y", "%b %d %H:%M:%S%f %Y %Z",
    "%b %d %H:%M:%S%f %Y", "%b %d %H:%M:%S%f %z", "%b %d %H:%M:%S%f", "%a, %d %b %Y %H:%M:%S%f %z",
    "%a, %d %b %Y %H:%M:%S%f %Z", "%a %b %d %H:%M:%S%f %Z %Y", "%a %b %d %H:%M:%S%f %z %Y",
    "%a %b %d %H:%M:%S%f %Y", "%a %b %d %Y %H:%M:%S%f %z", "%a %b %d %H:%M:%S%f"};

/* A year at the end may be the beginning of the name of a host ("2001:db8::1", "2026-web"). */
static bool is_year_of_date(const char *form, struct hk_slice rest)
{
    char c;

    if (strcmp(form + strlen(form) - 2, "%Y") != 0 || rest.size == 0)
        return true;
    if (rest.at[0] == ':')
        return rest.size == 1 || hk_is_blank(rest.at[1]);
    c = hk_lower(rest.at[0]);
    return !hk_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_' && c != '.';
}

bool hk_when_guess(struct hk_slice text, const struct hk_when_ground *ground, int64_t *ret_time_us,
    size_t *ret_used)
{
    size_t used = 0;
    bool is_digit = text.size > 0 && hk_is_digit(text.at[0]);
    const char *const *forms = is_digit ? digit_forms : word_forms;
    size_t count = is_digit ? COUNT(digit_forms) : COUNT(word_forms);

    for (size_t i = 0; i < count; i++)
        if (hk_when_read(text, forms[i], ground, ret_time_us, &used) &&
            is_year_of_date(forms[i], hk_slice_after(text, used))) {
            if (ret_used != NULL)
                *ret_used = used;
            return true;
        }
    return false;
}

bool hk_when_epoch(struct hk_slice text, int64_t *ret_time_us)
{
    size_t whole = 0;
    uint64_t digits = 0; /* 19 of them fit */
    int64_t number;
    int64_t us = 0;
    int decimals = 0;

    while (whole < text.size && hk_is_digit(text.at[whole]) && whole < 19)
        digits = digits * 10 + (uint64_t)(text.at[whole++] - '0');
    if (whole < 9 || digits > INT64_MAX)
        return false;
    number = (int64_t)digits;
    if (whole < text.size) {
        if (text.at[whole] != '.' || whole > 14 || whole + 1 == text.size)
            return false;
        for (size_t i = whole + 1; i < text.size; i++, decimals++) {
            if (!hk_is_digit(text.at[i]))
                return false;
            if (decimals < 6)
                us = us * 10 + (text.at[i] - '0');
        }
        for (; decimals < 6; decimals++)
            us *= 10;
    }
    if (whole <= 11)
        *ret_time_us = number * US_PER_SECOND + us;
    else if (whole <= 14)
        *ret_time_us = number * 1000 + us / 1000;
    else if (whole <= 17)
        *ret_time_us = number;
    else if (whole == 18) /* 100 ns since 1601 */
        *ret_time_us = number / 10 - FILETIME_EPOCH_S * US_PER_SECOND;
    else
        *ret_time_us = number / 1000;
    return *ret_time_us >= 0;
}
