/*
 * playbooks: read the configured files of a tenant's playbooks again while the engine runs, on a
 * thread beside the loop, and offer what they now say to the engine.
 */
#ifndef HK_APP_PLAYBOOKS_H
#define HK_APP_PLAYBOOKS_H

#include "app/settings.h"
#include "engine/engine.h"
#include "loop/loop.h"

struct hk_app_playbooks;

/* Settings and engine are borrowed and outlive it. */
HK_MUST_CHECK enum hk_status hk_app_playbooks_new(struct hk_loop *loop, struct hk_engine *engine,
    const struct hk_app_settings *settings, struct hk_app_playbooks **ret_playbooks,
    struct hk_error *error);
/* Waits for files that are being read; who waits for an answer gets none. NULL is fine. */
void hk_app_playbooks_free(struct hk_app_playbooks *playbooks);
/* Read the file, as the configuration names it, or all of the tenant's (NULL). The reply is that of
 * hk_engine_playbooks_reload; HK_NOT_FOUND for a file that the configuration in force doesn't name,
 * HK_CONFLICT for one that can't be read, HK_BUSY while others are being read. */
void hk_app_playbooks_reload(struct hk_app_playbooks *playbooks, hk_tenant tenant,
    const struct hk_actor *actor, const char *file, hk_reply_fn *reply, void *ctx);

#endif
