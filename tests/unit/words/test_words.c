/*
 * words: both languages say the same, places are filled, times are called as people call them.
 */
#include "words/words.h"

#include "base/text.h"
#include "base/time.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *id;
    const char *en;
    const char *ja;
} messages[] = {
#define X(id, en, ja) {#id, en, ja},
    HK_WORDS_LIST(X)
#undef X
};

/* Bit n: the text has place {n}. False: a brace that is no place. */
static bool places(const char *text, size_t size, unsigned *ret_places)
{
    *ret_places = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '}')
            return false;
        if (text[i] != '{')
            continue;
        if (i + 2 >= size || text[i + 1] < '0' || text[i + 1] > '9' || text[i + 2] != '}')
            return false;
        *ret_places |= 1U << (text[i + 1] - '0');
        i += 2;
    }
    return true;
}

static void languages_have_the_same_places(void)
{
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        const char *en = messages[i].en;
        const char *ja = messages[i].ja;
        const char *bar = strchr(en, '|');
        size_t en_size = bar != NULL ? (size_t)(bar - en) : strlen(en);
        unsigned en_places;
        unsigned ja_places;
        bool ok = places(en, en_size, &en_places) && places(ja, strlen(ja), &ja_places) &&
                  en_places == ja_places && (en[0] == '\0') == (ja[0] == '\0');

        if (ok && bar != NULL) {
            /* one and many, of a number */
            ok = places(bar + 1, strlen(bar + 1), &ja_places) && ja_places == en_places &&
                 en_places == 1 && strchr(bar + 1, '|') == NULL;
        }
        if (strchr(ja, '|') != NULL || !hk_utf8_is_valid(ja, strlen(ja)))
            ok = false;
        if (!ok)
            printf("\n  %s: \"%s\" against \"%s\"\n", messages[i].id, en, ja);
        CU_ASSERT_TRUE(ok);
    }
}

static void messages_are_filled(void)
{
    struct hk_buf out;

    hk_buf_init(&out, 4096);
    hk_words_put(&out, HK_LANGUAGE_EN, HK_WORD_TIME_LEFT, "90 minutes");
    CU_ASSERT_STRING_EQUAL(out.data, "90 minutes left");
    hk_buf_clear(&out);
    hk_words_put(&out, HK_LANGUAGE_JA, HK_WORD_TIME_LEFT, "90分");
    CU_ASSERT_STRING_EQUAL(out.data, "残り90分");
    hk_buf_clear(&out);
    /* what is put in is not looked at again */
    hk_words_put(&out, HK_LANGUAGE_EN, HK_WORD_TIME_LEFT, "{0}{1}%s");
    CU_ASSERT_STRING_EQUAL(out.data, "{0}{1}%s left");
    hk_buf_clear(&out);
    /* a place with nothing for it is empty */
    hk_words_put_list(&out, HK_LANGUAGE_EN, HK_WORD_TIME_LEFT, (const char *const[]){NULL});
    CU_ASSERT_STRING_EQUAL(out.data, " left");
    hk_buf_done(&out);
}

static void counts_have_a_singular(void)
{
    static const struct {
        enum hk_language language;
        int64_t count;
        const char *text;
    } cases[] = {
        {HK_LANGUAGE_EN, 0, "0 alerts"},
        {HK_LANGUAGE_EN, 1, "1 alert"},
        {HK_LANGUAGE_EN, 2, "2 alerts"},
        {HK_LANGUAGE_JA, 1, "アラート1件"},
        {HK_LANGUAGE_JA, 2, "アラート2件"},
    };
    struct hk_buf out;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        hk_buf_init(&out, 4096);
        hk_words_count(&out, cases[i].language, HK_WORD_ALERTS, cases[i].count);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].text);
        hk_buf_done(&out);
    }
}

