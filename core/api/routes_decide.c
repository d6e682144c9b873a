/*
 * routes_decide: what people do: decide, release, renew, cancel, resolve; and explain.
 */
#include "api/routes.h"
#include "base/time.h"
#include "limits.h"

#include <string.h>

static const char *id_of(const struct hk_exchange *exchange)
{
    return hk_route_param(&exchange->match, "id");
}

void hk_route_decide(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_decision decision = {
        .approve = strcmp(hk_json_string_at(body, "decision", ""), "approve") == 0,
        .digest = hk_json_string_at(body, "digest", NULL),
        .reason = hk_json_string_at(body, "reason", NULL),
        .choice = hk_json_string_at(body, "choice", NULL),
    };
    struct hk_job *job;

    (void)request;
    if (decision.digest == NULL || decision.digest[0] == '\0') {
        hk_answer_problem(exchange, 428,
            "send the digest that GET /v1/approvals/%s shows, so that what is decided is what "
            "was seen",
            id_of(exchange));
        return;
    }
    if (!decision.approve && (decision.reason == NULL || decision.reason[0] == '\0')) {
        hk_answer_problem(exchange, 400, "reason: is required to reject");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_decide(exchange->api->engine, exchange->tenant, &exchange->actor, id_of(exchange),
            &decision, hk_job_reply, job);
}

void hk_route_release(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    if (job != NULL)
        hk_engine_release(exchange->api->engine, exchange->tenant, &exchange->actor,
            id_of(exchange), hk_json_string_at(body, "reason", ""), hk_job_reply, job);
}

void hk_route_renew(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_error error;
    struct hk_job *job;
    int64_t for_ms;

    (void)request;
    if (hk_duration_parse(hk_json_string_at(body, "for", ""), &for_ms, &error) != HK_OK ||
        for_ms <= 0 || for_ms > HK_LEASE_MAX_MS) {
        hk_answer_problem(exchange, 400, "for: expected more than nothing and at most 30d");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job != NULL)
        hk_engine_renew(exchange->api->engine, exchange->tenant, &exchange->actor, id_of(exchange),
            for_ms, hk_json_string_at(body, "reason", ""), hk_job_reply, job);
}

void hk_route_verify(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job != NULL)
        hk_engine_verify(exchange->api->engine, exchange->tenant, &exchange->actor, id_of(exchange),
            hk_job_reply, job);
}

void hk_route_run_cancel(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    if (job != NULL)
        hk_engine_run_cancel(exchange->api->engine, exchange->tenant, &exchange->actor,
            id_of(exchange), hk_json_string_at(body, "reason", ""), hk_job_reply, job);
}

static enum hk_resolution resolution_of(const char *text)
{
    if (strcmp(text, "happened") == 0)
        return HK_RESOLVE_HAPPENED;
    return strcmp(text, "did_not") == 0 ? HK_RESOLVE_DID_NOT : HK_RESOLVE_ABANDON;
}

void hk_route_run_resolve(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_resolve resolve = {
        .resolution = resolution_of(hk_json_string_at(body, "resolution", "")),
        .step = hk_json_string_at(body, "step", NULL),
        .evidence = hk_json_string_at(body, "evidence", ""),
    };
    const struct hk_json *result = hk_json_get(body, "result");
    struct hk_job *job;

    (void)request;
    if (resolve.step == NULL && resolve.resolution != HK_RESOLVE_ABANDON) {
        hk_answer_problem(exchange, 400, "step: is missing");
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    if (result != NULL && result->type == HK_JSON_OBJECT) {
        hk_buf_append(&job->out, result->source, result->source_size);
        resolve.result = job->out.data;
    }
    if (resolve.resolution == HK_RESOLVE_HAPPENED && resolve.result == NULL)
        resolve.result = "{}";
    hk_engine_run_resolve(exchange->api->engine, exchange->tenant, &exchange->actor,
        id_of(exchange), &resolve, hk_job_reply, job);
}

void hk_route_run_signal(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_run_signal signal = {.name = hk_json_string_at(body, "name", "")};
    const struct hk_json *value = hk_json_get(body, "value");
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    if (job == NULL)
        return;
    if (value != NULL) {
        hk_json_canonical(value, &job->out);
        signal.value = job->out.data;
    }
    hk_engine_run_signal(exchange->api->engine, exchange->tenant, &exchange->actor, id_of(exchange),
        &signal, hk_job_reply, job);
}

void hk_route_explain(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    char action[128];
    char target[512];
    char text[64];
    enum hk_severity severity = HK_SEVERITY_NONE;
    int64_t time_us = hk_time_wall_us();
    struct hk_buf out;
    struct hk_error error;
    enum hk_status status;

    (void)body;
    if (!hk_take_query(exchange, request, "action", action, sizeof(action)) ||
        !hk_take_query(exchange, request, "target", target, sizeof(target)) ||
        !hk_take_query(exchange, request, "severity", text, sizeof(text)))
        return;
    if (action[0] == '\0') {
        hk_answer_problem(exchange, 400, "action: is missing");
        return;
    }
    if (text[0] != '\0') {
        severity = hk_severity_from_text(text);
        if (severity == HK_SEVERITY_NONE) {
            hk_answer_problem(exchange, 400, "severity: there is no severity of that name");
            return;
        }
    }
    if (!hk_take_query(exchange, request, "at", text, sizeof(text)))
        return;
    if (text[0] != '\0' && hk_time_parse(text, &time_us, &error) != HK_OK) {
        hk_answer_problem(exchange, 400, "at: %s", error.text);
        return;
    }
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_engine_explain(exchange->api->engine, exchange->tenant, action,
        target[0] != '\0' ? target : NULL, severity, time_us, &out, &error);
    if (status != HK_OK)
        hk_answer_error(exchange, status, &error);
    else
        hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}
