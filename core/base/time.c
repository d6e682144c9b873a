/*
 * time: civil dates by arithmetic, so that neither locale nor time zone matters.
 */
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define DURATION_MAX_MS (INT64_C(36525) * 86400 * 1000) /* a hundred years */
#define TIME_MAX_US INT64_C(253402300799999999)         /* the end of 9999 */

static int64_t clock_us(clockid_t clock)
{
    struct timespec now = {0};

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t hk_time_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

int64_t hk_time_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t hk_time_monotonic_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t hk_clock_now_us(struct hk_clock *clock)
{
    int64_t now_us = hk_time_wall_us();

    if (now_us > clock->floor_us)
        clock->floor_us = now_us;
    return clock->floor_us;
}

/* Days since 1970-01-01. Years begin in March here, so that the leap day is the last of them; 400
 * years are 146097 days and 719468 days lie between 0000-03-01 and 1970-01-01. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* month, March is 0 */

    *ret_day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

/* count digits of value, from the right. */
static char *put_digits(char *at, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

static char *put_pair(char *at, int64_t value, char then)
{
    at = put_digits(at, value, 2);
    *at++ = then;
    return at;
}

void hk_time_format(int64_t time_us, char ret_text[HK_TIME_TEXT_SIZE])
{
    int64_t us = time_us % US_PER_SECOND;
    int64_t seconds = time_us / US_PER_SECOND;
    int64_t second_of_day;
    int64_t days;
    int64_t year;
    int64_t month;
    int64_t day;
    char text[160];
    char *at = ret_text;

    if (us < 0) {
        us += US_PER_SECOND;
        seconds--;
    }
    second_of_day = seconds % SECONDS_PER_DAY;
    days = seconds / SECONDS_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += SECONDS_PER_DAY;
        days--;
    }
    date_from_days(days, &year, &month, &day);
    /* One of these is in each entry: a tenth of the time that printf takes. */
    if (year >= 0 && year <= 9999) {
        at = put_digits(at, year, 4);
        *at++ = '-';
        at = put_pair(at, month, '-');
        at = put_pair(at, day, 'T');
        at = put_pair(at, second_of_day / 3600, ':');
        at = put_pair(at, second_of_day / 60 % 60, ':');
        at = put_pair(at, second_of_day % 60, '.');
        at = put_digits(at, us, 6);
        *at++ = 'Z';
        *at = '\0';
        return;
    }
    (void)snprintf(text, sizeof(text),
        "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
        ".%06" PRId64 "Z",
        year, month, day, second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60, us);
    memcpy(ret_text, text, HK_TIME_TEXT_SIZE - 1);
    ret_text[HK_TIME_TEXT_SIZE - 1] = '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Read exactly count digits. */
static bool read_digits(const char **at, int count, int64_t *ret_value)
{
    int64_t value = 0;

    for (int i = 0; i < count; i++) {
        if (!is_digit((*at)[i]))
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *ret_value = value;
    return true;
}

static bool read_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

bool hk_time_parse_exact(const char *text, size_t size, int64_t *ret_time_us)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    int64_t part[7] = {0}; /* year, month, day, hour, minute, second, microsecond */
    size_t n = 0;

    if (size != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (form[i] != '0') {
            if (text[i] != form[i])
                return false;
            n++;
        } else if (!is_digit(text[i])) {
            return false;
        } else {
            part[n] = part[n] * 10 + (text[i] - '0');
        }
    }
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
        part[2] > days_in_month(part[0], part[1]) || part[3] > 23 || part[4] > 59 || part[5] > 59)
        return false;
    *ret_time_us = (days_from_date(part[0], part[1], part[2]) * SECONDS_PER_DAY + part[3] * 3600 +
                       part[4] * 60 + part[5]) *
                       US_PER_SECOND +
                   part[6];
    return true;
}

bool hk_time_from_civil(const struct hk_civil *civil, int64_t *ret_time_us)
{
    int64_t seconds;
    int64_t time_us;

    if (civil->year < 1970 || civil->year > 9999 || civil->month < 1 || civil->month > 12 ||
        civil->day < 1 || civil->day > days_in_month(civil->year, civil->month))
        return false;
    if (civil->hour < 0 || civil->hour > 23 || civil->minute < 0 || civil->minute > 59 ||
        civil->second < 0 || civil->second > 60 || civil->us < 0 || civil->us >= US_PER_SECOND ||
        civil->utc_offset_min < -24 * 60 || civil->utc_offset_min > 24 * 60)
        return false;
    seconds = days_from_date(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
              civil->hour * 3600 + (civil->minute - civil->utc_offset_min) * 60 + civil->second;
    time_us = seconds * US_PER_SECOND + civil->us;
    if (time_us < 0 || time_us > TIME_MAX_US)
        return false;
    *ret_time_us = time_us;
    return true;
}

int64_t hk_time_year(int64_t time_us)
{
    int64_t seconds = time_us / US_PER_SECOND - (time_us % US_PER_SECOND < 0 ? 1 : 0);
    int64_t days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0 ? 1 : 0);
    int64_t year;
    int64_t month;
    int64_t day;

    date_from_days(days, &year, &month, &day);
    return year;
}

static bool read_date(const char **at, int64_t *ret_days)
{
    int64_t year;
    int64_t month;
    int64_t day;

    if (!read_digits(at, 4, &year) || !read_char(at, '-') || !read_digits(at, 2, &month) ||
        !read_char(at, '-') || !read_digits(at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *ret_days = days_from_date(year, month, day);
    return true;
}

static bool read_clock(const char **at, int64_t *ret_seconds)
{
    int64_t hour;
    int64_t minute;
    int64_t second;

    if (!read_digits(at, 2, &hour) || !read_char(at, ':') || !read_digits(at, 2, &minute) ||
        !read_char(at, ':') || !read_digits(at, 2, &second))
        return false;
    /* A leap second ends an hour everywhere; it counts as the second after it. */
    if (hour > 23 || minute > 59 || second > 60 || (second == 60 && minute != 59))
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* One to nine decimals, cut to microseconds; none are fine too. */
static bool read_fraction(const char **at, int64_t *ret_us)
{
    int64_t us = 0;
    int count = 0;

    *ret_us = 0;
    if (**at != '.')
        return true;
    (*at)++;
    for (; is_digit(**at); (*at)++, count++)
        if (count < 6)
            us = us * 10 + (**at - '0');
    if (count < 1 || count > 9)
        return false;
    for (; count < 6; count++)
        us *= 10;
    *ret_us = us;
    return true;
}

/* "Z", "+06:00", "+0600" or nothing. */
static bool read_zone(const char **at, int64_t *ret_seconds)
{
    bool west = **at == '-';
    int64_t hour;
    int64_t minute;

    *ret_seconds = 0;
    if (**at == '\0' || read_char(at, 'Z') || read_char(at, 'z'))
        return true;
    if (!read_char(at, '+') && !read_char(at, '-'))
        return false;
    if (!read_digits(at, 2, &hour))
        return false;
    (void)read_char(at, ':');
    if (!read_digits(at, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_seconds = (hour * 3600 + minute * 60) * (west ? -1 : 1);
    return true;
}

enum hk_status hk_time_parse(const char *text, int64_t *ret_time_us, struct hk_error *error)
{
    const char *at = text;
    int64_t days;
    int64_t seconds;
    int64_t us;
    int64_t zone;
    int64_t time_us;

    if (!read_date(&at, &days) ||
        !(read_char(&at, 'T') || read_char(&at, 't') || read_char(&at, ' ')))
        goto bad;
    if (!read_clock(&at, &seconds) || !read_fraction(&at, &us) || !read_zone(&at, &zone) ||
        *at != '\0')
        goto bad;
    time_us = (days * SECONDS_PER_DAY + seconds - zone) * US_PER_SECOND + us;
    if (time_us < 0 || time_us > TIME_MAX_US)
        return hk_fail(error, HK_INVALID, "\"%.40s\" is not between the years 1970 and 9999", text);
    *ret_time_us = time_us;
    return HK_OK;
bad:
    return hk_fail(
        error, HK_INVALID, "\"%.40s\" is not a time such as \"2026-11-22T01:23:45Z\"", text);
}

static int64_t unit_ms(const char *unit)
{
    static const struct {
        char name[3];
        int64_t ms;
    } units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 7 * 86400000}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ms;
    return 0;
}

enum hk_status hk_duration_parse(const char *text, int64_t *ret_ms, struct hk_error *error)
{
    const char *at = text;
    int64_t value = 0;
    int64_t ms;

    for (; is_digit(*at); at++)
        if (value <= DURATION_MAX_MS)
            value = value * 10 + (*at - '0');
    ms = at > text ? unit_ms(at) : 0;
    if (ms == 0)
        return hk_fail(error, HK_INVALID,
            "\"%.40s\" is not a duration such as \"90s\", \"30m\", \"4h\" or \"2d\"", text);
    if (value > DURATION_MAX_MS / ms)
        return hk_fail(error, HK_INVALID, "\"%.40s\" is more than a hundred years", text);
    *ret_ms = value * ms;
    return HK_OK;
}
