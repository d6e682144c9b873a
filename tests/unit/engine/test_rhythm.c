/*
 * rhythm: a source is silent by its own measure, and by the operator's.
 */
#include "engine/rhythm.h"

#include "support/suite.h"

#include <string.h>

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define T0 INT64_C(1700000000000000)

static struct hk_rhythm_source *only(const struct hk_rhythm *rhythm)
{
    size_t cursor = 0;
    struct hk_rhythm_source *source = hk_rhythm_next(rhythm, &cursor);

    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    CU_ASSERT_PTR_NULL(hk_rhythm_next(rhythm, &cursor));
    return source;
}

static int64_t every(struct hk_rhythm *rhythm, int64_t from_us, int64_t pause_us, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        hk_rhythm_came(rhythm, "fw-1", 1, from_us + i * pause_us);
    return from_us + (count - 1) * pause_us;
}

static void little_is_not_judged(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us;
    int64_t last_us = every(rhythm, T0, 10 * MINUTE, 19);

    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), last_us + 30 * DAY, &allowed_us), 0);
    hk_rhythm_free(rhythm);
}

static void its_own_pauses_are_the_measure(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us = 0;
    int64_t last_us = every(rhythm, T0, 20 * MINUTE, 30);

    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), last_us + 60 * MINUTE, &allowed_us), 0);
    CU_ASSERT_EQUAL(
        hk_rhythm_silent_us(only(rhythm), last_us + 61 * MINUTE, &allowed_us), 61 * MINUTE);
    CU_ASSERT_EQUAL(allowed_us, 60 * MINUTE);
    /* A night without alerts is learned: the next one is nothing new. */
    hk_rhythm_came(rhythm, "fw-1", 1, last_us + 10 * HOUR);
    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), last_us + 22 * HOUR, &allowed_us), 0);
    hk_rhythm_free(rhythm);
}

static void a_source_that_speaks_all_the_time_may_be_updated(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us = 0;
    int64_t last_us = every(rhythm, T0, MINUTE / 60, 7200);

    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), last_us + 15 * MINUTE, &allowed_us), 0);
    CU_ASSERT_TRUE(hk_rhythm_silent_us(only(rhythm), last_us + 16 * MINUTE, &allowed_us) > 0);
    hk_rhythm_free(rhythm);
}

static void a_long_pause_fades(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us = 0;
    int64_t last_us = every(rhythm, T0, 10 * MINUTE, 30);

    last_us = every(rhythm, last_us + 8 * HOUR, 10 * MINUTE, 30 * 144); /* thirty days */
    CU_ASSERT_TRUE(only(rhythm)->longest_us < HOUR);
    CU_ASSERT_TRUE(hk_rhythm_silent_us(only(rhythm), last_us + 4 * HOUR, &allowed_us) > 0);
    hk_rhythm_free(rhythm);
}

static void an_operators_bound_counts_from_the_start(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us = 0;

    hk_rhythm_bound(rhythm, "edr", 5 * MINUTE, T0);
    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), T0 + 5 * MINUTE, &allowed_us), 0);
    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), T0 + 6 * MINUTE, &allowed_us), 6 * MINUTE);
    hk_rhythm_came(rhythm, "edr", 3, T0 + 7 * MINUTE);
    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), T0 + 12 * MINUTE, &allowed_us), 0);
    CU_ASSERT_EQUAL(only(rhythm)->count, 3);
    hk_rhythm_free(rhythm);
}

static void who_was_silent_is_until_it_speaks(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    int64_t allowed_us = 0;

    hk_rhythm_bound(rhythm, "edr", 5 * MINUTE, T0);
    hk_rhythm_was_silent(rhythm, "edr");
    hk_rhythm_was_silent(rhythm, "nobody");
    CU_ASSERT_TRUE(hk_rhythm_silent_us(only(rhythm), T0, &allowed_us) > 0);
    hk_rhythm_came(rhythm, "edr", 1, T0 + MINUTE);
    CU_ASSERT_EQUAL(hk_rhythm_silent_us(only(rhythm), T0 + MINUTE, &allowed_us), 0);
    hk_rhythm_free(rhythm);
}

static void it_is_kept_as_text(void)
{
    static const char *const wrong[] = {"", "1 2 3", "1 2 3 4 5", "a b c d", "1 5 4 0", "1 -2 3 4"};
    struct hk_rhythm *rhythm = hk_rhythm_new();
    struct hk_rhythm *again = hk_rhythm_new();
    char text[HK_RHYTHM_TEXT_SIZE];

    (void)every(rhythm, T0, 20 * MINUTE, 30);
    hk_rhythm_text(only(rhythm), text);
    CU_ASSERT_TRUE(hk_rhythm_load(again, "fw-1", text));
    CU_ASSERT_EQUAL(only(again)->count, 30);
    CU_ASSERT_EQUAL(only(again)->longest_us, 20 * MINUTE);
    CU_ASSERT_EQUAL(only(again)->first_us, T0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CU_ASSERT_FALSE(hk_rhythm_load(again, "fw-2", wrong[i]));
    (void)only(again);
    hk_rhythm_free(rhythm);
    hk_rhythm_free(again);
}

static void names_are_bounded(void)
{
    struct hk_rhythm *rhythm = hk_rhythm_new();
    size_t cursor = 0;
    size_t count = 0;
    char name[32];

    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof(name), "s%u", i);
        hk_rhythm_came(rhythm, name, 1, T0);
    }
    while (hk_rhythm_next(rhythm, &cursor) != NULL)
        count++;
    CU_ASSERT_TRUE(count <= 1024);
    hk_rhythm_free(rhythm);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"little is not judged", little_is_not_judged},
        {"its own pauses are the measure", its_own_pauses_are_the_measure},
        {"a source that speaks all the time may be updated",
            a_source_that_speaks_all_the_time_may_be_updated},
        {"a long pause fades", a_long_pause_fades},
        {"an operator's bound counts from the start", an_operators_bound_counts_from_the_start},
        {"who was silent is until it speaks", who_was_silent_is_until_it_speaks},
        {"it is kept as text", it_is_kept_as_text},
        {"names are bounded", names_are_bounded},
    };
    return suite_run("rhythm", tests, COUNT_OF(tests));
}
