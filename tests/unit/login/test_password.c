/*
 * password: which are taken, and hashes that others can check too. hasher: off the loop, bounded.
 */
#include "login/password.h"

#include "base/time.h"
#include "limits.h"
#include "login/hasher.h"
#include "support/suite.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static void flaws_are_found(void)
{
    static const struct {
        const char *password;
        enum hk_password_flaw flaw;
    } cases[] = {
        {"", HK_PASSWORD_TOO_SHORT},
        {"elevenbytes", HK_PASSWORD_TOO_SHORT},
        {"mizu wa tomo", HK_PASSWORD_GOOD},
        {"four tired horses pull", HK_PASSWORD_GOOD},
        {"7d1f0a93be42c8", HK_PASSWORD_GOOD},
        {"\xe6\xb0\xb4\xe3\x81\xa8\xe7\x81\xab\xe3\x81\xae", HK_PASSWORD_TOO_SHORT},
        {"\xe6\xb0\xb4\xe3\x81\xa8\xe7\x81\xab\xe3\x81\xae 1234567", HK_PASSWORD_GOOD},
        {"aaaaaaaaaaaa", HK_PASSWORD_COMMON},
        {"abcabcabcabc", HK_PASSWORD_COMMON},
        {"123456789012", HK_PASSWORD_COMMON},
        {"098765432109", HK_PASSWORD_COMMON},
        {"111222333444", HK_PASSWORD_GOOD},
        {"Password1234!", HK_PASSWORD_COMMON},
        {"passwordpassword", HK_PASSWORD_COMMON},
        {"QWERTYUIOP123", HK_PASSWORD_COMMON},
        {"hikeshi20262026", HK_PASSWORD_COMMON},
        {"Approver-1!!", HK_PASSWORD_HAS_NAME},
        {"xxapprover-1xx", HK_PASSWORD_HAS_NAME},
        {"approver-1 waters the moss", HK_PASSWORD_GOOD},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (hk_password_flaw(cases[i].password, "approver-1") != cases[i].flaw) {
            printf("%s\n", cases[i].password);
            CU_FAIL("another flaw");
        }
    }
}

