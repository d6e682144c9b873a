/*
 * call: a playbook calls another one. What is called is a run of its own, for the same alert: with
 * its own record, limits and version, which it begins with and keeps. The caller waits for it as
 * for a timer, without memory. The end of the one and the result of the other are one transaction.
 */
#ifndef HK_ENGINE_CALL_H
#define HK_ENGINE_CALL_H

#include "engine/tx.h"

/* call "name" {…} */
void hk_call_request(struct hk_run *run, struct hk_step *step);
/* For run_load: who called the run, from the payload of its run.started. */
void hk_call_loaded(struct hk_run *run, const struct hk_json *started);
/* The run is about to end in that way (run.finished: text is the value, else why): call fn with the
 * one that called it, perhaps at once; with NULL when there is none, or it is gone. The run is
 * pinned until then. When the engine stops before, fn is never called, and what it would have
 * written is not lost: the run's record has no end yet. */
typedef void hk_caller_fn(struct hk_run *run, struct hk_run *caller, void *ctx);
void hk_call_with_caller(struct hk_run *run, hk_caller_fn *fn, void *ctx);
/* Settle what the caller waits for into tx; NULL when it doesn't wait any more. To be delivered
 * once tx is committed, which hk_tx_commit_two does for both runs. */
struct hk_step *hk_call_settle(struct hk_tx *tx, const struct hk_run *run, enum hk_kind kind,
    const char *text, struct hk_run *caller);
/* Does the caller wait for this run? */
bool hk_call_waits(const struct hk_run *caller, const struct hk_run *run);
/* The run goes on as another one: the caller waits for that from now on. */
void hk_call_hand_over(
    struct hk_tx *tx, const struct hk_run *run, const char *next, struct hk_run *caller);
/* The run has ended: so shall what it called and waits for. For more of them than run_end.h holds
 * in one write; after a crash in between they go on to their own end. */
void hk_call_end_called(struct hk_run *run);

#endif
