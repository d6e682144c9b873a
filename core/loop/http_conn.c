#include "loop/http_conn.h"

#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Bytes of further requests that may be held while one waits; the rest stays in the socket. */
    READ_AHEAD_SIZE = 16 * 1024,
    NO_DEADLINE = 0,
    EXCHANGE_SLOTS = 2048, /* an exchange id is serial * EXCHANGE_SLOTS + slot */
};

_Static_assert((int)HK_CONN_SLOTS <= (int)EXCHANGE_SLOTS, "a slot must fit into an exchange id");

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* --- deadlines --- */

/* The timer is left where it is when it fires before the deadline anyway: most deadlines never
 * come, and moving the timer for each request would cost more than one idle call. */
static void set_deadline(struct hk_conn *conn, int64_t after_ms)
{
    int64_t now_ms;

    if (after_ms == NO_DEADLINE) {
        conn->deadline_ms = NO_DEADLINE;
        return;
    }
    now_ms = hk_time_monotonic_ms();
    conn->deadline_ms = now_ms + after_ms;
    if (conn->timer_at_ms == 0 || conn->timer_at_ms > conn->deadline_ms) {
        hk_timer_arm(conn->timer, after_ms);
        conn->timer_at_ms = conn->deadline_ms;
    }
}

static void set_state(struct hk_conn *conn, enum hk_conn_state state, int64_t deadline_after_ms)
{
    conn->state = state;
    set_deadline(conn, deadline_after_ms);
}

/* --- places --- */

static void leave_line(struct hk_conn *conn)
{
    struct hk_conn_line *line = conn->line;

    if (line == NULL) {
        return;
    }
    *(conn->older != NULL ? &conn->older->newer : &line->oldest) = conn->newer;
    *(conn->newer != NULL ? &conn->newer->older : &line->newest) = conn->older;
    conn->line = NULL;
    conn->older = NULL;
    conn->newer = NULL;
}

/* The last place of a line. */
static void enter_line(struct hk_conn *conn, struct hk_conn_line *line)
{
    leave_line(conn);
    conn->line = line;
    conn->older = line->newest;
    *(line->newest != NULL ? &line->newest->newer : &line->oldest) = conn;
    line->newest = conn;
}

static void enter_room(struct hk_conn *conn, struct hk_conn_room *room)
{
    conn->room = room;
    if (room == NULL) {
        conn->server->refusal_count++;
        return;
    }
    room->count++;
    enter_line(conn, &room->quiet);
}

static void leave_room(struct hk_conn *conn)
{
    leave_line(conn);
    if (conn->room == NULL) {
        conn->server->refusal_count--;
        return;
    }
    conn->room->count--;
    conn->room = NULL;
}

/* --- the end --- */

static void count_body(struct hk_conn *conn, size_t size)
{
    conn->server->bodies_size += size;
    conn->server->bodies_size -= conn->body_counted;
    conn->body_counted = size;
}

static void count_answer(struct hk_conn *conn, size_t size)
{
    conn->server->answers_size += size;
    conn->server->answers_size -= conn->answer_counted;
    conn->answer_counted = size;
}

static void close_exchange(struct hk_conn *conn)
{
    conn->exchange = 0;
    if (conn->is_exchange_open) {
        conn->is_exchange_open = false;
        conn->server->exchange_count--;
        if (conn->room != NULL) {
            enter_line(conn, &conn->room->quiet);
        }
    }
}

void hk_conn_close(struct hk_conn *conn)
{
    struct hk_http_server *server = conn->server;

    if (conn->state == HK_CONN_CLOSED) {
        return;
    }
    close_exchange(conn);
    count_body(conn, 0);
    count_answer(conn, 0);
    if (conn->peer.is_secure && conn->state != HK_CONN_LINGER &&
        evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0) {
        hk_tls_goodbye(conn->bev);
    }
    conn->state = HK_CONN_CLOSED;
    hk_timer_disarm(conn->timer);
    bufferevent_setcb(conn->bev, NULL, NULL, NULL, NULL);
    (void)bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
    server->slots[conn->slot] = NULL;
    server->free_slots[server->free_count++] = conn->slot;
    server->conn_count--;
    leave_room(conn);
    conn->next_dead = server->dead;
    server->dead = conn;
    hk_timer_arm(server->reaper, 0);
}

