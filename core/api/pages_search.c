/*
 * pages_search: the page on which alerts and notes are searched.
 */
#include "api/page_job.h"
#include "api/routes.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/search_ask.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

struct search_page {
    struct hk_page_job page;
    struct hk_search_ask ask;
    char query[HK_SEARCH_QUERY_SIZE_MAX + 1];
};

/* What people can mend is told on the page, beside what they asked for. */
static bool is_told(enum hk_status status)
{
    return status == HK_INVALID || status == HK_TIMEOUT || status == HK_UNSUPPORTED;
}

static enum hk_status read_search(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct search_page *job = ctx;
    struct hk_page_job *page = &job->page;
    struct hk_json_doc found = {.root = NULL};
    struct hk_error why = {.text = ""};
    struct hk_buf text;
    enum hk_status status = HK_OK;

    hk_buf_init(&text, HK_HTTP_RESPONSE_SIZE_MAX);
    if (job->query[0] != '\0')
        status = hk_search_answer(hk_ledger_search(page->job.exchange.api->ledger), reading,
            page->job.exchange.tenant, &job->ask, &text, &why);
    if (status == HK_OK && text.size > 0)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, &found, &why);
    if (is_told(status)) {
        page->status = hk_problem_status(status);
        (void)hk_copy_text(page->notice, sizeof(page->notice), why.text);
        page->page.notice_kind = HK_NOTICE_PROBLEM;
        page->page.notice = page->notice;
        status = HK_OK;
    }
    if (status == HK_OK)
        hk_page_search(&page->job.out, &page->page,
            &(struct hk_page_search){.query = job->query, .found = found.root});
    else
        *error = why;
    hk_json_doc_done(&found);
    hk_buf_done(&text);
    return status;
}

static void show_search(struct hk_page_job *job)
{
    hk_page_job_read(job, read_search);
}

static void search(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct search_page *job = hk_page_job_new(exchange, request, sizeof(*job), show_search);
    bool is_given;

    (void)body;
    if (job == NULL)
        return;
    job->ask = (struct hk_search_ask){
        .query = job->query, .limit = HK_PAGE_ITEMS, .now_us = hk_time_wall_us()};
    if (hk_take_number(exchange, request, "after", HK_ENTRIES_MAX, &job->ask.after, &is_given) &&
        hk_take_query(exchange, request, "q", job->query, sizeof(job->query)))
        show_search(&job->page);
    else
        hk_job_free(&job->page.job);
}

const struct hk_route hk_routes_pages_search[] = {
    HK_ROUTE_SHOW_PAGE("/search", "viewer", search, "Search alerts and notes"),
    {.method = NULL, .more = hk_routes_erase},
};
