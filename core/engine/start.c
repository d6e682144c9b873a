/*
 * start: making, starting, recovering and stopping the engine.
 *
 *   new → tenants are added → start: engine.started is written, what was in flight is listed
 *       → every plugin is loaded or has failed, and no process of an earlier engine is left (I6)
 *       → ready: runs and releases that were in flight are taken up, what is due is looked for
 *   stop: nothing new; calls in flight may end; what is queued is written; engine.stopped
 */
#include "engine/start.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_recall.h"
#include "engine/case_soon.h"
#include "engine/dedupe.h"
#include "engine/dispatch.h"
#include "engine/due.h"
#include "engine/gap.h"
#include "engine/gap_watch.h"
#include "engine/heartbeat.h"
#include "engine/lease.h"
#include "engine/line.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/ready.h"
#include "engine/retire.h"
#include "engine/room_watch.h"
#include "engine/run.h"
#include "engine/run_events.h"
#include "engine/tenant.h"
#include "engine/tx.h"
#include "engine/verify.h"
#include "ledger/query_work.h"
#include "plugin/spawner.h"
#include "script/playbook.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_POLL_MS = 10 };

void hk_reply_busy(hk_reply_fn *reply, void *ctx)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, HK_BUSY, "the engine is not ready; try again later");
    reply(ctx, HK_BUSY, &error, NULL);
}

/* --- the pool's events --- */

static void on_plugin_loaded(
    void *ctx, const char *tenant, const char *plugin, const struct hk_error *error)
{
    struct hk_engine *engine = ctx;
    hk_tenant number;
    if (error != NULL) {
        hk_log(HK_LOG_ERROR, "tenant %s: plugin %s: %s", tenant, plugin, error->text);
        return;
    }
    if (hk_engine_tenant(engine, tenant, &number))
        hk_tenant_plugin_loaded(engine, hk_tenant_of(engine, number), plugin);
}

static void on_plugin_log(
    void *ctx, const char *tenant, const char *plugin, int level, const char *text)
{
    (void)ctx;
    hk_log((enum hk_log_level)level, "tenant %s: plugin %s says: %s", tenant, plugin, text);
}

/* Without it no call can be made: better to end and be started again than to seem ready. */
static void on_spawner_gone(void *ctx)
{
    const struct hk_engine *engine = ctx;
    if (!engine->is_stopping)
        hk_engine_must(HK_IO, "the spawner of plugin processes is gone", NULL);
}

/* --- making --- */

static void on_start_tick(void *ctx);
static void on_stop_deadline(void *ctx);

enum hk_status hk_engine_new(
    const struct hk_engine_options *options, struct hk_engine **ret_engine, struct hk_error *error)
{
    static const struct hk_pool_events events = {
        .settled = hk_dispatch_settled,
        .loaded = on_plugin_loaded,
        .log = on_plugin_log,
        .spawner_gone = on_spawner_gone,
    };
    enum hk_status status = HK_NOMEM;
    struct hk_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return hk_fail(error, HK_NOMEM, "engine: out of memory");
    engine->options = *options;
    engine->ledger = options->ledger;
    engine->due_us = INT64_MAX;
    hk_map_init(&engine->runs);
    hk_map_init(&engine->scripts);
    hk_map_init(&engine->alerts);
    hk_map_init(&engine->turns);
    hk_map_init(&engine->outs);
    engine->dedupe = hk_dedupe_new(HK_DEDUPE_KEYS_MAX);
    engine->cases = hk_case_index_new(HK_CASE_INDEX_MAX);
    engine->line = hk_line_new();
    engine->slow_line = hk_line_new();
    engine->due_timer = hk_timer_new(options->loop, hk_due_fire, engine);
    engine->start_timer = hk_timer_new(options->loop, on_start_tick, engine);
    engine->stop_timer = hk_timer_new(options->loop, on_stop_deadline, engine);
    engine->script_wake = hk_wake_new(options->loop, hk_script_events, engine);
    if (engine->dedupe == NULL || engine->cases == NULL || engine->line == NULL ||
        engine->slow_line == NULL || engine->due_timer == NULL || engine->start_timer == NULL ||
        engine->stop_timer == NULL || engine->script_wake == NULL) {
        status = hk_fail(error, HK_NOMEM, "engine: out of memory");
        goto fail;
    }
    status = hk_case_soon_new(engine, &engine->soon, error);
    if (status == HK_OK)
        status = hk_connector_new(options->loop, &engine->connector, error);
    if (status == HK_OK)
        status = hk_pool_new(options->loop, engine->connector, options->spawner_fd, &events, engine,
            &engine->pool, error);
    if (status == HK_OK)
        status = hk_gaps_new(engine, &engine->gaps, error);
    if (status == HK_OK)
        status = hk_gap_watch_new(engine, &engine->gap_watch, error);
    if (status == HK_OK)
        status = hk_retirer_new(engine, &engine->retirer, error);
    if (status == HK_OK)
        status = hk_room_watch_new(engine, &engine->room_watch, error);
    if (status == HK_OK)
        status = hk_verifier_new(engine, &engine->verifier, error);
    if (status == HK_OK)
        status = hk_heartbeat_new(engine, &engine->heartbeat, error);
    if (status == HK_OK)
        status = hk_ready_new(engine, &engine->ready, error);
    if (status == HK_OK) {
        hk_pool_hold(engine->pool);
        status = hk_script_new(hk_wake_signal, engine->script_wake, &engine->script, error);
    }
    if (status == HK_OK)
        status = hk_notices_new(engine, &engine->notices, error);
    if (status != HK_OK)
        goto fail;
    *ret_engine = engine;
    return HK_OK;
fail:
    hk_engine_free(engine);
    return status;
}