static void conn_free(struct hk_conn *conn)
{
    hk_timer_free(conn->timer);
    hk_http_parser_free(conn->parser);
    if (conn->bev != NULL) {
        bufferevent_free(conn->bev); /* closes the descriptor */
    } else if (conn->fd >= 0) {
        close(conn->fd);
    }
    free(conn);
}

void hk_conn_reap(struct hk_http_server *server)
{
    while (server->dead != NULL) {
        struct hk_conn *conn = server->dead;
        server->dead = conn->next_dead;
        conn_free(conn);
    }
}

static void drop_input(struct hk_conn *conn)
{
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    size_t size = evbuffer_get_length(input);

    conn->lingered_size += size;
    (void)evbuffer_drain(input, size);
    if (conn->lingered_size > HK_HTTP_LINGER_SIZE_MAX) {
        hk_conn_close(conn);
    }
}

/* The last answer is in the kernel. A close while the peer still sends would reset the connection
 * and take the answer away from it, so read on for a while. */
static void begin_linger(struct hk_conn *conn)
{
    if (conn->peer.is_secure && !conn->peer_ended) {
        hk_tls_goodbye(conn->bev);
    }
    if (conn->peer_ended || shutdown(conn->fd, SHUT_WR) != 0) {
        hk_conn_close(conn);
        return;
    }
    set_state(conn, HK_CONN_LINGER, conn->server->bounds.linger_ms);
    drop_input(conn);
}

/* --- writing --- */

static void end_answer(struct hk_conn *conn)
{
    close_exchange(conn);
    count_answer(conn, 0);
    if (conn->closes || conn->server->is_draining) {
        begin_linger(conn);
        return;
    }
    set_state(conn, HK_CONN_IDLE, conn->server->bounds.idle_ms);
    if (!conn->is_dispatching && evbuffer_get_length(bufferevent_get_input(conn->bev)) > 0) {
        /* not from here: whoever answers doesn't expect the next request meanwhile */
        bufferevent_trigger(
            conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
    }
}

/* Write what the socket takes at once, leave the rest, and TLS, to the bufferevent. False: closed.
 */
static bool send_parts(struct hk_conn *conn, struct iovec parts[2])
{
    struct evbuffer *output = bufferevent_get_output(conn->bev);
    size_t sent = 0;

    if (!conn->peer.is_secure && evbuffer_get_length(output) == 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t result = sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0 && errno != EAGAIN && errno != EINTR) {
            hk_conn_close(conn);
            return false;
        }
        sent = result < 0 ? 0 : (size_t)result;
    }
    for (int i = 0; i < 2; i++) {
        size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= skip;
        if (skip == parts[i].iov_len) {
            continue;
        }
        if (evbuffer_add(output, (char *)parts[i].iov_base + skip, parts[i].iov_len - skip) != 0) {
            hk_log(HK_LOG_ERROR, "http: out of memory for an answer to %s", conn->peer.address);
            hk_conn_close(conn);
            return false;
        }
    }
    return true;
}

static const char *date_now(struct hk_http_server *server)
{
    int64_t now_s = hk_time_wall_us() / 1000000;

    if (now_s != server->date_s) {
        server->date_s = now_s;
        hk_http_format_date(now_s, server->date);
    }
    return server->date;
}

