/*
 * http_server: listeners (TCP and Unix sockets), connections and their deadlines. A request is
 * handed over whole; the answer may come later, by id, from any callback of the loop. Whoever asks
 * is unknown here: identity is the api's.
 *
 * Deadlines are absolute from the first byte of a request, so that trickling bytes doesn't extend
 * them. Past HK_HTTP_CONNECTIONS_MAX a new connection is answered 503 and closed.
 */
#ifndef HK_LOOP_HTTP_SERVER_H
#define HK_LOOP_HTTP_SERVER_H

#include "loop/http_parse.h"
#include "loop/loop.h"

struct hk_http_server;

/* Names one request that waits for its answer; never reused. */
typedef uint64_t hk_exchange_id;

struct hk_http_peer {
    bool is_local;    /* came over the Unix socket from this process's own user or root */
    char address[64]; /* for diagnostics */
};

/* Called for each complete request. The request is borrowed for the call. Answer now or later with
 * hk_http_respond; the exchange ends by itself when the peer goes away. */
typedef void hk_http_request_fn(void *ctx, hk_exchange_id exchange,
    const struct hk_http_request *request, const struct hk_http_peer *peer);

HK_MUST_CHECK enum hk_status hk_http_server_new(struct hk_loop *loop, hk_http_request_fn *fn,
    void *ctx, struct hk_http_server **ret_server, struct hk_error *error);
/* Closes listeners and connections. */
void hk_http_server_free(struct hk_http_server *server);
/* "127.0.0.1:8686", "[::1]:0", or "unix:/path" (mode 0600; a stale socket file is replaced). The
 * port that was taken is written to *ret_port (may be NULL). */
HK_MUST_CHECK enum hk_status hk_http_server_listen(struct hk_http_server *server,
    const char *address, unsigned *ret_port, struct hk_error *error);
/* Stop accepting; connections close after the answer they wait for. */
void hk_http_server_drain(struct hk_http_server *server);
unsigned hk_http_server_open_exchanges(const struct hk_http_server *server);
unsigned hk_http_server_connections(const struct hk_http_server *server);

struct hk_http_response {
    int status;
    const char *content_type; /* NULL: no body */
    const void *body;
    size_t body_size;
    /* pairs name, value, name, value …, NULL; may be NULL. Values with CR or LF are an assert. */
    const char *const *headers;
};

/* Answer; copies what it needs. False (and nothing happens) when the exchange is gone. HEAD gets
 * the headers only. Adds Date, Content-Length, Cache-Control: no-store unless given,
 * X-Content-Type-Options: nosniff. */
bool hk_http_respond(
    struct hk_http_server *server, hk_exchange_id exchange, const struct hk_http_response *response);

#endif
