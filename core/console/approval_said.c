/*
 * approval_said: who said what about a decision, in the order in which it was said.
 */
#include "console/approval_forms.h"
#include "console/show.h"

#include <string.h>

enum { SAID_MAX = 250 }; /* what a gate holds at most, and some more */

/* One thing that was said: an item of one of the approval's lists. */
struct said {
    enum said_kind { SAID_DECISION, SAID_REVISION, SAID_DELEGATION, SAID_NOTE } kind;
    const struct hk_json *item;
    int64_t time_us;
};

static size_t take(const struct hk_json *approval, const char *list, enum said_kind kind,
    struct said *said, size_t count)
{
    const struct hk_json *items = hk_json_get(approval, list);

    for (const struct hk_json *item = items != NULL ? items->first : NULL;
         item != NULL && count < SAID_MAX; item = item->next) {
        struct said one = {.kind = kind, .item = item, .time_us = hk_show_us(item, "time")};
        size_t at = count++;
        /* The lists are short and each is in order: sort them in as they come. */
        while (at > 0 && said[at - 1].time_us > one.time_us) {
            said[at] = said[at - 1];
            at--;
        }
        said[at] = one;
    }
    return count;
}

static void put_decision(struct hk_html *html, const struct hk_json *approval,
    const struct hk_json *item, const char *name)
{
    const char *choice = hk_json_string_at(item, "choice", NULL);
    bool is_approval = strcmp(hk_json_string_at(item, "decision", ""), "approve") == 0;

    hk_html_open(html, "p");
    if (is_approval && choice != NULL)
        hk_html_say(html, HK_WORD_SAID_ANSWERED, name, choice);
    else
        hk_html_say(html, is_approval ? HK_WORD_SAID_APPROVED : HK_WORD_SAID_REJECTED, name);
    hk_html_end(html);
    if (hk_json_i64_at(item, "revision", 1) < hk_json_i64_at(approval, "revision", 1))
        hk_html_line(html, "p", "soft", HK_WORD_SAID_FALLEN);
}

static void put_one(struct hk_html *html, const struct hk_json *approval, const struct said *said)
{
    const struct hk_json *names = hk_json_get(approval, "names");
    const struct hk_json *item = said->item;
    const char *name = hk_show_name(html, names, hk_json_string_at(item, "by", NULL));
    const char *text = hk_json_string_at(item, "reason", hk_json_string_at(item, "text", NULL));

    hk_html_open(html, "li");
    switch (said->kind) {
    case SAID_DECISION:
        put_decision(html, approval, item, name);
        break;
    case SAID_REVISION:
        hk_html_open(html, "p");
        if (hk_json_i64_at(item, "revision", 1) == 1)
            hk_html_word(html, HK_WORD_SAID_ASKED);
        else
            hk_html_say(html, HK_WORD_SAID_NARROWED, name, hk_json_string_at(item, "summary", ""));
        hk_html_end(html);
        break;
    case SAID_DELEGATION:
        hk_html_open(html, "p");
        hk_html_say(html, HK_WORD_SAID_DELEGATED, name,
            hk_show_name(html, names, hk_json_string_at(item, "to", NULL)));
        hk_html_end(html);
        break;
    case SAID_NOTE:
        hk_html_open(html, "p");
        hk_html_say(html, HK_WORD_SAID_NOTED, name);
        hk_html_end(html);
        break;
    }
    if (text != NULL && text[0] != '\0') {
        hk_html_open_class(html, "p", "said");
        hk_html_foreign(html, text, HK_HTML_LONG);
        hk_html_end(html);
    }
    hk_html_open_class(html, "p", "soft");
    hk_html_time(html, HK_TIME_SECONDS, said->time_us);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_approval_said(struct hk_html *html, const struct hk_json *approval)
{
    struct said said[SAID_MAX];
    size_t count = 0;

    count = take(approval, "revisions", SAID_REVISION, said, count);
    count = take(approval, "decisions", SAID_DECISION, said, count);
    count = take(approval, "delegations", SAID_DELEGATION, said, count);
    count = take(approval, "notes", SAID_NOTE, said, count);
    hk_page_section(html, "said", HK_WORD_DECIDE_SAID);
    hk_html_open_class(html, "ol", "line");
    for (size_t i = 0; i < count; i++)
        put_one(html, approval, &said[i]);
    hk_html_end(html);
    hk_html_end(html);
}
