/*
 * Which alert holds which key: for how long, for whom, and who is forgotten first.
 */
#include "engine/dedupe.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define KEY_A "0123456789abcdef0123456789abcdef"
#define KEY_B "0123456789abcdef0123456789abcde0"

static bool holds(const struct hk_dedupe *dedupe, hk_tenant tenant, const char *key,
    int64_t since_us, const char *alert)
{
    const char *found = hk_dedupe_find(dedupe, tenant, key, since_us);
    if (found == NULL || alert == NULL)
        return found == NULL && alert == NULL;
    return strcmp(found, alert) == 0;
}

static void test_window(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(10);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, NULL));
    hk_dedupe_put(dedupe, 1, KEY_A, "al-1", 1000);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 999, "al-1"));
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 1000, "al-1"));
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 1001, NULL));
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_B, 0, NULL)); /* one digit apart */
    hk_dedupe_free(dedupe);
    hk_dedupe_free(NULL);
}

static void test_tenants(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(10);
    hk_dedupe_put(dedupe, 1, KEY_A, "al-1", 1000);
    CU_ASSERT_TRUE(holds(dedupe, 2, KEY_A, 0, NULL));
    hk_dedupe_put(dedupe, 2, KEY_A, "al-2", 1000);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, "al-1"));
    CU_ASSERT_TRUE(holds(dedupe, 2, KEY_A, 0, "al-2"));
    CU_ASSERT_TRUE(holds(dedupe, 21, KEY_A, 0, NULL));
    hk_dedupe_free(dedupe);
}

/* An older holder gives way; forgetting it afterwards takes nothing from the newer one. */
static void test_newer_holder(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(10);
    hk_dedupe_put(dedupe, 1, KEY_A, "al-1", 1000);
    hk_dedupe_put(dedupe, 1, KEY_A, "al-2", 5000);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 4000, "al-2"));
    hk_dedupe_forget(dedupe, "al-1");
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 4000, "al-2"));
    hk_dedupe_forget(dedupe, "al-2");
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, NULL));
    hk_dedupe_forget(dedupe, "al-2");
    hk_dedupe_forget(dedupe, "al-unheard-of");
    hk_dedupe_put(dedupe, 1, KEY_A, "al-3", 6000);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, "al-3"));
    hk_dedupe_free(dedupe);
}

static void put_number(struct hk_dedupe *dedupe, unsigned number)
{
    char key[40];
    char alert[HK_ID_SIZE];
    snprintf(key, sizeof key, "%032x", number);
    snprintf(alert, sizeof alert, "al-%u", number);
    hk_dedupe_put(dedupe, 1, key, alert, (int64_t)number);
}

static bool has_number(const struct hk_dedupe *dedupe, unsigned number)
{
    char key[40];
    char alert[HK_ID_SIZE];
    snprintf(key, sizeof key, "%032x", number);
    snprintf(alert, sizeof alert, "al-%u", number);
    const char *found = hk_dedupe_find(dedupe, 1, key, 0);
    CU_ASSERT_TRUE(found == NULL || strcmp(found, alert) == 0);
    return found != NULL;
}

/* The memory is bounded: the oldest goes first, and only it. */
static void test_bound(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(16);
    for (unsigned i = 0; i < 1000; i++) {
        put_number(dedupe, i);
        for (unsigned k = 0; k <= i; k++)
            CU_ASSERT_EQUAL(has_number(dedupe, k), i - k < 16);
    }
    hk_dedupe_free(dedupe);
}

/* A place that was given up early is taken again without hurting anybody. */
static void test_bound_with_gaps(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(16);
    for (unsigned i = 0; i < 500; i++) {
        char alert[HK_ID_SIZE];
        put_number(dedupe, i);
        if (i % 3 == 0) {
            snprintf(alert, sizeof alert, "al-%u", i);
            hk_dedupe_forget(dedupe, alert);
        }
        for (unsigned k = 0; k <= i; k++)
            CU_ASSERT_EQUAL(has_number(dedupe, k), i - k < 16 && k % 3 != 0);
    }
    hk_dedupe_free(dedupe);
}

static bool recall_number(struct hk_dedupe *dedupe, unsigned number)
{
    char key[40];
    char alert[HK_ID_SIZE];
    snprintf(key, sizeof key, "%032x", number);
    snprintf(alert, sizeof alert, "al-%u", number);
    return hk_dedupe_recall(dedupe, 1, key, alert, (int64_t)number);
}

/* What is recalled, newest first, is forgotten as if it had been put, oldest first. */
static void test_recall(void)
{
    for (unsigned recalled = 0; recalled <= 20; recalled++) {
        struct hk_dedupe *dedupe = hk_dedupe_new(16);
        for (unsigned i = 0; i < recalled; i++)
            CU_ASSERT_EQUAL(recall_number(dedupe, 99 - i), i < 16);
        for (unsigned k = 0; k < 20; k++)
            CU_ASSERT_EQUAL(has_number(dedupe, 99 - k), k < recalled && k < 16);
        for (unsigned i = 100; i < 150; i++) {
            put_number(dedupe, i);
            for (unsigned k = 80; k <= i; k++)
                CU_ASSERT_EQUAL(
                    has_number(dedupe, k), i - k < 16 && (k >= 100 || 99 - k < recalled));
        }
        hk_dedupe_free(dedupe);
    }
}

/* Of two with one key the newer stands, and is not forgotten with the older. */
static void test_recall_twice(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(10);
    CU_ASSERT_TRUE(hk_dedupe_recall(dedupe, 1, KEY_A, "al-2", 5000));
    CU_ASSERT_TRUE(hk_dedupe_recall(dedupe, 1, KEY_A, "al-1", 1000));
    CU_ASSERT_TRUE(hk_dedupe_recall(dedupe, 2, KEY_A, "al-0", 500));
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, "al-2"));
    CU_ASSERT_TRUE(holds(dedupe, 2, KEY_A, 0, "al-0"));
    hk_dedupe_forget(dedupe, "al-1");
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, "al-2"));
    hk_dedupe_put(dedupe, 1, KEY_A, "al-3", 6000);
    CU_ASSERT_TRUE(holds(dedupe, 1, KEY_A, 0, "al-3"));
    hk_dedupe_free(dedupe);
}

/* A key need not be sixteen bytes in hexadecimal. */
static void test_other_keys(void)
{
    struct hk_dedupe *dedupe = hk_dedupe_new(10);
    hk_dedupe_put(dedupe, 1, "a key", "al-1", 1);
    hk_dedupe_put(
        dedupe, 1, "another key, and a much longer one than those of sixteen bytes", "al-2", 2);
    hk_dedupe_put(dedupe, 1, "", "al-3", 3);
    CU_ASSERT_TRUE(holds(dedupe, 1, "a key", 0, "al-1"));
    CU_ASSERT_TRUE(holds(
        dedupe, 1, "another key, and a much longer one than those of sixteen bytes", 0, "al-2"));
    CU_ASSERT_TRUE(holds(dedupe, 1, "", 0, "al-3"));
    CU_ASSERT_TRUE(holds(dedupe, 1, "b key", 0, NULL));
    hk_dedupe_free(dedupe);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"the window", test_window},
        {"a tenant is a wall", test_tenants},
        {"a newer holder", test_newer_holder},
        {"the oldest goes first", test_bound},
        {"with gaps", test_bound_with_gaps},
        {"what is recalled", test_recall},
        {"what is recalled twice", test_recall_twice},
        {"other keys", test_other_keys},
    };
    return suite_run("dedupe", tests, COUNT_OF(tests));
}
