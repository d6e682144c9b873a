/*
 * ready: could the actions that a tenant's capabilities bind be carried out now? Each is asked on
 * schedule (the tenant's ready.every), from the start on, whether or not an alert needs it. The
 * latest answers are kept in memory; nothing is recorded here.
 */
#ifndef HK_ENGINE_READY_H
#define HK_ENGINE_READY_H

#include "engine/objects.h"

HK_MUST_CHECK enum hk_status hk_ready_new(
    struct hk_engine *engine, struct hk_ready **ret_ready, struct hk_error *error);
void hk_ready_free(struct hk_ready *ready); /* NULL is fine */
/* Begin to ask; the first time is now. Once, when the engine is ready. */
void hk_ready_start(struct hk_ready *ready);
/* Nobody waits for the answers to what was asked. */
void hk_ready_stop(struct hk_ready *ready);

/* An action that could not be carried out. Texts are borrowed until the loop's next turn. */
struct hk_ready_fault {
    const char *capability; /* "contain.block_ip" */
    const char *action;     /* "nftables.block", as the capability binds it */
    const char *why;        /* the plugin's words, or why it could not be asked */
    int64_t since_us;       /* when it was first found so */
};
/* The tenant's next one; *cursor begins as 0. False at the end. Actions that can't tell, and those
 * that have not answered yet, are not among them. */
bool hk_ready_next_fault(const struct hk_ready *ready, hk_tenant tenant, size_t *cursor,
    struct hk_ready_fault *ret_fault);

#endif
