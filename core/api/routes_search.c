/*
 * routes_search: GET /v1/search. sdk/docs/search.md describes what can be asked.
 */
#include "api/route_table.h"
#include "base/time.h"
#include "ledger/search_ask.h"
#include "limits.h"

struct search_job {
    struct hk_job job;
    struct hk_search_ask ask;
    char query[HK_SEARCH_QUERY_SIZE_MAX + 1];
    char kind[24];
    enum hk_status refused; /* HK_TIMEOUT, HK_UNSUPPORTED: told in words that help */
    struct hk_error why;
};

static enum hk_status read_search(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct search_job *job = ctx;
    enum hk_status status = hk_search_answer(hk_ledger_search(job->job.exchange.api->ledger),
        reading, job->job.exchange.tenant, &job->ask, &job->job.out, &job->why);

    if (status == HK_TIMEOUT || status == HK_UNSUPPORTED) {
        job->refused = status;
        return HK_OK;
    }
    if (status != HK_OK)
        *error = job->why;
    return status;
}

static void answer_search(struct hk_job *base)
{
    const struct search_job *job = (const struct search_job *)base;

    if (job->refused != HK_OK)
        hk_answer_problem(&base->exchange, hk_problem_status(job->refused), "%s", job->why.text);
    else
        hk_answer_json(&base->exchange, 200, base->out.data, base->out.size);
    hk_job_free(base);
}

/* A bound in time. False: it is answered. */
static bool take_time(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *name, int64_t now_us, int64_t *ret_time_us)
{
    struct hk_error error;
    char text[40];

    if (!hk_take_query(exchange, request, name, text, sizeof(text)))
        return false;
    if (text[0] == '\0' || hk_search_time_read(text, now_us, ret_time_us, &error) == HK_OK)
        return true;
    hk_answer_problem(exchange, 400, "%s: %s", name, error.text);
    return false;
}

/* False: it is answered. */
static bool take_kind(const struct hk_exchange *exchange, struct search_job *job)
{
    if (job->kind[0] == '\0')
        return true;
    if (hk_search_kind_is_known(job->kind)) {
        job->ask.kind = job->kind;
        return true;
    }
    hk_answer_problem(exchange, 400,
        "kind: expected alert, run, approval, containment, case, task, gap or playbook");
    return false;
}

static bool take_all(const struct hk_exchange *exchange, const struct hk_http_request *request,
    struct search_job *job)
{
    struct hk_search_ask *ask = &job->ask;
    bool is_given;

    ask->now_us = hk_time_wall_us();
    ask->query = job->query;
    return hk_take_limit(exchange, request, &ask->limit) &&
           hk_take_number(exchange, request, "after", HK_ENTRIES_MAX, &ask->after, &is_given) &&
           hk_take_query(exchange, request, "q", job->query, sizeof(job->query)) &&
           hk_take_query(exchange, request, "kind", job->kind, sizeof(job->kind)) &&
           take_kind(exchange, job) &&
           take_time(exchange, request, "from", ask->now_us, &ask->from_us) &&
           take_time(exchange, request, "to", ask->now_us, &ask->to_us);
}

static void search(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct search_job *job = hk_job_new(exchange, sizeof(*job));

    (void)body;
    if (job == NULL)
        return;
    job->job.answer = answer_search;
    if (take_all(exchange, request, job))
        hk_job_read(&job->job, read_search);
    else
        hk_job_free(&job->job);
}

static const struct hk_param search_query[] = {
    {"q", "what to look for: words, \"phrases\", prefix*, field:value, -not, or, ( )"},
    {"kind", "alert, run, approval, containment, case, task, gap or playbook"},
    {"from", "entries of this time and later: RFC 3339, a day, or how long ago (24h)"},
    {"to", "entries before this time"},
    {"after", "go on after the page that gave this number as next"},
    {"limit", "items of one page, 1 to 500"},
    {.name = NULL},
};

const struct hk_route hk_routes_search[] = {
    {.method = "GET",
        .path = "/v1/search",
        .role = "viewer",
        .handler = search,
        .summary = "Search alerts and what people wrote, newest first",
        .query = search_query,
        .status = 200,
        .answer = "items, where the next page begins, and how far the index is behind",
        .problems = {400, 501, 503}},
    {.method = NULL, .more = hk_routes_pages_search},
};
