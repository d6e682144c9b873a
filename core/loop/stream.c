#include "loop/stream.h"

#include "base/log.h"
#include "base/time.h"
#include "limits.h"
#include "loop/address.h"
#include "loop/http_listen.h"
#include "loop/inherit.h"
#include "loop/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ACCEPT_PAUSE_MS = 100, KEEP_ALIVE_S = 60, KEEP_ALIVE_COUNT = 3 };

/* Streams stand in the line of their server in the order in which they were heard of last. */
struct hk_stream {
    struct hk_stream_server *server;
    struct hk_stream *older;
    struct hk_stream *newer;
    struct bufferevent *bev;
    struct hk_timer *handshake; /* NULL once that is over */
    void *ctx;
    int64_t heard_ms;
    bool is_paused;
    bool has_ended; /* while it was paused */
    int end_code;   /* errno; 0: properly */
};

struct hk_stream_server {
    struct hk_loop *loop;
    struct hk_stream_options options;
    struct hk_http_socket socket;
    struct evconnlistener *acceptor;
    struct hk_timer *accept_again;
    struct hk_stream *oldest;
    struct hk_stream *newest;
    unsigned count;
    unsigned accept_count; /* since it last looked away */
};

static unsigned streams_total; /* of all servers: they share the descriptors */

/* --- the line --- */

static void leave_line(struct hk_stream *stream)
{
    struct hk_stream_server *server = stream->server;

    *(stream->older != NULL ? &stream->older->newer : &server->oldest) = stream->newer;
    *(stream->newer != NULL ? &stream->newer->older : &server->newest) = stream->older;
    stream->older = NULL;
    stream->newer = NULL;
}

static void join_line(struct hk_stream *stream)
{
    struct hk_stream_server *server = stream->server;

    stream->older = server->newest;
    *(server->newest != NULL ? &server->newest->newer : &server->oldest) = stream;
    server->newest = stream;
}

static void is_heard(struct hk_stream *stream)
{
    stream->heard_ms = hk_time_monotonic_ms();
    leave_line(stream);
    join_line(stream);
}

/* --- one connection --- */

static void close_stream(struct hk_stream *stream, const char *why)
{
    struct hk_stream_server *server = stream->server;
    struct evbuffer *input = bufferevent_get_input(stream->bev);
    size_t left = evbuffer_get_length(input);

    leave_line(stream);
    server->count--;
    streams_total--;
    server->options.handler->close(
        stream->ctx, why, left > 0 ? (const char *)evbuffer_pullup(input, -1) : "", left);
    if (server->options.tls != NULL)
        hk_tls_goodbye(stream->bev);
    bufferevent_free(stream->bev);
    hk_timer_free(stream->handshake);
    free(stream);
}

/* Hand over what there is. False: the stream is gone. */
static bool hand_over(struct hk_stream *stream)
{
    struct evbuffer *input = bufferevent_get_input(stream->bev);
    size_t size = evbuffer_get_length(input);
    size_t taken;

    if (size == 0 || stream->is_paused)
        return true;
    taken = stream->server->options.handler->read(
        stream->ctx, (const char *)evbuffer_pullup(input, -1), size);
    if (taken == SIZE_MAX) {
        (void)evbuffer_drain(input, size);
        close_stream(stream, "the peer breaks the protocol");
        return false;
    }
    (void)evbuffer_drain(input, taken);
    return true;
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct hk_stream *stream = ctx;
    (void)bev;

    is_heard(stream);
    (void)hand_over(stream);
}

static void close_ended(struct hk_stream *stream)
{
    close_stream(stream, stream->end_code != 0 ? strerror(stream->end_code) : NULL);
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    struct hk_stream *stream = ctx;
    int code = EVUTIL_SOCKET_ERROR();
    (void)bev;

    if ((what & BEV_EVENT_CONNECTED) != 0) {
        hk_timer_free(stream->handshake);
        stream->handshake = NULL;
        is_heard(stream);
        return;
    }
    if (stream->handshake != NULL) {
        close_stream(stream, "the TLS handshake failed");
        return;
    }
    if (!hand_over(stream))
        return;
    stream->has_ended = true;
    stream->end_code = (what & BEV_EVENT_EOF) != 0 ? 0 : code != 0 ? code : EIO;
    if (!stream->is_paused)
        close_ended(stream);
}

