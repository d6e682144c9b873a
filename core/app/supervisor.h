/*
 * supervisor: tell the service manager how the engine is, in the protocol of sd_notify(3): one
 * datagram of "NAME=VALUE" lines to the socket that NOTIFY_SOCKET names. Without one nothing
 * happens.
 */
#ifndef HK_APP_SUPERVISOR_H
#define HK_APP_SUPERVISOR_H

#include "loop/loop.h"

struct hk_supervisor;

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC. From then on, when a watchdog is wanted, the loop says at
 * half its interval that it goes round. */
HK_MUST_CHECK enum hk_status hk_supervisor_new(
    struct hk_loop *loop, struct hk_supervisor **ret_supervisor, struct hk_error *error);
void hk_supervisor_free(struct hk_supervisor *supervisor); /* NULL is fine */

void hk_supervisor_ready(const struct hk_supervisor *supervisor);
void hk_supervisor_reloading(const struct hk_supervisor *supervisor);
void hk_supervisor_stopping(const struct hk_supervisor *supervisor);
/* One line for people: "systemctl status" shows it. */
void hk_supervisor_status(const struct hk_supervisor *supervisor, const char *text);

#endif
