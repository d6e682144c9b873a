/*
 * run_load: bring a run back into memory from its entries. The same diagrams that govern writing
 * govern reading: an entry that doesn't follow is damage, and is said so.
 */
#include "base/text.h"
#include "engine/call.h"
#include "engine/dispatch.h"
#include "engine/gate.h"
#include "engine/memory.h"
#include "engine/playbook.h"
#include "engine/run.h"
#include "engine/run_continue.h"
#include "engine/signal.h"
#include "engine/step.h"
#include "engine/tenant.h"
#include "ledger/query_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_MEMORY_MAX (128UL * 1024 * 1024)

struct hk_run_wait {
    struct hk_run_wait *next;
    hk_run_fn *fn;
    void *ctx;
};

struct load {
    struct hk_run *run; /* pinned */
    hk_tenant tenant;
    char id[HK_ID_SIZE];
    struct hk_arena arena;
    struct hk_chain run_chain;
    struct hk_chain alert_chain;
    char version[HK_SHA256_HEX_SIZE]; /* of its playbook */
    bool with_playbook;               /* since its text is not in memory */
    struct hk_stored playbook;
    char in_case[HK_ID_SIZE];
};

/* --- on a reader thread --- */

static enum hk_status read_run(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct load *load = job;
    struct hk_json_doc doc = {0};
    enum hk_status status = hk_query_chain(
        reading, load->tenant, load->id, HK_RUN_ENTRIES_MAX, &load->arena, &load->run_chain, error);
    if (status != HK_OK)
        return status;
    const struct hk_stored *first = &load->run_chain.items[0];
    if (first->payload == NULL)
        return hk_fail(error, HK_NOT_FOUND, "run %s was erased", load->id);
    status = hk_json_parse(first->payload, first->payload_size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        status = hk_query_chain(reading, load->tenant, hk_json_string_at(doc.root, "alert", ""),
            HK_RUN_STEPS_MAX, &load->arena, &load->alert_chain, error);
    if (status == HK_OK)
        (void)hk_copy_text(
            load->version, sizeof load->version, hk_json_string_at(doc.root, "version", ""));
    if (status == HK_OK && load->with_playbook)
        status = hk_query_last(
            reading, load->tenant, load->version, &load->arena, &load->playbook, error);
    if (status == HK_OK)
        status = hk_query_case_of_run(reading, load->tenant, load->id, load->in_case, error);
    hk_json_doc_done(&doc);
    return status;
}

/* --- decoding, on the loop --- */

static enum hk_status damage(const struct load *load, const struct hk_stored *stored,
    const char *what, struct hk_error *error)
{
    return hk_fail(error, HK_CORRUPT, "run %s: entry %llu (%s): %s", load->id,
        (unsigned long long)stored->entry.seq, hk_kind_text(stored->entry.kind), what);
}

static void take_request(struct hk_run *run, struct hk_step *step, const struct hk_json *payload)
{
    struct hk_buf text;
    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    step->op = hk_run_text(run, hk_json_string_at(payload, "op", ""));
    step->name = hk_run_text(run, hk_json_string_at(payload, "name", ""));
    step->where = hk_run_text(run, hk_json_string_at(payload, "where", ""));
    hk_json_canonical(hk_json_get(payload, "args"), &text);
    step->args = hk_run_text(run, text.data);
    hk_buf_clear(&text);
    hk_json_canonical(hk_json_get(payload, "options"), &text);
    step->options = hk_run_text(run, text.data);
    hk_buf_done(&text);
    run->record_size += hk_step_size(step->args, step->options, step->name, step->where);
}

static void take_waiting(struct hk_run *run, struct hk_step *step, const struct hk_json *payload)
{
    step->waits_for = hk_run_text(run, hk_json_string_at(payload, "for", ""));
    step->due_us = hk_json_i64_at(payload, "due_us", 0);
    (void)hk_copy_text(step->gate, sizeof step->gate, hk_json_string_at(payload, "gate", ""));
    (void)hk_copy_text(step->called, sizeof step->called, hk_json_string_at(payload, "run", ""));
}

static void take_intended(struct hk_run *run, struct hk_step *step, const struct hk_json *payload)
{
    struct hk_buf call;
    hk_gate_apply_narrowing(run, step, payload);
    hk_buf_init(&call, HK_PAYLOAD_SIZE_MAX);
    hk_json_canonical(hk_json_get(payload, "call"), &call);
    step->call = hk_run_text(run, call.data);
    hk_buf_done(&call);
    step->action = hk_run_text(run, hk_json_string_at(payload, "action", ""));
    if (!hk_effect_from_text(hk_json_string_at(payload, "effect", ""), &step->effect))
        step->effect = HK_ONCE; /* what is not understood is never sent again */
    (void)hk_copy_text(step->plugin_sha256, sizeof step->plugin_sha256,
        hk_json_string_at(payload, "plugin.sha256", ""));
    (void)hk_copy_text(step->key, sizeof step->key, hk_json_string_at(payload, "key", ""));
    (void)hk_copy_text(
        step->containment, sizeof step->containment, hk_json_string_at(payload, "containment", ""));
    step->lease_ms = hk_json_i64_at(payload, "lease_ms", 0);
    step->deadline_ms = hk_json_i64_at(payload, "deadline_ms", HK_CALL_TIME_DEFAULT_MS);
    step->is_told_after =
        !run->is_shadow && strcmp(hk_json_string_at(payload, "authority.outcome", ""),
                               hk_outcome_text(HK_MAY_DO_THEN_TELL)) == 0;
    step->attempts = 1;
}

static void take_settled(
    struct hk_run *run, struct hk_step *step, const struct hk_json *payload, int64_t time_us)
{
    struct hk_buf value;
    step->ok = hk_json_bool_at(payload, "ok", false);
    if (step->ok) {
        hk_buf_init(&value, HK_PAYLOAD_SIZE_MAX);
        hk_jw_value(&(struct hk_jw){.out = &value}, hk_json_get(payload, "value"));
        step->value = hk_run_text(run, value.data);
        hk_buf_done(&value);
    } else {
        step->value = hk_run_text(run, hk_json_string_at(payload, "reason", ""));
        step->is_refused = hk_step_how_refuses(hk_json_string_at(payload, "how", ""));
    }
    step->time_us = hk_json_i64_at(payload, "at_us", time_us);
    step->order = ++run->settled_count;
    run->record_size += strlen(step->value);
    if (strcmp(hk_json_string_at(payload, "how", ""), "signal") == 0)
        hk_signal_taken(run, step);
}

static enum hk_status decode_step(struct load *load, const struct hk_stored *stored,
    const struct hk_json *payload, struct hk_error *error)
{
    struct hk_run *run = load->run;
    const char *path = hk_json_string_at(payload, "step", "");
    struct hk_step *step = hk_run_step(run, path);
    if (step == NULL) {
        if (hk_json_get(payload, "op") == NULL)
            return damage(load, stored, "about a step that was not asked for", error);
        step = hk_run_step_add(run, path);
        take_request(run, step, payload);
    }
    if (!hk_step_step_to(&step->state, stored->entry.kind))
        return damage(load, stored, "can't follow in the step's state", error);
    switch (stored->entry.kind) {
    case HK_KIND_STEP_WAITING:
        take_waiting(run, step, payload);
        break;
    case HK_KIND_STEP_INTENDED:
        take_intended(run, step, payload);
        break;
    case HK_KIND_STEP_REPEATED:
        step->attempts++;
        break;
    case HK_KIND_STEP_SETTLED:
    case HK_KIND_STEP_RESOLVED:
        take_settled(run, step, payload, stored->entry.time_us);
        break;
    default:
        break;
    }
    return HK_OK;
}

static void decode_started(
    struct load *load, const struct hk_stored *stored, const struct hk_json *payload)
{
    struct hk_run *run = load->run;
    const struct hk_json *requesters = hk_json_get(payload, "requesters");
    size_t count = requesters == NULL ? 0 : requesters->count;
    run->started_us = hk_json_i64_at(payload, "at_us", stored->entry.time_us);
    run->seed = strtoull(hk_json_string_at(payload, "seed", "0"), NULL, 10);
    run->severity = hk_severity_from_text(hk_json_string_at(payload, "severity", ""));
    run->is_shadow = hk_json_bool_at(payload, "shadow", false);
    run->requesters = hk_run_alloc(run, (count + 1) * sizeof(char *));
    size_t i = 0;
    for (const struct hk_json *item = requesters == NULL ? NULL : requesters->first; item != NULL;
         item = item->next)
        run->requesters[i++] = hk_run_text(run, hk_json_string(item));
    hk_call_loaded(run, payload);
    hk_run_continue_loaded(run, payload);
}

static enum hk_status decode_entry(
    struct load *load, const struct hk_stored *stored, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    if (stored->payload == NULL)
        return damage(load, stored, "its payload was erased", error);
    enum hk_status status =
        hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error);
    if (status != HK_OK)
        return damage(load, stored, "its payload is no JSON", error);
    switch (stored->entry.kind) {
    case HK_KIND_RUN_STARTED:
        decode_started(load, stored, doc.root);
        break;
    case HK_KIND_RUN_SIGNALLED:
        hk_signal_loaded(load->run, doc.root);
        break;
    case HK_KIND_STEP_WAITING:
    case HK_KIND_STEP_INTENDED:
    case HK_KIND_STEP_REPEATED:
    case HK_KIND_STEP_UNKNOWN:
    case HK_KIND_STEP_SETTLED:
    case HK_KIND_STEP_RESOLVED:
        status = decode_step(load, stored, doc.root, error);
        break;
    default: {
        enum hk_run_state state = hk_run_state(load->run);
        if (!hk_run_step_to(&state, stored->entry.kind))
            status = damage(load, stored, "can't follow in the run's state", error);
        else
            load->run->end = state;
        (void)hk_copy_text(load->run->chain.next, sizeof load->run->chain.next,
            hk_json_string_at(doc.root, "continued_as", ""));
    }
    }
    hk_json_doc_done(&doc);
    return status;
}

