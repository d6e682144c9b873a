/*
 * due: waits, gates and leases are rows with a due time; one timer for the earliest.
 */
#ifndef HK_ENGINE_DUE_H
#define HK_ENGINE_DUE_H

#include "engine/objects.h"

/* Look again then, or sooner. What is due must be on disk already (hk_tx_due sees to that): a look
 * that finds nothing is the last one until somebody notes another time. */
void hk_due_note(struct hk_engine *engine, int64_t due_us);
/* Look now: for the timer. */
void hk_due_fire(void *engine);

#endif
