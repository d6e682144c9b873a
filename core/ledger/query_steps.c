/*
 * query_steps: a run's steps, told from its entries; see query_steps.h.
 */
#include "ledger/query_steps.h"

#include <stdlib.h>
#include <string.h>

struct step {
    const char *name;
    const char *state;
    int64_t begun_us;
    int64_t changed_us;
    int64_t seq;                   /* of the entry in which it was asked for */
    int64_t settled_seq;           /* of the one that settled it; 0: not yet */
    const struct hk_json *request; /* payload with op, name, args, where */
    const struct hk_json *waiting;
    const struct hk_json *intended;
    const struct hk_json *settled;
    const struct hk_json *unknown;
};

/* The state that an entry puts its step into; NULL when the entry is about no step. */
static const char *state_after(enum hk_kind kind)
{
    switch (kind) {
    case HK_KIND_STEP_WAITING:
        return "waiting";
    case HK_KIND_STEP_INTENDED:
    case HK_KIND_STEP_REPEATED:
        return "intended";
    case HK_KIND_STEP_UNKNOWN:
        return "unknown";
    case HK_KIND_STEP_SETTLED:
    case HK_KIND_STEP_RESOLVED:
        return "settled";
    default:
        return NULL;
    }
}

/* Newest first: an entry is nearly always about a step that began a moment ago. */
static struct step *find(struct step *steps, size_t *count, const char *name)
{
    for (size_t i = *count; i > 0; i--)
        if (strcmp(steps[i - 1].name, name) == 0)
            return &steps[i - 1];
    memset(&steps[*count], 0, sizeof(*steps));
    steps[*count].name = name;
    return &steps[(*count)++];
}

static void fold(struct step *step, const struct hk_stored *stored, const struct hk_json *payload)
{
    step->state = state_after(stored->entry.kind);
    step->changed_us = stored->entry.time_us;
    if (step->begun_us == 0)
        step->begun_us = stored->entry.time_us;
    if (step->seq == 0)
        step->seq = (int64_t)stored->entry.seq;
    if (strcmp(step->state, "settled") == 0)
        step->settled_seq = (int64_t)stored->entry.seq;
    if (hk_json_get(payload, "op") != NULL)
        step->request = payload;
    if (stored->entry.kind == HK_KIND_STEP_WAITING)
        step->waiting = payload;
    else if (stored->entry.kind == HK_KIND_STEP_INTENDED)
        step->intended = payload;
    else if (stored->entry.kind == HK_KIND_STEP_UNKNOWN)
        step->unknown = payload;
    else if (stored->entry.kind != HK_KIND_STEP_REPEATED)
        step->settled = payload;
}

static void copy(struct hk_jw *jw, const char *key, const struct hk_json *from)
{
    const struct hk_json *value = hk_json_get(from, key);

    if (value != NULL)
        hk_jw_kv_value(jw, key, value);
}

static void write_step(const struct step *step, struct hk_jw *jw)
{
    static const char *const request[] = {"op", "name", "args", "options", "where"};
    static const char *const intended[] = {
        "action", "effect", "key", "authority", "containment", "plugin"};
    static const char *const settled[] = {"ok", "value", "reason", "how", "evidence"};
    const struct hk_json *gate = hk_json_get(step->intended, "gate");

    hk_jw_object(jw);
    hk_jw_kv(jw, "step", step->name);
    hk_jw_kv(jw, "state", step->state);
    for (size_t i = 0; i < sizeof(request) / sizeof(request[0]); i++)
        copy(jw, request[i], step->request);
    for (size_t i = 0; i < sizeof(intended) / sizeof(intended[0]); i++)
        copy(jw, intended[i], step->intended);
    if (gate == NULL)
        gate = hk_json_get(step->waiting, "gate");
    if (gate != NULL)
        hk_jw_kv_value(jw, "gate", gate);
    copy(jw, "run", step->waiting); /* that was called */
    if (strcmp(step->state, "waiting") == 0) {
        copy(jw, "for", step->waiting);
        hk_jw_kv_time(jw, "due", hk_json_i64_at(step->waiting, "due_us", 0));
    }
    if (strcmp(step->state, "unknown") == 0)
        copy(jw, "why", step->unknown);
    for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++)
        copy(jw, settled[i], step->settled);
    hk_jw_kv_i64(jw, "seq", step->seq);
    if (step->settled_seq != 0)
        hk_jw_kv_i64(jw, "settled_seq", step->settled_seq);
    hk_jw_kv_time(jw, "begun", step->begun_us);
    hk_jw_kv_time(jw, "changed", step->changed_us);
    /* What the playbook is told; the entry may stand a little behind it. */
    if (step->settled_seq != 0 && hk_json_i64_at(step->settled, "at_us", 0) != 0)
        hk_jw_kv_time(jw, "settled", hk_json_i64_at(step->settled, "at_us", 0));
    hk_jw_object_end(jw);
}

enum hk_status hk_history_steps(
    const struct hk_history *history, struct hk_jw *jw, struct hk_error *error)
{
    struct step *steps = calloc(history->chain.count, sizeof(*steps));
    size_t count = 0;

    if (steps == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    for (size_t i = 0; i < history->chain.count; i++) {
        const struct hk_stored *stored = &history->chain.items[i];
        const char *name = hk_json_string_at(history->docs[i].root, "step", NULL);

        if (name != NULL && state_after(stored->entry.kind) != NULL)
            fold(find(steps, &count, name), stored, history->docs[i].root);
    }
    hk_jw_key(jw, "steps");
    hk_jw_array(jw);
    for (size_t i = 0; i < count; i++)
        write_step(&steps[i], jw);
    hk_jw_array_end(jw);
    free(steps);
    return HK_OK;
}
