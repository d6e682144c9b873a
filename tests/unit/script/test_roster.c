/* Runs in memory while other threads are at them, step by step, and what is remembered of them. */
#include "helper.h"

#include "script/roster.h"

static const char source[] = "return playbook { name = 'two', run = function(alert)\n"
                             "  local r = together { a = function() return act.p.a {} end,\n"
                             "    b = function() return act.p.b {} end }\n"
                             "  return r.a.value.n .. r.b.value.n\nend }";
static const char large[] = "return playbook { name = 'large', run = function(alert)\n"
                            "  local t = {}\n"
                            "  for i = 1, 40000 do t[i] = {i} end\n"
                            "  act.p.a {}\n  return #t\nend }";

static struct hk_cache cache;

static struct hk_play *new_run(hk_script_run id, const char *version, const char *text)
{
    struct hk_script_start start = {.run = id,
        .version = version,
        .chunk = "two.lua",
        .source = text,
        .source_size = strlen(text),
        .alert = "{\"title\":\"t\"}"};
    struct hk_play *run = NULL;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_play_new(&start, &run, &error), HK_OK);
    return run;
}

static void settle(struct hk_roster *roster, hk_script_run id, const char *step, const char *value)
{
    struct hk_delivery *delivery = calloc(1, sizeof *delivery);

    CU_ASSERT_PTR_NOT_NULL_FATAL(delivery);
    delivery->step = hk_strdup(step);
    delivery->value = hk_strdup(value);
    delivery->ok = true;
    hk_roster_settle(roster, id, delivery);
}

/* The activation of a run that is away. */
static void activate(struct hk_play *run)
{
    hk_play_prepare(run, &cache);
    hk_play_go(run);
    hk_play_keep(run, &cache);
    run->took_us = 0; /* however slow this machine is */
}

/* Take its events; answer the kind of the last one, and its value in *ret_value (Static memory). */
static enum hk_script_event_kind last_event(struct hk_play *run, const char **ret_value)
{
    static char value[256];
    struct hk_script_event *event = hk_play_take_events(run);
    enum hk_script_event_kind kind = HK_SCRIPT_DIVERGED;

    CU_ASSERT_PTR_NOT_NULL(event);
    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        kind = event->kind;
        (void)snprintf(value, sizeof value, "%s", event->value == NULL ? "" : event->value);
        hk_script_event_free(event);
        event = next;
    }
    *ret_value = value;
    return kind;
}

static struct hk_roster *roster_new(void)
{
    struct hk_roster *roster = calloc(1, sizeof *roster);

    CU_ASSERT_PTR_NOT_NULL_FATAL(roster);
    hk_roster_init(roster);
    return roster;
}

static void roster_free(struct hk_roster *roster)
{
    hk_roster_done(roster);
    CU_ASSERT_EQUAL(roster->count, 0);
    free(roster);
}

/* Results that come while another thread is at the run are given to it later, in their order. */
static void test_settle_while_away(void)
{
    struct hk_roster *roster = roster_new();
    struct hk_play *run = new_run(7, "v", source);
    const char *value;

    hk_roster_add(roster, run);
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    CU_ASSERT_FALSE(hk_roster_is_ready(roster));
    activate(run);
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
    CU_ASSERT_EQUAL(last_event(run, &value), HK_SCRIPT_BLOCKED);
    settle(roster, 7, "0:b.0", "{\"n\":\"B\"}");
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    settle(roster, 7, "0:a.0", "{\"n\":\"A\"}");
    settle(roster, 7, "no such step", "{}");
    CU_ASSERT_FALSE(hk_roster_is_ready(roster)); /* only one thread is ever at it */
    CU_ASSERT_PTR_NULL(hk_roster_next(roster));
    CU_ASSERT_PTR_NULL(run->waiting->next);
    activate(run);
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    activate(run);
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
    CU_ASSERT_EQUAL(last_event(run, &value), HK_SCRIPT_FINISHED);
    CHECK_TEXT(value, "\"AB\"");
    CU_ASSERT_FALSE(hk_roster_is_ready(roster)); /* nobody is there for the last result */
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 7));
    CU_ASSERT_EQUAL(roster->count, 0);
    roster_free(roster);
}

static void test_drop_while_away(void)
{
    struct hk_roster *roster = roster_new();
    struct hk_play *run = new_run(8, "v", source);

    hk_roster_add(roster, run);
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    settle(roster, 8, "0:a.0", "{\"n\":\"A\"}");
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 8));
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 8));
    settle(roster, 8, "0:b.0", "{\"n\":\"B\"}");
    CU_ASSERT_EQUAL(roster->count, 1);
    activate(run);
    CU_ASSERT_FALSE(hk_roster_back(roster, run));
    CU_ASSERT_FALSE(hk_roster_is_ready(roster));
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 8));
    CU_ASSERT_EQUAL(roster->count, 0);
    roster_free(roster);
}

/* Throwing a large state away is work that others don't wait for. */
static void test_drop_large(void)
{
    struct hk_roster *roster = roster_new();
    struct hk_play *run = new_run(9, "large", large);
    const char *value;

    hk_roster_add(roster, run);
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    activate(run);
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
    CU_ASSERT_EQUAL(last_event(run, &value), HK_SCRIPT_BLOCKED);
    settle(roster, 9, "0", "{}");
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_drop(roster, 9), run);
    CU_ASSERT_FALSE(hk_roster_is_ready(roster));
    CU_ASSERT_TRUE(run->place.is_closing);
    hk_play_close(run);
    CU_ASSERT_FALSE(hk_roster_back(roster, run));
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 9));
    CU_ASSERT_EQUAL(roster->count, 0);
    roster_free(roster);
}

