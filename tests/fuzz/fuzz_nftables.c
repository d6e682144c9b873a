/*
 * nftables: what the plugin reads from others: options, management entries, addresses, and the
 * attributes of netlink messages.
 */
#include "nftables/management.h"
#include "nftables/netlink.h"
#include "nftables/options.h"
#include "shared/address.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void try_texts(const char *text)
{
    char formatted[ADDRESS_TEXT_SIZE];
    struct address_range range;
    struct address_range again;
    struct management management;
    struct options options;
    char why[OPTIONS_WHY_SIZE];

    if (address_parse(text, &range) == NULL) {
        address_format(&range, formatted);
        check(address_parse(formatted, &again) == NULL);
        check(address_compare(&range, &again) == 0 && address_covers(&range, &again));
    }
    if (management_parse(text, &management) == NULL)
        check((management.port != 0) == (management.way != MANAGEMENT_ALL));
    if (options_read(text, &options, why) == 0) {
        check(options.layout.management_count <= MANAGEMENT_MAX);
        for (unsigned i = 0; i < options.layout.management_count; i++)
            check(options_refusal(&options, false, &options.layout.management[i].range) != NULL);
    }
}

static void try_attributes(const uint8_t *data, size_t size)
{
    struct netlink_attr table[8];
    struct netlink_attr attr;
    const uint8_t *at = data;
    size_t left = size;
    size_t half = size / 2;

    while (netlink_next(&at, &left, &attr)) {
        check(attr.data >= data && attr.data + attr.size <= data + size);
        (void)netlink_u32(&attr, 0);
        (void)netlink_u64(&attr, 0);
        (void)netlink_is_text(&attr, "block4_0");
    }
    check(left <= size);
    netlink_index(data, size, table, 8);
    (void)netlink_has_all(data, half, data + half, size - half);
    check(netlink_has_all(data, 0, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    try_texts(text);
    try_attributes(data, size);
    free(text);
    return 0;
}
