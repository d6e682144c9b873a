/*
 * rules: every rule that is to be in our chains, in its order, as bytes for the kernel.
 */
#ifndef NFTABLES_RULES_H
#define NFTABLES_RULES_H

#include "layout.h"

/* At most: two for each set (in isolate and block), two for each management entry in two chains,
 * and some. */
#define RULES_MAX (2 * LAYOUT_KINDS * LAYOUT_LAYERS_MAX + 4 * MANAGEMENT_MAX + 16)
#define RULES_SIZE_MAX (96 * 1024)

struct rule {
    enum layout_chain chain;
    size_t at; /* of its list of expressions in data */
    size_t size;
};

struct rules {
    struct rule items[RULES_MAX];
    unsigned count;
    struct netlink_bytes bytes; /* of this very struct; is_full: more than there may be */
    uint8_t data[RULES_SIZE_MAX];
};

void rules_make(
    const struct layout *layout, const unsigned layers[LAYOUT_KINDS], struct rules *ret_rules);
/* Is the list of expressions that the kernel shows this rule, and nothing more? */
bool rule_is(const struct rules *rules, const struct rule *rule, const uint8_t *list, size_t size);

#endif
