/*
 * playbook: one text of a playbook in memory. Texts stay as long as the engine: a run that began
 * with one goes on with it, whatever is in force by then.
 */
#ifndef HK_ENGINE_PLAYBOOK_H
#define HK_ENGINE_PLAYBOOK_H

#include "engine/tx.h"

/* Read a text; on any thread. NULL, and HK_INVALID with file:line. Nobody else's until it is given
 * to hk_playbook_adopt; else freed with hk_playbook_free. */
struct hk_playbook *hk_playbook_new(
    const char *file, const char *source, size_t source_size, struct hk_error *error);
/* The same from a recorded playbook.added. HK_NOT_FOUND when its payload was erased. */
struct hk_playbook *hk_playbook_recorded(const struct hk_stored *stored, struct hk_error *error);
void hk_playbook_free(struct hk_playbook *playbook);

/* Give a text to the tenant; what it has of that version already comes back in its place. */
struct hk_playbook *hk_playbook_adopt(struct hk_tenant_state *tenant, struct hk_playbook *playbook);
/* Write playbook.added. */
void hk_playbook_write(struct hk_tx *tx, const struct hk_playbook *playbook);

#endif
