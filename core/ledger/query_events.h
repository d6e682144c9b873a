/*
 * query_events: what is new in a ledger since an entry, for those who follow it.
 */
#ifndef HK_LEDGER_QUERY_EVENTS_H
#define HK_LEDGER_QUERY_EVENTS_H

#include "ledger/entry.h"
#include "ledger/query.h"

typedef void hk_event_fn(void *ctx, const struct hk_entry *entry);

struct hk_event_look {
    hk_tenant tenant;
    bool is_from_end;   /* in: begin behind the newest entry, whatever next_seq says */
    uint64_t next_seq;  /* in: the first to be looked at; out: where the next look goes on */
    bool is_beyond_end; /* out: the ledger never had an entry before next_seq */
    bool has_more;      /* out */
    hk_event_fn *fn;    /* told of each, on the reader's thread */
    void *ctx;
};

/* Look at up to HK_EVENTS_LINES_MAX entries, oldest first. Told are those about what every viewer
 * may see: alerts, runs and their steps, gates, containments, cases, tasks, notices, gaps,
 * playbooks and plugins. People, sessions, tokens and the ledger's own entries are not. */
HK_MUST_CHECK enum hk_status hk_query_events(
    struct hk_reading *reading, struct hk_event_look *look, struct hk_error *error);

#endif
