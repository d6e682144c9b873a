/*
 * sources: see sources.h.
 */
#include "app/sources.h"

#include "app/feed.h"
#include "base/log.h"
#include "ledger/query.h"
#include "source/files.h"
#include "source/syslog.h"

#include <stdio.h>
#include <stdlib.h>

struct hk_app_sources {
    struct hk_app_sources_options options;
    struct hk_tally *tally;
    struct hk_reader *reader;
    struct hk_feed *feed;
    struct hk_files *files;
    struct hk_source *sources;
    struct hk_syslog **syslogs; /* of the source of that index, or NULL */
    size_t count;
};

/* --- cursors --- */

struct restore {
    struct hk_files *files;
    const struct hk_source *source;
};

static void on_cursor(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    const struct restore *restore = ctx;
    struct hk_error error;

    (void)time_us;
    if (hk_files_restore(restore->files, cursor->key, cursor->value, &error) != HK_OK)
        hk_log(HK_LOG_WARNING, "source %s of %s: %s", restore->source->config->name,
            restore->source->config->tenant, error.text);
}

static enum hk_status read_cursors(struct hk_reading *reading, void *job, struct hk_error *error)
{
    const struct restore *restore = job;

    return hk_query_cursors(
        reading, restore->source->tenant, restore->source->config->name, on_cursor, job, error);
}

static enum hk_status add_file(
    struct hk_app_sources *sources, const struct hk_source *source, struct hk_error *error)
{
    struct restore restore = {.files = sources->files, .source = source};
    enum hk_status status = hk_files_add(sources->files, source, error);

    return status == HK_OK
               ? hk_ledger_read_now(sources->options.ledger, read_cursors, &restore, error)
               : status;
}

/* --- making --- */

static enum hk_status add_source(
    struct hk_app_sources *sources, const struct hk_source_config *config, struct hk_error *error)
{
    struct hk_source *source = &sources->sources[sources->count];
    enum hk_status status;

    source->config = config;
    if (!hk_engine_tenant(sources->options.engine, config->tenant, &source->tenant))
        return hk_fail(error, HK_INTERNAL, "there is no tenant %s", config->tenant);
    status = hk_tally_add(
        sources->tally, source->tenant, config->name, config->kind, &source->row, error);
    if (status != HK_OK)
        return status;
    sources->count++;
    return config->kind == HK_SOURCE_FILE ? add_file(sources, source, error) : HK_OK;
}

static enum hk_status add_all(struct hk_app_sources *sources, struct hk_error *error)
{
    const struct hk_app_settings *settings = sources->options.settings;
    size_t count = 0;
    enum hk_status status = HK_OK;

    for (size_t t = 0; t < settings->tenant_count; t++)
        count += settings->tenants[t].source_count;
    sources->sources = calloc(count + 1, sizeof(*sources->sources));
    sources->syslogs = calloc(count + 1, sizeof(struct hk_syslog *));
    if (sources->sources == NULL || sources->syslogs == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for sources");
    for (size_t t = 0; t < settings->tenant_count; t++)
        for (size_t i = 0; i < settings->tenants[t].source_count && status == HK_OK; i++)
            status = add_source(sources, &settings->tenants[t].sources[i], error);
    return status;
}

static enum hk_status make_reader(struct hk_app_sources *sources, struct hk_error *error)
{
    const struct hk_app_settings *settings = sources->options.settings;
    const struct hk_reader_options options = {
        .engine = sources->options.engine, .tally = sources->tally, .products = settings->products};
    enum hk_status status = hk_reader_new(&options, &sources->reader, error);

    for (size_t t = 0; t < settings->tenant_count && status == HK_OK; t++) {
        const struct hk_tenant_settings *tenant = &settings->tenants[t];
        hk_tenant number;
        if (tenant->products != NULL &&
            hk_engine_tenant(sources->options.engine, tenant->setup.name, &number))
            status = hk_reader_tenant(sources->reader, number, tenant->products, error);
    }
    return status;
}

enum hk_status hk_app_sources_new(const struct hk_app_sources_options *options,
    struct hk_app_sources **ret_sources, struct hk_error *error)
{
    struct hk_app_sources *sources = calloc(1, sizeof(*sources));
    struct hk_sink sink;
    enum hk_status status;

    if (sources == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for sources");
    sources->options = *options;
    status = hk_tally_new(&sources->tally, error);
    if (status == HK_OK)
        status = make_reader(sources, error);
    if (status == HK_OK) {
        const struct hk_feed_options feed = {.engine = options->engine, .reader = sources->reader};
        status = hk_feed_new(&feed, &sources->feed, error);
    }
    if (status == HK_OK) {
        sink = hk_feed_sink(sources->feed);
        status = hk_files_new(options->loop, &sink, &sources->files, error);
    }
    if (status == HK_OK)
        status = add_all(sources, error);
    if (status != HK_OK) {
        hk_app_sources_free(sources);
        return status;
    }
    *ret_sources = sources;
    return HK_OK;
}

/* --- running --- */

static void tell_ports(const struct hk_source *source, const struct hk_syslog *syslog)
{
    struct hk_syslog_ports ports;

    hk_syslog_ports(syslog, &ports);
    hk_log(HK_LOG_INFO, "source %s of %s listens on ports: udp %u, tcp %u, tls %u",
        source->config->name, source->config->tenant, ports.udp, ports.tcp, ports.tls);
}

enum hk_status hk_app_sources_start(struct hk_app_sources *sources, struct hk_error *error)
{
    struct hk_sink sink = hk_feed_sink(sources->feed);
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sources->count && status == HK_OK; i++) {
        const struct hk_source *source = &sources->sources[i];
        if (source->config->kind != HK_SOURCE_SYSLOG)
            continue;
        status = hk_syslog_new(sources->options.loop, source, &sink, &sources->syslogs[i], error);
        if (status == HK_OK)
            tell_ports(source, sources->syslogs[i]);
        else
            (void)hk_error_prefix(
                error, "tenants.%s.sources.%s", source->config->tenant, source->config->name);
    }
    return status == HK_OK ? hk_files_start(sources->files, error) : status;
}

void hk_app_sources_hand_on(struct hk_app_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->syslogs[i] != NULL)
            hk_syslog_hand_on(sources->syslogs[i]);
}

void hk_app_sources_stop(struct hk_app_sources *sources)
{
    hk_files_stop(sources->files);
    for (size_t i = 0; i < sources->count; i++)
        if (sources->syslogs[i] != NULL)
            hk_syslog_stop(sources->syslogs[i]);
}

void hk_app_sources_free(struct hk_app_sources *sources)
{
    if (sources == NULL)
        return;
    for (size_t i = 0; sources->syslogs != NULL && i < sources->count; i++)
        hk_syslog_free(sources->syslogs[i]);
    hk_files_free(sources->files);
    hk_feed_free(sources->feed);
    hk_reader_free(sources->reader);
    hk_tally_free(sources->tally);
    free(sources->syslogs);
    free(sources->sources);
    free(sources);
}

struct hk_tally *hk_app_sources_tally(struct hk_app_sources *sources)
{
    return sources->tally;
}

struct hk_reader *hk_app_sources_reader(struct hk_app_sources *sources)
{
    return sources->reader;
}

const struct hk_source *hk_app_sources_all(const struct hk_app_sources *sources, size_t *ret_count)
{
    *ret_count = sources->count;
    return sources->sources;
}
