#include "ledger/backup_schema.h"

#include "ledger/project.h"
#include "ledger/store.h"

#include <string.h>
#include <strings.h>

/* What a database has of one kind and name; "" in *ret_sql: nothing. Good until the next call. */
struct lookup {
    sqlite3_stmt *stmt;
};

static enum hk_status look_up(struct lookup *lookup, const char *type, const char *name,
    const char **ret_sql, struct hk_error *error)
{
    bool has_row = false;
    enum hk_status status;

    hk_stmt_reset(lookup->stmt);
    status = hk_stmt_bind(lookup->stmt, error, "tt", type, name);
    if (status == HK_OK)
        status = hk_stmt_step(lookup->stmt, &has_row, error);
    *ret_sql = status == HK_OK && has_row ? hk_stmt_text(lookup->stmt, 0) : "";
    return status;
}

static const char lookup_sql[] = "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2";

/* Each row (type, name, sql) of db, held against what the other database has. */
typedef enum hk_status check_fn(const char *file, sqlite3_stmt *row, const char *other_sql,
    bool is_current, struct hk_error *error);

static enum hk_status each(sqlite3 *db, sqlite3 *other, const char *file, bool is_current,
    check_fn *check, struct hk_error *error)
{
    struct lookup lookup = {.stmt = NULL};
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    const char *sql;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT type, name, sql FROM sqlite_schema", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_prepare(other, lookup_sql, &lookup.stmt, error);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        status = look_up(&lookup, hk_stmt_text(stmt, 0), hk_stmt_text(stmt, 1), &sql, error);
        if (status == HK_OK)
            status = check(file, stmt, sql, is_current, error);
    }
    hk_stmt_free(stmt);
    hk_stmt_free(lookup.stmt);
    return status;
}

static bool is_type(sqlite3_stmt *row, const char *type)
{
    return strcmp(hk_stmt_text(row, 0), type) == 0;
}

/* Nothing that runs by itself but our own guards. Those of an earlier version may be others, and
 * are made anew when it is brought here. */
static enum hk_status check_foreign(const char *file, sqlite3_stmt *row, const char *our_sql,
    bool is_current, struct hk_error *error)
{
    static const char virtual[] = "CREATE VIRTUAL";
    const char *sql = hk_stmt_text(row, 2);
    bool is_ours = our_sql[0] != '\0' && (!is_current || strcmp(sql, our_sql) == 0);

    if (is_type(row, "view") || (is_type(row, "trigger") && !is_ours) ||
        strncasecmp(sql, virtual, strlen(virtual)) == 0)
        return hk_fail(error, HK_INVALID, "%s is no backup: it brings a %s of its own, %.60s", file,
            hk_stmt_text(row, 0), hk_stmt_text(row, 1));
    return HK_OK;
}

static enum hk_status check_missing(const char *file, sqlite3_stmt *row, const char *its_sql,
    bool is_current, struct hk_error *error)
{
    if (is_current && its_sql[0] == '\0' && (is_type(row, "table") || is_type(row, "trigger")))
        return hk_fail(error, HK_INVALID, "%s is no whole backup: its %s %s is missing", file,
            hk_stmt_text(row, 0), hk_stmt_text(row, 1));
    return HK_OK;
}

/* Of this version, as it says of itself? */
static bool says_current(sqlite3 *from)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error error;
    bool has_row = false;
    bool is_current = hk_stmt_prepare(from, "SELECT value FROM meta WHERE name = 'schema'", &stmt,
                          &error) == HK_OK &&
                      hk_stmt_step(stmt, &has_row, &error) == HK_OK && has_row &&
                      (int)hk_stmt_i64(stmt, 0) == HK_STORE_SCHEMA;

    hk_stmt_free(stmt);
    return is_current;
}

enum hk_status hk_backup_schema_check(sqlite3 *from, const char *file, struct hk_error *error)
{
    sqlite3 *ours = NULL;
    enum hk_status status;

    if (hk_store_exec(from, "SELECT count(*) FROM sqlite_schema", error) != HK_OK)
        return hk_fail(error, HK_INVALID, "%s is no backup of a data folder", file);
    status = hk_store_open_scratch(&ours, error);
    if (status == HK_OK)
        status = hk_store_exec(ours, hk_record_schema, error);
    if (status == HK_OK) /* before a table of it is asked: it might be a view */
        status = each(from, ours, file, false, check_foreign, error);
    if (status == HK_OK && says_current(from)) {
        status = each(from, ours, file, true, check_foreign, error);
        if (status == HK_OK)
            status = each(ours, from, file, true, check_missing, error);
    }
    hk_db_close(ours);
    return status;
}
