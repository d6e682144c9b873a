/*
 * datagram: the UDP part of a syslog source. Internal to source/.
 */
#ifndef HK_SOURCE_DATAGRAM_H
#define HK_SOURCE_DATAGRAM_H

#include "loop/loop.h"
#include "source/batch.h"

struct hk_datagrams;

HK_MUST_CHECK enum hk_status hk_datagrams_new(struct hk_loop *loop, const struct hk_source *source,
    const struct hk_sink *sink, struct hk_datagrams **ret_datagrams, struct hk_error *error);
/* A last batch that waits is offered once more. NULL is fine. */
void hk_datagrams_free(struct hk_datagrams *datagrams);
/* Keep the socket for the next image of this program. */
void hk_datagrams_hand_on(struct hk_datagrams *datagrams);
unsigned hk_datagrams_port(const struct hk_datagrams *datagrams);

/* May this address send to the source? (syslog.c) */
bool hk_syslog_may_send(const struct hk_syslog_config *config, const struct hk_ip *ip);
/* It may not: count that, and who it was. */
void hk_syslog_refuse(const struct hk_source *source, const char *peer);

#endif
