/*
 * call: see call.h. A caller that has ended or diverged is told nothing.
 */
#include "engine/call.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/run_begin.h"
#include "engine/run_end.h"
#include "engine/step.h"
#include "engine/trial.h"
#include "engine/versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_SIZE_MAX (24 * 1024) /* an error with its trace, and those around it */

enum { AGAIN_MS = 200 };

/* --- calling --- */

static unsigned calls_of(const struct hk_run *run)
{
    unsigned count = 0;
    for (size_t i = 0; i < run->step_count; i++)
        count += strcmp(run->steps[i]->op, "call") == 0;
    return count;
}

static bool is_among(const char *name, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* May it be called? HK_NOT_FOUND, or HK_LIMIT. */
static enum hk_status check(const struct hk_run *run, const struct hk_step *step,
    struct hk_chosen *ret_chosen, struct hk_error *error)
{
    const struct hk_named *named = hk_versions_of(run->tenant, step->name);
    *ret_chosen = (struct hk_chosen){.playbook = NULL};
    if (named == NULL)
        return hk_fail(
            error, HK_NOT_FOUND, "the tenant has no playbook \"%s\" in force", step->name);
    if (run->is_shadow) /* its own text is what is looked at */
        *ret_chosen =
            (struct hk_chosen){.playbook = named->in_force, .by = named->by, .is_shadow = true};
    else
        hk_trial_choose(named, run->alert->id, hk_engine_now_us(run->engine), ret_chosen);
    if (strcmp(run->playbook->name, step->name) == 0 || is_among(step->name, run->callers))
        return hk_fail(error, HK_LIMIT, "playbook \"%s\" would call itself", step->name);
    if (run->depth + 1 > HK_CALL_DEPTH_MAX)
        return hk_fail(error, HK_LIMIT, "calls are nested deeper than %d", HK_CALL_DEPTH_MAX);
    if (calls_of(run) > HK_CALLS_MAX)
        return hk_fail(error, HK_LIMIT, "a run calls at most %d playbooks", HK_CALLS_MAX);
    return HK_OK;
}

struct begun {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char run[HK_ID_SIZE];
};

static void on_called(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    (void)ctx;
    if (run != NULL)
        hk_run_wake(run);
    else
        hk_log(HK_LOG_ERROR, "a playbook that was called: %s", error->text);
}

/* It is on disk, so it can be read like any other. */
static void on_begun(void *ctx)
{
    struct begun *begun = ctx;
    if (!begun->engine->is_stopping)
        hk_run_with(begun->engine, begun->tenant, begun->run, on_called, NULL);
    free(begun);
}

void hk_call_request(struct hk_run *run, struct hk_step *step)
{
    struct hk_error error = {0};
    struct hk_chosen chosen;
    struct hk_tx tx;
    if (check(run, step, &chosen, &error) != HK_OK) {
        hk_step_settle_now(run, step, false, error.text, "invalid");
        return;
    }
    struct begun *begun = hk_engine_alloc(sizeof *begun);
    *begun = (struct begun){.engine = run->engine, .tenant = run->tenant};
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_id_new("ru", tx.time_us, begun->run);
    (void)hk_copy_text(step->called, sizeof step->called, begun->run);
    hk_step_wait(run, step, &tx, "call", 0);
    size_t count = 0;
    while (run->requesters[count] != NULL)
        count++;
    const char **requesters = hk_engine_alloc((count + HK_REQUESTERS_MORE) * sizeof(const char *));
    hk_run_requesters(run->tenant, run->requesters, chosen.by, requesters);
    const struct hk_run_begin begin = {.id = begun->run,
        .alert = run->alert->id,
        .playbook = chosen.playbook,
        .severity = run->severity,
        .seed = hk_run_seed(),
        .requesters = requesters,
        .caller = run,
        .caller_step = step,
        .trial = chosen.trial,
        .is_shadow = chosen.is_shadow};
    hk_run_write_started(&tx, &begin);
    free(requesters);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, on_begun, begun);
}

/* --- read back --- */

void hk_call_loaded(struct hk_run *run, const struct hk_json *started)
{
    const struct hk_json *caller = hk_json_get(started, "caller");
    const struct hk_json *names = hk_json_get(caller, "playbooks");
    const struct hk_json *args = hk_json_get(started, "args");
    size_t i = 0;
    run->depth = names == NULL ? 0 : names->count;
    run->callers = hk_run_alloc(run, (run->depth + 1) * sizeof(char *));
    for (const struct hk_json *name = names == NULL ? NULL : names->first; name != NULL;
         name = name->next)
        run->callers[i++] = hk_run_text(run, hk_json_string(name));
    (void)hk_copy_text(run->caller, sizeof run->caller, hk_json_string_at(caller, "run", ""));
    run->caller_step = hk_run_text(run, hk_json_string_at(caller, "step", ""));
    run->caller_where = hk_run_text(run, hk_json_string_at(caller, "where", ""));
    if (args != NULL) {
        struct hk_buf text;
        hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
        hk_json_canonical(args, &text);
        run->args = hk_run_text(run, text.data);
        hk_buf_done(&text);
    }
}

