#include "loop/address.h"

#include <arpa/inet.h>
#include <string.h>

static bool parse_port(const char *text, unsigned *ret_port)
{
    unsigned port = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 5 || text[digits] != '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        port = port * 10 + (unsigned)(*text - '0');
    }
    *ret_port = port;
    return port <= 65535;
}

enum hk_status hk_address_parse(
    const char *text, union hk_address *ret_address, socklen_t *ret_size, struct hk_error *error)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    bool is_v6 = text[0] == '[';
    unsigned port = 0;

    if (colon == NULL || !parse_port(colon + 1, &port)) {
        return hk_fail(error, HK_INVALID, "listen address \"%s\" has no port", text);
    }
    const char *begin = is_v6 ? text + 1 : text;
    size_t size = (size_t)(colon - begin);
    if (is_v6 && (size == 0 || begin[--size] != ']')) {
        return hk_fail(error, HK_INVALID, "listen address \"%s\" lacks a ']'", text);
    }
    if (size >= sizeof host) {
        return hk_fail(error, HK_INVALID, "listen address \"%s\" is too long", text);
    }
    memcpy(host, begin, size);
    host[size] = '\0';
    memset(ret_address, 0, sizeof *ret_address);
    if (is_v6 && inet_pton(AF_INET6, host, &ret_address->v6.sin6_addr) == 1) {
        ret_address->v6.sin6_family = AF_INET6;
        ret_address->v6.sin6_port = htons((uint16_t)port);
        *ret_size = sizeof ret_address->v6;
        return HK_OK;
    }
    if (!is_v6 && inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1) {
        ret_address->v4.sin_family = AF_INET;
        ret_address->v4.sin_port = htons((uint16_t)port);
        *ret_size = sizeof ret_address->v4;
        return HK_OK;
    }
    return hk_fail(error, HK_INVALID,
        "listen address \"%s\" is not \"address:port\" or \"[address]:port\"", text);
}

unsigned hk_address_port(const union hk_address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

bool hk_address_is_loopback(const union hk_address *address)
{
    return address->any.sa_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr)
                                              : ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

bool hk_address_ip(const union hk_address *address, struct hk_ip *ret_ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (address->any.sa_family == AF_INET6) {
        memcpy(ret_ip->bytes, &address->v6.sin6_addr, sizeof ret_ip->bytes);
        return true;
    }
    if (address->any.sa_family != AF_INET) {
        return false;
    }
    memcpy(ret_ip->bytes, mapped, sizeof mapped);
    memcpy(ret_ip->bytes + sizeof mapped, &address->v4.sin_addr, 4);
    return true;
}
