/*
 * query_erase: what an erasure would take, and what is known of one that was.
 */
#ifndef HK_LEDGER_QUERY_ERASE_H
#define HK_LEDGER_QUERY_ERASE_H

#include "base/json.h"
#include "ledger/query.h"

/* Append {"subject", "erased": false, "entries", "subject_count", "subjects": [ids, at most 500],
 * "parts": {…}}: what would go. Fails as hk_cover_find does. */
HK_MUST_CHECK enum hk_status hk_query_erase(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, struct hk_buf *out, struct hk_error *error);

/* Write the member "erased" into the object that is open: {"seq" of payload.erased, "time", "by",
 * "by_name", "reason"} for an entry without payload; null when it has not been told. */
HK_MUST_CHECK enum hk_status hk_query_erased(struct hk_reading *reading, hk_tenant tenant,
    uint64_t seq, struct hk_jw *jw, struct hk_error *error);

#endif
