/*
 * page_people: who may do what here.
 */
#include "console/pages.h"
#include "console/show.h"

static void put_person(struct hk_html *html, const struct hk_json *item)
{
    const char *state = hk_json_string_at(item, "state", "");
    const char *role = hk_json_string_at(item, "role", NULL);

    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "title");
    hk_html_foreign(html, hk_json_string_at(item, "name", ""), HK_HTML_SHORT);
    hk_html_end(html);
    hk_html_open_class(html, "p", "row");
    hk_page_badge(html, state, hk_name(html->language, HK_NAME_USER, state));
    hk_html_open_class(html, "span", "soft");
    hk_html_text(html, hk_name(html->language, HK_NAME_ROLE, role));
    hk_html_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_people(struct hk_buf *out, const struct hk_page *base, const struct hk_json *list)
{
    const struct hk_json *items = hk_json_get(list, "items");
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_PEOPLE_TITLE);
    page.place = HK_PLACE_PEOPLE;
    hk_page_begin(&html, out, &page);
    if (items == NULL || items->count == 0) {
        hk_html_line(&html, "p", "empty", HK_WORD_PEOPLE_NONE);
    } else {
        hk_html_open_class(&html, "ul", "items");
        for (const struct hk_json *item = items->first; item != NULL; item = item->next)
            put_person(&html, item);
        hk_html_end(&html);
    }
    hk_page_next(&html, "/people?state={}&after={}", "", hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}
