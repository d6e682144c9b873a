/*
 * bench_script: what runs cost. Prints one JSON line for each figure.
 */
#include "base/time.h"
#include "script/play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOADS 3000
#define STEPS 9000

static struct hk_cache cache;

static const char source[] = "return playbook { name = 'bench', run = function(alert)\n"
                             "  while true do act.p.q {ip = alert.src.ip, n = 1} end\nend }";

static struct hk_play *load(const struct hk_script_record *records, size_t count)
{
    struct hk_script_start start = {.run = 1,
        .version = "v",
        .chunk = "bench.lua",
        .source = source,
        .source_size = sizeof source - 1,
        .alert = "{\"title\":\"bench\",\"src\":{\"ip\":\"192.0.2.1\"}}",
        .records = records,
        .record_count = count};
    struct hk_play *run = NULL;
    struct hk_error error;

    if (hk_play_new(&start, &run, &error) != HK_OK) {
        (void)fprintf(stderr, "bench_script: %s\n", error.text);
        exit(1);
    }
    return run;
}

/* Drop the events; answer the memory that the last one tells. */
static size_t drop_events(struct hk_play *run)
{
    struct hk_script_event *event = hk_play_take_events(run);
    size_t memory = 0;

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        if (event->kind == HK_SCRIPT_FAILED || event->kind == HK_SCRIPT_DIVERGED) {
            (void)fprintf(stderr, "bench_script: %s\n", event->text);
            exit(1);
        }
        memory = event->memory;
        hk_script_event_free(event);
        event = next;
    }
    return memory;
}

static void print(const char *name, double value, const char *unit)
{
    (void)printf("{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"}\n", name, value, unit);
}

static void bench_load(void)
{
    int64_t begin_us = hk_time_monotonic_us();
    size_t memory = 0;

    for (int i = 0; i < LOADS; i++) {
        struct hk_play *run = load(NULL, 0);
        hk_play_activate(run, &cache);
        memory = drop_events(run);
        hk_play_free(run);
    }
    print("script_load", (double)(hk_time_monotonic_us() - begin_us) / LOADS, "us");
    print("script_memory", (double)memory / 1024, "KiB");
}

static void bench_live(void)
{
    struct hk_play *run = load(NULL, 0);
    int64_t begin_us;

    hk_play_activate(run, &cache);
    begin_us = hk_time_monotonic_us();
    for (int i = 0; i < STEPS; i++) {
        struct hk_delivery *delivery = calloc(1, sizeof *delivery);
        char step[16];
        if (delivery == NULL)
            exit(1);
        (void)snprintf(step, sizeof step, "%d", i);
        delivery->step = strdup(step);
        delivery->value = strdup("{\"known_good\":false,\"lists\":[]}");
        delivery->ok = true;
        hk_play_add(run, delivery);
        hk_play_activate(run, &cache);
        (void)drop_events(run);
    }
    print("script_step", (double)(hk_time_monotonic_us() - begin_us) / STEPS, "us");
    hk_play_free(run);
}

static void bench_replay(void)
{
    static struct hk_script_record records[STEPS];
    static char steps[STEPS][8];
    struct hk_play *run;
    int64_t begin_us;

    for (int i = 0; i < STEPS; i++) {
        (void)snprintf(steps[i], sizeof steps[i], "%d", i);
        records[i] = (struct hk_script_record){.step = steps[i],
            .op = "act",
            .name = "p.q",
            .args = "{\"ip\":\"192.0.2.1\",\"n\":1}",
            .options = "{}",
            .is_settled = true,
            .ok = true,
            .value = "{\"known_good\":false,\"lists\":[]}",
            .time_us = i};
    }
    begin_us = hk_time_monotonic_us();
    run = load(records, STEPS);
    while (hk_play_is_due(run))
        hk_play_activate(run, &cache);
    (void)drop_events(run);
    print("script_replay_step", (double)(hk_time_monotonic_us() - begin_us) / STEPS, "us");
    hk_play_free(run);
}

int main(void)
{
    bench_load();
    bench_live();
    bench_replay();
    hk_cache_done(&cache);
    return 0;
}
