/*
 * layout: the one table that is ours, and what is in it. Other tables are never touched.
 *
 *   table inet NAME
 *     set block4_0 block6_0 host4_0 host6_0   intervals with time-outs; _1, _2 … when needed
 *     chain input, forward, output            hooks; each jumps to block, forward to isolate too
 *     chain block                             drops what comes from or goes to a block set
 *     chain isolate                           sends what comes from or goes to a host set to
 *     chain from_host, to_host                which let management pass and drop the rest
 *
 * One element of a set is one hold: an address or range, with the call's key as its comment and its
 * own time-out. Elements of one set must not overlap, so a hold that overlaps another goes into the
 * next set of its kind. Each hold thus comes and goes by itself, and an address is blocked until
 * the last one that covers it is gone: the kernel counts, not we.
 */
#ifndef NFTABLES_LAYOUT_H
#define NFTABLES_LAYOUT_H

#include "management.h"
#include "netlink.h"

#define LAYOUT_NAME_SIZE 32
#define LAYOUT_LAYERS_MAX 16 /* holds that may overlap in one address */
#define LAYOUT_FOUND_SIZE 160

/* Order of the sets: by purpose, then by family. */
enum layout_kind { LAYOUT_BLOCK_V4, LAYOUT_BLOCK_V6, LAYOUT_HOST_V4, LAYOUT_HOST_V6 };
#define LAYOUT_KINDS 4

/* Order of the chains: one is made before those that jump to it. */
enum layout_chain {
    LAYOUT_CHAIN_FROM_HOST,
    LAYOUT_CHAIN_TO_HOST,
    LAYOUT_CHAIN_ISOLATE,
    LAYOUT_CHAIN_BLOCK,
    LAYOUT_CHAIN_PREROUTING,
    LAYOUT_CHAIN_INPUT,
    LAYOUT_CHAIN_FORWARD,
    LAYOUT_CHAIN_OUTPUT,
    LAYOUT_CHAIN_POSTROUTING,
};
#define LAYOUT_CHAINS 9
#define LAYOUT_FIRST_HOOK LAYOUT_CHAIN_PREROUTING

struct layout {
    char table[LAYOUT_NAME_SIZE];
    int32_t priority;
    bool blocks_in[LAYOUT_CHAINS]; /* of the hooks: where blocking happens */
    struct management management[MANAGEMENT_MAX];
    unsigned management_count;
};

/* What is there. */
struct layout_state {
    bool is_right;                 /* all of it as it must be */
    char found[LAYOUT_FOUND_SIZE]; /* else: the first thing that is not, in words */
    bool has_table;
    bool has_chain[LAYOUT_CHAINS];
    bool chain_is_right[LAYOUT_CHAINS];
    bool has_set[LAYOUT_KINDS][LAYOUT_LAYERS_MAX];
    bool set_is_right[LAYOUT_KINDS][LAYOUT_LAYERS_MAX];
    unsigned layers[LAYOUT_KINDS]; /* sets that are there and right, without a gap */
};

void layout_set_name(enum layout_kind kind, unsigned layer, char ret_name[LAYOUT_NAME_SIZE]);

/* Look at the kernel. 0, or the errno of what could not be asked. */
int layout_look(
    const struct layout *layout, struct netlink *netlink, struct layout_state *ret_state);

/* Add to the batch what makes it right, with at least layers[kind] sets of each kind (and one).
 * Elements that are there stay. */
void layout_mend(const struct layout *layout, const struct layout_state *state,
    const unsigned layers[LAYOUT_KINDS], struct netlink_batch *batch);

#endif
