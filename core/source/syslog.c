/*
 * syslog: the TCP and TLS part of a syslog source, and the whole; see syslog.h.
 */
#include "source/syslog.h"

#include "base/log.h"
#include "base/time.h"
#include "loop/stream.h"
#include "loop/tls.h"
#include "source/datagram.h"
#include "source/frame.h"

#include <stdio.h>
#include <stdlib.h>

/* One connection. While the engine is busy it is in the line of those that wait. Only whoever found
 * the engine busy has a batch there; the others have nothing but what lies in their streams, so
 * that many who send much take up little. */
struct peer {
    struct listener *listener;
    struct hk_stream *stream; /* NULL once it is closed */
    struct hk_frames frames;
    size_t held; /* our part of the total */
    struct hk_batch *pending;
    bool is_waiting; /* in the line */
    bool has_turn;   /* taken out of it just now */
    bool is_broken;  /* its stream can't be read any further */
    struct peer *next_waiting;
    char address[HK_IP_TEXT_SIZE];
};

struct listener {
    struct hk_syslog *syslog;
    const char *transport;
    struct hk_stream_server *server;
    unsigned port;
};

struct hk_syslog {
    struct hk_loop *loop;
    const struct hk_source *source;
    struct hk_sink sink;
    struct hk_tls *tls;
    struct listener tcp;
    struct listener over_tls;
    struct hk_datagrams *datagrams;
    struct hk_timer *retry;
    struct peer *turn; /* whose stream is being resumed, unless it is freed by that */
    struct peer *waiting;
    struct peer **waiting_tail;
};

enum { HELD_SIZE_FAIR = 8192 }; /* nobody is closed for holding so little */

static size_t held_total; /* of all sources */

bool hk_syslog_may_send(const struct hk_syslog_config *config, const struct hk_ip *ip)
{
    for (size_t i = 0; i < config->from_count; i++)
        if (hk_ip_range_has(&config->from[i], ip))
            return true;
    return config->from_count == 0;
}

