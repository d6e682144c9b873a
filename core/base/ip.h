/*
 * ip: addresses and ranges in one normal form, so that a protected address can't be named another
 * way. IPv4-mapped and -compatible IPv6 (::ffff:192.0.2.1) are IPv4; zone ids are dropped; brackets
 * are accepted; the loose IPv4 forms of inet_aton (octal, hex, fewer parts) are refused as
 * ambiguous, not guessed.
 */
#ifndef HK_BASE_IP_H
#define HK_BASE_IP_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_IP_TEXT_SIZE 50 /* longest "v6/128" and NUL */

/* All addresses are held as IPv6; IPv4 as ::ffff:a.b.c.d. */
struct hk_ip {
    uint8_t bytes[16];
};
struct hk_ip_range {
    struct hk_ip base; /* host bits are zero */
    unsigned prefix;   /* 0..128; an IPv4 /24 is 96+24 */
};

HK_MUST_CHECK enum hk_status hk_ip_parse(
    const char *text, struct hk_ip *ret_ip, struct hk_error *error);
/* "10.0.0.0/8", "2001:db8::/32", or an address alone (a range of one). Host bits that are set are
 * an error (HK_INVALID), as they are a typing mistake more often than not. */
HK_MUST_CHECK enum hk_status hk_ip_range_parse(
    const char *text, struct hk_ip_range *ret_range, struct hk_error *error);
bool hk_ip_is_v4(const struct hk_ip *ip);
bool hk_ip_range_has(const struct hk_ip_range *range, const struct hk_ip *ip);
bool hk_ip_ranges_overlap(const struct hk_ip_range *a, const struct hk_ip_range *b);
/* Shortest form: "192.0.2.1", "2001:db8::1" (RFC 5952). */
void hk_ip_format(const struct hk_ip *ip, char ret_text[HK_IP_TEXT_SIZE]);
void hk_ip_range_format(const struct hk_ip_range *range, char ret_text[HK_IP_TEXT_SIZE]);

#endif
