/*
 * address: addresses and ranges in one normal form. IPv4 is held as ::ffff:a.b.c.d, so an address
 * that is written as IPv4-mapped IPv6 is the same address.
 */
#ifndef SHARED_ADDRESS_H
#define SHARED_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_SIZE 50 /* longest IPv6 with "/128" and NUL */

struct address_range {
    uint8_t base[16];
    uint8_t prefix; /* of 128; an IPv4 /24 is 120 */
};

/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". Returns NULL, or why the text is none. */
const char *address_parse(const char *text, struct address_range *ret_range);
/* Shortest form; the prefix is left out for a single address. */
void address_format(const struct address_range *range, char ret_text[ADDRESS_TEXT_SIZE]);
/* Is all of inner within outer? */
bool address_covers(const struct address_range *outer, const struct address_range *inner);
/* Has any address in both? */
bool address_overlaps(const struct address_range *a, const struct address_range *b);
bool address_is_v4(const struct address_range *range);
/* Does it cover all of IPv4, or all of IPv6? */
bool address_is_everything(const struct address_range *range);
/* Order for qsort: IPv4 first, then by number, wider ranges first. */
int address_compare(const struct address_range *a, const struct address_range *b);

#endif
