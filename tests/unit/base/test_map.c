/* map: many puts, gets, removals; what is there is found, what is not is not. */
#include "base/map.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 5000 };

static void test_put_get_remove(void)
{
    static char keys[KEYS][16];
    struct hk_map map;
    hk_map_init(&map);
    CU_ASSERT_PTR_NULL(hk_map_get(&map, "none"));
    for (int i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "key-%d", i);
        CU_ASSERT_EQUAL(hk_map_put(&map, keys[i], keys[i]), HK_OK);
    }
    CU_ASSERT_EQUAL(map.count, KEYS);
    for (int i = 0; i < KEYS; i += 2)
        CU_ASSERT_PTR_EQUAL(hk_map_remove(&map, keys[i]), keys[i]);
    for (int i = 0; i < KEYS; i++)
        CU_ASSERT_PTR_EQUAL(hk_map_get(&map, keys[i]), i % 2 == 0 ? NULL : keys[i]);
    size_t cursor = 0;
    int seen = 0;
    while (hk_map_next(&map, &cursor) != NULL)
        seen++;
    CU_ASSERT_EQUAL(seen, KEYS / 2);
    hk_map_done(&map);
}

static void test_churn_does_not_grow(void)
{
    struct hk_map map;
    hk_map_init(&map);
    char key[16] = "same";
    for (int i = 0; i < 100000; i++) {
        CU_ASSERT_EQUAL_FATAL(hk_map_put(&map, key, key), HK_OK);
        CU_ASSERT_PTR_EQUAL_FATAL(hk_map_remove(&map, "same"), key);
    }
    CU_ASSERT(map.capacity <= 64);
    hk_map_done(&map);
}

static void test_replace(void)
{
    struct hk_map map;
    hk_map_init(&map);
    int a = 1;
    int b = 2;
    CU_ASSERT_EQUAL(hk_map_put(&map, "k", &a), HK_OK);
    CU_ASSERT_EQUAL(hk_map_put(&map, "k", &b), HK_OK);
    CU_ASSERT_PTR_EQUAL(hk_map_get(&map, "k"), &b);
    CU_ASSERT_EQUAL(map.count, 1);
    hk_map_done(&map);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"put, get, remove", test_put_get_remove},
        {"churn does not grow", test_churn_does_not_grow},
        {"replace", test_replace},
    };
    return suite_run("map", tests, COUNT_OF(tests));
}
