/*
 * ip_reach: where an address leads. Whoever may name a host (a plugin's author, a server that
 * redirects, whoever answers for a name) must not reach the engine's own machine or network by it,
 * nor the address from which clouds hand out credentials (169.254.169.254).
 */
#ifndef HK_BASE_IP_REACH_H
#define HK_BASE_IP_REACH_H

#include "base/ip.h"

enum hk_ip_reach {
    HK_IP_PUBLIC,
    /* This machine, its networks, or a way around (RFC 6890 and the registries of special-purpose
     * addresses): loopback, RFC 1918, shared (100.64/10), link-local, unique local, benchmarking,
     * 6to4, Teredo, and what is translated to one of these (NAT64). */
    HK_IP_PRIVATE,
    /* No single host answers there: unspecified, multicast, reserved, broadcast. */
    HK_IP_NEVER,
};

enum hk_ip_reach hk_ip_reach(const struct hk_ip *ip);
/* Public, or private where that may be. */
bool hk_ip_may_be_reached(const struct hk_ip *ip, bool may_be_private);

#endif
