/*
 * case_join: an alert that a playbook wants comes into a case: an open one that shares an entity,
 * or one of its own. Decided once, in the transaction that takes the alert in.
 */
#ifndef HK_ENGINE_CASE_JOIN_H
#define HK_ENGINE_CASE_JOIN_H

#include "engine/tx.h"

/* Add case.joined or case.opened to tx; ret_case is "" when the alert comes into none: it shares
 * nothing and is milder than what opens a case. view is the alert's. */
void hk_case_take(struct hk_tx *tx, const char *alert, const struct hk_json *view,
    enum hk_severity severity, char ret_case[HK_ID_SIZE]);

/* Add case.opened. alert and run may be NULL; from is the case that it is split from, or NULL. What
 * view is about is remembered. */
struct hk_case_opening {
    const char *title;
    enum hk_severity severity;
    const char *alert;
    const char *run;
    const char *from;
    const char *after; /* a closed case that shares something, or "" */
};
void hk_case_open(struct hk_tx *tx, const struct hk_case_opening *opening,
    const struct hk_json *view, char ret_case[HK_ID_SIZE]);

/* Write "entities": those of them that are new to the open case, or were seen there long ago. */
void hk_case_write_entities(
    struct hk_tx *tx, struct hk_jw *jw, const char *id, const struct hk_entities *entities);

#endif