static enum hk_status decode_alert(struct load *load, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    const struct hk_stored *first = &load->alert_chain.items[0];
    enum hk_alert_state state = HK_ALERT_NONE;
    for (size_t i = 0; i < load->alert_chain.count; i++) {
        if (!hk_alert_step_to(&state, load->alert_chain.items[i].entry.kind))
            continue; /* alert.seen and the like change no state */
    }
    if (first->payload == NULL)
        return hk_fail(error, HK_NOT_FOUND, "run %s: its alert was erased", load->id);
    enum hk_status status =
        hk_json_parse(first->payload, first->payload_size, &hk_json_limits_own, &doc, error);
    if (status != HK_OK)
        return status;
    const struct hk_json *view = hk_json_get(doc.root, "view");
    if (view == NULL)
        status = damage(load, first, "an alert without a view", error);
    else
        load->run->alert = hk_alert_hold(load->run->engine, first->entry.subject, view,
            hk_json_string_at(doc.root, "raw", "null"), state);
    /* Held already: then what is in memory is newer than what was read. */
    if (status == HK_OK && load->run->alert->users == 1)
        (void)hk_copy_text(
            load->run->alert->in_case, sizeof load->run->alert->in_case, load->in_case);
    hk_json_doc_done(&doc);
    return status;
}

