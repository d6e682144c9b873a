/*
 * page_answer: HTML as an answer: what the frame of every page needs to know, the headers that go
 * with it, and problems as pages. Internal to api/.
 */
#ifndef HK_API_PAGE_ANSWER_H
#define HK_API_PAGE_ANSWER_H

#include "api/exchange.h"
#include "console/page.h"

/* The language of whoever asks: the one they chose (cookie "hikeshi-language"), else the one their
 * browser likes. For the exchange, while there is a request. */
enum hk_language hk_language_of(const struct hk_http_request *request);

/* Everything but title, place and notice; what it points to lives as long as the exchange. */
void hk_page_frame(const struct hk_exchange *exchange, struct hk_page *ret_page);

/* Answer with a page; with each of set_cookies, which ends in NULL and may be NULL, as a header. A
 * page that failed is answered with 500. */
void hk_answer_page(const struct hk_exchange *exchange, int status, const struct hk_buf *page,
    const char *const *set_cookies);
/* 429 or 503, with Retry-After. */
void hk_answer_page_later(
    const struct hk_exchange *exchange, int status, const struct hk_buf *page, int64_t after_ms);
/* What went wrong, as a page; detail may be NULL. */
void hk_answer_page_problem(const struct hk_exchange *exchange, const struct hk_problem *problem);

#endif