static void on_handshake_time(void *ctx)
{
    close_stream(ctx, "the TLS handshake took too long");
}

void hk_stream_pause(struct hk_stream *stream)
{
    stream->is_paused = true;
    (void)bufferevent_disable(stream->bev, EV_READ);
}

void hk_stream_resume(struct hk_stream *stream)
{
    stream->is_paused = false;
    if (!hand_over(stream) || stream->is_paused)
        return;
    if (stream->has_ended)
        close_ended(stream);
    else if (bufferevent_enable(stream->bev, EV_READ) != 0)
        close_stream(stream, "no memory to read on");
}

/* --- accepting --- */

/* The stream whose place a new one may take; NULL: there is none. Those that wait for us are not
 * quiet. */
static struct hk_stream *quietest(const struct hk_stream_server *server)
{
    struct hk_stream *stream = server->oldest;
    int64_t now_ms = hk_time_monotonic_ms();

    while (stream != NULL && stream->is_paused)
        stream = stream->newer;
    return stream != NULL && now_ms - stream->heard_ms >= HK_STREAM_QUIET_MS ? stream : NULL;
}

/* Where there are few descriptors, a part of them. */
static bool has_descriptors(void)
{
    struct rlimit limit;

    return streams_total < HK_STREAMS_MAX &&
           (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
               streams_total < limit.rlim_cur / 4);
}

static bool make_room(struct hk_stream_server *server)
{
    struct hk_stream *stream;

    if (server->count < server->options.connections_max && has_descriptors())
        return true;
    stream = quietest(server);
    if (stream == NULL)
        return false;
    close_stream(stream, "its place was needed");
    return true;
}

static void watch_for_death(int fd)
{
    const int on = 1;
    const int idle_s = KEEP_ALIVE_S;
    const int count = KEEP_ALIVE_COUNT;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static struct hk_stream *new_stream(struct hk_stream_server *server, int take_fd)
{
    struct hk_stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL)
        goto fail;
    stream->server = server;
    if (server->options.tls != NULL) {
        stream->handshake = hk_timer_new(server->loop, on_handshake_time, stream);
        if (stream->handshake == NULL)
            goto fail;
        stream->bev = hk_tls_accept(server->options.tls, server->loop, take_fd);
    } else {
        stream->bev =
            bufferevent_socket_new(hk_loop_base(server->loop), take_fd, BEV_OPT_CLOSE_ON_FREE);
    }
    if (stream->bev == NULL)
        goto fail;
    bufferevent_setcb(stream->bev, on_read, NULL, on_event, stream);
    bufferevent_setwatermark(stream->bev, EV_READ, 0, HK_STREAM_BUFFER_SIZE);
    return stream;
fail:
    if (stream != NULL)
        hk_timer_free(stream->handshake);
    free(stream);
    close(take_fd);
    return NULL;
}

static void accept_one(struct hk_stream_server *server, int fd, const union hk_address *address)
{
    struct hk_stream *stream;
    char peer[HK_IP_TEXT_SIZE];
    struct hk_ip ip;

    if (!hk_address_ip(address, &ip) || !make_room(server)) {
        close(fd);
        return;
    }
    hk_ip_format(&ip, peer);
    watch_for_death(fd);
    stream = new_stream(server, fd);
    if (stream == NULL)
        return;
    stream->ctx = server->options.handler->open(server->options.ctx, stream, peer, &ip);
    if (stream->ctx == NULL) {
        hk_timer_free(stream->handshake);
        bufferevent_free(stream->bev);
        free(stream);
        return;
    }
    stream->heard_ms = hk_time_monotonic_ms();
    join_line(stream);
    server->count++;
    streams_total++;
    if (stream->handshake != NULL)
        hk_timer_arm(stream->handshake, HK_TLS_HANDSHAKE_MAX_MS);
    if (bufferevent_enable(stream->bev, EV_READ) != 0)
        close_stream(stream, "no memory to read");
}

