/*
 * options: the plugin's options as JSON, checked.
 */
#ifndef NFTABLES_OPTIONS_H
#define NFTABLES_OPTIONS_H

#include "layout.h"

#define OPTIONS_WHY_SIZE 320

struct options {
    struct layout layout;
    unsigned widest_v4; /* shortest prefix length that may be blocked */
    unsigned widest_v6;
    uint64_t margin_ms;
};

/* 0, or -1 and why. */
int options_read(const char *json, struct options *ret_options, char why[OPTIONS_WHY_SIZE]);

/* May this range be blocked, or this host be isolated? NULL, or why not. */
const char *options_refusal(
    const struct options *options, bool is_isolation, const struct address_range *range);

#endif
