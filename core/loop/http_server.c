#include "loop/http_server.h"

#include "base/log.h"
#include "loop/http_conn.h"
#include "loop/http_listen.h"
#include "loop/inherit.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    ACCEPT_PAUSE_MS = 100,
    RESPONSE_HEAD_SIZE_MAX = 64 * 1024,
};

struct hk_http_listener {
    struct hk_http_listener *next;
    struct hk_http_server *server;
    struct hk_http_socket socket;
    const struct hk_tls *tls;        /* or NULL */
    struct evconnlistener *acceptor; /* uses the socket's descriptor */
    unsigned accept_count;           /* since it last looked away */
};

static const struct hk_http_bounds default_bounds = {
    .handshake_ms = HK_TLS_HANDSHAKE_MAX_MS,
    .head_ms = HK_HTTP_HEADERS_TIME_MAX_MS,
    .body_ms = HK_HTTP_BODY_TIME_MAX_MS,
    .idle_ms = HK_HTTP_IDLE_MAX_MS,
    .stall_ms = HK_HTTP_STALL_MAX_MS,
    .linger_ms = HK_HTTP_LINGER_TIME_MAX_MS,
    .connections_max = HK_HTTP_CONNECTIONS_MAX,
    .local_connections_max = HK_HTTP_LOCAL_CONNECTIONS_MAX,
    .bodies_size_max = HK_HTTP_BODIES_SIZE_MAX,
    .answers_size_max = HK_HTTP_ANSWERS_SIZE_MAX,
};

static void on_reap(void *ctx)
{
    hk_conn_reap(ctx);
}

/* --- accepting --- */

static void on_accept(struct evconnlistener *acceptor, evutil_socket_t fd, struct sockaddr *address,
    int address_size, void *ctx)
{
    struct hk_http_listener *listener = ctx;
    struct hk_http_server *server = listener->server;
    struct hk_http_peer peer;
    (void)address;
    (void)address_size;

    /* Whoever connects fast enough would keep us here, and nobody would be read. */
    if (++listener->accept_count >= HK_HTTP_ACCEPTS_MAX) {
        listener->accept_count = 0;
        (void)evconnlistener_disable(acceptor);
        hk_timer_arm(server->accept_again, 0);
    }
    if (!hk_http_peer_of(fd, listener->socket.is_unix, &peer)) {
        if (listener->socket.is_unix) {
            hk_log(HK_LOG_WARNING, "http: refused another user's connection: %s", peer.address);
        }
        close(fd);
        return;
    }
    hk_conn_accept(server, fd, &peer, listener->socket.is_unix ? HK_CONN_LOCAL : HK_CONN_REMOTE,
        listener->tls);
}

/* Out of descriptors or memory: a listener stays readable, so look away for a moment. */
static void on_accept_error(struct evconnlistener *acceptor, void *ctx)
{
    struct hk_http_listener *listener = ctx;

    hk_log(HK_LOG_ERROR, "http: cannot accept a connection: %s", strerror(errno));
    (void)evconnlistener_disable(acceptor);
    hk_timer_arm(listener->server->accept_again, ACCEPT_PAUSE_MS);
}

static void on_accept_again(void *ctx)
{
    struct hk_http_server *server = ctx;

    for (struct hk_http_listener *l = server->listeners; l != NULL; l = l->next) {
        (void)evconnlistener_enable(l->acceptor);
    }
}

static void close_listeners(struct hk_http_server *server)
{
    while (server->listeners != NULL) {
        struct hk_http_listener *listener = server->listeners;
        server->listeners = listener->next;
        evconnlistener_free(listener->acceptor);
        hk_http_socket_close(&listener->socket);
        free(listener);
    }
}

enum hk_status hk_http_server_listen(struct hk_http_server *server, const char *address,
    const struct hk_tls *tls, unsigned *ret_port, struct hk_error *error)
{
    struct hk_http_listener *listener = calloc(1, sizeof *listener);
    enum hk_status status;

    if (listener == NULL) {
        return hk_fail(error, HK_NOMEM, "out of memory for a listener");
    }
    status = hk_http_socket_open(address, &listener->socket, error);
    if (status != HK_OK) {
        free(listener);
        return status;
    }
    listener->server = server;
    listener->tls = listener->socket.is_unix ? NULL : tls;
    listener->acceptor = evconnlistener_new(hk_loop_base(server->loop), on_accept, listener,
        LEV_OPT_CLOSE_ON_EXEC, -1, listener->socket.fd);
    if (listener->acceptor == NULL) {
        hk_http_socket_close(&listener->socket);
        free(listener);
        return hk_fail(error, HK_NOMEM, "out of memory for a listener");
    }
    evconnlistener_set_error_cb(listener->acceptor, on_accept_error);
    listener->next = server->listeners;
    server->listeners = listener;
    if (ret_port != NULL) {
        *ret_port = listener->socket.port;
    }
    return HK_OK;
}

