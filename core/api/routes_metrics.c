/*
 * routes_metrics: figures in the text format of Prometheus. No names of tenants, since nobody is
 * asked who they are.
 */
#include "api/people.h"
#include "api/routes.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/search_ask.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNTS_MAX = 64 };

struct count {
    char what[24];
    char state[24];
    int64_t count;
};

struct metrics_job {
    struct hk_job job;
    struct count counts[COUNTS_MAX];
    size_t count;
    bool is_partial; /* there is too much to be counted in time */
    uint64_t resident_bytes;
};

/* The same what and state of several tenants are added up. */
static void add_count(void *ctx, const char *what, const char *state, int64_t count)
{
    struct metrics_job *job = ctx;
    size_t i = 0;

    while (i < job->count &&
           (strcmp(job->counts[i].what, what) != 0 || strcmp(job->counts[i].state, state) != 0))
        i++;
    if (i == COUNTS_MAX)
        return;
    if (i == job->count) {
        (void)hk_copy_text(job->counts[i].what, sizeof(job->counts[i].what), what);
        (void)hk_copy_text(job->counts[i].state, sizeof(job->counts[i].state), state);
        job->count++;
    }
    job->counts[i].count += count;
}

static enum hk_status read_counts(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct metrics_job *job = ctx;
    unsigned long long total = 0;
    unsigned long long resident = 0;
    enum hk_status status;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file != NULL) {
        if (fscanf(file, "%llu %llu", &total, &resident) == 2) /* NOLINT(cert-err34-c) */
            job->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
        (void)fclose(file);
    }
    status = hk_query_counts(reading, add_count, job, error);
    if (status != HK_TIMEOUT)
        return status;
    /* The other figures are worth having all the more. */
    job->count = 0;
    job->is_partial = true;
    return HK_OK;
}

static void figure(
    struct hk_buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    hk_buf_appendf(
        out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name, value);
}

static void write_counts(struct hk_buf *out, const struct metrics_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const char *what = job->counts[i].what;
        bool is_first = true;
        for (size_t j = 0; j < i; j++)
            is_first = is_first && strcmp(job->counts[j].what, what) != 0;
        if (!is_first)
            continue;
        const char *label = strcmp(what, "gap") == 0 ? "kind" : "state";
        hk_buf_appendf(out, "# HELP hikeshi_%ss How many there are, by %s.\n", what, label);
        hk_buf_appendf(out, "# TYPE hikeshi_%ss gauge\n", what);
        for (size_t j = i; j < job->count; j++)
            if (strcmp(job->counts[j].what, what) == 0)
                hk_buf_appendf(out, "hikeshi_%ss{%s=\"%s\"} %" PRId64 "\n", what, label,
                    job->counts[j].state, job->counts[j].count);
    }
}