static void names_are_translated_or_kept(void)
{
    CU_ASSERT_STRING_EQUAL(hk_name(HK_LANGUAGE_JA, HK_NAME_SEVERITY, "critical"), "重大");
    CU_ASSERT_STRING_EQUAL(
        hk_name(HK_LANGUAGE_EN, HK_NAME_VERDICT, "true_positive"), "true positive");
    CU_ASSERT_STRING_EQUAL(hk_name(HK_LANGUAGE_JA, HK_NAME_RUN, "unknown"), "結果不明");
    CU_ASSERT_STRING_EQUAL(hk_name(HK_LANGUAGE_JA, HK_NAME_CONTAINMENT, "unknown"), "状態不明");
    CU_ASSERT_STRING_EQUAL(hk_name(HK_LANGUAGE_JA, HK_NAME_RUN, "no-such-state"), "no-such-state");
    CU_ASSERT_STRING_EQUAL(hk_name(HK_LANGUAGE_JA, HK_NAME_RUN, NULL), "");
}

static void a_language_is_chosen(void)
{
    static const struct {
        const char *header;
        enum hk_language language;
    } cases[] = {
        {NULL, HK_LANGUAGE_EN},
        {"", HK_LANGUAGE_EN},
        {"ja", HK_LANGUAGE_JA},
        {"ja-JP", HK_LANGUAGE_JA},
        {"JA", HK_LANGUAGE_JA},
        {"jam", HK_LANGUAGE_EN}, /* Jamaican Creole */
        {"en-GB,en;q=0.9,ja;q=0.8", HK_LANGUAGE_EN},
        {"fr, ja;q=0.5, en;q=0.4", HK_LANGUAGE_JA},
        {"en;q=0.2 , ja ; q=0.3", HK_LANGUAGE_JA},
        {"ja;q=0", HK_LANGUAGE_EN},
        {"ja;q=0.000, de", HK_LANGUAGE_EN},
        {"ja;q=2", HK_LANGUAGE_EN},
        {"ja;q=1.0001", HK_LANGUAGE_EN},
        {"ja;q=", HK_LANGUAGE_EN},
        {"ja;level=1", HK_LANGUAGE_EN},
        {",,,ja,,", HK_LANGUAGE_JA},
        {"*", HK_LANGUAGE_EN},
        {"en, ja", HK_LANGUAGE_EN}, /* the first of equals */
        {";;;;===,q=1", HK_LANGUAGE_EN},
    };
    enum hk_language language;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        CU_ASSERT_EQUAL(hk_language_accepted(cases[i].header, HK_LANGUAGE_EN), cases[i].language);
    CU_ASSERT_EQUAL(hk_language_accepted("fr", HK_LANGUAGE_JA), HK_LANGUAGE_JA);
    CU_ASSERT_TRUE(hk_language_from_tag("ja", &language) && language == HK_LANGUAGE_JA);
    CU_ASSERT_FALSE(hk_language_from_tag("", &language));
    CU_ASSERT_FALSE(hk_language_from_tag(NULL, &language));
}

static void times_are_called(void)
{
    static const struct {
        enum hk_language language;
        int zone_minutes;
        enum hk_time_style style;
        const char *time;
        const char *text;
    } cases[] = {
        {HK_LANGUAGE_EN, 0, HK_TIME_MINUTES, "2026-11-22T04:05:06.789Z", "2026-11-22 04:05 UTC"},
        {HK_LANGUAGE_EN, 540, HK_TIME_MINUTES, "2026-11-22T04:05:06Z",
            "2026-11-22 13:05 UTC+09:00"},
        {HK_LANGUAGE_JA, 540, HK_TIME_SECONDS, "2026-11-22T16:05:06Z",
            "2026/11/23 01:05:06 UTC+09:00"},
        {HK_LANGUAGE_EN, -210, HK_TIME_SECONDS, "2026-01-01T00:00:00Z",
            "2025-12-31 20:30:00 UTC-03:30"},
        {HK_LANGUAGE_EN, 0, HK_TIME_CLOCK, "2026-11-22T04:05:06.999Z", "04:05:06"},
        {HK_LANGUAGE_EN, 0, HK_TIME_DAY, "2026-11-22T04:05:06Z", "Sunday 22 November 2026"},
        {HK_LANGUAGE_JA, 540, HK_TIME_DAY, "2026-11-22T15:00:00Z", "2026年11月23日（月）"},
    };
    struct hk_buf out;
    int64_t time_us = 0;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        hk_buf_init(&out, 4096);
        CU_ASSERT_EQUAL(hk_time_parse(cases[i].time, &time_us, NULL), HK_OK);
        hk_words_time(&out, cases[i].language, cases[i].zone_minutes, cases[i].style, time_us);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].text);
        hk_buf_done(&out);
    }
}

