/*
 * page_job: one page on its way: what its frame needs, what is read for it, and the answer.
 * Internal to api/, for pages_*.c.
 *
 * A page is read and written on a reader's thread, in one snapshot; only what has to ask the engine
 * (an approval) is written on the loop. A POST does what it is for, and then sends the browser to
 * the page that shows it (303); what was refused is that same page with the reason on it.
 */
#ifndef HK_API_PAGE_JOB_H
#define HK_API_PAGE_JOB_H

#include "api/exchange.h"
#include "console/pages.h"

#define HK_PAGE_NOTICE_SIZE 600
#define HK_PAGE_ITEMS 50 /* of one page of a list */

struct hk_page_job {
    struct hk_job job;
    struct hk_page page; /* points into the job and the engine's names */
    int status;          /* of the answer */
    char id[HK_ID_SIZE]; /* of the thing that is shown; "" for a list */
    char state[24];      /* which of a list */
    char after[HK_SHA256_HEX_SIZE];
    bool may_act; /* the person's role is that of whoever acts here */
    char notice[HK_PAGE_NOTICE_SIZE];
    /* Read the page and answer with it; frees the job. */
    void (*show)(struct hk_page_job *job);
    /* What is in a POST; the form itself is gone when the engine answers. */
    char digest[HK_SHA256_HEX_SIZE];
    bool approves;
};

/* A zeroed job of that size with frame, id and notice (`?done=`) taken from the request, or NULL
 * (and it is answered). */
HK_MUST_CHECK void *hk_page_job_new(const struct hk_exchange *exchange,
    const struct hk_http_request *request, size_t size, void (*show)(struct hk_page_job *job));
/* A page about one thing of a collection; acts is the role that may act on it. */
HK_MUST_CHECK void *hk_page_one_new(const struct hk_exchange *exchange,
    const struct hk_http_request *request, const char *collection, const char *acts);
/* Take state and after from the query. False: it is answered, and the job is gone. */
HK_MUST_CHECK bool hk_page_job_take_list(
    struct hk_page_job *job, const struct hk_http_request *request);
/* Read on a reader's thread, which writes the page to job->job.out; then answer with that. */
void hk_page_job_read(struct hk_page_job *job, hk_read_fn *read);
/* Answer with what is in job->job.out; frees the job. */
void hk_page_job_answer(struct hk_page_job *job);
/* 303 to "PATH/ID?done=CODE"; path is "/approvals/". Frees the job. */
void hk_page_job_done(struct hk_page_job *job, const char *path, const char *code);
/* Show the page with why it was refused: in words of ours, and in the engine's. */
void hk_page_job_refuse(
    struct hk_page_job *job, enum hk_status status, const struct hk_error *error);

/* The end of a POST that was not done: give a code first, and come back to PATH/ID; or refuse. */
void hk_page_job_finish(
    struct hk_page_job *job, enum hk_status status, const struct hk_error *error, const char *path);

/* A page of a list of a collection. */
typedef void hk_page_list_fn(
    struct hk_buf *out, const struct hk_page *base, const struct hk_json *list, const char *state);
void hk_page_list(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *collection, hk_page_list_fn *write);

/* --- rows of the tables --- */

#define HK_ROUTE_SHOW_PAGE(where, least, fn, words)                                                \
    {                                                                                              \
        .method = "GET", .path = (where), .role = (least), .handler = (fn), .summary = (words),    \
        .flags = HK_ROUTE_PAGE                                                                     \
    }
#define HK_ROUTE_FORM(where, least, fn, words)                                                     \
    {                                                                                              \
        .method = "POST", .path = (where), .role = (least), .handler = (fn), .summary = (words),   \
        .flags = HK_ROUTE_PAGE                                                                     \
    }

/* --- on a reader's thread --- */

/* One thing, or a page of a list, as a document. Free with hk_json_doc_done. */
HK_MUST_CHECK enum hk_status hk_page_read_one(struct hk_reading *reading, hk_tenant tenant,
    const char *collection, const char *id, struct hk_json_doc *ret_doc, struct hk_error *error);
/* state and after may be "" or NULL. */
struct hk_page_ask {
    const char *collection;
    const char *state;
    const char *after;
    unsigned limit;
};
HK_MUST_CHECK enum hk_status hk_page_read_list(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_page_ask *ask, struct hk_json_doc *ret_doc, struct hk_error *error);

#endif
