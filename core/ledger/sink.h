/*
 * sink: copies of checkpoints in a folder outside, one file per tenant, appended to and synced.
 */
#ifndef HK_LEDGER_SINK_H
#define HK_LEDGER_SINK_H

#include "base/status.h"

/* Append the note to FOLDER/TENANT.checkpoints. */
HK_MUST_CHECK enum hk_status hk_sink_append(
    const char *folder, const char *tenant, const char *note, struct hk_error *error);

#endif
