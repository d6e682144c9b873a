/*
 * as_test: see as_test.h.
 *
 * Times. A test's clock stands still while the playbook asks, and moves when an answer comes. So a
 * step is asked for at the time of the answer before it, and its own answer comes as much later as
 * it did; all in whole milliseconds, rounded down, as `now` would. Where two answers came in the
 * same millisecond, and not in the order in which their steps were asked for, the later one is put
 * a millisecond later.
 */
#include "author/as_test.h"
#include "author/lua_text.h"
#include "base/time.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

struct step {
    const struct hk_json *json;
    int64_t asked;    /* place in the record */
    int64_t settled;  /* place in the record; 0: not yet */
    int64_t asked_ms; /* by the test's clock */
    int64_t settled_ms;
    unsigned number; /* in the order of asking */
};

struct writer {
    const struct hk_as_test *setup;
    struct hk_buf *out;
    struct step *steps;  /* as they were asked for */
    struct step **order; /* as they were settled */
    size_t count;
    size_t settled_count;
    int64_t started_ms;
};

static const char *op_of(const struct step *step)
{
    return hk_json_string_at(step->json, "op", "");
}

/* How t.on and t.order call it. */
static void write_key(struct hk_buf *out, const struct step *step)
{
    const char *name = hk_json_string_at(step->json, "name", "");
    struct hk_buf key;

    hk_buf_init(&key, 4096);
    if (strcmp(op_of(step), "act") != 0)
        hk_buf_appendf(&key, "%s%s", op_of(step), *name == '\0' ? "" : " ");
    hk_buf_append_text(&key, name);
    hk_lua_text_string(out, key.data == NULL ? "" : key.data, key.size);
    hk_buf_done(&key);
}

static bool same_key(const struct step *a, const struct step *b)
{
    return strcmp(op_of(a), op_of(b)) == 0 && strcmp(hk_json_string_at(a->json, "name", ""),
                                                  hk_json_string_at(b->json, "name", "")) == 0;
}

/* --- reading --- */

static int by_asked(const void *left, const void *right)
{
    const struct step *a = left;
    const struct step *b = right;

    return (a->asked > b->asked) - (a->asked < b->asked);
}

static int by_settled(const void *left, const void *right)
{
    const struct step *const *a = left;
    const struct step *const *b = right;

    return ((*a)->settled > (*b)->settled) - ((*a)->settled < (*b)->settled);
}

static enum hk_status time_ms(
    const struct hk_json *from, const char *key, int64_t *ret_ms, struct hk_error *error)
{
    int64_t us = 0;
    enum hk_status status = hk_time_parse(hk_json_string_at(from, key, ""), &us, error);

    *ret_ms = us / 1000;
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s", key);
}

static enum hk_status read_steps(struct writer *w, struct hk_error *error)
{
    const struct hk_json *list = hk_json_get(w->setup->run, "steps");
    enum hk_status status = HK_OK;

    for (const struct hk_json *item = list->first; item != NULL; item = item->next) {
        struct step *step = &w->steps[w->count++];
        step->json = item;
        step->asked = hk_json_i64_at(item, "seq", 0);
        step->settled = hk_json_i64_at(item, "settled_seq", 0);
        if (step->asked == 0 || hk_json_get(item, "args") == NULL)
            return hk_fail(error, HK_INVALID,
                "the record of the run is not whole: step %s does not say what was asked for",
                hk_json_string_at(item, "step", "?"));
        if (step->settled != 0)
            status = time_ms(item, "changed", &step->settled_ms, error);
        if (status != HK_OK)
            return status;
    }
    qsort(w->steps, w->count, sizeof(*w->steps), by_asked);
    for (size_t i = 0; i < w->count; i++) {
        w->steps[i].number = (unsigned)i;
        if (w->steps[i].settled != 0)
            w->order[w->settled_count++] = &w->steps[i];
    }
    qsort(w->order, w->settled_count, sizeof(struct step *), by_settled);
    return HK_OK;
}

/* Give each step its times by the test's clock. */
static void set_times(struct writer *w)
{
    int64_t now_ms = w->started_ms;
    size_t asked = 0;

    for (size_t i = 0; i < w->settled_count; i++) {
        struct step *step = w->order[i];
        for (; asked < w->count && w->steps[asked].asked <= step->settled; asked++)
            w->steps[asked].asked_ms = now_ms;
        if (step->settled_ms < now_ms)
            step->settled_ms = now_ms;
        if (i > 0 && step->settled_ms == w->order[i - 1]->settled_ms &&
            step->number < w->order[i - 1]->number)
            step->settled_ms++;
        now_ms = step->settled_ms;
    }
}

/* --- writing --- */

/* What the step gave, as t.on wants it. */
static void write_answer(struct writer *w, const struct step *step)
{
    const struct hk_json *value = hk_json_get(step->json, "value");
    const char *reason = hk_json_string_at(step->json, "reason", "");
    int64_t after_ms = step->settled_ms - step->asked_ms;
    bool is_late = step->settled != 0 && after_ms > 0;

    if (is_late)
        hk_buf_appendf(w->out, "t.after(\"%lldms\", ", (long long)after_ms);
    if (step->settled == 0) {
        hk_buf_append_text(w->out, "t.unknown()");
    } else if (hk_json_bool_at(step->json, "ok", false)) {
        if (value == NULL || value->type == HK_JSON_NULL)
            hk_buf_append_text(w->out, "true");
        else
            hk_lua_text_value(w->out, value, 4);
    } else {
        hk_buf_append_text(w->out, w->setup->is_refused(hk_json_string_at(step->json, "how", ""))
                                       ? "t.refuses("
                                       : "t.fails(");
        hk_lua_text_string(w->out, reason, strlen(reason));
        hk_buf_append_char(w->out, ')');
    }
    if (is_late)
        hk_buf_append_char(w->out, ')');
}

