/*
 * recorded: the ledger of the provider says of every other tenant which checkpoints it had, as
 * tenant.checkpointed. So a tenant's ledger can't go back, or become another, without the
 * provider's doing so too, and whoever keeps the checkpoints of one ledger holds all of them.
 *
 * The entry is written in the transaction of the checkpoint that it names. The provider's own are
 * not recorded in itself, and its entry waits for its next checkpoint like any other: no checkpoint
 * makes another one, and there is at most one entry for each of the others'.
 */
#ifndef HK_LEDGER_RECORDED_H
#define HK_LEDGER_RECORDED_H

#include "ledger/append.h"
#include "ledger/db.h"

/* The note was signed in this transaction: into the provider's ledger, if there is one and the
 * tenant is another. */
HK_MUST_CHECK enum hk_status hk_record_checkpoint(struct hk_appender *appender,
    const struct hk_append_tenant *tenant, const char *note, struct hk_error *error);

/* What the payload of a tenant.checkpointed about tenant (its number, read from the subject) says,
 * held against the checkpoints that this one has: HK_CONFLICT with the reason when it is not among
 * them, and no restoration since (recorded at time_us) explains it. */
HK_MUST_CHECK enum hk_status hk_recorded_check(
    sqlite3 *db, const char *subject, int64_t time_us, const char *payload, struct hk_error *error);
/* The number in such a subject; false when it is none. */
bool hk_recorded_subject(const char *subject, hk_tenant *ret_tenant);
/* Append the note of the newest record about a tenant, in whichever ledger. HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_recorded_newest(
    sqlite3 *db, hk_tenant tenant, struct hk_buf *out, struct hk_error *error);

#endif
