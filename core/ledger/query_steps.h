/*
 * query_steps: a run's steps, told from its entries.
 */
#ifndef HK_LEDGER_QUERY_STEPS_H
#define HK_LEDGER_QUERY_STEPS_H

#include "ledger/query.h"

/* A subject's entries with their payloads parsed. */
struct hk_history {
    struct hk_arena arena;
    struct hk_chain chain;
    struct hk_json_doc *docs; /* one per entry; empty for an erased payload */
};

/* Done with hk_history_done, also after a failure. */
HK_MUST_CHECK enum hk_status hk_history_load(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, struct hk_history *history, struct hk_error *error);
void hk_history_done(struct hk_history *history);
/* Write "erased" (query_erase.h) when some entry of the chain has lost its payload: of the newest
 * that has. */
HK_MUST_CHECK enum hk_status hk_history_erased(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_chain *chain, struct hk_jw *jw, struct hk_error *error);
/* Write "steps": [{step, op, name, args, state, ok, value|reason, how, …}] in the order in which
 * they began. */
HK_MUST_CHECK enum hk_status hk_history_steps(
    const struct hk_history *history, struct hk_jw *jw, struct hk_error *error);

#endif
