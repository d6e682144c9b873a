/*
 * page_task: tasks as a list, and one of them: the exact thing to do by hand, and what became of
 * it.
 */
#include "console/lists.h"
#include "console/pages.h"
#include "console/show.h"

#include <string.h>

void hk_page_tasks(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state)
{
    static const char *const states[] = {"open", "done", NULL};
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_word(base->language, HK_WORD_TASKS_TITLE);
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    hk_show_filter(&html, "/tasks?state={}", HK_NAME_TASK, states, state);
    hk_list_items(&html, hk_json_get(list, "items"), hk_list_task, HK_WORD_TASK_NONE);
    hk_page_next(&html, "/tasks?state={}&after={}", state, hk_json_string_at(list, "next", NULL));
    hk_page_end(&html, &page);
}

static void put_what(struct hk_html *html, const struct hk_json *task)
{
    const struct hk_json *args = hk_json_get(task, "args");
    const struct hk_json *because = hk_json_get(task, "because");

    hk_page_section(html, "do", HK_WORD_TASK_INSTRUCTION);
    if (hk_json_string_at(task, "instruction", NULL) != NULL) {
        hk_html_open_class(html, "p", "said");
        hk_html_foreign(html, hk_json_string_at(task, "instruction", ""), HK_HTML_LONG);
        hk_html_end(html);
    }
    hk_html_open_class(html, "dl", "facts");
    hk_show_fact(html, HK_WORD_REASON, hk_json_string_at(task, "reason", NULL));
    hk_show_fact_code(html, HK_WORD_DECIDE_TARGET, hk_json_string_at(task, "target", NULL));
    hk_show_fact_code(html, HK_WORD_DECIDE_EFFECT_PLUGIN, hk_json_string_at(task, "action", NULL));
    if (args != NULL && args->type == HK_JSON_OBJECT && args->count > 0) {
        hk_page_fact(html, HK_WORD_TASK_ARGS);
        hk_show_tree(html, args);
        hk_page_fact_end(html);
    }
    if (because != NULL && because->count > 0) {
        hk_page_fact(html, HK_WORD_DECIDE_EVIDENCE);
        hk_show_tree(html, because);
        hk_page_fact_end(html);
    }
    hk_show_fact_code(html, HK_WORD_TASK_UNDO, hk_json_string_at(task, "undo", NULL));
    hk_show_fact(html, HK_WORD_DECIDE_STAYS, hk_json_string_at(task, "residual", NULL));
    hk_html_end(html);
    hk_html_end(html);
}

static void put_facts(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *task, bool may_work)
{
    const char *owner = hk_json_string_at(task, "owner", NULL);
    int64_t due_us = hk_show_us(task, "due");

    hk_html_open_class(html, "div", "panel");
    hk_html_open_class(html, "dl", "facts");
    hk_page_fact(html, HK_WORD_TASK_OWNER);
    if (owner != NULL)
        hk_html_foreign(html, hk_name(html->language, HK_NAME_ROLE, owner), HK_HTML_SHORT);
    else
        hk_html_word(html, HK_WORD_NOBODY_YET);
    hk_page_fact_end(html);
    if (due_us != 0) {
        hk_page_fact(html, HK_WORD_TASK_DUE);
        hk_html_left(html, due_us);
        hk_html_text(html, " · ");
        hk_html_time(html, HK_TIME_MINUTES, due_us);
        hk_page_fact_end(html);
    }
    hk_show_fact_link(html, HK_WORD_ALERT_CASE, "/cases/{}", hk_json_string_at(task, "case", NULL),
        hk_word(html->language, HK_WORD_DECIDE_CASE_LINK));
    hk_show_fact_link(
        html, HK_WORD_NAV_RUNS, "/runs/{}", hk_json_string_at(task, "run", NULL), NULL);
    hk_show_fact_link(html, HK_WORD_STEP_CONTAINMENT, "/containments/{}",
        hk_json_string_at(task, "containment", NULL), NULL);
    hk_show_fact_time(html, HK_WORD_CASE_OPENED, hk_show_us(task, "opened"));
    hk_show_fact(html, HK_WORD_TASK_OUTCOME,
        hk_name(html->language, HK_NAME_TASK_OUTCOME, hk_json_string_at(task, "outcome", NULL)));
    hk_show_fact(html, HK_WORD_TASK_EVIDENCE, hk_json_string_at(task, "evidence", NULL));
    hk_html_end(html);
    if (may_work && strcmp(hk_json_string_at(task, "state", ""), "open") == 0 &&
        (owner == NULL || strcmp(owner, page->person) != 0)) {
        hk_page_form(html, page, "/tasks/{}/take", hk_json_string_at(task, "id", ""));
        hk_page_button(html, HK_WORD_CASE_TAKE, NULL, NULL, NULL);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_done(struct hk_html *html, const struct hk_page *page, const struct hk_json *task)
{
    hk_page_section(html, "done", HK_WORD_TASK_DONE);
    hk_page_form(html, page, "/tasks/{}/done", hk_json_string_at(task, "id", ""));
    hk_page_field(html, &(struct hk_field){.id = "task-evidence",
                            .name = "evidence",
                            .type = "textarea",
                            .label = HK_WORD_TASK_EVIDENCE,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_html_open_class(html, "div", "row buttons");
    hk_page_button(html, HK_WORD_TASK_HAPPENED, "main", "outcome", "happened");
    hk_page_button(html, HK_WORD_TASK_DID_NOT, NULL, "outcome", "did_not");
    hk_page_button(html, HK_WORD_TASK_NOT_NEEDED, NULL, "outcome", "not_needed");
    hk_html_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_task(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *task, bool may_work)
{
    const char *state = hk_json_string_at(task, "state", "");
    struct hk_page page = *base;
    struct hk_html html;

    page.title = hk_json_string_at(task, "title", "–");
    page.place = HK_PLACE_QUEUE;
    hk_page_begin(&html, out, &page);
    hk_show_erased(&html, task);
    hk_html_open_class(&html, "p", "row");
    hk_page_severity(&html, hk_json_string_at(task, "severity", NULL));
    hk_page_badge(&html, strcmp(state, "open") == 0 ? "pending" : "finished",
        hk_name(html.language, HK_NAME_TASK, state));
    hk_html_end(&html);
    put_what(&html, task);
    put_facts(&html, &page, task, may_work);
    if (may_work && strcmp(state, "open") == 0)
        put_done(&html, &page, task);
    hk_show_ledger_link(&html, hk_json_string_at(task, "id", ""));
    hk_page_end(&html, &page);
}
