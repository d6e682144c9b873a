/*
 * expression: what rules are made of, as nf_tables has it: each puts a value into a register,
 * compares one, or decides. All of them write one list element.
 */
#ifndef NFTABLES_EXPRESSION_H
#define NFTABLES_EXPRESSION_H

#include "netlink.h"

/* The packet's protocol family is that of IPv4, or IPv6. */
void expression_family(struct netlink_bytes *out, bool is_v4);
/* The source (or destination) address is in the set. */
void expression_address_in_set(
    struct netlink_bytes *out, bool is_v4, bool is_source, const char *set);
/* The source (or destination) address begins with the first prefix bits of address. */
void expression_address_is(
    struct netlink_bytes *out, bool is_v4, bool is_source, const uint8_t *address, unsigned prefix);
/* The transport protocol is IPPROTO_TCP or IPPROTO_UDP, and its source (or destination) port this
 * one. */
void expression_port(struct netlink_bytes *out, uint8_t protocol, bool is_source, uint16_t port);
/* A segment of TCP that opens no connection. */
void expression_not_opening(struct netlink_bytes *out);
/* NF_DROP, NFT_RETURN, or NFT_JUMP and NFT_GOTO with the name of a chain (else NULL). */
void expression_verdict(struct netlink_bytes *out, int verdict, const char *chain);

#endif
