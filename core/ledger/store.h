/*
 * store: the database file. Opening it with the right settings, its schema, the guards on entries.
 * What is done with a connection is in db.h; what the room promises of all that, and what another
 * store would have to, is in core/STORE.md.
 *
 * Version 3 of the schema. entry is the record, everything from `tenant` on is a projection, and
 * tree, node, checkpoint, token_hash, answer, cursor and credential lie beside the ledger. Entries,
 * trees and checkpoints are the same in every version.
 */
#ifndef HK_LEDGER_STORE_H
#define HK_LEDGER_STORE_H

#include "ledger/audit.h"
#include "ledger/db.h"

#include <stdbool.h>
#include <stdint.h>

#define HK_STORE_SCHEMA 4
#define HK_STORE_SCHEMA_OLDEST 1 /* that migrate.h knows the way from */
#define HK_STORE_SCHEMA_NODES 3  /* the first with the table node */
#define HK_STORE_FILE "ledger.db"
#define HK_STORE_PARTIAL HK_STORE_FILE ".partial" /* of a restoration that is under way */
#define HK_STORE_BUSY_MS 5000 /* for a lock that another process holds for a moment */

/* Positions: the tenant's number and the entry's number in its ledger. */
#define HK_POS_SHIFT 40
#define HK_POS(tenant, seq) (((int64_t)(tenant) << HK_POS_SHIFT) + (int64_t)(seq))
#define HK_POS_TENANT(pos) ((uint32_t)((pos) >> HK_POS_SHIFT))
#define HK_POS_SEQ(pos) ((uint64_t)(pos) & ((UINT64_C(1) << HK_POS_SHIFT) - 1))
#define HK_TENANTS_MAX (1 << 22)

/* The numbers of all tenants that have entries: one step along the key each. */
#define HK_STORE_TENANTS_SQL                                                                       \
    "WITH RECURSIVE found(t) AS ("                                                                 \
    " SELECT min(pos) >> 40 FROM entry UNION ALL"                                                  \
    " SELECT (SELECT min(pos) >> 40 FROM entry WHERE pos >= (t + 1) << 40) FROM found"             \
    " WHERE t IS NOT NULL)"                                                                        \
    " SELECT t FROM found WHERE t IS NOT NULL"

/* Tables and guards that are no projections; makes those that are missing. */
extern const char hk_record_schema[];

/* Told of entries while they are folded, which takes long for a large ledger. */
struct hk_store_progress {
    hk_audit_progress_fn *fn; /* may be NULL */
    void *ctx;
};

/* The one read-write connection: creates the file and the schema when they are missing, and brings
 * an earlier schema to this one. With must_refold, projections are made anew in any case. Guards
 * are in force when this returns. HK_UNSUPPORTED for a later schema, or later entries. */
HK_MUST_CHECK enum hk_status hk_store_open_writer(const char *data_dir, bool must_refold,
    const struct hk_store_progress *progress, sqlite3 **ret_db, struct hk_error *error);
/* A read-only connection that never checkpoints. HK_NOT_FOUND when there is no ledger,
 * HK_UNSUPPORTED for another schema. */
HK_MUST_CHECK enum hk_status hk_store_open_reader(
    const char *data_dir, sqlite3 **ret_db, struct hk_error *error);
/* The same for whoever reads entries, trees and checkpoints only: of any schema up to this one. */
HK_MUST_CHECK enum hk_status hk_store_open_record(
    const char *data_dir, sqlite3 **ret_db, int64_t *ret_schema, struct hk_error *error);
/* The one thing that may change an entry: its salt and payload become NULL. Refused unless the fold
 * of a payload.erased has named it. *in_out_stmt is prepared when it is NULL, and the caller's. */
HK_MUST_CHECK enum hk_status hk_store_erase_entry(
    sqlite3 *db, sqlite3_stmt **in_out_stmt, int64_t pos, struct hk_error *error);
/* The number that the tenant's next entry will have: how many there are. */
HK_MUST_CHECK enum hk_status hk_store_count_entries(
    sqlite3 *db, uint32_t tenant, uint64_t *ret_count, struct hk_error *error);
/* An empty private database with the projections alone. */
HK_MUST_CHECK enum hk_status hk_store_open_scratch(sqlite3 **ret_db, struct hk_error *error);

#endif
