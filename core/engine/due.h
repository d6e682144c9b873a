/*
 * due: waits, gates and leases are rows with a due time; one timer for the earliest.
 */
#ifndef HK_ENGINE_DUE_H
#define HK_ENGINE_DUE_H

#include "engine/objects.h"

void hk_due_note(struct hk_engine *engine, int64_t due_us);
void hk_due_fire(void *engine);

#endif