static void write_answer(struct hk_conn *conn, const struct hk_http_response *response)
{
    struct hk_http_server *server = conn->server;
    bool sends_body = response->content_type != NULL && !conn->is_head_method &&
                      hk_http_status_has_body(response->status);
    struct iovec parts[2];

    if (server->is_draining) {
        conn->closes = true;
    }
    hk_buf_clear(&server->head);
    hk_http_write_head(
        &server->head, response, date_now(server), conn->closes, conn->peer.is_secure);
    if (server->head.failed) {
        hk_log(HK_LOG_ERROR, "http: the headers of an answer are too large");
        hk_conn_close(conn);
        return;
    }
    parts[0].iov_base = server->head.data;
    parts[0].iov_len = server->head.size;
    parts[1].iov_base = (void *)(uintptr_t)response->body;
    parts[1].iov_len = sends_body ? response->body_size : 0;
    conn->exchange = 0;
    conn->state = HK_CONN_WRITING;
    if (conn->is_exchange_open && conn->room != NULL) {
        enter_line(conn, &conn->room->writing);
    }
    if (!send_parts(conn, parts)) {
        return;
    }
    if (evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0) {
        end_answer(conn);
    } else {
        count_answer(conn, evbuffer_get_length(bufferevent_get_output(conn->bev)));
        set_deadline(conn, server->bounds.stall_ms);
    }
}

/* Tell the peer what was wrong and be done with it. */
static void refuse(struct hk_conn *conn, int status, const char *detail)
{
    struct hk_buf body;

    hk_buf_init(&body, 4096);
    hk_http_write_problem(&body, status, detail);
    conn->closes = true;
    if (!conn->is_dispatching) { /* else the request function still reads the request */
        count_body(conn, 0);
        hk_http_parser_reset(conn->parser);
    }
    struct hk_http_response response = {
        .status = status,
        .content_type = body.failed ? NULL : "application/problem+json",
        .body = body.data,
        .body_size = body.size,
    };
    write_answer(conn, &response);
    hk_buf_done(&body);
}

void hk_conn_respond(struct hk_conn *conn, const struct hk_http_response *response)
{
    if (response->body_size > HK_HTTP_RESPONSE_SIZE_MAX) {
        hk_log(HK_LOG_ERROR, "http: an answer of %zu bytes is too large", response->body_size);
        refuse(conn, 500, "The answer is too large.");
        return;
    }
    /* Whoever reads slowly holds memory; small answers are let through, so that others can work. */
    if (response->body_size > READ_AHEAD_SIZE &&
        conn->server->answers_size + response->body_size > conn->server->bounds.answers_size_max) {
        refuse(conn, 503, "Too many large answers wait to be read.");
        return;
    }
    write_answer(conn, response);
}

/* --- reading --- */

static void dispatch(struct hk_conn *conn)
{
    struct hk_http_server *server = conn->server;
    struct hk_http_request *request = hk_http_parser_request(conn->parser);

    conn->exchange = ++server->exchange_serial * EXCHANGE_SLOTS + conn->slot;
    conn->is_exchange_open = true;
    server->exchange_count++;
    leave_line(conn);
    conn->closes = !request->keep_alive;
    conn->is_head_method = strcmp(request->method, "HEAD") == 0;
    set_state(conn, HK_CONN_WAITING, NO_DEADLINE);
    conn->is_dispatching = true;
    server->fn(server->ctx, conn->exchange, request, &conn->peer);
    conn->is_dispatching = false;
    count_body(conn, 0);
    hk_http_parser_reset(conn->parser);
}

/* The head is good and a body follows. */
static void begin_body(struct hk_conn *conn)
{
    struct hk_http_request *request = hk_http_parser_request(conn->parser);
    bool has_more = evbuffer_get_length(bufferevent_get_input(conn->bev)) > 0;
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)continue_line, .iov_len = sizeof continue_line - 1},
    };

    set_state(conn, HK_CONN_BODY, conn->server->bounds.body_ms);
    if (request->expect_continue && request->body.size == 0 && !has_more) {
        (void)send_parts(conn, parts);
    }
}