static void write_answers(struct writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        bool is_told = false;
        for (size_t j = 0; j < i && !is_told; j++)
            is_told = same_key(&w->steps[j], &w->steps[i]);
        if (is_told)
            continue;
        hk_buf_append_text(w->out, "  t.on(");
        write_key(w->out, &w->steps[i]);
        for (size_t j = i; j < w->count; j++) {
            if (!same_key(&w->steps[i], &w->steps[j]))
                continue;
            hk_buf_append_text(w->out, ",\n    ");
            write_answer(w, &w->steps[j]);
        }
        hk_buf_append_text(w->out, ")\n");
    }
}

static void write_did(struct writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct hk_json *options = hk_json_get(w->steps[i].json, "options");
        hk_buf_append_text(w->out, "  t.did(");
        write_key(w->out, &w->steps[i]);
        hk_buf_append_text(w->out, ", ");
        hk_lua_text_value(w->out, hk_json_get(w->steps[i].json, "args"), 4);
        if (options != NULL && options->count > 0) {
            hk_buf_append_text(w->out, ", ");
            hk_lua_text_value(w->out, options, 4);
        }
        hk_buf_append_text(w->out, ")\n");
    }
}

static void write_order(struct writer *w)
{
    hk_buf_append_text(w->out, "  t.order {");
    for (size_t i = 0; i < w->count; i++) {
        hk_buf_append_text(w->out, i == 0 ? " " : ", ");
        write_key(w->out, &w->steps[i]);
    }
    hk_buf_append_text(w->out, w->count == 0 ? "}\n" : " }\n");
}

/* Did the playbook itself fail: does the error say a place in it? Else the engine ended the run. */
static bool failed_by_itself(const struct hk_json *run)
{
    const char *at = hk_json_string_at(run, "reason", "");

    for (; *at != '\0' && *at != '\n'; at++) {
        size_t digits = *at == ':' ? strspn(at + 1, "0123456789") : 0;
        if (digits > 0 && at[1 + digits] == ':')
            return true;
    }
    return false;
}

static void write_end(struct writer *w, const char *state)
{
    const struct hk_json *value = hk_json_get(w->setup->run, "value");

    if (strcmp(state, "failed") == 0 && failed_by_itself(w->setup->run)) {
        hk_buf_append_text(w->out, "  t.failed()\n");
    } else if (strcmp(state, "finished") != 0) {
        hk_buf_append_text(w->out, "  t.held()\n");
    } else if (hk_json_string_at(w->setup->run, "continued_as", NULL) != NULL) {
        hk_buf_append_text(w->out, "  t.continued()\n");
    } else if (value != NULL && value->type != HK_JSON_NULL) {
        hk_buf_append_text(w->out, "  t.returned(");
        hk_lua_text_value(w->out, value, 4);
        hk_buf_append_text(w->out, ")\n");
    }
}

static void write_test(struct writer *w, const char *state)
{
    const struct hk_json *run = w->setup->run;
    const char *seed = hk_json_string_at(run, "seed", "0");
    const struct hk_json *args = hk_json_get(run, "args"); /* of a caller, or the run before */
    char started[HK_TIME_TEXT_SIZE];

    hk_time_format(w->started_ms * 1000, started);
    hk_buf_appendf(w->out,
        "-- What run %s did, of the playbook %s in version %.12s.\n\ntest(\"run %s\", "
        "function(t)\n  t.at \"%s\"\n  t.seed(%lld)\n",
        hk_json_string_at(run, "id", ""), hk_json_string_at(run, "playbook", ""),
        hk_json_string_at(run, "version", ""), hk_json_string_at(run, "id", ""), started,
        (long long)(int64_t)strtoull(seed, NULL, 10));
    write_answers(w);
    hk_buf_append_text(w->out, args == NULL ? "  t.run " : "  t.run(");
    hk_lua_text_value(w->out, w->setup->alert, 2);
    if (args != NULL) {
        hk_buf_append_text(w->out, ", ");
        hk_lua_text_value(w->out, args, 2);
    }
    hk_buf_append_text(w->out, args == NULL ? "\n" : ")\n");
    write_order(w);
    write_did(w);
    write_end(w, state);
    hk_buf_append_text(w->out, "end)\n");
}

enum hk_status hk_as_test_write(
    const struct hk_as_test *setup, struct hk_buf *out, struct hk_error *error)
{
    struct writer w = {.setup = setup, .out = out};
    const char *state = hk_json_string_at(setup->run, "state", "");
    const struct hk_json *steps = hk_json_get(setup->run, "steps");
    enum hk_status status = HK_OK;

    if (strcmp(state, "cancelled") == 0 || strcmp(state, "diverged") == 0)
        status = hk_fail(error, HK_INVALID, "a run that is %s did not follow its playbook", state);
    else if (steps == NULL || steps->type != HK_JSON_ARRAY ||
             hk_json_get(setup->run, "seed") == NULL || setup->alert == NULL)
        status = hk_fail(error, HK_INVALID, "the record of the run is not whole");
    if (status == HK_OK)
        status = time_ms(setup->run, "began", &w.started_ms, error);
    if (status == HK_OK) {
        w.steps = calloc((size_t)steps->count + 1, sizeof(*w.steps));
        w.order = calloc((size_t)steps->count + 1, sizeof(struct step *));
        status = w.steps != NULL && w.order != NULL ? read_steps(&w, error)
                                                    : hk_fail(error, HK_NOMEM, "out of memory");
    }
    if (status == HK_OK) {
        set_times(&w);
        write_test(&w, state);
        status = hk_buf_check(out, "the test", error);
    }
    free(w.steps);
    free(w.order);
    return status;
}
