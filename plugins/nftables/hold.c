#include "hold.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>

#define COMMENT_TYPE                                                                               \
    0 /* of user data: type, length, then the text with its NUL (nft's own form)                   \
       */
#define COMMENT_HEAD_SIZE 2

struct interval {
    uint8_t begin[16];
    uint8_t last[16];
    uint8_t end[16]; /* the first address behind it */
    size_t size;
    bool has_end; /* false: it reaches to the last address of all */
};

static struct interval interval_of(const struct address_range *range)
{
    bool is_v4 = address_is_v4(range);
    struct interval interval = {.size = is_v4 ? 4 : 16};
    unsigned prefix = range->prefix - (is_v4 ? 96u : 0u);

    memcpy(interval.begin, range->base + (is_v4 ? 12 : 0), interval.size);
    memcpy(interval.last, interval.begin, interval.size);
    for (size_t bit = prefix; bit < 8 * interval.size; bit++)
        interval.last[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    memcpy(interval.end, interval.begin, interval.size);
    /* Add one at the last bit of the prefix, and carry. */
    unsigned carry = prefix == 0 ? 0 : 1u << (7 - (prefix - 1) % 8);
    for (size_t i = prefix == 0 ? 0 : (prefix - 1) / 8 + 1; i-- > 0 && carry > 0;) {
        unsigned sum = interval.end[i] + carry;
        interval.end[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    interval.has_end = prefix > 0 && carry == 0;
    return interval;
}

enum layout_kind hold_kind(bool is_isolation, const struct address_range *range)
{
    if (address_is_v4(range))
        return is_isolation ? LAYOUT_HOST_V4 : LAYOUT_BLOCK_V4;
    return is_isolation ? LAYOUT_HOST_V6 : LAYOUT_BLOCK_V6;
}

static void put_list_head(
    const struct layout *layout, enum layout_kind kind, unsigned layer, struct netlink_bytes *out)
{
    char name[LAYOUT_NAME_SIZE];

    layout_set_name(kind, layer, name);
    netlink_put_text(out, NFTA_SET_ELEM_LIST_TABLE, layout->table);
    netlink_put_text(out, NFTA_SET_ELEM_LIST_SET, name);
}

static void put_key(struct netlink_bytes *out, const uint8_t *key, size_t size)
{
    size_t nest = netlink_nest(out, NFTA_SET_ELEM_KEY);

    netlink_put(out, NFTA_DATA_VALUE, key, size);
    netlink_nest_end(out, nest);
}

/* The element that marks where the interval ends. */
static void put_end(struct netlink_bytes *out, const struct interval *interval)
{
    if (!interval->has_end)
        return;
    size_t nest = netlink_nest(out, NFTA_LIST_ELEM);
    put_key(out, interval->end, interval->size);
    netlink_put_u32(out, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    netlink_nest_end(out, nest);
}

/* ---- finding ---- */

/* One question about one address: which interval contains it? Only for where intervals begin, since
 * of two that touch the kernel does not find the end of the one. */
struct search {
    const struct interval *wanted;
    const char *key;
    bool is_found; /* the wanted one, with the key's comment, contains the address */
    struct hold hold;
};

static bool comment_is(const struct netlink_attr *data, const char *key)
{
    size_t size = strlen(key) + 1;

    return data->data != NULL && data->size >= COMMENT_HEAD_SIZE + size &&
           data->data[0] == COMMENT_TYPE && data->data[1] == size &&
           memcmp(data->data + COMMENT_HEAD_SIZE, key, size) == 0;
}

static uint64_t packets_of(const struct netlink_attr *expression)
{
    struct netlink_attr parts[NFTA_EXPR_MAX + 1];
    struct netlink_attr counter[NFTA_COUNTER_MAX + 1];

    netlink_index(expression->data, expression->size, parts, NFTA_EXPR_MAX + 1);
    if (!netlink_is_text(&parts[NFTA_EXPR_NAME], "counter"))
        return 0;
    netlink_index(
        parts[NFTA_EXPR_DATA].data, parts[NFTA_EXPR_DATA].size, counter, NFTA_COUNTER_MAX + 1);
    return netlink_u64(&counter[NFTA_COUNTER_PACKETS], 0);
}

static void take_element(struct search *search, const struct netlink_attr *attr)
{
    struct netlink_attr element[NFTA_SET_ELEM_MAX + 1];
    struct netlink_attr key[NFTA_DATA_MAX + 1];

    netlink_index(attr->data, attr->size, element, NFTA_SET_ELEM_MAX + 1);
    netlink_index(
        element[NFTA_SET_ELEM_KEY].data, element[NFTA_SET_ELEM_KEY].size, key, NFTA_DATA_MAX + 1);
    uint32_t flags = netlink_u32(&element[NFTA_SET_ELEM_FLAGS], 0);
    if (key[NFTA_DATA_VALUE].size != search->wanted->size ||
        memcmp(key[NFTA_DATA_VALUE].data, search->wanted->begin, search->wanted->size) != 0 ||
        (flags & NFT_SET_ELEM_INTERVAL_END) != 0 ||
        !comment_is(&element[NFTA_SET_ELEM_USERDATA], search->key))
        return;
    search->is_found = true;
    search->hold.has_end = element[NFTA_SET_ELEM_EXPIRATION].data != NULL;
    search->hold.left_ms = netlink_u64(&element[NFTA_SET_ELEM_EXPIRATION], 0);
    search->hold.packets = packets_of(&element[NFTA_SET_ELEM_EXPR]);
}

static void on_elements(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct netlink_attr list[NFTA_SET_ELEM_LIST_MAX + 1];
    struct netlink_attr item;
    (void)type;

    netlink_index(attrs, size, list, NFTA_SET_ELEM_LIST_MAX + 1);
    const uint8_t *at = list[NFTA_SET_ELEM_LIST_ELEMENTS].data;
    size_t left = list[NFTA_SET_ELEM_LIST_ELEMENTS].size;
    while (netlink_next(&at, &left, &item))
        take_element(ctx, &item);
}

/* 0 also when nothing contains the address. */
static int ask(const struct layout *layout, struct netlink *netlink, enum layout_kind kind,
    unsigned layer, const uint8_t *address, struct search *search)
{
    uint8_t data[256];
    struct netlink_bytes question = {.data = data, .capacity = sizeof(data)};

    search->is_found = false;
    put_list_head(layout, kind, layer, &question);
    size_t list = netlink_nest(&question, NFTA_SET_ELEM_LIST_ELEMENTS);
    size_t item = netlink_nest(&question, NFTA_LIST_ELEM);
    put_key(&question, address, search->wanted->size);
    netlink_nest_end(&question, item);
    netlink_nest_end(&question, list);
    int error = netlink_ask(netlink, NFT_MSG_GETSETELEM, false, &question, on_elements, search);
    return error == ENOENT ? 0 : error;
}

/* Is exactly this interval there? Its first and last address are in it, and the next one is not. */
static int find_in(const struct layout *layout, struct netlink *netlink, enum layout_kind kind,
    unsigned layer, struct search *search, bool *ret_is_there)
{
    const struct interval *wanted = search->wanted;

    *ret_is_there = false;
    int error = ask(layout, netlink, kind, layer, wanted->begin, search);
    if (error != 0 || !search->is_found)
        return error;
    error = ask(layout, netlink, kind, layer, wanted->last, search);
    if (error != 0 || !search->is_found)
        return error;
    *ret_is_there = true;
    if (!wanted->has_end)
        return 0;
    const struct hold found = search->hold;
    error = ask(layout, netlink, kind, layer, wanted->end, search);
    *ret_is_there = !search->is_found;
    search->hold = found;
    return error;
}

int hold_find(const struct layout *layout, const struct layout_state *state,
    struct netlink *netlink, enum layout_kind kind, const struct address_range *range,
    const char *key, struct hold *ret_hold)
{
    const struct interval interval = interval_of(range);
    struct search search = {.wanted = &interval, .key = key};
    int error = 0;

    *ret_hold = (struct hold){0};
    for (unsigned layer = 0; error == 0 && layer < LAYOUT_LAYERS_MAX; layer++) {
        bool is_there = false;
        if (state->set_is_right[kind][layer])
            error = find_in(layout, netlink, kind, layer, &search, &is_there);
        if (error == 0 && is_there) {
            *ret_hold = search.hold;
            ret_hold->is_there = true;
            ret_hold->layer = layer;
            return 0;
        }
    }
    return error;
}

/* ---- changing ---- */

void hold_put(const struct layout *layout, enum layout_kind kind, unsigned layer,
    const struct address_range *range, const char *key, uint64_t timeout_ms,
    struct netlink_batch *batch)
{
    const struct interval interval = interval_of(range);
    uint8_t comment[COMMENT_HEAD_SIZE + HOLD_KEY_SIZE_MAX + 1];
    size_t key_size = strlen(key) + 1;

    if (key_size > HOLD_KEY_SIZE_MAX + 1) { /* was checked before */
        batch->bytes.is_full = true;
        return;
    }
    comment[0] = COMMENT_TYPE;
    comment[1] = (uint8_t)key_size;
    memcpy(comment + COMMENT_HEAD_SIZE, key, key_size);
    struct netlink_bytes *out =
        netlink_batch_message(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
    put_list_head(layout, kind, layer, out);
    size_t list = netlink_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS);
    size_t item = netlink_nest(out, NFTA_LIST_ELEM);
    put_key(out, interval.begin, interval.size);
    if (timeout_ms > 0)
        netlink_put_u64(out, NFTA_SET_ELEM_TIMEOUT, timeout_ms);
    netlink_put(out, NFTA_SET_ELEM_USERDATA, comment, COMMENT_HEAD_SIZE + key_size);
    netlink_nest_end(out, item);
    put_end(out, &interval);
    netlink_nest_end(out, list);
    netlink_batch_message_end(batch);
}

void hold_take(const struct layout *layout, enum layout_kind kind, unsigned layer,
    const struct address_range *range, struct netlink_batch *batch)
{
    const struct interval interval = interval_of(range);
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_DELSETELEM, 0);

    put_list_head(layout, kind, layer, out);
    size_t list = netlink_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS);
    size_t item = netlink_nest(out, NFTA_LIST_ELEM);
    put_key(out, interval.begin, interval.size);
    netlink_nest_end(out, item);
    put_end(out, &interval);
    netlink_nest_end(out, list);
    netlink_batch_message_end(batch);
}
