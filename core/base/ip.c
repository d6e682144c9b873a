/*
 * ip: addresses and ranges; see ip.h.
 */
#include "base/ip.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define BITS 128
#define V4_PREFIX 96 /* bits before the four bytes of IPv4 */
#define GROUPS 8
#define TEXT_SHOWN "%.60s"

static const uint8_t v4_head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t zeros[16];

/* Text that is not necessarily followed by a NUL. */
struct part {
    const char *at;
    const char *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number up to max, of which a leading zero makes an octal to some. */
static bool read_decimal(struct part *part, unsigned max, unsigned *ret_value)
{
    const char *begin = part->at;
    unsigned value = 0;

    for (; part->at < part->end && is_digit(*part->at); part->at++) {
        value = value * 10 + (unsigned)(*part->at - '0');
        if (value > max)
            return false;
    }
    if (part->at == begin || (*begin == '0' && part->at > begin + 1))
        return false;
    *ret_value = value;
    return true;
}

/* Four numbers, which must be all of the text. */
static bool read_v4(struct part part, uint8_t ret_bytes[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if (i > 0 && (part.at == part.end || *part.at++ != '.'))
            return false;
        if (!read_decimal(&part, 255, &value))
            return false;
        ret_bytes[i] = (uint8_t)value;
    }
    return part.at == part.end;
}

static bool read_group(struct part *part, unsigned *ret_value)
{
    unsigned value = 0;
    int count = 0;

    for (; part->at < part->end && hk_hex_digit(*part->at) >= 0; part->at++, count++)
        value = (value << 4 | (unsigned)hk_hex_digit(*part->at)) & 0xffff;
    *ret_value = value;
    return count >= 1 && count <= 4;
}

/* Groups up to "::" or the end of the text into bytes; *ret_size is a multiple of two. */
static bool read_groups(struct part *part, uint8_t bytes[16], size_t *ret_size)
{
    size_t size = 0;

    *ret_size = 0;
    while (part->at < part->end && !(part->end - part->at >= 2 && memcmp(part->at, "::", 2) == 0)) {
        const struct part tail = {part->at + (size > 0 ? 1 : 0), part->end};
        unsigned value;
        if (size > 0 && *part->at != ':')
            return false;
        if (size <= 12 && read_v4(tail, bytes + size)) {
            part->at = part->end;
            size += 4;
            break;
        }
        part->at = tail.at;
        if (size == 16 || !read_group(part, &value))
            return false;
        bytes[size++] = (uint8_t)(value >> 8);
        bytes[size++] = (uint8_t)value;
    }
    *ret_size = size;
    return true;
}

static bool read_v6(struct part part, uint8_t ret_bytes[16])
{
    uint8_t head[16];
    uint8_t tail[16];
    size_t head_size;
    size_t tail_size = 0;

    if (!read_groups(&part, head, &head_size))
        return false;
    if (part.at == part.end) {
        if (head_size != sizeof(head))
            return false;
        memcpy(ret_bytes, head, sizeof(head));
        return true;
    }
    part.at += 2;
    if (!read_groups(&part, tail, &tail_size) || part.at != part.end || head_size + tail_size > 14)
        return false;
    memset(ret_bytes, 0, 16);
    memcpy(ret_bytes, head, head_size);
    memcpy(ret_bytes + 16 - tail_size, tail, tail_size);
    return true;
}

/* Take off "%eth0"; false when what follows the '%' is no name. */
static bool drop_zone(struct part *part)
{
    const char *sign = memchr(part->at, '%', (size_t)(part->end - part->at));

    if (sign == NULL)
        return true;
    if (sign + 1 == part->end)
        return false;
    for (const char *at = sign + 1; at < part->end; at++)
        if (!is_digit(*at) && !(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
            *at != '.' && *at != '_' && *at != '-')
            return false;
    part->end = sign;
    return true;
}

/* The address as written: IPv4 within IPv6 stays where it is. */
static bool read_address(struct part part, struct hk_ip *ret_ip, bool *ret_is_v4)
{
    uint8_t bytes[16];
    bool in_brackets = part.at < part.end && *part.at == '[';

    if (in_brackets) {
        part.at++;
        if (part.at == part.end || *--part.end != ']')
            return false;
    }
    *ret_is_v4 = !in_brackets && read_v4(part, bytes + 12);
    if (*ret_is_v4)
        memcpy(bytes, v4_head, sizeof(v4_head));
    else if (!drop_zone(&part) || !read_v6(part, bytes))
        return false;
    memcpy(ret_ip->bytes, bytes, sizeof(bytes));
    return true;
}

/* Is this an IPv4-compatible address (::192.0.2.1)? :: and ::1 look like some but are not. */
static bool is_compatible(const struct hk_ip *ip)
{
    return memcmp(ip->bytes, zeros, 12) == 0 &&
           (memcmp(ip->bytes + 12, zeros, 3) != 0 || ip->bytes[15] > 1);
}

static void normalise(struct hk_ip *ip)
{
    if (is_compatible(ip))
        memcpy(ip->bytes, v4_head, sizeof(v4_head));
}

enum hk_status hk_ip_parse(const char *text, struct hk_ip *ret_ip, struct hk_error *error)
{
    const struct part part = {text, text + strlen(text)};
    struct hk_ip ip;
    bool is_v4;

    if (!read_address(part, &ip, &is_v4))
        return hk_fail(error, HK_INVALID, "\"" TEXT_SHOWN "\" is not an IP address", text);
    normalise(&ip);
    *ret_ip = ip;
    return HK_OK;
}

/* Do a and b agree in their first count bits? */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned count)
{
    unsigned whole = count / 8;
    unsigned rest = count % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool host_bits_are_zero(const struct hk_ip_range *range)
{
    for (unsigned bit = range->prefix; bit < BITS; bit++)
        if ((range->base.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return false;
    return true;
}

enum hk_status hk_ip_range_parse(
    const char *text, struct hk_ip_range *ret_range, struct hk_error *error)
{
    const char *end = text + strlen(text);
    const char *slash = strchr(text, '/');
    const struct part address = {text, slash != NULL ? slash : end};
    struct part prefix = {slash != NULL ? slash + 1 : end, end};
    struct hk_ip_range range = {.prefix = BITS};
    bool is_v4;

    if (!read_address(address, &range.base, &is_v4))
        goto bad;
    if (slash != NULL) {
        if (!read_decimal(&prefix, is_v4 ? 32 : BITS, &range.prefix) || prefix.at != prefix.end)
            goto bad;
        if (is_v4)
            range.prefix += V4_PREFIX;
    }
    if (!host_bits_are_zero(&range))
        return hk_fail(
            error, HK_INVALID, "\"" TEXT_SHOWN "\" has bits set beyond its prefix", text);
    /* Its addresses would be read as IPv4, and so never be found in it. */
    if (range.prefix > 80 && range.prefix < BITS && memcmp(range.base.bytes, zeros, 16) == 0)
        return hk_fail(error, HK_INVALID,
            "\"" TEXT_SHOWN "\" names IPv4 addresses in a retired form, write them as IPv4", text);
    normalise(&range.base);
    *ret_range = range;
    return HK_OK;
bad:
    return hk_fail(error, HK_INVALID,
        "\"" TEXT_SHOWN "\" is not an IP address or a range such as \"10.0.0.0/8\"", text);
}

bool hk_ip_is_v4(const struct hk_ip *ip)
{
    return memcmp(ip->bytes, v4_head, sizeof(v4_head)) == 0;
}

bool hk_ip_range_has(const struct hk_ip_range *range, const struct hk_ip *ip)
{
    return same_bits(range->base.bytes, ip->bytes, range->prefix);
}

bool hk_ip_ranges_overlap(const struct hk_ip_range *a, const struct hk_ip_range *b)
{
    return same_bits(a->base.bytes, b->base.bytes, a->prefix < b->prefix ? a->prefix : b->prefix);
}

static unsigned group_at(const struct hk_ip *ip, int i)
{
    return (unsigned)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
}

/* The first of the longest runs of two or more zero groups; -1 and 0 when there is none. */
static void find_zeros(const struct hk_ip *ip, int *ret_begin, int *ret_count)
{
    int count = 0;

    *ret_begin = -1;
    *ret_count = 0;
    for (int i = 0; i < GROUPS; i++) {
        count = group_at(ip, i) == 0 ? count + 1 : 0;
        if (count >= 2 && count > *ret_count) {
            *ret_begin = i - count + 1;
            *ret_count = count;
        }
    }
}

static void format_v6(const struct hk_ip *ip, char text[HK_IP_TEXT_SIZE])
{
    int zeros_begin;
    int zeros_count;
    size_t size = 0;

    find_zeros(ip, &zeros_begin, &zeros_count);
    for (int i = 0; i < GROUPS; i++) {
        if (i == zeros_begin) {
            text[size++] = ':';
            text[size++] = ':';
            i += zeros_count - 1;
            continue;
        }
        if (i > 0 && i != zeros_begin + zeros_count)
            text[size++] = ':';
        size += (size_t)snprintf(text + size, HK_IP_TEXT_SIZE - size, "%x", group_at(ip, i));
    }
    text[size] = '\0';
}

void hk_ip_format(const struct hk_ip *ip, char ret_text[HK_IP_TEXT_SIZE])
{
    const uint8_t *v4 = ip->bytes + 12;

    if (hk_ip_is_v4(ip))
        (void)snprintf(ret_text, HK_IP_TEXT_SIZE, "%u.%u.%u.%u", v4[0], v4[1], v4[2], v4[3]);
    else
        format_v6(ip, ret_text);
}

void hk_ip_range_format(const struct hk_ip_range *range, char ret_text[HK_IP_TEXT_SIZE])
{
    unsigned prefix = hk_ip_is_v4(&range->base) ? range->prefix - V4_PREFIX : range->prefix;
    size_t size;

    hk_ip_format(&range->base, ret_text);
    size = strlen(ret_text);
    (void)snprintf(ret_text + size, HK_IP_TEXT_SIZE - size, "/%u", prefix);
}
