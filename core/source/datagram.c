/*
 * datagram: see datagram.h. Datagrams are taken many at once, a bounded number in each turn of the
 * loop. When the engine can't take a batch, the socket isn't read until it can; the kernel counts
 * what it has no room for meanwhile.
 */
#include "source/datagram.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "loop/address.h"
#include "loop/inherit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL_SIZE = CMSG_SPACE(sizeof(uint32_t)) };

/* Where datagrams are put. */
struct room {
    struct mmsghdr headers[HK_DATAGRAMS_AT_ONCE];
    struct iovec vectors[HK_DATAGRAMS_AT_ONCE];
    union hk_address peers[HK_DATAGRAMS_AT_ONCE];
    _Alignas(struct cmsghdr) char controls[HK_DATAGRAMS_AT_ONCE][CONTROL_SIZE];
    char bytes[HK_DATAGRAMS_AT_ONCE][HK_DATAGRAM_SIZE_MAX];
};

struct hk_datagrams {
    const struct hk_source *source;
    struct hk_sink sink;
    int fd;
    unsigned port;
    char address[128]; /* by which it is handed on */
    struct hk_fd_watch *watch;
    struct hk_timer *retry;
    struct hk_batch *pending; /* the engine could not take it */
    uint32_t dropped;         /* as the kernel counts */
};

static struct room *room; /* one for all sources, since they are read one after the other */
static unsigned room_users;

static void prepare(void)
{
    for (unsigned i = 0; i < HK_DATAGRAMS_AT_ONCE; i++) {
        room->vectors[i] =
            (struct iovec){.iov_base = room->bytes[i], .iov_len = HK_DATAGRAM_SIZE_MAX};
        room->headers[i].msg_hdr = (struct msghdr){.msg_name = &room->peers[i],
            .msg_namelen = sizeof(room->peers[i]),
            .msg_iov = &room->vectors[i],
            .msg_iovlen = 1,
            .msg_control = room->controls[i],
            .msg_controllen = CONTROL_SIZE};
    }
}

/* The kernel tells with each datagram how many it has dropped so far. */
static void count_drops(struct hk_datagrams *d, struct msghdr *header)
{
    uint32_t dropped;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
        if (dropped != d->dropped)
            hk_tally_count(d->source->row, HK_TALLY_dropped, dropped - d->dropped);
        d->dropped = dropped;
    }
}

