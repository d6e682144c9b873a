/*
 * run_events: what the script threads say, and how runs end.
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
/* Close the gates of waiting steps in the transaction that ends the run. */
void hk_run_void_gates(struct hk_run *run, struct hk_tx *tx, const char *why);
void hk_run_failed(struct hk_run *run, const char *error);
/* End a run that nobody needs any more; nothing when it has ended. */
void hk_run_cancelled(struct hk_run *run, const char *why);

#endif
