/*
 * backup: a data folder in one file, and back. Works beside a running engine: the ledger is copied
 * from one moment's view of it, on a connection that neither writes nor checkpoints (the WAL can't
 * be reset meanwhile and grows by what is written).
 *
 * The file is an SQLite database: the ledger's own tables, and beside them backup_note (what it is,
 * when it was made) and backup_file (the signing key, unless it was left out, and what plugins
 * keep). Plugins' files are copied before the ledger, so that the ledger never knows less than they
 * do about what was begun; what ended between the two shows when containments are verified.
 *
 * With the key in it, whoever has the file can sign for this ledger: keep it as the key.
 */
#ifndef HK_LEDGER_BACKUP_H
#define HK_LEDGER_BACKUP_H

#include "ledger/audit.h"

struct hk_backup_options {
    const char *data_dir;
    const char *file;
    bool without_key;
    hk_audit_progress_fn *progress; /* in pages; may be NULL */
    void *progress_ctx;
};

/* Write the file (mode 0600), whole or not at all. HK_CONFLICT when it is there already, HK_BUSY
 * when the signing key was being replaced meanwhile. */
HK_MUST_CHECK enum hk_status hk_backup_write(
    const struct hk_backup_options *options, struct hk_error *error);

/* Make a data folder from the file. The folder must be absent or empty (HK_CONFLICT). HK_CORRUPT
 * when the file is damaged, HK_INVALID when it is no backup, HK_UNSUPPORTED for one of another
 * version. The ledger says in itself that it was restored: see hk_ledger_record_restored. */
HK_MUST_CHECK enum hk_status hk_backup_restore(
    const struct hk_backup_options *options, struct hk_error *error);

#endif
