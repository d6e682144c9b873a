#include "expression.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#define REGISTER NFT_REG_1 /* 16 bytes; one does for all */

#define V4_SOURCE_AT 12 /* RFC 791, 3.1 */
#define V4_DESTINATION_AT 16
#define V6_SOURCE_AT 8 /* RFC 8200, 3 */
#define V6_DESTINATION_AT 24
#define PORT_SOURCE_AT 0 /* RFC 9293, 3.1; RFC 768 */
#define PORT_DESTINATION_AT 2
#define TCP_FLAGS_AT 13
#define TCP_SYN 0x02
#define TCP_ACK 0x10

struct expression {
    size_t element;
    size_t data;
};

static struct expression begin(struct netlink_bytes *out, const char *name)
{
    struct expression expression = {.element = netlink_nest(out, NFTA_LIST_ELEM)};

    netlink_put_text(out, NFTA_EXPR_NAME, name);
    expression.data = netlink_nest(out, NFTA_EXPR_DATA);
    return expression;
}

static void end(struct netlink_bytes *out, struct expression expression)
{
    netlink_nest_end(out, expression.data);
    netlink_nest_end(out, expression.element);
}

static void put_value(struct netlink_bytes *out, uint16_t type, const void *value, size_t size)
{
    size_t nest = netlink_nest(out, type);

    netlink_put(out, NFTA_DATA_VALUE, value, size);
    netlink_nest_end(out, nest);
}

static void load_meta(struct netlink_bytes *out, uint32_t key)
{
    struct expression expression = begin(out, "meta");

    netlink_put_u32(out, NFTA_META_KEY, key);
    netlink_put_u32(out, NFTA_META_DREG, REGISTER);
    end(out, expression);
}

static void load_payload(struct netlink_bytes *out, uint32_t base, uint32_t offset, uint32_t size)
{
    struct expression expression = begin(out, "payload");

    netlink_put_u32(out, NFTA_PAYLOAD_DREG, REGISTER);
    netlink_put_u32(out, NFTA_PAYLOAD_BASE, base);
    netlink_put_u32(out, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_u32(out, NFTA_PAYLOAD_LEN, size);
    end(out, expression);
}

static void mask(struct netlink_bytes *out, const uint8_t *bits, size_t size)
{
    static const uint8_t zero[16];
    struct expression expression = begin(out, "bitwise");

    netlink_put_u32(out, NFTA_BITWISE_SREG, REGISTER);
    netlink_put_u32(out, NFTA_BITWISE_DREG, REGISTER);
    netlink_put_u32(out, NFTA_BITWISE_LEN, (uint32_t)size);
    put_value(out, NFTA_BITWISE_MASK, bits, size);
    put_value(out, NFTA_BITWISE_XOR, zero, size);
    end(out, expression);
}

static void compare(struct netlink_bytes *out, uint32_t operation, const void *value, size_t size)
{
    struct expression expression = begin(out, "cmp");

    netlink_put_u32(out, NFTA_CMP_SREG, REGISTER);
    netlink_put_u32(out, NFTA_CMP_OP, operation);
    put_value(out, NFTA_CMP_DATA, value, size);
    end(out, expression);
}

void expression_family(struct netlink_bytes *out, bool is_v4)
{
    const uint8_t family = is_v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

    load_meta(out, NFT_META_NFPROTO);
    compare(out, NFT_CMP_EQ, &family, sizeof(family));
}

static void load_address(struct netlink_bytes *out, bool is_v4, bool is_source)
{
    if (is_v4)
        load_payload(
            out, NFT_PAYLOAD_NETWORK_HEADER, is_source ? V4_SOURCE_AT : V4_DESTINATION_AT, 4);
    else
        load_payload(
            out, NFT_PAYLOAD_NETWORK_HEADER, is_source ? V6_SOURCE_AT : V6_DESTINATION_AT, 16);
}

void expression_address_in_set(
    struct netlink_bytes *out, bool is_v4, bool is_source, const char *set)
{
    load_address(out, is_v4, is_source);
    struct expression expression = begin(out, "lookup");
    netlink_put_text(out, NFTA_LOOKUP_SET, set);
    netlink_put_u32(out, NFTA_LOOKUP_SREG, REGISTER);
    netlink_put_u32(out, NFTA_LOOKUP_FLAGS, 0);
    end(out, expression);
}

void expression_address_is(
    struct netlink_bytes *out, bool is_v4, bool is_source, const uint8_t *address, unsigned prefix)
{
    size_t size = is_v4 ? 4 : 16;
    uint8_t bits[16] = {0};

    load_address(out, is_v4, is_source);
    if (prefix < 8 * size) {
        for (unsigned bit = 0; bit < prefix; bit++)
            bits[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
        mask(out, bits, size);
    }
    compare(out, NFT_CMP_EQ, address, size);
}

void expression_port(struct netlink_bytes *out, uint8_t protocol, bool is_source, uint16_t port)
{
    const uint16_t wire = htons(port);

    load_meta(out, NFT_META_L4PROTO);
    compare(out, NFT_CMP_EQ, &protocol, sizeof(protocol));
    load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER,
        is_source ? PORT_SOURCE_AT : PORT_DESTINATION_AT, sizeof(wire));
    compare(out, NFT_CMP_EQ, &wire, sizeof(wire));
}

void expression_not_opening(struct netlink_bytes *out)
{
    const uint8_t both = TCP_SYN | TCP_ACK;
    const uint8_t opening = TCP_SYN;

    load_payload(out, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, 1);
    mask(out, &both, sizeof(both));
    compare(out, NFT_CMP_NEQ, &opening, sizeof(opening));
}

void expression_verdict(struct netlink_bytes *out, int verdict, const char *chain)
{
    struct expression expression = begin(out, "immediate");

    netlink_put_u32(out, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    size_t data = netlink_nest(out, NFTA_IMMEDIATE_DATA);
    size_t nest = netlink_nest(out, NFTA_DATA_VERDICT);
    netlink_put_u32(out, NFTA_VERDICT_CODE, (uint32_t)verdict);
    if (chain != NULL)
        netlink_put_text(out, NFTA_VERDICT_CHAIN, chain);
    netlink_nest_end(out, nest);
    netlink_nest_end(out, data);
    end(out, expression);
}
