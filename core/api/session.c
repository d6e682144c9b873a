/*
 * session: see session.h and session_in.h.
 */
#include "api/session_in.h"

#include "api/people.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- cookies --- */

static void cookie_name(
    const struct hk_exchange *exchange, const char *plain, char *ret_name, size_t capacity)
{
    (void)snprintf(ret_name, capacity, "%s%s", exchange->is_secure ? "__Host-" : "", plain);
}

/* RFC 6265 section 5.4. One that is there twice, is empty, or doesn't fit, is not there. */
bool hk_cookie_find(
    const struct hk_http_request *request, const char *name, char *ret_value, size_t capacity)
{
    const char *header = hk_http_header(request, "cookie");
    size_t name_size = strlen(name);
    const char *found = NULL;
    size_t found_size = 0;

    ret_value[0] = '\0';
    while (header != NULL && *header != '\0') {
        size_t size;
        header += strspn(header, "; \t");
        size = strcspn(header, ";");
        if (size > name_size && header[name_size] == '=' && memcmp(header, name, name_size) == 0) {
            if (found != NULL)
                return false;
            found = header + name_size + 1;
            found_size = size - name_size - 1;
        }
        header += size;
    }
    if (found_size == 0 || found_size >= capacity)
        return false;
    memcpy(ret_value, found, found_size);
    ret_value[found_size] = '\0';
    return true;
}

static bool find_ours(const struct hk_exchange *exchange, const struct hk_http_request *request,
    const char *plain, char *ret_value, size_t capacity)
{
    char name[64];

    cookie_name(exchange, plain, name, sizeof(name));
    return hk_cookie_find(request, name, ret_value, capacity);
}

static void set_cookie(const struct hk_exchange *exchange, const char *plain, const char *value,
    int64_t keep_ms, char ret_header[HK_SET_COOKIE_SIZE])
{
    char name[64];

    cookie_name(exchange, plain, name, sizeof(name));
    (void)snprintf(ret_header, HK_SET_COOKIE_SIZE,
        "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", name, value,
        value[0] != '\0' ? (long long)(keep_ms / 1000) : 0LL,
        exchange->is_secure ? "; Secure" : "");
}

void hk_session_cookie(
    const struct hk_exchange *exchange, const char *cookie, char ret_header[HK_SET_COOKIE_SIZE])
{
    set_cookie(exchange, "hikeshi", cookie,
        hk_engine_login_policy(exchange->api->engine, exchange->tenant)->life_ms, ret_header);
}

void hk_device_cookie(
    const struct hk_exchange *exchange, const char *cookie, char ret_header[HK_SET_COOKIE_SIZE])
{
    set_cookie(exchange, "hikeshi-device", cookie, HK_DEVICE_MS, ret_header);
}

void hk_device_cookie_of(const struct hk_exchange *exchange, const struct hk_http_request *request,
    char ret_cookie[HK_DEVICE_TEXT_SIZE])
{
    (void)find_ours(exchange, request, "hikeshi-device", ret_cookie, HK_DEVICE_TEXT_SIZE);
}

/* --- who it is --- */

bool hk_session_take(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct hk_people *people = exchange->api->people;
    int64_t now_us = hk_clock_now_us(hk_ledger_clock(exchange->api->ledger));
    char cookie[HK_COOKIE_TEXT_SIZE];
    const struct hk_login *login;
    const struct hk_user *user;
    struct hk_session *session = &exchange->session;

    if (!find_ours(exchange, request, "hikeshi", cookie, sizeof(cookie)))
        return false;
    login = hk_sessions_find(people->sessions, cookie);
    if (login == NULL ||
        hk_login_is_over(
            login, hk_engine_login_policy(exchange->api->engine, login->tenant)->idle_ms, now_us))
        return false;
    user = hk_identity_user(exchange->api->identity, login->tenant, login->user);
    if (user == NULL || user->is_disabled ||
        hk_engine_tenant_name(exchange->api->engine, login->tenant) == NULL)
        return false;
    exchange->tenant = login->tenant;
    exchange->actor =
        (struct hk_actor){.is_person = true, .has_session = true, .proven_us = login->proven_us};
    (void)hk_copy_text(exchange->actor.id, sizeof(exchange->actor.id), user->id);
    (void)hk_copy_text(exchange->actor.name, sizeof(exchange->actor.name), user->name);
    (void)hk_copy_text(exchange->actor.role, sizeof(exchange->actor.role), user->role);
    *session = (struct hk_session){.has_totp = hk_people_has_totp(people, user->tenant, user->id),
        .opened_us = login->opened_us,
        .ends_us = login->ends_us,
        .proven_us = login->proven_us};
    (void)hk_copy_text(session->id, sizeof(session->id), login->id);
    hk_cookie_csrf(cookie, session->csrf);
    hk_people_touch(people, session->id, now_us);
    explicit_bzero(cookie, sizeof(cookie));
    return true;
}

