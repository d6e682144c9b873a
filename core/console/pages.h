/*
 * pages: one function for each page. Each takes the documents that the API gives for the same thing
 * (borrowed; what may be NULL says so) and appends the whole page. Pure: the same input gives the
 * same bytes; any thread may call.
 *
 * base says what the frame needs (console/page.h); title and place are set here.
 */
#ifndef HK_CONSOLE_PAGES_H
#define HK_CONSOLE_PAGES_H

#include "console/page.h"

/* --- deciding --- */

/* Why somebody may not decide what they see. */
enum hk_bar {
    HK_BAR_NONE,
    HK_BAR_DECIDED, /* it is not pending any more */
    HK_BAR_ROLE,
    HK_BAR_ASKED, /* they asked for it */
    HK_BAR_VOTED, /* they have approved it already */
};

struct hk_page_approval {
    const struct hk_json *approval; /* GET /v1/approvals/{id} */
    const struct hk_json *alert;    /* GET /v1/alerts/{id}, or NULL */
    const struct hk_json *about;    /* member `about` of GET /v1/authority/explain, or NULL */
    const struct hk_json *lowers;   /* member `lowers` of the same, or NULL */
    const struct hk_json *people;   /* list of {id, name}: to whom it may be passed on; or NULL */
    enum hk_bar bar;
    bool may_note;     /* ask back */
    bool needs_code;   /* a code from a device will be asked for */
    const char *stale; /* the digest that the person had seen, when it is another one now */
    const char *next;  /* id of the approval that took the place of this one, or NULL */
};
void hk_page_approval(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_approval *what);
void hk_page_approvals(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);

/* --- what is to be done --- */

struct hk_page_queue {
    const struct hk_json *approvals; /* pending */
    const struct hk_json *tasks;     /* open; NULL where there are none */
    const struct hk_json *unknown;   /* runs */
    const struct hk_json *diverged;  /* runs */
    const struct hk_json *alerts;    /* that nobody has looked at */
    const struct hk_json *gaps;      /* open */
};
void hk_page_queue(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_queue *what);

/* --- what is not covered --- */

void hk_page_gaps(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);

/* --- alerts and runs --- */

void hk_page_alerts(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);
void hk_page_alert(struct hk_buf *out, const struct hk_page *base, const struct hk_json *alert);
void hk_page_runs(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);
/* Steps from the one at that place on; may_act: the person may cancel and resolve. */
void hk_page_run(struct hk_buf *out, const struct hk_page *base, const struct hk_json *run,
    size_t first_step, bool may_act);

/* --- cases and tasks --- */

struct hk_page_case {
    const struct hk_json *it;       /* GET /v1/cases/{id} */
    const struct hk_json *timeline; /* GET /v1/cases/{id}/timeline */
    bool may_work;                  /* note, describe, close */
    bool may_release;
};
void hk_page_cases(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);
void hk_page_case(struct hk_buf *out, const struct hk_page *base, const struct hk_page_case *what);
void hk_page_tasks(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);
void hk_page_task(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *task, bool may_work);

/* --- containments --- */

/* items: whole documents (GET /v1/containments/{id}), in the order of the list. */
void hk_page_containments(struct hk_buf *out, const struct hk_page *base,
    const struct hk_json *items, const char *state, const char *next);
void hk_page_containment(struct hk_buf *out, const struct hk_page *base,
    const struct hk_json *containment, bool may_act);

/* --- searching --- */

struct hk_page_search {
    const char *query;           /* as it was asked; "": nothing yet */
    const struct hk_json *found; /* GET /v1/search; NULL: nothing was looked for */
};
void hk_page_search(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_search *what);

/* --- the ledger --- */

struct hk_page_ledger {
    const struct hk_json *entries; /* GET …/audit/entries; NULL: only ask for a subject */
    const struct hk_json *proof;   /* see ledger/prove.h; NULL with entries */
    const struct hk_json *names;   /* of actors; may be NULL */
    const char *subject;           /* "": all */
};
void hk_page_ledger(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_ledger *what);

/* --- people --- */

void hk_page_people(struct hk_buf *out, const struct hk_page *base, const struct hk_json *list);

/* --- what went wrong --- */

/* status is that of HTTP; detail may be NULL. */
void hk_page_problem(
    struct hk_buf *out, const struct hk_page *base, int status, const char *detail);

#endif
