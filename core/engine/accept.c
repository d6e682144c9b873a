/*
 * accept: alerts come in. Admission, deduplication and routing are decided here once and recorded:
 * alert.received (or alert.merged), alert.routed and run.started are one transaction, so that no
 * crash can leave an alert that was taken and not routed.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/case_join.h"
#include "engine/dedupe.h"
#include "engine/line.h"
#include "engine/memory.h"
#include "engine/rhythm.h"
#include "engine/route.h"
#include "engine/run.h"
#include "engine/run_begin.h"
#include "engine/tenant.h"
#include "engine/trial.h"
#include "engine/tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Percent of a full queue at which a severity is no longer taken: what matters most goes on
 * longest. Indexed by severity. */
static const unsigned admission_percent[] = {50, 50, 50, 70, 85, 95, 95};

struct accepted {
    struct hk_engine *engine;
    hk_tenant tenant;
    hk_accepted_fn *done;
    void *ctx;
    struct hk_run **runs; /* in memory, pinned until the sync */
    size_t run_count;
    char (*lined)[HK_ID_SIZE]; /* the others */
    size_t lined_count;
};

bool hk_engine_admits(struct hk_engine *engine, int severity)
{
    size_t writes = hk_ledger_backlog(engine->ledger) * 100 / HK_WRITE_QUEUE_MAX;
    size_t runs =
        (hk_line_count(engine->line) + hk_line_count(engine->slow_line)) * 100 / HK_RUNS_READY_MAX;
    size_t full = writes > runs ? writes : runs;
    if (hk_ledger_room(engine->ledger, NULL) != HK_ROOM_ENOUGH)
        return false;
    return full < admission_percent[severity];
}

static void write_alert(struct hk_tx *tx, const char *source, const struct hk_alert_offer *offer,
    const struct hk_alert_taken *taken)
{
    bool is_duplicate = taken->duplicate_of[0] != 0;
    struct hk_jw *jw =
        hk_tx_entry(tx, is_duplicate ? HK_KIND_ALERT_MERGED : HK_KIND_ALERT_RECEIVED, taken->id);
    if (is_duplicate)
        hk_jw_kv(jw, "into", taken->duplicate_of);
    hk_jw_kv(jw, "source", source);
    hk_jw_kv(jw, "form", offer->form);
    hk_jw_kv(jw, "severity", hk_severity_text((enum hk_severity)offer->severity));
    hk_jw_kv_i64(jw, "event_us", offer->event_us);
    hk_jw_kv(jw, "dedupe", offer->dedupe);
    hk_jw_kv_raw(jw, "view", offer->view);
    hk_jw_kv(jw, "raw", offer->raw);
    hk_tx_end(tx);
}

static void write_routed(struct hk_tx *tx, const char *alert, const struct hk_chosen *chosen,
    char (*ids)[HK_ID_SIZE], size_t count)
{
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_ALERT_ROUTED, alert);
    hk_jw_key(jw, "runs");
    hk_jw_array(jw);
    for (size_t i = 0; i < count; i++) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "run", ids[i]);
        hk_jw_kv(jw, "playbook", chosen[i].playbook->name);
        hk_jw_kv(jw, "version", chosen[i].playbook->version);
        if (chosen[i].is_shadow)
            hk_jw_kv_bool(jw, "shadow", true);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_tx_end(tx);
}

/* An alert on its way in. */
struct taking {
    const struct hk_alert_offer *offer;
    const struct hk_actor *actor;
    const char *alert;
    bool is_routed;
    char in_case[HK_ID_SIZE];
};

