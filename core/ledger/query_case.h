/*
 * query_case: one case, whole: its row, what belongs to it, and its clocks; and its timeline.
 *
 * What belongs to a case follows from its alerts: their runs, the runs' gates, containments and
 * tasks. A case that was merged keeps its own alerts, and shows where they are shown now; the case
 * it was merged into shows the alerts of both. Lists are bounded, counts are whole.
 */
#ifndef HK_LEDGER_QUERY_CASE_H
#define HK_LEDGER_QUERY_CASE_H

#include "ledger/query.h"

/* Append the members of the case to an object that is begun: see core/ARCHITECTURE.md, "A case as
 * it is shown". The row's own members are written before. */
HK_MUST_CHECK enum hk_status hk_query_case_members(struct hk_reading *reading, hk_tenant tenant,
    const char *id, struct hk_jw *jw, struct hk_error *error);

#endif
