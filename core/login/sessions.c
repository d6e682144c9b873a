/*
 * sessions: see sessions.h.
 */
#include "login/sessions.h"

#include "base/map.h"
#include "base/text.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

struct item {
    struct hk_login login;
    char hash_hex[HK_SHA256_HEX_SIZE]; /* the key in by_hash */
    struct item *next;
    struct item **at; /* what points here */
};

struct hk_sessions {
    struct hk_map by_hash;
    struct hk_map by_id;
    struct item *first;
    size_t count;
};

enum hk_status hk_sessions_new(struct hk_sessions **ret_sessions, struct hk_error *error)
{
    struct hk_sessions *sessions = calloc(1, sizeof(*sessions));

    if (sessions == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for sessions");
    hk_map_init(&sessions->by_hash);
    hk_map_init(&sessions->by_id);
    *ret_sessions = sessions;
    return HK_OK;
}

static void drop(struct hk_sessions *sessions, struct item *item)
{
    (void)hk_map_remove(&sessions->by_hash, item->hash_hex);
    (void)hk_map_remove(&sessions->by_id, item->login.id);
    *item->at = item->next;
    if (item->next != NULL)
        item->next->at = item->at;
    sessions->count--;
    free(item);
}

void hk_sessions_free(struct hk_sessions *sessions)
{
    if (sessions == NULL)
        return;
    while (sessions->first != NULL)
        drop(sessions, sessions->first);
    hk_map_done(&sessions->by_hash);
    hk_map_done(&sessions->by_id);
    free(sessions);
}

void hk_cookie_new(char ret_cookie[HK_COOKIE_TEXT_SIZE], uint8_t ret_hash[HK_SHA256_SIZE])
{
    uint8_t bytes[32];

    hk_random(bytes, sizeof(bytes));
    hk_base64url_32(bytes, ret_cookie);
    hk_sha256_one(ret_cookie, strlen(ret_cookie), ret_hash);
    explicit_bzero(bytes, sizeof(bytes));
}

void hk_cookie_csrf(const char *cookie, char ret_csrf[HK_COOKIE_TEXT_SIZE])
{
    static const char purpose[] = "hikeshi csrf 1";
    const struct hk_bytes parts[] = {{purpose, sizeof(purpose)}, {cookie, strlen(cookie)}};
    uint8_t digest[HK_SHA256_SIZE];

    hk_sha256(parts, 2, digest);
    hk_base64url_32(digest, ret_csrf);
}

static struct item *find(const struct hk_sessions *sessions, const uint8_t hash[HK_SHA256_SIZE])
{
    char hex[HK_SHA256_HEX_SIZE];

    hk_hex(hash, HK_SHA256_SIZE, hex);
    return hk_map_get(&sessions->by_hash, hex);
}

const struct hk_login *hk_sessions_find(const struct hk_sessions *sessions, const char *cookie)
{
    uint8_t hash[HK_SHA256_SIZE];
    const struct item *item;

    hk_sha256_one(cookie, strlen(cookie), hash);
    item = find(sessions, hash);
    if (item == NULL || !hk_equal_constant_time(item->login.hash, hash, sizeof(hash)))
        return NULL;
    return &item->login;
}

const struct hk_login *hk_sessions_get(const struct hk_sessions *sessions, const char *id)
{
    const struct item *item = hk_map_get(&sessions->by_id, id);

    return item != NULL ? &item->login : NULL;
}

enum hk_status hk_sessions_put(
    struct hk_sessions *sessions, const struct hk_login *login, struct hk_error *error)
{
    struct item *old = hk_map_get(&sessions->by_id, login->id);
    struct item *item;

