/*
 * run_events: what the script threads say.
 */
#ifndef HK_ENGINE_RUN_EVENTS_H
#define HK_ENGINE_RUN_EVENTS_H

#include "engine/tx.h"

/* The script threads have something to say. */
void hk_script_events(void *engine);
/* A write is on disk: go on with events that waited for the ledger. */
void hk_script_events_resume(struct hk_engine *engine);
/* Forget events that were not taken up. */
void hk_script_events_drop(struct hk_engine *engine);

#endif