/* The text that the run began with, whatever the files say today. */
static enum hk_status decode_playbook(struct load *load, struct hk_error *error)
{
    struct hk_tenant_state *tenant = load->run->tenant;
    struct hk_playbook *playbook = hk_map_get(&tenant->playbooks, load->version);
    if (playbook == NULL) {
        playbook = hk_playbook_recorded(&load->playbook, error);
        if (playbook == NULL)
            return hk_error_prefix(error, "run %s: its playbook", load->id);
        playbook = hk_playbook_adopt(tenant, playbook);
    }
    load->run->playbook = playbook;
    return HK_OK;
}

static enum hk_status decode(struct load *load, struct hk_error *error)
{
    enum hk_status status = decode_playbook(load, error);
    if (status == HK_OK)
        status = decode_alert(load, error);
    for (size_t i = 0; status == HK_OK && i < load->run_chain.count; i++)
        status = decode_entry(load, &load->run_chain.items[i], error);
    return status;
}

/* --- asking for a run --- */

static void tell_waiting(struct hk_run *run, const struct hk_error *error)
{
    while (run->waiting != NULL) {
        struct hk_run_wait *wait = run->waiting;
        run->waiting = wait->next;
        wait->fn(wait->ctx, error == NULL ? run : NULL, error);
        free(wait);
    }
}

