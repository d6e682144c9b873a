/*
 * approval_forms: see approval_forms.h.
 *
 * Every form that changes anything carries the digest that is shown, so what is decided is what was
 * seen. The names of the narrowing's fields say how their values are read: "text.ip" is a text,
 * "number.limit" a number, "lines.hosts" a list with one item a line.
 */
#include "console/approval_forms.h"

#include "base/ip.h"
#include "console/show.h"

#include <stdio.h>
#include <string.h>

enum { ARGS_MAX = 24, CHOICES_MAX = 50, PEOPLE_MAX = 200 };

static const char *id_of(const struct hk_json *approval)
{
    return hk_json_string_at(approval, "id", "");
}

static bool is_question(const struct hk_json *approval)
{
    return strcmp(hk_json_string_at(approval, "kind", ""), "question") == 0;
}

static void begin_form(struct hk_html *html, const struct hk_page *page,
    const struct hk_json *approval, const char *path)
{
    hk_page_form(html, page, path, id_of(approval));
    hk_page_hidden(html, "digest", hk_json_string_at(approval, "digest", ""));
}

/* --- what changed --- */

static void put_revision(struct hk_html *html, enum hk_word label, const struct hk_json *revision)
{
    struct hk_buf length;

    hk_page_fact(html, label);
    hk_html_open(html, "p");
    hk_html_foreign(html, hk_json_string_at(revision, "summary", ""), HK_HTML_SHORT * 4);
    hk_html_end(html);
    hk_show_tree(html, hk_json_get(revision, "args"));
    hk_buf_init(&length, 256);
    hk_words_duration(&length, html->language, hk_json_i64_at(revision, "lease_ms", 0));
    hk_html_open_class(html, "p", "soft");
    hk_html_word(html, HK_WORD_NARROW_LEASE);
    hk_html_text(html, " ");
    hk_html_text(html, length.data);
    hk_html_end(html);
    hk_buf_done(&length);
    hk_page_fact_end(html);
}

void hk_approval_stale(struct hk_html *html, const struct hk_page_approval *what)
{
    const struct hk_json *revisions = hk_json_get(what->approval, "revisions");
    const struct hk_json *seen = NULL;
    const struct hk_json *now = NULL;

    if (what->stale == NULL)
        return;
    for (const struct hk_json *item = revisions != NULL ? revisions->first : NULL; item != NULL;
         item = item->next) {
        if (strcmp(hk_json_string_at(item, "digest", ""), what->stale) == 0)
            seen = item;
        now = item;
    }
    hk_html_open_class(html, "div", "notice problem");
    hk_html_attr(html, "role", "alert");
    hk_html_line(html, "p", NULL, HK_WORD_STALE);
    if (seen != NULL && now != NULL && seen != now) {
        hk_html_open_class(html, "dl", "facts");
        put_revision(html, HK_WORD_STALE_FROM, seen);
        put_revision(html, HK_WORD_STALE_TO, now);
        hk_html_end(html);
    }
    hk_html_end(html);
}

/* --- deciding --- */

