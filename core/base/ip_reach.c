#include "base/ip_reach.h"

#include <string.h>

static const char *const never[] = {
    "0.0.0.0/32", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8", NULL};

static const char *const private[] = {"0.0.0.0/8", /* this network */
    "10.0.0.0/8",                                  /* RFC 1918 */
    "100.64.0.0/10",                               /* RFC 6598, shared behind a carrier's NAT */
    "127.0.0.0/8",                                 /* loopback */
    "169.254.0.0/16",                              /* link-local, and the metadata of clouds */
    "172.16.0.0/12",                               /* RFC 1918 */
    "192.0.0.0/24",                                /* RFC 6890, protocol assignments */
    "192.88.99.0/24",                              /* RFC 7526, what 6to4 was relayed by */
    "192.168.0.0/16",                              /* RFC 1918 */
    "198.18.0.0/15",                               /* RFC 2544, benchmarks */
    "::1/128",                                     /* loopback */
    "::ffff:0:0:0/96",                             /* RFC 2765, IPv4 translated */
    "64:ff9b:1::/48",                              /* RFC 8215, NAT64 of this site */
    "100::/64",                                    /* RFC 6666, discard */
    "2001::/23", /* RFC 2928, protocol assignments; Teredo among them */
    "2002::/16", /* RFC 3056, 6to4 */
    "fc00::/7",  /* RFC 4193, unique local; the metadata of clouds too */
    "fe80::/10", /* link-local */
    "fec0::/10", /* RFC 3879, site-local */
    NULL};

/* RFC 6052: the last four bytes are an IPv4 address, which is where it leads. */
static const char *const nat64[] = {"64:ff9b::/96", NULL};

static bool is_in(const char *const *networks, const struct hk_ip *ip)
{
    struct hk_ip_range range;

    for (size_t i = 0; networks[i] != NULL; i++)
        if (hk_ip_range_parse(networks[i], &range, NULL) != HK_OK || hk_ip_range_has(&range, ip))
            return true; /* a network that can't be read closes everything */
    return false;
}

enum hk_ip_reach hk_ip_reach(const struct hk_ip *ip)
{
    struct hk_ip v4 = {.bytes = {[10] = 0xff, [11] = 0xff}};

    if (!hk_ip_is_v4(ip) && is_in(nat64, ip)) {
        memcpy(v4.bytes + 12, ip->bytes + 12, 4);
        return hk_ip_reach(&v4); // NOLINT(misc-no-recursion): an IPv4 address is not in there
    }
    if (is_in(never, ip))
        return HK_IP_NEVER;
    return is_in(private, ip) ? HK_IP_PRIVATE : HK_IP_PUBLIC;
}

bool hk_ip_may_be_reached(const struct hk_ip *ip, bool may_be_private)
{
    enum hk_ip_reach reach = hk_ip_reach(ip);

    return reach == HK_IP_PUBLIC || (reach == HK_IP_PRIVATE && may_be_private);
}
