/*
 * stream: listeners for protocols in which the peer sends and nobody answers, over TCP or TLS.
 *
 * Whoever reads takes what it can and leaves the rest: then nothing more is read from that peer
 * until it is resumed, so that the peer's own socket fills up and it waits. At most
 * HK_STREAM_BUFFER_SIZE of a connection's bytes lie here meanwhile.
 *
 * No connection is closed for being quiet, since a peer that doesn't know it loses what it sends
 * next; dead ones are found by TCP's keep-alive. When all places of a server are taken, a new
 * connection takes that of the one that was quiet for longest, if that is HK_STREAM_QUIET_MS; else
 * it is refused.
 */
#ifndef HK_LOOP_STREAM_H
#define HK_LOOP_STREAM_H

#include "base/ip.h"
#include "loop/loop.h"

struct hk_stream_server;
struct hk_stream; /* one connection, until its close is called */
struct hk_tls;

struct hk_stream_handler {
    /* Somebody connected. What comes back is the connection's ctx; NULL refuses it. */
    void *(*open)(void *ctx, struct hk_stream *stream, const char *peer, const struct hk_ip *ip);
    /* Bytes; how many of them are taken. May call hk_stream_pause; what is left then comes again,
     * with more behind it. Without a pause what is left comes with the next bytes, or not again.
     * SIZE_MAX: the peer breaks the protocol, close. */
    size_t (*read)(void *stream_ctx, const char *data, size_t size);
    /* The connection is over; why is NULL when the peer ended it properly. left are the bytes that
     * nobody took. */
    void (*close)(void *stream_ctx, const char *why, const char *left, size_t left_size);
};

/* The server listens when this returns. tls may be NULL and outlives the server; so do handler and
 * ctx. The port that was taken is written to *ret_port (may be NULL). */
struct hk_stream_options {
    const char *address; /* see address.h */
    const struct hk_tls *tls;
    unsigned connections_max;
    const struct hk_stream_handler *handler;
    void *ctx;
};
HK_MUST_CHECK enum hk_status hk_stream_listen(struct hk_loop *loop,
    const struct hk_stream_options *options, struct hk_stream_server **ret_server,
    unsigned *ret_port, struct hk_error *error);
/* Connections are closed, with their handler being told. Never inside a handler. NULL is fine. */
void hk_stream_server_free(struct hk_stream_server *server);
/* Keep the listening socket for the next image of this program, see inherit.h. */
void hk_stream_server_hand_on(struct hk_stream_server *server);
unsigned hk_stream_server_connections(const struct hk_stream_server *server);

/* Read nothing more; only inside its read. */
void hk_stream_pause(struct hk_stream *stream);
/* Read on. Never inside a handler. */
void hk_stream_resume(struct hk_stream *stream);

/* Is this an address that can be listened on? */
bool hk_stream_address_is_good(const char *address);

#endif
