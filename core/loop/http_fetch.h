/*
 * http_fetch: one request of http_async, and its transfer in libcurl. Internal to loop/.
 *
 *   LINE ─► SOCKET ─► EXCHANGE ─► ENDED ─► called back and freed
 *              ▲          │
 *              └─redirect─┘        LINE, SOCKET and EXCHANGE end at once on cancel and deadline
 *
 * What runs inside libcurl's callbacks (head, body, socket) only takes notes here; transfers are
 * removed and freed by http_async.c, outside of them.
 */
#ifndef HK_LOOP_HTTP_FETCH_H
#define HK_LOOP_HTTP_FETCH_H

#include "base/buf.h"
#include "loop/http_async.h"
#include "loop/http_url.h"

#include <curl/curl.h>

enum hk_fetch_state { HK_FETCH_LINE, HK_FETCH_SOCKET, HK_FETCH_EXCHANGE, HK_FETCH_ENDED };

struct hk_socket_wait; /* http_async.c */

struct hk_http_fetch {
    struct hk_http_fetch *next;
    struct hk_http_fetch *previous;
    struct hk_http_async *client;
    uint64_t id;
    hk_http_async_fn *fn;
    void *ctx;
    enum hk_fetch_state state;
    struct hk_timer *deadline;

    /* the request */
    char *method;
    struct hk_http_url url;     /* of the present target */
    struct curl_slist *headers; /* given; NULL once they must not be sent any more */
    char *body;
    size_t body_size;
    size_t answer_size_max;
    bool follows_redirects;
    unsigned redirects_left;
    char *authorities;
    hk_http_socket_fn *socket;
    void *socket_ctx;

    /* the transfer */
    struct hk_socket_wait *wait; /* while SOCKET */
    int fd;                      /* given, and not yet libcurl's; else -1 */
    CURL *easy;                  /* while EXCHANGE */
    struct curl_slist *lines;    /* what easy sends */
    char curl_text[CURL_ERROR_SIZE];

    /* the answer */
    int status;
    struct hk_buf head; /* "name: value" and a NUL each */
    size_t head_count;
    size_t head_received; /* bytes of all heads, interim ones too */
    bool head_is_whole;
    bool is_redirect; /* the body is not wanted */
    struct hk_buf answer;
    struct hk_error error; /* the first thing that went wrong, also inside callbacks */
    bool may_have_arrived;
    bool was_cancelled;
};

/* Check and copy. HK_INVALID says what is wrong with the request. */
HK_MUST_CHECK enum hk_status hk_http_fetch_take(
    struct hk_http_fetch *fetch, const struct hk_http_async_ask *ask, struct hk_error *error);
/* Make the transfer for fetch->url and fetch->fd; the caller adds it to its multi handle. */
HK_MUST_CHECK enum hk_status hk_http_fetch_open(
    struct hk_http_fetch *fetch, struct hk_error *error);
/* Free the transfer, which is in no multi handle any more. */
void hk_http_fetch_close(struct hk_http_fetch *fetch);
/* What the end of the transfer means: HK_OK with the answer in place, or a redirect when
 * fetch->is_redirect; else the error. */
HK_MUST_CHECK enum hk_status hk_http_fetch_judge(
    struct hk_http_fetch *fetch, CURLcode code, struct hk_error *error);
/* Go on to where the redirect leads: sets url, drops headers, counts. */
HK_MUST_CHECK enum hk_status hk_http_fetch_redirect(
    struct hk_http_fetch *fetch, struct hk_error *error);
/* Tell fn, then free everything. */
void hk_http_fetch_deliver(struct hk_http_fetch *fetch);
/* Everything but its place in the client's list. */
void hk_http_fetch_free(struct hk_http_fetch *fetch);

/* --- http_fetch_head.c --- */

/* What is wrong with a method, or with a line for a request's head; NULL: nothing. */
const char *hk_http_method_fault(const char *method);
const char *hk_http_line_fault(const char *line);
/* Take in one line of an answer's head. False: fetch->error says why it is refused. */
bool hk_http_head_take(struct hk_http_fetch *fetch, const char *line, size_t size);
/* The value of a header of the answer, the first of that name; NULL when there is none. */
const char *hk_http_head_get(const struct hk_http_fetch *fetch, const char *name);

#endif
