/*
 * db: SQLite's part of the seam; see db.h.
 */
#include "ledger/db.h"

#include "base/text.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

static enum hk_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        return HK_TIMEOUT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return HK_CORRUPT;
    case SQLITE_NOMEM:
        return HK_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return HK_BUSY;
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return HK_IO;
    default:
        return HK_INTERNAL;
    }
}

enum hk_status hk_store_fail(sqlite3 *db, const char *what, struct hk_error *error)
{
    int code = sqlite3_extended_errcode(db);

    return hk_fail(error, status_of(code), "ledger: %s: %s (%d)", what, sqlite3_errmsg(db), code);
}

enum hk_status hk_store_exec(sqlite3 *db, const char *sql, struct hk_error *error)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return hk_store_fail(db, "statement failed", error);
    return HK_OK;
}

void hk_db_rollback(sqlite3 *db)
{
    if (sqlite3_get_autocommit(db) == 0)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

void hk_db_release_memory(sqlite3 *db)
{
    (void)sqlite3_db_release_memory(db);
}

void hk_db_close(sqlite3 *db)
{
    (void)sqlite3_close(db);
}

enum hk_status hk_stmt_prepare(
    sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    if (sqlite3_prepare_v3(db, sql, -1, 0, ret_stmt, NULL) != SQLITE_OK)
        return hk_store_fail(db, "can't prepare a statement", error);
    return HK_OK;
}

void hk_stmt_free(sqlite3_stmt *stmt)
{
    (void)sqlite3_finalize(stmt);
}

void hk_stmt_reset(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt);
}

int hk_stmt_parameters(sqlite3_stmt *stmt)
{
    return sqlite3_bind_parameter_count(stmt);
}

enum hk_status hk_stmt_bind(sqlite3_stmt *stmt, struct hk_error *error, const char *kinds, ...)
{
    int code = SQLITE_OK;
    va_list args;

    va_start(args, kinds);
    for (int i = 1; kinds[i - 1] != '\0' && code == SQLITE_OK; i++) {
        if (kinds[i - 1] == 'i') {
            code = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
        } else if (kinds[i - 1] == 't') {
            code = sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_STATIC);
        } else {
            const void *data = va_arg(args, const void *);
            size_t size = va_arg(args, size_t);
            code = sqlite3_bind_blob64(stmt, i, data, size, SQLITE_STATIC);
        }
    }
    va_end(args);
    if (code != SQLITE_OK)
        return hk_store_fail(sqlite3_db_handle(stmt), "can't bind a value", error);
    return HK_OK;
}

enum hk_status hk_stmt_step(sqlite3_stmt *stmt, bool *ret_has_row, struct hk_error *error)
{
    int code = sqlite3_step(stmt);

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return hk_store_fail(sqlite3_db_handle(stmt), "statement failed", error);
    *ret_has_row = code == SQLITE_ROW;
    return HK_OK;
}

int64_t hk_stmt_i64(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

bool hk_stmt_bool(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column) != 0;
}

bool hk_stmt_is_null(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

const char *hk_stmt_text_or_null(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

const void *hk_stmt_blob(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_blob(stmt, column);
}

size_t hk_stmt_size(sqlite3_stmt *stmt, int column)
{
    return (size_t)sqlite3_column_bytes(stmt, column);
}

const char *hk_stmt_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return text != NULL ? (const char *)text : "";
}

void hk_stmt_copy(sqlite3_stmt *stmt, int column, char *ret_text, size_t capacity)
{
    const char *text = hk_stmt_text(stmt, column);
    size_t size = hk_utf8_prefix(text, strlen(text), capacity - 1);

    memcpy(ret_text, text, size);
    ret_text[size] = '\0';
}
