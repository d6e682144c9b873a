/*
 * sessions: who is logged in. In memory; the credentials beside the ledger have the same rows, so
 * that a restart logs nobody out. No clock of its own, and no disk.
 *
 * The browser has 32 random bytes in a cookie; here is only their SHA-256. The token against forged
 * requests (CSRF) is made from the cookie, so that it is nowhere to be found but there, and changes
 * when the cookie does: at login, and whenever the person proves more.
 */
#ifndef HK_LOGIN_SESSIONS_H
#define HK_LOGIN_SESSIONS_H

#include "base/digest.h"
#include "base/id.h"
#include "base/json.h"

#define HK_COOKIE_TEXT_SIZE 44 /* 43 characters of base64url and NUL */

struct hk_login {
    uint32_t tenant;
    char id[HK_ID_SIZE]; /* "se-…" */
    char user[HK_ID_SIZE];
    uint8_t hash[HK_SHA256_SIZE]; /* of the cookie */
    int64_t opened_us;
    int64_t seen_us;   /* last request, to the minute */
    int64_t proven_us; /* last code of the person's device; 0: none */
    int64_t ends_us;   /* at the latest */
    char from[64];     /* address that it was opened from */
    char agent[128];   /* what the browser calls itself, cut */
};

struct hk_sessions;

HK_MUST_CHECK enum hk_status hk_sessions_new(
    struct hk_sessions **ret_sessions, struct hk_error *error);
void hk_sessions_free(struct hk_sessions *sessions); /* NULL is fine */

/* A new cookie; 32 random bytes and their digest. */
void hk_cookie_new(char ret_cookie[HK_COOKIE_TEXT_SIZE], uint8_t ret_hash[HK_SHA256_SIZE]);
/* The token that goes with a cookie: as long as one. */
void hk_cookie_csrf(const char *cookie, char ret_csrf[HK_COOKIE_TEXT_SIZE]);

/* The login of that cookie, whatever its age; NULL when there is none. */
const struct hk_login *hk_sessions_find(const struct hk_sessions *sessions, const char *cookie);
const struct hk_login *hk_sessions_get(const struct hk_sessions *sessions, const char *id);
/* Add, or replace the one of the same id. HK_LIMIT when there are HK_SESSIONS_MAX. */
HK_MUST_CHECK enum hk_status hk_sessions_put(
    struct hk_sessions *sessions, const struct hk_login *login, struct hk_error *error);
void hk_sessions_remove(struct hk_sessions *sessions, const char *id);
/* A person's logins, one after the other: after NULL the first, NULL at the end. Removing the one
 * returned ends the walk: begin again. */
const struct hk_login *hk_sessions_next(const struct hk_sessions *sessions, uint32_t tenant,
    const char *user, const struct hk_login *after);
size_t hk_sessions_count(const struct hk_sessions *sessions);
/* Any login that is over, with that idle time for its tenant; NULL when there is none. */
typedef int64_t hk_idle_fn(void *ctx, uint32_t tenant);
const struct hk_login *hk_sessions_over(
    const struct hk_sessions *sessions, hk_idle_fn *idle_ms, void *ctx, int64_t now_us);

/* Has its time run out, by age or by idleness? */
bool hk_login_is_over(const struct hk_login *login, int64_t idle_ms, int64_t now_us);

/* The row as JSON and back; HK_CORRUPT. */
void hk_login_write(const struct hk_login *login, struct hk_jw *jw);
HK_MUST_CHECK enum hk_status hk_login_read(
    const char *text, struct hk_login *ret_login, struct hk_error *error);

#endif
