/*
 * page_problem: what went wrong, in words, and the way back.
 */
#include "console/pages.h"

static enum hk_word title_of(int status)
{
    switch (status) {
    case 400:
    case 413:
    case 415:
    case 428:
        return HK_WORD_PROBLEM_400;
    case 403:
        return HK_WORD_PROBLEM_403;
    case 404:
    case 405:
        return HK_WORD_PROBLEM_404;
    case 409:
        return HK_WORD_PROBLEM_409;
    case 429:
    case 503:
    case 507:
        return HK_WORD_PROBLEM_503;
    default:
        return HK_WORD_PROBLEM_500;
    }
}

void hk_page_problem(struct hk_buf *out, const struct hk_page *base, int status, const char *detail)
{
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, title_of(status));
    page.place = HK_PLACE_NONE;
    hk_page_begin(&html, out, &page);
    hk_html_line(&html, "p", NULL, status == 404 ? HK_WORD_PROBLEM_404_HINT : HK_WORD_PROBLEM_HINT);
    if (detail != NULL && status != 404) {
        hk_html_open_class(&html, "p", "soft");
        hk_html_say(&html, HK_WORD_PROBLEM_DETAIL, detail);
        hk_html_end(&html);
    }
    hk_page_back(&html, HK_WORD_TO_THE_QUEUE, "/");
    hk_page_end(&html, &page);
}