/* Add one datagram to the batch; false when memory is short. */
static bool add_one(struct hk_datagrams *d, struct hk_batch *batch, unsigned index)
{
    const char *text = room->bytes[index];
    size_t size = room->headers[index].msg_len;
    char peer[HK_IP_TEXT_SIZE];
    struct hk_ip ip;

    count_drops(d, &room->headers[index].msg_hdr);
    if (!hk_address_ip(&room->peers[index], &ip))
        return true;
    hk_ip_format(&ip, peer);
    if (!hk_syslog_may_send(&d->source->config->syslog, &ip)) {
        hk_syslog_refuse(d->source, peer);
        return true;
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r' || text[size - 1] == '\0'))
        size--;
    if (size == 0)
        return true;
    return hk_batch_add(
        batch, text, size, (room->headers[index].msg_hdr.msg_flags & MSG_TRUNC) != 0, peer);
}

/* Offer the batch that waits; true when it is gone. */
static bool offer(struct hk_datagrams *d)
{
    if (d->pending == NULL)
        return true;
    if (d->sink.offer(d->sink.ctx, d->pending) != HK_OK)
        return false;
    hk_batch_free(d->pending);
    d->pending = NULL;
    return true;
}

/* Take what has come, at most one batch of it. How many datagrams there were. */
static int take(struct hk_datagrams *d)
{
    struct hk_batch *batch = hk_batch_new(d->source, "udp");
    bool is_good = batch != NULL;
    int count;

    if (!is_good)
        return 0;
    prepare();
    count = recvmmsg(d->fd, room->headers, HK_DATAGRAMS_AT_ONCE, MSG_DONTWAIT, NULL);
    batch->arrived_us = hk_time_wall_us();
    for (int i = 0; i < count && is_good; i++) {
        /* Large ones fill a batch early. */
        if (hk_batch_is_full(batch)) {
            d->pending = batch;
            if (!offer(d))
                hk_tally_count(d->source->row, HK_TALLY_dropped, (uint64_t)(count - i));
            batch = d->pending == NULL ? hk_batch_new(d->source, "udp") : NULL;
            if (batch == NULL)
                return count;
            batch->arrived_us = hk_time_wall_us();
        }
        is_good = add_one(d, batch, (unsigned)i);
    }
    if (batch->count > 0)
        d->pending = batch;
    else
        hk_batch_free(batch);
    return count;
}

static void on_readable(void *ctx, bool readable, bool writable)
{
    struct hk_datagrams *d = ctx;
    int count = HK_DATAGRAMS_AT_ONCE;
    (void)readable;
    (void)writable;

    for (unsigned i = 0; i < HK_DATAGRAM_BATCHES_PER_TURN_MAX && count == HK_DATAGRAMS_AT_ONCE;
         i++) {
        count = take(d);
        if (!offer(d)) {
            hk_fd_watch_want_read(d->watch, false);
            hk_timer_arm(d->retry, HK_SOURCE_RETRY_MS);
            return;
        }
    }
}

static void on_retry(void *ctx)
{
    struct hk_datagrams *d = ctx;

    if (offer(d))
        hk_fd_watch_want_read(d->watch, true);
    else
        hk_timer_arm(d->retry, HK_SOURCE_RETRY_MS);
}

static enum hk_status open_socket(struct hk_datagrams *d, struct hk_error *error)
{
    const char *text = d->source->config->syslog.udp;
    const int on = 1;
    const int kernel_size = HK_DATAGRAM_KERNEL_SIZE;
    union hk_address address;
    socklen_t size = 0;
    enum hk_status status = hk_address_parse(text, &address, &size, error);

    if (status != HK_OK)
        return status;
    (void)snprintf(d->address, sizeof(d->address), "udp:%s", text);
    d->fd = hk_inherit_take(d->address);
    if (d->fd >= 0) {
        if (getsockname(d->fd, &address.any, &size) != 0)
            goto fail;
        d->port = hk_address_port(&address);
        return HK_OK;
    }
    d->fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd < 0)
        goto fail;
    if (address.any.sa_family == AF_INET6 &&
        setsockopt(d->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
        goto fail;
    (void)setsockopt(d->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    /* Beyond the usual limit if we may. */
    if (setsockopt(d->fd, SOL_SOCKET, SO_RCVBUFFORCE, &kernel_size, sizeof(kernel_size)) != 0)
        (void)setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &kernel_size, sizeof(kernel_size));
    if (bind(d->fd, &address.any, size) != 0 || getsockname(d->fd, &address.any, &size) != 0)
        goto fail;
    d->port = hk_address_port(&address);
    return HK_OK;
fail:
    return hk_fail(error, errno == EADDRINUSE ? HK_CONFLICT : HK_IO,
        "cannot listen on %s for datagrams: %s", text, strerror(errno));
}

enum hk_status hk_datagrams_new(struct hk_loop *loop, const struct hk_source *source,
    const struct hk_sink *sink, struct hk_datagrams **ret_datagrams, struct hk_error *error)
{
    struct hk_datagrams *d = calloc(1, sizeof(*d));
    enum hk_status status;

    if (d == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a listener");
    d->source = source;
    d->sink = *sink;
    d->fd = -1;
    if (room_users++ == 0)
        room = malloc(sizeof(*room));
    status = open_socket(d, error);
    if (status == HK_OK) {
        d->retry = hk_timer_new(loop, on_retry, d);
        d->watch = hk_fd_watch_new(loop, d->fd, on_readable, d);
        if (room == NULL || d->retry == NULL || d->watch == NULL)
            status = hk_fail(error, HK_NOMEM, "no memory for a listener");
    }
    if (status != HK_OK) {
        hk_datagrams_free(d);
        return status;
    }
    *ret_datagrams = d;
    return HK_OK;
}

void hk_datagrams_free(struct hk_datagrams *d)
{
    if (d == NULL)
        return;
    if (!offer(d))
        hk_tally_count(d->source->row, HK_TALLY_dropped, d->pending->count);
    hk_batch_free(d->pending);
    hk_fd_watch_free(d->watch);
    hk_timer_free(d->retry);
    if (d->fd >= 0)
        (void)close(d->fd);
    if (--room_users == 0) {
        free(room);
        room = NULL;
    }
    free(d);
}

void hk_datagrams_hand_on(struct hk_datagrams *d)
{
    struct hk_error error;

    if (hk_inherit_keep(d->fd, d->address, &error) != HK_OK)
        hk_log(HK_LOG_WARNING, "%s: %s", d->address, error.text);
}

unsigned hk_datagrams_port(const struct hk_datagrams *d)
{
    return d->port;
}
