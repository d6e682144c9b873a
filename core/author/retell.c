/*
 * retell: see retell.h.
 */
#include "author/retell.h"
#include "author/drive.h"
#include "base/time.h"
#include "limits.h"
#include "script/state.h"
#include "script/trigger.h"

#include <stdlib.h>
#include <string.h>

struct old_step {
    const struct hk_json *json;
    char *args;    /* canonical */
    char *options; /* canonical */
    bool is_used;  /* its result was given to a step of the new text */
    bool is_met;   /* the new text did the very same */
};

struct retelling {
    const struct hk_retell *setup;
    struct old_step *old;
    size_t old_count;
    struct hk_drive *drive;
    bool *is_met; /* for each step of the drive: the run did the very same */
    size_t met_capacity;
    const struct hk_drive_step *open;
};

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void done(struct retelling *it)
{
    for (size_t i = 0; i < it->old_count; i++) {
        free(it->old[i].args);
        free(it->old[i].options);
    }
    free(it->old);
    free(it->is_met);
    hk_drive_free(it->drive);
}

static enum hk_status read_old(struct retelling *it, struct hk_error *error)
{
    const struct hk_json *steps = hk_json_get(it->setup->run, "steps");
    const struct hk_json *first = steps != NULL ? steps->first : NULL;

    it->old = calloc(steps == NULL ? 1 : (size_t)steps->count + 1, sizeof(*it->old));
    if (it->old == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    for (const struct hk_json *item = first; item != NULL; item = item->next) {
        struct old_step *old = &it->old[it->old_count++];
        old->json = item;
        old->args = hk_json_canonical_text(hk_json_get(item, "args"));
        old->options = hk_json_canonical_text(hk_json_get(item, "options"));
        if (old->args == NULL || old->options == NULL)
            return hk_fail(error, HK_NOMEM, "out of memory");
        if (hk_json_get(item, "args") == NULL)
            return hk_fail(error, HK_INVALID, "the record of the run is not whole");
    }
    return HK_OK;
}

/* --- answers --- */

/* The recorded step that this one is; the very same one first. NULL: there is none left. */
static struct old_step *find(struct retelling *it, const struct hk_drive_step *step)
{
    struct old_step *found = NULL;

