/*
 * url: from what a playbook gives to a URL below the configured one. A value that came with an
 * alert can't lead anywhere else: it is encoded as part of the path or the query, and "." and ".."
 * are refused, since servers read them even when they are encoded.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "span.h"
#include "text.h"

#define URL_SIZE_MAX 8000

/* What is wrong with a base URL, or NULL: http or https, a host, perhaps a port and a path; nothing
 * else. */
const char *url_base_fault(const char *base);
/* Is it http, which nobody encrypts? */
bool url_is_clear(const char *base);

/* Append base, path and query. path is a JSON text: a string, whose "/" divide it, or an array of
 * strings, each one segment; size 0: no path. query is a JSON object of strings, numbers and
 * booleans; size 0: none. Returns what is wrong, or NULL. */
const char *url_build(struct text *out, const char *base, struct span path, struct span query);
/* Append a JSON object of strings, numbers and booleans as name=value&… (the same form as a
 * query's, application/x-www-form-urlencoded). */
const char *url_put_pairs(struct text *out, struct span object);

#endif
