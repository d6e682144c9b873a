/*
 * bench_hostile: what each attack of tests/hostile takes before it is stopped, and what those who
 * share the script thread with them notice. Prints one JSON line for each figure.
 */
#include "base/text.h"
#include "base/time.h"
#include "script/hostile.h"
#include "script/play.h"

#include <pthread.h>
#include <time.h>

#define STEPS 2000
#define NEIGHBOUR 1U
#define ATTACKER 1000U

static struct hostile attacks[HOSTILE_MAX];
static size_t attack_count;
static struct hk_cache cache;

static const char neighbour[] = "return playbook { name = 'neighbour', run = function(alert)\n"
                                "  while true do act.p.q { ip = alert.src.ip, n = 1 } end\nend }";

static void print(const char *name, double value, const char *unit)
{
    (void)printf("{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"}\n", name, value, unit);
}

static double cpu_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *why)
{
    (void)fprintf(stderr, "bench_hostile: %s\n", why);
    exit(1);
}

static struct hk_script_start start_of(hk_script_run id, const struct hostile *attack)
{
    struct hk_script_start start = {.run = id,
        .version = "n",
        .chunk = "neighbour.lua",
        .source = neighbour,
        .source_size = sizeof neighbour - 1,
        .alert = "{\"title\":\"bench\",\"src\":{\"ip\":\"192.0.2.1\"}}"};

    if (attack != NULL) {
        start.version = attack->name;
        start.chunk = attack->name;
        start.source = attack->source.data;
        start.source_size = attack->source.size;
    }
    return start;
}

/* One attack alone, from its load until its state is thrown away. */
static double attack_alone(const struct hostile *attack, double *ret_kib)
{
    struct hk_script_start start = start_of(ATTACKER, attack);
    struct hk_script_event *event;
    struct hk_play *run = NULL;
    struct hk_error error;
    double begin_ms = cpu_ms();
    double took_ms;

    if (hk_play_new(&start, &run, &error) != HK_OK)
        fail(error.text);
    while (hk_play_is_due(run))
        hk_play_activate(run, &cache);
    event = hk_play_take_events(run);
    took_ms = cpu_ms() - begin_ms;
    *ret_kib = (double)run->st.memory_peak / 1024;
    if (event == NULL || event->kind != HK_SCRIPT_FAILED)
        fail(attack->name);
    hk_script_event_free(event);
    hk_play_free(run);
    return took_ms;
}

static void bench_each(void)
{
    double worst_ms = 0;
    double worst_kib = 0;
    char name[128];

    for (size_t i = 0; i < attack_count; i++) {
        double kib = 0;
        double ms = attack_alone(&attacks[i], &kib);
        int size = (int)strcspn(attacks[i].name, ".");
        (void)snprintf(name, sizeof name, "hostile_cpu %.*s", size, attacks[i].name);
        print(name, ms, "ms");
        (void)snprintf(name, sizeof name, "hostile_memory %.*s", size, attacks[i].name);
        print(name, kib, "KiB");
        worst_ms = ms > worst_ms ? ms : worst_ms;
        worst_kib = kib > worst_kib ? kib : worst_kib;
    }
    print("hostile_attacks", (double)attack_count, "playbooks");
    print("hostile_cpu_worst", worst_ms, "ms");
    print("hostile_memory_worst", worst_kib, "KiB");
}

/* --- in one thread with a neighbour --- */

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

struct scene {
    struct hk_script *script;
    size_t attack; /* the next one */
    size_t steps;
    int64_t sent_us;
    double took_us[STEPS];
};

static void begin_attack(struct scene *scene)
{
    struct hk_script_start start =
        start_of(ATTACKER + scene->attack, &attacks[scene->attack % attack_count]);
    struct hk_error error;

    scene->attack++;
    if (hk_script_load(scene->script, &start, &error) != HK_OK)
        fail(error.text);
}

static void answer(struct scene *scene, const struct hk_script_event *event)
{
    struct hk_script_result result = {.step = event->step, .ok = true, .value = "{\"good\":true}"};
    struct hk_error error;

    if (event->run != NEIGHBOUR) {
        if (hk_script_unload(scene->script, event->run, &error) != HK_OK)
            fail(error.text);
        begin_attack(scene);
        return;
    }
    if (event->kind != HK_SCRIPT_REQUEST)
        return;
    if (scene->sent_us != 0 && scene->steps < STEPS)
        scene->took_us[scene->steps++] = (double)(hk_time_monotonic_us() - scene->sent_us);
    scene->sent_us = hk_time_monotonic_us();
    if (hk_script_settle(scene->script, NEIGHBOUR, &result, &error) != HK_OK)
        fail(error.text);
}

static int compare(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;

    return (*a > *b) - (*a < *b);
}

/* A result to the next request, with so many attackers under way all the time. */
static void bench_neighbour(size_t attackers, size_t steps, const char *name)
{
    static struct scene scene;
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct hk_script_start start = start_of(NEIGHBOUR, NULL);
    struct hk_error error;

    memset(&scene, 0, sizeof scene);
    if (hk_script_new(ring, &bell, &scene.script, &error) != HK_OK ||
        hk_script_load(scene.script, &start, &error) != HK_OK)
        fail(error.text);
    for (size_t i = 0; i < attackers; i++)
        begin_attack(&scene);
    while (scene.steps < steps) {
        struct hk_script_event *event = wait_for(&bell, scene.script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            answer(&scene, event);
            hk_script_event_free(event);
            event = next;
        }
    }
    hk_script_free(scene.script);
    qsort(scene.took_us, steps, sizeof scene.took_us[0], compare);
    print(name, scene.took_us[steps * 99 / 100], "us");
}

int main(void)
{
    attack_count = hostile_load(attacks);
    if (attack_count == 0)
        fail("tests/hostile is not there: set HIKESHI_SOURCE");
    bench_each();
    bench_neighbour(0, STEPS, "hostile_neighbour_p99_without");
    bench_neighbour(1, STEPS / 10, "hostile_neighbour_p99_with_one");
    for (size_t i = 0; i < attack_count; i++)
        hk_buf_done(&attacks[i].source);
    hk_cache_done(&cache);
    return 0;
}
