/*
 * search_ask: answer what people ask for, from the index and the record. Runs on a reader's thread
 * within its budget: files are looked into one after the other, the newest first, and when half of
 * the budget is used up the page ends where it is, with a cursor to go on from. What one file can
 * cost is bounded by its size; the budget ends that too (HK_TIMEOUT).
 *
 * What is found is held against the record before it is told: an entry whose payload was erased
 * meanwhile is none, and titles and states are those of now.
 */
#ifndef HK_LEDGER_SEARCH_ASK_H
#define HK_LEDGER_SEARCH_ASK_H

#include "base/json.h"
#include "ledger/ledger.h"

struct hk_search_ask {
    const char *query; /* see search_query.h; "": all there is */
    const char *kind;  /* "alert" …; NULL: any */
    int64_t from_us;   /* entries of this time and later; 0: no bound */
    int64_t to_us;     /* entries before this time; 0: no bound */
    uint64_t after; /* only entries before this number: `next` of the page before; 0: the newest */
    unsigned limit;
    int64_t now_us;
};

/* Append {"items": [{"seq", "time", "entry" (its kind), "kind" (of the thing), "id", "title",
 * "state", "severity", "text" (what a person wrote in this entry)}…], newest first, "next":
 * SEQ|null, "is_cut": the time ran out before the page was full, "indexed": entries before this
 * number are all in the index, "behind": entries that are not in it yet}. HK_INVALID names the
 * character of the query; HK_TIMEOUT; HK_UNSUPPORTED: it is switched off. */
HK_MUST_CHECK enum hk_status hk_search_answer(struct hk_search *search, struct hk_reading *reading,
    hk_tenant tenant, const struct hk_search_ask *ask, struct hk_buf *out, struct hk_error *error);

/* A point in time as people write it: RFC 3339, a day ("2026-11-22", its beginning in UTC), or a
 * duration that is counted back. HK_INVALID. */
HK_MUST_CHECK enum hk_status hk_search_time_read(
    const char *text, int64_t now_us, int64_t *ret_time_us, struct hk_error *error);

/* Is this a kind of thing that is found: "alert", "case" …? */
bool hk_search_kind_is_known(const char *kind);

struct hk_search_stats {
    bool is_on;
    uint64_t behind;  /* entries of all tenants that are not in it */
    uint64_t indexed; /* since the start */
    uint64_t renewed; /* files that were made anew since the start */
};
void hk_search_stats(struct hk_search *search, struct hk_search_stats *ret_stats);

#endif
