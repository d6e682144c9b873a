/*
 * query_timeline: what happened in a case, in the order of the ledger: the entries about the case,
 * its alerts, and their runs, gates, containments and tasks.
 */
#ifndef HK_LEDGER_QUERY_TIMELINE_H
#define HK_LEDGER_QUERY_TIMELINE_H

#include "ledger/query.h"

/* Append {"items":[{"seq","time","kind","subject","by","by_name","what":{…}}…],"next":SEQ|null,
 * "alerts_left_out":N,"is_cut":bool}, oldest first, from after_seq on (from_start: from the
 * beginning). Only the newest HK_TIMELINE_ALERTS_MAX alerts are followed, and at most
 * HK_TIMELINE_ENTRIES_MAX entries are there to page through; both are said. HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_timeline(struct hk_reading *reading, hk_tenant tenant,
    const char *id, uint64_t after_seq, bool from_start, unsigned limit, struct hk_buf *out,
    struct hk_error *error);

#endif
