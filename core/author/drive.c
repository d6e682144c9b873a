/*
 * drive: see drive.h.
 */
#include "author/drive.h"
#include "base/text.h"
#include "limits.h"
#include "script/play.h"

#include <stdlib.h>
#include <string.h>

struct hk_drive {
    struct hk_arena arena; /* all texts */
    struct hk_drive_setup setup;
    struct hk_cache cache;
    struct hk_play *play;
    struct hk_drive_step **steps;
    size_t step_count;
    size_t step_capacity;
    size_t told;     /* steps that hk_drive_next has given */
    size_t *settled; /* numbers of steps, in the order of their delivery */
    size_t settled_count;
    int64_t now_us;
    enum hk_drive_end end;
    const char *text;
};

static const char short_of_memory[] = "out of memory: the run's steps are too large to keep";

static const char *keep(struct hk_drive *drive, const char *text)
{
    const char *copied =
        hk_arena_copy(&drive->arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));

    if (copied == NULL) {
        drive->end = HK_DRIVE_FAILED;
        drive->text = short_of_memory;
        return "";
    }
    return copied;
}

void hk_drive_free(struct hk_drive *drive)
{
    if (drive == NULL)
        return;
    hk_play_free(drive->play);
    hk_cache_done(&drive->cache);
    hk_arena_done(&drive->arena);
    free(drive->steps);
    free(drive->settled);
    free(drive);
}

static struct hk_script_start start_of(const struct hk_drive *drive)
{
    return (struct hk_script_start){.run = 1,
        .version = "driven",
        .chunk = drive->setup.chunk,
        .source = drive->setup.source,
        .source_size = drive->setup.source_size,
        .alert = drive->setup.alert,
        .args = drive->setup.args,
        .seed = drive->setup.seed,
        .started_us = drive->setup.started_us};
}

enum hk_status hk_drive_new(
    const struct hk_drive_setup *setup, struct hk_drive **ret_drive, struct hk_error *error)
{
    struct hk_drive *drive = calloc(1, sizeof(*drive));
    struct hk_script_start start;
    enum hk_status status = HK_OK;

    if (drive == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a run");
    hk_arena_init(&drive->arena, HK_DRIVE_MEMORY_MAX);
    drive->text = "";
    drive->now_us = setup->started_us;
    drive->setup = *setup;
    drive->setup.chunk = keep(drive, setup->chunk);
    drive->setup.alert = keep(drive, setup->alert);
    drive->setup.args = keep(drive, setup->args == NULL ? "{}" : setup->args);
    drive->setup.source = hk_arena_copy(&drive->arena, setup->source, setup->source_size);
    if (drive->end != HK_DRIVE_RUNS || drive->setup.source == NULL)
        status = hk_fail(error, HK_NOMEM, "no memory for a run");
    start = start_of(drive);
    if (status == HK_OK)
        status = hk_play_new(&start, &drive->play, error);
    if (status != HK_OK) {
        hk_drive_free(drive);
        return status;
    }
    *ret_drive = drive;
    return HK_OK;
}

/* --- what the playbook says --- */

static bool grow(struct hk_drive *drive)
{
    size_t capacity = drive->step_capacity == 0 ? 16 : drive->step_capacity * 2;
    struct hk_drive_step **steps;
    size_t *settled;

    if (drive->step_count < drive->step_capacity)
        return true;
    steps = realloc(drive->steps, capacity * sizeof(struct hk_drive_step *));
    if (steps != NULL)
        drive->steps = steps;
    settled = realloc(drive->settled, capacity * sizeof(*settled));
    if (settled != NULL)
        drive->settled = settled;
    if (steps == NULL || settled == NULL)
        return false;
    drive->step_capacity = capacity;
    return true;
}

static void take_request(struct hk_drive *drive, const struct hk_script_event *event)
{
    struct hk_drive_step *step = hk_arena_alloc(&drive->arena, sizeof(*step));

    if (step == NULL || !grow(drive)) {
        drive->end = HK_DRIVE_FAILED;
        drive->text = short_of_memory;
        return;
    }
    memcpy(step->step, event->step, sizeof(step->step));
    step->op = keep(drive, event->op);
    step->name = keep(drive, event->name);
    step->args = keep(drive, event->args);
    step->options = keep(drive, event->options);
    step->where = keep(drive, event->where);
    step->asked_us = drive->now_us;
    step->number = drive->step_count;
    drive->steps[drive->step_count++] = step;
}

static void take_event(struct hk_drive *drive, const struct hk_script_event *event)
{
    const char *text = "";

    switch (event->kind) {
    case HK_SCRIPT_REQUEST:
        take_request(drive, event);
        return;
    case HK_SCRIPT_BLOCKED:
        return;
    case HK_SCRIPT_FINISHED:
    case HK_SCRIPT_CONTINUED:
        text = keep(drive, event->value);
        if (drive->end == HK_DRIVE_RUNS)
            drive->end = event->kind == HK_SCRIPT_FINISHED ? HK_DRIVE_FINISHED : HK_DRIVE_CONTINUED;
        break;
    case HK_SCRIPT_FAILED:
        text = keep(drive, event->text);
        drive->end = HK_DRIVE_FAILED;
        break;
    case HK_SCRIPT_DIVERGED: /* nobody waits for what was delivered: our own mistake */
        text = keep(drive, event->got);
        drive->end = HK_DRIVE_FAILED;
        break;
    }
    if (*drive->text == '\0')
        drive->text = text;
}

static void activate(struct hk_drive *drive)
{
    hk_play_activate(drive->play, &drive->cache);
    for (struct hk_script_event *event = hk_play_take_events(drive->play); event != NULL;) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        take_event(drive, event);
        hk_script_event_free(event);
        event = next;
    }
}

