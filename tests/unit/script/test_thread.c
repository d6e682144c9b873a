/* The script threads: many runs at once, from another thread's point of view. */
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
    case HK_SCRIPT_CONTINUED:
        CU_FAIL("continued");
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

/* --- beside a run that takes long --- */

#define SPINNER 1000U /* and the numbers after it */

/* kind 1: spins until its limit. kind 2: each of its steps takes long, and it ends well. */
static const char spinner[] = "return playbook { name = 'spinner', run = function(alert)\n"
                              "  if alert.kind == 1 then while true do end end\n"
                              "  local sum = 0\n"
                              "  for i = 1, 6 do\n"
                              "    for j = 1, 300000 do sum = sum + j % 2 end\n"
                              "    sum = sum + act.p.a {n = i}.n\n  end\n"
                              "  return sum\nend }";

struct stage {
    struct bell bell;
    struct hk_script *script;
    unsigned requests;   /* of neighbours */
    unsigned finished;   /* of these, how many */
    unsigned spun;       /* that ended at their limit */
    unsigned spun_first; /* of these, before a neighbour was finished */
    unsigned summed;     /* spinners of kind 2 that ended well */
};

static void load_spinner(struct stage *stage, unsigned i, unsigned kind)
{
    char alert[64];
    char version[16];
    struct hk_script_start start = {.run = SPINNER + i,
        .version = version,
        .chunk = "spinner.lua",
        .source = spinner,
        .source_size = sizeof spinner - 1,
        .alert = alert};
    struct hk_error error;

    (void)snprintf(version, sizeof version, "s%u", i);
    (void)snprintf(alert, sizeof alert, "{\"kind\":%u}", kind);
    CU_ASSERT_EQUAL_FATAL(hk_script_load(stage->script, &start, &error), HK_OK);
}

static void raise_stage(struct stage *stage)
{
    struct hk_error error;

    *stage = (struct stage){.bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false}};
    CU_ASSERT_EQUAL_FATAL(hk_script_new(ring, &stage->bell, &stage->script, &error), HK_OK);
}

static void note(struct stage *stage, const struct hk_script_event *event)
{
    bool is_spinner = event->run >= SPINNER;

    switch (event->kind) {
    case HK_SCRIPT_REQUEST:
        stage->requests += is_spinner ? 0 : 1;
        settle(stage->script, event->run, event->step, event->args, 1);
        break;
    case HK_SCRIPT_FINISHED:
        if (is_spinner)
            CHECK_TEXT(event->value, "900021");
        stage->finished += is_spinner ? 0 : 1;
        stage->summed += is_spinner ? 1 : 0;
        break;
    case HK_SCRIPT_FAILED:
        CU_ASSERT_TRUE(is_spinner);
        CHECK_HAS(event->text, "in one go");
        stage->spun++;
        stage->spun_first += stage->finished == 0 ? 1 : 0;
        break;
    case HK_SCRIPT_BLOCKED:
        break;
    case HK_SCRIPT_CONTINUED:
        CU_FAIL("continued");
        break;
    case HK_SCRIPT_DIVERGED:
        CU_FAIL("diverged");
        break;
    }
}

/* Answer what comes until these numbers are reached. */
static void play_until(struct stage *stage, unsigned finished, unsigned spun, unsigned summed)
{
    while (stage->finished < finished || stage->spun < spun || stage->summed < summed) {
        struct hk_script_event *event = wait_for(&stage->bell, stage->script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            note(stage, event);
            hk_script_event_free(event);
            event = next;
        }
    }
}

/* A run that came later is over before the one that spins. */
static void test_neighbour_goes_on(void)
{
    struct stage stage;

    raise_stage(&stage);
    load_spinner(&stage, 0, 1);
    load(stage.script, 3);
    play_until(&stage, 1, 1, 0);
    CU_ASSERT_EQUAL(stage.spun_first, 0);
    CU_ASSERT_EQUAL(stage.requests, 3);
    hk_script_free(stage.script);
}

/* Each step of these runs is long, and each goes on where the one before it ended. */
static void test_slow_runs_end_well(void)
{
    struct stage stage;

    raise_stage(&stage);
    for (unsigned i = 0; i < 4; i++)
        load_spinner(&stage, i, 2);
    for (unsigned i = 3; i < 40; i++)
        load(stage.script, i);
    play_until(&stage, 37, 0, 4);
    CU_ASSERT_EQUAL(stage.requests, 37 * 3);
    hk_script_free(stage.script);
}

/* Many more than there are places, all of them new. Nothing is known of the neighbour either, until
 * it has had its first turn. */
static void test_more_than_places(void)
{
    struct stage stage;

    raise_stage(&stage);
    load(stage.script, 3);
    play_until(&stage, 1, 0, 0);
    for (unsigned i = 0; i < HK_SCRIPT_THREADS_MAX * 2; i++)
        load_spinner(&stage, i, 1);
    for (unsigned i = 4; i < 24; i++)
        load(stage.script, i);
    play_until(&stage, 21, 0, 0);
    CU_ASSERT(stage.spun < HK_SCRIPT_THREADS_MAX * 2);
    play_until(&stage, 21, HK_SCRIPT_THREADS_MAX * 2, 0);
    hk_script_free(stage.script);
}

/* Unloaded while a thread is at it: it says nothing any more, and its number is gone. */
static void test_unload_while_away(void)
{
    struct stage stage;
    struct hk_error error;

    raise_stage(&stage);
    load_spinner(&stage, 0, 1);
    load(stage.script, 3);
    play_until(&stage, 1, 0, 0); /* which was behind it */
    settle(stage.script, SPINNER, "0", "{}", 1);
    CU_ASSERT_EQUAL(hk_script_unload(stage.script, SPINNER, &error), HK_OK);
    settle(stage.script, SPINNER, "1", "{}", 1);
    load_spinner(&stage, 1, 1);
    load(stage.script, 4);
    play_until(&stage, 2, 1, 0);
    CU_ASSERT_EQUAL(stage.spun, 1);
    hk_script_free(stage.script);
}

/* With threads in every place. */
static void test_free_while_away(void)
{
    struct stage stage;

    for (unsigned round = 0; round < 3; round++) {
        raise_stage(&stage);
        for (unsigned i = 0; i < 3 + round * 4; i++)
            load_spinner(&stage, i, 1);
        if (round < 2) {
            load(stage.script, 3);
            play_until(&stage, 1, 0, 0);
        }
        hk_script_free(stage.script);
    }
}

static CU_TestInfo tests[] = {
    {"many runs", test_many},
    {"freed at any time", test_free_at_any_time},
    {"strangers", test_strangers},
    {"a neighbour goes on", test_neighbour_goes_on},
    {"slow runs end well", test_slow_runs_end_well},
    {"more than places", test_more_than_places},
    {"unloaded while a thread is at it", test_unload_while_away},
    {"freed while threads are at runs", test_free_while_away},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("thread", tests)
