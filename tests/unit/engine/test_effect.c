/*
 * What may be done after a call has ended: the whole table, and the property that it is there for:
 * an effect that may have happened is not brought about a second time.
 */
#include "engine/effect.h"
#include "limits.h"

#include "support/suite.h"

#include <stdio.h>

enum { FIRST = 1, AGAIN = 2, SPENT = HK_RETRY_SAME_KEY_MAX + 1, ATTEMPTS_MAX = SPENT + 2 };

static const enum hk_effect effects[] = {HK_READ, HK_IDEMPOTENT, HK_PROBEABLE, HK_ONCE};
static const enum hk_call_mode modes[] = {HK_CALL_START, HK_CALL_PROBE};
static const enum hk_call_end ends[] = {
    HK_CALL_DONE, HK_CALL_FAILED, HK_CALL_DID_NOT, HK_CALL_LOST, HK_CALL_NOT_SENT};

struct row {
    enum hk_effect effect;
    enum hk_call_mode mode;
    enum hk_call_end end;
    enum hk_next first; /* after one call */
    enum hk_next again; /* after more */
    enum hk_next spent; /* after as many as there may be */
};

#define D HK_NEXT_DONE
#define F HK_NEXT_FAILED
#define S HK_NEXT_SEND
#define P HK_NEXT_PROBE
#define U HK_NEXT_UNKNOWN

static const struct row rows[] = {
    {HK_READ, HK_CALL_START, HK_CALL_DONE, D, D, D},
    {HK_READ, HK_CALL_START, HK_CALL_FAILED, F, F, F},
    {HK_READ, HK_CALL_START, HK_CALL_LOST, S, S, F},
    {HK_READ, HK_CALL_START, HK_CALL_NOT_SENT, F, S, F},

    {HK_IDEMPOTENT, HK_CALL_START, HK_CALL_DONE, D, D, D},
    /* that the repetition failed says nothing about the first, of which no answer came */
    {HK_IDEMPOTENT, HK_CALL_START, HK_CALL_FAILED, F, S, U},
    {HK_IDEMPOTENT, HK_CALL_START, HK_CALL_LOST, S, S, U},
    {HK_IDEMPOTENT, HK_CALL_START, HK_CALL_NOT_SENT, F, S, U},

    {HK_PROBEABLE, HK_CALL_START, HK_CALL_DONE, D, D, D},
    /* a probe has said that the one before did not happen */
    {HK_PROBEABLE, HK_CALL_START, HK_CALL_FAILED, F, F, F},
    {HK_PROBEABLE, HK_CALL_START, HK_CALL_LOST, P, P, U},
    {HK_PROBEABLE, HK_CALL_START, HK_CALL_NOT_SENT, F, P, U},
    {HK_PROBEABLE, HK_CALL_PROBE, HK_CALL_DONE, D, D, D},
    {HK_PROBEABLE, HK_CALL_PROBE, HK_CALL_DID_NOT, S, S, F},
    {HK_PROBEABLE, HK_CALL_PROBE, HK_CALL_FAILED, P, P, U},
    {HK_PROBEABLE, HK_CALL_PROBE, HK_CALL_LOST, P, P, U},
    {HK_PROBEABLE, HK_CALL_PROBE, HK_CALL_NOT_SENT, P, P, U},

    {HK_ONCE, HK_CALL_START, HK_CALL_DONE, D, D, D},
    {HK_ONCE, HK_CALL_START, HK_CALL_FAILED, F, U, U},
    {HK_ONCE, HK_CALL_START, HK_CALL_LOST, U, U, U},
    {HK_ONCE, HK_CALL_START, HK_CALL_NOT_SENT, F, U, U},
};

static void check(const struct row *row, unsigned attempts, enum hk_next want)
{
    enum hk_next got = hk_effect_next(row->effect, true, row->mode, row->end, attempts);
    if (got != want)
        fprintf(stderr, "effect %d, mode %d, end %d, %u calls: %d, not %d\n", (int)row->effect,
            (int)row->mode, (int)row->end, attempts, (int)got, (int)want);
    CU_ASSERT_EQUAL(got, want);
}

static void test_table(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i], FIRST, rows[i].first);
        for (unsigned attempts = AGAIN; attempts < SPENT; attempts++)
            check(&rows[i], attempts, rows[i].again);
        for (unsigned attempts = SPENT; attempts <= ATTEMPTS_MAX; attempts++)
            check(&rows[i], attempts, rows[i].spent);
    }
}

