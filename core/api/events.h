/*
 * events: GET /v1/events, server-sent events (the HTML standard, 9.2). Whoever asks and finds
 * nothing new waits here until there is something, at most HK_EVENTS_WAIT_S. An answer ends with
 * what was new: a client comes again with the id of the last event (Last-Event-ID), which
 * EventSource does by itself, as soon as the answer's `retry` says. So nothing is kept for those
 * who are away, an engine that begins anew loses nobody, and a slow reader holds nothing up.
 *
 * Internal to api/. On the loop.
 */
#ifndef HK_API_EVENTS_H
#define HK_API_EVENTS_H

#include "api/exchange.h"

struct hk_events;

HK_MUST_CHECK enum hk_status hk_events_new(struct hk_loop *loop, struct hk_ledger *ledger,
    struct hk_events **ret_events, struct hk_error *error);
/* After all jobs are gone. NULL is fine. */
void hk_events_free(struct hk_events *events);
/* Nobody waits any more: those who do are told that there is nothing, and so are those who come. */
void hk_events_drain(struct hk_events *events);

hk_handler_fn hk_route_events;

#endif