static void test_done_with_all(void)
{
    struct hk_roster *roster = roster_new();

    for (hk_script_run id = 1; id <= 5; id++)
        hk_roster_add(roster, new_run(id * HK_ROSTER_BUCKETS, "v", source)); /* one bucket */
    hk_roster_add(roster, new_run(HK_ROSTER_BUCKETS, "v", source)); /* for the second time */
    CU_ASSERT_EQUAL(roster->count, 5);
    CU_ASSERT_EQUAL(hk_roster_next(roster)->id, HK_ROSTER_BUCKETS);
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 3 * HK_ROSTER_BUCKETS));
    settle(roster, 99, "0", "{}");
    settle(roster, HK_ROSTER_BUCKETS, "0", "{}");
    CU_ASSERT_EQUAL(roster->count, 4);
    roster_free(roster);
}

/* --- habits --- */

/* One turn of the only run, without running it. */
static void turn(struct hk_roster *roster, struct hk_play *run, uint64_t took_us)
{
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    run->took_us = took_us;
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
}

/* A run that took long goes on beside the others, and so do those that begin after it. */
static void test_habit(void)
{
    struct hk_roster *roster = roster_new();
    struct hk_play *run = new_run(1, "hostile", source);
    struct hk_play *other = new_run(2, "harmless", source);

    hk_roster_add(roster, run);
    CU_ASSERT_FALSE(hk_roster_is_slow(run, false));
    CU_ASSERT_TRUE(hk_roster_is_slow(run, true)); /* nothing is known */
    turn(roster, run, (uint64_t)HK_LUA_SLICE_MS * 1000U);
    CU_ASSERT_TRUE(hk_roster_is_slow(run, false));
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 1));

    run = new_run(3, "hostile", source);
    hk_roster_add(roster, run);
    turn(roster, run, 0);
    CU_ASSERT_TRUE(hk_roster_is_slow(run, false));
    for (unsigned i = 0; hk_roster_is_slow(run, false); i++) {
        CU_ASSERT_FATAL(i <= HK_SCRIPT_WEIGHT_MAX);
        turn(roster, run, 0);
    }
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 3));
    run = new_run(4, "hostile", source); /* forgotten, after so many short turns */
    hk_roster_add(roster, run);
    CU_ASSERT_FALSE(hk_roster_is_slow(run, false));
    CU_ASSERT_PTR_NULL(hk_roster_drop(roster, 4));

    hk_roster_add(roster, other);
    CU_ASSERT_FALSE(hk_roster_is_slow(other, false));
    turn(roster, other, 0);
    CU_ASSERT_FALSE(hk_roster_is_slow(other, true));
    turn(roster, other, 2000); /* one is forgiven */
    CU_ASSERT_FALSE(hk_roster_is_slow(other, false));
    for (unsigned i = 0; i < 20; i++)
        turn(roster, other, 1000);
    CU_ASSERT_TRUE(hk_roster_is_slow(other, false));
    roster_free(roster);
}

/* While a turn goes on and on, those who are like that run don't begin in front. */
static void test_late(void)
{
    struct hk_roster *roster = roster_new();
    struct hk_play *run = new_run(1, "hostile", source);
    struct hk_play *next = new_run(2, "hostile", source);
    struct hk_play *other = new_run(3, "harmless", source);

    hk_roster_add(roster, run);
    hk_roster_add(roster, next);
    hk_roster_add(roster, other);
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), run);
    hk_roster_late(roster, run);
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), next);
    CU_ASSERT_TRUE(hk_roster_is_slow(next, false));
    CU_ASSERT_PTR_EQUAL_FATAL(hk_roster_next(roster), other);
    CU_ASSERT_FALSE(hk_roster_is_slow(other, false));
    run->took_us = HK_SCRIPT_TURN_US;
    CU_ASSERT_TRUE(hk_roster_back(roster, run));
    CU_ASSERT_FALSE(hk_roster_is_slow(run, false)); /* it was only this once */
    roster_free(roster);
}

static void test_weight(void)
{
    CU_ASSERT_EQUAL(hk_weight_after(0, 0), 0);
    CU_ASSERT_EQUAL(hk_weight_after(7, 0), 6);
    CU_ASSERT_EQUAL(hk_weight_after(0, 1000), HK_SCRIPT_WEIGHT_PER_MS);
    CU_ASSERT_EQUAL(hk_weight_after(1, UINT64_MAX), HK_SCRIPT_WEIGHT_MAX);
    CU_ASSERT_FALSE(hk_weight_is_slow(0));
    CU_ASSERT_TRUE(hk_weight_is_slow(hk_weight_after(0, (uint64_t)HK_LUA_SLICE_MS * 1000U)));
    CU_ASSERT_NOT_EQUAL(hk_habits_key("a"), hk_habits_key("b"));
}

static CU_TestInfo tests[] = {
    {"results while it is away", test_settle_while_away},
    {"dropped while it is away", test_drop_while_away},
    {"a large one is dropped", test_drop_large},
    {"done with all", test_done_with_all},
    {"habit", test_habit},
    {"late", test_late},
    {"weight", test_weight},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("roster", tests)
