/*
 * session_in: from a request to the session it belongs to, and the cookies that go back. Internal
 * to api/.
 *
 * The cookie is called "__Host-hikeshi" where the browser came over TLS (so that no other host of
 * the domain and no plain connection can set it), else "hikeshi". A request with two of them is one
 * without.
 */
#ifndef HK_API_SESSION_IN_H
#define HK_API_SESSION_IN_H

#include "api/exchange.h"
#include "login/device.h"
#include "login/sessions.h"

#define HK_SET_COOKIE_SIZE 256
#define HK_LOCATION_SIZE 2048

/* Fill in exchange->actor, tenant and session from the cookie. False: there is no session that is
 * still good. */
bool hk_session_take(struct hk_exchange *exchange, const struct hk_http_request *request);
/* Does the browser say that the request comes from a page of ours? Without a word from it, nobody
 * but a program sends such a thing. */
bool hk_request_is_ours(const struct hk_http_request *request);
/* Is this the session's token against forged requests? NULL is none. */
bool hk_session_has_csrf(const struct hk_exchange *exchange, const char *token);

/* The value of the request's only cookie of that name; false, and "", when there is none. */
bool hk_cookie_find(
    const struct hk_http_request *request, const char *name, char *ret_value, size_t capacity);
/* "__Host-hikeshi=…; Path=/; …"; cookie "" takes it back. */
void hk_session_cookie(
    const struct hk_exchange *exchange, const char *cookie, char ret_header[HK_SET_COOKIE_SIZE]);
/* The same for the cookie that tells a known browser. */
void hk_device_cookie(
    const struct hk_exchange *exchange, const char *cookie, char ret_header[HK_SET_COOKIE_SIZE]);
/* The one that came; "" when there is none. */
void hk_device_cookie_of(const struct hk_exchange *exchange, const struct hk_http_request *request,
    char ret_cookie[HK_DEVICE_TEXT_SIZE]);

/* 303: go there next. Each of set_cookies, which ends in NULL, is a header; may be NULL. */
void hk_answer_see_other(
    const struct hk_exchange *exchange, const char *location, const char *const *set_cookies);

/* Is this a path of ours that a page may send somebody to: "/…", but neither "//…" nor with a
 * backslash or a control byte? */
bool hk_path_is_ours(const char *path);

#endif