static void zones_are_read(void)
{
    static const struct {
        const char *text;
        int minutes;
        bool is_good;
    } cases[] = {
        {"Z", 0, true},
        {"UTC", 0, true},
        {"+09:00", 540, true},
        {"-03:30", -210, true},
        {"+14:00", 840, true},
        {"+14:01", 0, false},
        {"+09:60", 0, false},
        {"09:00", 0, false},
        {"+9:00", 0, false},
        {"Asia/Tokyo", 0, false},
        {"", 0, false},
        {"+09:00 ", 0, false},
    };
    struct hk_error error;
    int minutes;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        minutes = 0;
        CU_ASSERT_EQUAL(hk_zone_parse(cases[i].text, &minutes, &error) == HK_OK, cases[i].is_good);
        CU_ASSERT_EQUAL(minutes, cases[i].minutes);
    }
}

static void durations_are_called(void)
{
    static const int64_t minute = 60000;
    static const struct {
        int64_t ms;
        const char *en;
        const char *ja;
    } cases[] = {
        {-5, "0 seconds", "0秒"},
        {999, "0 seconds", "0秒"},
        {1000, "1 second", "1秒"},
        {59999, "59 seconds", "59秒"},
        {60000, "1 minute", "1分"},
        {90 * minute, "90 minutes", "90分"},
        {60 * minute, "1 hour", "1時間"},
        {120 * minute, "2 hours", "2時間"},
        {260 * minute, "4 hours 20 minutes", "4時間20分"},
        {24 * 60 * minute, "1 day", "1日"},
        {25 * 60 * minute, "25 hours", "25時間"},
        {52 * 60 * minute + 59 * minute, "2 days 4 hours", "2日4時間"},
        {30 * 24 * 60 * minute, "30 days", "30日"},
    };
    struct hk_buf out;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        hk_buf_init(&out, 4096);
        hk_words_duration(&out, HK_LANGUAGE_EN, cases[i].ms);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].en);
        hk_buf_clear(&out);
        hk_words_duration(&out, HK_LANGUAGE_JA, cases[i].ms);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].ja);
        hk_buf_done(&out);
    }
}

static void distances_are_called(void)
{
    static const int64_t now_us = INT64_C(1800000000000000);
    struct hk_buf out;

    hk_buf_init(&out, 4096);
    hk_words_left(&out, HK_LANGUAGE_EN, now_us + INT64_C(5400000000), now_us);
    CU_ASSERT_STRING_EQUAL(out.data, "90 minutes left");
    hk_buf_clear(&out);
    hk_words_left(&out, HK_LANGUAGE_JA, now_us - INT64_C(300000000), now_us);
    CU_ASSERT_STRING_EQUAL(out.data, "期限を5分超過");
    hk_buf_clear(&out);
    hk_words_ago(&out, HK_LANGUAGE_JA, now_us - INT64_C(300000000), now_us);
    CU_ASSERT_STRING_EQUAL(out.data, "5分前");
    hk_buf_clear(&out);
    hk_words_ago(&out, HK_LANGUAGE_EN, now_us + INT64_C(300000000), now_us);
    CU_ASSERT_STRING_EQUAL(out.data, "just now");
    hk_buf_done(&out);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"languages have the same places", languages_have_the_same_places},
        {"messages are filled", messages_are_filled},
        {"counts have a singular", counts_have_a_singular},
        {"names are translated or kept", names_are_translated_or_kept},
        {"a language is chosen", a_language_is_chosen},
        {"times are called", times_are_called},
        {"zones are read", zones_are_read},
        {"durations are called", durations_are_called},
        {"distances are called", distances_are_called},
    };
    return suite_run("words", tests, COUNT_OF(tests));
}
