/*
 * target: what an action is aimed at, in its one form, and the patterns that configurations name
 * targets by. Inside the room only.
 *
 * A pattern is an address, a range or a glob over names. Ranges meet targets by the addresses they
 * share, never by text; globs meet names, without regard to case. A URL is met by its host too.
 */
#ifndef HK_AUTHORITY_TARGET_H
#define HK_AUTHORITY_TARGET_H

#include "base/ip.h"

#define HK_TARGET_SIZE 256 /* longest normal form and NUL */

struct hk_target {
    char text[HK_TARGET_SIZE];   /* normal form */
    char folded[HK_TARGET_SIZE]; /* in lower case, for globs */
    char host[HK_TARGET_SIZE];   /* a URL's host, else "" */
    bool is_range;               /* an address or range, or a URL's host is one */
    struct hk_ip_range range;
};

HK_MUST_CHECK enum hk_status hk_target_read(
    const char *type, const char *text, struct hk_target *ret_target, struct hk_error *error);

struct hk_target_pattern {
    bool is_range;
    struct hk_ip_range range;
    char *glob; /* in lower case, owned by the configuration's arena */
};

/* text is an address, a range or a glob; what could be read as several addresses is HK_INVALID.
 * glob is allocated from arena. */
struct hk_arena;
HK_MUST_CHECK enum hk_status hk_target_pattern_read(struct hk_arena *arena, const char *text,
    struct hk_target_pattern *ret_pattern, struct hk_error *error);

/* How much of the target does the pattern cover? */
enum hk_cover { HK_COVERS_NOTHING, HK_COVERS_PART, HK_COVERS_ALL };
enum hk_cover hk_target_pattern_covers(
    const struct hk_target_pattern *pattern, const struct hk_target *target);

#endif