/* --- answers --- */

/* The answer that comes next: the earliest; of those the one of the step that was asked first. */
static struct hk_drive_step *next_due(const struct hk_drive *drive)
{
    struct hk_drive_step *first = NULL;

    for (size_t i = 0; i < drive->step_count; i++) {
        struct hk_drive_step *step = drive->steps[i];
        if (step->is_answered && !step->is_settled &&
            (first == NULL || step->due_us < first->due_us))
            first = step;
    }
    return first;
}

static void deliver(struct hk_drive *drive, struct hk_drive_step *step)
{
    struct hk_delivery *delivery = calloc(1, sizeof(*delivery));

    if (delivery != NULL) {
        delivery->step = hk_strdup(step->step);
        delivery->value = hk_strdup(step->value);
    }
    if (delivery == NULL || delivery->step == NULL || delivery->value == NULL) {
        hk_delivery_free(delivery);
        drive->end = HK_DRIVE_FAILED;
        drive->text = short_of_memory;
        return;
    }
    if (step->due_us > drive->now_us)
        drive->now_us = step->due_us;
    step->due_us = drive->now_us;
    delivery->ok = step->ok;
    delivery->is_refused = step->is_refused;
    delivery->time_us = drive->now_us;
    step->is_settled = true;
    drive->settled[drive->settled_count++] = step->number;
    hk_play_add(drive->play, delivery);
}

const struct hk_drive_step *hk_drive_next(struct hk_drive *drive)
{
    while (drive->end == HK_DRIVE_RUNS && drive->told == drive->step_count) {
        struct hk_drive_step *due;
        if (hk_play_is_due(drive->play)) {
            activate(drive);
            continue;
        }
        due = next_due(drive);
        if (due == NULL)
            drive->end = HK_DRIVE_HELD;
        else
            deliver(drive, due);
    }
    /* What it asked for in its last breath is told too: it would have been recorded. */
    return drive->told < drive->step_count ? drive->steps[drive->told++] : NULL;
}

void hk_drive_answer(struct hk_drive *drive, size_t number, enum hk_drive_answer answer,
    const char *value, int64_t after_ms)
{
    struct hk_drive_step *step = drive->steps[number];

    if (step->is_answered)
        return;
    step->is_answered = true;
    step->ok = answer == HK_ANSWER_OK;
    step->is_refused = answer == HK_ANSWER_REFUSED;
    step->value = keep(drive, value);
    step->due_us = step->asked_us + after_ms * 1000;
}

/* --- looking at it --- */

enum hk_drive_end hk_drive_end(const struct hk_drive *drive)
{
    return drive->end;
}

const char *hk_drive_end_text(enum hk_drive_end end)
{
    static const char *const texts[] = {"running", "finished", "continued", "failed", "held"};

    return texts[end];
}

