/*
 * http_url: what an HTTP URL says (RFC 3986, RFC 9110 4.2), read the way libcurl reads it, so that
 * the host that was checked is the host that is asked. Internal to loop/, and its fuzz target.
 *
 * Refused: other schemes than http and https, a user name or password (they would end in logs), a
 * host that is neither an address nor of the bytes that host names have (an international one is
 * written in its ASCII form), port 0, bytes outside of ASCII.
 */
#ifndef HK_LOOP_HTTP_URL_H
#define HK_LOOP_HTTP_URL_H

#include "base/status.h"

#include <stdbool.h>

#define HK_HTTP_HOST_SIZE 256

struct hk_http_url {
    bool is_https;
    char host[HK_HTTP_HOST_SIZE]; /* lower case; an IPv6 address without brackets */
    unsigned port;
    char *text; /* the whole in normal form, without a fragment */
};

/* HK_INVALID names what is wrong, never the URL, which may hold a secret. */
HK_MUST_CHECK enum hk_status hk_http_url_read(
    const char *text, struct hk_http_url *ret_url, struct hk_error *error);
/* Where a Location that came from base leads (RFC 3986, 5). */
HK_MUST_CHECK enum hk_status hk_http_url_join(const struct hk_http_url *base, const char *location,
    struct hk_http_url *ret_url, struct hk_error *error);
void hk_http_url_done(struct hk_http_url *url);
/* Same scheme, host and port. */
bool hk_http_url_same_origin(const struct hk_http_url *a, const struct hk_http_url *b);

#endif
