/*
 * pages_show: the pages that show: what is to be done, alerts, runs, containments, people.
 */
#include "api/page_job.h"
#include "api/route_table.h"
#include "ledger/query.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

/* --- the queue --- */

/* What one queue is made of. */
enum { APPROVALS, TASKS, UNKNOWN, DIVERGED, ALERTS, GAPS, LISTS };

static enum hk_status read_queue_lists(struct hk_reading *reading, hk_tenant tenant,
    struct hk_json_doc docs[LISTS], struct hk_error *error)
{
    /* All that is pending: it is sorted by its deadline. Of the others the newest. */
    static const struct hk_page_ask asks[LISTS] = {
        [APPROVALS] = {"approvals", "pending", NULL, HK_PAGE_ITEMS_MAX},
        [TASKS] = {"tasks", "open", NULL, HK_PAGE_ITEMS},
        [UNKNOWN] = {"runs", "unknown", NULL, HK_PAGE_ITEMS},
        [DIVERGED] = {"runs", "diverged", NULL, HK_PAGE_ITEMS},
        [ALERTS] = {"alerts", "unseen", NULL, HK_PAGE_ITEMS},
        [GAPS] = {"gaps", "open", NULL, HK_PAGE_ITEMS},
    };
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < LISTS && status == HK_OK; i++)
        status = hk_page_read_list(reading, tenant, &asks[i], &docs[i], error);
    return status;
}

static enum hk_status read_queue(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_page_job *job = ctx;
    struct hk_json_doc docs[LISTS] = {{.root = NULL}};
    enum hk_status status = read_queue_lists(reading, job->job.exchange.tenant, docs, error);

    if (status == HK_OK)
        hk_page_queue(&job->job.out, &job->page,
            &(struct hk_page_queue){.approvals = docs[APPROVALS].root,
                .tasks = docs[TASKS].root,
                .unknown = docs[UNKNOWN].root,
                .diverged = docs[DIVERGED].root,
                .alerts = docs[ALERTS].root,
                .gaps = docs[GAPS].root});
    for (size_t i = 0; i < LISTS; i++)
        hk_json_doc_done(&docs[i]);
    return status;
}

static void show_queue(struct hk_page_job *job)
{
    hk_page_job_read(job, read_queue);
}

static void queue(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_queue);

    (void)body;
    if (job != NULL)
        job->show(job);
}

/* --- lists --- */

typedef void hk_page_list_fn(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);

struct list_job {
    struct hk_page_job page;
    const char *collection;
    hk_page_list_fn *write;
};

static enum hk_status read_list(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct list_job *job = ctx;
    struct hk_json_doc doc = {.root = NULL};
    const struct hk_page_ask ask = {
        job->collection, job->page.state, job->page.after, HK_PAGE_ITEMS};
    enum hk_status status =
        hk_page_read_list(reading, job->page.job.exchange.tenant, &ask, &doc, error);

    if (status == HK_OK)
        job->write(&job->page.job.out, &job->page.page, doc.root, job->page.state);
    hk_json_doc_done(&doc);
    return status;
}

static void show_list(struct hk_page_job *job)
{
    hk_page_job_read(job, read_list);
}

bool hk_page_job_take_list(struct hk_page_job *job, const struct hk_http_request *request)
{
    if (hk_take_query(&job->job.exchange, request, "state", job->state, sizeof(job->state)) &&
        hk_take_query(&job->job.exchange, request, "after", job->after, sizeof(job->after)))
        return true;
    hk_job_free(&job->job);
    return false;
}

void hk_page_list(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *collection, hk_page_list_fn *write)
{
    struct list_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_list);

    if (job == NULL || !hk_page_job_take_list(&job->page, request))
        return;
    job->collection = collection;
    job->write = write;
    job->page.show(&job->page);
}

#define LIST(name, collection, write)                                                              \
    static void name(struct hk_exchange *exchange, const struct hk_http_request *request,          \
        const struct hk_json *body)                                                                \
    {                                                                                              \
        (void)body;                                                                                \
        hk_page_list(exchange, request, collection, write);                                        \
    }

static void write_people(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    (void)state;
    hk_page_people(out, base, list);
}

LIST(approvals, "approvals", hk_page_approvals)
LIST(alerts, "alerts", hk_page_alerts)
LIST(runs, "runs", hk_page_runs)
LIST(people, "users", write_people)
LIST(gaps, "gaps", hk_page_gaps)

/* --- one of them --- */

struct one_job {
    struct hk_page_job page;
    const char *collection;
    size_t first; /* step */
};

