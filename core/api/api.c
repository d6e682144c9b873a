/*
 * api: from a request to its handler: route, body. Who asks, and whether they may: admit.c.
 */
#include "api/api.h"

#include "api/admit.h"
#include "api/events.h"
#include "api/exchange.h"
#include "api/page_answer.h"
#include "api/people.h"
#include "api/routes.h"
#include "api/session_in.h"
#include "api/visits.h"
#include "base/time.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_SIZE_MAX = 128 * 1024, /* of all but alerts */
    FORM_SIZE_MAX = 64 * 1024,  /* percent-encoding triples what people write */
};

static const struct hk_json_limits body_limits = {
    .size_max = BODY_SIZE_MAX, .depth_max = HK_ALERT_DEPTH_MAX, .nodes_max = HK_ALERT_NODES_MAX};

static bool is_type(const struct hk_http_request *request, const char *wanted)
{
    const char *type = hk_http_header(request, "content-type");
    size_t size = type != NULL ? strcspn(type, "; \t") : 0;

    return size == strlen(wanted) && strncasecmp(type, wanted, size) == 0;
}

/* Read and check the body, and call the handler. */
static void handle_with_body(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    const struct hk_route *route = exchange->match.route;
    struct hk_json_doc doc = {.root = NULL};
    struct hk_error error;
    bool is_empty = request->body.size == 0;
    enum hk_status status;

    if (!is_empty && !is_type(request, "application/json")) {
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

/* The same for what a page of ours posts. Its token against forged requests is looked at here, so
 * that no handler can forget it. */
static void handle_with_form(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    struct hk_form form = {.text = NULL};
    struct hk_error error;
    enum hk_status status;

    if (request->body.size > 0 && !is_type(request, "application/x-www-form-urlencoded")) {
        hk_answer_problem(exchange, 415, "the body must be application/x-www-form-urlencoded");
        return;
    }
    if (request->body.size > FORM_SIZE_MAX) {
        hk_answer_problem(exchange, 413, "the form is larger than %d bytes", FORM_SIZE_MAX);
        return;
    }
    status = hk_form_read(request->body.data, request->body.size, &form, &error);
    if (status != HK_OK) {
        hk_answer_error(exchange, status, &error);
        return;
    }
    if (exchange->session.id[0] != '\0' &&
        !hk_session_has_csrf(exchange, hk_form_get(&form, HK_CSRF_FIELD))) {
        hk_answer_problem(exchange, 403, "the form is not of this session: load the page again");
    } else {
        exchange->form = &form;
        exchange->match.route->handler(exchange, request, NULL);
        exchange->form = NULL;
    }
    hk_form_done(&form);
}

/* Does whoever asks look at pages? Programs don't name HTML, browsers always do. */
static bool wants_page(const struct hk_http_request *request)
{
    const char *accept = hk_http_header(request, "accept");

    return accept != NULL && strstr(accept, "text/html") != NULL &&
           strncmp(request->path, "/v1/", 4) != 0;
}

static void answer_no_path(struct hk_exchange *exchange, const struct hk_http_request *request)
{
    if (!wants_page(request)) {
        hk_answer_problem(exchange, 404, "there is nothing at this path");
        return;
    }
    exchange->language = hk_language_of(request);
    hk_answer_page_problem(exchange, &(struct hk_problem){.status = 404});
}

/* Nothing is promised that may find no room on the disk. False: it is answered. */
static bool has_room(const struct hk_exchange *exchange, const struct hk_http_request *request)
{
    if (strcmp(request->method, "POST") != 0 ||
        hk_ledger_room(exchange->api->ledger, NULL) != HK_ROOM_LAST)
        return true;
    hk_answer_problem_full(
        exchange, &(struct hk_problem){
                      .status = 507, .detail = HK_PROBLEM_LAST, .retry_after_s = HK_ROOM_RETRY_S});
    return false;
}

static void on_request(void *ctx, hk_exchange_id id, const struct hk_http_request *request,
    const struct hk_http_peer *peer)
{
    struct hk_api *api = ctx;
    struct hk_exchange exchange = {.api = api, .id = id};
    char allow[64];

    api->requests_total++;
    switch (hk_router_match(
        api->routes, request->method, request->path, &exchange.match, allow, sizeof(allow))) {
    case HK_ROUTE_NO_PATH:
        exchange.match.route = NULL;
        answer_no_path(&exchange, request);
        return;
    case HK_ROUTE_NO_METHOD:
        exchange.match.route = NULL;
        hk_answer_not_allowed(&exchange, allow);
        return;
    case HK_ROUTE_FOUND:
        break;
    }
    if (!hk_admit(&exchange, request, peer) || !has_room(&exchange, request))
        return;
    if ((exchange.match.route->flags & HK_ROUTE_PAGE) != 0 && strcmp(request->method, "POST") == 0)
        handle_with_form(&exchange, request);
    else if (exchange.match.route->body != NULL)
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
    api->reader = options->reader;
    api->tally = options->tally;
    api->sources = options->sources;
    api->source_count = options->source_count;
    api->version = options->version;
    api->url = "";
    api->started_us = hk_time_wall_us();
    api->apply = options->apply;
    api->apply_ctx = options->apply_ctx;
    api->reload = options->reload;
    api->reload_ctx = options->reload_ctx;
    api->routes = hk_routes;
    hk_buf_init(&api->openapi, HK_HTTP_RESPONSE_SIZE_MAX);
    hk_openapi_write(hk_routes, options->version, &api->openapi);
    status = hk_buf_check(&api->openapi, "openapi.json", error);
    if (status == HK_OK)
        status = hk_identity_new(&api->identity, error);
    if (status == HK_OK)
        status = hk_identity_load(api->identity, api->ledger, error);
    if (status == HK_OK)
        status = hk_visits_new(&api->visits, error);
    if (status == HK_OK)
        status = hk_events_new(api->loop, api->ledger, &api->events, error);
    if (status == HK_OK)
        status = hk_people_new(&(struct hk_people_options){.loop = api->loop,
                                   .ledger = api->ledger,
                                   .engine = api->engine,
                                   .identity = api->identity,
                                   .data_dir = options->data_dir},
            &api->people, error);
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
    hk_people_free(api->people); /* its thread may be at jobs, too */
    while (api->jobs != NULL)
        hk_job_free(api->jobs);
    hk_http_server_free(api->server);
    hk_identity_free(api->identity);
    hk_visits_free(api->visits);
    hk_events_free(api->events);
    hk_buf_done(&api->openapi);
    free(api);
}

enum hk_status hk_api_listen(struct hk_api *api, const char *address, const struct hk_tls *tls,
    unsigned *ret_port, struct hk_error *error)
{
    if (tls != NULL)
        api->tls = tls;
    return hk_http_server_listen(api->server, address, tls, ret_port, error);
}

void hk_api_set_url(struct hk_api *api, const char *url, bool is_configured)
{
    api->url = url;
    api->has_proxy = is_configured && strncmp(url, "https://", 8) == 0;
}

void hk_api_hand_on(struct hk_api *api)
{
    hk_http_server_hand_on(api->server);
}

void hk_api_drain(struct hk_api *api)
{
    api->is_draining = true;
    hk_events_drain(api->events);
    hk_http_server_drain(api->server);
}

unsigned hk_api_open_exchanges(const struct hk_api *api)
{
    return hk_http_server_open_exchanges(api->server);
}
