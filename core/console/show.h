/*
 * show: pieces of the documents that the API gives, as HTML. Internal to console/.
 */
#ifndef HK_CONSOLE_SHOW_H
#define HK_CONSOLE_SHOW_H

#include "console/page.h"

/* The time in a member of a document, in microseconds; 0 when there is none. */
int64_t hk_show_us(const struct hk_json *object, const char *path);
/* Who an actor's id stands for: names is the document's member `names`, may be NULL. */
const char *hk_show_name(const struct hk_html *html, const struct hk_json *names, const char *id);
void hk_show_who(struct hk_html *html, const struct hk_json *names, const char *id);
/* Those of a list of ids, joined; false when there is none. */
bool hk_show_all(struct hk_html *html, const struct hk_json *names, const struct hk_json *ids);

/* A value in a line: texts as they are, the rest as JSON; cut to size_max bytes. */
void hk_show_value(struct hk_html *html, const struct hk_json *value, size_t size_max);
/* A value for reading: objects as "name: value" items, lists as lists, both bounded; what is deeper
 * is a line of JSON. */
void hk_show_tree(struct hk_html *html, const struct hk_json *value);
/* A value as indented JSON in a <pre>. */
void hk_show_pretty(struct hk_html *html, const struct hk_json *value);

/* A fact (see hk_page_fact) when the text is there. */
void hk_show_fact(struct hk_html *html, enum hk_word label, const char *text);
void hk_show_fact_code(struct hk_html *html, enum hk_word label, const char *text);
/* A fact with a link to /WHAT/ID, when the id is there. text may be NULL: the id. */
void hk_show_fact_link(
    struct hk_html *html, enum hk_word label, const char *path, const char *id, const char *text);
void hk_show_fact_time(struct hk_html *html, enum hk_word label, int64_t time_us);
/* "/WHAT/{}" with the id, and the text in it. */
void hk_show_link(struct hk_html *html, const char *path, const char *id, const char *text);
/* Where the page of a subject is, "/runs/{}"; NULL when it has none. */
const char *hk_show_path_of(const char *subject);
/* "the ledger of this" */
void hk_show_ledger_link(struct hk_html *html, const char *subject);

/* That it was erased, by whom, when and why: the document's member `erased`; nothing without it. */
void hk_show_erased(struct hk_html *html, const struct hk_json *document);

/* One sentence for what is to be done, in the reader's language: from the capability or the kind of
 * action. covers is what a gate covers, or anything with action, capability, kind, target. */
void hk_show_sentence(struct hk_buf *out, enum hk_language language, const struct hk_json *covers,
    const char *fallback);

/* The same for what was done, as a noun: "Block on 203.0.113.66". */
void hk_show_held(struct hk_buf *out, enum hk_language language, const struct hk_json *containment);

/* The list of states that a list can be narrowed down to, as links with ?state=. */
void hk_show_filter(struct hk_html *html, const char *path, enum hk_name_group group,
    const char *const *states, const char *state);

#endif
