/*
 * net_grants: to which servers a plugin may be connected.
 *
 *   grant "net:HOST:PORT"          that server. When HOST is a name, only public addresses of it
 *                                  (hk_ip_reach): who answers for a name can't point it into the
 *                                  operator's own network. When HOST is an address, this address,
 *                                  wherever it is: the operator has named it.
 *   grant "net-private:HOST:PORT"  the same, but the name may lead to private addresses too
 *   need  "net:HOST:PORT"          either of these, for this HOST and PORT
 *   need  "net"                    at least one of these: the hosts come from the options
 *
 * HOST is a name (letters count as equal in either case) or an address (in any spelling; IPv6 with
 * or without brackets), PORT a number. No grant leads to an address where no single host answers.
 */
#ifndef HK_PLUGIN_NET_GRANTS_H
#define HK_PLUGIN_NET_GRANTS_H

#include "base/ip.h"

/* Does the grant or need begin like one of these? */
bool hk_net_is_grant(const char *grant);
bool hk_net_is_need(const char *need);
/* HK_INVALID says what is wrong with it. */
HK_MUST_CHECK enum hk_status hk_net_grant_check(const char *grant, struct hk_error *error);
bool hk_net_need_is_valid(const char *need);

/* grants: NULL-ended; may be NULL. */
bool hk_net_need_is_met(char *const *grants, const char *need);
/* May HOST and PORT be connected to, and may the connection go to a private address? */
bool hk_net_is_granted(
    char *const *grants, const char *host, unsigned port, bool *ret_may_be_private);
/* Does the need ask for HOST and PORT? */
bool hk_net_need_covers(const char *need, const char *host, unsigned port);

#endif
