/*
 * Each attack of the corpus ends as it must, holds no more than its memory, does no more than its
 * work, asks for nothing afterwards, and a neighbour that is under way at the same time does not
 * notice. What it costs in time is measured by tests/bench/bench_script.c.
 */
#include "helper.h"
#include "hostile.h"
#include "script/play.h"

/* What may be done between two looks at the budget: C functions charge before they work. */
#define WORK_SLACK 2000000U
#define NEIGHBOURS 20
#define NEIGHBOUR_STEPS 5
#define ATTACKER 1000U

static struct hostile attacks[HOSTILE_MAX];
static size_t attack_count;
static struct hk_cache cache;

static const char neighbour[] =
    "return playbook { name = 'neighbour', run = function(alert)\n"
    "  local sum = 0\n"
    "  for i = 1, 5 do sum = sum + act.p.add { n = i, who = alert.who }.n end\n"
    "  return { sum = sum, who = alert.who }\nend }";

static struct hk_script_start start_of(hk_script_run id, const char *version, const char *chunk,
    const char *source, size_t size, const char *alert)
{
    return (struct hk_script_start){.run = id,
        .version = version,
        .chunk = chunk,
        .source = source,
        .source_size = size,
        .alert = alert,
        .seed = id};
}

static struct hk_play *new_play(const struct hk_script_start *start)
{
    struct hk_play *run = NULL;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_play_new(start, &run, &error), HK_OK);
    return run;
}

static bool says_limit(const char *text)
{
    return strstr(text, "instructions in one go") != NULL || strstr(text, "CPU time") != NULL ||
           strstr(text, "run used more than 16 MiB of memory") != NULL ||
           strstr(text, "run has too many branches at once") != NULL;
}

/* FILE:LINE: in front, and the words that the attack's first line wants. */
static void check_text_of(const struct hostile *attack, const char *text)
{
    size_t size = strlen(attack->name);
    bool has_place = strncmp(text, attack->name, size) == 0 && text[size] == ':';
    bool has_words =
        attack->words[0] == '\0' ? says_limit(text) : strstr(text, attack->words) != NULL;

    /* A source that is too large, or no text, has no line. */
    if (has_place && strncmp(text + size, ": larger", 8) != 0)
        has_place = strtol(text + size + 1, NULL, 10) > 0;
    /* Under a sanitizer the time may be over before an error comes. */
    has_words = has_words || strstr(text, "of CPU time") != NULL;
    if (strlen(text) > 16384)
        has_words = false;
    if (!has_place || !has_words)
        (void)fprintf(stderr, "\n%s: %.400s\n", attack->name, text);
    CU_ASSERT_TRUE(has_place);
    CU_ASSERT_TRUE(has_words);
}

/* Take what an attack said; true when it has ended. */
static bool take_attack(const struct hostile *attack, struct hk_play *run)
{
    struct hk_script_event *event = hk_play_take_events(run);
    bool ended = false;

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        if (event->kind == HK_SCRIPT_FAILED) {
            check_text_of(attack, event->text);
            ended = true;
        } else {
            (void)fprintf(stderr, "\n%s: event %d %s\n", attack->name, (int)event->kind,
                event->value == NULL ? "" : event->value);
            CU_FAIL("it goes on");
        }
        hk_script_event_free(event);
        event = next;
    }
    return ended;
}

/* Let the neighbour take one step; true when it has ended well. */
static bool step_neighbour(struct hk_play *run)
{
    struct hk_script_event *event;
    struct hk_delivery *delivery = NULL;
    bool ended = false;

    while (hk_play_is_due(run))
        hk_play_activate(run, &cache);
    for (event = hk_play_take_events(run); event != NULL;) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        if (event->kind == HK_SCRIPT_REQUEST) {
            delivery = calloc(1, sizeof *delivery);
            CU_ASSERT_PTR_NOT_NULL_FATAL(delivery);
            delivery->step = hk_strdup(event->step);
            delivery->value = hk_strdup(event->args);
            delivery->ok = true;
            hk_play_add(run, delivery);
        } else if (event->kind == HK_SCRIPT_FINISHED) {
            CHECK_TEXT(event->value, "{\"sum\":15,\"who\":1}");
            ended = true;
        } else {
            CU_ASSERT_EQUAL(event->kind, HK_SCRIPT_BLOCKED);
        }
        hk_script_event_free(event);
        event = next;
    }
    return ended;
}