void hk_syslog_refuse(const struct hk_source *source, const char *peer)
{
    char text[HK_TALLY_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%s is not in `from`", peer);
    hk_tally_refused(source->row, hk_time_wall_us(), text);
}

/* --- one connection --- */

static void count_held(struct peer *peer)
{
    size_t held = hk_frames_held(&peer->frames);

    held_total = held_total - peer->held + held;
    peer->held = held;
}

static void free_peer(struct peer *peer)
{
    if (peer->listener->syslog->turn == peer)
        peer->listener->syslog->turn = NULL;
    held_total -= peer->held;
    hk_frames_done(&peer->frames);
    hk_batch_free(peer->pending);
    free(peer);
}

/* Offer the peer's batch; true when it is gone. */
static bool offer(struct peer *peer)
{
    const struct hk_sink *sink = &peer->listener->syslog->sink;

    if (peer->pending == NULL)
        return true;
    if (sink->offer(sink->ctx, peer->pending) != HK_OK)
        return false;
    hk_batch_free(peer->pending);
    peer->pending = NULL;
    return true;
}

/* Wait until the engine can take the batch; nothing more is read from that peer. */
static void wait_in_line(struct peer *peer)
{
    struct hk_syslog *syslog = peer->listener->syslog;

    if (syslog->waiting == NULL)
        hk_timer_arm(syslog->retry, HK_SOURCE_RETRY_MS);
    peer->is_waiting = true;
    peer->next_waiting = NULL;
    *syslog->waiting_tail = peer;
    syslog->waiting_tail = &peer->next_waiting;
}

/* Add messages to the peer's batch until it is full or the bytes are used up. False when the
 * stream can't be read any further. */
static bool fill(struct peer *peer, const char *data, size_t size, size_t *in_out_at)
{
    struct hk_frame frame;

    if (peer->pending == NULL) {
        peer->pending = hk_batch_new(peer->listener->syslog->source, peer->listener->transport);
        if (peer->pending == NULL)
            return false;
        peer->pending->arrived_us = hk_time_wall_us();
    }
    while (*in_out_at < size && !hk_batch_is_full(peer->pending)) {
        size_t taken = 0;
        if (!hk_frames_next(&peer->frames, data + *in_out_at, size - *in_out_at, &taken, &frame))
            return false;
        *in_out_at += taken;
        if (frame.text != NULL &&
            !hk_batch_add(peer->pending, frame.text, frame.size, frame.is_cut, peer->address))
            return false;
    }
    return true;
}

/* Take all messages out of the bytes, as long as the engine takes the batches; how much was taken
 * is in *in_out_at. False when the stream can't be read any further. */
static bool take(struct peer *peer, const char *data, size_t size, size_t *in_out_at)
{
    while (*in_out_at < size) {
        if (!fill(peer, data, size, in_out_at))
            return false;
        if (peer->pending->count == 0) {
            hk_batch_free(peer->pending);
            peer->pending = NULL;
        } else if (!offer(peer)) {
            break;
        }
    }
    count_held(peer);
    return held_total <= HK_SYSLOG_HELD_SIZE_MAX || peer->held <= HELD_SIZE_FAIR;
}

static size_t on_read(void *ctx, const char *data, size_t size)
{
    struct peer *peer = ctx;
    size_t taken = 0;

    if (peer->listener->syslog->waiting != NULL && !peer->has_turn) {
        hk_stream_pause(peer->stream);
        wait_in_line(peer);
        return 0;
    }
    if (!take(peer, data, size, &taken)) {
        peer->is_broken = true;
        return SIZE_MAX;
    }
    if (peer->pending != NULL) {
        hk_stream_pause(peer->stream);
        wait_in_line(peer);
    }
    return taken;
}

static void *on_open(
    void *ctx, struct hk_stream *stream, const char *address, const struct hk_ip *ip)
{
    struct listener *listener = ctx;
    const struct hk_source *source = listener->syslog->source;
    struct peer *peer;

    if (!hk_syslog_may_send(&source->config->syslog, ip)) {
        hk_syslog_refuse(source, address);
        return NULL;
    }
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return NULL;
    peer->listener = listener;
    peer->stream = stream;
    (void)snprintf(peer->address, sizeof(peer->address), "%s", address);
    hk_frames_init(&peer->frames, HK_MESSAGE_SIZE_MAX);
    return peer;
}

static void tell_close(struct peer *peer, const char *why)
{
    const struct hk_source *source = peer->listener->syslog->source;
    char text[HK_TALLY_TEXT_SIZE];

    (void)snprintf(
        text, sizeof(text), "%s from %s: %s", peer->listener->transport, peer->address, why);
    hk_tally_count(source->row, HK_TALLY_malformed, 1);
    hk_tally_notice(source->row, hk_time_wall_us(), text);
    hk_log(HK_LOG_DEBUG, "source %s: %s", source->config->name, text);
}

/* The last message of a stream may have no end. */
static void take_last(struct peer *peer)
{
    struct hk_frame frame;

    hk_frames_end(&peer->frames, &frame);
    if (frame.text == NULL)
        return;
    if (peer->pending == NULL) {
        peer->pending = hk_batch_new(peer->listener->syslog->source, peer->listener->transport);
        if (peer->pending != NULL)
            peer->pending->arrived_us = hk_time_wall_us();
    }
    if (peer->pending == NULL || hk_batch_is_full(peer->pending) ||
        !hk_batch_add(peer->pending, frame.text, frame.size, frame.is_cut, peer->address))
        hk_tally_count(peer->listener->syslog->source->row, HK_TALLY_dropped, 1);
}

/* What is still there is taken if the engine can; a peer that is in line stays there without its
 * stream, until its batch is taken. */
static void on_close(void *ctx, const char *why, const char *left, size_t left_size)
{
    struct peer *peer = ctx;
    size_t taken = 0;

    peer->stream = NULL;
    if (why != NULL)
        tell_close(peer, why);
    if (peer->is_waiting && peer->pending != NULL)
        return;
    if (left_size > 0 && !take(peer, left, left_size, &taken))
        peer->is_broken = true;
    if (!peer->is_broken)
        take_last(peer);
    if (peer->is_waiting)
        return;
    if (offer(peer))
        free_peer(peer);
    else
        wait_in_line(peer);
}

static const struct hk_stream_handler handler = {
    .open = on_open, .read = on_read, .close = on_close};

/* --- the line of those that wait --- */

/* It may be gone afterwards, but for those that come back into the line. */
static void give_turn(struct peer *peer)
{
    struct hk_syslog *syslog = peer->listener->syslog;

    syslog->turn = peer;
    peer->has_turn = true;
    hk_stream_resume(peer->stream);
    if (syslog->turn == peer)
        peer->has_turn = false;
    syslog->turn = NULL;
}

static void on_retry(void *ctx)
{
    struct hk_syslog *syslog = ctx;

    for (unsigned i = 0; i < HK_BATCHES_PER_TURN_MAX && syslog->waiting != NULL; i++) {
        struct peer *peer = syslog->waiting;
        if (!offer(peer)) {
            hk_timer_arm(syslog->retry, HK_SOURCE_RETRY_MS);
            return;
        }
        syslog->waiting = peer->next_waiting;
        if (syslog->waiting == NULL)
            syslog->waiting_tail = &syslog->waiting;
        peer->is_waiting = false;
        if (peer->stream != NULL)
            give_turn(peer);
        else
            free_peer(peer);
    }
    if (syslog->waiting != NULL)
        hk_timer_arm(syslog->retry, 0);
}

/* --- the source --- */

static enum hk_status listen_on(struct hk_syslog *syslog, struct listener *listener,
    const char *transport, const char *address, struct hk_error *error)
{
    const struct hk_stream_options options = {.address = address,
        .tls = syslog->tls,
        .connections_max = HK_SYSLOG_CONNECTIONS_MAX,
        .handler = &handler,
        .ctx = listener};

    listener->syslog = syslog;
    listener->transport = transport;
    return address != NULL
               ? hk_stream_listen(syslog->loop, &options, &listener->server, &listener->port, error)
               : HK_OK;
}

static enum hk_status open_listeners(struct hk_syslog *syslog, struct hk_error *error)
{
    const struct hk_syslog_config *config = &syslog->source->config->syslog;
    const struct hk_tls_options options = {.cert_file = config->cert_file,
        .key_file = config->key_file,
        .client_ca_file = config->client_ca_file};
    enum hk_status status = listen_on(syslog, &syslog->tcp, "tcp", config->tcp, error);

    if (status == HK_OK && config->tls != NULL)
        status = hk_tls_new(&options, &syslog->tls, error);
    if (status == HK_OK)
        status = listen_on(syslog, &syslog->over_tls, "tls", config->tls, error);
    if (status == HK_OK && config->udp != NULL)
        status = hk_datagrams_new(
            syslog->loop, syslog->source, &syslog->sink, &syslog->datagrams, error);
    return status;
}

enum hk_status hk_syslog_new(struct hk_loop *loop, const struct hk_source *source,
    const struct hk_sink *sink, struct hk_syslog **ret_syslog, struct hk_error *error)
{
    struct hk_syslog *syslog = calloc(1, sizeof(*syslog));
    enum hk_status status;

    if (syslog == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a listener");
    syslog->loop = loop;
    syslog->source = source;
    syslog->sink = *sink;
    syslog->waiting_tail = &syslog->waiting;
    syslog->retry = hk_timer_new(loop, on_retry, syslog);
    status = syslog->retry != NULL ? open_listeners(syslog, error)
                                   : hk_fail(error, HK_NOMEM, "no memory for a listener");
    if (status != HK_OK) {
        hk_syslog_free(syslog);
        return status;
    }
    *ret_syslog = syslog;
    return HK_OK;
}

void hk_syslog_stop(struct hk_syslog *syslog)
{
    hk_stream_server_free(syslog->tcp.server);
    hk_stream_server_free(syslog->over_tls.server);
    hk_datagrams_free(syslog->datagrams);
    syslog->tcp.server = NULL;
    syslog->over_tls.server = NULL;
    syslog->datagrams = NULL;
    while (syslog->waiting != NULL) {
        struct peer *peer = syslog->waiting;
        syslog->waiting = peer->next_waiting;
        if (!offer(peer))
            hk_tally_count(syslog->source->row, HK_TALLY_dropped, peer->pending->count);
        free_peer(peer);
    }
    syslog->waiting_tail = &syslog->waiting;
}

void hk_syslog_free(struct hk_syslog *syslog)
{
    if (syslog == NULL)
        return;
    hk_syslog_stop(syslog);
    hk_timer_free(syslog->retry);
    hk_tls_free(syslog->tls);
    free(syslog);
}

void hk_syslog_hand_on(struct hk_syslog *syslog)
{
    if (syslog->tcp.server != NULL)
        hk_stream_server_hand_on(syslog->tcp.server);
    if (syslog->over_tls.server != NULL)
        hk_stream_server_hand_on(syslog->over_tls.server);
    if (syslog->datagrams != NULL)
        hk_datagrams_hand_on(syslog->datagrams);
}

void hk_syslog_ports(const struct hk_syslog *syslog, struct hk_syslog_ports *ret_ports)
{
    *ret_ports = (struct hk_syslog_ports){
        .udp = syslog->datagrams != NULL ? hk_datagrams_port(syslog->datagrams) : 0,
        .tcp = syslog->tcp.port,
        .tls = syslog->over_tls.port};
}
