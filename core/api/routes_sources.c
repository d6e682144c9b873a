/*
 * routes_sources: what sources bring and what hinders them: GET /v1/sources for a tenant's people,
 * sums without any name for /metrics.
 */
#include "api/route_table.h"

#include "limits.h"
#include "source/tally.h"

#include <inttypes.h>
#include <string.h>

/* --- for people --- */

static void text_and_time(struct hk_jw *jw, const char *key, const char *text, int64_t time_us)
{
    hk_jw_key(jw, key);
    if (text[0] == '\0') {
        hk_jw_null(jw);
        return;
    }
    hk_jw_object(jw);
    hk_jw_kv(jw, "text", text);
    hk_jw_kv_time(jw, "time", time_us);
    hk_jw_object_end(jw);
}

static void on_source(void *ctx, const struct hk_tally_source *source)
{
    struct hk_jw *jw = ctx;

    hk_jw_object(jw);
    hk_jw_kv(jw, "name", source->name);
    hk_jw_kv(jw, "kind", hk_source_kind_text(source->kind));
    hk_jw_kv_time(jw, "last", source->last_us);
    text_and_time(jw, "problem", source->problem, source->problem_us);
    text_and_time(jw, "notice", source->notice, source->notice_us);
    text_and_time(jw, "refusal", source->refusal, source->refusal_us);
    hk_jw_key(jw, "counts");
    hk_jw_object(jw);
    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++)
        hk_jw_kv_i64(jw, hk_tally_count_name((enum hk_tally_count)i), (int64_t)source->counts[i]);
    hk_jw_object_end(jw);
    hk_jw_object_end(jw);
}

static void on_failure(void *ctx, const struct hk_tally_failure *failure)
{
    struct hk_jw *jw = ctx;

    hk_jw_object(jw);
    hk_jw_kv(jw, "source", failure->source);
    hk_jw_kv(jw, "mapping", failure->mapping);
    hk_jw_kv_i64(jw, "count", (int64_t)failure->count);
    hk_jw_kv_time(jw, "last", failure->last_us);
    hk_jw_kv(jw, "reason", failure->reason);
    hk_jw_object_end(jw);
}

static void route_sources(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_tally *tally = exchange->api->tally;
    struct hk_buf out;
    struct hk_jw jw;

    (void)request;
    (void)body;
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    hk_tally_sources(tally, exchange->tenant, on_source, &jw);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "failures");
    hk_jw_array(&jw);
    hk_tally_failures(tally, exchange->tenant, on_failure, &jw);
    hk_jw_array_end(&jw);
    hk_jw_kv(&jw, "next", NULL);
    hk_jw_object_end(&jw);
    hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}

const struct hk_route hk_routes_sources[] = {
    {.method = "GET",
        .path = "/v1/sources",
        .role = "viewer",
        .handler = route_sources,
        .summary = "List sources: what they brought since the start, and what hinders them",
        .status = 200,
        .answer = "items, and the mappings that failed"},
    {.method = NULL},
};

/* --- for /metrics --- */

enum { KIND_COUNT = HK_SOURCE_WEBHOOK + 1 };

struct sums {
    uint64_t counts[KIND_COUNT][HK_TALLY_COUNT_MAX];
    unsigned sources[KIND_COUNT];
    unsigned hindered[KIND_COUNT];
};

static void add_up(void *ctx, const struct hk_tally_source *source)
{
    struct sums *sums = ctx;

    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++)
        sums->counts[source->kind][i] += source->counts[i];
    sums->sources[source->kind]++;
    sums->hindered[source->kind] += source->problem[0] != '\0';
}

static void gauge(struct hk_buf *out, const char *name, const char *help, const unsigned *values)
{
    hk_buf_appendf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        hk_buf_appendf(out, "%s{kind=\"%s\"} %u\n", name,
            hk_source_kind_text((enum hk_source_kind)kind), values[kind]);
}

void hk_metrics_sources(struct hk_tally *tally, struct hk_buf *out)
{
    struct sums sums;

    memset(&sums, 0, sizeof(sums));
    hk_tally_sources(tally, 0, add_up, &sums);
    gauge(out, "hikeshi_sources", "Sources that are configured.", sums.sources);
    gauge(out, "hikeshi_sources_hindered", "Sources that something hinders.", sums.hindered);
    for (int i = 0; i < HK_TALLY_COUNT_MAX; i++) {
        const char *name = hk_tally_count_name((enum hk_tally_count)i);
        hk_buf_appendf(out,
            "# HELP hikeshi_source_%s_total %s\n# TYPE hikeshi_source_%s_total counter\n", name,
            hk_tally_count_help((enum hk_tally_count)i), name);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            hk_buf_appendf(out, "hikeshi_source_%s_total{kind=\"%s\"} %" PRIu64 "\n", name,
                hk_source_kind_text((enum hk_source_kind)kind), sums.counts[kind][i]);
    }
}