static void check_attack(const struct hostile *attack)
{
    struct hk_script_start start = start_of(2, attack->name, attack->name, attack->source.data,
        attack->source.size, "{\"title\":\"t\"}");
    struct hk_script_start beside =
        start_of(1, "n", "neighbour.lua", neighbour, sizeof neighbour - 1, "{\"who\":1}");
    struct hk_play *run = new_play(&start);
    struct hk_play *other = new_play(&beside);
    bool is_well = step_neighbour(other);
    bool ended = false;

    while (hk_play_is_due(run) && !ended) {
        hk_play_activate(run, &cache);
        ended = take_attack(attack, run);
    }
    CU_ASSERT_TRUE(ended);
    CU_ASSERT_FALSE(hk_play_is_due(run));
    CU_ASSERT(run->st.memory_peak <= HK_LUA_MEMORY_MAX);
    CU_ASSERT_EQUAL(run->st.heap.held, 0);
    if (run->st.work > (uint64_t)HK_LUA_INSTRUCTIONS_MAX + WORK_SLACK)
        (void)fprintf(stderr, "\n%s: work %llu\n", attack->name, (unsigned long long)run->st.work);
    CU_ASSERT(run->st.work <= (uint64_t)HK_LUA_INSTRUCTIONS_MAX + WORK_SLACK);
    for (int i = 0; i < NEIGHBOUR_STEPS && !is_well; i++)
        is_well = step_neighbour(other);
    CU_ASSERT_TRUE(is_well);
    hk_play_free(run);
    hk_play_free(other);
}

static void test_each(void)
{
    CU_ASSERT(attack_count >= 40);
    for (size_t i = 0; i < attack_count; i++)
        check_attack(&attacks[i]);
}

/* --- all at once, in the script thread, among neighbours --- */

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

/* Answer the event; true when it was the last one of its run. */
static bool answer(struct hk_script *script, const struct hk_script_event *event)
{
    struct hk_script_result result = {.step = event->step, .ok = true, .value = event->args};
    struct hk_error error;

    if (event->run >= ATTACKER && event->kind != HK_SCRIPT_BLOCKED) {
        CU_ASSERT_EQUAL(event->kind, HK_SCRIPT_FAILED);
        check_text_of(&attacks[event->run - ATTACKER], event->text == NULL ? "" : event->text);
        return true;
    }
    switch (event->kind) {
    case HK_SCRIPT_REQUEST:
        CU_ASSERT_EQUAL(hk_script_settle(script, event->run, &result, &error), HK_OK);
        return false;
    case HK_SCRIPT_FINISHED:
        CHECK_HAS(event->value, "{\"sum\":15,");
        return true;
    case HK_SCRIPT_BLOCKED:
        return false;
    default:
        CU_FAIL("a neighbour ended badly");
        return true;
    }
}

static void test_together(void)
{
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct hk_script *script = NULL;
    struct hk_error error;
    size_t left = attack_count + NEIGHBOURS;

    CU_ASSERT_EQUAL_FATAL(hk_script_new(ring, &bell, &script, &error), HK_OK);
    for (size_t i = 0; i < attack_count + NEIGHBOURS; i++) {
        const struct hostile *attack = &attacks[i < attack_count ? i : 0];
        struct hk_script_start start =
            i < attack_count ? start_of(ATTACKER + i, attack->name, attack->name,
                                   attack->source.data, attack->source.size, "{\"title\":\"t\"}")
                             : start_of(1 + i - attack_count, "n", "neighbour.lua", neighbour,
                                   sizeof neighbour - 1, "{\"who\":2}");
        CU_ASSERT_EQUAL_FATAL(hk_script_load(script, &start, &error), HK_OK);
    }
    while (left > 0) {
        struct hk_script_event *event = wait_for(&bell, script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            left -= answer(script, event) ? 1 : 0;
            hk_script_event_free(event);
            event = next;
        }
    }
    hk_script_free(script);
}

static CU_TestInfo tests[] = {
    {"each attack beside a neighbour", test_each},
    {"all attacks among neighbours", test_together},
    CU_TEST_INFO_NULL,
};

static int run_tests(void)
{
    CU_SuiteInfo suites[] = {{"hostile", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_NORMAL);
    (void)CU_basic_run_tests();
    return CU_get_number_of_failures() == 0 ? 0 : 1;
}

int main(void)
{
    int result;

    attack_count = hostile_load(attacks);
    result = run_tests();
    CU_cleanup_registry();
    for (size_t i = 0; i < attack_count; i++)
        hk_buf_done(&attacks[i].source);
    hk_cache_done(&cache);
    return result;
}
