/*
 * words: what is said to people, in their language.
 *
 * A message is one entry of the catalogue (list.h): its text in each language, with numbered places
 * {0} to {9} for what is put in. Both languages have the same places; a unit test holds that. What
 * is put in is copied as it is: escaping is the business of whoever writes the page or the mail,
 * who escapes the whole of it.
 *
 * No state, no locale of the process: any thread may ask.
 */
#ifndef HK_WORDS_WORDS_H
#define HK_WORDS_WORDS_H

#include "base/buf.h"
#include "words/list.h"

enum hk_language { HK_LANGUAGE_EN, HK_LANGUAGE_JA, HK_LANGUAGE_COUNT };

enum hk_word {
#define X(id, en, ja) HK_WORD_##id,
    HK_WORDS_LIST(X)
#undef X
        HK_WORD_COUNT
};

/* "en", "ja": as in BCP 47 and in HTML's lang. */
const char *hk_language_tag(enum hk_language language);
/* Read such a tag, alone ("ja") or with a region ("ja-JP"); false for another language. */
bool hk_language_from_tag(const char *tag, enum hk_language *ret_language);
/* The language that an Accept-Language header (RFC 9110 section 12.5.4) likes best among ours;
 * fallback when the header is NULL, unreadable, or names none of them. */
enum hk_language hk_language_accepted(const char *header, enum hk_language fallback);

/* The message as it stands in the catalogue. For messages without places; never NULL. */
const char *hk_word(enum hk_language language, enum hk_word word);

/* Append the message with args, a NULL-ended list, put into its places: args[0] for {0} and so on.
 * A place beyond the list is left empty. */
void hk_words_put_list(
    struct hk_buf *out, enum hk_language language, enum hk_word word, const char *const *args);
#define hk_words_put(out, language, word, ...)                                                     \
    hk_words_put_list(out, language, word, (const char *const[]){__VA_ARGS__, NULL})

/* Append a message whose {0} is a number. English texts of such messages have two forms,
 * "one|many":
 * "{0} alert|{0} alerts". */
void hk_words_count(
    struct hk_buf *out, enum hk_language language, enum hk_word word, int64_t count);

/* --- names: what the record calls things, for people's eyes --- */

enum hk_name_group {
    HK_NAME_SEVERITY,
    HK_NAME_ALERT, /* states of each */
    HK_NAME_RUN,
    HK_NAME_STEP,
    HK_NAME_APPROVAL,
    HK_NAME_CONTAINMENT,
    HK_NAME_CASE,
    HK_NAME_TASK,
    HK_NAME_USER,
    HK_NAME_PHASE, /* of a case */
    HK_NAME_VERDICT,
    HK_NAME_ROLE,
    HK_NAME_CATEGORY,    /* of an alert */
    HK_NAME_ACTION_KIND, /* "contain" */
    HK_NAME_TARGET,      /* "address", "host" */
    HK_NAME_HOW,         /* how a step was settled */
    HK_NAME_OUTCOME,     /* of authority */
    HK_NAME_KIND,        /* of an entry of the ledger */
    HK_NAME_TASK_OUTCOME,
    HK_NAME_ENTITY, /* what a case is about */
    HK_NAME_MODE,   /* of a tenant */
    HK_NAME_GAP,    /* kind of what is not covered */
    HK_NAME_GROUP_COUNT
};

/* What a name of the record is called. A name that isn't in the catalogue is returned as it is
 * (borrowed); "" for NULL. */
const char *hk_name(enum hk_language language, enum hk_name_group group, const char *name);

/* --- times --- */

enum hk_time_style {
    HK_TIME_MINUTES, /* "2026-11-22 13:05 UTC+09:00", 「2026/11/22 13:05 UTC+09:00」 */
    HK_TIME_SECONDS, /* with seconds */
    HK_TIME_CLOCK,   /* "13:05:12" alone, beside a heading that says the day and the offset */
    HK_TIME_DAY,     /* "Sunday 22 November 2026", 「2026年11月22日（日）」 */
};

/* Append a point in time as it is called in a zone, an offset in minutes east of UTC (within a
 * day's length). */
void hk_words_time(struct hk_buf *out, enum hk_language language, int zone_minutes,
    enum hk_time_style style, int64_t time_us);
/* Append the offset: "UTC", "UTC+09:00". */
void hk_words_zone(struct hk_buf *out, int zone_minutes);
/* Read an offset: "Z", "UTC", "+09:00". HK_INVALID names it. */
HK_MUST_CHECK enum hk_status hk_zone_parse(
    const char *text, int *ret_minutes, struct hk_error *error);

/* Append a length of time, rounded down to what matters: "40 seconds", "90 minutes", "4 hours 20
 * minutes", "3 days". Below zero counts as zero. */
void hk_words_duration(struct hk_buf *out, enum hk_language language, int64_t duration_ms);
/* Append how far a time is from now: "90 minutes left" or "5 minutes overdue"… */
void hk_words_left(struct hk_buf *out, enum hk_language language, int64_t time_us, int64_t now_us);
/* … and "5 minutes ago" (a time in the future is "just now": clocks differ). */
void hk_words_ago(struct hk_buf *out, enum hk_language language, int64_t time_us, int64_t now_us);

#endif
