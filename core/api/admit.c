/*
 * admit: see admit.h.
 */
#include "api/admit.h"

#include "api/page_answer.h"
#include "api/session_in.h"
#include "api/visits.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The token that came with the request; false when there is none. */
static bool find_token(const struct hk_exchange *exchange, const struct hk_http_request *request,
    char *ret_token, size_t capacity)
{
    const char *value = hk_http_header(request, "authorization");
    char pair[512];
    size_t size = 0;
    const char *colon;

    if (value == NULL)
        return false;
    if (strncasecmp(value, "Bearer ", 7) == 0)
        return hk_copy_text(ret_token, capacity, value + 7 + strspn(value + 7, " "));
    if (!(exchange->match.route->flags & HK_ROUTE_BASIC_AUTH) ||
        strncasecmp(value, "Basic ", 6) != 0)
        return false;
    value += 6 + strspn(value + 6, " ");
    if (hk_base64_decode(value, strlen(value), pair, sizeof(pair) - 1, &size) != HK_OK)
        return false;
    pair[size] = '\0';
    colon = strchr(pair, ':');
    return colon != NULL && hk_copy_text(ret_token, capacity, colon + 1);
}

/* By the cookie of a session. False: it is answered. */
static bool identify_by_cookie(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    bool is_write = strcmp(request->method, "POST") == 0;

    if (!hk_session_take(exchange, request)) {
        hk_answer_problem(exchange, 401, "this needs a bearer token, or a session");
        return false;
    }
    if (is_write && (!hk_request_is_ours(request) ||
                        !hk_session_has_csrf(exchange, hk_http_header(request, HK_CSRF_HEADER)))) {
        hk_answer_problem(exchange, 403, "a write in a session needs its X-Hikeshi-CSRF");
        return false;
    }
    return true;
}

/* Who asks? False: it is answered. */
static bool identify(struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_http_peer *peer, bool *ret_is_bound)
{
    char token[512];
    struct hk_error error;
    const char *tenant;

    *ret_is_bound = true;
    if (hk_http_header(request, "authorization") == NULL && peer->is_local) {
        *ret_is_bound = false;
        exchange->actor = (struct hk_actor){
            .id = "local", .name = "local", .role = "tenant-admin", .is_person = false};
        return true;
    }
    if (hk_http_header(request, "authorization") == NULL)
        return identify_by_cookie(exchange, request);
    if (!find_token(exchange, request, token, sizeof(token))) {
        hk_answer_problem(exchange, 401, "this needs a bearer token");
        return false;
    }
    if (hk_identity_check(
            exchange->api->identity, token, &exchange->tenant, &exchange->actor, &error) == HK_OK) {
        /* A tenant that is in the record may be gone from the configuration. */
        tenant = hk_engine_tenant_name(exchange->api->engine, exchange->tenant);
        if (tenant != NULL && tenant[0] != '\0')
            return true;
    }
    hk_answer_problem(exchange, 401, "the token is not valid");
    return false;
}

/* Whose things are asked for? False: it is answered. */
static bool choose_tenant(
    struct hk_exchange *exchange, const struct hk_http_request *request, bool is_bound)
{
    struct hk_engine *engine = exchange->api->engine;
    const char *header = hk_http_header(request, "x-hikeshi-tenant");
    const char *path_name = hk_route_param(&exchange->match, "tenant");
    bool is_engine_wide = (exchange->match.route->flags & HK_ROUTE_ENGINE_WIDE) != 0;
    char query[HK_ID_SIZE];
    const char *name = NULL;
    hk_tenant named;

    if (path_name[0] != '\0')
        name = path_name;
    else if (header != NULL)
        name = header;
    else if (!hk_take_query(exchange, request, "tenant", query, sizeof(query)))
        return false;
    else if (hk_http_query_is_given(request, "tenant"))
        name = query;
    else if (!is_bound)
        name = is_engine_wide ? hk_engine_any_tenant(engine) : hk_engine_only_tenant(engine);
    if (name == NULL && !is_bound) {
        hk_answer_problem(exchange, 400,
            "there are several tenants: name one (--tenant, or the header X-Hikeshi-Tenant)");
        return false;
    }
    if (name == NULL)
        return true;
    if (strcmp(exchange->actor.role, "provider-admin") == 0)
        is_bound = false;
    if (!hk_engine_tenant(engine, name, &named) || (is_bound && named != exchange->tenant)) {
        hk_answer_problem(exchange, 404, "there is no such tenant");
        return false;
    }
    exchange->tenant = named;
    return true;
}