static void write_engine(struct hk_buf *out, const struct hk_engine *engine)
{
    struct hk_engine_stats stats;
    const char *why = NULL;

    memset(&stats, 0, sizeof(stats));
    hk_engine_stats(engine, &stats);
#define TOTAL(member, help) figure(out, "hikeshi_" #member "_total", "counter", help, stats.member)
    TOTAL(alerts_taken, "Alerts accepted since start.");
    TOTAL(alerts_merged, "Alerts that were duplicates, since start.");
    TOTAL(alerts_refused, "Alerts refused by admission, since start.");
    TOTAL(runs_started, "Runs started since start.");
    TOTAL(runs_finished, "Runs finished since start.");
    TOTAL(runs_failed, "Runs failed since start.");
    TOTAL(runs_diverged, "Runs that left their record, since start.");
    TOTAL(steps_intended, "Steps intended since start.");
    TOTAL(steps_settled, "Steps settled since start.");
    TOTAL(steps_unknown, "Steps of which nobody knew, since start.");
    TOTAL(gates_opened, "Approvals asked for, since start.");
    TOTAL(gates_decided, "Approvals decided, since start.");
    TOTAL(calls_sent, "Calls sent to plugins, since start.");
    TOTAL(notices_queued, "Notices queued, since start.");
    TOTAL(notices_sent, "Notices that a server took, since start.");
    TOTAL(notices_failed, "Notices given up, since start.");
    TOTAL(notices_nobody, "Times that nobody could be told, since start.");
    TOTAL(notices_suppressed, "Notices left out because there were too many, since start.");
#undef TOTAL
    figure(out, "hikeshi_runs_active", "gauge", "Runs with a Lua state.", stats.runs_active);
    figure(out, "hikeshi_retention_erased_entries_total", "counter",
        "Entries whose payload was erased by the rules of retention.", stats.retired_entries);
    figure(out, "hikeshi_retention_kept", "gauge",
        "Alerts and cases that are kept beyond their time, since they are still needed.",
        stats.retained);
    figure(out, "hikeshi_runs_in_line", "gauge", "Runs that wait for one.", stats.runs_in_line);
    figure(out, "hikeshi_ready", "gauge", "1 when the engine is ready.",
        hk_engine_is_ready(engine, &why) ? 1 : 0);
}

static void write_search(struct hk_buf *out, struct hk_search *search)
{
    struct hk_search_stats stats;

    hk_search_stats(search, &stats);
    if (!stats.is_on)
        return;
    figure(out, "hikeshi_search_behind_entries", "gauge", "Entries that can't be searched for yet.",
        stats.behind);
    figure(out, "hikeshi_search_indexed_entries_total", "counter", "Entries indexed since start.",
        stats.indexed);
    figure(out, "hikeshi_search_files_renewed_total", "counter",
        "Files of the index that are made anew since start: after an erasure, or damage.",
        stats.renewed);
}

/* By place in the configuration and kind; where a sink is, is the provider's affair. */
static void write_sinks(struct hk_buf *out, struct hk_sinks *sinks)
{
    struct hk_sink_state state;

    hk_buf_append_text(out,
        "# HELP hikeshi_checkpoint_sink_sent_total Checkpoints that a sink took, since start.\n"
        "# TYPE hikeshi_checkpoint_sink_sent_total counter\n");
    for (size_t i = 0; i < hk_sinks_count(sinks); i++) {
        hk_sinks_state(sinks, i, &state);
        hk_buf_appendf(out, "hikeshi_checkpoint_sink_sent_total{sink=\"%zu %s\"} %" PRIu64 "\n",
            i + 1, hk_sink_kind_text(state.kind), state.sent);
    }
    hk_buf_append_text(out,
        "# HELP hikeshi_checkpoint_sink_failures_total Tries that failed, since start.\n"
        "# TYPE hikeshi_checkpoint_sink_failures_total counter\n");
    for (size_t i = 0; i < hk_sinks_count(sinks); i++) {
        hk_sinks_state(sinks, i, &state);
        hk_buf_appendf(out, "hikeshi_checkpoint_sink_failures_total{sink=\"%zu %s\"} %" PRIu64 "\n",
            i + 1, hk_sink_kind_text(state.kind), state.failures);
    }
}

