/*
 * http_client: one blocking HTTP request, for the command line (never on the loop). libcurl behind
 * it: only http and https, no proxies from the environment, no redirects.
 */
#ifndef HK_LOOP_HTTP_CLIENT_H
#define HK_LOOP_HTTP_CLIENT_H

#include "base/buf.h"

struct hk_http_call {
    const char *url;            /* "http://127.0.0.1:8686/v1/runs" */
    const char *unix_socket;    /* path to connect to instead of the url's host, or NULL */
    const char *method;         /* "GET", "POST" … */
    const char *token;          /* bearer token, or NULL */
    const char *ca_file;        /* PEM; whom to believe about a server's name; NULL: the system's */
    const char *const *headers; /* further "Name: value" lines, NULL-ended, or NULL */
    const char *body;           /* may be NULL */
    size_t body_size;
    const char *body_type; /* content type of body */
    int64_t time_max_ms;
};

/* *ret_status is the HTTP status; the body is appended to *out (bounded by its ceiling). Fails only
 * when no complete answer came: HK_IO (with the reason), HK_TIMEOUT, HK_LIMIT; HK_INVALID for a
 * URL or header that can't be sent. */
HK_MUST_CHECK enum hk_status hk_http_call(
    const struct hk_http_call *call, int *ret_status, struct hk_buf *out, struct hk_error *error);

#endif