/* Feed the first stretch of input to the parser and act on what it says. */
static void take_input(struct hk_conn *conn, struct evbuffer *input)
{
    size_t size = evbuffer_get_contiguous_space(input);
    size_t used = 0;
    const char *text;
    const char *data = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
    enum hk_http_phase phase = hk_http_parser_feed(conn->parser, data, size, &used);

    (void)evbuffer_drain(input, used);
    if (phase == HK_HTTP_BAD) {
        int status = hk_http_parser_problem(conn->parser, &text);
        refuse(conn, status, text);
    } else if (phase == HK_HTTP_DONE) {
        dispatch(conn);
    } else if (phase == HK_HTTP_BODY) {
        count_body(conn, hk_http_parser_request(conn->parser)->body.size);
        if (conn->server->bodies_size > conn->server->bounds.bodies_size_max) {
            refuse(conn, 503, "Too many large requests are being received.");
        } else if (conn->state != HK_CONN_BODY) {
            begin_body(conn);
        }
    }
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct hk_conn *conn = ctx;
    struct evbuffer *input = bufferevent_get_input(bev);

    if (conn->state == HK_CONN_LINGER) {
        drop_input(conn);
        return;
    }
    while (conn->state <= HK_CONN_BODY && evbuffer_get_length(input) > 0) {
        take_input(conn, input);
    }
    if (conn->state == HK_CONN_IDLE && hk_http_parser_is_started(conn->parser)) {
        set_state(conn, HK_CONN_HEAD, conn->server->bounds.head_ms);
    }
    if (conn->peer_ended && conn->state <= HK_CONN_WAITING) {
        hk_conn_close(conn);
    }
}

static void on_written(struct bufferevent *bev, void *ctx)
{
    struct hk_conn *conn = ctx;
    (void)bev;

    if (conn->state == HK_CONN_WRITING) {
        end_answer(conn);
    }
}

/* Part of an answer went out: the peer reads. */
static void on_progress(struct evbuffer *output, const struct evbuffer_cb_info *info, void *ctx)
{
    struct hk_conn *conn = ctx;

    if (conn->answer_counted > 0) {
        count_answer(conn, evbuffer_get_length(output));
    }
    if (info->n_deleted > 0 && conn->state == HK_CONN_WRITING) {
        set_deadline(conn, conn->server->bounds.stall_ms);
    }
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    struct hk_conn *conn = ctx;
    bool has_input = evbuffer_get_length(bufferevent_get_input(bev)) > 0;

    if ((what & BEV_EVENT_CONNECTED) != 0 && conn->state == HK_CONN_HANDSHAKE) {
        set_state(conn, HK_CONN_IDLE, conn->server->bounds.idle_ms);
        return;
    }
    if ((what & BEV_EVENT_EOF) != 0) {
        conn->peer_ended = true;
        if (conn->state == HK_CONN_WRITING || (conn->state == HK_CONN_IDLE && has_input)) {
            return; /* it still gets its answers, then on_read or end_answer closes */
        }
    }
    hk_conn_close(conn);
}

static void on_deadline(void *ctx)
{
    struct hk_conn *conn = ctx;
    int64_t now_ms = hk_time_monotonic_ms();

    conn->timer_at_ms = 0;
    if (conn->deadline_ms == NO_DEADLINE) {
        return;
    }
    if (now_ms < conn->deadline_ms) {
        set_deadline(conn, conn->deadline_ms - now_ms);
        return;
    }
    if (conn->state == HK_CONN_HEAD) {
        refuse(conn, 408, "The request head did not arrive in time.");
    } else if (conn->state == HK_CONN_BODY) {
        refuse(conn, 408, "The request body did not arrive in time.");
    } else {
        hk_conn_close(conn);
    }
}

/* --- the beginning --- */

