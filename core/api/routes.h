/*
 * routes: all that the API answers, in routes.c. The handlers stand in routes_*.c, by subject.
 * Internal to api/.
 */
#ifndef HK_API_ROUTES_H
#define HK_API_ROUTES_H

#include "api/exchange.h"

extern const struct hk_route hk_routes[];
extern const struct hk_route hk_routes_playbooks[];
extern const struct hk_route hk_routes_notice[];
extern const struct hk_route hk_routes_identity[];
extern const struct hk_route hk_routes_people[];
extern const struct hk_route hk_routes_login[];   /* pages */
extern const struct hk_route hk_routes_account[]; /* pages */
extern const struct hk_route hk_routes_intake[];
extern const struct hk_route hk_routes_sources[];
extern const struct hk_route hk_routes_config[];
extern const struct hk_route hk_routes_events[];
extern const struct hk_route hk_routes_gaps[];
extern const struct hk_route hk_routes_search[];
extern const struct hk_route hk_routes_pages_search[];
extern const struct hk_route hk_routes_erase[];
extern const struct hk_route hk_routes_cases[];
extern const struct hk_route hk_routes_gate[];
extern const struct hk_route hk_routes_pages[];
extern const struct hk_route hk_routes_pages_act[];
extern const struct hk_route hk_routes_pages_approval[];
extern const struct hk_route hk_routes_pages_ledger[];
extern const struct hk_route hk_routes_pages_case[];

hk_handler_fn hk_route_livez;
hk_handler_fn hk_route_readyz;
hk_handler_fn hk_route_metrics;
hk_handler_fn hk_route_openapi;
hk_handler_fn hk_route_served_file;
hk_handler_fn hk_route_whoami;

/* How many items a page is to have, 1 to HK_PAGE_ITEMS_MAX. False: it is answered. */
HK_MUST_CHECK bool hk_take_limit(
    const struct hk_exchange *exchange, const struct hk_http_request *request, unsigned *ret_limit);

hk_handler_fn hk_route_list; /* of match.route->collection */
hk_handler_fn hk_route_show;
hk_handler_fn hk_route_plugins;
hk_handler_fn hk_route_plugin;
hk_handler_fn hk_route_entries;
hk_handler_fn hk_route_timeline;
hk_handler_fn hk_route_checkpoint;
hk_handler_fn hk_route_keys;
hk_handler_fn hk_route_inclusion;
hk_handler_fn hk_route_consistency;

hk_handler_fn hk_route_alerts_take;

hk_handler_fn hk_route_decide;
hk_handler_fn hk_route_release;
hk_handler_fn hk_route_renew;
hk_handler_fn hk_route_verify;
hk_handler_fn hk_route_run_cancel;
hk_handler_fn hk_route_run_resolve;
hk_handler_fn hk_route_run_signal;
hk_handler_fn hk_route_explain;

hk_handler_fn hk_route_user_add;
hk_handler_fn hk_route_user_disable;
hk_handler_fn hk_route_token_create;
hk_handler_fn hk_route_token_revoke;

/* What sources brought, for /metrics; no names of tenants or sources. */
void hk_metrics_sources(struct hk_tally *tally, struct hk_buf *out);

#endif