static void free_runs(struct hk_engine *engine)
{
    size_t cursor = 0;
    struct hk_run *run;
    while ((run = hk_map_next(&engine->runs, &cursor)) != NULL) {
        run->script = 0;
        run->pins = 1;
        hk_run_unpin(run);
    }
    cursor = 0;
    void *left;
    while ((left = hk_map_next(&engine->outs, &cursor)) != NULL)
        free(left);
}

void hk_engine_free(struct hk_engine *engine)
{
    if (engine == NULL)
        return;
    hk_script_events_drop(engine);
    hk_script_free(engine->script);
    hk_notices_free(engine->notices);
    hk_pool_free(engine->pool);
    if (engine->options.spawner_fd >= 0)
        (void)close(engine->options.spawner_fd); /* the spawner ends by that */
    hk_connector_free(engine->connector);
    hk_wake_free(engine->script_wake);
    hk_timer_free(engine->due_timer);
    hk_timer_free(engine->start_timer);
    hk_timer_free(engine->stop_timer);
    hk_verifier_free(engine->verifier);
    hk_ready_free(engine->ready);
    hk_heartbeat_free(engine->heartbeat);
    hk_gap_watch_free(engine->gap_watch);
    hk_retirer_free(engine->retirer);
    hk_room_watch_free(engine->room_watch);
    hk_gaps_free(engine->gaps);
    free_runs(engine);
    hk_tenants_free(engine);
    hk_dedupe_free(engine->dedupe);
    hk_case_soon_free(engine->soon);
    hk_case_index_free(engine->cases);
    hk_line_free(engine->line);
    hk_line_free(engine->slow_line);
    hk_map_done(&engine->runs);
    hk_map_done(&engine->scripts);
    hk_map_done(&engine->alerts);
    hk_map_done(&engine->turns);
    hk_map_done(&engine->outs);
    free(engine->releasing);
    free(engine);
}

/* --- starting --- */

