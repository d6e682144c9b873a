/*
 * lists: see lists.h. An item is its title, which is the link, and under it what it is and when.
 */
#include "console/lists.h"

#include "console/show.h"

#include <string.h>

static void begin(struct hk_html *html, const char *path, const char *id, const char *title)
{
    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "title");
    hk_show_link(html, path, id, title);
    hk_html_end(html);
    hk_html_open_class(html, "p", "row");
}

static void put_soft_time(struct hk_html *html, int64_t time_us)
{
    hk_html_open_class(html, "span", "soft");
    hk_html_time(html, HK_TIME_MINUTES, time_us);
    hk_html_end(html);
}

static void put_soft(struct hk_html *html, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    hk_html_open_class(html, "span", "soft");
    hk_html_foreign(html, text, HK_HTML_SHORT);
    hk_html_end(html);
}

static void end(struct hk_html *html)
{
    hk_html_end(html);
    hk_html_end(html);
}

static void put_state(struct hk_html *html, enum hk_name_group group, const struct hk_json *item)
{
    const char *state = hk_json_string_at(item, "state", NULL);

    if (state != NULL)
        hk_page_badge(html, state, hk_name(html->language, group, state));
}

static void put_votes(struct hk_html *html, const struct hk_json *item)
{
    struct hk_buf votes;
    struct hk_buf quorum;

    if (hk_json_i64_at(item, "quorum", 1) < 2)
        return;
    hk_buf_init(&votes, 32);
    hk_buf_init(&quorum, 32);
    hk_buf_appendf(&votes, "%lld", (long long)hk_json_i64_at(item, "votes", 0));
    hk_buf_appendf(&quorum, "%lld", (long long)hk_json_i64_at(item, "quorum", 1));
    hk_html_open_class(html, "span", "soft");
    hk_html_say(html, HK_WORD_VOTES, votes.data != NULL ? votes.data : "",
        quorum.data != NULL ? quorum.data : "");
    hk_html_end(html);
    hk_buf_done(&votes);
    hk_buf_done(&quorum);
}

void hk_list_approval(struct hk_html *html, const struct hk_json *item)
{
    bool is_pending = strcmp(hk_json_string_at(item, "state", ""), "pending") == 0;
    struct hk_buf sentence;

    hk_buf_init(&sentence, html->out->size_max);
    hk_show_sentence(&sentence, html->language, item, hk_json_string_at(item, "summary", ""));
    begin(html, "/approvals/{}", hk_json_string_at(item, "id", ""), sentence.data);
    hk_buf_done(&sentence);
    hk_page_severity(html, hk_json_string_at(item, "severity", NULL));
    if (!is_pending) {
        put_state(html, HK_NAME_APPROVAL, item);
        put_soft_time(html, hk_show_us(item, "opened"));
    } else {
        hk_html_open_class(html, "span", "left");
        hk_html_left(html, hk_show_us(item, "expires"));
        hk_html_end(html);
        put_votes(html, item);
    }
    end(html);
}

void hk_list_alert(struct hk_html *html, const struct hk_json *item)
{
    begin(html, "/alerts/{}", hk_json_string_at(item, "id", ""),
        hk_json_string_at(item, "title", "–"));
    hk_page_severity(html, hk_json_string_at(item, "severity", NULL));
    put_state(html, HK_NAME_ALERT, item);
    put_soft(
        html, hk_name(html->language, HK_NAME_CATEGORY, hk_json_string_at(item, "category", NULL)));
    put_soft(html, hk_json_string_at(item, "product", NULL));
    put_soft_time(html, hk_show_us(item, "received"));
    end(html);
}

void hk_list_run(struct hk_html *html, const struct hk_json *item)
{
    begin(html, "/runs/{}", hk_json_string_at(item, "id", ""),
        hk_json_string_at(item, "playbook", "–"));
    put_state(html, HK_NAME_RUN, item);
    if (hk_json_bool_at(item, "shadow", false))
        put_soft(html, hk_word(html->language, HK_WORD_RUN_SHADOW));
    if (hk_show_us(item, "started") != 0)
        put_soft_time(html, hk_show_us(item, "started"));
    put_soft(html, hk_json_string_at(item, "reason", NULL));
    if (hk_json_string_at(item, "continued_as", NULL) != NULL)
        put_soft(html, hk_word(html->language, HK_WORD_RUN_GOES_ON));
    end(html);
}

void hk_list_task(struct hk_html *html, const struct hk_json *item)
{
    int64_t due_us = hk_show_us(item, "due");

    begin(html, "/tasks/{}", hk_json_string_at(item, "id", ""),
        hk_json_string_at(item, "title", "–"));
    hk_page_severity(html, hk_json_string_at(item, "severity", NULL));
    put_state(html, HK_NAME_TASK, item);
    if (due_us != 0) {
        hk_html_open_class(html, "span", "left");
        hk_html_left(html, due_us);
        hk_html_end(html);
    } else {
        put_soft_time(html, hk_show_us(item, "opened"));
    }
    end(html);
}

void hk_list_case(struct hk_html *html, const struct hk_json *item)
{
    begin(html, "/cases/{}", hk_json_string_at(item, "id", ""),
        hk_json_string_at(item, "title", "–"));
    hk_page_severity(html, hk_json_string_at(item, "severity", NULL));
    put_state(html, HK_NAME_CASE, item);
    put_soft(html, hk_name(html->language, HK_NAME_PHASE, hk_json_string_at(item, "phase", NULL)));
    put_soft(html, hk_json_string_at(item, "assignee", NULL));
    if (hk_json_get(item, "alert_count") != NULL) {
        hk_html_open_class(html, "span", "soft");
        hk_html_count(html, HK_WORD_ALERTS, hk_json_i64_at(item, "alert_count", 0));
        hk_html_end(html);
    }
    put_soft_time(html, hk_show_us(item, "opened"));
    end(html);
}

void hk_list_containment(struct hk_html *html, const struct hk_json *item)
{
    int64_t expires_us = hk_show_us(item, "expires");
    struct hk_buf sentence;

    hk_buf_init(&sentence, html->out->size_max);
    hk_show_held(&sentence, html->language, item);
    begin(html, "/containments/{}", hk_json_string_at(item, "id", ""), sentence.data);
    hk_buf_done(&sentence);
    put_state(html, HK_NAME_CONTAINMENT, item);
    if (expires_us != 0 && hk_show_us(item, "ended") == 0) {
        hk_html_open_class(html, "span", "left");
        hk_html_left(html, expires_us);
        hk_html_end(html);
    }
    end(html);
}

void hk_list_items(
    struct hk_html *html, const struct hk_json *items, hk_list_fn *put_item, enum hk_word empty)
{
    if (items == NULL || items->count == 0) {
        hk_html_line(html, "p", "empty", empty);
        return;
    }
    hk_html_open_class(html, "ul", "items");
    for (const struct hk_json *item = items->first; item != NULL; item = item->next)
        put_item(html, item);
    hk_html_end(html);
}
