/*
 * routes_read: lists, shows, and the ledger as auditors read it.
 */
#include "api/routes.h"
#include "base/text.h"
#include "ledger/prove_path.h"
#include "ledger/query_timeline.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ITEMS_DEFAULT = 100 };

struct read_job {
    struct hk_job job;
    char state[32];
    char after[HK_ID_SIZE];
    char id[HK_ID_SIZE];
    char subject[HK_ID_SIZE];
    uint64_t after_seq;
    bool from_start;
    unsigned limit;
    uint64_t from; /* of a proof */
    uint64_t to;
};

bool hk_take_limit(
    const struct hk_exchange *exchange, const struct hk_http_request *request, unsigned *ret_limit)
{
    uint64_t value = PAGE_ITEMS_DEFAULT;
    bool is_given;

    if (!hk_take_number(exchange, request, "limit", HK_PAGE_ITEMS_MAX, &value, &is_given))
        return false;
    if (value == 0) {
        hk_answer_problem(exchange, 400, "limit: expected 1 to %d", HK_PAGE_ITEMS_MAX);
        return false;
    }
    *ret_limit = (unsigned)value;
    return true;
}

static enum hk_status read_list(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_query_list(reading, job->job.exchange.tenant,
        job->job.exchange.match.route->collection, job->state[0] != '\0' ? job->state : NULL,
        job->after[0] != '\0' ? job->after : NULL, job->limit, &job->job.out, error);
}

void hk_route_list(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job;
    unsigned limit;

    (void)body;
    if (!hk_take_limit(exchange, request, &limit))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->limit = limit;
    if (!hk_take_query(exchange, request, "state", job->state, sizeof(job->state)) ||
        !hk_take_query(exchange, request, "after", job->after, sizeof(job->after))) {
        hk_job_free(&job->job);
        return;
    }
    if (job->after[0] != '\0' && !hk_id_is_valid(job->after)) {
        hk_answer_problem(exchange, 400, "after: this is no id");
        hk_job_free(&job->job);
        return;
    }
    hk_job_read(&job->job, read_list);
}

static enum hk_status read_show(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_query_show(reading, job->job.exchange.tenant,
        job->job.exchange.match.route->collection, job->id, &job->job.out, error);
}

/* Shown to a person: the first look is recorded. */
static void answer_show(struct hk_job *base)
{
    struct read_job *job = (struct read_job *)base;
    const struct hk_exchange *exchange = &base->exchange;
    const char *collection = exchange->match.route->collection;
    char what = strcmp(collection, "alerts") == 0      ? 'a'
                : strcmp(collection, "approvals") == 0 ? 'g'
                : strcmp(collection, "cases") == 0     ? 'c'
                                                       : '\0';

    if (exchange->actor.is_person && what != '\0')
        hk_engine_seen(exchange->api->engine, exchange->tenant, &exchange->actor, what, job->id);
    hk_answer_json(exchange, 200, base->out.data, base->out.size);
    hk_job_free(base);
}

void hk_route_show(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job == NULL)
        return;
    (void)hk_copy_text(job->id, sizeof(job->id), hk_route_param(&exchange->match, "id"));
    job->job.answer = answer_show;
    hk_job_read(&job->job, read_show);
}

static enum hk_status read_entries(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_query_entries(reading, job->job.exchange.tenant,
        job->subject[0] != '\0' ? job->subject : NULL, job->after_seq, job->from_start, job->limit,
        &job->job.out, error);
}

void hk_route_entries(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job;
    uint64_t after = 0;
    bool is_given;
    unsigned limit;

    (void)body;
    if (!hk_take_limit(exchange, request, &limit) ||
        !hk_take_number(exchange, request, "after", INT64_MAX, &after, &is_given))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->limit = limit;
    job->after_seq = after;
    job->from_start = !is_given;
    if (!hk_take_query(exchange, request, "subject", job->subject, sizeof(job->subject))) {
        hk_job_free(&job->job);
        return;
    }
    hk_job_read(&job->job, read_entries);
}

static enum hk_status read_timeline(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_query_timeline(reading, job->job.exchange.tenant, job->id, job->after_seq,
        job->from_start, job->limit, &job->job.out, error);
}

void hk_route_timeline(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job;
    uint64_t after = 0;
    bool is_given;
    unsigned limit;

    (void)body;
    if (!hk_take_limit(exchange, request, &limit) ||
        !hk_take_number(exchange, request, "after", INT64_MAX, &after, &is_given))
        return;
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->limit = limit;
    job->after_seq = after;
    job->from_start = !is_given;
    (void)hk_copy_text(job->id, sizeof(job->id), hk_route_param(&exchange->match, "id"));
    hk_job_read(&job->job, read_timeline);
}

static enum hk_status read_checkpoint(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_query_checkpoint(reading, job->job.exchange.tenant, &job->job.out, error);
}

static void answer_text(struct hk_job *job)
{
    hk_answer_text(&job->exchange, 200, "text/plain; charset=utf-8", job->out.data, job->out.size);
    hk_job_free(job);
}

void hk_route_checkpoint(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job == NULL)
        return;
    job->job.answer = answer_text;
    hk_job_read(&job->job, read_checkpoint);
}

static enum hk_status read_keys(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_prove_keys(reading, job->job.exchange.tenant, &job->job.out, error);
}

void hk_route_keys(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct read_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job != NULL)
        hk_job_read(&job->job, read_keys);
}

static enum hk_status read_inclusion(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_prove_inclusion(
        reading, job->job.exchange.tenant, job->from, job->to, NULL, &job->job.out, error);
}

static enum hk_status read_consistency(
    struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct read_job *job = ctx;

    return hk_prove_consistency(
        reading, job->job.exchange.tenant, job->from, job->to, &job->job.out, error);
}

/* Two numbers: of what, which must be given, and of the checkpoint, 0 for the newest. */
static void prove(struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *what, const char *checkpoint, hk_read_fn *fn)
{
    struct read_job *job;
    uint64_t from = 0;
    uint64_t to = 0;
    bool is_given;

    if (!hk_take_number(exchange, request, what, HK_ENTRIES_MAX, &from, &is_given))
        return;
    if (!is_given) {
        hk_answer_problem(exchange, 400, "%s: expected a number", what);
        return;
    }
    if (!hk_take_number(exchange, request, checkpoint, HK_ENTRIES_MAX, &to, &is_given))
        return;
    if (is_given && to == 0) {
        hk_answer_problem(exchange, 400, "%s: there is no checkpoint over nothing", checkpoint);
        return;
    }
    job = hk_job_new(exchange, sizeof(*job));
    if (job == NULL)
        return;
    job->from = from;
    job->to = to;
    hk_job_read(&job->job, fn);
}

void hk_route_inclusion(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    prove(exchange, request, "seq", "size", read_inclusion);
}

void hk_route_consistency(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    (void)body;
    prove(exchange, request, "from", "to", read_consistency);
}

void hk_route_plugins(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_buf out;
    struct hk_error error;
    enum hk_status status;

    (void)request;
    (void)body;
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_engine_plugins(exchange->api->engine, exchange->tenant, &out, &error);
    if (status != HK_OK)
        hk_answer_error(exchange, status, &error);
    else
        hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}

void hk_route_plugin(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_buf out;
    struct hk_error error;
    enum hk_status status;

    (void)request;
    (void)body;
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_engine_plugin(exchange->api->engine, exchange->tenant,
        hk_route_param(&exchange->match, "id"), &out, &error);
    if (status != HK_OK)
        hk_answer_error(exchange, status, &error);
    else
        hk_answer_buf(exchange, 200, &out);
    hk_buf_done(&out);
}
