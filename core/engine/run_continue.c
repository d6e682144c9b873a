/*
 * run_continue: see run_continue.h. How often a chain went on within the hour is in the record
 * itself, so that it counts over restarts too.
 */
#include "engine/run_continue.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/call.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/run_begin.h"
#include "engine/run_end.h"
#include "engine/signal.h"
#include "engine/trial.h"
#include "engine/tx.h"
#include "engine/versions.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_US (3600LL * 1000000)

/* --- its place in the chain --- */

void hk_run_continue_loaded(struct hk_run *run, const struct hk_json *started)
{
    const struct hk_json *continues = hk_json_get(started, "continues");
    run->ends_us = hk_json_i64_at(started, "ends_us", 0);
    (void)hk_copy_text(
        run->chain.first, sizeof run->chain.first, hk_json_string_at(continues, "first", run->id));
    run->chain.number = (unsigned)hk_json_i64_at(continues, "number", 0);
    run->chain.hour_us = hk_json_i64_at(continues, "hour_us", 0);
    run->chain.in_hour = (unsigned)hk_json_i64_at(continues, "in_hour", 0);
}

/* The place of the run that follows this one. HK_LIMIT. */
static enum hk_status next_place(
    const struct hk_run *run, int64_t now_us, struct hk_chain_place *ret, struct hk_error *error)
{
    unsigned count_max = run->caller[0] == 0 ? HK_CONTINUES_MAX : HK_CONTINUES_CALLED_MAX;
    *ret = run->chain;
    ret->next[0] = 0;
    if (ret->number == 0) /* it is the first, and may not have been read back */
        (void)hk_copy_text(ret->first, sizeof ret->first, run->id);
    if (++ret->number > count_max)
        return hk_fail(error, HK_LIMIT, "a run goes on as a new one at most %u times%s", count_max,
            run->caller[0] == 0 ? "" : " when it was called");
    if (now_us - ret->hour_us >= HOUR_US) {
        ret->hour_us = now_us;
        ret->in_hour = 0;
    }
    if (++ret->in_hour > HK_CONTINUES_PER_HOUR_MAX)
        return hk_fail(error, HK_LIMIT, "the run went on as a new one %d times within an hour",
            HK_CONTINUES_PER_HOUR_MAX);
    return HK_OK;
}

/* --- the new run --- */

/* The version in force now, or the one on trial that has the alert: what watches for months must
 * come by its corrections, and the state is all that the runs share, as with a call. When the
 * tenant took the playbook out of force the chain keeps its own version: what it watches isn't
 * dropped unseen, and whoever wants it to end can cancel it. A shadow stays one. */
static void choose_next(const struct hk_run *run, int64_t now_us, struct hk_chosen *ret_chosen)
{
    const struct hk_named *named = hk_versions_of(run->tenant, run->playbook->name);
    *ret_chosen =
        (struct hk_chosen){.playbook = run->playbook, .by = "", .is_shadow = run->is_shadow};
    if (named != NULL && !run->is_shadow)
        hk_trial_choose(named, run->alert->id, now_us, ret_chosen);
}

struct going_on {
    struct hk_run *run; /* that ends; pinned until its end is on disk */
    char next[HK_ID_SIZE];
    char *state; /* JSON */
    struct hk_chain_place place;
};

static void on_loaded(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    (void)ctx;
    if (run != NULL)
        hk_run_wake(run);
    else
        hk_log(HK_LOG_ERROR, "a run that goes on: %s", error->text);
}

/* It is on disk, so it can be read like any other. */
static void on_begun(void *ctx)
{
    struct going_on *on = ctx;
    struct hk_run *run = on->run;
    hk_crashpoint("continued");
    memcpy(run->chain.next, on->next, sizeof run->chain.next); /* signals follow it from now on */
    if (!run->engine->is_stopping)
        hk_run_with(run->engine, run->tenant, on->next, on_loaded, NULL);
    free(on->state);
    free(on);
}

static void write_next(struct hk_tx *tx, const struct hk_run *run, const struct going_on *on)
{
    struct hk_chosen chosen;
    size_t count = 0;
    while (run->requesters[count] != NULL)
        count++;
    const char **requesters = hk_engine_alloc((count + HK_REQUESTERS_MORE) * sizeof(const char *));
    choose_next(run, tx->time_us, &chosen);
    hk_run_requesters(run->tenant, run->requesters, chosen.by, requesters);
    const struct hk_run_begin begin = {.id = on->next,
        .alert = run->alert->id,
        .playbook = chosen.playbook,
        .severity = run->severity,
        .seed = hk_run_seed(),
        .requesters = requesters,
        .before = run,
        .place = &on->place,
        .state = on->state,
        .trial = chosen.trial,
        .is_shadow = chosen.is_shadow};
    hk_run_write_started(tx, &begin);
    free(requesters);
}

static void write_continued(struct hk_run *run, struct hk_run *caller, void *ctx)
{
    struct going_on *on = ctx;
    bool is_waited_for = caller != NULL && hk_call_waits(caller, run);
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    if (caller != NULL && !is_waited_for) { /* ended meanwhile: nobody is left to go on for */
        run->end = HK_RUN_CANCELLED;
        hk_tx_simple(&tx, HK_KIND_RUN_CANCELLED, run->id, "reason",
            caller->end == HK_RUN_DIVERGED ? "the run that called it has diverged"
                                           : "the run that called it has ended",
            NULL, NULL);
        hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
        free(on->state);
        free(on);
        hk_run_sleep(run);
        return;
    }
    hk_id_new("ru", tx.time_us, on->next);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_RUN_FINISHED, run->id);
    hk_jw_key(jw, "value");
    hk_jw_null(jw);
    hk_jw_kv(jw, "continued_as", on->next);
    hk_tx_end(&tx);
    write_next(&tx, run, on);
    hk_signal_hand_over(&tx, run, on->next);
    if (is_waited_for)
        hk_call_hand_over(&tx, run, on->next, caller);
    run->engine->stats.runs_finished++;
    hk_crashpoint("continuing");
    hk_tx_commit_two(&tx, run, is_waited_for ? caller : NULL, on_begun, on);
    hk_run_sleep(run);
}

/* A shadow goes on while it is looked at, and no longer: nobody would look at what comes. One that
 * was called ends with its caller. */
static bool is_unwatched(const struct hk_run *run)
{
    const struct hk_named *named = hk_versions_of(run->tenant, run->playbook->name);
    return run->is_shadow && run->caller[0] == 0 &&
           (named == NULL || !named->trial.is_shadow || named->trial.playbook != run->playbook);
}

void hk_run_continue(struct hk_run *run, const char *state, const char *where)
{
    struct hk_error error = {0};
    struct hk_error text = {0};
    if (is_unwatched(run)) {
        hk_run_finished(run, "null");
        return;
    }
    struct going_on *on = hk_engine_alloc(sizeof *on);
    *on = (struct going_on){.run = run, .state = hk_strdup(state)};
    hk_engine_must(on->state == NULL ? HK_NOMEM : HK_OK, "a run that goes on", NULL);
    if (next_place(run, hk_engine_now_us(run->engine), &on->place, &error) != HK_OK) {
        (void)hk_fail(&text, HK_LIMIT, "%s: continue_as_new: %s", where, error.text);
        hk_run_failed(run, text.text);
    } else if (hk_run_step_over(run, HK_KIND_RUN_FINISHED)) {
        hk_call_with_caller(run, write_continued, on);
        return;
    }
    free(on->state);
    free(on);
}