static bool has_role(const struct hk_exchange *exchange)
{
    const struct hk_route *route = exchange->match.route;
    const char *role = exchange->actor.role;

    if (hk_role_fulfils(role, route->role) ||
        (route->role_too != NULL && hk_role_fulfils(role, route->role_too)))
        return true;
    hk_answer_problem(exchange, 403, "this needs the role %s", route->role);
    return false;
}

/* Whoever has to have a device first, but hasn't, gets to where they set it up and nowhere else.
 * Asked for their own tenant, and for one that they enter: its own people couldn't be there
 * without. False: it is answered. */
static bool has_enrolled(const struct hk_exchange *exchange)
{
    unsigned flags = exchange->match.route->flags;

    if (exchange->session.id[0] == '\0' || exchange->session.has_totp ||
        (flags & HK_ROUTE_BEFORE_TOTP) != 0 ||
        !hk_engine_login_policy(exchange->api->engine, exchange->tenant)->totp_is_required)
        return true;
    if ((flags & HK_ROUTE_PAGE) != 0)
        hk_answer_see_other(exchange, "/account/totp", NULL);
    else
        hk_answer_problem(
            exchange, 403, "first set up a device that gives codes, at /account/totp");
    return false;
}

/* May they, and whose things are meant? Who enters another tenant than their own is recorded there.
 * False: it is answered. */
static bool enter(
    struct hk_exchange *exchange, const struct hk_http_request *request, bool is_bound)
{
    hk_tenant home = exchange->tenant;

    if (!has_enrolled(exchange) || !has_role(exchange) ||
        !choose_tenant(exchange, request, is_bound) || !has_enrolled(exchange))
        return false;
    if (is_bound && exchange->tenant != home)
        hk_visit_record(exchange, home);
    return true;
}

/* --- pages --- */

/* To the page where people log in, and back to where they wanted to go. */
static void send_to_login(const struct hk_exchange *exchange)
{
    char location[HK_LOCATION_SIZE];
    const char *path = exchange->path[0] != '\0' ? exchange->path : "/";

    if (!hk_login_location(path, location, sizeof(location)))
        (void)hk_copy_text(location, sizeof(location), "/login");
    hk_answer_see_other(exchange, location, NULL);
}

/* Where they are, to come back to. */
static void take_path(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    int size = snprintf(exchange->path, sizeof(exchange->path), "%s%s%s", request->path,
        request->query[0] != '\0' ? "?" : "", request->query);

    if (size < 0 || (size_t)size >= sizeof(exchange->path) || !hk_path_is_ours(exchange->path))
        exchange->path[0] = '\0';
}

/* False: it is answered. */
static bool admit_to_page(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    bool is_public = exchange->match.route->role == NULL;

    exchange->language = hk_language_of(request);
    if (strcmp(request->method, "POST") != 0)
        take_path(exchange, request);
    if (strcmp(request->method, "POST") == 0 && !hk_request_is_ours(request)) {
        hk_answer_problem(exchange, 403, "the request comes from a page that is not ours");
        return false;
    }
    if (!hk_session_take(exchange, request)) {
        if (!is_public)
            send_to_login(exchange);
        return is_public;
    }
    if (is_public)
        return true;
    return enter(exchange, request, true);
}

/* --- all --- */

/* Headers of which one must be meant: which of two would be a guess. False: it is answered. */
static bool headers_are_single(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    static const char *const names[] = {
        "authorization", "content-type", "cookie", "idempotency-key", "x-hikeshi-tenant"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (hk_http_header_is_repeated(request, names[i])) {
            hk_answer_problem(exchange, 400, "the header %s is given twice", names[i]);
            return false;
        }
    }
    return true;
}

static void take_peer(struct hk_exchange *exchange, const struct hk_http_peer *peer)
{
    (void)hk_copy_text(exchange->from, sizeof(exchange->from), peer->host);
    /* Or a proxy on this machine speaks TLS for us. */
    exchange->is_proxied = peer->is_loopback && exchange->api->has_proxy;
    exchange->is_secure = peer->is_secure || exchange->is_proxied;
}

bool hk_admit(struct hk_exchange *exchange, const struct hk_http_request *request,
    const struct hk_http_peer *peer)
{
    const struct hk_route *route = exchange->match.route;
    bool is_bound = true;

    take_peer(exchange, peer);
    if (!headers_are_single(exchange, request))
        return false;
    if ((route->flags & HK_ROUTE_PAGE) != 0)
        return admit_to_page(exchange, request);
    if (route->role == NULL)
        return true;
    if (!identify(exchange, request, peer, &is_bound))
        return false;
    return enter(exchange, request, is_bound);
}
