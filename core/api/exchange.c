/*
 * exchange: answers and jobs.
 */
#include "api/exchange.h"

#include "api/page_answer.h"
#include "base/log.h"
#include "limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void respond(const struct hk_exchange *exchange, const struct hk_http_response *response)
{
    /* False is a peer that went away: nobody is there to be told. */
    (void)hk_http_respond(exchange->api->server, exchange->id, response);
}

void hk_answer_text(
    const struct hk_exchange *exchange, int status, const char *type, const char *text, size_t size)
{
    respond(exchange, &(struct hk_http_response){
                          .status = status, .content_type = type, .body = text, .body_size = size});
}

void hk_answer_json(const struct hk_exchange *exchange, int status, const char *json, size_t size)
{
    hk_answer_text(exchange, status, "application/json", json, size);
}

void hk_answer_buf(const struct hk_exchange *exchange, int status, const struct hk_buf *out)
{
    struct hk_error error;
    enum hk_status checked = hk_buf_check(out, "answer", &error);

    if (checked != HK_OK)
        hk_answer_error(exchange, checked, &error);
    else
        hk_answer_json(exchange, status, out->data, out->size);
}

static void respond_problem(const struct hk_exchange *exchange, const struct hk_problem *problem,
    const char *const *headers)
{
    struct hk_buf out;

    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_problem_write(problem, &out);
    if (problem->status == 401 || problem->status == 403)
        exchange->api->requests_refused++;
    respond(exchange, &(struct hk_http_response){.status = problem->status,
                          .content_type = HK_PROBLEM_TYPE,
                          .body = out.failed ? "" : out.data,
                          .body_size = out.failed ? 0 : out.size,
                          .headers = headers});
    hk_buf_done(&out);
}

void hk_answer_problem_full(const struct hk_exchange *exchange, const struct hk_problem *problem)
{
    const struct hk_route *route = exchange->match.route;
    const char *headers[3] = {NULL, NULL, NULL};
    char retry_after[16];

    if (route != NULL && (route->flags & HK_ROUTE_PAGE) != 0) {
        hk_answer_page_problem(exchange, problem);
        return;
    }
    if (problem->status == 401) {
        headers[0] = "WWW-Authenticate";
        headers[1] = route != NULL && (route->flags & HK_ROUTE_BASIC_AUTH)
                         ? "Bearer, Basic realm=\"hikeshi\""
                         : "Bearer";
    } else if (problem->retry_after_s > 0) {
        (void)snprintf(retry_after, sizeof(retry_after), "%d", problem->retry_after_s);
        headers[0] = "Retry-After";
        headers[1] = retry_after;
    }
    respond_problem(exchange, problem, headers[0] != NULL ? headers : NULL);
}

void hk_answer_not_allowed(const struct hk_exchange *exchange, const char *allow)
{
    const char *headers[3] = {"Allow", allow, NULL};
    struct hk_problem problem = {.status = 405, .detail = "this path has other methods"};

    respond_problem(exchange, &problem, headers);
}

void hk_answer_problem(const struct hk_exchange *exchange, int status, const char *format, ...)
{
    char detail[400];
    va_list args;

    va_start(args, format);
    if (vsnprintf(detail, sizeof(detail), format, args) < 0)
        detail[0] = '\0';
    va_end(args);
    hk_answer_problem_full(exchange, &(struct hk_problem){.status = status, .detail = detail});
}

void hk_answer_error(
    const struct hk_exchange *exchange, enum hk_status status, const struct hk_error *error)
{
    struct hk_problem problem = {
        .status = hk_problem_status(status), .detail = error != NULL ? error->text : NULL};

    if (problem.status >= 500) {
        hk_log(HK_LOG_ERROR, "%s %s: %s", exchange->match.route->method,
            exchange->match.route->path, error != NULL ? error->text : hk_status_text(status));
        problem.detail = hk_status_text(status);
    }
    if (problem.status == 503)
        problem.retry_after_s = 1;
    if (status == HK_UNPROVEN)
        problem.type = HK_PROBLEM_STEP_UP;
    hk_answer_problem_full(exchange, &problem);
}

