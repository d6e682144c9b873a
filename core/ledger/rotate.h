/*
 * rotate: another key for all ledgers of the folder, and the word that an earlier one was stolen;
 * see keychain.h for what both mean.
 *
 * A rotation is one transaction: key.rotated in each tenant's ledger, and over it a checkpoint that
 * both keys signed. The file of the next key is there, synced, before it; the files are switched
 * after it (key.h). So whatever is cut off, the ledgers say which of the two files is in force, and
 * the next start goes on from there: hk_rotate_recover.
 */
#ifndef HK_LEDGER_ROTATE_H
#define HK_LEDGER_ROTATE_H

#include "ledger/append.h"

/* What hk_write_key_rotate asked for; ledger.next.pem is there. Within a transaction. */
HK_MUST_CHECK enum hk_status hk_rotate_apply(struct hk_appender *appender, struct hk_write *write,
    const struct hk_op *op, struct hk_error *error);
/* After the commit: the files are switched, the key before is wiped. Nothing to do is fine. */
HK_MUST_CHECK enum hk_status hk_rotate_finish(struct hk_appender *appender, struct hk_error *error);
/* At start, before any key is looked at: what a rotation left that was cut off is brought to its
 * end, or taken back when the ledgers know nothing of it. */
HK_MUST_CHECK enum hk_status hk_rotate_recover(
    sqlite3 *db, const char *data_dir, struct hk_error *error);

/* What hk_write_key_revoke asked for. */
HK_MUST_CHECK enum hk_status hk_revoke_apply(struct hk_appender *appender, struct hk_write *write,
    const struct hk_op *op, struct hk_error *error);

#endif
