/*
 * query_trial: what a version that is tried decides, beside what the one in force decided for the
 * same alerts.
 */
#ifndef HK_LEDGER_QUERY_TRIAL_H
#define HK_LEDGER_QUERY_TRIAL_H

#include "ledger/query.h"

/* Append {"playbook","version" (in force),"trial":{"id","version","kind","share","since","by",
 * "until"},"runs":{state: how many are of the trial},"compared","same","differ","open","more",
 * "items":[{"alert","run","trial_run","end":{"was","is"},"removed":[decision],"added":[decision]}]}.
 *
 * Of a shadow the newest runs are held against those of the version in force, at most pairs_max;
 * items are those that differ. A decision is what was asked of people or of an action that changes
 * something, {"op","name","args","how"[,"reason"]}: removed is what the shadow did not ask for,
 * added what it alone did. run is null where the version in force did not want the alert, trial_run
 * where the shadow did not (looked for when it looks at all alerts). open: one of the two has not
 * ended. Of a share only runs are counted. HK_NOT_FOUND when nothing is tried. */
HK_MUST_CHECK enum hk_status hk_query_trial(struct hk_reading *reading, hk_tenant tenant,
    const char *playbook, unsigned pairs_max, struct hk_buf *out, struct hk_error *error);

#endif
