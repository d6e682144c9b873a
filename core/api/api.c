/*
 * api: from a request to its handler: route, identity, tenant, role, body.
 */
#include "api/api.h"

#include "api/exchange.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_SIZE_MAX = 128 * 1024 }; /* of all but alerts */

static const struct hk_json_limits body_limits = {
    .size_max = BODY_SIZE_MAX, .depth_max = HK_ALERT_DEPTH_MAX, .nodes_max = HK_ALERT_NODES_MAX};

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
        name = hk_engine_only_tenant(engine);
    if (name == NULL && !is_bound) {
        hk_answer_problem(
            exchange, 400, "there are several tenants: name one with X-Hikeshi-Tenant");
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

/* Headers of which one must be meant: which of two would be a guess. False: it is answered. */
static bool headers_are_single(
    const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    static const char *const names[] = {
        "authorization", "content-type", "idempotency-key", "x-hikeshi-tenant"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (hk_http_header_is_repeated(request, names[i])) {
            hk_answer_problem(exchange, 400, "the header %s is given twice", names[i]);
            return false;
        }
    }
    return true;
}

static bool is_json(const char *type)
{
    size_t size = type != NULL ? strcspn(type, "; \t") : 0;

    return size == strlen("application/json") && strncasecmp(type, "application/json", size) == 0;
}

/* Read and check the body, and call the handler. */
static void handle_with_body(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    const struct hk_route *route = exchange->match.route;
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    bool is_empty = request->body.size == 0;
    enum hk_status status;

    if (!is_empty && !is_json(hk_http_header(request, "content-type"))) {
        hk_answer_problem(exchange, 415, "the body must be application/json");
        return;
    }
    status = hk_json_parse(is_empty ? "{}" : request->body.data, is_empty ? 2 : request->body.size,
        &body_limits, &doc, &error);
    if (status == HK_OK)
        status = hk_body_check(route->body, doc.root, &error);
    if (status != HK_OK)
        hk_answer_error(exchange, status, &error);
    else
        route->handler(exchange, request, doc.root);
    hk_json_doc_done(&doc);
}

static void on_request(void *ctx, hk_exchange_id id, const struct hk_http_request *request,
    const struct hk_http_peer *peer)
{
    struct hk_api *api = ctx;
    struct hk_exchange exchange = {.api = api, .id = id};
    bool is_bound = true;
    char allow[64];

    api->requests_total++;
    switch (hk_router_match(
        api->routes, request->method, request->path, &exchange.match, allow, sizeof(allow))) {
    case HK_ROUTE_NO_PATH:
        exchange.match.route = NULL;
        hk_answer_problem(&exchange, 404, "there is nothing at this path");
        return;
    case HK_ROUTE_NO_METHOD:
        exchange.match.route = NULL;
        hk_answer_not_allowed(&exchange, allow);
        return;
    case HK_ROUTE_FOUND:
        break;
    }
    if (!headers_are_single(&exchange, request))
        return;
    if (exchange.match.route->role != NULL &&
        (!identify(&exchange, request, peer, &is_bound) || !has_role(&exchange) ||
            !choose_tenant(&exchange, request, is_bound)))
        return;
    if (exchange.match.route->body != NULL)
        handle_with_body(&exchange, request);
    else
        exchange.match.route->handler(&exchange, request, NULL);
}

enum hk_status hk_api_new(
    const struct hk_api_options *options, struct hk_api **ret_api, struct hk_error *error)
{
    struct hk_api *api = calloc(1, sizeof(*api));
    enum hk_status status;

    if (api == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the api");
    api->loop = options->loop;
    api->ledger = options->ledger;
    api->engine = options->engine;
    api->version = options->version;
    api->started_us = hk_time_wall_us();
    api->apply = options->apply;
    api->apply_ctx = options->apply_ctx;
    api->routes = hk_routes;
    hk_buf_init(&api->openapi, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_openapi_write(hk_routes, options->version, &api->openapi);
    status = hk_buf_check(&api->openapi, "openapi.json", error);
    if (status == HK_OK)
        status = hk_identity_new(&api->identity, error);
    if (status == HK_OK)
        status = hk_identity_load(api->identity, api->ledger, error);
    if (status == HK_OK)
        status = hk_http_server_new(api->loop, on_request, api, &api->server, error);
    if (status != HK_OK) {
        hk_api_free(api);
        return status;
    }
    *ret_api = api;
    return HK_OK;
}

void hk_api_free(struct hk_api *api)
{
    if (api == NULL)
        return;
    while (api->jobs != NULL)
        hk_job_free(api->jobs);
    hk_http_server_free(api->server);
    hk_identity_free(api->identity);
    hk_buf_done(&api->openapi);
    free(api);
}

enum hk_status hk_api_listen(struct hk_api *api, const char *address, const struct hk_tls *tls,
    unsigned *ret_port, struct hk_error *error)
{
    return hk_http_server_listen(api->server, address, tls, ret_port, error);
}

void hk_api_hand_on(struct hk_api *api)
{
    hk_http_server_hand_on(api->server);
}

void hk_api_drain(struct hk_api *api)
{
    api->is_draining = true;
    hk_http_server_drain(api->server);
}

unsigned hk_api_open_exchanges(const struct hk_api *api)
{
    return hk_http_server_open_exchanges(api->server);
}