/* A plugin that says that it can be probed and can't: people are asked. */
static void test_without_a_probe(void)
{
    for (unsigned attempts = FIRST; attempts <= ATTEMPTS_MAX; attempts++) {
        CU_ASSERT_EQUAL(
            hk_effect_next(HK_PROBEABLE, false, HK_CALL_START, HK_CALL_LOST, attempts), U);
        CU_ASSERT_EQUAL(
            hk_effect_next(HK_PROBEABLE, false, HK_CALL_PROBE, HK_CALL_LOST, attempts), U);
    }
}

/* --- the property --- */

struct path {
    enum hk_effect effect;
    bool can_probe;
    bool may_have_happened; /* as far as a careful observer can know */
    unsigned depth;
};

/* Walk every way on which calls can end, from a call of this mode that is about to be answered. */
static void walk(/* NOLINT(misc-no-recursion): bounded by the attempts */
    struct path path, enum hk_call_mode mode, unsigned attempts)
{
    CU_ASSERT_TRUE_FATAL(++path.depth < 20);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct path next = path;
        enum hk_call_end end = ends[i];

        if (end == HK_CALL_DID_NOT && mode == HK_CALL_START)
            continue; /* only a probe says so */
        if (end == HK_CALL_LOST && mode == HK_CALL_START)
            next.may_have_happened = true;
        if (end == HK_CALL_DID_NOT)
            next.may_have_happened = false;
        switch (hk_effect_next(path.effect, path.can_probe, mode, end, attempts)) {
        case HK_NEXT_DONE:
            CU_ASSERT_EQUAL(end, HK_CALL_DONE);
            break;
        case HK_NEXT_FAILED: /* is said only of what certainly didn't happen */
            CU_ASSERT_TRUE(path.effect == HK_READ || !next.may_have_happened);
            break;
        case HK_NEXT_UNKNOWN: /* and this only of what may have */
            CU_ASSERT_TRUE(path.effect != HK_READ);
            break;
        case HK_NEXT_PROBE:
            CU_ASSERT_EQUAL(path.effect, HK_PROBEABLE);
            CU_ASSERT_TRUE(path.can_probe);
            walk(next, HK_CALL_PROBE, attempts + 1);
            break;
        case HK_NEXT_SEND:
            CU_ASSERT_NOT_EQUAL(path.effect, HK_ONCE);
            if (path.effect == HK_PROBEABLE) {
                CU_ASSERT_EQUAL(end, HK_CALL_DID_NOT);
                CU_ASSERT_FALSE(next.may_have_happened);
            }
            walk(next, HK_CALL_START, attempts + 1);
            break;
        }
    }
}

static void test_never_twice(void)
{
    for (size_t i = 0; i < COUNT_OF(effects); i++) {
        for (int can_probe = 0; can_probe <= 1; can_probe++) {
            struct path path = {.effect = effects[i], .can_probe = can_probe != 0};
            walk(path, HK_CALL_START, FIRST);
        }
    }
}

/* Whatever the input, `once` is never sent or probed, and `probeable` is sent on a probe's word
 * alone. */
static void test_whatever_comes(void)
{
    for (size_t m = 0; m < COUNT_OF(modes); m++) {
        for (size_t e = 0; e < COUNT_OF(ends); e++) {
            for (unsigned attempts = 0; attempts <= ATTEMPTS_MAX; attempts++) {
                for (int can_probe = 0; can_probe <= 1; can_probe++) {
                    bool can = can_probe != 0;
                    enum hk_next once = hk_effect_next(HK_ONCE, can, modes[m], ends[e], attempts);
                    enum hk_next probeable =
                        hk_effect_next(HK_PROBEABLE, can, modes[m], ends[e], attempts);
                    CU_ASSERT_TRUE(once != S && once != P);
                    CU_ASSERT_TRUE(probeable != S ||
                                   (modes[m] == HK_CALL_PROBE && ends[e] == HK_CALL_DID_NOT));
                }
            }
        }
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"the table", test_table},
        {"probeable without a probe", test_without_a_probe},
        {"on no path twice", test_never_twice},
        {"once is once, whatever comes", test_whatever_comes},
    };
    return suite_run("effect", tests, COUNT_OF(tests));
}