static void put_choices(struct hk_html *html, const struct hk_json *choices)
{
    unsigned count = 0;

    if (choices == NULL || choices->type != HK_JSON_ARRAY)
        return;
    hk_html_open(html, "fieldset");
    hk_html_line(html, "legend", NULL, HK_WORD_DECIDE_CHOICE);
    for (const struct hk_json *item = choices->first; item != NULL && count < CHOICES_MAX;
         item = item->next, count++) {
        if (hk_json_string(item) == NULL)
            continue;
        hk_html_open_class(html, "label", "choice");
        hk_html_open(html, "input");
        hk_html_attr(html, "type", "radio");
        hk_html_attr(html, "name", "choice");
        hk_html_attr(html, "value", item->text);
        hk_html_foreign(html, item->text, HK_HTML_SHORT * 2);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_decision(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_approval *what)
{
    bool asks = is_question(what->approval);

    begin_form(html, page, what->approval, "/approvals/{}/decide");
    if (asks)
        put_choices(html, hk_json_get(what->approval, "choices"));
    hk_page_field(html, &(struct hk_field){.id = "reason",
                            .name = "reason",
                            .type = "textarea",
                            .label = HK_WORD_DECIDE_REASON,
                            .hint = HK_WORD_DECIDE_REASON_HINT,
                            .size_max = 1000});
    if (what->needs_code)
        hk_html_line(html, "p", "hint", HK_WORD_DECIDE_CODE);
    hk_html_open_class(html, "div", "row buttons");
    hk_page_button(html, asks ? HK_WORD_ANSWER : HK_WORD_APPROVE, "main", "decision", "approve");
    hk_page_button(html, asks ? HK_WORD_DECLINE : HK_WORD_REJECT, "danger", "decision", "reject");
    hk_html_end(html);
    hk_html_end(html);
}

/* --- narrowing --- */

static bool is_range(const char *text)
{
    struct hk_ip_range range;

    return hk_ip_range_parse(text, &range, NULL) == HK_OK && range.prefix < 128;
}

/* Is it the name of a number that may be lowered? */
static bool is_among(const struct hk_json *lowers, const char *name)
{
    for (const struct hk_json *item = lowers != NULL ? lowers->first : NULL; item != NULL;
         item = item->next)
        if (hk_json_string(item) != NULL && strcmp(hk_json_string(item), name) == 0)
            return true;
    return false;
}

static bool is_texts(const struct hk_json *value)
{
    return value->count > 1 && hk_json_is_texts(value);
}

static void put_label(struct hk_html *html, const char *id, const char *name)
{
    hk_html_open(html, "label");
    hk_html_attr(html, "for", id);
    hk_html_foreign(html, name, HK_HTML_SHORT);
    hk_html_end(html);
}

static void begin_input(
    struct hk_html *html, const char *tag, const char *id, const char *kind, const char *arg)
{
    char name[128];
    char hint[40];

    (void)snprintf(name, sizeof(name), "%s.%.100s", kind, arg);
    (void)snprintf(hint, sizeof(hint), "%s-hint", id);
    hk_html_open(html, tag);
    hk_html_attr(html, "id", id);
    hk_html_attr(html, "name", name);
    hk_html_attr(html, "aria-describedby", hint);
    hk_html_attr(html, "autocomplete", "off");
}

static void put_hint(struct hk_html *html, const char *id, enum hk_word word, const char *arg)
{
    char hint[40];

    (void)snprintf(hint, sizeof(hint), "%s-hint", id);
    hk_html_open_class(html, "p", "hint");
    hk_html_attr(html, "id", hint);
    hk_html_say(html, word, arg);
    hk_html_end(html);
}

static void put_lines(struct hk_html *html, const char *id, const struct hk_json *value)
{
    char rows[16];

    begin_input(html, "textarea", id, "lines", value->key);
    (void)snprintf(rows, sizeof(rows), "%u", value->count < 8 ? value->count + 1 : 8);
    hk_html_attr(html, "rows", rows);
    hk_html_text(html, "\n");
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        hk_html_text(html, item->text);
        hk_html_text(html, "\n");
    }
    hk_html_end(html);
    put_hint(html, id, HK_WORD_NARROW_LINES_HINT, "");
}

static bool can_be_less(const struct hk_json *value, const struct hk_json *lowers)
{
    if (value->type == HK_JSON_NUMBER)
        return is_among(lowers, value->key);
    return is_texts(value) || (hk_json_string(value) != NULL && is_range(value->text));
}

/* A field for an argument that can be made less. */
static void put_argument(struct hk_html *html, const struct hk_json *value, unsigned number)
{
    bool is_number = value->type == HK_JSON_NUMBER;
    char id[24];

    (void)snprintf(id, sizeof(id), "arg-%u", number);
    hk_html_open_class(html, "div", "field");
    put_label(html, id, value->key);
    if (value->type == HK_JSON_ARRAY) {
        put_lines(html, id, value);
    } else {
        begin_input(html, "input", id, is_number ? "number" : "text", value->key);
        hk_html_attr(html, "type", "text");
        if (is_number)
            hk_html_attr(html, "inputmode", "decimal");
        hk_html_attr(html, "value", value->text);
        put_hint(html, id, is_number ? HK_WORD_NARROW_NUMBER_HINT : HK_WORD_NARROW_RANGE_HINT,
            value->text);
    }
    hk_html_end(html);
}

/* "4h", "90m": as durations are written; rounded down to a whole unit. */
static void write_duration(int64_t ms, char *ret_text, size_t capacity)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};
    size_t i = 0;

    while (i < 3 && (ms < units[i].ms || ms % units[i].ms != 0))
        i++;
    (void)snprintf(ret_text, capacity, "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
}

