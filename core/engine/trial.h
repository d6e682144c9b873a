/*
 * trial: another version of a playbook beside the one in force: it takes a share of the alerts in
 * its place, or looks at a share of them beside it as a shadow. A trial is recorded
 * (playbook.tried) until it ends (playbook.trial_ended); which run is of a trial stands in its
 * run.started.
 */
#ifndef HK_ENGINE_TRIAL_H
#define HK_ENGINE_TRIAL_H

#include "engine/tx.h"
#include "ledger/query_playbook.h"

/* A version that an alert is for. */
struct hk_chosen {
    struct hk_playbook *playbook;
    const char *trial; /* id, borrowed; NULL: it is the one in force */
    const char *by;    /* who put it there, borrowed; "": nobody knows */
    bool is_shadow;    /* it comes beside the other, and does nothing */
};

/* Is the alert among those that the trial takes? The same for an alert and a trial at any time, so
 * that what an alert's run calls goes the same way; nobody can tell before the alert has its id.
 * Pure. */
bool hk_trial_takes(const struct hk_trial *trial, const char *alert, int64_t now_us);
/* Which version is the alert for? Pure. */
void hk_trial_choose(
    const struct hk_named *named, const char *alert, int64_t now_us, struct hk_chosen *ret_chosen);

/* Does a shadow look at the alert, too? Pure. */
bool hk_trial_watches(
    const struct hk_named *named, const char *alert, int64_t now_us, struct hk_chosen *ret_chosen);

/* Write that the trial has ended, and let it: why is "promoted", "stopped", "over", "replaced" or
 * "withdrawn". Nothing when there is none. */
void hk_trial_end(struct hk_tx *tx, struct hk_named *named, const char *why, const char *reason);
/* The same for one whose time is over. */
void hk_trial_end_due(struct hk_tx *tx, struct hk_named *named);
/* Write that the version is tried from now on, in place of what was. id and by of the trial are
 * made here: one that only changes its share, or its end, keeps its id, and so those alerts that it
 * took. reason may be NULL. */
void hk_trial_begin(
    struct hk_tx *tx, struct hk_named *named, const struct hk_trial *trial, const char *reason);

#endif
