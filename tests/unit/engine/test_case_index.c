/*
 * Which case an alert joins: by what, within which window, for whom; merges; and that the memory of
 * it is bounded whatever comes.
 */
#include "engine/case_index.h"

#include "support/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000LL

static struct hk_entities these(unsigned count, ...)
{
    struct hk_entities entities = {.count = count};
    va_list args;
    va_start(args, count);
    for (unsigned i = 0; i < count; i++)
        (void)snprintf(entities.items[i], HK_ENTITY_SIZE, "%s", va_arg(args, const char *));
    va_end(args);
    return entities;
}

static void open_with(
    struct hk_case_index *index, hk_tenant tenant, const char *id, int64_t now_us, const char *what)
{
    CU_ASSERT_TRUE(hk_case_index_see(index, tenant, id, what, now_us, 0));
}

static bool finds(const struct hk_case_index *index, hk_tenant tenant,
    const struct hk_entities *entities, int64_t since_us, const char *id)
{
    struct hk_case_match match;
    hk_case_index_find(index, tenant, entities, since_us, &match);
    if (strcmp(match.id, id) != 0)
        (void)printf("\n  found \"%s\", expected \"%s\"", match.id, id);
    return strcmp(match.id, id) == 0;
}

static void test_window(void)
{
    struct hk_case_index *index = hk_case_index_new(100);
    struct hk_entities ip = these(1, "ip:203.0.113.1");
    CU_ASSERT_TRUE(finds(index, 1, &ip, 0, ""));
    open_with(index, 1, "ca-1", 100 * SECOND, "ip:203.0.113.1");
    CU_ASSERT_TRUE(finds(index, 1, &ip, 100 * SECOND, "ca-1"));
    CU_ASSERT_TRUE(finds(index, 1, &ip, 100 * SECOND + 1, ""));
    /* seen again: recorded when the last time is old enough, and only then does the time move */
    CU_ASSERT_FALSE(
        hk_case_index_see(index, 1, "ca-1", "ip:203.0.113.1", 110 * SECOND, 100 * SECOND));
    CU_ASSERT_TRUE(finds(index, 1, &ip, 105 * SECOND, ""));
    CU_ASSERT_TRUE(
        hk_case_index_see(index, 1, "ca-1", "ip:203.0.113.1", 120 * SECOND, 101 * SECOND));
    CU_ASSERT_TRUE(finds(index, 1, &ip, 120 * SECOND, "ca-1"));
    hk_case_index_free(index);
    hk_case_index_free(NULL);
}

static void test_tenants(void)
{
    struct hk_case_index *index = hk_case_index_new(100);
    struct hk_entities ip = these(1, "ip:203.0.113.1");
    open_with(index, 1, "ca-1", 1, "ip:203.0.113.1");
    CU_ASSERT_TRUE(finds(index, 2, &ip, 0, ""));
    CU_ASSERT_TRUE(finds(index, 11, &ip, 0, ""));
    open_with(index, 2, "ca-2", 1, "ip:203.0.113.1");
    CU_ASSERT_TRUE(finds(index, 1, &ip, 0, "ca-1"));
    CU_ASSERT_TRUE(finds(index, 2, &ip, 0, "ca-2"));
    /* what happens to one tenant's case happens to that one, even under the same id */
    hk_case_index_set(index, 2, "ca-1", false, "");
    CU_ASSERT_TRUE(finds(index, 1, &ip, 0, "ca-1"));
    hk_case_index_free(index);
}

static void test_the_most_shared_wins(void)
{
    struct hk_case_index *index = hk_case_index_new(100);
    struct hk_case_match match;
    open_with(index, 1, "ca-1", 10, "ip:203.0.113.1");
    open_with(index, 1, "ca-1", 10, "user:a");
    open_with(index, 1, "ca-2", 50, "host:h");
    struct hk_entities all = these(3, "host:h", "user:a", "ip:203.0.113.1");
    hk_case_index_find(index, 1, &all, 0, &match);
    CU_ASSERT_STRING_EQUAL(match.id, "ca-1");
    CU_ASSERT_STRING_EQUAL(match.entity, "user:a");
    CU_ASSERT_EQUAL(match.also_count, 1);
    CU_ASSERT_STRING_EQUAL(match.also[0], "ca-2");
    CU_ASSERT_STRING_EQUAL(match.after, "");
    struct hk_entities two = these(2, "user:a", "host:h");
    CU_ASSERT_TRUE(finds(index, 1, &two, 0, "ca-2")); /* equals: where it was last */
    hk_case_index_free(index);
}

