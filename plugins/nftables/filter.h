/*
 * filter: what the plugin does, without its ABI: put holds into the kernel, find them again, let
 * them go. Each change is one transaction, made against what was looked at: should anybody change
 * the rule set in between, the kernel refuses it and it is looked at again. Where our table is not
 * as it must be, a change mends it on its way.
 *
 * Nothing is kept in memory: what holds is what the kernel says.
 */
#ifndef NFTABLES_FILTER_H
#define NFTABLES_FILTER_H

#include "hold.h"

#define FILTER_WHY_SIZE 320

struct filter {
    struct layout layout;
    uint64_t margin_ms; /* between the end of a lease and the end of its hold */
    struct netlink netlink;
    struct netlink_batch *batch; /* of filter_open */
};

/* What is to hold, or holds. */
struct filter_subject {
    bool is_isolation; /* else a block */
    struct address_range range;
    const char *key;
};

enum filter_outcome {
    FILTER_DONE,
    FILTER_FAILED, /* certainly not; why says why */
    FILTER_UNKNOWN,
};

struct filter_report {
    bool was_there;  /* before */
    bool was_mended; /* why then says what was wrong with the table */
    unsigned layer;
};

struct filter_view {
    bool holds;
    bool is_there;               /* the element, whatever became of the table around it */
    char found[FILTER_WHY_SIZE]; /* what is there instead */
    uint64_t packets;            /* dropped by it */
};

/* layout and margin_ms are filled in before. 0, or an errno. */
int filter_open(struct filter *filter);
void filter_close(struct filter *filter);

/* Let it hold. lease_ms 0: without end. Twice with the same key is as once. */
enum filter_outcome filter_put(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, struct filter_report *ret_report, char why[FILTER_WHY_SIZE]);
/* Let go of what this key holds. That nothing does is done as well. */
enum filter_outcome filter_take(struct filter *filter, const struct filter_subject *subject,
    struct filter_report *ret_report, char why[FILTER_WHY_SIZE]);
/* Let what holds end lease_ms (and the margin) from now. */
enum filter_outcome filter_renew(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, char why[FILTER_WHY_SIZE]);
/* Does it hold, and for lease_ms (0: no matter how long)? Changes nothing. */
enum filter_outcome filter_look(struct filter *filter, const struct filter_subject *subject,
    uint64_t lease_ms, struct filter_view *ret_view, char why[FILTER_WHY_SIZE]);
/* Would a put be done? Asks the kernel, and changes nothing. */
enum filter_outcome filter_try(struct filter *filter, bool is_isolation, char why[FILTER_WHY_SIZE]);

#endif
