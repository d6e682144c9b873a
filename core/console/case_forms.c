/*
 * case_forms: see case_forms.h.
 */
#include "console/case_forms.h"

#include "console/show.h"

#include <string.h>

static const char *id_of(const struct hk_json *it)
{
    return hk_json_string_at(it, "id", "");
}

static void put_area(struct hk_html *html, const struct hk_json *it, const char *id,
    const char *name, enum hk_word label)
{
    hk_page_field(html, &(struct hk_field){.id = id,
                            .name = name,
                            .type = "textarea",
                            .label = label,
                            .hint = HK_WORD_NO_TEXT,
                            .value = it != NULL ? hk_json_string_at(it, name, NULL) : NULL,
                            .size_max = 1000});
}

void hk_case_form_describe(
    struct hk_html *html, const struct hk_page *page, const struct hk_json *it)
{
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_CASE_EDIT);
    hk_page_form(html, page, "/cases/{}/summary", id_of(it));
    put_area(html, it, "case-happening", "happening", HK_WORD_CASE_HAPPENING);
    put_area(html, it, "case-do-now", "do_now", HK_WORD_CASE_DO_NOW);
    put_area(html, it, "case-impact", "impact", HK_WORD_CASE_IMPACT);
    put_area(html, it, "case-scope", "scope", HK_WORD_CASE_SCOPE);
    hk_page_button(html, HK_WORD_CASE_SAVE, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

/* A choice of names of one group. */
static void put_select(struct hk_html *html, const char *id, const char *name, enum hk_word label,
    enum hk_name_group group, const char *const *values, const char *current)
{
    hk_html_open_class(html, "div", "field");
    hk_html_open(html, "label");
    hk_html_attr(html, "for", id);
    hk_html_word(html, label);
    hk_html_end(html);
    hk_html_open(html, "select");
    hk_html_attr(html, "id", id);
    hk_html_attr(html, "name", name);
    for (; *values != NULL; values++) {
        hk_html_open(html, "option");
        hk_html_attr(html, "value", *values);
        if (strcmp(*values, current) == 0)
            hk_html_flag(html, "selected");
        hk_html_text(html, hk_name(html->language, group, *values));
        hk_html_end(html);
    }
    hk_html_end(html);
    hk_html_end(html);
}

void hk_case_form_take(struct hk_html *html, const struct hk_page *page, const struct hk_json *it)
{
    static const char *const phases[] = {
        "identify", "contain", "eradicate", "recover", "learn", NULL};

    if (strcmp(hk_json_string_at(it, "state", ""), "open") != 0)
        return;
    if (strcmp(hk_json_string_at(it, "assignee", ""), page->person) != 0) {
        hk_page_form(html, page, "/cases/{}/take", id_of(it));
        hk_page_button(html, HK_WORD_CASE_TAKE, NULL, NULL, NULL);
        hk_html_end(html);
    }
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_CASE_SET_PHASE);
    hk_page_form(html, page, "/cases/{}/phase", id_of(it));
    put_select(html, "phase", "phase", HK_WORD_CASE_PHASE, HK_NAME_PHASE, phases,
        hk_json_string_at(it, "phase", ""));
    hk_page_button(html, HK_WORD_CASE_SAVE, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_case_form_note(struct hk_html *html, const struct hk_page *page, const struct hk_json *it)
{
    hk_page_form(html, page, "/cases/{}/note", id_of(it));
    hk_page_field(html, &(struct hk_field){.id = "case-note",
                            .name = "text",
                            .type = "textarea",
                            .label = HK_WORD_CASE_NOTE,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
    hk_page_button(html, HK_WORD_CASE_ADD_NOTE, NULL, NULL, NULL);
    hk_html_end(html);
}

static void put_reason(struct hk_html *html, const char *id)
{
    hk_page_field(html, &(struct hk_field){.id = id,
                            .name = "reason",
                            .label = HK_WORD_REASON,
                            .hint = HK_WORD_NO_TEXT,
                            .is_required = true,
                            .size_max = 1000});
}

static void put_close(struct hk_html *html, const struct hk_page *page, const struct hk_json *it)
{
    static const char *const verdicts[] = {
        "true_positive", "false_positive", "expected", "undetermined", NULL};

    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, HK_WORD_CASE_CLOSE);
    hk_page_form(html, page, "/cases/{}/close", id_of(it));
    hk_html_line(html, "p", "hint", HK_WORD_CASE_CLOSE_HINT);
    put_select(html, "verdict", "verdict", HK_WORD_CASE_VERDICT, HK_NAME_VERDICT, verdicts,
        hk_json_string_at(it, "proposed", ""));
    put_area(html, NULL, "close-note", "note", HK_WORD_CASE_NOTE);
    hk_page_button(html, HK_WORD_CASE_CLOSE, NULL, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_ask(struct hk_html *html, const struct hk_page *page, const struct hk_json *it,
    const char *path, enum hk_word word, enum hk_word hint, const char *look)
{
    hk_html_open(html, "details");
    hk_html_line(html, "summary", NULL, word);
    hk_page_form(html, page, path, id_of(it));
    if (hint != HK_WORD_NO_TEXT)
        hk_html_line(html, "p", "hint", hint);
    put_reason(html, word == HK_WORD_CASE_REOPEN ? "reopen-reason" : "release-reason");
    hk_page_button(html, word, look, NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_case_form_end(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_case *what)
{
    const char *state = hk_json_string_at(what->it, "state", "");
    bool is_open = strcmp(state, "open") == 0;

    if (strcmp(state, "merged") == 0)
        return;
    hk_html_open_class(html, "div", "panel");
    if (is_open)
        put_close(html, page, what->it);
    else
        put_ask(
            html, page, what->it, "/cases/{}/reopen", HK_WORD_CASE_REOPEN, HK_WORD_NO_TEXT, NULL);
    if (what->may_release && hk_json_i64_at(what->it, "counts.containments_live", 0) > 0)
        put_ask(html, page, what->it, "/cases/{}/release", HK_WORD_CASE_RELEASE,
            HK_WORD_CASE_RELEASE_HINT, "danger");
    hk_html_end(html);
}
