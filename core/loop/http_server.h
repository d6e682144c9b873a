/*
 * http_server: listeners (TCP and Unix sockets), connections and their deadlines. A request is
 * handed over whole; the answer may come later, by id, from any callback of the loop. Whoever asks
 * is unknown here: identity is the api's.
 *
 * Deadlines are absolute from the first byte of a request, so that trickling bytes doesn't extend
 * them.
 *
 * TCP and Unix connections have places of their own. When all places of a kind are taken, a new
 * connection takes that of the one that has gone longest without an exchange, which is told 408 if
 * it had begun a request and is closed; when there is none, that of the one whose answer began to
 * go out first. Only when every place waits for its answer the new one is told 503 and closed; over
 * TLS it is closed untold, since a handshake costs more than a refusal is worth.
 *
 * With TLS a connection has its place from accept on, and HK_TLS_HANDSHAKE_MAX_MS for the
 * handshake; to the rule above it is one without an exchange.
 */
#ifndef HK_LOOP_HTTP_SERVER_H
#define HK_LOOP_HTTP_SERVER_H

#include "loop/http_parse.h"
#include "loop/loop.h"
#include "loop/tls.h"

struct hk_http_server;

/* Names one request that waits for its answer; never reused. */
typedef uint64_t hk_exchange_id;

struct hk_http_peer {
    bool is_local;    /* came over the Unix socket from this process's own user or root */
    bool is_secure;   /* came over TLS */
    bool is_loopback; /* came over TCP from this machine */
    char address[64]; /* for diagnostics */
    char host[48];    /* the address alone, "192.0.2.1", "2001:db8::1"; "" over the Unix socket */
};

/* Called for each complete request. The request is borrowed for the call. Answer now or later with
 * hk_http_respond; the exchange ends by itself when the peer goes away, which is also what a peer
 * that shuts down its sending side while it waits is taken to have done. */
typedef void hk_http_request_fn(void *ctx, hk_exchange_id exchange,
    const struct hk_http_request *request, const struct hk_http_peer *peer);

HK_MUST_CHECK enum hk_status hk_http_server_new(struct hk_loop *loop, hk_http_request_fn *fn,
    void *ctx, struct hk_http_server **ret_server, struct hk_error *error);
/* Closes listeners and connections. Never inside the request function. */
void hk_http_server_free(struct hk_http_server *server);
/* "127.0.0.1:8686", "[::1]:0", or "unix:/path" (mode 0600; a stale socket file is replaced). With
 * tls (which outlives the server), TCP connections speak it; NULL: plain. The port that was taken
 * is written to *ret_port (may be NULL). */
HK_MUST_CHECK enum hk_status hk_http_server_listen(struct hk_http_server *server,
    const char *address, const struct hk_tls *tls, unsigned *ret_port, struct hk_error *error);
/* Does nobody but this machine reach that listen address? */
bool hk_http_address_is_local(const char *address);
/* The bounds of limits.h unless set otherwise, before the first listener; for tests. */
struct hk_http_bounds {
    int64_t handshake_ms;           /* of TLS, from accept to its end */
    int64_t head_ms;                /* whole request head, from its first byte */
    int64_t body_ms;                /* whole body, from the end of the head */
    int64_t idle_ms;                /* keep-alive without a request */
    int64_t stall_ms;               /* an answer of which the peer takes nothing */
    int64_t linger_ms;              /* between the last answer and the close */
    unsigned connections_max;       /* at most HK_HTTP_CONNECTIONS_MAX */
    unsigned local_connections_max; /* at most HK_HTTP_LOCAL_CONNECTIONS_MAX */
    size_t bodies_size_max;         /* bodies being received, all together */
    size_t answers_size_max;        /* answers that wait for their peers, all together */
};
void hk_http_server_set_bounds(struct hk_http_server *server, const struct hk_http_bounds *bounds);
/* Stop accepting; connections close after the answer they wait for, others at once. */
void hk_http_server_drain(struct hk_http_server *server);
/* Hand the TCP listening sockets on to the next image of this program (inherit.h); before drain.
 * Who connects from now on is answered by that. One that can't be handed on is logged. */
void hk_http_server_hand_on(struct hk_http_server *server);
/* Exchanges whose answer is not yet wholly in the kernel's hands. */
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

/* The reason phrase of a status ("Not Found"), "Status" for an unusual one. Never NULL. */
const char *hk_http_status_title(int status);

/* Answer; copies what it needs. False (and nothing happens) when the exchange is gone. HEAD gets
 * the headers only. Adds Date, Content-Length, Cache-Control: no-store unless given,
 * X-Content-Type-Options: nosniff, and over TLS Strict-Transport-Security (RFC 6797). */
bool hk_http_respond(struct hk_http_server *server, hk_exchange_id exchange,
    const struct hk_http_response *response);

#endif
