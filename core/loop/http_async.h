/*
 * http_async: HTTP requests on the loop: one request in, one callback out. libcurl behind it.
 *
 * It opens no connection: for the first target, and again for each one that a redirect leads to,
 * it asks for a connected socket to HOST:PORT, and whoever gives it decides whether this is
 * allowed. http and https only (HTTP/1.1, TLS 1.2 or later; certificate and name are checked,
 * always); no proxies, cookies, netrc or variables of the environment; no content encoding is
 * asked for, and an answer that has one is a failure. Connections are not used again. The first
 * TLS request of a client, and one each day, reads the system's authorities, which takes some 30
 * ms.
 *
 * Redirects are followed for GET and HEAD, as often as the request says, never from https to http.
 * Once a redirect has led to another scheme, host or port, none of the given headers is sent any
 * more, back to the first one neither.
 */
#ifndef HK_LOOP_HTTP_ASYNC_H
#define HK_LOOP_HTTP_ASYNC_H

#include "loop/connect.h"

struct hk_http_async;

/* Give a socket: call done exactly once, now or later, with a connected, non-blocking one, or with
 * the reason why not. It was connected as hk_connector does it, without blocking: libcurl 7.88
 * calls connect() on it once more, and to this Linux answers success. host is in lower case, an
 * IPv6 address without brackets; it is borrowed for the call. done may come after the request or
 * even the client is gone. hk_http_way below is one of these for the engine's own requests. */
typedef void hk_http_socket_fn(
    void *ctx, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx);

/* Everything is copied but what socket_ctx points to, which must outlive the request. */
struct hk_http_async_ask {
    const char *method; /* "GET", "POST" … */
    const char *url;    /* http or https; neither user name nor password in it */
    /* "Name: value", NULL-ended, or NULL. Not those that frame the request or say where it goes:
     * Host, Content-Length, Transfer-Encoding, Connection … are refused. */
    const char *const *headers;
    const char *body; /* may be NULL */
    size_t body_size;
    int64_t time_max_ms;    /* over all: names, connections, redirects; > 0 */
    size_t answer_size_max; /* bytes of body */
    unsigned redirects_max; /* 0: a redirect is the answer */
    /* PEM of the authorities to trust, in place of the system's; NULL: the system's */
    const char *authorities;
    hk_http_socket_fn *socket;
    void *socket_ctx;
};

/* Borrowed for the callback. */
struct hk_http_async_answer {
    int status; /* 0: no whole answer came */
    struct hk_error
        error;             /* why, when status is 0: HK_INVALID and HK_DENIED (nothing was sent, and
                              asking again will not help), HK_TIMEOUT, HK_LIMIT, HK_BUSY, HK_IO, HK_NOMEM */
    bool may_have_arrived; /* with status 0: a byte of a request may have reached a server */
    bool was_cancelled;    /* by hk_http_async_cancel or hk_http_async_free */
    const char *const *headers; /* "name: value", names in lower case, NULL-ended; never NULL */
    const char *body;           /* NUL behind its end; never NULL */
    size_t body_size;
};

typedef void hk_http_async_fn(void *ctx, const struct hk_http_async_answer *answer);

/* Load libcurl's own state and that of TLS, once per process, from any thread. hk_http_async_new
 * does it too; a process that gives up the file system does it before. */
HK_MUST_CHECK enum hk_status hk_http_async_prepare(struct hk_error *error);

HK_MUST_CHECK enum hk_status hk_http_async_new(
    struct hk_loop *loop, struct hk_http_async **ret_client, struct hk_error *error);
/* Requests that are still open are called back, as cancelled. Never from inside a callback. */
void hk_http_async_free(struct hk_http_async *client); /* NULL is fine */

/* fn is called exactly once, from the loop, never within this call; what is wrong with the request
 * is said there too. Only when there is no memory for the request itself is fn called at once.
 * Returns an id for hk_http_async_cancel, 0 in that case.
 *
 * HK_HTTP_ASKS_LIVE_MAX requests are made at once, others wait in line while their time runs; so
 * strangers to each other should not share a client. */
uint64_t hk_http_async_start(struct hk_http_async *client, const struct hk_http_async_ask *ask,
    hk_http_async_fn *fn, void *ctx);
/* Give up; fn is still called, from the loop. An id that is not open is fine. */
void hk_http_async_cancel(struct hk_http_async *client, uint64_t id);

/* What may be reached by the engine's own requests. A name must not lead to a private address
 * (hk_ip_reach) unless may_be_private says so; one that is written in the URL needs that too. */
struct hk_http_way {
    struct hk_connector *connector;
    bool may_be_private;
};
/* A hk_http_socket_fn; ctx is a struct hk_http_way. */
void hk_http_way_socket(
    void *way, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx);

#endif