bool hk_session_is_fresh(const struct hk_session *session, int64_t now_us)
{
    return session->proven_us != 0 && now_us - session->proven_us <= HK_STEP_UP_MS * 1000LL;
}

/* --- forged requests --- */

/* "https://soc.example:8443" against the Host header. */
static bool origin_is_host(const char *origin, const char *host)
{
    const char *authority = strstr(origin, "://");

    return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

bool hk_request_is_ours(const struct hk_http_request *request)
{
    const char *site = hk_http_header(request, "sec-fetch-site");
    const char *origin = hk_http_header(request, "origin");

    if (hk_http_header_is_repeated(request, "sec-fetch-site") ||
        hk_http_header_is_repeated(request, "origin"))
        return false;
    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return false;
    return origin == NULL || origin_is_host(origin, hk_http_header(request, "host"));
}

bool hk_session_has_csrf(const struct hk_exchange *exchange, const char *token)
{
    const char *csrf = exchange->session.csrf;

    return token != NULL && strlen(token) == HK_CSRF_TEXT_SIZE - 1 && csrf[0] != '\0' &&
           hk_equal_constant_time(token, csrf, HK_CSRF_TEXT_SIZE - 1);
}

/* --- where to go --- */

bool hk_path_is_ours(const char *path)
{
    if (path[0] != '/' || path[1] == '/' || path[1] == '\\')
        return false;
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++)
        if (*at <= 0x20 || *at >= 0x7f || *at == '\\')
            return false;
    return true;
}

/* "/login?then=" and the path, percent-encoded. */
static bool put_then(const char *where, const char *path, char *ret_location, size_t capacity)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    int size = snprintf(ret_location, capacity, "%s?then=", where);
    size_t to = (size_t)size;

    if (size < 0 || to >= capacity || !hk_path_is_ours(path))
        goto fail;
    for (; *path != '\0'; path++) {
        bool is_plain = strchr(plain, *path) != NULL;
        size_t more = is_plain ? 1 : 3;
        if (to + more >= capacity)
            goto fail;
        if (is_plain)
            ret_location[to] = *path;
        else
            (void)snprintf(ret_location + to, 4, "%%%02X", (unsigned)(unsigned char)*path);
        to += more;
    }
    ret_location[to] = '\0';
    return true;
fail:
    if (capacity > 0)
        ret_location[0] = '\0';
    return false;
}

bool hk_step_up_location(const char *path, char *ret_location, size_t capacity)
{
    return put_then("/step-up", path, ret_location, capacity);
}

bool hk_login_location(const char *path, char *ret_location, size_t capacity)
{
    return put_then("/login", path, ret_location, capacity);
}

void hk_answer_see_other(
    const struct hk_exchange *exchange, const char *location, const char *const *set_cookies)
{
    const char *headers[2 + 2 * 4 + 1] = {"Location", location};
    size_t count = 2;

    for (; set_cookies != NULL && *set_cookies != NULL && count < 2 + 2 * 4; set_cookies++) {
        headers[count++] = "Set-Cookie";
        headers[count++] = *set_cookies;
    }
    headers[count] = NULL;
    (void)hk_http_respond(exchange->api->server, exchange->id,
        &(struct hk_http_response){.status = 303, .headers = headers});
}
