#include "shared/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_is_v4(const struct address_range *range)
{
    return range->prefix >= 96 && memcmp(range->base, mapped, sizeof(mapped)) == 0;
}

static bool bits_are_zero_after(const uint8_t base[16], unsigned prefix)
{
    for (unsigned bit = prefix; bit < 128; bit++)
        if (base[bit / 8] & (0x80U >> bit % 8))
            return false;
    return true;
}

static int parse_prefix(const char *text, unsigned max)
{
    unsigned prefix = 0;
    size_t length = strlen(text);
    if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        prefix = 10 * prefix + (unsigned)(*text - '0');
    }
    return prefix <= max ? (int)prefix : -1;
}

const char *address_parse(const char *text, struct address_range *ret_range)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length == 0 || length >= sizeof(address))
        return "not an address";
    memcpy(address, text, length);
    address[length] = '\0';

    struct address_range range = {.prefix = 128};
    bool written_as_v4 = inet_pton(AF_INET, address, range.base + 12) == 1;
    if (written_as_v4)
        memcpy(range.base, mapped, sizeof(mapped));
    else if (inet_pton(AF_INET6, address, range.base) != 1)
        return "not an address";
    if (slash) {
        int prefix = parse_prefix(slash + 1, written_as_v4 ? 32 : 128);
        if (prefix < 0)
            return "the part after / is not a prefix length";
        range.prefix = (uint8_t)(written_as_v4 ? 96 + prefix : prefix);
    }
    if (!bits_are_zero_after(range.base, range.prefix))
        return "bits behind the prefix length are set";
    *ret_range = range;
    return NULL;
}

void address_format(const struct address_range *range, char ret_text[ADDRESS_TEXT_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    bool v4 = address_is_v4(range);
    if (v4)
        inet_ntop(AF_INET, range->base + 12, address, sizeof(address));
    else
        inet_ntop(AF_INET6, range->base, address, sizeof(address));
    if (range->prefix == 128)
        snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s", address);
    else
        snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s/%d", address, range->prefix - (v4 ? 96 : 0));
}

bool address_covers(const struct address_range *outer, const struct address_range *inner)
{
    if (outer->prefix > inner->prefix)
        return false;
    unsigned whole = outer->prefix / 8;
    unsigned rest = outer->prefix % 8;
    if (memcmp(outer->base, inner->base, whole) != 0)
        return false;
    return rest == 0 || (outer->base[whole] ^ inner->base[whole]) >> (8 - rest) == 0;
}

bool address_overlaps(const struct address_range *a, const struct address_range *b)
{
    return address_covers(a, b) || address_covers(b, a);
}

bool address_is_everything(const struct address_range *range)
{
    struct address_range all_v4 = {.prefix = 96};
    memcpy(all_v4.base, mapped, sizeof(mapped));
    return address_covers(range, &all_v4);
}

int address_compare(const struct address_range *a, const struct address_range *b)
{
    if (address_is_v4(a) != address_is_v4(b))
        return address_is_v4(a) ? -1 : 1;
    int order = memcmp(a->base, b->base, sizeof(a->base));
    return order ? order : (int)a->prefix - (int)b->prefix;
}
