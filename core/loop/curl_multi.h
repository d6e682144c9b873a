/*
 * curl_multi: libcurl's transfers on the loop: easy handles go in, and each one's end comes out as
 * one call, outside of libcurl's own callbacks, where anything may be done to it. Connections that
 * stay open are kept for the next transfer of the same multi, and of no other. Internal to loop/.
 */
#ifndef HK_LOOP_CURL_MULTI_H
#define HK_LOOP_CURL_MULTI_H

#include "loop/loop.h"

#include <curl/curl.h>

struct hk_curl_multi;

/* The transfer has ended and is out of the multi: the handle is whoever's who put it in. */
typedef void hk_curl_done_fn(void *ctx, CURL *easy, CURLcode code);

HK_MUST_CHECK enum hk_status hk_curl_multi_new(
    struct hk_loop *loop, struct hk_curl_multi **ret_multi, struct hk_error *error);
/* Transfers that are still in it are taken out without a call. Never from inside a call. */
void hk_curl_multi_free(struct hk_curl_multi *multi); /* NULL is fine */
/* Open connections, those kept for later with them; the oldest idle one makes room. */
void hk_curl_multi_set_connections_max(struct hk_curl_multi *multi, long open_max, long idle_max);

/* Put a transfer in. Takes the handle's CURLOPT_PRIVATE for itself. done comes from the loop, never
 * within this call. */
HK_MUST_CHECK enum hk_status hk_curl_multi_add(struct hk_curl_multi *multi, CURL *easy,
    hk_curl_done_fn *done, void *ctx, struct hk_error *error);
/* Take a transfer out without a call; one that isn't in is fine. Never from inside a function that
 * libcurl calls. */
void hk_curl_multi_remove(struct hk_curl_multi *multi, CURL *easy);

#endif
