/*
 * backup_schema: is what a file of outside holds a data folder's database, and nothing beside it?
 * A database may carry programs (triggers, views, virtual tables) that run when it is read or
 * written to; a backup that was made by somebody else must not bring any here.
 */
#ifndef HK_LEDGER_BACKUP_SCHEMA_H
#define HK_LEDGER_BACKUP_SCHEMA_H

#include "base/status.h"
#include "ledger/db.h"

/* To be asked before anything else is read. HK_INVALID names what is missing or does not belong
 * there; what is no database at all is HK_INVALID too. */
HK_MUST_CHECK enum hk_status hk_backup_schema_check(
    sqlite3 *from, const char *file, struct hk_error *error);

#endif
