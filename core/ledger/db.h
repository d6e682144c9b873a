/*
 * db: the seam to the data base, in the least words that this room needs: statements, their values
 * and rows, transactions. Whoever includes this and not sqlite3.h says in SQL what it wants and
 * nothing about who does it; tests/layering.py lists the few modules that may say more, and
 * core/STORE.md what another data base would have to give.
 *
 * A connection belongs to one thread at a time. Its two types are known by name only.
 */
#ifndef HK_LEDGER_DB_H
#define HK_LEDGER_DB_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

/* Turn the connection's last error into a status and a sentence. */
enum hk_status hk_store_fail(sqlite3 *db, const char *what, struct hk_error *error);
/* Statements without values and rows; "BEGIN" begins a snapshot, "BEGIN IMMEDIATE" a transaction
 * that writes. */
HK_MUST_CHECK enum hk_status hk_store_exec(sqlite3 *db, const char *sql, struct hk_error *error);
/* End a transaction, and take back what it did; nothing when there is none. */
void hk_db_rollback(sqlite3 *db);
/* Give back memory that isn't in use just now. */
void hk_db_release_memory(sqlite3 *db);
/* All its statements are gone. NULL is fine. */
void hk_db_close(sqlite3 *db);

/* --- statements; freed with hk_stmt_free --- */

HK_MUST_CHECK enum hk_status hk_stmt_prepare(
    sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt, struct hk_error *error);
/* NULL is fine for both. */
void hk_stmt_free(sqlite3_stmt *stmt);
void hk_stmt_reset(sqlite3_stmt *stmt); /* ready to run again, with the values that it has */
/* How many values it takes: the highest n of its ?n. */
int hk_stmt_parameters(sqlite3_stmt *stmt);
/* Bind ?1, ?2 … by kinds: 'i' int64_t, 't' text (NULL is NULL), 'b' pointer and size_t. Texts and
 * blobs must outlive the step. */
HK_MUST_CHECK enum hk_status hk_stmt_bind(
    sqlite3_stmt *stmt, struct hk_error *error, const char *kinds, ...);
HK_MUST_CHECK enum hk_status hk_stmt_step(
    sqlite3_stmt *stmt, bool *ret_has_row, struct hk_error *error);

/* --- columns of the row that it stands on, from 0; good until the next step --- */

int64_t hk_stmt_i64(sqlite3_stmt *stmt, int column); /* 0 for NULL */
bool hk_stmt_bool(sqlite3_stmt *stmt, int column);
bool hk_stmt_is_null(sqlite3_stmt *stmt, int column);
/* "" for NULL. */
const char *hk_stmt_text(sqlite3_stmt *stmt, int column);
const char *hk_stmt_text_or_null(sqlite3_stmt *stmt, int column);
const void *hk_stmt_blob(sqlite3_stmt *stmt, int column);
/* Bytes of the text (after it was asked for, without its NUL) or blob. */
size_t hk_stmt_size(sqlite3_stmt *stmt, int column);
/* Copy a column's text into a fixed field; cut when it is too long. */
void hk_stmt_copy(sqlite3_stmt *stmt, int column, char *ret_text, size_t capacity);

#endif
