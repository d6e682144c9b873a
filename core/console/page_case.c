/*
 * page_case: cases as a list, and one of them: what is happening and must be done now first, then
 * what waits for people, what is known, and what happened.
 */
#include "console/case_forms.h"
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void hk_page_cases(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {"open", "closed", "merged", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_CASES_TITLE);
    page.place = HK_PLACE_CASES;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/cases?state={}", HK_NAME_CASE, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_case, HK_WORD_CASE_NONE);
    hk_page_next(&html, "/cases?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}

/* --- the top --- */

static void put_said(struct hk_html *html, enum hk_word label, const char *text, bool is_needed)
{
    bool is_there = text != NULL && text[0] != '\0';

    if (!is_there && !is_needed)
        return;
    hk_page_fact(html, label);
    if (is_there) {
        hk_html_open_class(html, "p", "said");
        hk_html_foreign(html, text, HK_HTML_LONG);
        hk_html_end(html);
    } else {
        hk_html_line(html, "span", "soft", HK_WORD_CASE_NOT_SAID);
    }
    hk_page_fact_end(html);
}

static void put_summary(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_case *what)
{
    const struct hk_json *it = what->it;

    hk_page_section(html, "now", HK_WORD_CASE_NOW);
    hk_html_open_class(html, "dl", "facts");
    put_said(html, HK_WORD_CASE_HAPPENING, hk_json_string_at(it, "happening", NULL), true);
    put_said(html, HK_WORD_CASE_DO_NOW, hk_json_string_at(it, "do_now", NULL), true);
    put_said(html, HK_WORD_CASE_IMPACT, hk_json_string_at(it, "impact", NULL), false);
    put_said(html, HK_WORD_CASE_SCOPE, hk_json_string_at(it, "scope", NULL), false);
    hk_html_end(html);
    if (what->may_work)
        hk_case_form_describe(html, page, it);
    hk_html_end(html);
}

static void put_facts(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_case *what)
{
    const struct hk_json *it = what->it;
    const char *assignee = hk_json_string_at(it, "assignee", NULL);

    hk_html_open_class(html, "div", "panel");
    hk_html_open_class(html, "dl", "facts");
    hk_page_fact(html, HK_WORD_CASE_ASSIGNEE);
    if (assignee != NULL && assignee[0] != '\0')
        hk_html_foreign(html, assignee, HK_HTML_SHORT);
    else
        hk_html_word(html, HK_WORD_NOBODY_YET);
    hk_page_fact_end(html);
    hk_show_fact(html, HK_WORD_CASE_PHASE,
        hk_name(html->language, HK_NAME_PHASE, hk_json_string_at(it, "phase", NULL)));
    hk_show_fact_time(html, HK_WORD_CASE_OPENED, hk_show_us(it, "opened"));
    hk_show_fact_time(html, HK_WORD_CASE_CLOSED, hk_show_us(it, "closed"));
    hk_show_fact(html, HK_WORD_CASE_VERDICT,
        hk_name(html->language, HK_NAME_VERDICT, hk_json_string_at(it, "verdict", NULL)));
    hk_show_fact(html, HK_WORD_CASE_PROPOSED,
        hk_name(html->language, HK_NAME_VERDICT, hk_json_string_at(it, "proposed", NULL)));
    hk_show_fact_link(
        html, HK_WORD_CASE_INTO, "/cases/{}", hk_json_string_at(it, "merged_into", NULL), NULL);
    hk_html_end(html);
    if (what->may_work)
        hk_case_form_take(html, page, it);
    hk_html_end(html);
}

/* --- what belongs to it --- */

static const struct hk_json *part(const struct hk_json *it, const char *key)
{
    const struct hk_json *list = hk_json_get(it, key);

    return list != NULL && list->type == HK_JSON_ARRAY ? list : NULL;
}

/* A section with those items of a list that are in a state (NULL: all); nothing without any. */
static void put_part(struct hk_html *html, const char *id, enum hk_word heading,
    const struct hk_json *list, const char *state, hk_list_fn *put_item)
{
    bool has_begun = false;

    for (const struct hk_json *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        if (state != NULL && strcmp(hk_json_string_at(item, "state", ""), state) != 0)
            continue;
        if (!has_begun) {
            hk_page_section(html, id, heading);
            hk_html_open_class(html, "ul", "items");
            has_begun = true;
        }
        put_item(html, item);
    }
    if (has_begun) {
        hk_html_end(html);
        hk_html_end(html);
    }
}

static void put_entities(struct hk_html *html, const struct hk_json *entities)
{
    if (entities == NULL || entities->count == 0)
        return;
    hk_page_section(html, "entities", HK_WORD_CASE_ENTITIES);
    hk_html_open_class(html, "ul", "tags");
    for (const struct hk_json *item = entities->first; item != NULL; item = item->next) {
        hk_html_open(html, "li");
        hk_html_open_class(html, "span", "key");
        hk_html_text(
            html, hk_name(html->language, HK_NAME_ENTITY, hk_json_string_at(item, "type", "")));
        hk_html_end(html);
        hk_html_text(html, " ");
        hk_html_code(html, hk_json_string_at(item, "value", ""), HK_HTML_SHORT);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

static void put_by(struct hk_html *html, const struct hk_json *item)
{
    const char *name = hk_json_string_at(item, "by_name", "");
    const char *by = hk_json_string_at(item, "by", "");

    hk_html_open_class(html, "p", "soft");
    if (name[0] != '\0' && strcmp(name, by) != 0)
        hk_html_foreign(html, name, HK_HTML_SHORT);
    else
        hk_show_who(html, NULL, by);
    hk_html_text(html, " · ");
    hk_html_time(html, HK_TIME_SECONDS, hk_show_us(item, "time"));
    hk_html_end(html);
}

static void put_evidence(struct hk_html *html, const struct hk_json *evidence)
{
    hk_page_section(html, "evidence", HK_WORD_CASE_EVIDENCE);
    if (evidence == NULL || evidence->count == 0) {
        hk_html_line(html, "p", "empty", HK_WORD_CASE_NO_EVIDENCE);
        hk_html_end(html);
        return;
    }
    hk_html_open_class(html, "ul", "items");
    for (const struct hk_json *item = evidence->first; item != NULL; item = item->next) {
        hk_html_open(html, "li");
        hk_html_open_class(html, "p", "title");
        hk_html_foreign(html, hk_json_string_at(item, "name", "–"), HK_HTML_SHORT);
        hk_html_end(html);
        put_by(html, item);
        hk_html_open_class(html, "dl", "facts");
        hk_show_fact_code(html, HK_WORD_CASE_PLACE, hk_json_string_at(item, "place", NULL));
        hk_show_fact_code(html, HK_WORD_CASE_SHA256, hk_json_string_at(item, "sha256", NULL));
        hk_show_fact(html, HK_WORD_CASE_NOTE, hk_json_string_at(item, "note", NULL));
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

static void put_note_list(struct hk_html *html, const struct hk_json *notes)
{
    hk_html_open_class(html, "ol", "line");
    for (const struct hk_json *item = notes->first; item != NULL; item = item->next) {
        hk_html_open(html, "li");
        hk_html_open_class(html, "p", "said");
        hk_html_foreign(html, hk_json_string_at(item, "text", ""), HK_HTML_LONG);
        hk_html_end(html);
        put_by(html, item);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_notes(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_case *what)
{
    const struct hk_json *notes = part(what->it, "notes");

    hk_page_section(html, "notes", HK_WORD_CASE_NOTES);
    if (notes != NULL && notes->count > 0)
        put_note_list(html, notes);
    if (what->may_work)
        hk_case_form_note(html, page, what->it);
    hk_html_end(html);
}

/* --- times --- */

static void put_clocks(struct hk_html *html, const struct hk_json *clocks)
{
    static const struct {
        const char *key;
        enum hk_word word;
    } rows[] = {
        {"detect", HK_WORD_CASE_DETECT},
        {"triage", HK_WORD_CASE_TRIAGE},
        {"notify", HK_WORD_CASE_NOTIFY},
        {"decide", HK_WORD_CASE_DECIDE},
        {"contain", HK_WORD_CASE_CONTAIN},
        {"restore", HK_WORD_CASE_RESTORE},
    };
    struct hk_buf length;

    hk_page_section(html, "clocks", HK_WORD_CASE_CLOCKS);
    hk_html_open_class(html, "dl", "facts");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = hk_json_i64_at(clocks, rows[i].key, -1);
        hk_page_fact(html, rows[i].word);
        hk_buf_init(&length, 256);
        hk_words_duration(&length, html->language, ms);
        hk_html_text(html, ms < 0 ? "–" : length.data);
        hk_buf_done(&length);
        hk_page_fact_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

/* The sentence in an entry: the first of its texts that says something. */
static const char *sentence_of(const struct hk_json *entry)
{
    static const char *const keys[] = {"text", "summary", "title", "happening", "do_now", "reason",
        "why", "note", "error", "playbook", "name", "target", "entity"};
    const struct hk_json *said = hk_json_get(entry, "what");

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *text = hk_json_string_at(said, keys[i], "");
        if (text[0] != '\0')
            return text;
    }
    return NULL;
}

static void put_happened(struct hk_html *html, const struct hk_json *entry)
{
    const char *subject = hk_json_string_at(entry, "subject", "");
    const char *path = hk_show_path_of(subject);
    const char *text = sentence_of(entry);
    const char *kind = hk_name(html->language, HK_NAME_KIND, hk_json_string_at(entry, "kind", ""));

    hk_html_open(html, "li");
    hk_html_open(html, "p");
    if (path != NULL)
        hk_show_link(html, path, subject, kind);
    else
        hk_html_text(html, kind);
    hk_html_end(html);
    if (text != NULL) {
        hk_html_open_class(html, "p", "said");
        hk_html_foreign(html, text, HK_HTML_SHORT * 4);
        hk_html_end(html);
    }
    put_by(html, entry);
    hk_html_end(html);
}

static void put_timeline(struct hk_html *html, const struct hk_page_case *what)
{
    const struct hk_json *items = hk_json_get(what->timeline, "items");
    int64_t next = hk_json_i64_at(what->timeline, "next", -1);
    char after[24];

    hk_page_section(html, "timeline", HK_WORD_CASE_TIMELINE);
    if (hk_json_bool_at(what->timeline, "is_cut", false) ||
        hk_json_i64_at(what->timeline, "alerts_left_out", 0) > 0)
        hk_html_line(html, "p", "soft", HK_WORD_CASE_TIMELINE_CUT);
    hk_html_open_class(html, "ol", "line");
    for (const struct hk_json *entry = items != NULL ? items->first : NULL; entry != NULL;
         entry = entry->next)
        put_happened(html, entry);
    hk_html_end(html);
    if (next >= 0) {
        (void)snprintf(after, sizeof(after), "%" PRId64, next);
        hk_html_open_class(html, "p", "next");
        hk_html_open(html, "a");
        hk_html_url(html, "href", "/cases/{}?from={}#timeline",
            hk_json_string_at(what->it, "id", ""), after);
        hk_html_word(html, HK_WORD_LATER_PAGE);
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
}

void hk_page_case(struct hk_buf *out, const struct hk_page *base, const struct hk_page_case *what)
{
    const struct hk_json *it = what->it;
    const char *state = hk_json_string_at(it, "state", "");
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_json_string_at(it, "title", "–");
    page.place = HK_PLACE_CASES;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, it);
    hk_html_open_class(&html, "p", "row");
    hk_page_severity(&html, hk_json_string_at(it, "severity", NULL));
    hk_page_badge(&html, strcmp(state, "open") == 0 ? "running" : state,
        hk_name(html.language, HK_NAME_CASE, state));
    hk_html_end(&html);
    put_summary(&html, &page, what);
    put_part(&html, "approvals", HK_WORD_CASE_OPEN_DECISIONS, part(it, "approvals"), "pending",
        hk_list_approval);
    put_part(&html, "tasks", HK_WORD_CASE_TASKS, part(it, "tasks"), NULL, hk_list_task);
    put_part(&html, "contained", HK_WORD_CASE_CONTAINED, part(it, "containments"), NULL,
        hk_list_containment);
    put_facts(&html, &page, what);
    put_entities(&html, part(it, "entities"));
    put_part(&html, "alerts", HK_WORD_CASE_ALERTS, part(it, "alerts"), NULL, hk_list_alert);
    put_part(&html, "runs", HK_WORD_CASE_RUNS, part(it, "runs"), NULL, hk_list_run);
    put_evidence(&html, part(it, "evidence"));
    put_notes(&html, &page, what);
    if (what->may_work)
        hk_case_form_end(&html, &page, what);
    put_timeline(&html, what);
    put_clocks(&html, hk_json_get(it, "clocks_ms"));
    put_part(&html, "similar", HK_WORD_CASE_SIMILAR, part(it, "similar"), NULL, hk_list_case);
    hk_show_ledger_link(&html, hk_json_string_at(it, "id", ""));
    hk_page_end(&html, &page);
}
