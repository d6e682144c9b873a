/*
 * http_conn: one connection of the HTTP server and its states. Internal to loop/.
 *
 * HANDSHAKE (TLS)
 *     ↓ done
 *   IDLE ─first byte→ HEAD ─head complete→ BODY ─complete→ WAITING ─respond→ WRITING
 *     ↑                 └───── complete without body ────────↑                  │ flushed
 *     └──────────────────────── keep-alive ─────────────────────────────────────┤
 *   HEAD, BODY ─refused, out of time→ WRITING (the refusal)                     ↓ last answer
 *   CLOSED ←─────────── peer left, error, out of time, read all ─────────── LINGER
 *
 * A request that arrives whole goes from IDLE to WAITING at once. CLOSED connections are freed one
 * loop turn later, since they may be closed from within their own callbacks.
 *
 * Each connection has a place in the room of its kind, but for refusals, which are on their way out
 * and have places of their own. Within a room it is in one of two lines, or in none:
 *
 *   WAITING                           none: nobody takes its place
 *   WRITING, with an exchange         writing, in the order in which the answers began
 *   all others (no open exchange)     quiet, in the order of arrival or of the last answer's end
 */
#ifndef HK_LOOP_HTTP_CONN_H
#define HK_LOOP_HTTP_CONN_H

#include "loop/http_response.h"

struct bufferevent;
struct hk_http_listener;

enum hk_conn_state {
    HK_CONN_HANDSHAKE,
    HK_CONN_IDLE,
    HK_CONN_HEAD,
    HK_CONN_BODY,
    HK_CONN_WAITING,
    HK_CONN_WRITING,
    HK_CONN_LINGER,
    HK_CONN_CLOSED,
};

enum hk_conn_kind { HK_CONN_REMOTE, HK_CONN_LOCAL, HK_CONN_KINDS };

enum {
    HK_CONN_SLOTS = HK_HTTP_CONNECTIONS_MAX + HK_HTTP_LOCAL_CONNECTIONS_MAX + HK_HTTP_REFUSALS_MAX
};

struct hk_conn;

struct hk_conn_line {
    struct hk_conn *oldest;
    struct hk_conn *newest;
};

struct hk_conn_room {
    unsigned count;
    unsigned count_max;
    struct hk_conn_line quiet;
    struct hk_conn_line writing;
};

struct hk_conn {
    struct hk_http_server *server;
    enum hk_conn_state state;
    unsigned slot;
    int fd; /* bev's */
    struct bufferevent *bev;
    struct hk_http_parser *parser;
    struct hk_http_peer peer;
    struct hk_timer *timer;
    int64_t deadline_ms;     /* monotonic; 0: none */
    int64_t timer_at_ms;     /* when the timer fires, perhaps too early; 0: not armed */
    hk_exchange_id exchange; /* while WAITING */
    size_t body_counted;     /* our part of the server's bodies_size */
    size_t answer_counted;   /* our part of the server's answers_size */
    size_t lingered_size;
    bool is_exchange_open;     /* counted in the server's exchange_count */
    bool is_dispatching;       /* inside the request function */
    bool is_head_method;       /* the answer has no body */
    bool closes;               /* after the answer */
    bool peer_ended;           /* nothing more comes */
    struct hk_conn_room *room; /* NULL: a refusal, beyond the limit of connections */
    struct hk_conn_line *line; /* NULL: in none */
    struct hk_conn *older;     /* in the line */
    struct hk_conn *newer;
    struct hk_conn *next_dead;
};

struct hk_http_server {
    struct hk_loop *loop;
    hk_http_request_fn *fn;
    void *ctx;
    struct hk_http_bounds bounds;
    struct hk_http_listener *listeners;
    struct hk_timer *accept_again; /* after the process ran out of descriptors */
    struct hk_timer *reaper;
    struct hk_conn *dead;
    struct hk_conn *slots[HK_CONN_SLOTS];
    unsigned free_slots[HK_CONN_SLOTS];
    unsigned free_count;
    struct hk_conn_room rooms[HK_CONN_KINDS];
    unsigned conn_count; /* refusals included */
    unsigned refusal_count;
    unsigned exchange_count;
    uint64_t exchange_serial;
    size_t bodies_size;
    size_t answers_size;
    bool is_draining;
    struct hk_buf head; /* of the answer being written; only used within one call */
    int64_t date_s;
    char date[HK_HTTP_DATE_SIZE];
};

/* Take over an accepted descriptor: in the room of its kind, if need be in the place of another
 * connection, else as a refusal (503). When memory is short, too many refusals are on their way, or
 * it is to speak TLS (not NULL), it is closed instead of refused. Never inside a connection's
 * callback, since those that are CLOSED are freed. */
void hk_conn_accept(struct hk_http_server *server, int take_fd, const struct hk_http_peer *peer,
    enum hk_conn_kind kind, const struct hk_tls *tls);
/* Answer the request that waits. */
void hk_conn_respond(struct hk_conn *conn, const struct hk_http_response *response);
void hk_conn_close(struct hk_conn *conn);
/* Free those that are CLOSED. */
void hk_conn_reap(struct hk_http_server *server);

#endif