static void put_lease(struct hk_html *html, int64_t lease_ms)
{
    struct hk_buf asked;
    char value[32];

    hk_html_open_class(html, "div", "field");
    hk_html_open(html, "label");
    hk_html_attr(html, "for", "expires");
    hk_html_word(html, HK_WORD_NARROW_LEASE);
    hk_html_end(html);
    write_duration(lease_ms, value, sizeof(value));
    hk_html_open(html, "input");
    hk_html_attr(html, "type", "text");
    hk_html_attr(html, "id", "expires");
    hk_html_attr(html, "name", "expires");
    hk_html_attr(html, "aria-describedby", "expires-hint");
    hk_html_attr(html, "autocomplete", "off");
    hk_html_attr(html, "maxlength", "16");
    hk_html_attr(html, "value", value);
    hk_buf_init(&asked, 256);
    hk_words_duration(&asked, html->language, lease_ms);
    put_hint(html, "expires", HK_WORD_NARROW_LEASE_HINT, asked.data != NULL ? asked.data : "");
    hk_buf_done(&asked);
    hk_html_end(html);
}

static bool can_narrow(const struct hk_json *args, const struct hk_json *lowers)
{
    for (const struct hk_json *item = args != NULL ? args->first : NULL; item != NULL;
         item = item->next)
        if (can_be_less(item, lowers))
            return true;
    return false;
}

