/*
 * routes_intake: webhooks, POST /v1/intake/{source}: a product's own body with its own signature.
 *
 * Nobody learns here which sources there are: for one that doesn't exist the same work is done, and
 * the same 401 is given, as for a wrong signature. What is known before a signature is looked at
 * (size, load, the handshake of Microsoft Graph) is the same for all names.
 *
 * A delivery that comes again gets the answer of the first and is taken once; its key is kept
 * beside the ledger in the transaction of its alerts.
 */
#include "api/intake_job.h"
#include "api/route_table.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"
#include "source/sign.h"
#include "source/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_SIZE = 1024 }; /* of Graph's handshake; theirs have 100 to 300 bytes */

static const char *header_of(void *ctx, const char *name)
{
    return hk_http_header(ctx, name);
}

/* The webhook at this path; NULL: there is none. */
static const struct hk_source *find_webhook(const struct hk_exchange *exchange)
{
    const struct hk_api *api = exchange->api;
    const char *tenant = hk_route_param(&exchange->match, "tenant");
    const char *name = hk_route_param(&exchange->match, "source");

    for (size_t i = 0; i < api->source_count; i++) {
        const struct hk_source_config *config = api->sources[i].config;
        if (config->kind == HK_SOURCE_WEBHOOK && strcmp(config->name, name) == 0 &&
            (tenant[0] != '\0' ? strcmp(config->tenant, tenant) == 0 : config->webhook.is_short))
            return &api->sources[i];
    }
    return NULL;
}

/* What is said before anybody is known. False: it is answered. */
static bool may_come_in(const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    char token[TOKEN_SIZE];

    if (request->body.size > HK_WEBHOOK_BODY_SIZE_MAX) {
        hk_answer_problem(
            exchange, 413, "a webhook's body has at most %d bytes", HK_WEBHOOK_BODY_SIZE_MAX);
        return false;
    }
    /* Microsoft Graph asks whether somebody is here at all, before there is a subscription. */
    if (request->body.size == 0 &&
        hk_http_query(request, "validationToken", token, sizeof(token))) {
        hk_answer_text(exchange, 200, "text/plain; charset=utf-8", token, strlen(token));
        return false;
    }
    return !hk_intake_must_wait(exchange, request->body.size);
}

/* Does it come from its product? False: it is answered. */
static bool check_sender(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_source *source, struct hk_sign_verdict *ret_verdict)
{
    const struct hk_sign_request signed_request = {.header = header_of,
        .ctx = (void *)(uintptr_t)request,
        .body = request->body.data != NULL ? request->body.data : "",
        .body_size = request->body.size,
        .now_us = hk_time_wall_us()};
    char why[HK_TALLY_TEXT_SIZE];

    if (source == NULL) {
        hk_sign_check_nothing(&signed_request);
    } else {
        hk_sign_check(&source->config->webhook, &signed_request, ret_verdict);
        if (ret_verdict->is_good)
            return true;
        (void)snprintf(why, sizeof(why), "a delivery from %s: %s",
            exchange->from[0] != '\0' ? exchange->from : "this machine", ret_verdict->why);
        hk_tally_refused(source->row, signed_request.now_us, why);
    }
    hk_answer_problem(
        exchange, 401, "there is no such source, or the delivery doesn't prove that it is its own");
    return false;
}

static void become(struct hk_exchange *exchange, const struct hk_source *source)
{
    exchange->tenant = source->tenant;
    exchange->actor = (struct hk_actor){.role = "source"};
    (void)snprintf(exchange->actor.id, sizeof(exchange->actor.id), "so-%s", source->config->name);
    (void)snprintf(exchange->actor.name, sizeof(exchange->actor.name), "%s", source->config->name);
}

/* Give the unpacked items to the job. */
static bool fill(struct hk_intake_job *job, struct hk_unpacked *unpacked)
{
    job->items = calloc(unpacked->count + 1, sizeof(*job->items));
    if (job->items == NULL)
        return false;
    job->count = (unsigned)unpacked->count;
    for (size_t i = 0; i < unpacked->count; i++)
        job->items[i] = (struct hk_intake_item){
            .at = unpacked->items[i].at, .size = unpacked->items[i].size, .state = HK_ITEM_BAD};
    hk_buf_done(&job->body);
    job->body = unpacked->text;
    hk_buf_init(&unpacked->text, 0);
    return true;
}

static void take(struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_source *source, const struct hk_sign_verdict *verdict,
    struct hk_unpacked *unpacked)
{
    struct hk_intake_job *job;

    if (hk_intake_is_under_way(exchange, verdict->repeat_key)) {
        hk_answer_problem_full(exchange,
            &(struct hk_problem){
                .status = 503, .detail = "this delivery is being worked on", .retry_after_s = 1});
        return;
    }
    job = hk_intake_job_new(exchange);
    if (job == NULL)
        return;
    job->webhook = source;
    (void)hk_copy_text(job->source, sizeof(job->source), source->config->name);
    memcpy(job->key, verdict->repeat_key, sizeof(verdict->repeat_key));
    hk_sha256_hex(request->body.data != NULL ? request->body.data : "", request->body.size,
        job->request_sha256);
    job->kept_since_us = hk_clock_now_us(hk_ledger_clock(exchange->api->ledger)) -
                         source->config->webhook.remember_ms * 1000;
    if (!fill(job, unpacked)) {
        hk_answer_error(exchange, HK_NOMEM, NULL);
        hk_job_free(&job->job);
        return;
    }
    hk_intake_job_begin(job);
}

static void route_intake(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    const struct hk_source *source = find_webhook(exchange);
    struct hk_sign_verdict verdict;
    struct hk_unpacked unpacked;
    struct hk_error error;
    enum hk_status status;

    (void)body;
    if (!may_come_in(exchange, request) || !check_sender(exchange, request, source, &verdict))
        return;
    become(exchange, source);
    status = hk_unpack(&source->config->webhook, hk_http_header(request, "content-type"),
        request->body.data != NULL ? request->body.data : "", request->body.size, &unpacked,
        &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
    } else if (unpacked.answer != NULL) {
        hk_answer_text(
            exchange, 200, "text/plain; charset=utf-8", unpacked.answer, strlen(unpacked.answer));
    } else if (unpacked.notice[0] != '\0') {
        hk_tally_notice(source->row, hk_time_wall_us(), unpacked.notice);
        hk_answer_text(exchange, 200, "text/plain; charset=utf-8", "told\n", 5);
    } else {
        take(exchange, request, source, &verdict, &unpacked);
    }
    hk_unpacked_done(&unpacked);
}

#define INTAKE(where)                                                                              \
    {                                                                                              \
        .method = "POST", .path = (where), .handler = route_intake,                                \
        .summary = "What a product's webhook sends, in its own shape and with its own signature",  \
        .flags = HK_ROUTE_RAW_BODY | HK_ROUTE_BASIC_AUTH, .status = 202,                           \
        .answer = "accepted, on disk: ids, duplicates; the same again for the same delivery",      \
        .problems = {                                                                              \
            400,                                                                                   \
            401,                                                                                   \
            409,                                                                                   \
            413,                                                                                   \
            429,                                                                                   \
            503                                                                                    \
        }                                                                                          \
    }

const struct hk_route hk_routes_intake[] = {
    INTAKE("/v1/intake/{source}"),
    INTAKE("/v1/intake/{tenant}/{source}"),
    {.method = NULL, .more = hk_routes_sources},
};
