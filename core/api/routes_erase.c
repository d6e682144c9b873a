/*
 * routes_erase: what people have erased; see engine/erase.c for who may.
 */
#include "api/route_table.h"
#include "base/text.h"

#include <string.h>

struct erase_job {
    struct hk_job job;
    char subject[HK_ID_SIZE];
};

/* Names live in memory too. */
static void forget_user(struct hk_api *api, hk_tenant tenant, const char *subject)
{
    const struct hk_user *found = hk_identity_user(api->identity, tenant, subject);
    struct hk_user user;

    if (found == NULL || strcmp(found->id, subject) != 0)
        return;
    user = *found;
    (void)hk_copy_text(user.name, sizeof(user.name), user.id);
    /* The user is there, so that this takes no memory. */
    if (hk_identity_put_user(api->identity, &user, NULL) != HK_OK)
        return;
}

static void on_erased(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct erase_job *job = ctx;

    if (status == HK_OK)
        forget_user(job->job.exchange.api, job->job.exchange.tenant, job->subject);
    hk_job_reply(&job->job, status, error, json);
}

static void erase(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_erase_wish wish = {.subject = hk_json_string_at(body, "subject", ""),
        .reason = hk_json_string_at(body, "reason", "")};
    struct erase_job *job;

    (void)request;
    if (!hk_id_is_valid(wish.subject)) {
        hk_answer_problem(exchange, 400, "subject: expected an id");
        return;
    }
    if (wish.reason[0] == '\0') {
        hk_answer_problem(exchange, 400, "reason: say why");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    (void)hk_copy_text(job->subject, sizeof(job->subject), wish.subject);
    hk_engine_erase(
        exchange->api->engine, exchange->tenant, &exchange->actor, &wish, on_erased, job);
}

/* What would go, or why nothing can. */
static void look(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    char subject[HK_ID_SIZE];
    struct hk_erase_wish wish = {.subject = subject, .is_dry_run = true};
    struct hk_job *job;

    (void)body;
    if (!hk_take_query(exchange, request, "subject", subject, sizeof(subject)))
        return;
    if (!hk_id_is_valid(subject)) {
        hk_answer_problem(exchange, 400, "subject: expected an id");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_erase(
            exchange->api->engine, exchange->tenant, &exchange->actor, &wish, hk_job_reply, job);
}

/* What is due by the rules of retention. */
static void due(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job != NULL)
        hk_engine_retention(exchange->api->engine, exchange->tenant, hk_job_reply, job);
}

static const struct hk_param look_query[] = {
    {"subject", "an id, or config"},
    {NULL, NULL},
};
static const struct hk_member erase_body[] = {
    {.name = "subject",
        .type = HK_MEMBER_TEXT,
        .is_required = true,
        .size_max = HK_ID_SIZE - 1,
        .help = "an id, or config: those of before the one in force"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .is_required = true, .help = "why; it is recorded"},
    {.name = NULL},
};

const struct hk_route hk_routes_erase[] = {
    {.method = "GET",
        .path = "/v1/tenants/{tenant}/audit/erase",
        .role = "tenant-admin",
        .handler = look,
        .summary = "What erasing a subject would take with it, or why it can't be erased yet",
        .query = look_query,
        .status = 200,
        .answer = "entries, subjects; nothing is changed",
        .problems = {400, 404, 409, 503}},
    {.method = "POST",
        .path = "/v1/tenants/{tenant}/audit/erase",
        .role = "tenant-admin",
        .handler = erase,
        .summary = "Erase what is recorded about a subject, in a person's name",
        .body = erase_body,
        .status = 200,
        .answer = "seq of payload.erased; the bytes are in no file of the folder any more",
        .problems = {400, 404, 409, 415, 503}},
    {.method = "GET",
        .path = "/v1/tenants/{tenant}/audit/retention",
        .role = "tenant-admin",
        .role_too = "auditor",
        .handler = due,
        .summary = "What the rules of retention would erase now, and what they keep",
        .status = 200,
        .answer = "rules with what is due; nothing is changed",
        .problems = {404, 503}},
    {.method = NULL, .more = hk_routes_config},
};
