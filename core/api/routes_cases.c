/*
 * routes_cases: cases and tasks.
 */
#include "api/route_table.h"
#include "limits.h"

static const struct hk_param timeline_query[] = {
    {"after", "the sequence number after which to go on"},
    {"limit", "items of one page, 1 to 500; 100 unless given"},
    {NULL, NULL},
};

const struct hk_route hk_routes_cases[] = {
    HK_ROUTE_LIST("cases", "viewer"),
    HK_ROUTE_SHOW("cases", "viewer"),
    {.method = "GET",
        .path = "/v1/cases/{id}/timeline",
        .role = "viewer",
        .handler = hk_route_timeline,
        .summary = "What happened in a case, oldest first",
        .query = timeline_query,
        .status = 200,
        .answer = "items, each with what it says, and where the next page begins",
        .problems = {400, 404, 503}},

    HK_ROUTE_LIST("tasks", "viewer"),
    HK_ROUTE_SHOW("tasks", "viewer"),
    {.method = NULL, .more = hk_routes_gaps},
};