    for (size_t i = 0; i < it->old_count; i++) {
        struct old_step *old = &it->old[i];
        if (old->is_used || !same(hk_json_string_at(old->json, "op", ""), step->op) ||
            !same(hk_json_string_at(old->json, "name", ""), step->name) ||
            !same(old->args, step->args))
            continue;
        if (same(old->options, step->options))
            return old;
        if (found == NULL)
            found = old;
    }
    return found;
}

/* How long the recorded step took. */
static int64_t took_ms(const struct old_step *old)
{
    struct hk_error error;
    int64_t begun_us = 0;
    int64_t changed_us = 0;

    if (hk_time_parse(hk_json_string_at(old->json, "begun", ""), &begun_us, &error) != HK_OK ||
        hk_time_parse(hk_json_string_at(old->json, "changed", ""), &changed_us, &error) != HK_OK ||
        changed_us < begun_us)
        return 0;
    return (changed_us - begun_us) / 1000;
}

static enum hk_status answer_as_recorded(struct retelling *it, const struct hk_drive_step *step,
    const struct old_step *old, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(old->json, "value");
    char *text;

    if (!same(hk_json_string_at(old->json, "state", ""), "settled"))
        return HK_OK; /* it has no answer in the record either */
    if (!hk_json_bool_at(old->json, "ok", false)) {
        hk_drive_answer(it->drive, step->number,
            it->setup->is_refused(hk_json_string_at(old->json, "how", "")) ? HK_ANSWER_REFUSED
                                                                           : HK_ANSWER_FAILED,
            hk_json_string_at(old->json, "reason", ""), took_ms(old));
        return HK_OK;
    }
    text = value == NULL ? NULL : hk_json_canonical_text(value);
    if (value != NULL && text == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    hk_drive_answer(
        it->drive, step->number, HK_ANSWER_OK, text == NULL ? "null" : text, took_ms(old));
    free(text);
    return HK_OK;
}

/* What needs nobody outside succeeds. */
static bool answer_by_itself(struct retelling *it, const struct hk_drive_step *step)
{
    static const char *const own[] = {"note", "close", "notify", "escalate", "signal"};
    struct hk_json_doc args = {.root = NULL};
    struct hk_error error;
    int64_t ms = -1;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        ms = same(own[i], step->op) ? 0 : ms;
    if (same(step->op, "case")) {
        hk_drive_answer(it->drive, step->number, HK_ANSWER_OK, "\"ca-1\"", 0);
        return true;
    }
    if (same(step->op, "wait") &&
        hk_json_parse(step->args, strlen(step->args), &hk_json_limits_own, &args, &error) == HK_OK)
        ms = hk_json_i64_at(args.root, "for_ms", -1);
    hk_json_doc_done(&args);
    if (ms >= 0)
        hk_drive_answer(it->drive, step->number, HK_ANSWER_OK, "true", ms);
    return ms >= 0;
}

static enum hk_status keep_met(
    struct retelling *it, const struct hk_drive_step *step, bool is_met, struct hk_error *error)
{
    if (step->number >= it->met_capacity) {
        size_t capacity = it->met_capacity == 0 ? 64 : it->met_capacity * 2;
        bool *met = realloc(it->is_met, capacity * sizeof(*met));
        if (met == NULL)
            return hk_fail(error, HK_NOMEM, "out of memory");
        it->is_met = met;
        it->met_capacity = capacity;
    }
    it->is_met[step->number] = is_met;
    return HK_OK;
}

static enum hk_status take_step(
    struct retelling *it, const struct hk_drive_step *step, struct hk_error *error)
{
    struct old_step *old = find(it, step);
    enum hk_status status;

    if (old != NULL) {
        old->is_used = true;
        old->is_met = same(old->options, step->options);
        status = keep_met(it, step, old->is_met, error);
        return status == HK_OK ? answer_as_recorded(it, step, old, error) : status;
    }
    status = keep_met(it, step, false, error);
    if (status == HK_OK && !answer_by_itself(it, step) && it->open == NULL)
        it->open = step;
    return status;
}

static enum hk_status tell(struct retelling *it, struct hk_error *error)
{
    const struct hk_retell *setup = it->setup;
    const char *seed = hk_json_string_at(setup->run, "seed", "0");
    struct hk_drive_setup drive = {.chunk = setup->file,
        .source = setup->source,
        .source_size = setup->source_size,
        .seed = strtoull(seed, NULL, 10)};
    char *alert = hk_json_canonical_text(setup->alert);
    char *args = hk_json_canonical_text(hk_json_get(setup->run, "args"));
    const struct hk_drive_step *step;
    enum hk_status status =
        alert == NULL || args == NULL
            ? hk_fail(error, HK_NOMEM, "out of memory")
            : hk_time_parse(hk_json_string_at(setup->run, "began", ""), &drive.started_us, error);

    drive.alert = alert;
    drive.args = args;
    if (status == HK_OK)
        status = hk_drive_new(&drive, &it->drive, error);
    while (status == HK_OK && (step = hk_drive_next(it->drive)) != NULL)
        status = take_step(it, step, error);
    free(alert);
    free(args);
    return status;
}

/* --- the difference --- */

static void write_step(struct hk_jw *out, const char *op, const char *name, const char *args,
    const char *options, const char *where)
{
    hk_jw_object(out);
    hk_jw_kv(out, "op", op);
    hk_jw_kv(out, "name", name);
    hk_jw_kv_raw(out, "args", args);
    hk_jw_kv_raw(out, "options", options);
    hk_jw_kv(out, "where", where);
    hk_jw_object_end(out);
}

static bool write_removed(const struct retelling *it, struct hk_jw *out)
{
    bool any = false;

    hk_jw_key(out, "removed");
    hk_jw_array(out);
    for (size_t i = 0; i < it->old_count; i++) {
        const struct old_step *old = &it->old[i];
        if (old->is_met)
            continue;
        any = true;
        write_step(out, hk_json_string_at(old->json, "op", ""),
            hk_json_string_at(old->json, "name", ""), old->args, old->options,
            hk_json_string_at(old->json, "where", ""));
    }
    hk_jw_array_end(out);
    return any;
}

static bool write_added(const struct retelling *it, struct hk_jw *out)
{
    size_t count = it->drive == NULL ? 0 : hk_drive_count(it->drive);
    bool any = false;

    hk_jw_key(out, "added");
    hk_jw_array(out);
    for (size_t i = 0; i < count; i++) {
        const struct hk_drive_step *step = hk_drive_step(it->drive, i);
        if (it->is_met[i])
            continue;
        any = true;
        write_step(out, step->op, step->name, step->args, step->options, step->where);
    }
    hk_jw_array_end(out);
    return any;
}

static const char *old_verdict(const struct retelling *it)
{
    for (size_t i = 0; i < it->old_count; i++) {
        const struct hk_json *json = it->old[i].json;
        if (same(hk_json_string_at(json, "op", ""), "close"))
            return hk_json_string_at(json, "args.verdict", NULL);
    }
    return NULL;
}

/* The verdict in a step's arguments, copied; NULL when there is none. */
static void new_verdict(const struct retelling *it, char ret_verdict[32])
{
    size_t count = it->drive == NULL ? 0 : hk_drive_count(it->drive);
    struct hk_json_doc args;
    struct hk_error error;

    ret_verdict[0] = '\0';
    for (size_t i = 0; i < count && ret_verdict[0] == '\0'; i++) {
        const struct hk_drive_step *step = hk_drive_step(it->drive, i);
        const char *verdict;
        if (!same(step->op, "close") || hk_json_parse(step->args, strlen(step->args),
                                            &hk_json_limits_own, &args, &error) != HK_OK)
            continue;
        verdict = hk_json_string_at(args.root, "verdict", "");
        if (strlen(verdict) < 32)
            memcpy(ret_verdict, verdict, strlen(verdict) + 1);
        hk_json_doc_done(&args);
    }
}

static void write_pair(struct hk_jw *out, const char *key, const char *was, const char *is)
{
    hk_jw_key(out, key);
    hk_jw_object(out);
    hk_jw_kv(out, "was", was);
    hk_jw_kv(out, "is", is);
    hk_jw_object_end(out);
}

/* How the run ended, in the words of hk_drive_end_text. */
static const char *old_end(const struct retelling *it)
{
    const char *state = hk_json_string_at(it->setup->run, "state", "");

    if (hk_json_string_at(it->setup->run, "continued_as", NULL) != NULL)
        return hk_drive_end_text(HK_DRIVE_CONTINUED);
    return same(state, "finished") || same(state, "failed") ? state : "held";
}

static void write_difference(
    const struct retelling *it, bool starts, struct hk_jw *out, bool *ret_same)
{
    const struct hk_json *run = it->setup->run;
    enum hk_drive_end end = it->drive == NULL ? HK_DRIVE_RUNS : hk_drive_end(it->drive);
    const char *is = it->drive == NULL ? "not started" : hk_drive_end_text(end);
    const char *was = old_verdict(it);
    char verdict[32];
    bool removed;
    bool added;

    new_verdict(it, verdict);
    hk_jw_object(out);
    hk_jw_kv(out, "run", hk_json_string_at(run, "id", ""));
    hk_jw_kv(out, "alert", hk_json_string_at(run, "alert", ""));
    hk_jw_kv(out, "started", hk_json_string_at(run, "began", ""));
    hk_jw_kv_bool(out, "starts", starts);
    removed = write_removed(it, out);
    added = write_added(it, out);
    write_pair(out, "verdict", was, verdict[0] == '\0' ? NULL : verdict);
    write_pair(out, "end", old_end(it), is);
    if (end == HK_DRIVE_FAILED)
        hk_jw_kv(out, "error", hk_drive_text(it->drive));
    if (it->open != NULL) {
        hk_jw_key(out, "open");
        write_step(
            out, it->open->op, it->open->name, it->open->args, it->open->options, it->open->where);
    }
    *ret_same = starts && !removed && !added && same(old_end(it), is) &&
                same(was == NULL ? "" : was, verdict);
    hk_jw_kv_bool(out, "same", *ret_same);
    hk_jw_object_end(out);
}

enum hk_status hk_retell_run(
    const struct hk_retell *setup, struct hk_jw *out, bool *ret_same, struct hk_error *error)
{
    struct retelling it = {.setup = setup};
    struct hk_state_locale locale;
    /* What was called needs no trigger. */
    bool starts = hk_json_get(setup->run, "args") != NULL ||
                  hk_trigger_matches(setup->descriptor, setup->alert);
    enum hk_status status = HK_OK;

    if (setup->alert == NULL || hk_json_get(setup->run, "steps") == NULL ||
        hk_json_get(setup->run, "seed") == NULL)
        status = hk_fail(error, HK_INVALID, "the record of the run is not whole");
    if (status == HK_OK)
        status = read_old(&it, error);
    hk_state_locale_enter(&locale);
    if (status == HK_OK && starts)
        status = tell(&it, error);
    hk_state_locale_leave(&locale);
    if (status == HK_OK)
        write_difference(&it, starts, out, ret_same);
    done(&it);
    return status;
}
