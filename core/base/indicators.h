/*
 * indicators: the addresses, links, names, mail addresses and digests that stand in a text, such as
 * a phishing report's. What is taken apart ("hxxp", "[.]") is put together first. Each is given in
 * one form: IP addresses as base/ip.h writes them, names and digests in small letters.
 *
 * A guess by its nature: a name is at least two labels of which the last is letters, and is not one
 * that ends like a file ("invoice.pdf"). Nothing is looked up.
 */
#ifndef HK_BASE_INDICATORS_H
#define HK_BASE_INDICATORS_H

#include "base/status.h"

#include <stddef.h>

enum hk_indicator {
    HK_INDICATOR_IP,
    HK_INDICATOR_URL,
    HK_INDICATOR_DOMAIN, /* of links and mail addresses too */
    HK_INDICATOR_MAIL,
    HK_INDICATOR_HASH, /* MD5, SHA-1, SHA-256, SHA-512 */
};

/* Of one: what is longer is none. */
#define HK_INDICATOR_SIZE_MAX 2048

/* text is borrowed for the call and NUL-terminated. */
typedef void hk_indicator_fn(void *ctx, enum hk_indicator kind, const char *text);
/* Call fn for each that is found in the text (UTF-8, NUL-terminated at size), in its order; the
 * same one as often as it is there. HK_NOMEM. */
HK_MUST_CHECK enum hk_status hk_indicators_find(
    const char *text, size_t size, hk_indicator_fn *fn, void *ctx, struct hk_error *error);

#endif
