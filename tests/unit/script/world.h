/*
 * A world in which one run lives: it answers what the run asks for, in either order, remembers what
 * happened, and plays it again from any place where a crash could have been.
 */
#ifndef TEST_SCRIPT_WORLD_H
#define TEST_SCRIPT_WORLD_H

#include "helper.h"

#define STEPS_MAX 64

/* A step of a finished live run, in the order in which it was settled. */
struct done {
    char step[HK_STEP_PATH_SIZE];
    char op[16];
    char *name;
    char *args;
    char *options;
    char *where;
    char value[256];
    bool ok;
    bool is_refused;
    int64_t time_us;
    int asked_after; /* number of results delivered before */
};

struct world {
    struct done open[STEPS_MAX];
    int open_count;
    struct done done[STEPS_MAX];
    int done_count;
    bool newest_first; /* which open step is answered next */
    int request_count;
    int blocked_count;
    char *end; /* "finished …", "failed …", "diverged …" */
    char *got;
    char *where;
    char *step;
};

UNUSED static void world_done(struct world *w)
{
    for (int i = 0; i < w->open_count + w->done_count; i++) {
        struct done *d = i < w->open_count ? &w->open[i] : &w->done[i - w->open_count];
        free(d->name);
        free(d->args);
        free(d->options);
        free(d->where);
    }
    free(w->end);
    free(w->got);
    free(w->where);
    free(w->step);
    memset(w, 0, sizeof *w);
}

UNUSED static char *joined(const char *a, const char *b)
{
    char *text;

    return asprintf(&text, "%s %s", a, b == NULL ? "" : b) < 0 ? NULL : text;
}

UNUSED static void take_request(struct world *w, const struct hk_script_event *event)
{
    struct done *d = &w->open[w->open_count++];

    memset(d, 0, sizeof *d);
    memcpy(d->step, event->step, sizeof d->step);
    memcpy(d->op, event->op, sizeof d->op);
    d->name = hk_strdup(event->name);
    d->args = hk_strdup(event->args);
    d->options = hk_strdup(event->options);
    d->where = hk_strdup(event->where);
    d->asked_after = w->done_count;
    /* Answers depend on what was asked alone. */
    d->ok = strstr(d->args, "fail") == NULL && strstr(d->args, "refuse") == NULL;
    d->is_refused = strstr(d->args, "refuse") != NULL;
    if (!d->ok)
        (void)snprintf(d->value, sizeof d->value, "because of %s", event->step);
    else if (strstr(d->args, "nothing") != NULL)
        (void)snprintf(d->value, sizeof d->value, "null");
    else
        (void)snprintf(d->value, sizeof d->value, "{\"step\":\"%s\",\"n\":%d}", event->step,
            (int)strlen(d->args));
    w->request_count++;
}

UNUSED static void take_events(struct world *w, struct hk_play *run)
{
    struct hk_script_event *event = hk_play_take_events(run);

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        switch (event->kind) {
        case HK_SCRIPT_REQUEST:
            take_request(w, event);
            break;
        case HK_SCRIPT_BLOCKED:
            w->blocked_count++;
            CU_ASSERT(event->memory > 10000);
            break;
        case HK_SCRIPT_FINISHED:
            w->end = joined("finished", event->value);
            break;
        case HK_SCRIPT_CONTINUED:
            w->end = joined("continued", event->value);
            w->where = hk_strdup(event->where);
            break;
        case HK_SCRIPT_FAILED:
            w->end = joined("failed", event->text);
            break;
        case HK_SCRIPT_DIVERGED:
            w->end = joined("diverged", event->text);
            w->got = hk_strdup(event->got);
            w->where = hk_strdup(event->where);
            w->step = hk_strdup(event->step);
            break;
        }
        hk_script_event_free(event);
        event = next;
    }
}

UNUSED static void settle(struct world *w, struct hk_play *run, int index)
{
    struct hk_delivery *delivery = calloc(1, sizeof *delivery);
    struct done d = w->open[index];

    d.time_us = (int64_t)(w->done_count + 1) * 60000000;
    w->done[w->done_count++] = d;
    w->open_count--;
    memmove(
        &w->open[index], &w->open[index + 1], (size_t)(w->open_count - index) * sizeof w->open[0]);
    if (delivery == NULL)
        abort();
    delivery->step = hk_strdup(d.step);
    delivery->value = hk_strdup(d.value);
    delivery->ok = d.ok;
    delivery->is_refused = d.is_refused;
    delivery->time_us = d.time_us;
    hk_play_add(run, delivery);
}

