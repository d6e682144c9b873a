/*
 * routes_notice: what people were told, whom there is to tell, and tests of that.
 */
#include "api/route_table.h"

static void notice_contact_test(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job != NULL)
        hk_engine_contact_test(exchange->api->engine, exchange->tenant, &exchange->actor,
            hk_route_param(&exchange->match, "name"), hk_job_reply, job);
}

static void notice_digest(
    struct hk_exchange *exchange, const struct hk_http_request *request, const struct hk_json *body)
{
    struct hk_job *job = hk_job_new(exchange, sizeof(*job));

    (void)request;
    (void)body;
    if (job != NULL)
        hk_engine_digest(
            exchange->api->engine, exchange->tenant, &exchange->actor, hk_job_reply, job);
}

static const struct hk_member no_body[] = {{.name = NULL}};

const struct hk_route hk_routes_notice[] = {
    HK_ROUTE_LIST("notices", "analyst"),
    HK_ROUTE_SHOW("notices", "analyst"),
    {.method = "POST",
        .path = "/v1/digest",
        .role = "responder",
        .handler = notice_digest,
        .summary = "Send the daily digest now",
        .body = no_body,
        .status = 200,
        .answer = "the notices that were queued",
        .problems = {404, 503}},
    HK_ROUTE_LIST("contacts", "analyst"),
    {.method = "POST",
        .path = "/v1/contacts/{name}/test",
        .role = "responder",
        .handler = notice_contact_test,
        .summary = "Send a test to a contact, by each of its channels",
        .body = no_body,
        .status = 200,
        .answer = "the notices that were queued",
        .problems = {404, 503}},
    {.method = NULL, .more = hk_routes_identity},
};
