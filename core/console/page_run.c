/*
 * page_run: runs as a list, and one of them, step by step: what was asked for, why it might be
 * done, and what came of it.
 */
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 200 }; /* of one page */

void hk_page_runs(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {"live", "running", "waiting", "unknown", "diverged",
        "finished", "failed", "cancelled", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_RUNS_TITLE);
    page.place = HK_PLACE_RUNS;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/runs?state={}", HK_NAME_RUN, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_run, HK_WORD_RUN_NONE);
    hk_page_next(&html, "/runs?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}

/* --- one step --- */

static void put_duration(struct hk_html *html, int64_t ms)
{
    struct hk_buf length;

    hk_buf_init(&length, 256);
    hk_words_duration(&length, html->language, ms);
    hk_html_say(html, HK_WORD_STEP_WAIT, length.data != NULL ? length.data : "");
    hk_buf_done(&length);
}

/* What the playbook asked for, in one line. */
static void put_what(struct hk_html *html, const struct hk_json *step)
{
    const char *op = hk_json_string_at(step, "op", "");
    const struct hk_json *args = hk_json_get(step, "args");

    hk_html_open(html, "h3");
    if (strcmp(op, "act") == 0)
        hk_html_code(html, hk_json_string_at(step, "name", ""), HK_HTML_SHORT);
    else if (strcmp(op, "ask") == 0)
        hk_html_say(html, HK_WORD_STEP_ASK, hk_json_string_at(args, "question", ""));
    else if (strcmp(op, "wait") == 0)
        put_duration(html, hk_json_i64_at(args, "for_ms", 0));
    else if (strcmp(op, "note") == 0)
        hk_html_say(html, HK_WORD_STEP_NOTE, hk_json_string_at(args, "text", ""));
    else if (strcmp(op, "close") == 0)
        hk_html_say(html, HK_WORD_STEP_CLOSE,
            hk_name(html->language, HK_NAME_VERDICT, hk_json_string_at(args, "verdict", "")));
    else
        hk_html_foreign(html, op, HK_HTML_SHORT);
    hk_html_end(html);
}

static void put_rule(struct hk_html *html, const struct hk_json *authority)
{
    const char *rule = hk_json_string_at(authority, "rule", NULL);

    if (rule == NULL)
        return;
    hk_page_fact(html, HK_WORD_STEP_WHY);
    hk_html_say(html, HK_WORD_STEP_RULE, rule,
        hk_name(html->language, HK_NAME_OUTCOME, hk_json_string_at(authority, "outcome", "")));
    hk_page_fact_end(html);
}

/* A note, a wait, a closing: that it is done is all there is to say. */
static bool is_own(const struct hk_json *step)
{
    const char *op = hk_json_string_at(step, "op", "");

    return strcmp(op, "note") == 0 || strcmp(op, "wait") == 0 || strcmp(op, "close") == 0;
}

static void put_outcome(struct hk_html *html, const struct hk_json *step)
{
    const char *state = hk_json_string_at(step, "state", "");
    bool ok = hk_json_bool_at(step, "ok", false);
    int64_t due_us = hk_show_us(step, "due");
    struct hk_buf until;

    if (strcmp(state, "settled") == 0) {
        if (ok && hk_json_string_at(step, "gate", NULL) == NULL && is_own(step))
            return;
        hk_page_fact(html, HK_WORD_STEP_OUTCOME);
        if (ok)
            hk_show_tree(html, hk_json_get(step, "value"));
        else
            hk_html_foreign(html, hk_json_string_at(step, "reason", "–"), HK_HTML_SHORT * 8);
        hk_html_open_class(html, "p", "soft");
        hk_html_text(
            html, hk_name(html->language, HK_NAME_HOW, hk_json_string_at(step, "how", NULL)));
        hk_html_end(html);
        hk_page_fact_end(html);
    } else if (due_us != 0) {
        hk_page_fact(html, HK_WORD_STATE);
        hk_buf_init(&until, 256);
        hk_words_time(&until, html->language, html->zone_minutes, HK_TIME_SECONDS, due_us);
        hk_html_say(html, HK_WORD_STEP_WAITS_UNTIL, until.data != NULL ? until.data : "");
        hk_buf_done(&until);
        hk_page_fact_end(html);
    }
    hk_show_fact(html, HK_WORD_REASON, hk_json_string_at(step, "why", NULL));
    hk_show_fact(html, HK_WORD_RUN_EVIDENCE, hk_json_string_at(step, "evidence", NULL));
}

/* A person says what became of a step of which nobody knows. */
static void put_resolution(struct hk_html *html, const struct hk_page *page,
    const struct hk_json *run, const struct hk_json *step, unsigned number)
{
    char id[32];

    (void)snprintf(id, sizeof(id), "evidence-%u", number);
    hk_page_form(html, page, "/runs/{}/resolve", hk_json_string_at(run, "id", ""));
    hk_html_line(html, "p", "hint", HK_WORD_RUN_RESOLVE_HINT);
    hk_page_hidden(html, "step", hk_json_string_at(step, "step", ""));
    hk_page_field(html, &(struct hk_field){.id = id,
                            .name = "evidence",
                            .type = "textarea",
                            .label = HK_WORD_RUN_EVIDENCE,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_html_open_class(html, "div", "row buttons");
    hk_page_button(html, HK_WORD_RUN_HAPPENED, NULL, "resolution", "happened");
    hk_page_button(html, HK_WORD_RUN_DID_NOT, NULL, "resolution", "did_not");
    hk_html_end(html);
    hk_html_end(html);
}

static void put_step(struct hk_html *html, const struct hk_page *page, const struct hk_json *run,
    const struct hk_json *step, unsigned number, bool may_act)
{
    const char *state = hk_json_string_at(step, "state", "");
    const char *gate = hk_json_string_at(step, "gate", NULL);
    const struct hk_json *args = hk_json_get(step, "args");
    bool failed = strcmp(state, "settled") == 0 && !hk_json_bool_at(step, "ok", false);

    hk_html_open(html, "li");
    put_what(html, step);
    hk_html_open_class(html, "p", "row");
    hk_page_badge(html, failed ? "failed" : state,
        failed ? hk_name(html->language, HK_NAME_HOW, hk_json_string_at(step, "how", "failed"))
               : hk_name(html->language, HK_NAME_STEP, state));
    hk_html_open_class(html, "span", "soft");
    hk_html_time(html, HK_TIME_SECONDS, hk_show_us(step, "begun"));
    hk_html_end(html);
    hk_html_end(html);
    hk_html_open_class(html, "dl", "facts");
    if (strcmp(hk_json_string_at(step, "op", ""), "act") == 0 && args != NULL && args->count > 0) {
        hk_page_fact(html, HK_WORD_STEP_ARGS);
        hk_show_tree(html, args);
        hk_page_fact_end(html);
    }
    put_rule(html, hk_json_get(step, "authority"));
    hk_show_fact_link(html, HK_WORD_STEP_APPROVAL, "/approvals/{}", gate, NULL);
    hk_show_fact_link(html, HK_WORD_STEP_CONTAINMENT, "/containments/{}",
        hk_json_string_at(step, "containment", NULL), NULL);
    hk_show_fact_link(
        html, HK_WORD_STEP_CALLED, "/runs/{}", hk_json_string_at(step, "run", NULL), NULL);
    put_outcome(html, step);
    hk_html_end(html);
    if (may_act && strcmp(state, "unknown") == 0)
        put_resolution(html, page, run, step, number);
    hk_html_end(html);
}

static void put_steps(struct hk_html *html, const struct hk_page *page, const struct hk_json *run,
    size_t first, bool may_act)
{
    const struct hk_json *steps = hk_json_get(run, "steps");
    unsigned count = steps != NULL ? steps->count : 0;
    unsigned at = 0;
    char texts[3][16];

    hk_page_section(html, "steps", HK_WORD_RUN_STEPS);
    if (count == 0)
        hk_html_line(html, "p", "empty", HK_WORD_RUN_NO_STEPS);
    hk_html_open_class(html, "ol", "line");
    for (const struct hk_json *step = count > 0 ? steps->first : NULL;
         step != NULL && at < first + STEPS_MAX; step = step->next, at++)
        if (at >= first)
            put_step(html, page, run, step, at, may_act);
    hk_html_end(html);
    if (count > STEPS_MAX) {
        (void)snprintf(texts[0], sizeof(texts[0]), "%zu", first + 1);
        (void)snprintf(texts[1], sizeof(texts[1]), "%u", at);
        (void)snprintf(texts[2], sizeof(texts[2]), "%u", count);
        hk_html_open_class(html, "p", "soft");
        hk_html_say(html, HK_WORD_STEP_SHOWN, texts[0], texts[1], texts[2]);
        hk_html_end(html);
    }
    if (at < count) {
        hk_html_open_class(html, "p", "next");
        hk_html_open(html, "a");
        hk_html_url(html, "href", "/runs/{}?from={}", hk_json_string_at(run, "id", ""), texts[1]);
        hk_html_word(html, HK_WORD_LATER_PAGE);
        hk_html_end(html);
        hk_html_end(html);
    }
    hk_html_end(html);
}

/* --- the whole --- */

static void put_diverged(struct hk_html *html, const struct hk_json *diverged)
{
    if (diverged == NULL)
        return;
    hk_html_open_class(html, "div", "notice problem");
    hk_html_line(html, "p", NULL, HK_WORD_RUN_DIVERGED_HINT);
    hk_html_open_class(html, "dl", "facts");
    hk_page_fact(html, HK_WORD_RUN_EXPECTED);
    hk_show_value(html, hk_json_get(diverged, "expected"), HK_HTML_SHORT * 8);
    hk_page_fact_end(html);
    hk_page_fact(html, HK_WORD_RUN_GOT);
    hk_show_value(html, hk_json_get(diverged, "got"), HK_HTML_SHORT * 8);
    hk_page_fact_end(html);
    hk_show_fact_code(html, HK_WORD_STEP_WHERE, hk_json_string_at(diverged, "where", NULL));
    hk_html_end(html);
    hk_html_end(html);
}

static void put_cancel(struct hk_html *html, const struct hk_page *page, const struct hk_json *run)
{
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_RUN_STOP);
    hk_page_form(html, page, "/runs/{}/cancel", hk_json_string_at(run, "id", ""));
    hk_html_line(html, "p", "hint", HK_WORD_RUN_STOP_HINT);
    hk_page_field(html, &(struct hk_field){.id = "cancel-reason",
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_RUN_STOP, "danger", NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_facts(struct hk_html *html, const struct hk_json *run)
{
    const struct hk_json *value = hk_json_get(run, "value");

    hk_html_open_class(html, "dl", "facts panel");
    hk_show_fact_link(html, HK_WORD_RUN_ALERT, "/alerts/{}", hk_json_string_at(run, "alert", NULL),
        hk_word(html->language, HK_WORD_DECIDE_ALERT));
    hk_show_fact_link(
        html, HK_WORD_RUN_CALLER, "/runs/{}", hk_json_string_at(run, "caller.run", NULL), NULL);
    hk_show_fact_link(html, HK_WORD_RUN_CONTINUES, "/runs/{}",
        hk_json_string_at(run, "continues.run", NULL), NULL);
    hk_show_fact_link(html, HK_WORD_RUN_CONTINUED_AS, "/runs/{}",
        hk_json_string_at(run, "continued_as", NULL), NULL);
    hk_show_fact_time(html, HK_WORD_RUN_STARTED, hk_show_us(run, "started"));
    hk_show_fact_time(html, HK_WORD_RUN_ENDED, hk_show_us(run, "ended"));
    hk_show_fact(html, HK_WORD_REASON, hk_json_string_at(run, "reason", NULL));
    if (value != NULL && value->type != HK_JSON_NULL) {
        hk_page_fact(html, HK_WORD_RUN_RESULT);
        hk_show_tree(html, value);
        hk_page_fact_end(html);
    }
    hk_show_fact_code(html, HK_WORD_RUN_VERSION, hk_json_string_at(run, "version", NULL));
    hk_html_end(html);
}

static bool is_live(const char *state)
{
    return strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0 ||
           strcmp(state, "unknown") == 0 || strcmp(state, "diverged") == 0;
}

void hk_page_run(struct hk_buf *out, const struct hk_page *base, const struct hk_json *run,
    size_t first_step, bool may_act)
{
    const char *state = hk_json_string_at(run, "state", "");
    struct hk_page page = *base;
    struct hk_buf title;
    struct hk_html html;

    hk_buf_init(&title, out->size_max);
    hk_words_put(
        &title, base->language, HK_WORD_RUN_TITLE, hk_json_string_at(run, "playbook", "–"));
    page.title = title.data != NULL ? title.data : "";
    page.place = HK_PLACE_RUNS;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, run);
    hk_html_open_class(&html, "p", "row");
    hk_page_badge(&html, state, hk_name(html.language, HK_NAME_RUN, state));
    if (hk_json_bool_at(run, "shadow", false))
        hk_html_word(&html, HK_WORD_RUN_SHADOW);
    hk_html_end(&html);
    put_diverged(&html, hk_json_get(run, "diverged"));
    put_facts(&html, run);
    put_steps(&html, &page, run, first_step, may_act);
    if (may_act && is_live(state))
        put_cancel(&html, &page, run);
    hk_show_ledger_link(&html, hk_json_string_at(run, "id", ""));
    hk_page_end(&html, &page);
    hk_buf_done(&title);
}
