/*
 * case_write: entries of a case that people and playbooks write alike.
 */
#ifndef HK_ENGINE_CASE_WRITE_H
#define HK_ENGINE_CASE_WRITE_H

#include "engine/cases.h"
#include "engine/tx.h"

/* run and step say which playbook wrote it; NULL: the actor did. */
void hk_case_write_described(struct hk_tx *tx, const char *id, const struct hk_case_change *change,
    const char *run, const char *step);
/* entry is the one that the evidence names, if it names one. */
void hk_case_write_evidence(struct hk_tx *tx, const char *id, const struct hk_evidence *evidence,
    const struct hk_stored *entry, const char *run, const char *step);
/* Add case.noted; to be called for an alert's own case, whatever its state is. */
void hk_case_write_note(
    struct hk_tx *tx, const char *id, const char *text, const char *run, const char *step);

#endif
