/*
 * step: what a playbook asks for, and how it is settled.
 */
#ifndef HK_ENGINE_STEP_H
#define HK_ENGINE_STEP_H

#include "engine/tx.h"

void hk_step_request(struct hk_run *run, const struct hk_script_event *event);
/* Members of a request, as every entry that holds one writes them. */
void hk_step_write_request(struct hk_jw *jw, const struct hk_step *step);
/* Is this `how` of a failed settlement a no, from people, from rules or since the request is wrong?
 * `retry` does not ask again then. */
bool hk_step_how_refuses(const char *how);
/* Write step.waiting into tx and into memory, due then (0: never by itself). */
void hk_step_wait(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, const char *waits_for,
    int64_t due_us);
/* It waits for another run than before (step->called): the same entry once more. */
void hk_step_wait_on(struct hk_run *run, struct hk_step *step, struct hk_tx *tx);
/* Write step.settled into tx and into memory; hk_step_deliver tells the playbook. */
void hk_step_settle(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, bool ok,
    const char *value, const char *how);
void hk_step_deliver(struct hk_run *run, const struct hk_step *step);
/* Settle in a write of its own and deliver. */
void hk_step_settle_now(
    struct hk_run *run, struct hk_step *step, bool ok, const char *value, const char *how);

#endif