static void on_accept(struct evconnlistener *acceptor, evutil_socket_t fd, struct sockaddr *address,
    int address_size, void *ctx)
{
    struct hk_stream_server *server = ctx;
    union hk_address any = {0};

    if ((size_t)address_size <= sizeof any)
        memcpy(&any, address, (size_t)address_size);
    /* Whoever connects fast enough would keep us here, and nobody would be read. */
    if (++server->accept_count >= HK_HTTP_ACCEPTS_MAX) {
        server->accept_count = 0;
        (void)evconnlistener_disable(acceptor);
        hk_timer_arm(server->accept_again, 0);
    }
    accept_one(server, fd, &any);
}

/* Out of descriptors or memory: a listener stays readable, so look away for a moment. */
static void on_accept_error(struct evconnlistener *acceptor, void *ctx)
{
    struct hk_stream_server *server = ctx;

    hk_log(HK_LOG_ERROR, "%s: cannot accept a connection: %s", server->options.address,
        strerror(errno));
    (void)evconnlistener_disable(acceptor);
    hk_timer_arm(server->accept_again, ACCEPT_PAUSE_MS);
}

static void on_accept_again(void *ctx)
{
    struct hk_stream_server *server = ctx;

    (void)evconnlistener_enable(server->acceptor);
}

/* --- the server --- */

enum hk_status hk_stream_listen(struct hk_loop *loop, const struct hk_stream_options *options,
    struct hk_stream_server **ret_server, unsigned *ret_port, struct hk_error *error)
{
    struct hk_stream_server *server = calloc(1, sizeof *server);
    enum hk_status status;

    if (server == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a listener");
    server->loop = loop;
    server->options = *options;
    server->socket.fd = -1;
    status = hk_http_socket_open(options->address, &server->socket, error);
    if (status != HK_OK) {
        free(server);
        return status;
    }
    server->accept_again = hk_timer_new(loop, on_accept_again, server);
    server->acceptor = evconnlistener_new(
        hk_loop_base(loop), on_accept, server, LEV_OPT_CLOSE_ON_EXEC, -1, server->socket.fd);
    if (server->accept_again == NULL || server->acceptor == NULL) {
        hk_stream_server_free(server);
        return hk_fail(error, HK_NOMEM, "no memory for a listener");
    }
    evconnlistener_set_error_cb(server->acceptor, on_accept_error);
    if (ret_port != NULL)
        *ret_port = server->socket.port;
    *ret_server = server;
    return HK_OK;
}

void hk_stream_server_free(struct hk_stream_server *server)
{
    struct hk_stream *next;

    if (server == NULL)
        return;
    if (server->acceptor != NULL)
        evconnlistener_free(server->acceptor);
    hk_http_socket_close(&server->socket);
    for (struct hk_stream *stream = server->oldest; stream != NULL; stream = next) {
        next = stream->newer;
        close_stream(stream, "the engine stops");
    }
    hk_timer_free(server->accept_again);
    free(server);
}

void hk_stream_server_hand_on(struct hk_stream_server *server)
{
    struct hk_error error;

    if (hk_inherit_keep(server->socket.fd, server->options.address, &error) != HK_OK)
        hk_log(HK_LOG_WARNING, "%s: %s", server->options.address, error.text);
}

unsigned hk_stream_server_connections(const struct hk_stream_server *server)
{
    return server->count;
}

bool hk_stream_address_is_good(const char *address)
{
    union hk_address any;
    socklen_t size;

    return hk_address_parse(address, &any, &size, NULL) == HK_OK;
}
