/*
 * page_gaps: what is not covered: now, and what was not.
 */
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <string.h>

void hk_list_gap(struct hk_html *html, const struct hk_json *item)
{
    const char *kind = hk_json_string_at(item, "kind", "");
    bool is_open = strcmp(hk_json_string_at(item, "state", ""), "open") == 0;

    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "title");
    hk_html_text(html, hk_name(html->language, HK_NAME_GAP, kind));
    hk_html_text(html, ": ");
    hk_html_foreign(html, hk_json_string_at(item, "name", ""), HK_HTML_SHORT);
    hk_html_end(html);
    hk_html_open_class(html, "p", "soft");
    hk_html_foreign(html, hk_json_string_at(item, "detail", ""), HK_HTML_SHORT);
    hk_html_end(html);
    hk_html_open_class(html, "p", "row soft");
    hk_html_time(html, HK_TIME_MINUTES, hk_show_us(item, "since"));
    if (!is_open) {
        hk_html_text(html, " – ");
        hk_html_time(html, HK_TIME_MINUTES, hk_show_us(item, "ended"));
    }
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_gaps(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {"open", "closed", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_QUEUE_GAPS);
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/gaps?state={}", HK_NAME_GAP, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_gap, HK_WORD_GAPS_NONE);
    hk_page_next(&html, "/gaps?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}