static void put_narrowing(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_approval *what)
{
    const struct hk_json *approval = what->approval;
    const struct hk_json *args = hk_json_at(approval, "shown.args");
    int64_t lease_ms = hk_json_i64_at(approval, "shown.lease_ms", 0);
    unsigned number = 0;

    if (is_question(approval) || (lease_ms == 0 && !can_narrow(args, what->lowers)))
        return;
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_NARROW);
    begin_form(html, page, approval, "/approvals/{}/narrow");
    hk_html_line(html, "p", "hint", HK_WORD_NARROW_HINT);
    for (const struct hk_json *item = args != NULL ? args->first : NULL;
         item != NULL && number < ARGS_MAX; item = item->next)
        if (can_be_less(item, what->lowers))
            put_argument(html, item, number++);
    if (lease_ms > 0)
        put_lease(html, lease_ms);
    hk_page_field(html, &(struct hk_field){.id = "narrow-reason",
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_NARROW_SEND, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- passing on, asking back --- */

static void put_people(struct hk_html *html, const struct hk_json *people)
{
    unsigned count = 0;

    hk_html_open_class(html, "div", "field");
    hk_html_open(html, "label");
    hk_html_attr(html, "for", "to");
    hk_html_word(html, HK_WORD_DELEGATE_TO);
    hk_html_end(html);
    hk_html_open(html, "select");
    hk_html_attr(html, "id", "to");
    hk_html_attr(html, "name", "to");
    hk_html_flag(html, "required");
    for (const struct hk_json *item = people->first; item != NULL && count < PEOPLE_MAX;
         item = item->next, count++) {
        hk_html_open(html, "option");
        hk_html_attr(html, "value", hk_json_string_at(item, "id", ""));
        hk_html_cut(html, hk_json_string_at(item, "name", ""), HK_HTML_SHORT);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

static void put_delegation(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_approval *what)
{
    if (what->people == NULL)
        return;
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_DELEGATE);
    if (what->people->count == 0) {
        hk_html_line(html, "p", "hint", HK_WORD_DELEGATE_NOBODY);
        hk_html_end(html);
        return;
    }
    begin_form(html, page, what->approval, "/approvals/{}/delegate");
    hk_html_line(html, "p", "hint", HK_WORD_DELEGATE_HINT);
    put_people(html, what->people);
    hk_page_field(html, &(struct hk_field){.id = "delegate-reason",
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_DELEGATE, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_asking(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *approval)
{
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_ASK_BACK);
    begin_form(html, page, approval, "/approvals/{}/note");
    hk_html_line(html, "p", "hint", HK_WORD_ASK_BACK_HINT);
    hk_page_field(html, &(struct hk_field){.id = "note",
                            .name = "text",
                            .type = "textarea",
                            .label = HK_WORD_ASK_BACK_TEXT,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_ASK_BACK_SEND, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

/* --- the section --- */

static void put_bar(struct hk_html *html, const struct hk_page_approval *what)
{
    const struct hk_json *approval = what->approval;
    const char *state = hk_json_string_at(approval, "state", "");

    hk_html_open(html, "p");
    switch (what->bar) {
    case HK_BAR_NONE:
        break;
    case HK_BAR_DECIDED:
        if (strcmp(state, "approved") == 0)
            hk_html_word(html, is_question(approval) ? HK_WORD_BAR_ANSWERED : HK_WORD_BAR_APPROVED);
        else if (strcmp(state, "rejected") == 0)
            hk_html_word(html, HK_WORD_BAR_REJECTED);
        else if (strcmp(state, "expired") == 0)
            hk_html_word(html, HK_WORD_BAR_EXPIRED);
        else
            hk_html_say(html, HK_WORD_BAR_VOID, hk_json_string_at(approval, "why", "–"));
        break;
    case HK_BAR_ROLE:
        hk_html_say(html, HK_WORD_BAR_ROLE,
            hk_name(html->language, HK_NAME_ROLE, hk_json_string_at(approval, "role", "")));
        break;
    case HK_BAR_ASKED:
        hk_html_word(html, HK_WORD_BAR_ASKED);
        break;
    case HK_BAR_VOTED:
        hk_html_word(html, HK_WORD_BAR_VOTED);
        break;
    }
    hk_html_end(html);
    if (what->next != NULL) {
        hk_html_open(html, "p");
        hk_show_link(
            html, "/approvals/{}", what->next, hk_word(html->language, HK_WORD_BAR_VOID_LINK));
        hk_html_end(html);
    }
}

static void put_quorum(struct hk_html *html, const struct hk_json *approval)
{
    char votes[24];
    char quorum[24];

    if (hk_json_i64_at(approval, "quorum", 1) < 2)
        return;
    (void)snprintf(votes, sizeof(votes), "%lld", (long long)hk_json_i64_at(approval, "votes", 0));
    (void)snprintf(
        quorum, sizeof(quorum), "%lld", (long long)hk_json_i64_at(approval, "quorum", 1));
    hk_html_open(html, "p");
    hk_html_say(html, HK_WORD_DECIDE_QUORUM, votes, quorum);
    hk_html_end(html);
}

void hk_approval_decide(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_approval *what)
{
    bool is_pending = strcmp(hk_json_string_at(what->approval, "state", ""), "pending") == 0;

    hk_page_section(html, "decide", HK_WORD_DECIDE_DECIDE);
    if (is_pending)
        put_quorum(html, what->approval);
    if (what->bar != HK_BAR_NONE)
        put_bar(html, what);
    else
        put_decision(html, page, what);
    if (is_pending && (what->bar == HK_BAR_NONE || what->bar == HK_BAR_VOTED)) {
        put_narrowing(html, page, what);
        put_delegation(html, page, what);
    }
    if (is_pending && what->may_note)
        put_asking(html, page, what->approval);
    hk_html_end(html);
}
