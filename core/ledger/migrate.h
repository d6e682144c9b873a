/*
 * migrate: bring a ledger of an earlier schema to this one, and make projections anew; the two are
 * the same. Tables beside the ledger are made where they are missing, projections are dropped, made
 * and folded from the entries, and the tree is built again from the lines, its blocks with it.
 *
 * All of it is one transaction: a crash in the middle leaves the ledger as it was. Entries, trees
 * and checkpoints are only read. A tree that is not that of the lines ends it: what is wrong with
 * such a ledger is for `audit verify` to say, before anything is built on it.
 */
#ifndef HK_LEDGER_MIGRATE_H
#define HK_LEDGER_MIGRATE_H

#include "ledger/store.h"

/* On the writer's connection, before its authorizer is set. progress may be NULL. HK_UNSUPPORTED
 * for entries of a later version, HK_CORRUPT, each naming the entry. */
HK_MUST_CHECK enum hk_status hk_migrate(
    sqlite3 *db, const struct hk_store_progress *progress, struct hk_error *error);

#endif
