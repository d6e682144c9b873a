/*
 * page_alert: alerts as a list, and one of them: what it says, what was done about it, as it came.
 */
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <stdio.h>
#include <string.h>

void hk_page_alerts(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {"new", "routed", "closed", "merged", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_ALERTS_TITLE);
    page.place = HK_PLACE_ALERTS;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/alerts?state={}", HK_NAME_ALERT, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_alert, HK_WORD_ALERT_NONE);
    hk_page_next(&html, "/alerts?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}

/* --- one --- */

/* Several members of one thing in a line: "203.0.113.66, port 22, gate-1". */
static void put_end(struct hk_html *html, enum hk_word label, const struct hk_json *end)
{
    bool is_first = true;

    if (end == NULL || end->type != HK_JSON_OBJECT || end->count == 0)
        return;
    hk_page_fact(html, label);
    for (const struct hk_json *item = end->first; item != NULL; item = item->next) {
        if (!is_first)
            hk_html_text(html, " · ");
        hk_html_open_class(html, "span", "key");
        hk_html_foreign(html, item->key, HK_HTML_SHORT);
        hk_html_end(html);
        hk_html_text(html, " ");
        hk_show_value(html, item, HK_HTML_SHORT * 4);
        is_first = false;
    }
    hk_page_fact_end(html);
}

static void put_value(struct hk_html *html, enum hk_word label, const struct hk_json *value)
{
    if (value == NULL || value->type == HK_JSON_NULL)
        return;
    hk_page_fact(html, label);
    hk_show_tree(html, value);
    hk_page_fact_end(html);
}

static void put_about(struct hk_html *html, const struct hk_json *alert)
{
    const struct hk_json *view = hk_json_get(alert, "view");
    const char *case_id = hk_json_string_at(alert, "case", NULL);
    const char *note = hk_json_string_at(alert, "note", NULL);

    hk_page_section(html, "about", HK_WORD_ALERT_ABOUT);
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact(html, HK_WORD_ALERT_CATEGORY,
        hk_name(html->language, HK_NAME_CATEGORY, hk_json_string_at(alert, "category", NULL)));
    put_end(html, HK_WORD_ALERT_SRC, hk_json_get(view, "src"));
    put_end(html, HK_WORD_ALERT_DST, hk_json_get(view, "dst"));
    put_end(html, HK_WORD_ALERT_DEVICE, hk_json_get(view, "device"));
    put_end(html, HK_WORD_ALERT_USER, hk_json_get(view, "user"));
    put_end(html, HK_WORD_ALERT_FILE, hk_json_get(view, "file"));
    hk_show_fact_code(html, HK_WORD_ALERT_URL, hk_json_string_at(view, "url", NULL));
    put_value(html, HK_WORD_ALERT_PROCESS, hk_json_get(view, "process"));
    put_value(html, HK_WORD_ALERT_TECHNIQUE, hk_json_get(view, "technique"));
    hk_show_fact(html, HK_WORD_ALERT_PRODUCT, hk_json_string_at(alert, "product", NULL));
    hk_show_fact(html, HK_WORD_ALERT_SOURCE, hk_json_string_at(alert, "source", NULL));
    hk_show_fact_time(html, HK_WORD_ALERT_EVENT, hk_show_us(alert, "time"));
    hk_show_fact_time(html, HK_WORD_ALERT_RECEIVED, hk_show_us(alert, "received"));
    hk_show_fact_time(html, HK_WORD_ALERT_SEEN, hk_show_us(alert, "seen"));
    hk_show_fact_link(html, HK_WORD_ALERT_INTO, "/alerts/{}",
        hk_json_string_at(alert, "duplicate_of", NULL), NULL);
    if (hk_json_i64_at(alert, "merged", 0) > 0) {
        hk_page_fact(html, HK_WORD_ALERT_DUPLICATES);
        hk_html_count(html, HK_WORD_ALERTS, hk_json_i64_at(alert, "merged", 0));
        hk_page_fact_end(html);
    }
    hk_show_fact(html, HK_WORD_ALERT_VERDICT,
        hk_name(html->language, HK_NAME_VERDICT, hk_json_string_at(alert, "verdict", NULL)));
    hk_show_fact(html, HK_WORD_REASON, note);
    hk_show_fact_link(html, HK_WORD_ALERT_CASE, "/cases/{}", case_id,
        hk_word(html->language, HK_WORD_DECIDE_CASE_LINK));
    hk_html_end(html);
    hk_html_end(html);
}

static void put_runs(struct hk_html *html, const struct hk_json *runs)
{
    hk_page_section(html, "runs", HK_WORD_ALERT_RUNS);
    hk_list_items(html, runs, hk_list_run, HK_WORD_ALERT_NO_RUNS);
    hk_html_end(html);
}

static void put_raw(struct hk_html *html, const struct hk_json *alert)
{
    const char *raw = hk_json_string_at(alert, "raw", NULL);
    char size[24];

    if (raw == NULL)
        return;
    (void)snprintf(size, sizeof(size), "%zu", strlen(raw));
    hk_html_open(html, "details");
    hk_html_open(html, "summary");
    hk_html_word(html, HK_WORD_ALERT_RAW);
    hk_html_text(html, " (");
    hk_html_say(html, HK_WORD_ALERT_RAW_SIZE, size);
    hk_html_text(html, ")");
    hk_html_end(html);
    hk_html_open(html, "pre");
    hk_html_attr(html, "dir", "ltr");
    hk_html_attr(html, "tabindex", "0");
    hk_html_cut(html, raw, HK_HTML_LONG);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_alert(struct hk_buf *out, const struct hk_page *base, const struct hk_json *alert)
{
    const char *state = hk_json_string_at(alert, "state", "");
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_json_string_at(alert, "title", "–");
    page.place = HK_PLACE_ALERTS;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, alert);
    hk_html_open_class(&html, "p", "row");
    hk_page_severity(&html, hk_json_string_at(alert, "severity", NULL));
    hk_page_badge(&html, state, hk_name(html.language, HK_NAME_ALERT, state));
    hk_html_end(&html);
    if (strcmp(hk_json_string_at(alert, "form", ""), "unmapped") == 0)
        hk_html_line(&html, "p", "notice", HK_WORD_ALERT_UNMAPPED);
    put_about(&html, alert);
    put_runs(&html, hk_json_get(alert, "runs"));
    put_raw(&html, alert);
    hk_show_ledger_link(&html, hk_json_string_at(alert, "id", ""));
    hk_page_end(&html, &page);
}
