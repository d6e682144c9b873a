/*
 * exchange: one request on its way through the api, the ways to answer it, and jobs: what waits for
 * the ledger or the engine before the answer. Internal to api/.
 */
#ifndef HK_API_EXCHANGE_H
#define HK_API_EXCHANGE_H

#include "api/api.h"
#include "api/identity.h"
#include "api/problem.h"
#include "api/router.h"
#include "api/session.h"
#include "base/form.h"
#include "words/words.h"

struct hk_events;
struct hk_job;
struct hk_people;
struct hk_visits;

struct hk_api {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    struct hk_engine *engine;
    struct hk_http_server *server;
    struct hk_identity *identity;
    struct hk_people *people;
    struct hk_visits *visits;
    struct hk_events *events;
    struct hk_reader *reader;
    struct hk_tally *tally;
    const struct hk_source *sources;
    size_t source_count;
    const char *version;
    const struct hk_tls *tls; /* of the listener that has it, or NULL */
    const char *url;          /* where people reach the pages, without '/' at its end */
    bool has_proxy;           /* what comes from this machine comes from a proxy that speaks TLS */
    int64_t started_us;
    void (*apply)(void *apply_ctx, hk_applied_fn *done, void *done_ctx); /* may be NULL */
    void *apply_ctx;
    hk_reload_playbooks_fn *reload; /* may be NULL */
    void *reload_ctx;
    const struct hk_route *routes;
    struct hk_buf openapi;
    struct hk_job *jobs;           /* all that wait */
    struct hk_intake_job *intakes; /* those of them that take alerts in */
    bool is_draining;
    uint64_t requests_total;
    uint64_t requests_refused; /* 401, 403 */
};

struct hk_exchange {
    struct hk_api *api;
    hk_exchange_id id;
    struct hk_route_match match;
    struct hk_actor actor;
    hk_tenant tenant;
    bool is_secure;  /* what the browser speaks is TLS */
    bool is_proxied; /* from is a proxy's address, whoever asks */
    char from[48];   /* the peer's address, without its port; "" over the Unix socket */
    /* of a page */
    enum hk_language language;
    char path[512];             /* with its query; "" when it is longer, or not a GET */
    struct hk_session session;  /* id "" unless the request came in one; see session.h */
    const struct hk_form *form; /* of a POST to a page, during the handler only; else NULL */
};

/* --- answers --- */

void hk_answer_text(const struct hk_exchange *exchange, int status, const char *type,
    const char *text, size_t size);
void hk_answer_json(const struct hk_exchange *exchange, int status, const char *json, size_t size);
void hk_answer_buf(const struct hk_exchange *exchange, int status, const struct hk_buf *out);
void hk_answer_problem(const struct hk_exchange *exchange, int status, const char *format, ...)
    HK_PRINTF(3, 4);
/* With further members; problem->retry_after_s is sent as Retry-After too. */
void hk_answer_problem_full(const struct hk_exchange *exchange, const struct hk_problem *problem);
/* 405; allow is the methods there are. */
void hk_answer_not_allowed(const struct hk_exchange *exchange, const char *allow);
/* A failure: what is our own fault is logged, and told without its text. */
void hk_answer_error(
    const struct hk_exchange *exchange, enum hk_status status, const struct hk_error *error);

/* --- the request --- */

/* One parameter of the query; "" when it isn't there. False: it is there, but not once and whole,
 * and that is answered: what was asked for must not be left out in silence. */
HK_MUST_CHECK bool hk_take_query(const struct hk_exchange *exchange,
    const struct hk_http_request *request, const char *name, char *ret_value, size_t capacity);
/* The same for a whole number up to max: *in_out_value stays when it isn't there. */
HK_MUST_CHECK bool hk_take_number(const struct hk_exchange *exchange,
    const struct hk_http_request *request, const char *name, uint64_t max, uint64_t *in_out_value,
    bool *ret_is_given);

/* May whoever asks make persons, or ways in for them? A service that could would decide by proxy.
 * False: it is answered. */
HK_MUST_CHECK bool hk_may_make_persons(const struct hk_exchange *exchange);

/* May whoever asks make ways in, or take one away that others rest on? A tenant that wants a code
 * for its decisions wants one here too: or a session in other hands would make itself a person who
 * has a device. False: it is answered. */
HK_MUST_CHECK bool hk_may_make_ways_in(const struct hk_exchange *exchange);

/* --- jobs --- */

/* The first member of each kind of job. */
struct hk_job {
    struct hk_job *next;
    struct hk_job **at;               /* what points here */
    void (*done)(struct hk_job *job); /* free what the job holds; may be NULL */
    struct hk_exchange exchange;
    void (*answer)(struct hk_job *job); /* see hk_job_read; NULL: out as JSON */
    hk_read_fn *read;
    struct hk_buf out;
};

/* A zeroed job of that size with a copy of the exchange; NULL (and it is answered) when memory is
 * short. out is made with HK_HTTP_RESPONSE_SIZE_MAX. */
HK_MUST_CHECK void *hk_job_new(const struct hk_exchange *exchange, size_t size);
void hk_job_free(struct hk_job *job);
/* Queue the job's read. Then job->answer is called and has the job, to free it or to go on; without
 * answer, and on failure, all that is done here. */
void hk_job_read(struct hk_job *job, hk_read_fn *read);

/* The engine's reply as an answer, ctx is a job. Status 200. */
void hk_job_reply(void *ctx, enum hk_status status, const struct hk_error *error, const char *json);

#endif