    if (old == NULL && sessions->count >= HK_SESSIONS_MAX)
        return hk_fail(error, HK_LIMIT, "there are %d sessions already", HK_SESSIONS_MAX);
    item = calloc(1, sizeof(*item));
    if (item == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a session");
    item->login = *login;
    hk_hex(login->hash, sizeof(login->hash), item->hash_hex);
    if (old != NULL)
        drop(sessions, old);
    item->next = sessions->first;
    item->at = &sessions->first;
    if (item->next != NULL)
        item->next->at = &item->next;
    sessions->first = item;
    sessions->count++;
    if (hk_map_put(&sessions->by_hash, item->hash_hex, item) != HK_OK ||
        hk_map_put(&sessions->by_id, item->login.id, item) != HK_OK) {
        drop(sessions, item);
        return hk_fail(error, HK_NOMEM, "no memory for a session");
    }
    return HK_OK;
}

void hk_sessions_remove(struct hk_sessions *sessions, const char *id)
{
    struct item *item = hk_map_get(&sessions->by_id, id);

    if (item != NULL)
        drop(sessions, item);
}

const struct hk_login *hk_sessions_next(const struct hk_sessions *sessions, uint32_t tenant,
    const char *user, const struct hk_login *after)
{
    const struct item *item = after != NULL ? ((const struct item *)after)->next : sessions->first;

    while (item != NULL && (item->login.tenant != tenant || strcmp(item->login.user, user) != 0))
        item = item->next;
    return item != NULL ? &item->login : NULL;
}

const struct hk_login *hk_sessions_over(
    const struct hk_sessions *sessions, hk_idle_fn *idle_ms, void *ctx, int64_t now_us)
{
    for (const struct item *item = sessions->first; item != NULL; item = item->next)
        if (hk_login_is_over(&item->login, idle_ms(ctx, item->login.tenant), now_us))
            return &item->login;
    return NULL;
}

size_t hk_sessions_count(const struct hk_sessions *sessions)
{
    return sessions->count;
}

bool hk_login_is_over(const struct hk_login *login, int64_t idle_ms, int64_t now_us)
{
    return now_us >= login->ends_us || now_us - login->seen_us >= idle_ms * 1000;
}

/* --- rows --- */

void hk_login_write(const struct hk_login *login, struct hk_jw *jw)
{
    char hex[HK_SHA256_HEX_SIZE];

    hk_hex(login->hash, sizeof(login->hash), hex);
    hk_jw_object(jw);
    hk_jw_kv(jw, "user", login->user);
    hk_jw_kv(jw, "hash", hex);
    hk_jw_kv_i64(jw, "opened_us", login->opened_us);
    hk_jw_kv_i64(jw, "seen_us", login->seen_us);
    hk_jw_kv_i64(jw, "proven_us", login->proven_us);
    hk_jw_kv_i64(jw, "ends_us", login->ends_us);
    hk_jw_kv(jw, "from", login->from);
    hk_jw_kv(jw, "agent", login->agent);
    hk_jw_object_end(jw);
}

enum hk_status hk_login_read(const char *text, struct hk_login *ret_login, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_login login = {.tenant = 0};
    enum hk_status status = hk_json_parse(text, strlen(text), &hk_json_limits_own, &doc, error);

    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "a session can't be read");
    login.opened_us = hk_json_i64_at(doc.root, "opened_us", 0);
    login.seen_us = hk_json_i64_at(doc.root, "seen_us", 0);
    login.proven_us = hk_json_i64_at(doc.root, "proven_us", 0);
    login.ends_us = hk_json_i64_at(doc.root, "ends_us", 0);
    if (!hk_copy_text(login.user, sizeof(login.user), hk_json_string_at(doc.root, "user", "")) ||
        !hk_id_is_valid(login.user) ||
        hk_hex_decode(hk_json_string_at(doc.root, "hash", ""), login.hash, sizeof(login.hash)) !=
            HK_OK ||
        !hk_copy_text(login.from, sizeof(login.from), hk_json_string_at(doc.root, "from", "")) ||
        !hk_copy_text(login.agent, sizeof(login.agent), hk_json_string_at(doc.root, "agent", "")))
        status = hk_fail(error, HK_CORRUPT, "a session can't be read");
    hk_json_doc_done(&doc);
    if (status == HK_OK)
        *ret_login = login;
    return status;
}