const char *hk_drive_text(const struct hk_drive *drive)
{
    return drive->text;
}

int64_t hk_drive_now_us(const struct hk_drive *drive)
{
    return drive->now_us;
}

size_t hk_drive_count(const struct hk_drive *drive)
{
    return drive->step_count;
}

const struct hk_drive_step *hk_drive_step(const struct hk_drive *drive, size_t number)
{
    return drive->steps[number];
}

/* --- once more --- */

static void write_record(const struct hk_drive_step *step, struct hk_script_record *ret_record)
{
    *ret_record = (struct hk_script_record){.step = step->step,
        .op = step->op,
        .name = step->name,
        .args = step->args,
        .options = step->options,
        .is_settled = step->is_settled,
        .ok = step->ok,
        .is_refused = step->is_refused,
        .value = step->value,
        .time_us = step->due_us};
}

static void write_records(const struct hk_drive *drive, struct hk_script_record *records)
{
    size_t count = 0;

    for (size_t i = 0; i < drive->settled_count; i++)
        write_record(drive->steps[drive->settled[i]], &records[count++]);
    for (size_t i = 0; i < drive->step_count; i++) {
        if (!drive->steps[i]->is_settled)
            write_record(drive->steps[i], &records[count++]);
    }
}

/* Does the event of a replay fit how the run went? */
static enum hk_status compare(
    const struct hk_drive *drive, const struct hk_script_event *event, struct hk_error *error)
{
    switch (event->kind) {
    case HK_SCRIPT_BLOCKED:
        return HK_OK;
    case HK_SCRIPT_REQUEST:
        return hk_fail(error, HK_INVALID, "%s: step %s, %s %s, was not asked for the first time",
            event->where, event->step, event->op, event->name);
    case HK_SCRIPT_DIVERGED:
        return hk_fail(error, HK_INVALID, "%s: step %s was %s the first time, and now %s",
            event->where, event->step, event->text, event->got);
    case HK_SCRIPT_FINISHED:
        if (drive->end == HK_DRIVE_FINISHED && strcmp(event->value, drive->text) == 0)
            return HK_OK;
        return hk_fail(error, HK_INVALID, "it returned %s the first time, and now %s", drive->text,
            event->value);
    case HK_SCRIPT_CONTINUED:
        if (drive->end == HK_DRIVE_CONTINUED && strcmp(event->value, drive->text) == 0)
            return HK_OK;
        return hk_fail(error, HK_INVALID,
            "it ended with %s the first time, and now goes on with %s", drive->text, event->value);
    case HK_SCRIPT_FAILED:
        if (drive->end == HK_DRIVE_FAILED)
            return HK_OK;
        return hk_fail(error, HK_INVALID, "it fails now: %s", event->text);
    }
    return HK_OK;
}

static enum hk_status repeat(
    const struct hk_drive *drive, struct hk_script_start *start, struct hk_error *error)
{
    struct hk_cache cache = {.clock = 0};
    struct hk_play *play = NULL;
    enum hk_status status = hk_play_new(start, &play, error);
    bool has_ended = false;

    while (status == HK_OK && hk_play_is_due(play)) {
        hk_play_activate(play, &cache);
        for (struct hk_script_event *event = hk_play_take_events(play); event != NULL;) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            if (status == HK_OK)
                status = compare(drive, event, error);
            has_ended = has_ended || event->kind != HK_SCRIPT_BLOCKED;
            hk_script_event_free(event);
            event = next;
        }
    }
    if (status == HK_OK && has_ended != (drive->end != HK_DRIVE_HELD))
        status = hk_fail(error, HK_INVALID, "it %s the first time, and now %s",
            has_ended ? "did not end" : "ended", has_ended ? "it ends" : "it does not");
    hk_play_free(play);
    hk_cache_done(&cache);
    return status;
}

enum hk_status hk_drive_repeat(const struct hk_drive *drive, struct hk_error *error)
{
    struct hk_script_start start = start_of(drive);
    struct hk_script_record *records = calloc(drive->step_count + 1, sizeof(*records));
    enum hk_status status;

    if (records == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a run's record");
    write_records(drive, records);
    start.records = records;
    start.record_count = drive->step_count;
    status = repeat(drive, &start, error);
    free(records);
    return status;
}
