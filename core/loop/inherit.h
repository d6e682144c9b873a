/*
 * inherit: listening sockets that outlive the program's image. An engine that begins anew in the
 * same process (a changed configuration, a new version) hands its listening sockets on, so that
 * whoever connects meanwhile waits for some moments instead of being refused.
 *
 * They are named by the address they were asked for ("udp:ADDRESS" for datagrams, which wait in
 * the socket meanwhile), in the environment variable HIKESHI_LISTENING: "FD=ADDRESS" parted by
 * blanks. Only on the main thread.
 */
#ifndef HK_LOOP_INHERIT_H
#define HK_LOOP_INHERIT_H

#include "base/status.h"

#include <stdbool.h>

/* The listening socket that was handed on for this address, now the caller's and close-on-exec; -1:
 * there is none. Each is given out once. */
int hk_inherit_take(const char *address);
/* Close those that nobody took: their addresses are no longer in the configuration. */
void hk_inherit_close_rest(void);

/* Keep a copy of a listening socket for the next image. HK_LIMIT beyond HK_LISTENERS_KEPT_MAX
 * and HK_IO: then that image makes its own. */
HK_MUST_CHECK enum hk_status hk_inherit_keep(int fd, const char *address, struct hk_error *error);
/* Name what was kept in the environment, and let it stay open over exec. */
HK_MUST_CHECK enum hk_status hk_inherit_export(struct hk_error *error);

#endif
