/*
 * connect: resolve a name and connect, on the loop, for whoever may not do it (plugins). The
 * caller's check sees each resolved address before a packet goes to it, so that a name can't point
 * into the engine's own network.
 */
#ifndef HK_LOOP_CONNECT_H
#define HK_LOOP_CONNECT_H

#include "base/ip.h"
#include "loop/loop.h"

struct hk_connector;

/* May this address be connected to? */
typedef bool hk_connect_check_fn(void *ctx, const struct hk_ip *address, unsigned port);
/* fd >= 0: a connected, non-blocking, close-on-exec socket, now the callee's. fd < 0: error says
 * why. Called exactly once for each hk_connector_start. */
typedef void hk_connect_done_fn(void *ctx, int fd, const struct hk_error *error);

HK_MUST_CHECK enum hk_status hk_connector_new(
    struct hk_loop *loop, struct hk_connector **ret_connector, struct hk_error *error);
/* Requests that are still open are called back with HK_DENIED. Never inside done or check. */
void hk_connector_free(struct hk_connector *connector);
/* host: a name or an address. Tries the resolved addresses in order until one connects, within
 * time_max_ms over all. done is called from the loop, not within this call, unless memory is
 * short. */
void hk_connector_start(struct hk_connector *connector, const char *host, unsigned port,
    int64_t time_max_ms, hk_connect_check_fn *check, hk_connect_done_fn *done, void *ctx);

#endif
