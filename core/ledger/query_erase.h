/*
 * query_erase: what an erasure would take, and what is known of one that was.
 */
#ifndef HK_LEDGER_QUERY_ERASE_H
#define HK_LEDGER_QUERY_ERASE_H

#include "base/json.h"
#include "ledger/query.h"
#include "limits.h"

/* Append {"subject", "erased": false, "entries", "subject_count", "subjects": [ids, at most 500],
 * "parts": {…}}: what would go. Fails as hk_cover_find does. */
HK_MUST_CHECK enum hk_status hk_query_erase(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, struct hk_buf *out, struct hk_error *error);

/* Write the member "erased" into the object that is open: {"seq" of payload.erased, "time", "by",
 * "by_name", "reason"} for an entry without payload; null when it has not been told. */
HK_MUST_CHECK enum hk_status hk_query_erased(struct hk_reading *reading, hk_tenant tenant,
    uint64_t seq, struct hk_jw *jw, struct hk_error *error);

/* --- what rules say is due --- */

enum hk_retire_rule { HK_RETIRE_ALERTS, HK_RETIRE_CASES, HK_RETIRE_SESSIONS, HK_RETIRE_RULE_COUNT };
const char *hk_retire_rule_text(enum hk_retire_rule rule);

/* Walk a tenant's entries from from_seq on: alerts that were received, cases that were closed (and
 * still are), entries about sessions, from before before_us, that still have their payload. At most
 * one slice of them is found, and at most HK_RETIRE_LINES_MAX entries are looked at. */
struct hk_retire_look {
    hk_tenant tenant;
    enum hk_retire_rule rule;
    int64_t before_us;
    uint64_t from_seq;
    uint64_t next_seq; /* where the next look goes on */
    bool is_end;       /* nothing more is due now */
    char ids[HK_RETIRE_IDS_MAX][HK_ID_SIZE];
    size_t id_count;
    uint64_t seqs[HK_RETIRE_SEQS_MAX];
    size_t seq_count;
};
HK_MUST_CHECK enum hk_status hk_query_retire(
    struct hk_reading *reading, struct hk_retire_look *look, struct hk_error *error);

#endif
