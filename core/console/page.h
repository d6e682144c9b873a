/*
 * page: what all pages share: head, navigation, notices, forms and their fields, and the answer's
 * headers. No script, no inline style: one style sheet, served under a name that holds its hash.
 */
#ifndef HK_CONSOLE_PAGE_H
#define HK_CONSOLE_PAGE_H

#include "base/json.h"
#include "console/html.h"

/* Where in the navigation a page stands. */
enum hk_page_place {
    HK_PLACE_NONE,
    HK_PLACE_QUEUE,
    HK_PLACE_ALERTS,
    HK_PLACE_CASES,
    HK_PLACE_RUNS,
    HK_PLACE_CONTAINMENTS,
    HK_PLACE_SEARCH,
    HK_PLACE_LEDGER,
    HK_PLACE_PEOPLE,
    HK_PLACE_ACCOUNT,
};

enum hk_notice_kind { HK_NOTICE_NONE, HK_NOTICE_DONE, HK_NOTICE_PROBLEM };

/* What is known before the page's own content; all texts are borrowed, and NULL where there is
 * none. */
struct hk_page {
    enum hk_language language;
    int zone_minutes; /* in which times are shown */
    int64_t now_us;
    enum hk_page_place place;
    const char *title;  /* ends up before "Hikeshi" in the title, and is the heading */
    const char *path;   /* of this very page with its query, for the switch of languages */
    const char *person; /* who is logged in; NULL: nobody, and there is no navigation */
    const char *role;
    const char *tenant;
    const char *csrf; /* of the session */
    enum hk_notice_kind notice_kind;
    const char *notice; /* what just happened, or why it didn't */
};

/* Everything up to and including the heading; the content follows. */
void hk_page_begin(struct hk_html *html, struct hk_buf *out, const struct hk_page *page);
void hk_page_end(struct hk_html *html, const struct hk_page *page);

/* --- parts --- */

/* A section with a heading of the second level that it is labelled by. id is unique on the page.
 * Ends with hk_html_end. */
void hk_page_section(struct hk_html *html, const char *id, enum hk_word heading);
/* One row of a list of facts: <div><dt>…</dt><dd> and what follows; ends with hk_page_fact_end. The
 * rows stand in a <dl class="facts">. */
void hk_page_fact(struct hk_html *html, enum hk_word label);
void hk_page_fact_end(struct hk_html *html);
/* A word in a small frame: a severity or a state. kind colours it: "critical", "active" … */
void hk_page_badge(struct hk_html *html, const char *kind, const char *text);
void hk_page_severity(struct hk_html *html, const char *severity);
/* "← All approvals" */
void hk_page_back(struct hk_html *html, enum hk_word word, const char *path);
/* The link to the next page of a list; nothing when next is NULL. path is
 * "/alerts?state={}&after={}" and takes state and next. */
void hk_page_next(struct hk_html *html, const char *path, const char *state, const char *next);

/* --- forms --- */

/* A form that posts to the path (see hk_html_url); carries the session's secret. End with
 * hk_html_end. */
void hk_page_form_of(struct hk_html *html, const struct hk_page *page, const char *const *path);
#define hk_page_form(html, page, ...)                                                              \
    hk_page_form_of(html, page, (const char *const[]){__VA_ARGS__, NULL})
void hk_page_hidden(struct hk_html *html, const char *name, const char *value);

struct hk_field {
    const char *id; /* unique on the page */
    const char *name;
    const char *type; /* NULL: text; "textarea" */
    enum hk_word label;
    enum hk_word hint;    /* HK_WORD_NO_TEXT: none */
    const char *value;    /* NULL: empty */
    const char *complete; /* autocomplete; NULL: off */
    bool is_required;
    bool is_numeric;   /* a code: digits on the keyboard of a phone */
    unsigned size_max; /* characters; 0: no bound here */
};
/* Label, input, and its hint. */
void hk_page_field(struct hk_html *html, const struct hk_field *field);
/* <button>; look is "main", "danger" or NULL. name and value may be NULL. */
void hk_page_button(
    struct hk_html *html, enum hk_word word, const char *look, const char *name, const char *value);

/* --- the answer --- */

/* Headers that each page is sent with, pairs of name and value, NULL-ended: what keeps a browser
 * from running, loading, framing, storing or telling on what is shown. */
extern const char *const hk_page_headers[];

/* What pages refer to, under a path that changes with the content, so that it can be kept for ever.
 */
struct hk_page_static {
    const char *type;
    const void *data;
    size_t size;
};
/* False when there is nothing at that path ("/static/hikeshi-0123456789abcdef.css"). */
bool hk_page_static(const char *path, struct hk_page_static *ret_file);

#endif
