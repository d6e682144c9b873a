/* The script thread: many runs at once, from another thread's point of view. */
#include "helper.h"

#include "script/play.h"

#define RUNS 200

/* Wakes the test when events wait. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rang;
    bool is_ringing;
};

static void ring(void *ctx)
{
    struct bell *bell = ctx;

    (void)pthread_mutex_lock(&bell->lock);
    bell->is_ringing = true;
    (void)pthread_cond_signal(&bell->rang);
    (void)pthread_mutex_unlock(&bell->lock);
}

static struct hk_script_event *wait_for(struct bell *bell, struct hk_script *script)
{
    (void)pthread_mutex_lock(&bell->lock);
    while (!bell->is_ringing)
        (void)pthread_cond_wait(&bell->rang, &bell->lock);
    bell->is_ringing = false;
    (void)pthread_mutex_unlock(&bell->lock);
    return hk_script_take(script);
}

static const char source[] =
    "return playbook { name = 'many', run = function(alert)\n"
    "  if alert.kind == 1 then while true do end end\n"
    "  if alert.kind == 2 then error('broken') end\n"
    "  local r = together { a = function() return act.p.a {n = alert.n} end,\n"
    "    b = function() return act.p.b {n = alert.n} end }\n"
    "  return r.a.value.n + r.b.value.n + act.p.c {n = alert.n}.n\nend }";

static void load(struct hk_script *script, unsigned i)
{
    char alert[64];
    struct hk_script_start start = {.run = i,
        .version = "v1",
        .chunk = "many.lua",
        .source = source,
        .source_size = sizeof source - 1,
        .alert = alert,
        .seed = i};
    struct hk_error error;

    (void)snprintf(alert, sizeof alert, "{\"n\":%u,\"kind\":%u}", i, i % 50 < 2 ? i % 50 + 1 : 0);
    CU_ASSERT_EQUAL_FATAL(hk_script_load(script, &start, &error), HK_OK);
}

struct tally {
    unsigned finished;
    unsigned failed;
    unsigned requests;
};

static void settle(struct hk_script *script, hk_script_run run, const char *step, const char *value,
    int64_t time_us)
{
    const struct hk_script_result result = {
        .step = step, .ok = true, .value = value, .time_us = time_us};
    struct hk_error error;

    CU_ASSERT_EQUAL(hk_script_settle(script, run, &result, &error), HK_OK);
}

static void take(struct hk_script *script, const struct hk_script_event *event, struct tally *tally)
{
    struct hk_error error;
    char expected[32];

    switch (event->kind) {
    case HK_SCRIPT_REQUEST:
        tally->requests++;
        settle(script, event->run, event->step, event->args, (int64_t)tally->requests);
        break;
    case HK_SCRIPT_FINISHED:
        tally->finished++;
        (void)snprintf(expected, sizeof expected, "%u", (unsigned)event->run * 3);
        CHECK_TEXT(event->value, expected);
        CU_ASSERT_EQUAL(hk_script_unload(script, event->run, &error), HK_OK);
        break;
    case HK_SCRIPT_FAILED:
        tally->failed++;
        CHECK_HAS(event->text, event->run % 50 == 0 ? "in one go" : "many.lua:3: broken");
        break;
    case HK_SCRIPT_BLOCKED:
        break;
    case HK_SCRIPT_DIVERGED:
        CU_FAIL("diverged");
        break;
    }
}

static void test_many(void)
{
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct tally tally = {0};
    struct hk_script *script = NULL;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_script_new(ring, &bell, &script, &error), HK_OK);
    for (unsigned i = 1; i <= RUNS; i++)
        load(script, i);
    while (tally.finished + tally.failed < RUNS) {
        struct hk_script_event *event = wait_for(&bell, script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            take(script, event, &tally);
            hk_script_event_free(event);
            event = next;
        }
    }
    CU_ASSERT_EQUAL(tally.failed, RUNS / 50 * 2);
    CU_ASSERT_EQUAL(tally.requests, (RUNS - tally.failed) * 3);
    hk_script_free(script);
}

/* Free with work in every place: orders queued, runs loaded, events untaken. */
static void test_free_at_any_time(void)
{
    struct hk_script *script = NULL;
    struct hk_error error;

    for (unsigned round = 0; round < 20; round++) {
        CU_ASSERT_EQUAL_FATAL(hk_script_new(NULL, NULL, &script, &error), HK_OK);
        for (unsigned i = 2; i < 2 + round; i++) {
            load(script, i + 100);
            settle(script, i + 100, "0:a.0", "{\"n\":1}", 1);
        }
        CU_ASSERT_EQUAL(hk_script_unload(script, 102, &error), HK_OK);
        hk_script_free(script);
    }
    hk_script_free(NULL);
}

/* Orders for runs that are not there are ignored. */
static void test_strangers(void)
{
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct hk_script *script = NULL;
    struct hk_error error;
    bool ended = false;

    CU_ASSERT_EQUAL_FATAL(hk_script_new(ring, &bell, &script, &error), HK_OK);
    settle(script, 99, "0", "{}", 1);
    CU_ASSERT_EQUAL(hk_script_unload(script, 99, &error), HK_OK);
    load(script, 3);
    load(script, 3);
    settle(script, 3, "no such step", "{}", 1);
    settle(script, 3, "0:a.0", NULL, 1);
    while (!ended) {
        struct hk_script_event *event = wait_for(&bell, script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            if (event->kind == HK_SCRIPT_DIVERGED) {
                CHECK_TEXT(event->step, "no such step");
                ended = true;
            }
            hk_script_event_free(event);
            event = next;
        }
    }
    hk_script_free(script);
}

static CU_TestInfo tests[] = {
    {"many runs", test_many},
    {"freed at any time", test_free_at_any_time},
    {"strangers", test_strangers},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("thread", tests)