static struct hk_cache cache;

UNUSED static struct hk_play *load(
    const char *source, const struct hk_script_record *records, size_t record_count)
{
    char version[HK_SHA256_HEX_SIZE];
    struct hk_script_start start = {.run = 7,
        .name = "ru-7",
        .chunk = "run.lua",
        .source = source,
        .source_size = strlen(source),
        .alert = "{\"title\":\"t\",\"src\":{\"ip\":\"192.0.2.1\"},\"count\":9007199254740993}",
        .seed = 42,
        .started_us = 1000000,
        .records = records,
        .record_count = record_count};
    struct hk_play *run = NULL;
    struct hk_error error;

    hk_playbook_version(source, strlen(source), version);
    start.version = version;
    CU_ASSERT_EQUAL_FATAL(hk_play_new(&start, &run, &error), HK_OK);
    return run;
}

/* Let the run go on until it waits for something open, and answer until it ends. */
UNUSED static void drive(struct world *w, struct hk_play *run, int answers)
{
    for (;;) {
        while (hk_play_is_due(run)) {
            hk_play_activate(run, &cache);
            take_events(w, run);
        }
        if (w->open_count == 0 || answers-- == 0)
            return;
        settle(w, run, w->newest_first ? w->open_count - 1 : 0);
    }
}

UNUSED static void play(struct world *w, const char *source)
{
    struct hk_play *run = load(source, NULL, 0);

    drive(w, run, STEPS_MAX);
    hk_play_free(run);
}

#define BODY(text) "return playbook {\n name = 'test',\n run = function(alert)\n" text "\n end }"

UNUSED static void check_end(int line, const char *source, const char *words)
{
    struct world w = {0};

    play(&w, source);
    check_has(__FILE__, line, w.end, words);
    world_done(&w);
}
#define ENDS(source, words) check_end(__LINE__, source, words)

/* --- replay --- */

UNUSED static size_t records_at(
    const struct world *w, int settled, struct hk_script_record *records)
{
    size_t count = 0;

    for (int i = 0; i < w->done_count; i++) {
        const struct done *d = &w->done[i];
        if (i >= settled && d->asked_after > settled)
            continue;
        records[count++] = (struct hk_script_record){.step = d->step,
            .op = d->op,
            .name = d->name,
            .args = d->args,
            .options = d->options,
            .is_settled = i < settled,
            .ok = d->ok,
            .is_refused = d->is_refused,
            .value = i < settled ? d->value : NULL,
            .time_us = d->time_us};
    }
    return count;
}

/* Crash after so many results: replay them, then go on living in the order of the live run. */
UNUSED static void check_prefix(const struct world *live, const char *source, int settled)
{
    struct hk_script_record records[STEPS_MAX];
    size_t count = records_at(live, settled, records);
    struct hk_play *run = load(source, records, count);
    struct world w = {0};

    for (int next = settled;; next++) {
        const struct done *d;
        struct hk_delivery *delivery;
        while (hk_play_is_due(run)) {
            hk_play_activate(run, &cache);
            take_events(&w, run);
        }
        if (w.end != NULL || next == live->done_count)
            break;
        d = &live->done[next];
        delivery = calloc(1, sizeof *delivery);
        if (delivery == NULL)
            abort();
        delivery->step = hk_strdup(d->step);
        delivery->value = hk_strdup(d->value);
        delivery->ok = d->ok;
        delivery->is_refused = d->is_refused;
        delivery->time_us = d->time_us;
        hk_play_add(run, delivery);
    }
    CHECK_TEXT(w.end, live->end);
    /* Nothing that is on record is asked for again. */
    CU_ASSERT_EQUAL(w.request_count, live->request_count - (int)count);
    hk_play_free(run);
    world_done(&w);
}

/* Play it, in both orders of answering, and replay it from each place where it could have crashed.
 */
UNUSED static void check_replays(int line, const char *source, const char *words, int done_count)
{
    for (int newest_first = 0; newest_first < 2; newest_first++) {
        struct world live = {.newest_first = newest_first != 0};
        play(&live, source);
        check_has(__FILE__, line, live.end, words);
        if (live.done_count != done_count)
            (void)fprintf(stderr, "\nline %d: %d results\n", line, live.done_count);
        CU_ASSERT_EQUAL(live.done_count, done_count);
        for (int i = 0; i <= live.done_count; i++)
            check_prefix(&live, source, i);
        world_done(&live);
    }
}
#define REPLAYS(source, words, done_count) check_replays(__LINE__, source, words, done_count)

#endif
