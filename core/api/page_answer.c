/*
 * page_answer: see page_answer.h.
 */
#include "api/page_answer.h"

#include "api/session_in.h"
#include "base/log.h"
#include "base/time.h"
#include "console/pages.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

enum { HEADERS_MAX = 32, MORE_MAX = 8 };

enum hk_language hk_language_of(const struct hk_http_request *request)
{
    enum hk_language language = HK_LANGUAGE_EN;
    char chosen[16];

    if (hk_cookie_find(request, "hikeshi-language", chosen, sizeof(chosen)) &&
        hk_language_from_tag(chosen, &language))
        return language;
    return hk_language_accepted(hk_http_header(request, "accept-language"), HK_LANGUAGE_EN);
}

void hk_page_frame(const struct hk_exchange *exchange, struct hk_page *ret_page)
{
    bool is_in = exchange->session.id[0] != '\0';

    *ret_page = (struct hk_page){.language = exchange->language,
        .zone_minutes = is_in ? hk_engine_zone_minutes(exchange->api->engine, exchange->tenant) : 0,
        .now_us = hk_clock_now_us(hk_ledger_clock(exchange->api->ledger)),
        .path = exchange->path[0] != '\0' ? exchange->path : NULL,
        .person = is_in ? exchange->actor.name : NULL,
        .role = is_in ? exchange->actor.role : NULL,
        .tenant = is_in ? hk_engine_tenant_name(exchange->api->engine, exchange->tenant) : NULL,
        .csrf = is_in ? exchange->session.csrf : NULL};
}

/* With pairs of further headers, NULL-ended. */
static void respond(const struct hk_exchange *exchange, int status, const struct hk_buf *page,
    const char *const *more)
{
    const char *headers[HEADERS_MAX + MORE_MAX + 1];
    size_t count = 0;
    struct hk_error error;

    if (hk_buf_check(page, "page", &error) != HK_OK) {
        hk_log(HK_LOG_ERROR, "%s: %s",
            exchange->match.route != NULL ? exchange->match.route->path : "no path", error.text);
        hk_answer_text(exchange, 500, "text/plain", "Something went wrong.\n", 22);
        return;
    }
    for (; count < HEADERS_MAX && hk_page_headers[count] != NULL; count++)
        headers[count] = hk_page_headers[count];
    for (size_t i = 0; i < MORE_MAX && more[i] != NULL; i++)
        headers[count++] = more[i];
    headers[count] = NULL;
    (void)hk_http_respond(exchange->api->server, exchange->id,
        &(struct hk_http_response){.status = status,
            .content_type = "text/html; charset=utf-8",
            .body = page->data,
            .body_size = page->size,
            .headers = headers});
}

void hk_answer_page(const struct hk_exchange *exchange, int status, const struct hk_buf *page,
    const char *const *set_cookies)
{
    const char *more[MORE_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; set_cookies != NULL && set_cookies[i] != NULL && count < MORE_MAX; i++) {
        more[count++] = "Set-Cookie";
        more[count++] = set_cookies[i];
    }
    more[count] = NULL;
    respond(exchange, status, page, more);
}

void hk_answer_page_later(
    const struct hk_exchange *exchange, int status, const struct hk_buf *page, int64_t after_ms)
{
    char seconds[24];
    const char *const more[] = {"Retry-After", seconds, NULL};

    (void)snprintf(seconds, sizeof(seconds), "%lld", (long long)((after_ms + 999) / 1000));
    respond(exchange, status, page, more);
}

void hk_answer_page_problem(const struct hk_exchange *exchange, const struct hk_problem *problem)
{
    struct hk_page page;
    struct hk_buf out;

    if (problem->status == 401 || problem->status == 403)
        exchange->api->requests_refused++;
    hk_page_frame(exchange, &page);
    hk_buf_init(&out, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_page_problem(&out, &page, problem->status, problem->detail);
    if (problem->retry_after_s > 0)
        hk_answer_page_later(exchange, problem->status, &out, problem->retry_after_s * 1000LL);
    else
        hk_answer_page(exchange, problem->status, &out, NULL);
    hk_buf_done(&out);
}