bool hk_take_query(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *name, char *ret_value, size_t capacity)
{
    if (hk_http_query(request, name, ret_value, capacity) || !hk_http_query_is_given(request, name))
        return true;
    hk_answer_problem(exchange, 400,
        "%s: expected once, with a value of at most %zu bytes of UTF-8", name, capacity - 1);
    return false;
}

bool hk_take_number(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *name, uint64_t max, uint64_t *in_out_value, bool *ret_is_given)
{
    char text[24];
    uint64_t value = 0;

    if (!hk_take_query(exchange, request, name, text, sizeof(text)))
        return false;
    *ret_is_given = hk_http_query_is_given(request, name);
    if (!*ret_is_given)
        return true;
    for (const char *at = text; *at != '\0'; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit > 9 || value > (max - digit) / 10) {
            hk_answer_problem(exchange, 400, "%s: expected a number up to %" PRIu64, name, max);
            return false;
        }
        value = value * 10 + digit;
    }
    if (text[0] == '\0') {
        hk_answer_problem(exchange, 400, "%s: expected a number", name);
        return false;
    }
    *in_out_value = value;
    return true;
}

void *hk_job_new(const struct hk_exchange *exchange, size_t size)
{
    struct hk_api *api = exchange->api;
    struct hk_job *job = calloc(1, size);

    if (job == NULL) {
        hk_answer_error(exchange, HK_NOMEM, NULL);
        return NULL;
    }
    job->exchange = *exchange;
    job->exchange.form = NULL; /* of the handler's call alone */
    hk_buf_init(&job->out, HK_HTTP_RESPONSE_SIZE_MAX);
    job->next = api->jobs;
    if (job->next != NULL)
        job->next->at = &job->next;
    job->at = &api->jobs;
    api->jobs = job;
    return job;
}

void hk_job_free(struct hk_job *job)
{
    if (job == NULL)
        return;
    if (job->done != NULL)
        job->done(job);
    *job->at = job->next;
    if (job->next != NULL)
        job->next->at = job->at;
    hk_buf_done(&job->out);
    free(job);
}

static enum hk_status run_read(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_job *job = ctx;
    enum hk_status status = job->read(reading, job, error);

    return status != HK_OK ? status : hk_buf_check(&job->out, "answer", error);
}

static void after_read(void *ctx, enum hk_status status, const struct hk_error *error)
{
    struct hk_job *job = ctx;

    if (status == HK_OK && job->answer != NULL) {
        job->answer(job);
        return;
    }
    if (status == HK_OK)
        hk_answer_json(&job->exchange, 200, job->out.data, job->out.size);
    else
        hk_answer_error(&job->exchange, status, error);
    hk_job_free(job);
}

void hk_job_read(struct hk_job *job, hk_read_fn *read)
{
    struct hk_error error;
    enum hk_status status;

    job->read = read;
    status = hk_ledger_read(job->exchange.api->ledger, run_read, after_read, job, &error);
    if (status != HK_OK) {
        hk_answer_error(&job->exchange, status, &error);
        hk_job_free(job);
    }
}

void hk_job_reply(void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct hk_job *job = ctx;

    if (status == HK_OK && json != NULL)
        hk_answer_json(&job->exchange, 200, json, strlen(json));
    else if (status == HK_CONFLICT)
        hk_answer_problem_full(&job->exchange, &(struct hk_problem){.status = 409,
                                                   .detail = error != NULL ? error->text : NULL,
                                                   .extra_key = json != NULL ? "current" : NULL,
                                                   .extra_json = json});
    else
        hk_answer_error(&job->exchange, status == HK_OK ? HK_INTERNAL : status, error);
    hk_job_free(job);
}
