/*
 * routes_gate: what people do to an approval short of deciding: narrow it, pass it on, ask back.
 */
#include "api/identity.h"
#include "api/route_table.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <string.h>

static void narrow(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const char *id = hk_route_param(&exchange->match, "id");
    const struct hk_json *args = hk_json_get(body, "args");
    const char *expires = hk_json_string_at(body, "expires", NULL);
    struct hk_narrowing narrowing = {
        .digest = hk_json_string_at(body, "digest", NULL),
        .reason = hk_json_string_at(body, "reason", NULL),
    };
    struct hk_error error;
    struct hk_job *job;

    (void)request;
    if (narrowing.digest == NULL || narrowing.digest[0] == '\0') {
        hk_answer_problem(exchange, 428,
            "send the digest that GET /v1/approvals/%s shows, so that what is narrowed is what "
            "was seen",
            id);
        return;
    }
    if (expires != NULL && (hk_duration_parse(expires, &narrowing.lease_ms, &error) != HK_OK ||
                               narrowing.lease_ms < 1000)) {
        hk_answer_problem(exchange, 400, "expires: expected at least 1s");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    if (args != NULL && args->type == HK_JSON_OBJECT) {
        hk_buf_append(&job->out, args->source, args->source_size);
        narrowing.args = job->out.data;
    }
    hk_engine_narrow(exchange->api->engine, exchange->tenant, &exchange->actor, id, &narrowing,
        hk_job_reply, job);
}

static void delegate(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_user *user = hk_identity_user(
        exchange->api->identity, exchange->tenant, hk_json_string_at(body, "to", ""));
    struct hk_delegate to = {.id = ""};
    struct hk_job *job;

    (void)request;
    if (user == NULL || user->is_disabled) {
        hk_answer_problem(exchange, 400, "to: there is no such person");
        return;
    }
    (void)hk_copy_text(to.id, sizeof(to.id), user->id);
    (void)hk_copy_text(to.role, sizeof(to.role), user->role);
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_delegate(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), &to, hk_json_string_at(body, "reason", NULL),
            hk_job_reply, job);
}

static void note(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    if (job != NULL)
        hk_engine_gate_note(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "id"), hk_json_string_at(body, "text", ""),
            hk_job_reply, job);
}

/* --- the table --- */

static const struct hk_member narrow_body[] = {
    {.name = "args",
        .type = HK_MEMBER_OBJECT,
        .help = "the arguments that change: an address within the range, a lower number, some of a "
                "list"},
    {.name = "expires",
        .type = HK_MEMBER_DURATION,
        .size_max = 32,
        .help = "how long it holds at most, such as 1h; no longer than is asked for"},
    {.name = "digest",
        .type = HK_MEMBER_TEXT,
        .size_max = 128,
        .help = "the digest that was shown; without it the answer is 428"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why"},
    {.name = NULL},
};
static const struct hk_member delegate_body[] = {
    {.name = "to",
        .type = HK_MEMBER_NAME,
        .is_required = true,
        .help = "name or id of a person who may decide it"},
    {.name = "reason", .type = HK_MEMBER_TEXT, .help = "why"},
    {.name = NULL},
};
static const struct hk_member note_body[] = {
    {.name = "text",
        .type = HK_MEMBER_TEXT,
        .is_required = true,
        .help = "a question or an answer"},
    {.name = NULL},
};

const struct hk_route hk_routes_gate[] = {
    {.method = "POST",
        .path = "/v1/approvals/{id}/narrow",
        .role = "analyst",
        .handler = narrow,
        .summary =
            "Ask for less than is asked: a new revision, for which earlier votes don't count",
        .body = narrow_body,
        .status = 200,
        .answer = "the approval as it now stands, with its new digest",
        .problems = {400, 404, 409, 413, 415, 428, 503}},
    HK_ROUTE_WRITE("/v1/approvals/{id}/delegate", "analyst", delegate, delegate_body,
        "Pass a decision on to somebody else who may take it"),
    HK_ROUTE_WRITE("/v1/approvals/{id}/note", "analyst", note, note_body,
        "Ask back about a decision, or answer"),
    {.method = NULL, .more = hk_routes_pages},
};
