/*
 * page_approval: what a person decides on, in this order: one sentence; why; what it touches; how
 * it is undone and what stays; what happens without an answer; the decision.
 */
#include "console/approval_forms.h"
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_question(const struct hk_json *approval)
{
    return strcmp(hk_json_string_at(approval, "kind", ""), "question") == 0;
}

/* --- the top --- */

static void put_state(struct hk_html *html, const struct hk_json *approval)
{
    const char *state = hk_json_string_at(approval, "state", "");
    int64_t expires_us = hk_show_us(approval, "expires");

    hk_html_open_class(html, "div", "row");
    hk_page_severity(html, hk_json_string_at(approval, "severity", NULL));
    hk_page_badge(html, state, hk_name(html->language, HK_NAME_APPROVAL, state));
    if (strcmp(state, "pending") == 0) {
        hk_html_open_class(html, "span", "deadline");
        hk_html_left(html, expires_us);
        hk_html_end(html);
    }
    hk_html_end(html);
}

/* The plugin's own sentence is what the digest covers. */
static void put_own_words(struct hk_html *html, const struct hk_json *approval)
{
    const char *plugin = hk_json_string_at(approval, "shown.plugin.name", NULL);
    const char *summary = hk_json_string_at(approval, "summary", "");

    if (plugin == NULL || summary[0] == '\0')
        return;
    hk_html_open_class(html, "p", "soft");
    hk_html_say(html, HK_WORD_DECIDE_PLUGIN_SAYS, plugin);
    hk_html_text(html, " ");
    hk_html_open(html, "q");
    hk_html_attr(html, "lang", "en");
    hk_html_foreign(html, summary, HK_HTML_SHORT * 4);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_top(struct hk_html *html, const struct hk_json *approval)
{
    put_state(html, approval);
    put_own_words(html, approval);
    if (strcmp(hk_json_string_at(approval, "state", ""), "pending") != 0)
        return;
    hk_html_open_class(html, "p", "row");
    hk_html_open(html, "a");
    hk_html_url(html, "href", "#decide");
    hk_html_word(html, HK_WORD_DECIDE_JUMP);
    hk_html_end(html);
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/approvals/{}", hk_json_string_at(approval, "id", ""));
    hk_html_word(html, HK_WORD_RELOAD);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- why --- */

/* One piece of evidence: a text, a link that the playbook gave, or what was found. */
static void put_evidence(struct hk_html *html, const struct hk_json *item)
{
    const char *text = hk_json_string_at(item, "text", NULL);
    const char *link = hk_json_string_at(item, "link", NULL);

    if (text == NULL || link == NULL) {
        hk_show_tree(html, item);
        return;
    }
    hk_html_foreign(html, text, HK_HTML_SHORT * 4);
    hk_html_text(html, " ");
    hk_html_open(html, "a");
    if (!hk_html_outside(html, link))
        hk_html_attr(html, "aria-disabled", "true"); /* shown, but it leads nowhere */
    hk_html_code(html, link, HK_HTML_SHORT);
    hk_html_end(html);
}

static void put_because(struct hk_html *html, const struct hk_json *because)
{
    if (because == NULL || (because->type == HK_JSON_ARRAY && because->count == 0)) {
        hk_html_line(html, "p", "soft", HK_WORD_DECIDE_NO_EVIDENCE);
        return;
    }
    if (because->type != HK_JSON_ARRAY) {
        hk_show_tree(html, because);
        return;
    }
    hk_html_open_class(html, "ul", "evidence");
    unsigned count = 0;
    for (const struct hk_json *item = because->first; item != NULL && count < 20;
         item = item->next, count++) {
        hk_html_open(html, "li");
        put_evidence(html, item);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_why(struct hk_html *html, const struct hk_page_approval *what)
{
    const struct hk_json *shown = hk_json_get(what->approval, "shown");
    const char *case_id = hk_json_string_at(what->alert, "case", NULL);

    hk_page_section(html, "why", HK_WORD_DECIDE_WHY);
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact_link(html, HK_WORD_DECIDE_ALERT, "/alerts/{}",
        hk_json_string_at(shown, "alert", NULL), hk_json_string_at(shown, "title", NULL));
    hk_page_fact(html, HK_WORD_DECIDE_EVIDENCE);
    put_because(html, hk_json_get(shown, "because"));
    hk_page_fact_end(html);
    hk_page_fact(html, HK_WORD_DECIDE_RUN);
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/runs/{}", hk_json_string_at(what->approval, "run", ""));
    hk_html_say(html, HK_WORD_DECIDE_RUN_LINK, hk_json_string_at(shown, "playbook.name", "–"));
    hk_html_end(html);
    hk_page_fact_end(html);
    hk_show_fact_link(html, HK_WORD_DECIDE_CASE, "/cases/{}", case_id,
        hk_word(html->language, HK_WORD_DECIDE_CASE_LINK));
    hk_html_end(html);
    hk_html_end(html);
}

/* --- what it touches --- */

static void put_lists(struct hk_html *html, const struct hk_json *about)
{
    const struct hk_json *lists = hk_json_get(about, "lists");
    bool is_first = true;

    hk_page_fact(html, HK_WORD_DECIDE_LISTS);
    for (const struct hk_json *list = lists != NULL ? lists->first : NULL; list != NULL;
         list = list->next) {
        const char *name = hk_json_string_at(list, "name", "");
        if (!is_first)
            hk_html_text(html, html->language == HK_LANGUAGE_JA ? "、" : ", ");
        if (strcmp(hk_json_string_at(list, "covers", ""), "part") == 0)
            hk_html_say(html, HK_WORD_DECIDE_LIST_PART, name);
        else
            hk_html_foreign(html, name, HK_HTML_SHORT);
        is_first = false;
    }
    if (is_first)
        hk_html_word(html, HK_WORD_DECIDE_NO_LISTS);
    hk_page_fact_end(html);
}

static void put_protection(struct hk_html *html, const struct hk_json *about)
{
    const struct hk_json *protections = hk_json_get(about, "protected");

    hk_page_fact(html, HK_WORD_DECIDE_PROTECTED);
    if (protections == NULL || protections->count == 0)
        hk_html_word(html, HK_WORD_DECIDE_NOT_PROTECTED);
    for (const struct hk_json *item = protections != NULL ? protections->first : NULL; item != NULL;
         item = item->next) {
        bool asks = strcmp(hk_json_string_at(item, "mode", ""), "ask") == 0;
        hk_html_open_class(html, "p", asks ? NULL : "urgent");
        hk_html_say(html, asks ? HK_WORD_DECIDE_PROTECTED_ASK : HK_WORD_DECIDE_PROTECTED_NEVER,
            hk_json_string_at(item, "reason", "–"));
        hk_html_end(html);
    }
    hk_page_fact_end(html);
}

static void put_affected(struct hk_html *html, const struct hk_json *view)
{
    static const char *const paths[] = {
        "device.host", "device.ip", "device.os", "user.name", "user.mail", "dst.host", "dst.ip"};
    bool is_first = true;

    hk_page_fact(html, HK_WORD_DECIDE_AFFECTED);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *text = hk_json_string_at(view, paths[i], NULL);
        if (text == NULL || text[0] == '\0')
            continue;
        if (!is_first)
            hk_html_text(html, html->language == HK_LANGUAGE_JA ? "、" : ", ");
        hk_html_foreign(html, text, HK_HTML_SHORT);
        is_first = false;
    }
    if (is_first)
        hk_html_word(html, HK_WORD_DECIDE_AFFECTED_NONE);
    hk_page_fact_end(html);
}

static void put_target(struct hk_html *html, const struct hk_page_approval *what)
{
    int64_t addresses = hk_json_i64_at(what->about, "addresses", 0);

    hk_page_fact(html, HK_WORD_DECIDE_TARGET);
    hk_html_code(html, hk_json_string_at(what->approval, "target", ""), HK_HTML_SHORT * 4);
    if (addresses > 1) {
        hk_html_text(html, " ");
        hk_html_count(html, HK_WORD_DECIDE_ADDRESSES, addresses);
    }
    hk_page_fact_end(html);
}

static void put_blast(struct hk_html *html, const struct hk_page_approval *what)
{
    const struct hk_json *shown = hk_json_get(what->approval, "shown");
    const char *role = hk_json_string_at(what->approval, "role", "approver");
    struct hk_buf people;

    hk_page_section(html, "blast", HK_WORD_DECIDE_BLAST);
    hk_html_open_class(html, "dl", "facts");
    put_target(html, what);
    if (what->about != NULL) {
        put_lists(html, what->about);
        put_protection(html, what->about);
    }
    put_affected(html, hk_json_get(what->alert, "view"));
    hk_show_fact(html, HK_WORD_DECIDE_RULE, hk_json_string_at(shown, "rule", NULL));
    hk_page_fact(html, HK_WORD_DECIDE_WHO);
    hk_buf_init(&people, 256);
    hk_words_count(
        &people, html->language, HK_WORD_PERSONS, hk_json_i64_at(what->approval, "quorum", 1));
    hk_html_say(html, HK_WORD_DECIDE_WHO_ROLE, hk_name(html->language, HK_NAME_ROLE, role),
        people.data != NULL ? people.data : "");
    hk_buf_done(&people);
    hk_page_fact_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- how it is undone --- */

static void put_undo(struct hk_html *html, const struct hk_json *shown)
{
    const char *undo = hk_json_string_at(shown, "undo", NULL);
    const char *residual = hk_json_string_at(shown, "residual", "");
    int64_t lease_ms = hk_json_i64_at(shown, "lease_ms", 0);
    struct hk_buf length;

    hk_page_section(html, "undo", HK_WORD_DECIDE_UNDO);
    if (undo == NULL) {
        hk_html_line(html, "p", "urgent", HK_WORD_DECIDE_NO_UNDO);
    } else if (lease_ms > 0) {
        hk_buf_init(&length, 256);
        hk_words_duration(&length, html->language, lease_ms);
        hk_html_open(html, "p");
        hk_html_say(html, HK_WORD_DECIDE_ENDS, length.data != NULL ? length.data : "");
        if (html->language != HK_LANGUAGE_JA)
            hk_html_text(html, " ");
        hk_html_word(html, HK_WORD_DECIDE_EARLIER);
        hk_html_end(html);
        hk_buf_done(&length);
    }
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact_code(html, HK_WORD_DECIDE_UNDO_BY, undo);
    hk_page_fact(html, HK_WORD_DECIDE_STAYS);
    if (residual[0] == '\0') {
        hk_html_word(html, HK_WORD_DECIDE_STAYS_NONE);
    } else {
        hk_html_open(html, "span");
        hk_html_attr(html, "lang", "en");
        hk_html_foreign(html, residual, HK_HTML_SHORT * 8);
        hk_html_end(html);
    }
    hk_page_fact_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- without an answer --- */

static void put_silence(struct hk_html *html, const struct hk_json *approval)
{
    const struct hk_json *otherwise = hk_json_get(approval, "otherwise");
    int64_t expires_us = hk_show_us(approval, "expires");
    struct hk_buf text;

    hk_page_section(html, "silence", HK_WORD_DECIDE_SILENCE);
    hk_html_open(html, "p");
    if (!is_question(approval)) {
        hk_html_word(html, HK_WORD_DECIDE_NOTHING_DONE);
    } else if (otherwise == NULL || otherwise->type == HK_JSON_NULL) {
        hk_html_word(html, HK_WORD_DECIDE_FAILS);
    } else {
        hk_buf_init(&text, html->out->size_max);
        if (hk_json_string(otherwise) != NULL)
            hk_buf_append_text(&text, hk_json_string(otherwise));
        else
            hk_json_canonical(otherwise, &text);
        hk_html_say(html, HK_WORD_DECIDE_OTHERWISE, text.data != NULL ? text.data : "");
        hk_buf_done(&text);
    }
    hk_html_end(html);
    if (strcmp(hk_json_string_at(approval, "state", ""), "pending") == 0) {
        hk_html_open_class(html, "p", "deadline");
        hk_html_left(html, expires_us);
        hk_html_end(html);
    }
    hk_html_open_class(html, "p", "soft");
    hk_buf_init(&text, 256);
    hk_words_time(&text, html->language, html->zone_minutes, HK_TIME_MINUTES, expires_us);
    hk_html_say(html, HK_WORD_DECIDE_UNTIL, text.data != NULL ? text.data : "");
    hk_buf_done(&text);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- exactly --- */

static void put_exactly(struct hk_html *html, const struct hk_json *approval)
{
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_DECIDE_EXACTLY);
    hk_html_open(html, "div");
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact_code(html, HK_WORD_DECIDE_DIGEST, hk_json_string_at(approval, "digest", NULL));
    hk_html_end(html);
    hk_show_pretty(html, hk_json_get(approval, "shown"));
    hk_show_ledger_link(html, hk_json_string_at(approval, "id", ""));
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_approval(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_approval *what)
{
    const struct hk_json *approval = what->approval;
    const struct hk_json *shown = hk_json_get(approval, "shown");
    struct hk_page page = *base;
    struct hk_buf title;
    struct hk_html html;

    hk_buf_init(&title, out->size_max);
    hk_show_sentence(&title, base->language, shown, hk_json_string_at(approval, "summary", ""));
    page.title = title.data != NULL ? title.data : "";
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, approval);
    put_top(&html, approval);
    hk_approval_stale(&html, what);
    put_why(&html, what);
    if (!is_question(approval)) {
        put_blast(&html, what);
        put_undo(&html, shown);
    }
    put_silence(&html, approval);
    hk_approval_decide(&html, &page, what);
    hk_approval_said(&html, approval);
    put_exactly(&html, approval);
    hk_page_end(&html, &page);
    hk_buf_done(&title);
}

/* --- the list --- */

void hk_page_approvals(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {
        "pending", "approved", "rejected", "expired", "void", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_DECIDE_LIST);
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/approvals?state={}", HK_NAME_APPROVAL, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_approval, HK_WORD_DECIDE_NONE);
    hk_page_next(
        &html, "/approvals?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}