static enum hk_status write_lifecycle(
    struct hk_engine *engine, enum hk_kind kind, struct hk_error *error)
{
    for (size_t i = 0; i < engine->tenant_count; i++) {
        struct hk_tx tx;
        hk_tx_begin(&tx, engine, engine->tenants[i], "engine");
        hk_tx_simple(&tx, kind, "engine", "version", engine->options.version, "runtime",
            hk_script_runtime());
        hk_buf_done(&tx.payload);
        enum hk_status status = hk_ledger_write_now(engine->ledger, tx.write, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

static enum hk_status list_run(void *ctx, const struct hk_run_row *row)
{
    struct hk_engine *engine = ctx;
    if (hk_tenant_of(engine, row->tenant) != NULL)
        hk_line_put(engine->line, row->tenant, row->id);
    return HK_OK;
}

static enum hk_status list_releasing(void *ctx, const struct hk_containment_row *row)
{
    struct hk_engine *engine = ctx;
    if (hk_tenant_of(engine, row->tenant) != NULL)
        hk_lease_list(engine, row->tenant, row->id);
    return HK_OK;
}

static void recall_key(
    void *ctx, hk_tenant tenant, const char *key, const char *alert, int64_t time_us)
{
    struct hk_engine *engine = ctx;
    (void)hk_dedupe_recall(engine->dedupe, tenant, key, alert, time_us);
}

static void remember_spent(void *ctx, hk_tenant tenant, const char *action_kind, int64_t time_us)
{
    struct hk_tenant_state *state = hk_tenant_of(ctx, tenant);
    if (state != NULL)
        hk_spent_add(
            state, strcmp(action_kind, "eradicate") == 0 ? HK_ERADICATE : HK_CONTAIN, time_us);
}

static int64_t dedupe_since_us(struct hk_engine *engine)
{
    int64_t window_us = 0;
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (engine->tenants[i]->dedupe_window_us > window_us)
            window_us = engine->tenants[i]->dedupe_window_us;
    }
    return hk_engine_now_us(engine) - window_us;
}

/* What an earlier engine left: ids only. */
static enum hk_status read_left(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_engine *engine = job;
    enum hk_status status = hk_query_runs_open(reading, list_run, engine, error);
    if (status == HK_OK)
        status =
            hk_query_containments_in_state(reading, "releasing", list_releasing, engine, error);
    if (status == HK_OK)
        status = hk_query_dedupe(
            reading, dedupe_since_us(engine), HK_DEDUPE_KEYS_MAX, recall_key, engine, error);
    if (status == HK_OK)
        status = hk_case_recall(reading, engine, error);
    if (status == HK_OK)
        status = hk_digests_load(reading, engine, error);
    if (status == HK_OK)
        status = hk_query_spent(
            reading, hk_engine_now_us(engine) - 3600LL * 1000000, remember_spent, engine, error);
    return status;
}

enum hk_status hk_engine_start(struct hk_engine *engine, struct hk_error *error)
{
    enum hk_status status = hk_ledger_read_now(engine->ledger, read_left, engine, error);
    if (status == HK_OK)
        status = write_lifecycle(engine, HK_KIND_ENGINE_STARTED, error);
    if (status == HK_OK)
        status = hk_gaps_load(engine->gaps, error);
    if (status == HK_OK)
        status = hk_gap_watch_start(engine->gap_watch, error);
    if (status != HK_OK)
        return status;
    hk_room_watch_start(engine->room_watch);
    hk_timer_arm(engine->start_timer, 0);
    return HK_OK;
}

static void become_ready(struct hk_engine *engine)
{
    engine->is_ready = true;
    hk_leases_recover(engine);
    hk_due_note(engine, 0);
    hk_case_soon_all(engine);
    hk_runs_advance(engine);
    hk_notices_start(engine->notices);
    hk_ready_start(engine->ready);
    hk_retirer_start(engine->retirer);
    hk_verifier_start(engine->verifier);
    hk_heartbeat_start(engine->heartbeat);
}

static void on_start_tick(void *ctx)
{
    struct hk_engine *engine = ctx;
    struct hk_error error = {0};
    if (engine->is_stopping)
        return;
    if (!engine->orphans_gone &&
        hk_orphans_are_gone(engine->options.data_dir, &engine->orphans_gone, &error) != HK_OK)
        hk_log(HK_LOG_ERROR, "%s", error.text);
    if (engine->orphans_gone)
        hk_pool_go(engine->pool);
    if (engine->orphans_gone && hk_pool_is_settled(engine->pool))
        become_ready(engine);
    else
        hk_timer_arm(engine->start_timer, START_POLL_MS);
}

bool hk_engine_is_ready(const struct hk_engine *engine, const char **ret_why)
{
    const char *why = "ready";
    if (engine->is_stopping)
        why = "stopping";
    else if (!engine->orphans_gone)
        why = "waiting until the plugin processes of an earlier engine are gone";
    else if (!engine->is_ready)
        why = "waiting for plugins to start";
    if (ret_why != NULL)
        *ret_why = why;
    return engine->is_ready && !engine->is_stopping;
}

/* --- stopping --- */

static void write_stopped(struct hk_engine *engine)
{
    engine->is_stop_written = true;
    for (size_t i = 0; i < engine->tenant_count; i++) {
        struct hk_tx tx;
        hk_tx_begin(&tx, engine, engine->tenants[i], "engine");
        struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_ENGINE_STOPPED, "engine");
        hk_jw_kv_bool(jw, "clean", engine->outs.count == 0);
        hk_tx_end(&tx);
        hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, NULL, NULL);
    }
}

void hk_engine_check_stopped(struct hk_engine *engine)
{
    if (!engine->is_stopping || engine->stopped == NULL || engine->writes_open > 0)
        return;
    if (!engine->is_stop_written) {
        /* Calls in flight, decisions and releases that are being read for, mails on their way. */
        bool is_quiet = engine->outs.count == 0 && engine->turns.count == 0 &&
                        hk_notices_open(engine->notices) == 0;
        if (is_quiet)
            write_stopped(engine);
        if (engine->writes_open > 0 || !is_quiet)
            return;
    }
    hk_loop_fn *stopped = engine->stopped;
    engine->stopped = NULL;
    hk_timer_disarm(engine->stop_timer);
    stopped(engine->stopped_ctx);
}

/* What is still open stays open in the ledger and is taken up at the next start. */
static void on_stop_deadline(void *ctx)
{
    struct hk_engine *engine = ctx;
    if (!engine->is_stop_written)
        write_stopped(engine);
    hk_engine_check_stopped(engine);
}

void hk_engine_stop(struct hk_engine *engine, int64_t deadline_ms, hk_loop_fn *done, void *ctx)
{
    if (engine->is_stopping)
        return;
    engine->is_stopping = true;
    hk_ready_stop(engine->ready);
    hk_verifier_stop(engine->verifier);
    engine->stopped = done;
    engine->stopped_ctx = ctx;
    hk_timer_disarm(engine->due_timer);
    hk_gap_watch_keep(engine->gap_watch);
    hk_timer_arm(engine->stop_timer, deadline_ms);
    hk_engine_check_stopped(engine);
}