/* A call in flight pins its run, so a run that comes from disk has none: what is intended there was
 * left by an engine that ended. */
static void recover_calls(struct hk_run *run)
{
    for (size_t i = 0; i < run->step_count; i++) {
        if (run->steps[i]->state == HK_STEP_INTENDED)
            hk_dispatch_recover(run, run->steps[i]);
    }
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error);

static void begin_read(struct load *load)
{
    struct hk_error error = {0};
    hk_arena_init(&load->arena, LOAD_MEMORY_MAX);
    enum hk_status status =
        hk_ledger_read(load->run->engine->ledger, read_run, on_read, load, &error);
    if (status != HK_OK)
        on_read(load, status, &error);
}

/* Most runs' playbooks are in memory: the text is read only where one is not. */
static bool wants_playbook(const struct load *load)
{
    return !load->with_playbook && hk_map_get(&load->run->tenant->playbooks, load->version) == NULL;
}

static void on_read(void *job, enum hk_status status, const struct hk_error *read_error)
{
    struct load *load = job;
    struct hk_run *run = load->run;
    struct hk_error error = {0};
    if (status == HK_OK && wants_playbook(load)) {
        load->with_playbook = true;
        hk_arena_done(&load->arena);
        begin_read(load);
        return;
    }
    if (status != HK_OK)
        error = *read_error;
    else
        status = decode(load, &error);
    hk_arena_done(&load->arena);
    free(load);
    run->is_loading = false;
    if (status != HK_OK)
        run->end = HK_RUN_FAILED; /* in memory only: nothing goes on with it */
    else
        recover_calls(run);
    tell_waiting(run, status == HK_OK ? NULL : &error);
    hk_run_unpin(run);
}

static void start_load(struct hk_run *run)
{
    struct load *load = hk_engine_alloc(sizeof *load);
    load->run = run;
    load->tenant = run->tenant->number;
    (void)hk_copy_text(load->id, sizeof load->id, run->id);
    run->is_loading = true;
    begin_read(load);
}

void hk_run_with(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id,
    hk_run_fn *fn, void *ctx)
{
    char key[HK_RUN_KEY_SIZE];
    hk_run_key(tenant, id, key);
    struct hk_run *run = hk_map_get(&engine->runs, key);
    if (run != NULL && !run->is_loading) {
        hk_run_pin(run);
        fn(ctx, run, NULL);
        hk_run_unpin(run);
        return;
    }
    bool is_new = run == NULL;
    if (is_new)
        run = hk_run_make(engine, tenant, id);
    struct hk_run_wait *wait = hk_engine_alloc(sizeof *wait);
    *wait = (struct hk_run_wait){.fn = fn, .ctx = ctx};
    struct hk_run_wait **end = &run->waiting;
    while (*end != NULL)
        end = &(*end)->next;
    *end = wait;
    if (is_new)
        start_load(run);
}