/* --- the server --- */

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* A place that has no descriptor would be taken from the Unix socket and from everything else. */
static unsigned connections_by_descriptors(void)
{
    const unsigned reserved =
        HK_HTTP_DESCRIPTORS_OTHER + HK_HTTP_LOCAL_CONNECTIONS_MAX + HK_HTTP_REFUSALS_MAX;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= reserved + HK_HTTP_CONNECTIONS_MAX) {
        return HK_HTTP_CONNECTIONS_MAX;
    }
    /* With very few descriptors, half of them. */
    unsigned count = (unsigned)limit.rlim_cur;
    return count / 2 > reserved ? count - reserved : count / 2;
}

enum hk_status hk_http_server_new(struct hk_loop *loop, hk_http_request_fn *fn, void *ctx,
    struct hk_http_server **ret_server, struct hk_error *error)
{
    struct hk_http_server *server = calloc(1, sizeof *server);

    if (server == NULL) {
        return hk_fail(error, HK_NOMEM, "out of memory for the HTTP server");
    }
    server->loop = loop;
    server->fn = fn;
    server->ctx = ctx;
    hk_http_server_set_bounds(server, &default_bounds);
    hk_buf_init(&server->head, RESPONSE_HEAD_SIZE_MAX);
    while (server->free_count < HK_CONN_SLOTS) {
        server->free_slots[server->free_count] = HK_CONN_SLOTS - 1 - server->free_count;
        server->free_count++;
    }
    server->reaper = hk_timer_new(loop, on_reap, server);
    server->accept_again = hk_timer_new(loop, on_accept_again, server);
    if (server->reaper == NULL || server->accept_again == NULL) {
        hk_http_server_free(server);
        return hk_fail(error, HK_NOMEM, "out of memory for the HTTP server");
    }
    *ret_server = server;
    return HK_OK;
}

void hk_http_server_set_bounds(struct hk_http_server *server, const struct hk_http_bounds *bounds)
{
    server->bounds = *bounds;
    server->rooms[HK_CONN_REMOTE].count_max =
        smaller(bounds->connections_max, connections_by_descriptors());
    server->rooms[HK_CONN_LOCAL].count_max =
        smaller(bounds->local_connections_max, HK_HTTP_LOCAL_CONNECTIONS_MAX);
}

/* Close the connections, or only those that wait for no answer. */
static void close_connections(struct hk_http_server *server, bool all)
{
    for (unsigned i = 0; i < HK_CONN_SLOTS; i++) {
        struct hk_conn *conn = server->slots[i];
        if (conn != NULL && (all || conn->state < HK_CONN_WAITING)) {
            hk_conn_close(conn);
        }
    }
}

void hk_http_server_free(struct hk_http_server *server)
{
    if (server == NULL) {
        return;
    }
    close_listeners(server);
    close_connections(server, true);
    hk_conn_reap(server);
    hk_timer_free(server->reaper);
    hk_timer_free(server->accept_again);
    hk_buf_done(&server->head);
    free(server);
}

void hk_http_server_hand_on(struct hk_http_server *server)
{
    struct hk_error error;

    for (struct hk_http_listener *l = server->listeners; l != NULL; l = l->next) {
        (void)evconnlistener_disable(l->acceptor);
        if (!l->socket.is_unix && hk_inherit_keep(l->socket.fd, l->socket.address, &error) != HK_OK)
            hk_log(HK_LOG_WARNING, "http: %s", error.text);
    }
}

void hk_http_server_drain(struct hk_http_server *server)
{
    server->is_draining = true;
    close_listeners(server);
    close_connections(server, false);
}

unsigned hk_http_server_open_exchanges(const struct hk_http_server *server)
{
    return server->exchange_count;
}

unsigned hk_http_server_connections(const struct hk_http_server *server)
{
    return server->conn_count;
}