/* The run in memory, as run_load would bring it back. */
static struct hk_run *new_run(
    struct hk_tx *tx, const struct hk_run_begin *begin, const struct taking *taking)
{
    const struct hk_alert_offer *offer = taking->offer;
    struct hk_run *run = hk_run_make(tx->engine, tx->tenant, begin->id);
    run->alert = hk_alert_hold(tx->engine, taking->alert, offer->parsed, offer->raw,
        taking->is_routed ? HK_ALERT_ROUTED : HK_ALERT_NEW);
    (void)hk_copy_text(run->alert->in_case, sizeof run->alert->in_case, taking->in_case);
    run->playbook = begin->playbook;
    run->severity = begin->severity;
    run->seed = begin->seed;
    run->is_shadow = begin->is_shadow;
    run->started_us = tx->time_us;
    run->ends_us = hk_run_ends_us(begin, tx->time_us);
    size_t count = 0;
    while (begin->requesters[count] != NULL)
        count++;
    run->requesters = hk_run_alloc(run, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        run->requesters[i] = hk_run_text(run, begin->requesters[i]);
    run->writes_open = 1; /* run.started, until on_durable */
    return run;
}

static void remember_run(struct accepted *accepted, struct hk_run *run, const char *id)
{
    if (run != NULL) {
        accepted->runs =
            hk_engine_grow(accepted->runs, (accepted->run_count + 1) * sizeof(struct hk_run *));
        accepted->runs[accepted->run_count++] = run;
        return;
    }
    accepted->lined = hk_engine_grow(accepted->lined, (accepted->lined_count + 1) * HK_ID_SIZE);
    (void)hk_copy_text(accepted->lined[accepted->lined_count++], HK_ID_SIZE, id);
}

static bool has_room(const struct accepted *accepted)
{
    const struct hk_engine *engine = accepted->engine;
    return engine->is_ready && hk_line_count(engine->line) == 0 &&
           engine->active + engine->loading + accepted->run_count < HK_RUNS_ACTIVE_MAX;
}

/* Which versions want the alert, one of each name and perhaps its shadow; how many. */
static size_t choose(struct hk_tx *tx, const struct taking *taking, struct hk_chosen *ret_chosen)
{
    struct hk_tenant_state *tenant = tx->tenant;
    size_t count = 0;
    for (size_t i = 0; i < tenant->named_count; i++) {
        struct hk_named *named = &tenant->named[i];
        hk_trial_end_due(tx, named);
        hk_trial_choose(named, taking->alert, tx->time_us, &ret_chosen[count]);
        count += hk_route_matches(ret_chosen[count].playbook, taking->offer->parsed);
        if (hk_trial_watches(named, taking->alert, tx->time_us, &ret_chosen[count]))
            count += hk_route_matches(ret_chosen[count].playbook, taking->offer->parsed);
    }
    return count;
}

static void begin_run(struct hk_tx *tx, struct accepted *accepted, const struct taking *taking,
    const struct hk_chosen *chosen, const char *id)
{
    const char *const sender[] = {taking->actor->id, NULL};
    const char *requesters[1 + HK_REQUESTERS_MORE];
    hk_run_requesters(tx->tenant, sender, chosen->by, requesters);
    const struct hk_run_begin begin = {.id = id,
        .alert = taking->alert,
        .playbook = chosen->playbook,
        .severity = (enum hk_severity)taking->offer->severity,
        .seed = hk_run_seed(),
        .requesters = requesters,
        .trial = chosen->trial,
        .is_shadow = chosen->is_shadow};
    hk_run_write_started(tx, &begin);
    remember_run(accepted, has_room(accepted) ? new_run(tx, &begin, taking) : NULL, id);
    tx->engine->stats.runs_started++;
}

static void route(struct hk_tx *tx, struct accepted *accepted, const struct hk_alert_offer *offer,
    const struct hk_alert_taken *taken, const struct hk_actor *actor)
{
    size_t most = 2 * tx->tenant->named_count + 1;
    struct hk_chosen *chosen = hk_engine_alloc(most * sizeof *chosen);
    char(*ids)[HK_ID_SIZE] = hk_engine_alloc(most * sizeof *ids);
    struct taking taking = {.offer = offer, .actor = actor, .alert = taken->id};
    size_t count = choose(tx, &taking, chosen);
    for (size_t i = 0; i < count; i++) {
        hk_id_new("ru", tx->time_us, ids[i]);
        taking.is_routed = taking.is_routed || !chosen[i].is_shadow;
    }
    if (taking.is_routed) { /* what only a shadow wants, nobody wants */
        hk_case_take(
            tx, taken->id, offer->parsed, (enum hk_severity)offer->severity, taking.in_case);
        write_routed(tx, taken->id, chosen, ids, count);
    }
    for (size_t i = 0; i < count; i++)
        begin_run(tx, accepted, &taking, &chosen[i], ids[i]);
    free(chosen);
    free(ids);
}

static void take_one(struct hk_tx *tx, struct accepted *accepted, const char *source,
    const struct hk_alert_offer *offer, const struct hk_actor *actor, struct hk_alert_taken *taken)
{
    struct hk_engine *engine = tx->engine;
    struct hk_tenant_state *tenant = tx->tenant;
    const char *holder = hk_dedupe_find(
        engine->dedupe, tenant->number, offer->dedupe, tx->time_us - tenant->dedupe_window_us);
    hk_id_new("al", tx->time_us, taken->id);
    if (holder != NULL)
        (void)hk_copy_text(taken->duplicate_of, sizeof taken->duplicate_of, holder);
    write_alert(tx, source, offer, taken);
    if (holder != NULL) {
        engine->stats.alerts_merged++;
        return;
    }
    hk_dedupe_put(engine->dedupe, tenant->number, offer->dedupe, taken->id, tx->time_us);
    engine->stats.alerts_taken++;
    if (tenant->named_count > 0)
        route(tx, accepted, offer, taken, actor);
}

static void on_durable(void *ctx)
{
    struct accepted accepted = *(struct accepted *)ctx;
    free(ctx);
    hk_crashpoint("accepted");
    for (size_t i = 0; i < accepted.run_count; i++) {
        accepted.runs[i]->writes_open--;
        hk_run_unpin(accepted.runs[i]);
    }
    for (size_t i = 0; i < accepted.lined_count; i++)
        hk_line_put(accepted.engine->line, accepted.tenant, accepted.lined[i]);
    free(accepted.runs);
    free(accepted.lined);
    accepted.done(accepted.ctx);
    hk_runs_advance(accepted.engine);
}

static void keep_answer(
    struct hk_tx *tx, const struct hk_acceptance *acceptance, const struct hk_alert_taken *taken)
{
    struct hk_error error = {0};
    const struct hk_kept_answer *kept =
        acceptance->answer == NULL ? NULL : acceptance->answer(acceptance->ctx, taken);
    if (kept == NULL)
        return;
    hk_engine_must(hk_write_answer(tx->write, tx->tenant->number, acceptance->actor->id, kept->key,
                       kept->request_sha256, kept->status, kept->answer, tx->time_us, &error),
        "keeping an answer", &error);
}

/* Is a batch that is taken as a whole admitted? */
static bool whole_is_admitted(struct hk_engine *engine, const struct hk_acceptance *acceptance)
{
    int severity = 0;
    for (size_t i = 0; i < acceptance->count; i++) {
        if (acceptance->offers[i].severity > severity)
            severity = acceptance->offers[i].severity;
    }
    return acceptance->count == 0 || hk_engine_admits(engine, severity);
}

static void move_cursors(struct hk_tx *tx, const struct hk_acceptance *acceptance)
{
    struct hk_error error = {0};
    for (size_t i = 0; i < acceptance->cursor_count; i++)
        hk_engine_must(hk_write_cursor(tx->write, tx->tenant->number, &acceptance->cursors[i],
                           tx->time_us, &error),
            "moving a cursor", &error);
}

static size_t take_all(struct hk_tx *tx, struct accepted *accepted,
    const struct hk_acceptance *acceptance, struct hk_alert_taken *ret_taken)
{
    size_t taken_count = 0;
    for (size_t i = 0; i < acceptance->count; i++) {
        const struct hk_alert_offer *offer = &acceptance->offers[i];
        memset(&ret_taken[i], 0, sizeof ret_taken[i]);
        if (!acceptance->is_whole && !hk_engine_admits(tx->engine, offer->severity)) {
            ret_taken[i].status = HK_BUSY;
            tx->engine->stats.alerts_refused++;
            continue;
        }
        take_one(tx, accepted, acceptance->source, offer, acceptance->actor, &ret_taken[i]);
        taken_count++;
    }
    return taken_count;
}

enum hk_status hk_engine_accept(struct hk_engine *engine, const struct hk_acceptance *acceptance,
    struct hk_alert_taken *ret_taken, struct hk_error *error)
{
    struct hk_tx tx;
    if (engine->is_stopping)
        return hk_fail(error, HK_BUSY, "the engine is stopping");
    if (acceptance->is_whole && !whole_is_admitted(engine, acceptance))
        return hk_fail(error, HK_BUSY, "the engine has more to do than it can; try again later");
    struct accepted *accepted = hk_engine_alloc(sizeof *accepted);
    *accepted = (struct accepted){.engine = engine,
        .tenant = acceptance->tenant,
        .done = acceptance->done,
        .ctx = acceptance->ctx};
    hk_tx_begin(&tx, engine, hk_tenant_of(engine, acceptance->tenant), acceptance->actor->id);
    if (take_all(&tx, accepted, acceptance, ret_taken) == 0 && acceptance->cursor_count == 0) {
        hk_write_free(tx.write);
        hk_buf_done(&tx.payload);
        free(accepted);
        return hk_fail(error, HK_BUSY, "the engine has more to do than it can; try again later");
    }
    hk_rhythm_came(tx.tenant->rhythm, acceptance->source, acceptance->count, tx.time_us);
    move_cursors(&tx, acceptance);
    keep_answer(&tx, acceptance, ret_taken);
    /* The ledger is ordered, so that the playbooks may begin while the sync is under way: what they
     * intend comes after it. */
    for (size_t i = 0; i < accepted->run_count; i++)
        hk_run_wake(accepted->runs[i]);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_durable, accepted);
    return HK_OK;
}
