/*
 * routes_config: the configuration in force, and how a changed one is put into force.
 */
#include "api/route_table.h"
#include "limits.h"

#include <string.h>

struct config_job {
    struct hk_job job;
    struct hk_arena arena;
};

static void config_done(struct hk_job *job)
{
    hk_arena_done(&((struct config_job *)job)->arena);
}

static enum hk_status read_config(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct config_job *job = ctx;
    const struct hk_api *api = job->job.exchange.api;
    struct hk_stored stored;
    struct hk_jw jw;
    enum hk_status status =
        hk_query_last(reading, job->job.exchange.tenant, "config", &job->arena, &stored, error);

    if (status != HK_OK)
        return status;
    hk_jw_init(&jw, &job->job.out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "engine_version", api->version);
    hk_jw_kv_time(&jw, "engine_started", api->started_us);
    hk_jw_kv_time(&jw, "applied", stored.entry.time_us);
    hk_jw_kv_raw(&jw, "in_force", stored.payload != NULL ? stored.payload : "null");
    hk_jw_object_end(&jw);
    return HK_OK;
}

static void route_config(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct config_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job == NULL)
        return;
    hk_arena_init(&job->arena, (size_t)HK_PAYLOAD_SIZE_MAX * 2);
    job->job.done = config_done;
    hk_job_read(&job->job, read_config);
}

static void on_applied(void *ctx, enum hk_status status, const struct hk_error *error)
{
    static const char answer[] = "{\"ok\":true}";
    struct hk_job *job = ctx;

    if (status == HK_OK)
        hk_answer_json(&job->exchange, 202, answer, strlen(answer));
    else if (status == HK_BUSY)
        hk_answer_error(&job->exchange, status, error);
    else /* the file's mistake, not the request's */
        hk_answer_problem(&job->exchange, 409, "%s", error->text);
    hk_job_free(job);
}

/* It is the whole engine's, not a tenant's. */
static bool may_apply(const struct hk_actor *actor)
{
    return strcmp(actor->id, "local") == 0 || strcmp(actor->role, "provider-admin") == 0;
}

static void route_config_apply(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_api *api = exchange->api;
    struct hk_job *job;

    (void)request;
    (void)body;
    if (!may_apply(&exchange->actor) || api->apply == NULL) {
        hk_answer_problem(
            exchange, 403, "only the folder's socket or a provider-admin applies a configuration");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        api->apply(api->apply_ctx, on_applied, job);
}

static void route_engine(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_buf out;
    struct hk_jw jw;

    (void)request;
    (void)body;
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "version", exchange->api->version);
    hk_jw_kv_time(&jw, "started", exchange->api->started_us);
    hk_jw_object_end(&jw);
    hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}

/* --- the table --- */

const struct hk_route hk_routes_config[] = {
    {.method = "GET",
        .path = "/v1/config",
        .role = "tenant-admin",
        .role_too = "auditor",
        .handler = route_config,
        .summary = "The tenant's configuration in force, and since when",
        .status = 200,
        .answer = "in_force: what the ledger has of it",
        .problems = {404, 503}},
    {.method = "GET",
        .path = "/v1/engine",
        .role = "tenant-admin",
        .role_too = "auditor",
        .handler = route_engine,
        .summary = "The engine that answers, and since when it runs",
        .flags = HK_ROUTE_ENGINE_WIDE,
        .status = 200,
        .answer = "version, started"},
    {.method = "POST",
        .path = "/v1/config/apply",
        .role = "tenant-admin",
        .handler = route_config_apply,
        .summary = "Check the configuration's file, and begin anew with it",
        .flags = HK_ROUTE_ENGINE_WIDE,
        .status = 202,
        .answer = "it is good, and is being put into force",
        .problems = {409, 503}},
    {.method = NULL, .more = hk_routes_playbooks},
};
