/*
 * routes_gaps: what is not covered.
 */
#include "api/route_table.h"

const struct hk_route hk_routes_gaps[] = {
    HK_ROUTE_LIST("gaps", "viewer"),
    HK_ROUTE_SHOW("gaps", "viewer"),
    {.method = NULL, .more = hk_routes_search},
};
