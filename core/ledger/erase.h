/*
 * erase: take the payloads away that are about a subject, and say so in the record. Part of the
 * writer's transaction: payload.erased is appended (who, when, why, which entries), the fold clears
 * what was derived from them, and salt and payload of each become NULL. The trees don't change.
 *
 * payload.erased, about "erasure": {"subject" or "rule", "reason", "subjects": [ids], "parts":
 * {column: [ids]}, "entries": [{"seq", "kept": {…}}]}. kept is what stays (erase_kept.h). Many
 * entries make several of them, in the same transaction; the last has subjects and parts.
 */
#ifndef HK_LEDGER_ERASE_H
#define HK_LEDGER_ERASE_H

#include "ledger/append.h"

#define HK_ERASURE_SUBJECT "erasure"
/* Beside the ledger: the tenant has erased what may still be on free places of the file. */
#define HK_SCRUB_SHELF "ledger-scrub"
#define HK_SCRUB_KEY "wanted"

/* What a write may do about an erasure. Prepared with the appender: the guards of the connection
 * let these statements touch entries, and no others. */
struct hk_eraser;

HK_MUST_CHECK enum hk_status hk_eraser_new(
    sqlite3 *db, struct hk_eraser **ret_eraser, struct hk_error *error);
void hk_eraser_free(struct hk_eraser *eraser);

/* Within a transaction. What is refused goes into the write's erasure, and nothing is changed;
 * fails only when it can't read or write. */
HK_MUST_CHECK enum hk_status hk_erase_apply(struct hk_appender *appender, struct hk_write *write,
    const struct hk_op *op, struct hk_error *error);

#endif
