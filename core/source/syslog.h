/*
 * syslog: sources that listen for syslog messages over UDP (RFC 5426), TCP (RFC 6587) and TLS
 * (RFC 5425). What the messages say is not looked at here.
 *
 * Over TCP and TLS nothing that was read is lost while the engine has too much to do: the sender
 * waits. Over UDP messages wait in the kernel's buffer; those for which it has no room are counted
 * as dropped. A message that was taken goes to the ledger; the sender is never told, since syslog
 * has no word for it, so that what stood in the sockets is lost when the engine is killed.
 */
#ifndef HK_SOURCE_SYSLOG_H
#define HK_SOURCE_SYSLOG_H

#include "loop/loop.h"
#include "source/batch.h"

struct hk_syslog;

/* Listen as the source's configuration says. The source outlives it; sink is copied. */
HK_MUST_CHECK enum hk_status hk_syslog_new(struct hk_loop *loop, const struct hk_source *source,
    const struct hk_sink *sink, struct hk_syslog **ret_syslog, struct hk_error *error);
/* Close the listeners and connections; what was read is offered a last time. */
void hk_syslog_stop(struct hk_syslog *syslog);
/* NULL is fine. */
void hk_syslog_free(struct hk_syslog *syslog);
/* Keep the listening sockets for the next image of this program, before the stop. */
void hk_syslog_hand_on(struct hk_syslog *syslog);

/* Where it listens; 0: not there. For tests and the start's words. */
struct hk_syslog_ports {
    unsigned udp;
    unsigned tcp;
    unsigned tls;
};
void hk_syslog_ports(const struct hk_syslog *syslog, struct hk_syslog_ports *ret_ports);

#endif
