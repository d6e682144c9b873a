/*
 * walk: see walk.h.
 */
#include "author/walk.h"
#include "author/frames.h"
#include "base/time.h"
#include "limits.h"
#include "script/play.h"

#include <stdlib.h>
#include <string.h>

struct step {
    const struct hk_json *json;
    int64_t settled; /* place in the record; 0: not yet */
    int64_t asked;
    char *args;    /* canonical */
    char *options; /* canonical */
    char *value;   /* canonical, or the reason */
};

struct walk {
    const struct hk_walk *setup;
    struct step *steps; /* in the order of settlement, then those that are open */
    size_t count;
    struct hk_jw *out;
    unsigned asked;
    unsigned unknown; /* of them: the record does not have them */
    size_t frames_size;
};

static void done(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        free(walk->steps[i].args);
        free(walk->steps[i].options);
        free(walk->steps[i].value);
    }
    free(walk->steps);
}

/* --- the record --- */

static int by_settlement(const void *a, const void *b)
{
    const struct step *x = a;
    const struct step *y = b;
    int64_t place_x = x->settled != 0 ? x->settled : INT64_MAX;
    int64_t place_y = y->settled != 0 ? y->settled : INT64_MAX;

    if (place_x != place_y)
        return place_x < place_y ? -1 : 1;
    return (x->asked > y->asked) - (x->asked < y->asked);
}

static char *value_of(const struct hk_json *json)
{
    const struct hk_json *value = hk_json_get(json, "value");
    struct hk_buf out;

    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    if (!hk_json_bool_at(json, "ok", false))
        hk_buf_append_text(&out, hk_json_string_at(json, "reason", ""));
    else if (value == NULL)
        hk_buf_append_text(&out, "null");
    else
        hk_json_canonical(value, &out);
    if (out.data == NULL)
        hk_buf_append_text(&out, "");
    return hk_buf_take(&out, NULL);
}

static enum hk_status read_steps(struct walk *walk, struct hk_error *error)
{
    const struct hk_json *list = hk_json_get(walk->setup->run, "steps");

    walk->steps = calloc((size_t)list->count + 1, sizeof(*walk->steps));
    if (walk->steps == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        struct step *step = &walk->steps[walk->count++];
        step->json = item;
        step->asked = hk_json_i64_at(item, "seq", 0);
        step->settled = hk_json_i64_at(item, "settled_seq", 0);
        if (hk_json_get(item, "args") == NULL)
            return hk_fail(error, HK_INVALID,
                "the record of the run is not whole: step %s does not say what was asked for",
                hk_json_string_at(item, "step", "?"));
        step->args = hk_json_canonical_text(hk_json_get(item, "args"));
        step->options = hk_json_canonical_text(hk_json_get(item, "options"));
        step->value = value_of(item);
        if (step->args == NULL || step->options == NULL || step->value == NULL)
            return hk_fail(error, HK_NOMEM, "out of memory");
    }
    qsort(walk->steps, walk->count, sizeof(*walk->steps), by_settlement);
    return HK_OK;
}

static enum hk_status write_record(
    const struct walk *walk, struct hk_script_record *records, struct hk_error *error)
{
    for (size_t i = 0; i < walk->count; i++) {
        const struct step *step = &walk->steps[i];
        const char *time =
            hk_json_string_at(step->json, "settled", hk_json_string_at(step->json, "changed", ""));
        records[i] = (struct hk_script_record){.step = hk_json_string_at(step->json, "step", ""),
            .op = hk_json_string_at(step->json, "op", ""),
            .name = hk_json_string_at(step->json, "name", ""),
            .args = step->args,
            .options = step->options,
            .is_settled = step->settled != 0,
            .ok = hk_json_bool_at(step->json, "ok", false),
            .value = step->value};
        records[i].is_refused =
            !records[i].ok && walk->setup->is_refused(hk_json_string_at(step->json, "how", ""));
        if (records[i].is_settled && hk_time_parse(time, &records[i].time_us, error) != HK_OK)
            return error->status;
    }
    return HK_OK;
}

/* --- items --- */

static const struct hk_json *recorded(const struct walk *walk, const char *name)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (strcmp(hk_json_string_at(walk->steps[i].json, "step", ""), name) == 0)
            return walk->steps[i].json;
    }
    return NULL;
}

static int64_t line_of(const char *where)
{
    const char *colon = strrchr(where, ':');

    return colon == NULL ? 0 : strtol(colon + 1, NULL, 10);
}

static void write_frames(struct walk *walk, lua_State *co)
{
    struct hk_buf frames;
    struct hk_jw jw;

    if (walk->frames_size > HK_WALK_FRAMES_SIZE_MAX)
        return;
    hk_buf_init(&frames, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &frames);
    hk_frames_write(co, &jw);
    walk->frames_size += frames.size;
    if (!frames.failed)
        hk_jw_kv_raw(walk->out, "frames", frames.data);
    hk_buf_done(&frames);
}