static void test_closed_and_reopened(void)
{
    struct hk_case_index *index = hk_case_index_new(100);
    struct hk_case_match match;
    struct hk_entities ip = these(1, "ip:203.0.113.1");
    open_with(index, 1, "ca-1", 10, "ip:203.0.113.1");
    hk_case_index_set(index, 1, "ca-1", false, "");
    hk_case_index_find(index, 1, &ip, 0, &match);
    CU_ASSERT_STRING_EQUAL(match.id, "");
    CU_ASSERT_STRING_EQUAL(match.after, "ca-1");
    hk_case_index_set(index, 1, "ca-1", true, "");
    CU_ASSERT_TRUE(finds(index, 1, &ip, 0, "ca-1"));
    hk_case_index_set(index, 1, "ca-unheard-of", true, "");
    hk_case_index_free(index);
}

static void test_merged(void)
{
    struct hk_case_index *index = hk_case_index_new(100);
    struct hk_entities a = these(1, "user:a");
    struct hk_entities b = these(1, "user:b");
    struct hk_entities c = these(1, "user:c");
    open_with(index, 1, "ca-1", 10, "user:a");
    open_with(index, 1, "ca-2", 20, "user:b");
    open_with(index, 1, "ca-3", 30, "user:c");
    hk_case_index_set(index, 1, "ca-2", false, "ca-1");
    hk_case_index_set(index, 1, "ca-1", false, "ca-3");
    CU_ASSERT_TRUE(finds(index, 1, &a, 0, "ca-3"));
    CU_ASSERT_TRUE(finds(index, 1, &b, 0, "ca-3"));
    hk_case_index_set(index, 1, "ca-3", false, "");
    CU_ASSERT_TRUE(finds(index, 1, &b, 0, ""));
    hk_case_index_set(index, 1, "ca-3", true, "");
    hk_case_index_set(index, 1, "ca-1", true, "");
    CU_ASSERT_TRUE(finds(index, 1, &b, 0, "ca-1"));
    CU_ASSERT_TRUE(finds(index, 1, &c, 0, "ca-3"));
    hk_case_index_free(index);
}

/* A case that goes out of memory while others point to it, and the other way round. */
static void test_merged_and_forgotten(void)
{
    struct hk_case_index *index = hk_case_index_new(2);
    struct hk_entities b = these(1, "user:b");
    open_with(index, 1, "ca-1", 10, "user:a");
    open_with(index, 1, "ca-2", 20, "user:b");
    hk_case_index_set(index, 1, "ca-2", false, "ca-1");
    open_with(index, 1, "ca-3", 30, "user:c"); /* user:a goes */
    CU_ASSERT_TRUE(finds(index, 1, &b, 0, "ca-1"));
    open_with(index, 1, "ca-4", 40, "user:d"); /* user:b goes, and both cases */
    CU_ASSERT_TRUE(finds(index, 1, &b, 0, ""));
    CU_ASSERT_EQUAL(hk_case_index_joins(index, 1, "ca-1"), 0);
    hk_case_index_free(index);
}

static void test_too_common(void)
{
    struct hk_case_index *index = hk_case_index_new(1000);
    struct hk_entities common = these(1, "ip:203.0.113.1");
    char id[HK_ID_SIZE];
    for (int i = 0; i < HK_ENTITY_CASES_MAX; i++) {
        (void)snprintf(id, sizeof id, "ca-%d", i);
        open_with(index, 1, id, i + 1, "ip:203.0.113.1");
    }
    CU_ASSERT_TRUE(finds(index, 1, &common, 0, "ca-4"));
    open_with(index, 1, "ca-x", 100, "ip:203.0.113.1");
    CU_ASSERT_TRUE(finds(index, 1, &common, 0, ""));
    CU_ASSERT_TRUE(finds(index, 1, &common, 100, "ca-x")); /* of these one is in the window */
    hk_case_index_set(index, 1, "ca-0", false, "");
    CU_ASSERT_TRUE(finds(index, 1, &common, 0, "ca-x"));
    open_with(index, 1, "ca-y", 101, "ip:203.0.113.1"); /* the closed one makes room */
    CU_ASSERT_TRUE(finds(index, 1, &common, 0, ""));
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof id, "ca-more-%d", i);
        open_with(index, 1, id, 200 + i, "ip:203.0.113.1");
    }
    CU_ASSERT_TRUE(finds(index, 1, &common, 0, ""));
    hk_case_index_free(index);
}

