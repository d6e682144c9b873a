/*
 * address: addresses that are listened on, as people write them: "192.0.2.1:514",
 * "[2001:db8::1]:0". Numbers only, since names would be asked of somebody.
 */
#ifndef HK_LOOP_ADDRESS_H
#define HK_LOOP_ADDRESS_H

#include "base/ip.h"

#include <netinet/in.h>
#include <sys/socket.h>

union hk_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* HK_INVALID names what is wrong with the text. */
HK_MUST_CHECK enum hk_status hk_address_parse(
    const char *text, union hk_address *ret_address, socklen_t *ret_size, struct hk_error *error);
unsigned hk_address_port(const union hk_address *address);
bool hk_address_is_loopback(const union hk_address *address);
/* The address alone; false when it is neither IPv4 nor IPv6. */
bool hk_address_ip(const union hk_address *address, struct hk_ip *ret_ip);

#endif