static void write_ledger(struct hk_buf *out, struct hk_ledger *ledger)
{
    struct hk_ledger_stats stats;
    uint64_t room = 0;

    memset(&stats, 0, sizeof(stats));
    hk_ledger_stats(ledger, &stats);
    (void)hk_ledger_room(ledger, &room);
    figure(out, "hikeshi_ledger_entries_total", "counter", "Entries written since start.",
        stats.entries);
    figure(out, "hikeshi_ledger_transactions_total", "counter", "Transactions since start.",
        stats.transactions);
    figure(out, "hikeshi_ledger_checkpoints_total", "counter", "Checkpoints signed since start.",
        stats.checkpoints);
    hk_buf_appendf(out,
        "# HELP hikeshi_ledger_commit_seconds_total Time in commits since start.\n"
        "# TYPE hikeshi_ledger_commit_seconds_total counter\n"
        "hikeshi_ledger_commit_seconds_total %.6f\n",
        (double)stats.sync_us_total / 1e6);
    figure(out, "hikeshi_ledger_erased_entries_total", "counter",
        "Entries whose payload was erased since start.", stats.erased_entries);
    figure(out, "hikeshi_ledger_is_scrubbing", "gauge",
        "1 while free places of the file are still to be overwritten.", stats.is_scrubbing);
    figure(
        out, "hikeshi_ledger_wal_bytes", "gauge", "Size of the write-ahead log.", stats.wal_bytes);
    figure(out, "hikeshi_ledger_disk_free_bytes", "gauge", "Room on the data folder's disk.", room);
    figure(out, "hikeshi_ledger_write_backlog", "gauge", "Writes that wait.", stats.write_backlog);
    figure(out, "hikeshi_ledger_read_backlog", "gauge", "Reads that wait.", stats.read_backlog);
    write_sinks(out, hk_ledger_sinks(ledger));
    write_search(out, hk_ledger_search(ledger));
}

static void write_api(struct hk_buf *out, const struct hk_api *api)
{
    figure(out, "hikeshi_http_requests_total", "counter", "Requests since start.",
        api->requests_total);
    figure(out, "hikeshi_http_refused_total", "counter",
        "Requests refused for who asked, since start.", api->requests_refused);
    figure(out, "hikeshi_logins_total", "counter", "People who logged in, since start.",
        api->people->logins);
    figure(out, "hikeshi_logins_refused_total", "counter",
        "Tries to log in or to give a code that were wrong, since start.",
        api->people->logins_refused);
    figure(out, "hikeshi_logins_delayed_total", "counter",
        "Tries that came before their wait was over, since start.", api->people->logins_delayed);
    figure(out, "hikeshi_sessions", "gauge", "Sessions, those that have run out included.",
        hk_sessions_count(api->people->sessions));
    if (api->tls != NULL)
        figure(out, "hikeshi_tls_certificate_expires_seconds", "gauge",
            "When the listener's certificate expires, in seconds since 1970.",
            (uint64_t)(hk_tls_expires_us(api->tls) / 1000000));
    figure(out, "hikeshi_http_connections", "gauge", "Open connections.",
        hk_http_server_connections(api->server));
    figure(out, "hikeshi_http_exchanges", "gauge", "Requests being answered.",
        hk_http_server_open_exchanges(api->server));
}

static void answer_metrics(struct hk_job *base)
{
    struct metrics_job *job = (struct metrics_job *)base;
    struct hk_api *api = base->exchange.api;
    struct hk_buf *out = &base->out;
    struct hk_error error;

    hk_buf_appendf(out,
        "# HELP hikeshi_build_info The version that runs.\n"
        "# TYPE hikeshi_build_info gauge\n"
        "hikeshi_build_info{version=\"%s\"} 1\n",
        api->version);
    write_counts(out, job);
    figure(out, "hikeshi_counts_missing", "gauge",
        "1 when there is too much to be counted in time: alerts, runs … are left out.",
        job->is_partial ? 1 : 0);
    write_engine(out, api->engine);
    write_ledger(out, api->ledger);
    write_api(out, api);
    hk_metrics_sources(api->tally, out);
    figure(out, "process_resident_memory_bytes", "gauge", "Memory in use.", job->resident_bytes);
    if (hk_buf_check(out, "metrics", &error) != HK_OK)
        hk_answer_error(&base->exchange, error.status, &error);
    else
        hk_answer_text(
            &base->exchange, 200, "text/plain; version=0.0.4; charset=utf-8", out->data, out->size);
    hk_job_free(base);
}

void hk_route_metrics(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct metrics_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job == NULL)
        return;
    job->job.answer = answer_metrics;
    hk_job_read(&job->job, read_counts);
}
