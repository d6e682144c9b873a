/*
 * pages_act: what people do to containments and runs from their pages.
 */
#include "api/page_job.h"
#include "api/route_table.h"
#include "base/time.h"
#include "limits.h"

#include <string.h>

static void finish(struct hk_page_job *job, enum hk_status status, const struct hk_error *error,
    const char *path, const char *code)
{
    if (status == HK_OK)
        hk_page_job_done(job, path, code);
    else
        hk_page_job_finish(job, status, error, path);
}

#define FINISH(name, path, code)                                                                   \
    static void name(                                                                              \
        void *ctx, enum hk_status status, const struct hk_error *error, const char *json)          \
    {                                                                                              \
        (void)json;                                                                                \
        finish(ctx, status, error, path, code);                                                    \
    }

FINISH(on_renewed, "/containments/", "renewed")
FINISH(on_looked, "/containments/", "checked")
FINISH(on_cancelled, "/runs/", "cancelled")
FINISH(on_resolved, "/runs/", "resolved")

static void on_released(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    bool is_over = json != NULL && strstr(json, "\"state\":\"released\"") != NULL;

    finish(ctx, status, error, "/containments/", is_over ? "released" : "releasing");
}

/* A text that has to be there; NULL: it is answered, and the job is gone. */
static const char *take_text(struct hk_page_job *job, const struct hk_form *form, const char *name)
{
    const char *text = hk_form_get_or(form, name, "");
    struct hk_error error;

    if (text[0] != '\0' && strlen(text) <= HK_REASON_SIZE_MAX)
        return text;
    hk_page_job_refuse(job,
        hk_fail(&error, HK_INVALID, "%s: %s", name, text[0] == '\0' ? "is empty" : "is too long"),
        &error);
    return NULL;
}

static void release(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "containments", "approver");
    const char *reason;

    (void)body;
    if (job == NULL)
        return;
    reason = take_text(job, exchange->form, "reason");
    if (reason != NULL)
        hk_engine_release(exchange->api->engine, exchange->tenant, &exchange->actor, job->id,
            reason, on_released, job);
}

static void renew(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "containments", "approver");
    struct hk_error error;
    const char *reason;
    int64_t for_ms = 0;

    (void)body;
    if (job == NULL)
        return;
    if (hk_duration_parse(hk_form_get_or(exchange->form, "for", ""), &for_ms, &error) != HK_OK ||
        for_ms <= 0 || for_ms > HK_LEASE_MAX_MS) {
        hk_page_job_refuse(job,
            hk_fail(&error, HK_INVALID, "for: expected more than nothing and at most 30d"), &error);
        return;
    }
    reason = take_text(job, exchange->form, "reason");
    if (reason != NULL)
        hk_engine_renew(exchange->api->engine, exchange->tenant, &exchange->actor, job->id, for_ms,
            reason, on_renewed, job);
}

static void verify(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "containments", "approver");

    (void)body;
    if (job != NULL)
        hk_engine_verify(
            exchange->api->engine, exchange->tenant, &exchange->actor, job->id, on_looked, job);
}

static void cancel(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "runs", "responder");
    const char *reason;

    (void)body;
    if (job == NULL)
        return;
    reason = take_text(job, exchange->form, "reason");
    if (reason != NULL)
        hk_engine_run_cancel(exchange->api->engine, exchange->tenant, &exchange->actor, job->id,
            reason, on_cancelled, job);
}

static void resolve(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "runs", "responder");
    const char *word = hk_form_get_or(exchange->form, "resolution", "");
    struct hk_resolve resolve = {
        .resolution = strcmp(word, "happened") == 0 ? HK_RESOLVE_HAPPENED : HK_RESOLVE_DID_NOT,
        .step = hk_form_get_or(exchange->form, "step", ""),
    };
    struct hk_error error;

    (void)body;
    if (job == NULL)
        return;
    if ((resolve.resolution == HK_RESOLVE_DID_NOT && strcmp(word, "did_not") != 0) ||
        strlen(resolve.step) >= HK_STEP_PATH_SIZE) {
        hk_page_job_refuse(
            job, hk_fail(&error, HK_INVALID, "resolution: neither happened nor did_not"), &error);
        return;
    }
    if (resolve.resolution == HK_RESOLVE_HAPPENED)
        resolve.result = "{}";
    resolve.evidence = take_text(job, exchange->form, "evidence");
    if (resolve.evidence != NULL)
        hk_engine_run_resolve(exchange->api->engine, exchange->tenant, &exchange->actor, job->id,
            &resolve, on_resolved, job);
}

/* --- the table --- */

const struct hk_route hk_routes_pages_act[] = {
    HK_ROUTE_FORM("/containments/{id}/release", "approver", release, "Release"),
    HK_ROUTE_FORM("/containments/{id}/renew", "approver", renew, "Renew"),
    HK_ROUTE_FORM("/containments/{id}/verify", "analyst", verify, "Look whether it holds"),
    HK_ROUTE_FORM("/runs/{id}/cancel", "responder", cancel, "Cancel"),
    HK_ROUTE_FORM("/runs/{id}/resolve", "responder", resolve, "Say what happened"),
    {.method = NULL, .more = hk_routes_pages_approval},
};