static struct hk_conn *conn_new(struct hk_http_server *server, int take_fd,
    const struct hk_http_peer *peer, const struct hk_tls *tls)
{
    struct hk_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) {
        close(take_fd);
        return NULL;
    }
    conn->server = server;
    conn->fd = take_fd;
    conn->peer = *peer;
    conn->peer.is_secure = tls != NULL;
    conn->parser = hk_http_parser_new();
    conn->timer = hk_timer_new(server->loop, on_deadline, conn);
    if (conn->parser == NULL || conn->timer == NULL) {
        goto fail;
    }
    conn->bev = tls != NULL ? hk_tls_accept(tls, server->loop, take_fd)
                            : bufferevent_socket_new(
                                  hk_loop_base(server->loop), take_fd, BEV_OPT_CLOSE_ON_FREE);
    if (conn->bev == NULL ||
        evbuffer_add_cb(bufferevent_get_output(conn->bev), on_progress, conn) == NULL) {
        goto fail;
    }
    bufferevent_setwatermark(conn->bev, EV_READ, 0, READ_AHEAD_SIZE);
    bufferevent_setcb(conn->bev, on_read, on_written, on_event, conn);
    return conn;
fail:
    conn_free(conn);
    return NULL;
}

/* Take its place from a connection. What is told to it, it may read as a refusal. */
static void evict(struct hk_conn *conn)
{
    struct hk_http_server *server = conn->server;

    if (conn->state != HK_CONN_HEAD && conn->state != HK_CONN_BODY) {
        hk_conn_close(conn);
        return;
    }
    bool may_linger = server->refusal_count < HK_HTTP_REFUSALS_MAX;
    leave_room(conn);
    enter_room(conn, NULL);
    refuse(conn, 408, "The request took too long while others waited to connect.");
    if (!may_linger) {
        hk_conn_close(conn);
    }
}

/* Is there a place, now that one was perhaps taken from another? */
static bool make_room(struct hk_conn_room *room)
{
    if (room->count >= room->count_max) {
        struct hk_conn *last =
            room->quiet.oldest != NULL ? room->quiet.oldest : room->writing.oldest;
        if (last != NULL) {
            evict(last);
        }
    }
    return room->count < room->count_max;
}

void hk_conn_accept(struct hk_http_server *server, int take_fd, const struct hk_http_peer *peer,
    enum hk_conn_kind kind, const struct hk_tls *tls)
{
    struct hk_conn_room *room = &server->rooms[kind];
    struct hk_conn *conn;

    if (!make_room(room)) {
        room = NULL;
    }
    hk_conn_reap(server); /* the descriptors of those that were closed are free again */
    if (server->free_count == 0 ||
        (room == NULL && (tls != NULL || server->refusal_count >= HK_HTTP_REFUSALS_MAX))) {
        close(take_fd);
        return;
    }
    conn = conn_new(server, take_fd, peer, tls);
    if (conn == NULL) {
        hk_log(HK_LOG_ERROR, "http: out of memory for a connection from %s", peer->address);
        return;
    }
    conn->slot = server->free_slots[--server->free_count];
    server->slots[conn->slot] = conn;
    server->conn_count++;
    enter_room(conn, room);
    if (tls != NULL) {
        set_state(conn, HK_CONN_HANDSHAKE, server->bounds.handshake_ms);
    } else {
        set_state(conn, HK_CONN_IDLE, server->bounds.idle_ms);
    }
    if (bufferevent_enable(conn->bev, EV_READ) != 0) {
        hk_conn_close(conn);
    } else if (room == NULL) {
        refuse(conn, 503, "Too many connections are open.");
    }
}

bool hk_http_respond(
    struct hk_http_server *server, hk_exchange_id exchange, const struct hk_http_response *response)
{
    uint64_t slot = exchange % EXCHANGE_SLOTS;
    struct hk_conn *conn = slot < HK_CONN_SLOTS ? server->slots[slot] : NULL;

    if (exchange == 0 || conn == NULL || conn->exchange != exchange) {
        return false;
    }
    hk_conn_respond(conn, response);
    return true;
}
