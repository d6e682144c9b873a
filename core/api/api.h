/*
 * api: the HTTP side of the engine. Knows who asks, checks role and tenant, and puts the engine's
 * and the ledger's answers into HTTP. See routes.c for all that it answers.
 */
#ifndef HK_API_API_H
#define HK_API_API_H

#include "engine/engine.h"
#include "ledger/ledger.h"
#include "loop/http_server.h"
#include "loop/loop.h"

struct hk_api;

struct hk_api_options {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    struct hk_engine *engine; /* its tenants are known */
    const char *version;
};

/* Reads the identities: blocks, only before the loop runs. */
HK_MUST_CHECK enum hk_status hk_api_new(
    const struct hk_api_options *options, struct hk_api **ret_api, struct hk_error *error);
/* After the ledger was closed: what still waited for an answer is let go. */
void hk_api_free(struct hk_api *api);
/* See hk_http_server_listen. */
HK_MUST_CHECK enum hk_status hk_api_listen(
    struct hk_api *api, const char *address, unsigned *ret_port, struct hk_error *error);
/* Accept no more connections and alerts; what is asked already is answered. */
void hk_api_drain(struct hk_api *api);
unsigned hk_api_open_exchanges(const struct hk_api *api);

#endif
