/*
 * page_search: what was asked for, and what was found.
 */
#include "console/pages.h"
#include "console/show.h"

#include <string.h>

static void put_form(struct hk_html *html, const char *query)
{
    hk_html_open_class(html, "form", "panel");
    hk_html_attr(html, "method", "get");
    hk_html_attr(html, "role", "search");
    hk_html_url(html, "action", "/search");
    hk_page_field(html, &(struct hk_field){.id = "q",
                            .name = "q",
                            .label = HK_WORD_SEARCH_LABEL,
                            .hint = HK_WORD_SEARCH_HINT,
                            .value = query,
                            .size_max = 1024});
    hk_page_button(html, HK_WORD_SEARCH_FIND, "main", NULL, NULL);
    hk_html_end(html);
}

static void put_state(struct hk_html *html, const char *kind, const char *state)
{
    static const struct {
        const char *kind;
        enum hk_name_group group;
    } groups[] = {{"alert", HK_NAME_ALERT}, {"run", HK_NAME_RUN}, {"approval", HK_NAME_APPROVAL},
        {"containment", HK_NAME_CONTAINMENT}, {"case", HK_NAME_CASE}, {"task", HK_NAME_TASK},
        {"gap", HK_NAME_GAP}};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (state != NULL && strcmp(groups[i].kind, kind) == 0)
            hk_page_badge(html, state, hk_name(html->language, groups[i].group, state));
}

static void put_item(struct hk_html *html, const struct hk_json *item)
{
    const char *id = hk_json_string_at(item, "id", "");
    const char *title = hk_json_string_at(item, "title", "–");
    const char *text = hk_json_string_at(item, "text", NULL);
    const char *path = hk_show_path_of(id);

    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "title");
    if (path != NULL)
        hk_show_link(html, path, id, title);
    else
        hk_html_foreign(html, title, HK_HTML_SHORT);
    hk_html_end(html);
    if (text != NULL) {
        hk_html_open(html, "p");
        hk_html_foreign(html, text, HK_HTML_SHORT * 2);
        hk_html_end(html);
    }
    hk_html_open_class(html, "p", "row");
    hk_page_severity(html, hk_json_string_at(item, "severity", NULL));
    put_state(html, hk_json_string_at(item, "kind", ""), hk_json_string_at(item, "state", NULL));
    hk_html_open_class(html, "span", "soft");
    hk_html_text(html, hk_name(html->language, HK_NAME_KIND, hk_json_string_at(item, "entry", "")));
    hk_html_end(html);
    hk_html_open_class(html, "span", "soft");
    hk_html_time(html, HK_TIME_MINUTES, hk_show_us(item, "time"));
    hk_html_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_found(struct hk_html *html, const struct hk_page_search *what)
{
    const struct hk_json *items = hk_json_get(what->found, "items");
    const struct hk_json *next = hk_json_get(what->found, "next");
    int64_t behind = hk_json_i64_at(what->found, "behind", 0);
    bool is_cut = hk_json_bool_at(what->found, "is_cut", false);

    if (behind > 0) {
        hk_html_open_class(html, "p", "soft");
        hk_html_count(html, HK_WORD_SEARCH_BEHIND, behind);
        hk_html_end(html);
    }
    if (items != NULL && items->count > 0) {
        hk_html_open_class(html, "ul", "items");
        for (const struct hk_json *item = items->first; item != NULL; item = item->next)
            put_item(html, item);
        hk_html_end(html);
    } else if (!is_cut) {
        hk_html_line(html, "p", "empty", HK_WORD_SEARCH_NONE);
    }
    if (is_cut)
        hk_html_line(html, "p", "soft", HK_WORD_SEARCH_CUT);
    hk_page_next(html, "/search?q={}&after={}", what->query,
        next != NULL && next->type == HK_JSON_NUMBER ? next->text : NULL);
}

void hk_page_search(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_search *what)
{
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_SEARCH_TITLE);
    page.place = HK_PLACE_SEARCH;
    hk_page_begin(&html, out, &page);
    put_form(&html, what->query);
    if (what->found != NULL)
        put_found(&html, what);
    hk_page_end(&html, &page);
}
