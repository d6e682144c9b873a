/*
 * query_gate: an approval as people see it: what it covers now, what was narrowed, who said what.
 */
#ifndef HK_LEDGER_QUERY_GATE_H
#define HK_LEDGER_QUERY_GATE_H

#include "ledger/query_steps.h"

/* Write the members: shown (exactly what the digest is over), revision, choices, otherwise,
 * excluded, why, decisions, narrowings, delegations, notes. */
void hk_history_gate(const struct hk_history *history, struct hk_jw *jw);

#endif