static enum hk_status read_one(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct one_job *job = ctx;
    struct hk_page_job *page = &job->page;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = hk_page_read_one(
        reading, page->job.exchange.tenant, job->collection, page->id, &doc, error);

    if (status == HK_OK && strcmp(job->collection, "alerts") == 0)
        hk_page_alert(&page->job.out, &page->page, doc.root);
    else if (status == HK_OK && strcmp(job->collection, "runs") == 0)
        hk_page_run(&page->job.out, &page->page, doc.root, job->first, page->may_act);
    else if (status == HK_OK)
        hk_page_containment(&page->job.out, &page->page, doc.root, page->may_act);
    hk_json_doc_done(&doc);
    return status;
}

static void show_one(struct hk_page_job *job)
{
    hk_page_job_read(job, read_one);
}

void *hk_page_one_new(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *collection, const char *acts)
{
    struct one_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_one);
    char from[16];

    if (job == NULL)
        return NULL;
    job->collection = collection;
    job->page.may_act = hk_role_fulfils(exchange->actor.role, acts);
    if (hk_http_query(request, "from", from, sizeof(from)))
        job->first = (size_t)strtoul(from, NULL, 10);
    return job;
}

static void alert(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "alerts", "analyst");

    (void)body;
    if (job == NULL)
        return;
    hk_engine_seen(exchange->api->engine, exchange->tenant, &exchange->actor, 'a', job->id);
    job->show(job);
}

static void run(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "runs", "responder");

    (void)body;
    if (job != NULL)
        job->show(job);
}

static void containment(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_one_new(exchange, request, "containments", "approver");

    (void)body;
    if (job != NULL)
        job->show(job);
}

/* --- what is contained, each whole: by whose word is in its entries --- */

static enum hk_status write_whole(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_json *list, struct hk_buf *out, struct hk_error *error)
{
    const struct hk_json *items = hk_json_get(list, "items");
    enum hk_status status = HK_OK;

    hk_buf_append_char(out, '[');
    for (const struct hk_json *item = items != NULL ? items->first : NULL;
         item != NULL && status == HK_OK; item = item->next) {
        if (item != items->first)
            hk_buf_append_char(out, ',');
        status = hk_query_show(
            reading, tenant, "containments", hk_json_string_at(item, "id", ""), out, error);
    }
    hk_buf_append_char(out, ']');
    return status != HK_OK ? status : hk_buf_check(out, "page", error);
}

static enum hk_status read_containments(
    struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct hk_page_job *job = ctx;
    hk_tenant tenant = job->job.exchange.tenant;
    const struct hk_page_ask ask = {"containments", job->state, job->after, HK_PAGE_ITEMS};
    struct hk_json_doc list = {.root = NULL};
    struct hk_json_doc whole = {.root = NULL};
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    status = hk_page_read_list(reading, tenant, &ask, &list, error);
    if (status == HK_OK)
        status = write_whole(reading, tenant, list.root, &text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, &whole, error);
    if (status == HK_OK)
        hk_page_containments(&job->job.out, &job->page, whole.root, job->state,
            hk_json_string_at(list.root, "next", NULL));
    hk_json_doc_done(&list);
    hk_json_doc_done(&whole);
    hk_buf_done(&text);
    return status;
}

static void show_containments(struct hk_page_job *job)
{
    hk_page_job_read(job, read_containments);
}

static void containments(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_page_job *job = hk_page_job_new(exchange, request, sizeof(*job), show_containments);

    (void)body;
    if (job == NULL || !hk_page_job_take_list(job, request))
        return;
    if (!hk_http_query_is_given(request, "state"))
        memcpy(job->state, "live", sizeof("live"));
    job->show(job);
}

/* --- the table --- */

const struct hk_route hk_routes_pages[] = {
    HK_ROUTE_SHOW_PAGE("/", "viewer", queue, "What is to be done"),
    HK_ROUTE_SHOW_PAGE("/approvals", "viewer", approvals, "Decisions"),
    HK_ROUTE_SHOW_PAGE("/alerts", "viewer", alerts, "Alerts"),
    HK_ROUTE_SHOW_PAGE("/alerts/{id}", "viewer", alert, "An alert"),
    HK_ROUTE_SHOW_PAGE("/runs", "viewer", runs, "Runs"),
    HK_ROUTE_SHOW_PAGE("/runs/{id}", "viewer", run, "A run, step by step"),
    HK_ROUTE_SHOW_PAGE("/containments", "viewer", containments, "What is contained"),
    HK_ROUTE_SHOW_PAGE("/containments/{id}", "viewer", containment, "A containment"),
    HK_ROUTE_SHOW_PAGE("/gaps", "viewer", gaps, "What is not covered"),
    HK_ROUTE_SHOW_PAGE("/people", "tenant-admin", people, "People"),
    {.method = NULL, .more = hk_routes_pages_act},
};
