/*
 * bench_hostile: what each attack of tests/hostile takes before it is stopped, and what others who
 * run beside them notice. Prints one JSON line for each figure.
 */
#include "base/text.h"
#include "base/time.h"
#include "script/hostile.h"
#include "script/play.h"

#include <pthread.h>
#include <time.h>

#define STEPS_MAX 2000000     /* of one figure */
#define STEPS_ALONE 50000     /* without attackers, before and after them */
#define ATTACKER (1ULL << 32) /* the first one's number; neighbours are below */
#define AT_ONCE 4

static struct hostile attacks[HOSTILE_MAX];
static size_t attack_count;
static struct hk_cache cache;

static const char neighbour[] =
    "return playbook { name = 'neighbour', run = function(alert)\n"
    "  for i = 1, 9000 do act.p.q { ip = alert.src.ip, n = 1 } end\nend }";

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

/* --- beside a neighbour --- */

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

/* How long a neighbour waits from a result until its next request. */
struct figure {
    unsigned *took_us;
    size_t steps;
};

struct scene {
    struct hk_script *script;
    struct figure *figure;
    hk_script_run neighbour;
    size_t attacks_begun;
    size_t attacks_done;
    int64_t sent_us; /* the result; 0: the neighbour is new */
};

static void begin(struct scene *scene, hk_script_run id, const struct hostile *attack)
{
    struct hk_script_start start = start_of(id, attack);
    struct hk_error error;

    if (hk_script_load(scene->script, &start, &error) != HK_OK)
        fail(error.text);
}

static void begin_neighbour(struct scene *scene)
{
    scene->sent_us = 0;
    begin(scene, ++scene->neighbour, NULL);
}

/* One after another, in the order of their names. */
static void begin_attack(struct scene *scene)
{
    size_t i = scene->attacks_begun++;

    begin(scene, ATTACKER + i, &attacks[i % attack_count]);
}

static void settle(struct scene *scene, const struct hk_script_event *event)
{
    struct hk_script_result result = {.step = event->step, .ok = true, .value = "{\"good\":true}"};
    struct figure *figure = scene->figure;
    struct hk_error error;

    if (scene->sent_us != 0 && figure->steps < STEPS_MAX)
        figure->took_us[figure->steps++] = (unsigned)(hk_time_monotonic_us() - scene->sent_us);
    scene->sent_us = hk_time_monotonic_us();
    if (hk_script_settle(scene->script, event->run, &result, &error) != HK_OK)
        fail(error.text);
}

static void answer(struct scene *scene, const struct hk_script_event *event)
{
    struct hk_error error;

    if (event->kind == HK_SCRIPT_BLOCKED)
        return;
    if (event->kind == HK_SCRIPT_REQUEST) {
        settle(scene, event);
        return;
    }
    if (hk_script_unload(scene->script, event->run, &error) != HK_OK)
        fail(error.text);
    if (event->run < ATTACKER) {
        if (event->kind != HK_SCRIPT_FINISHED)
            fail(event->text);
        begin_neighbour(scene);
    } else {
        scene->attacks_done++;
        begin_attack(scene);
    }
}

/* Add to the figure, with so many attackers under way all the time, until each attack is over once
 * for each of them and the neighbour had so many steps. */
static void bench_neighbour(struct figure *figure, size_t attackers, size_t steps)
{
    struct scene scene = {.figure = figure};
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct hk_error error;

    steps += figure->steps;
    if (hk_script_new(ring, &bell, &scene.script, &error) != HK_OK)
        fail(error.text);
    begin_neighbour(&scene);
    for (size_t i = 0; i < attackers; i++)
        begin_attack(&scene);
    while (scene.attacks_done < attackers * attack_count || figure->steps < steps) {
        struct hk_script_event *event = wait_for(&bell, scene.script);
        while (event != NULL) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            answer(&scene, event);
            hk_script_event_free(event);
            event = next;
        }
    }
    hk_script_free(scene.script);
}

static int compare(const void *left, const void *right)
{
    const unsigned *a = left;
    const unsigned *b = right;

    return (*a > *b) - (*a < *b);
}

/* Answers the p99. */
static double print_figure(const struct figure *figure, const char *name)
{
    char text[64];

    qsort(figure->took_us, figure->steps, sizeof *figure->took_us, compare);
    (void)snprintf(text, sizeof text, "hostile_neighbour_p50_%s", name);
    print(text, figure->took_us[figure->steps / 2], "us");
    (void)snprintf(text, sizeof text, "hostile_neighbour_p99_%s", name);
    print(text, figure->took_us[figure->steps * 99 / 100], "us");
    (void)snprintf(text, sizeof text, "hostile_neighbour_worst_%s", name);
    print(text, figure->took_us[figure->steps - 1], "us");
    return figure->took_us[figure->steps * 99 / 100];
}

static void bench_neighbours(void)
{
    struct figure figures[3];
    double alone_us;

    for (size_t i = 0; i < 3; i++) {
        figures[i] = (struct figure){.took_us = malloc(STEPS_MAX * sizeof(unsigned))};
        if (figures[i].took_us == NULL)
            fail("no memory");
    }
    /* Before and after, since what else the machine does changes. */
    bench_neighbour(&figures[0], 0, STEPS_ALONE);
    bench_neighbour(&figures[1], 1, STEPS_ALONE);
    bench_neighbour(&figures[2], AT_ONCE, STEPS_ALONE);
    bench_neighbour(&figures[0], 0, STEPS_ALONE);
    alone_us = print_figure(&figures[0], "without");
    print("hostile_neighbour_ratio_with_one", print_figure(&figures[1], "with_one") / alone_us, "");
    print(
        "hostile_neighbour_ratio_with_four", print_figure(&figures[2], "with_four") / alone_us, "");
    for (size_t i = 0; i < 3; i++)
        free(figures[i].took_us);
}

int main(void)
{
    attack_count = hostile_load(attacks);
    if (attack_count == 0)
        fail("tests/hostile is not there: set HIKESHI_SOURCE");
    bench_each();
    bench_neighbours();
    for (size_t i = 0; i < attack_count; i++)
        hk_buf_done(&attacks[i].source);
    hk_cache_done(&cache);
    return 0;
}
