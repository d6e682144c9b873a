/*
 * page_containment: what is, or may be, blocked or isolated now: since when, by whose word, until
 * when; and one of them, with what people can do about it.
 */
#include "console/pages.h"
#include "console/show.h"

#include <string.h>

static bool is_live(const char *state)
{
    return strcmp(state, "active") == 0 || strcmp(state, "drifted") == 0 ||
           strcmp(state, "unknown") == 0;
}

static void put_word_of(struct hk_html *html, const struct hk_json *containment)
{
    const struct hk_json *names = hk_json_get(containment, "names");

    hk_page_fact(html, HK_WORD_CONTAINMENT_WORD);
    if (!hk_show_all(html, names, hk_json_get(containment, "by")))
        hk_html_say(html, HK_WORD_CONTAINMENT_BY_RULE, hk_json_string_at(containment, "rule", "–"));
    if (hk_json_bool_at(containment, "by_hand", false)) {
        hk_html_text(html, " · ");
        hk_html_word(html, HK_WORD_CONTAINMENT_BY_HAND);
    }
    hk_page_fact_end(html);
}

static void put_until(struct hk_html *html, const struct hk_json *containment)
{
    int64_t expires_us = hk_show_us(containment, "expires");
    int64_t ended_us = hk_show_us(containment, "ended");

    if (ended_us != 0)
        return;
    hk_page_fact(html, HK_WORD_CONTAINMENT_UNTIL);
    if (expires_us == 0) {
        hk_html_word(html, HK_WORD_CONTAINMENT_NO_END);
    } else {
        hk_html_left(html, expires_us);
        hk_html_open(html, "br");
        hk_html_time(html, HK_TIME_MINUTES, expires_us);
    }
    hk_page_fact_end(html);
}

/* When it was last looked at: in the record (verified), or since then without anything new
 * (checked).
 */
static void put_verified(struct hk_html *html, const struct hk_json *containment)
{
    int64_t verified_us = hk_show_us(containment, "verified");
    int64_t checked_us = hk_show_us(containment, "checked");

    hk_page_fact(html, HK_WORD_CONTAINMENT_VERIFIED);
    if (verified_us == 0 && checked_us == 0)
        hk_html_word(html, HK_WORD_CONTAINMENT_NEVER_VERIFIED);
    else
        hk_html_ago(html, checked_us > verified_us ? checked_us : verified_us);
    hk_page_fact_end(html);
    if (strcmp(hk_json_string_at(containment, "state", ""), "drifted") == 0)
        hk_show_fact(
            html, HK_WORD_CONTAINMENT_FOUND, hk_json_string_at(containment, "found", NULL));
}

static void put_badges(struct hk_html *html, const struct hk_json *containment)
{
    const char *state = hk_json_string_at(containment, "state", "");

    hk_page_badge(html, state, hk_name(html->language, HK_NAME_CONTAINMENT, state));
}

static void put_facts(struct hk_html *html, const struct hk_json *containment, const char *look)
{
    hk_html_open_class(html, "dl", look);
    hk_page_fact(html, HK_WORD_CONTAINMENT_SINCE);
    hk_html_time(html, HK_TIME_MINUTES, hk_show_us(containment, "since"));
    hk_page_fact_end(html);
    put_word_of(html, containment);
    put_until(html, containment);
    put_verified(html, containment);
    hk_html_end(html);
}

static void put_hint(struct hk_html *html, const char *state)
{
    if (strcmp(state, "drifted") == 0)
        hk_html_line(html, "p", "notice problem", HK_WORD_CONTAINMENT_DRIFT_HINT);
    else if (strcmp(state, "unknown") == 0)
        hk_html_line(html, "p", "notice problem", HK_WORD_CONTAINMENT_UNKNOWN_HINT);
}

/* --- the list --- */

static void put_item(struct hk_html *html, const struct hk_json *containment)
{
    struct hk_buf sentence;

    hk_buf_init(&sentence, html->out->size_max);
    hk_show_held(&sentence, html->language, containment);
    hk_html_open(html, "li");
    hk_html_open_class(html, "p", "title row");
    hk_show_link(html, "/containments/{}", hk_json_string_at(containment, "id", ""), sentence.data);
    put_badges(html, containment);
    hk_html_end(html);
    put_facts(html, containment, "facts tight");
    hk_html_end(html);
    hk_buf_done(&sentence);
}

void hk_page_containments(struct hk_buf *out, const struct hk_page *base,
    const struct hk_json *items, const char *state, const char *next)
{
    static const char *const states[] = {"live", "released", "failed", NULL};
    bool is_now = strcmp(state, "live") == 0;
    struct hk_page page = *base;
    struct hk_html html;

    page.title =
        hk_word(base->language, is_now ? HK_WORD_CONTAINMENTS_TITLE : HK_WORD_CONTAINMENTS_ALL);
    page.place = HK_PLACE_CONTAINMENTS;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/containments?state={}", HK_NAME_CONTAINMENT, states, state);
    if (items == NULL || items->count == 0) {
        hk_html_line(&html, "p", "empty", HK_WORD_CONTAINMENT_NONE);
    } else {
        hk_html_open_class(&html, "ul", "items");
        for (const struct hk_json *item = items->first; item != NULL; item = item->next)
            put_item(&html, item);
        hk_html_end(&html);
    }
    hk_page_next(&html, "/containments?state={}&after={}", state, next);
    hk_page_end(&html, &page);
}