/* --- the end --- */

struct ending {
    struct hk_run *run; /* pinned */
    hk_caller_fn *fn;
    void *ctx;
    struct hk_timer *timer; /* until it is tried again */
};

static void find_caller(void *ctx);

/* Readers are busy: that says nothing about the caller. */
static bool try_again(struct ending *ending, const struct hk_error *error)
{
    struct hk_engine *engine = ending->run->engine;
    if (error->status != HK_BUSY && error->status != HK_TIMEOUT)
        return false;
    if (ending->timer == NULL)
        ending->timer = hk_timer_new(engine->options.loop, find_caller, ending);
    hk_engine_must(ending->timer == NULL ? HK_NOMEM : HK_OK, "the end of a run", NULL);
    hk_timer_arm(ending->timer, AGAIN_MS);
    return true;
}

static void on_caller(void *ctx, struct hk_run *caller, const struct hk_error *error)
{
    struct ending *ending = ctx;
    struct hk_run *run = ending->run;
    if (caller == NULL && try_again(ending, error))
        return;
    if (caller == NULL)
        hk_log(HK_LOG_ERROR, "the run that called %s: %s", run->id, error->text);
    ending->fn(run, caller, ending->ctx);
    hk_timer_free(ending->timer);
    free(ending);
    hk_run_unpin(run);
}

static void find_caller(void *ctx)
{
    struct ending *ending = ctx;
    const struct hk_run *run = ending->run;
    hk_run_with(run->engine, run->tenant, run->caller, on_caller, ending);
}

void hk_call_with_caller(struct hk_run *run, hk_caller_fn *fn, void *ctx)
{
    if (run->caller[0] == 0) {
        fn(run, NULL, ctx);
        return;
    }
    struct ending *ending = hk_engine_alloc(sizeof *ending);
    *ending = (struct ending){.run = run, .fn = fn, .ctx = ctx};
    hk_run_pin(run);
    find_caller(ending);
}

static void settle_value(
    struct hk_tx *tx, struct hk_run *caller, struct hk_step *step, const char *value)
{
    if (!hk_run_has_room(caller, strlen(value)))
        value = "{\"omitted\":\"the record of the run is larger than a run's may be\"}";
    hk_step_settle(caller, step, tx, true, value, "call");
}

/* The step that waits for the run, or NULL. */
static struct hk_step *waiting_for(const struct hk_run *caller, const struct hk_run *run)
{
    struct hk_step *step = hk_run_step(caller, run->caller_step);
    if (caller->end != HK_RUN_RUNNING || step == NULL || step->state != HK_STEP_WAITING ||
        strcmp(step->called, run->id) != 0)
        return NULL;
    return step;
}

bool hk_call_waits(const struct hk_run *caller, const struct hk_run *run)
{
    return waiting_for(caller, run) != NULL;
}

void hk_call_hand_over(
    struct hk_tx *tx, const struct hk_run *run, const char *next, struct hk_run *caller)
{
    struct hk_step *step = waiting_for(caller, run);
    (void)hk_copy_text(step->called, sizeof step->called, next);
    hk_step_wait_on(caller, step, tx);
}

struct hk_step *hk_call_settle(struct hk_tx *tx, const struct hk_run *run, enum hk_kind kind,
    const char *text, struct hk_run *caller)
{
    struct hk_step *step = waiting_for(caller, run);
    struct hk_buf reason;
    if (step == NULL)
        return NULL;
    if (kind == HK_KIND_RUN_FINISHED) {
        settle_value(tx, caller, step, text);
        return step;
    }
    hk_buf_init(&reason, REASON_SIZE_MAX);
    hk_buf_appendf(&reason, "playbook %s %s: %.*s\n  called from %s", run->playbook->name,
        kind == HK_KIND_RUN_FAILED ? "failed" : "was cancelled",
        (int)hk_utf8_prefix(text, strlen(text), REASON_SIZE_MAX - 512), text, run->caller_where);
    hk_step_settle(
        caller, step, tx, false, reason.data == NULL ? "it failed" : reason.data, "call");
    hk_buf_done(&reason);
    return step;
}

/* --- those that were called --- */

static void on_orphan(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    (void)ctx;
    if (run == NULL)
        hk_log(HK_LOG_ERROR, "a playbook whose caller has ended: %s", error->text);
    else
        hk_run_cancelled(run, "the run that called it has ended");
}

void hk_call_end_called(struct hk_run *run)
{
    for (size_t i = 0; i < run->step_count; i++) {
        const struct hk_step *step = run->steps[i];
        if (step->state == HK_STEP_WAITING && step->called[0] != 0)
            hk_run_with(run->engine, run->tenant, step->called, on_orphan, NULL);
    }
}
