/*
 * entity: what an alert is about, in one normal form each, so that alerts can be told to have
 * something in common: "ip:203.0.113.66", "host:fin-pc-12", "user:a.clerk", "hash:…",
 * "url:http://…", "domain:example.org". Pure: a view in, texts out.
 *
 * A text that is empty, too long, or holds control characters is no entity; nor is an address that
 * names nobody (loopback, unspecified, link-local, multicast), nor an account that every machine
 * has (root, SYSTEM).
 */
#ifndef HK_ENGINE_ENTITY_H
#define HK_ENGINE_ENTITY_H

#include "authority/authority.h"
#include "base/json.h"

#define HK_ENTITY_SIZE                                                                             \
    512 /* longest entity and its NUL; longer URLs are joined by their domain                      \
         */
#define HK_ENTITIES_PER_ALERT_MAX 12

/* What alerts may be joined by: bits of hk_case_policy.join_by. */
enum hk_join_by {
    HK_JOIN_SRC_IP = 1,
    HK_JOIN_DST_IP = 2, /* unless it is one's own */
    HK_JOIN_DEVICE = 4, /* host and address */
    HK_JOIN_USER = 8,   /* name and mail address */
    HK_JOIN_FILE = 16,  /* SHA-256 */
    HK_JOIN_URL = 32,
    HK_JOIN_DOMAIN = 64, /* of the URL */
    HK_JOIN_ALL = 127,
};

/* `cases` of a tenant's configuration. */
struct hk_case_policy {
    unsigned join_by;
    int64_t window_us; /* an entity joins for so long after it was seen last */
    enum hk_severity open_at;
    const struct hk_scope *ignore; /* may be NULL */
    const struct hk_scope *own;    /* may be NULL: private ranges alone are one's own */
};
/* Read it; the authority holds the scopes. HK_INVALID names the key. */
HK_MUST_CHECK enum hk_status hk_case_policy_read(const struct hk_json *config,
    struct hk_authority *authority, struct hk_case_policy *ret_policy, struct hk_error *error);

struct hk_entities {
    char items[HK_ENTITIES_PER_ALERT_MAX][HK_ENTITY_SIZE];
    size_t count;
};
/* What the view may be joined by, the most telling first. */
void hk_entities_of(const struct hk_case_policy *policy, const struct hk_json *view,
    struct hk_entities *ret_entities);

#endif
