/*
 * hold: one address or range that is blocked or isolated on behalf of one key: an element of a set,
 * with the key as its comment.
 */
#ifndef NFTABLES_HOLD_H
#define NFTABLES_HOLD_H

#include "layout.h"

#define HOLD_KEY_SIZE_MAX                                                                          \
    120 /* the kernel keeps 256 bytes of user data, nft shows 128 of comment */

struct hold {
    bool is_there;
    unsigned layer;
    bool has_end;
    uint64_t left_ms; /* until it ends by itself, when has_end */
    uint64_t packets; /* that it dropped */
};

/* Where it goes by what is done to which range. */
enum layout_kind hold_kind(bool is_isolation, const struct address_range *range);
/* Look for the key's element with exactly this range, in each set of the kind. 0, or an errno. */
int hold_find(const struct layout *layout, const struct layout_state *state,
    struct netlink *netlink, enum layout_kind kind, const struct address_range *range,
    const char *key, struct hold *ret_hold);
/* Add to the batch: a new element, refused when it overlaps another one of this set. timeout_ms 0:
 * it does not end by itself. */
void hold_put(const struct layout *layout, enum layout_kind kind, unsigned layer,
    const struct address_range *range, const char *key, uint64_t timeout_ms,
    struct netlink_batch *batch);
/* Add to the batch: take the element of this range away. */
void hold_take(const struct layout *layout, enum layout_kind kind, unsigned layer,
    const struct address_range *range, struct netlink_batch *batch);

#endif
