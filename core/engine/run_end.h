/*
 * run_end: how runs end. The end of a run, what its caller gets, and the end of what it called and
 * still waits for are one transaction: no crash leaves a run going on for a caller that is gone.
 */
#ifndef HK_ENGINE_RUN_END_H
#define HK_ENGINE_RUN_END_H

#include "engine/tx.h"

struct hk_run_end {
    enum hk_kind kind;   /* run.finished, run.failed, run.cancelled */
    const char *text;    /* the value (JSON), the error, the reason; copied */
    const char *actor;   /* whose word it is; NULL: the engine's */
    hk_tx_done_fn *done; /* once it is on disk; may be NULL */
    void *ctx;
};

/* End the run; run->end says so at once. HK_CONFLICT when its state has no such end. When the
 * engine stops before it is written, done is never called and the run goes on at the next start. */
HK_MUST_CHECK enum hk_status hk_run_end(struct hk_run *run, const struct hk_run_end *end);
/* The same, by the engine's word; nothing when it has ended. */
void hk_run_finished(struct hk_run *run, const char *value);
void hk_run_failed(struct hk_run *run, const char *error);
/* Nothing also when it has diverged: a person looks at it. */
void hk_run_cancelled(struct hk_run *run, const char *why);
/* Can an entry of that kind follow? Then the run is in that state from now on. */
bool hk_run_step_over(struct hk_run *run, enum hk_kind kind);

#endif
