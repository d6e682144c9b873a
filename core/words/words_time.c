/*
 * words_time: points in time and lengths of time as people call them.
 */
#include "words/words.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_MINUTE 60
#define MINUTES_PER_HOUR 60
#define MINUTES_PER_DAY (24 * MINUTES_PER_HOUR)

static const char *const days_en[7] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const days_ja[7] = {"日", "月", "火", "水", "木", "金", "土"};
static const char *const months_en[12] = {"January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"};

void hk_words_zone(struct hk_buf *out, int zone_minutes)
{
    int minutes = abs(zone_minutes);

    hk_buf_append_text(out, "UTC");
    if (zone_minutes != 0)
        hk_buf_appendf(out, "%c%02d:%02d", zone_minutes < 0 ? '-' : '+', minutes / MINUTES_PER_HOUR,
            minutes % MINUTES_PER_HOUR);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum hk_status hk_zone_parse(const char *text, int *ret_minutes, struct hk_error *error)
{
    int minutes;

    if (strcmp(text, "Z") == 0 || strcmp(text, "UTC") == 0) {
        *ret_minutes = 0;
        return HK_OK;
    }
    if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || !is_digit(text[1]) ||
        !is_digit(text[2]) || text[3] != ':' || !is_digit(text[4]) || !is_digit(text[5]))
        return hk_fail(
            error, HK_INVALID, "\"%.20s\" is not an offset such as \"+09:00\" or \"UTC\"", text);
    minutes = ((text[1] - '0') * 10 + text[2] - '0') * MINUTES_PER_HOUR + (text[4] - '0') * 10 +
              text[5] - '0';
    /* RFC 3339 lets minutes go to 59; the widest offsets in use are -12:00 and +14:00. */
    if (text[4] > '5' || minutes > 14 * MINUTES_PER_HOUR)
        return hk_fail(error, HK_INVALID, "\"%.20s\" is no offset that is in use", text);
    *ret_minutes = text[0] == '-' ? -minutes : minutes;
    return HK_OK;
}

static void put_date(struct hk_buf *out, enum hk_language language, const struct tm *tm)
{
    int year = tm->tm_year + 1900;

    if (language == HK_LANGUAGE_JA)
        hk_buf_appendf(out, "%04d/%02d/%02d", year, tm->tm_mon + 1, tm->tm_mday);
    else
        hk_buf_appendf(out, "%04d-%02d-%02d", year, tm->tm_mon + 1, tm->tm_mday);
}

static void put_day(struct hk_buf *out, enum hk_language language, const struct tm *tm)
{
    int year = tm->tm_year + 1900;

    if (language == HK_LANGUAGE_JA)
        hk_buf_appendf(
            out, "%d年%d月%d日（%s）", year, tm->tm_mon + 1, tm->tm_mday, days_ja[tm->tm_wday]);
    else
        hk_buf_appendf(
            out, "%s %d %s %d", days_en[tm->tm_wday], tm->tm_mday, months_en[tm->tm_mon], year);
}

void hk_words_time(struct hk_buf *out, enum hk_language language, int zone_minutes,
    enum hk_time_style style, int64_t time_us)
{
    int64_t seconds = time_us / US_PER_SECOND - (time_us % US_PER_SECOND < 0 ? 1 : 0);
    time_t local = (time_t)(seconds + (int64_t)zone_minutes * SECONDS_PER_MINUTE);
    struct tm tm;

    if (gmtime_r(&local, &tm) == NULL)
        return;
    switch (style) {
    case HK_TIME_DAY:
        put_day(out, language, &tm);
        return;
    case HK_TIME_CLOCK:
        hk_buf_appendf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
        return;
    case HK_TIME_MINUTES:
        put_date(out, language, &tm);
        hk_buf_appendf(out, " %02d:%02d ", tm.tm_hour, tm.tm_min);
        break;
    case HK_TIME_SECONDS:
        put_date(out, language, &tm);
        hk_buf_appendf(out, " %02d:%02d:%02d ", tm.tm_hour, tm.tm_min, tm.tm_sec);
        break;
    }
    hk_words_zone(out, zone_minutes);
}

/* A whole and its smaller part: "4 hours 20 minutes", 「4時間20分」. */
static void put_two(struct hk_buf *out, enum hk_language language, enum hk_word large,
    int64_t large_count, enum hk_word small, int64_t small_count)
{
    hk_words_count(out, language, large, large_count);
    if (small_count == 0)
        return;
    if (language != HK_LANGUAGE_JA)
        hk_buf_append_char(out, ' ');
    hk_words_count(out, language, small, small_count);
}

void hk_words_duration(struct hk_buf *out, enum hk_language language, int64_t duration_ms)
{
    int64_t seconds = duration_ms > 0 ? duration_ms / 1000 : 0;
    int64_t minutes = seconds / SECONDS_PER_MINUTE;

    /* What is below a minute is counted in seconds, what is below two hours in minutes: people plan
     * in those. */
    if (minutes < 1)
        hk_words_count(out, language, HK_WORD_SECONDS, seconds);
    else if (minutes < 2 * MINUTES_PER_HOUR && minutes != MINUTES_PER_HOUR)
        hk_words_count(out, language, HK_WORD_MINUTES, minutes);
    else if (minutes < 2 * MINUTES_PER_DAY && minutes != MINUTES_PER_DAY)
        put_two(out, language, HK_WORD_HOURS, minutes / MINUTES_PER_HOUR, HK_WORD_MINUTES,
            minutes % MINUTES_PER_HOUR);
    else
        put_two(out, language, HK_WORD_DAYS, minutes / MINUTES_PER_DAY, HK_WORD_HOURS,
            minutes % MINUTES_PER_DAY / MINUTES_PER_HOUR);
}

static void put_length(struct hk_buf *out, enum hk_language language, enum hk_word word, int64_t us)
{
    struct hk_buf length;

    hk_buf_init(&length, 256);
    hk_words_duration(&length, language, us / 1000);
    hk_words_put(out, language, word, length.data != NULL ? length.data : "");
    hk_buf_done(&length);
}

void hk_words_left(struct hk_buf *out, enum hk_language language, int64_t time_us, int64_t now_us)
{
    if (time_us >= now_us)
        put_length(out, language, HK_WORD_TIME_LEFT, time_us - now_us);
    else
        put_length(out, language, HK_WORD_TIME_OVERDUE, now_us - time_us);
}

void hk_words_ago(struct hk_buf *out, enum hk_language language, int64_t time_us, int64_t now_us)
{
    if (now_us - time_us < US_PER_SECOND)
        hk_buf_append_text(out, hk_word(language, HK_WORD_TIME_JUST_NOW));
    else
        put_length(out, language, HK_WORD_TIME_AGO, now_us - time_us);
}