static void on_ask(void *ctx, lua_State *co, const struct hk_play_asked *asked)
{
    struct walk *walk = ctx;
    const struct hk_json *step = recorded(walk, asked->step);

    hk_jw_object(walk->out);
    hk_jw_kv_i64(walk->out, "number", ++walk->asked);
    hk_jw_kv(walk->out, "step", asked->step);
    hk_jw_kv_i64(walk->out, "line", line_of(asked->where));
    hk_jw_kv(walk->out, "op", asked->op);
    hk_jw_kv(walk->out, "name", asked->name);
    hk_jw_kv_raw(walk->out, "args", asked->args);
    hk_jw_kv_raw(walk->out, "options", asked->options);
    write_frames(walk, co);
    if (step != NULL)
        hk_jw_kv_value(walk->out, "recorded", step);
    else
        hk_jw_kv_raw(walk->out, "recorded", "null");
    walk->unknown += step == NULL ? 1 : 0;
    hk_jw_object_end(walk->out);
}

/* --- the end --- */

static const char *kind_of(const struct walk *walk, enum hk_script_event_kind kind)
{
    switch (kind) {
    case HK_SCRIPT_FINISHED:
        return "finished";
    case HK_SCRIPT_CONTINUED:
        return "continued";
    case HK_SCRIPT_FAILED:
        return "failed";
    case HK_SCRIPT_DIVERGED:
        return "diverged";
    default:
        return walk->unknown > 0 ? "goes_on" : "waits";
    }
}

static void write_end(struct walk *walk, const struct hk_script_event *event)
{
    hk_jw_key(walk->out, "end");
    hk_jw_object(walk->out);
    hk_jw_kv(walk->out, "kind", kind_of(walk, event == NULL ? HK_SCRIPT_BLOCKED : event->kind));
    if (event != NULL && (event->kind == HK_SCRIPT_FINISHED || event->kind == HK_SCRIPT_CONTINUED))
        hk_jw_kv_raw(walk->out, "text", event->value);
    if (event != NULL && event->kind == HK_SCRIPT_FAILED)
        hk_jw_kv(walk->out, "text", event->text);
    if (event != NULL && event->kind == HK_SCRIPT_DIVERGED) {
        hk_jw_kv(walk->out, "step", event->step);
        hk_jw_kv_i64(walk->out, "line", line_of(event->where));
        hk_jw_kv(walk->out, "expected", event->text);
        hk_jw_kv(walk->out, "got", event->got);
    }
    hk_jw_object_end(walk->out);
}

/* --- the walk --- */

/* Until all that is recorded was delivered; the last event that is an end, or NULL: it waits. */
static struct hk_script_event *follow(struct hk_play *play)
{
    struct hk_cache cache = {.clock = 0};
    struct hk_script_event *end = NULL;

    while (hk_play_is_due(play)) {
        hk_play_activate(play, &cache);
        for (struct hk_script_event *event = hk_play_take_events(play); event != NULL;) {
            struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
            if (event->kind == HK_SCRIPT_REQUEST || event->kind == HK_SCRIPT_BLOCKED) {
                hk_script_event_free(event);
            } else {
                hk_script_event_free(end);
                end = event;
            }
            event = next;
        }
    }
    hk_cache_done(&cache);
    return end;
}

static enum hk_status play(struct walk *walk, const struct hk_script_record *records,
    const char *alert, const char *args, struct hk_error *error)
{
    const struct hk_walk *setup = walk->setup;
    const struct hk_play_watcher watcher = {.on_ask = on_ask, .ctx = walk};
    struct hk_script_start start = {.run = 1,
        .name = hk_json_string_at(setup->run, "id", ""),
        .version = "walked",
        .chunk = setup->file,
        .source = setup->source,
        .source_size = setup->source_size,
        .alert = alert,
        .args = args,
        .seed = strtoull(hk_json_string_at(setup->run, "seed", "0"), NULL, 10),
        .records = records,
        .record_count = walk->count};
    struct hk_script_event *end;
    struct hk_play *play = NULL;
    enum hk_status status =
        hk_time_parse(hk_json_string_at(setup->run, "began", ""), &start.started_us, error);

    if (status == HK_OK)
        status = hk_play_new(&start, &play, error);
    if (status != HK_OK)
        return status;
    play->watcher = &watcher;
    hk_jw_object(walk->out);
    hk_jw_key(walk->out, "items");
    hk_jw_array(walk->out);
    end = follow(play);
    hk_jw_array_end(walk->out);
    write_end(walk, end);
    hk_jw_object_end(walk->out);
    hk_script_event_free(end);
    hk_play_free(play);
    return HK_OK;
}

enum hk_status hk_walk_run(const struct hk_walk *setup, struct hk_jw *out, struct hk_error *error)
{
    struct walk walk = {.setup = setup, .out = out};
    struct hk_script_record *records = NULL;
    struct hk_state_locale locale;
    char *alert = hk_json_canonical_text(setup->alert);
    char *args = hk_json_canonical_text(hk_json_get(setup->run, "args"));
    enum hk_status status = HK_OK;

    if (setup->alert == NULL || hk_json_get(setup->run, "steps") == NULL ||
        hk_json_get(setup->run, "seed") == NULL)
        status = hk_fail(error, HK_INVALID, "the record of the run is not whole");
    if (status == HK_OK)
        status = read_steps(&walk, error);
    if (status == HK_OK) {
        records = calloc(walk.count + 1, sizeof(*records));
        if (records == NULL || alert == NULL || args == NULL)
            status = hk_fail(error, HK_NOMEM, "out of memory");
    }
    if (status == HK_OK)
        status = write_record(&walk, records, error);
    hk_state_locale_enter(&locale);
    if (status == HK_OK)
        status = play(&walk, records, alert, args, error);
    hk_state_locale_leave(&locale);
    free(records);
    free(args);
    free(alert);
    done(&walk);
    return status;
}