static void the_longest_is_taken(void)
{
    char password[HK_PASSWORD_SIZE_MAX + 2];

    for (size_t i = 0; i < sizeof(password) - 1; i++)
        password[i] = (char)('a' + i * i % 23);
    password[HK_PASSWORD_SIZE_MAX] = '\0';
    CU_ASSERT_EQUAL(hk_password_flaw(password, "n"), HK_PASSWORD_GOOD);
    password[HK_PASSWORD_SIZE_MAX] = 'x';
    password[HK_PASSWORD_SIZE_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(hk_password_flaw(password, "n"), HK_PASSWORD_TOO_LONG);
}

static void hashes_say_how_they_were_made(void)
{
    char hash[HK_PASSWORD_HASH_SIZE];
    char again[HK_PASSWORD_HASH_SIZE];
    char expected[64];
    struct hk_error error;

    (void)snprintf(expected, sizeof(expected), "$argon2id$v=19$m=%d,t=%d,p=%d$",
        HK_ARGON2_MEMORY_KIB, HK_ARGON2_PASSES, HK_ARGON2_LANES);
    CU_ASSERT_EQUAL_FATAL(hk_password_hash("four tired horses", hash, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_password_hash("four tired horses", again, &error), HK_OK);
    CU_ASSERT_EQUAL(strncmp(hash, expected, strlen(expected)), 0);
    CU_ASSERT_STRING_NOT_EQUAL(hash, again);
    CU_ASSERT_EQUAL(hk_password_verify("four tired horses", hash, &error), HK_OK);
    CU_ASSERT_EQUAL(hk_password_verify("four tired horses ", hash, &error), HK_DENIED);
    CU_ASSERT_EQUAL(hk_password_verify("", hash, &error), HK_DENIED);
    CU_ASSERT_EQUAL(hk_password_verify("four tired horses", "$argon2id$", &error), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_password_verify("four tired horses", "", &error), HK_CORRUPT);
}

/* From the test of the reference implementation: what others have made is read. */
static void a_hash_of_other_parameters_is_read(void)
{
    static const char hash[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                               "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    CU_ASSERT_EQUAL(hk_password_verify("password", hash, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_password_verify("passwore", hash, NULL), HK_DENIED);
}

/* --- hasher --- */

struct outcome {
    unsigned count;
    enum hk_status last;
    char hash[HK_PASSWORD_HASH_SIZE];
};

static void on_hashed(
    void *ctx, enum hk_status status, const char *hash, const struct hk_error *error)
{
    struct outcome *outcome = ctx;

    (void)error;
    outcome->count++;
    outcome->last = status;
    (void)snprintf(outcome->hash, sizeof(outcome->hash), "%s", hash != NULL ? hash : "");
}

static bool wait_for(struct hk_hasher *hasher, const struct outcome *outcome, unsigned count)
{
    int64_t end_ms = hk_time_monotonic_ms() + 60000;

    while (outcome->count < count && hk_time_monotonic_ms() < end_ms) {
        hk_hasher_drain(hasher);
        (void)sched_yield();
    }
    return outcome->count == count;
}

static void the_thread_makes_and_checks(void)
{
    struct hk_hasher *hasher = NULL;
    struct outcome made = {0};
    struct outcome checked = {0};

    CU_ASSERT_EQUAL_FATAL(hk_hasher_new(NULL, NULL, &hasher, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_hasher_make(hasher, "mizu wa tomo", on_hashed, &made, NULL), HK_OK);
    CU_ASSERT_TRUE_FATAL(wait_for(hasher, &made, 1));
    CU_ASSERT_EQUAL(made.last, HK_OK);
    CU_ASSERT_EQUAL(hk_hasher_check(hasher, HK_LANE_NORMAL, "mizu wa tomo", made.hash, on_hashed,
                        &checked, NULL),
        HK_OK);
    CU_ASSERT_TRUE(wait_for(hasher, &checked, 1));
    CU_ASSERT_EQUAL(checked.last, HK_OK);
    CU_ASSERT_EQUAL(hk_hasher_check(hasher, HK_LANE_NORMAL, "hi wa tekijya", made.hash, on_hashed,
                        &checked, NULL),
        HK_OK);
    CU_ASSERT_TRUE(wait_for(hasher, &checked, 2));
    CU_ASSERT_EQUAL(checked.last, HK_DENIED);
    hk_hasher_free(hasher);
}

/* Whether there is such a person can't be told by the time: within a factor, since machines drift.
 */
static void nobody_takes_as_long_as_somebody(void)
{
    struct hk_hasher *hasher = NULL;
    struct outcome outcome = {0};
    char hash[HK_PASSWORD_HASH_SIZE];
    int64_t best_us[2] = {INT64_MAX, INT64_MAX};

    CU_ASSERT_EQUAL_FATAL(hk_hasher_new(NULL, NULL, &hasher, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_password_hash("mizu wa tomo", hash, NULL), HK_OK);
    for (unsigned i = 0; i < 10; i++) {
        int64_t begun_us = hk_time_monotonic_us();
        int64_t took_us;

        CU_ASSERT_EQUAL(hk_hasher_check(hasher, HK_LANE_NORMAL, "hi wa tekijya",
                            i % 2 == 0 ? hash : NULL, on_hashed, &outcome, NULL),
            HK_OK);
        CU_ASSERT_TRUE_FATAL(wait_for(hasher, &outcome, i + 1));
        CU_ASSERT_EQUAL(outcome.last, HK_DENIED);
        took_us = hk_time_monotonic_us() - begun_us;
        if (took_us < best_us[i % 2])
            best_us[i % 2] = took_us;
    }
    CU_ASSERT_TRUE(best_us[1] > best_us[0] / 2 && best_us[1] < best_us[0] * 2);
    hk_hasher_free(hasher);
}

static void the_queue_is_bounded_and_freed_in_the_middle(void)
{
    struct hk_hasher *hasher = NULL;
    struct outcome outcome = {0};
    unsigned taken = 0;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_hasher_new(NULL, NULL, &hasher, NULL), HK_OK);
    while (taken <= HK_HASH_QUEUE_MAX + 4 && hk_hasher_check(hasher, HK_LANE_NORMAL, "mizu wa tomo",
                                                 NULL, on_hashed, &outcome, &error) == HK_OK)
        taken++;
    CU_ASSERT_EQUAL(error.status, HK_BUSY);
    CU_ASSERT_TRUE(taken >= HK_HASH_QUEUE_MAX && taken <= HK_HASH_QUEUE_MAX + 4);
    hk_hasher_free(hasher);
    CU_ASSERT_EQUAL(outcome.count, 0);
}

/* Strangers fill the places that there are for them; a known browser finds one, and goes first. */
static void urgent_ones_go_first_and_are_bounded_too(void)
{
    struct hk_hasher *hasher = NULL;
    struct outcome strangers = {0};
    struct outcome known = {0};
    unsigned taken = 0;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_hasher_new(NULL, NULL, &hasher, NULL), HK_OK);
    while (taken <= HK_HASH_QUEUE_MAX + 4 && hk_hasher_check(hasher, HK_LANE_NORMAL, "mizu wa tomo",
                                                 NULL, on_hashed, &strangers, &error) == HK_OK)
        taken++;
    CU_ASSERT_EQUAL(
        hk_hasher_check(hasher, HK_LANE_URGENT, "mizu wa tomo", NULL, on_hashed, &known, &error),
        HK_OK);
    CU_ASSERT_TRUE(wait_for(hasher, &known, 1));
    CU_ASSERT_TRUE(strangers.count < HK_HASH_QUEUE_MAX); /* it overtook those that wait */
    for (taken = 0; taken <= 2 * HK_HASH_QUEUE_MAX; taken++)
        if (hk_hasher_check(
                hasher, HK_LANE_URGENT, "mizu wa tomo", NULL, on_hashed, &known, &error) != HK_OK)
            break;
    CU_ASSERT_EQUAL(error.status, HK_BUSY);
    CU_ASSERT_TRUE(taken >= HK_HASH_QUEUE_MAX && taken <= 2 * HK_HASH_QUEUE_MAX);
    hk_hasher_free(hasher);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"flaws are found", flaws_are_found},
        {"the longest is taken", the_longest_is_taken},
        {"hashes say how they were made", hashes_say_how_they_were_made},
        {"a hash of other parameters is read", a_hash_of_other_parameters_is_read},
        {"the thread makes and checks", the_thread_makes_and_checks},
        {"nobody takes as long as somebody", nobody_takes_as_long_as_somebody},
        {"the queue is bounded, and freed in the middle",
            the_queue_is_bounded_and_freed_in_the_middle},
        {"urgent ones go first, and are bounded too", urgent_ones_go_first_and_are_bounded_too},
    };
    return suite_run("password", tests, COUNT_OF(tests));
}
