/*
 * routes_playbooks: which version of a playbook is in force.
 */
#include "api/route_table.h"
#include "base/time.h"
#include "ledger/query_trial.h"
#include "limits.h"

#include <string.h>

struct trial_job {
    struct hk_job job;
    unsigned limit;
};

static enum hk_status read_trial(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct trial_job *job = ctx;

    return hk_query_trial(reading, job->job.exchange.tenant,
        hk_route_param(&job->job.exchange.match, "id"), job->limit, &job->job.out, error);
}

static void show_trial(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct trial_job *job;
    unsigned limit;

    (void)body;
    if (!hk_take_limit(exchange, request, &limit))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->limit = limit;
    hk_job_read(&job->job, read_trial);
}

static void reload(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_api *api = exchange->api;
    struct hk_job *job;

    (void)request;
    if (api->reload == NULL) {
        hk_answer_problem(exchange, 403, "this engine has no files of playbooks");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        api->reload(api->reload_ctx, exchange->tenant, &exchange->actor,
            hk_json_string_at(body, "file", NULL), hk_job_reply, job);
}

static void enforce(struct hk_exchange *exchange, const struct hk_json *body, bool is_rollback)
{
    const struct hk_enforce_wish wish = {.is_rollback = is_rollback,
        .version = hk_json_string_at(body, "version", NULL),
        .reason = hk_json_string_at(body, "reason", "")};
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    if (job != NULL)
        hk_engine_playbook_enforce(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), &wish, hk_job_reply, job);
}

static void promote(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    enforce(exchange, body, false);
}

static void rollback(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)request;
    enforce(exchange, body, true);
}

static void try(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_json *source = hk_json_get(body, "source");
    struct hk_try_wish wish = {.text = {.file = hk_json_string_at(body, "file", "playbook"),
                                   .source = source->text,
                                   .source_size = source->text_size},
        .is_shadow = strcmp(hk_json_string_at(body, "kind", "share"), "shadow") == 0,
        .reason = hk_json_string_at(body, "reason", NULL)};
    int64_t share_default = wish.is_shadow ? 100 : 0;
    struct hk_error error;
    struct hk_job *job;

    (void)request;
    wish.share = hk_json_i64_at(body, "share", share_default);
    if (hk_json_get(body, "for") != NULL &&
        hk_duration_parse(hk_json_string_at(body, "for", ""), &wish.for_ms, &error) != HK_OK) {
        hk_answer_problem(exchange, 400, "for: %s", error.text);
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_playbook_try(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), &wish, hk_job_reply, job);
}

static void stop_trial(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    if (job != NULL)
        hk_engine_playbook_stop_trial(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), hk_json_string_at(body, "reason", NULL),
            hk_job_reply, job);
}

static const struct hk_param trial_query[] = {
    {"limit", "newest runs of a shadow that are compared, 1 to 500; 100 unless given"},
    {NULL, NULL},
};
static const struct hk_member try_body[] = {
    {.name = "source",
        .type = HK_MEMBER_TEXT,
        .is_required = true,
        .size_max = HK_PLAYBOOK_SIZE_MAX,
        .help = "the text of the playbook"},
    {.name = "file", .type = HK_MEMBER_TEXT, .size_max = 256, .help = "its name, for errors"},
    {.name = "kind",
        .type = HK_MEMBER_CHOICE,
        .choices = "share|shadow",
        .help =
            "take alerts in place of the version in force (share, unless given), or look at them "
            "beside it and do nothing (shadow)"},
    {.name = "share",
        .type = HK_MEMBER_NUMBER,
        .help = "percent of the alerts, 1 to 100; required for a share, all of them for a shadow"},
    {.name = "for",
        .type = HK_MEMBER_DURATION,
        .size_max = 32,
        .help = "from now, such as 7d; until somebody ends it unless given"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why"},
    {.name = NULL},
};
static const struct hk_member reload_body[] = {
    {.name = "file",
        .type = HK_MEMBER_TEXT,
        .size_max = 4096,
        .help = "one of them, as the configuration names it; all unless given"},
    {.name = NULL},
};
static const struct hk_member promote_body[] = {
    {.name = "version",
        .type = HK_MEMBER_TEXT,
        .size_max = 64,
        .help = "which one, or at least its first 8 digits; the one that is tried unless given"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .is_required = true, .help = "why"},
    {.name = NULL},
};
static const struct hk_member rollback_body[] = {
    {.name = "version",
        .type = HK_MEMBER_TEXT,
        .size_max = 64,
        .help = "to which one; the one that was in force before unless given"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .is_required = true, .help = "why"},
    {.name = NULL},
};

/* Whoever may change what happens by itself. */
#define WRITE(where, fn, members, words, gives)                                                    \
    {                                                                                              \
        .method = "POST", .path = (where), .role = "tenant-admin", .role_too = "author",           \
        .handler = (fn), .summary = (words), .body = (members), .status = 200, .answer = (gives),  \
        .problems = {                                                                              \
            400,                                                                                   \
            404,                                                                                   \
            409,                                                                                   \
            415,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }

const struct hk_route hk_routes_playbooks[] = {
    WRITE("/v1/config/playbooks", reload, reload_body,
        "Read the configured files of playbooks again, and put what changed into force for new "
        "runs; all or nothing",
        "items: each file's playbook and the version in force"),
    {.method = "GET",
        .path = "/v1/playbooks/{id}/trial",
        .role = "viewer",
        .handler = show_trial,
        .summary = "What is tried of a playbook, and how a shadow's decisions differ",
        .query = trial_query,
        .status = 200,
        .answer = "the trial, its runs by state, and the pairs of runs that differ",
        .problems = {400, 404, 503}},
    WRITE("/v1/playbooks/{id}/trial", try, try_body,
        "Let another text of a playbook take a share of the alerts, or look at them as a shadow",
        "what is in force and tried"),
    WRITE("/v1/playbooks/{id}/trial/stop", stop_trial, hk_reason_body,
        "End what is tried of a playbook", "what is in force"),
    WRITE("/v1/playbooks/{id}/promote", promote, promote_body,
        "Put a recorded version of a playbook into force for new runs", "what is in force now"),
    WRITE("/v1/playbooks/{id}/rollback", rollback, rollback_body,
        "Put the version of before into force again; the file's stays out until it changes",
        "what is in force now"),
    {.method = NULL, .more = hk_routes_notice},
};
