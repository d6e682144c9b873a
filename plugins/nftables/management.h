/*
 * management: who stays connected to an isolated host, as the option `management` says.
 *
 *   "192.0.2.10", "192.0.2.0/28"       everything between it and the host
 *   "from 192.0.2.10 port 22"          connections from it to the host's port (TCP, UDP)
 *   "to 192.0.2.20 port 443"           connections from the host to its port
 *
 * Answers to such connections pass as well; a TCP segment that would open a connection the other
 * way does not. IPv6 likewise.
 */
#ifndef NFTABLES_MANAGEMENT_H
#define NFTABLES_MANAGEMENT_H

#include "shared/address.h"

#define MANAGEMENT_MAX 32

enum management_way { MANAGEMENT_ALL, MANAGEMENT_FROM, MANAGEMENT_TO };

struct management {
    enum management_way way;
    struct address_range range;
    uint16_t port; /* not for MANAGEMENT_ALL */
};

/* Returns NULL, or why the text is none. */
const char *management_parse(const char *text, struct management *ret_management);

#endif