/* --- one --- */

static void put_release(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *containment)
{
    hk_page_section(html, "release", HK_WORD_RELEASE);
    hk_page_form(html, page, "/containments/{}/release", hk_json_string_at(containment, "id", ""));
    hk_html_line(html, "p", "hint", HK_WORD_RELEASE_HINT);
    hk_page_field(html, &(struct hk_field){.id = "release-reason",
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_RELEASE, "danger", NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_look(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *containment)
{
    hk_page_section(html, "verify", HK_WORD_VERIFY);
    hk_page_form(html, page, "/containments/{}/verify", hk_json_string_at(containment, "id", ""));
    hk_html_line(html, "p", "hint", HK_WORD_VERIFY_HINT);
    hk_page_button(html, HK_WORD_VERIFY, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_spans(struct hk_html *html)
{
    static const struct {
        const char *value;
        int64_t ms;
    } spans[] = {{"1h", 3600000}, {"4h", 4 * 3600000}, {"12h", 12 * 3600000}, {"24h", 24 * 3600000},
        {"72h", 72 * 3600000}, {"7d", 7 * 24 * 3600000LL}};
    struct hk_buf length;

    hk_html_open(html, "select");
    hk_html_attr(html, "id", "renew-for");
    hk_html_attr(html, "name", "for");
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        hk_html_open(html, "option");
        hk_html_attr(html, "value", spans[i].value);
        if (i == 1)
            hk_html_flag(html, "selected");
        hk_buf_init(&length, 256);
        hk_words_duration(&length, html->language, spans[i].ms);
        hk_html_text(html, length.data);
        hk_buf_done(&length);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_renew(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *containment)
{
    hk_page_section(html, "renew", HK_WORD_RENEW);
    hk_page_form(html, page, "/containments/{}/renew", hk_json_string_at(containment, "id", ""));
    hk_html_open_class(html, "div", "field");
    hk_html_open(html, "label");
    hk_html_attr(html, "for", "renew-for");
    hk_html_word(html, HK_WORD_RENEW_FOR);
    hk_html_end(html);
    put_spans(html);
    hk_html_end(html);
    hk_page_field(html, &(struct hk_field){.id = "renew-reason",
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_RENEW, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_history(struct hk_html *html, const struct hk_json *containment)
{
    const struct hk_json *entries = hk_json_get(containment, "entries");
    const struct hk_json *names = hk_json_get(containment, "names");

    hk_page_section(html, "history", HK_WORD_CONTAINMENT_HISTORY);
    hk_html_open_class(html, "ol", "line");
    for (const struct hk_json *entry = entries != NULL ? entries->first : NULL; entry != NULL;
         entry = entry->next) {
        hk_html_open(html, "li");
        hk_html_open(html, "p");
        hk_html_text(
            html, hk_name(html->language, HK_NAME_KIND, hk_json_string_at(entry, "kind", "")));
        hk_html_end(html);
        hk_html_open_class(html, "p", "soft");
        hk_show_who(html, names, hk_json_string_at(entry, "actor", NULL));
        hk_html_text(html, " · ");
        hk_html_time(html, HK_TIME_SECONDS, hk_show_us(entry, "time"));
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

static void put_details(struct hk_html *html, const struct hk_json *containment)
{
    hk_html_open_class(html, "div", "panel");
    put_facts(html, containment, "facts");
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact_time(html, HK_WORD_RUN_ENDED, hk_show_us(containment, "ended"));
    hk_show_fact(
        html, HK_WORD_CONTAINMENT_RESIDUAL, hk_json_string_at(containment, "residual", NULL));
    hk_show_fact_code(html, HK_WORD_CONTAINMENT_UNDO, hk_json_string_at(containment, "undo", NULL));
    hk_show_fact_code(
        html, HK_WORD_DECIDE_EFFECT_PLUGIN, hk_json_string_at(containment, "action", NULL));
    hk_show_fact(html, HK_WORD_REASON, hk_json_string_at(containment, "reason", NULL));
    hk_show_fact_link(html, HK_WORD_STEP_APPROVAL, "/approvals/{}",
        hk_json_string_at(containment, "gate", NULL), NULL);
    hk_show_fact_link(
        html, HK_WORD_NAV_RUNS, "/runs/{}", hk_json_string_at(containment, "run", NULL), NULL);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_containment(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *containment, bool may_act)
{
    const char *state = hk_json_string_at(containment, "state", "");
    struct hk_page page = *base;
    struct hk_buf title;
    struct hk_html html;

    hk_buf_init(&title, out->size_max);
    hk_show_held(&title, base->language, containment);
    page.title = title.data != NULL ? title.data : "";
    page.place = HK_PLACE_CONTAINMENTS;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, containment);
    hk_html_open_class(&html, "p", "row");
    put_badges(&html, containment);
    hk_html_end(&html);
    put_hint(&html, state);
    put_details(&html, containment);
    if (may_act && is_live(state)) {
        if (hk_json_bool_at(containment, "can_verify", true))
            put_look(&html, &page, containment);
        put_release(&html, &page, containment);
        if (strcmp(state, "active") == 0 && hk_show_us(containment, "expires") != 0)
            put_renew(&html, &page, containment);
    }
    put_history(&html, containment);
    hk_show_ledger_link(&html, hk_json_string_at(containment, "id", ""));
    hk_page_end(&html, &page);
    hk_buf_done(&title);
}
