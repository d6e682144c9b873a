/* Attributes as they arrive: sizes first. */
#include "netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netlink.h>
#include <string.h>

bool netlink_next(const uint8_t **at, size_t *left, struct netlink_attr *ret_attr)
{
    struct nlattr head;

    if (*left < sizeof(head))
        return false;
    memcpy(&head, *at, sizeof(head));
    if (head.nla_len < sizeof(head) || head.nla_len > *left)
        return false;
    *ret_attr = (struct netlink_attr){.type = head.nla_type & NLA_TYPE_MASK,
        .is_nested = (head.nla_type & NLA_F_NESTED) != 0,
        .data = *at + sizeof(head),
        .size = head.nla_len - sizeof(head)};
    size_t step = NLA_ALIGN(head.nla_len);
    if (step > *left)
        step = *left;
    *at += step;
    *left -= step;
    return true;
}

void netlink_index(const void *data, size_t size, struct netlink_attr *table, size_t count)
{
    const uint8_t *at = data;
    struct netlink_attr attr;

    memset(table, 0, count * sizeof(*table));
    while (netlink_next(&at, &size, &attr))
        if (attr.type < count && table[attr.type].data == NULL)
            table[attr.type] = attr;
}

uint32_t netlink_u32(const struct netlink_attr *attr, uint32_t fallback)
{
    uint32_t value;

    if (attr->data == NULL || attr->size != sizeof(value))
        return fallback;
    memcpy(&value, attr->data, sizeof(value));
    return ntohl(value);
}

uint64_t netlink_u64(const struct netlink_attr *attr, uint64_t fallback)
{
    uint64_t value;

    if (attr->data == NULL || attr->size != sizeof(value))
        return fallback;
    memcpy(&value, attr->data, sizeof(value));
    return be64toh(value);
}

bool netlink_is_text(const struct netlink_attr *attr, const char *text)
{
    size_t size = strlen(text) + 1;

    return attr->data != NULL && attr->size == size && memcmp(attr->data, text, size) == 0;
}

static bool find(const uint8_t *data, size_t size, uint16_t type, struct netlink_attr *ret_attr)
{
    while (netlink_next(&data, &size, ret_attr))
        if (ret_attr->type == type)
            return true;
    return false;
}

bool netlink_has_all(/* NOLINT(misc-no-recursion): as deep as what we wrote ourselves */
    const uint8_t *wanted, size_t wanted_size, const uint8_t *found, size_t found_size)
{
    struct netlink_attr want;
    struct netlink_attr have;

    while (netlink_next(&wanted, &wanted_size, &want)) {
        if (!find(found, found_size, want.type, &have))
            return false;
        if (want.is_nested) {
            if (!netlink_has_all(want.data, want.size, have.data, have.size))
                return false;
        } else if (want.size != have.size || memcmp(want.data, have.data, want.size) != 0) {
            return false;
        }
    }
    return true;
}