static void test_a_case_of_many_entities(void)
{
    struct hk_case_index *index = hk_case_index_new(10000);
    char entity[64];
    unsigned recorded = 0;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(entity, sizeof entity, "user:u%d", i);
        recorded += hk_case_index_see(index, 1, "ca-1", entity, 1 + i, 0);
    }
    CU_ASSERT_EQUAL(recorded, HK_CASE_ENTITIES_MAX);
    hk_case_index_free(index);
}

/* The least recently seen is forgotten, and is new when it comes again. */
static void test_bound(void)
{
    struct hk_case_index *index = hk_case_index_new(16);
    char entity[64];
    char id[HK_ID_SIZE];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(entity, sizeof entity, "user:u%d", i);
        (void)snprintf(id, sizeof id, "ca-%d", i);
        open_with(index, 1, id, i + 1, entity);
        (void)hk_case_index_see(index, 1, "ca-0", "user:u0", i + 1, 0);
    }
    struct hk_entities kept = these(1, "user:u0");
    struct hk_entities gone = these(1, "user:u100");
    CU_ASSERT_TRUE(finds(index, 1, &kept, 0, "ca-0"));
    CU_ASSERT_TRUE(finds(index, 1, &gone, 0, ""));
    hk_case_index_free(index);
}

static void expect_state(const struct hk_case_index *index, hk_tenant tenant, const char *id,
    bool is_known, const char *root, bool is_open)
{
    char got_root[HK_ID_SIZE] = "";
    bool got_open = false;
    CU_ASSERT_EQUAL(hk_case_index_state(index, tenant, id, got_root, &got_open), is_known);
    CU_ASSERT_STRING_EQUAL(got_root, root);
    CU_ASSERT_EQUAL(got_open, is_open);
}

static void test_states(void)
{
    struct hk_case_index *index = hk_case_index_new(16);
    expect_state(index, 1, "ca-1", false, "", false);
    open_with(index, 1, "ca-1", 1, "user:a");
    open_with(index, 1, "ca-2", 1, "user:b");
    expect_state(index, 1, "ca-1", true, "ca-1", true);
    expect_state(index, 2, "ca-1", false, "", false);
    hk_case_index_set(index, 1, "ca-1", false, "ca-2");
    expect_state(index, 1, "ca-1", true, "ca-2", true);
    hk_case_index_set(index, 1, "ca-2", false, "");
    expect_state(index, 1, "ca-1", true, "ca-2", false);
    /* what a start remembers: an entity of a merged case, of which the other was not seen lately */
    CU_ASSERT_TRUE(hk_case_index_see(index, 1, "ca-3", "user:c", 1, 0));
    hk_case_index_set(index, 1, "ca-3", false, "ca-4");
    expect_state(index, 1, "ca-3", true, "ca-4", false);
    hk_case_index_set(index, 1, "ca-4", true, "");
    expect_state(index, 1, "ca-3", true, "ca-4", true);
    CU_ASSERT_TRUE(hk_case_index_move(index, 1, "ca-4", "contain"));
    CU_ASSERT_FALSE(hk_case_index_move(index, 1, "ca-4", "contain"));
    CU_ASSERT_TRUE(hk_case_index_move(index, 1, "ca-4", "recover"));
    CU_ASSERT_TRUE(hk_case_index_move(index, 1, "ca-unheard-of", "recover"));
    hk_case_index_free(index);
}

static void test_joins(void)
{
    struct hk_case_index *index = hk_case_index_new(16);
    open_with(index, 1, "ca-1", 1, "user:a");
    uint64_t before = hk_case_index_joins(index, 1, "ca-1");
    hk_case_index_joined(index, 1, "ca-1");
    CU_ASSERT_NOT_EQUAL(hk_case_index_joins(index, 1, "ca-1"), before);
    hk_case_index_joined(index, 1, "ca-unheard-of");
    CU_ASSERT_EQUAL(hk_case_index_joins(index, 1, "ca-unheard-of"), 0);
    hk_case_index_free(index);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"the window", test_window},
        {"a tenant is a wall", test_tenants},
        {"the most shared wins", test_the_most_shared_wins},
        {"closed and reopened", test_closed_and_reopened},
        {"merged", test_merged},
        {"merged and forgotten", test_merged_and_forgotten},
        {"too common to tell anything", test_too_common},
        {"a case of many entities", test_a_case_of_many_entities},
        {"the memory is bounded", test_bound},
        {"states and phases", test_states},
        {"joins are counted", test_joins},
    };
    return suite_run("case_index", tests, COUNT_OF(tests));
}
