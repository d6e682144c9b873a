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
struct hk_reader;

typedef void hk_applied_fn(void *ctx, enum hk_status status, const struct hk_error *error);

typedef void hk_reload_playbooks_fn(void *reload_ctx, hk_tenant tenant,
    const struct hk_actor *actor, const char *file, hk_reply_fn *reply, void *reply_ctx);

struct hk_api_options {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    struct hk_engine *engine;        /* its tenants are known */
    struct hk_reader *reader;        /* of what comes in */
    struct hk_tally *tally;          /* of what came in */
    const struct hk_source *sources; /* all; the api takes what webhooks bring */
    size_t source_count;
    const char *data_dir;
    const char *version;
    /* Check the configuration's file and, when it is good, begin anew with it. done is called once,
     * on the loop, with what was found; the engine stops after that. NULL: not offered. */
    void (*apply)(void *apply_ctx, hk_applied_fn *done, void *done_ctx);
    void *apply_ctx;
    /* Read the files of a tenant's playbooks again: all, or one as the configuration names it.
     * NULL: not offered. */
    hk_reload_playbooks_fn *reload;
    void *reload_ctx;
};

/* Reads the identities: blocks, only before the loop runs. */
HK_MUST_CHECK enum hk_status hk_api_new(
    const struct hk_api_options *options, struct hk_api **ret_api, struct hk_error *error);
/* After the ledger was closed: what still waited for an answer is let go. */
void hk_api_free(struct hk_api *api);
/* See hk_http_server_listen. */
HK_MUST_CHECK enum hk_status hk_api_listen(struct hk_api *api, const char *address,
    const struct hk_tls *tls, unsigned *ret_port, struct hk_error *error);
/* Where people reach the pages, "https://soc.example": for links. is_configured: somebody said so,
 * and if it is https, what comes from this machine is taken to come from the proxy that speaks it.
 * Before the first request; url outlives the api. */
void hk_api_set_url(struct hk_api *api, const char *url, bool is_configured);
/* Hand the listening sockets on to the next image of this program; before drain. */
void hk_api_hand_on(struct hk_api *api);
/* Accept no more connections and alerts; what is asked already is answered. */
void hk_api_drain(struct hk_api *api);
unsigned hk_api_open_exchanges(const struct hk_api *api);

#endif
