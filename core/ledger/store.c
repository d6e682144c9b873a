/*
 * store: the database file; see store.h.
 */
#include "ledger/store.h"

#include "base/time.h"
#include "ledger/field.h"
#include "ledger/migrate.h"
#include "ledger/project.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    /* One lock less for each allocation. Fails when SQLite runs already, which does no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_initialize();
}

/* hk_us(text): RFC 3339 as microseconds, NULL when it is no time. Depends on the text alone. */
static void sql_us(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    int64_t time_us;

    (void)count;
    if (text == NULL || hk_time_parse(text, &time_us, NULL) != HK_OK)
        sqlite3_result_null(context);
    else
        sqlite3_result_int64(context, time_us);
}

static enum hk_status add_functions(sqlite3 *db, struct hk_error *error)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;

    if (sqlite3_create_function_v2(db, "hk_us", 1, flags, NULL, sql_us, NULL, NULL, NULL) !=
        SQLITE_OK)
        return hk_store_fail(db, "can't add a function", error);
    return hk_field_add_function(db, error);
}

/* Only while this thread runs the one statement that erases. */
static _Thread_local bool may_erase;

/* What the writer's connection may never do, whatever a statement says. */
static int authorize(
    void *ctx, int action, const char *a, const char *b, const char *database, const char *trigger)
{
    (void)ctx;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_UPDATE:
        if (may_erase && a != NULL && b != NULL && strcmp(a, "entry") == 0 &&
            (strcmp(b, "salt") == 0 || strcmp(b, "payload") == 0))
            return SQLITE_OK;
        /* fall through */
    case SQLITE_DELETE:
        if (a != NULL &&
            (strcmp(a, "entry") == 0 || strcmp(a, "checkpoint") == 0 || strcmp(a, "meta") == 0))
            return SQLITE_DENY;
        return SQLITE_OK;
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_VIEW:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_ALTER_TABLE:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return SQLITE_DENY;
    default:
        return SQLITE_OK;
    }
}

enum hk_status hk_store_erase_entry(
    sqlite3 *db, sqlite3_stmt **in_out_stmt, int64_t pos, struct hk_error *error)
{
    bool has_row;
    enum hk_status status = HK_OK;

    /* Around the step too: SQLite may prepare a statement again on its own. */
    may_erase = true;
    if (*in_out_stmt == NULL)
        status = hk_stmt_prepare(
            db, "UPDATE entry SET salt = NULL, payload = NULL WHERE pos = ?1", in_out_stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(*in_out_stmt, error, "i", pos);
    if (status == HK_OK)
        status = hk_stmt_step(*in_out_stmt, &has_row, error);
    may_erase = false;
    if (*in_out_stmt != NULL)
        (void)sqlite3_reset(*in_out_stmt);
    return status;
}

static enum hk_status create_schema(sqlite3 *db, struct hk_error *error)
{
    char sql[160];
    enum hk_status status = hk_store_exec(db, "BEGIN IMMEDIATE", error);

    if (status != HK_OK)
        return status;
    status = hk_store_exec(db, hk_record_schema, error);
    if (status == HK_OK)
        status = hk_store_exec(db, hk_project_schema, error);
    if (status == HK_OK) {
        (void)snprintf(sql, sizeof(sql),
            "INSERT INTO meta VALUES('schema', %d), ('ledger', lower(hex(randomblob(8))))",
            HK_STORE_SCHEMA);
        status = hk_store_exec(db, sql, error);
    }
    if (status == HK_OK)
        return hk_store_exec(db, "COMMIT", error);
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum hk_status read_number(
    sqlite3 *db, const char *sql, int64_t *ret_number, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(db, sql, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_number = has_row ? sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_finalize(stmt);
    return status;
}

/* Which schema has the file, one that there is a way from? 0 for a new file. */
static enum hk_status check_schema(sqlite3 *db, int64_t *ret_schema, struct hk_error *error)
{
    int64_t objects = 0;
    enum hk_status status = read_number(db, "SELECT count(*) FROM sqlite_schema", &objects, error);

    *ret_schema = 0;
    if (status != HK_OK || objects == 0)
        return status;
    if (read_number(db, "SELECT value FROM meta WHERE name = 'schema'", ret_schema, NULL) != HK_OK)
        return hk_fail(error, HK_CORRUPT, "ledger: %s is not a ledger", HK_STORE_FILE);
    if (*ret_schema > HK_STORE_SCHEMA)
        return hk_fail(error, HK_UNSUPPORTED,
            "ledger: written by a newer version (schema %" PRId64 ", this one reads up to %d)",
            *ret_schema, HK_STORE_SCHEMA);
    if (*ret_schema < HK_STORE_SCHEMA_OLDEST)
        return hk_fail(error, HK_CORRUPT, "ledger: no schema version in %s", HK_STORE_FILE);
    return HK_OK;
}

static enum hk_status open_file(
    const char *data_dir, int flags, sqlite3 **ret_db, struct hk_error *error)
{
    char path[PATH_MAX];
    struct stat info;
    enum hk_status status;

    (void)pthread_once(&once, set_up);
    if (snprintf(path, sizeof(path), "%s/%s", data_dir, HK_STORE_FILE) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "ledger: path is too long");
    if ((flags & SQLITE_OPEN_CREATE) == 0 && stat(path, &info) != 0)
        return hk_fail(
            error, HK_NOT_FOUND, "ledger: no ledger in %s: %s", data_dir, strerror(errno));
    if (sqlite3_open_v2(path, ret_db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        status = hk_store_fail(*ret_db, path, error);
        (void)sqlite3_close(*ret_db);
        return status;
    }
    if ((flags & SQLITE_OPEN_CREATE) != 0 && chmod(path, 0600) != 0) {
        (void)sqlite3_close(*ret_db);
        return hk_fail(error, HK_IO, "ledger: can't set the mode of %s: %s", path, strerror(errno));
    }
    (void)sqlite3_extended_result_codes(*ret_db, 1);
    (void)sqlite3_busy_timeout(*ret_db, HK_STORE_BUSY_MS);
    (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if ((flags & SQLITE_OPEN_READONLY) != 0)
        (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return HK_OK;
}

/* Make the schema, or bring it here. */
static enum hk_status settle_schema(
    sqlite3 *db, bool must_refold, const struct hk_store_progress *progress, struct hk_error *error)
{
    int64_t schema = 0;
    enum hk_status status = check_schema(db, &schema, error);

    if (status != HK_OK)
        return status;
    if (schema == 0)
        return create_schema(db, error);
    if (schema == HK_STORE_SCHEMA && !must_refold)
        return HK_OK;
    return hk_migrate(db, progress, error);
}

/* A folder in which a restoration was cut off holds a key and no record: no ledger is begun there.
 */
static enum hk_status refuse_half(const char *data_dir, struct hk_error *error)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/" HK_STORE_PARTIAL, data_dir) < (int)sizeof(path) &&
        access(path, F_OK) == 0)
        return hk_fail(error, HK_CONFLICT,
            "a restoration into %s was cut off: remove that folder, and restore again", data_dir);
    return HK_OK;
}

enum hk_status hk_store_open_writer(const char *data_dir, bool must_refold,
    const struct hk_store_progress *progress, sqlite3 **ret_db, struct hk_error *error)
{
    sqlite3 *db = NULL;
    enum hk_status status = refuse_half(data_dir, error);

    if (status == HK_OK)
        status = open_file(data_dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, error);
    if (status != HK_OK)
        return status;
    status = hk_store_exec(db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = ON; PRAGMA mmap_size = 0;"
        "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = "
        "16777216; PRAGMA secure_delete = ON;",
        error);
    if (status == HK_OK)
        status = add_functions(db, error);
    if (status == HK_OK)
        status = settle_schema(db, must_refold, progress, error);
    if (status != HK_OK) {
        (void)sqlite3_close(db);
        return status;
    }
    (void)sqlite3_set_authorizer(db, authorize, NULL);
    *ret_db = db;
    return HK_OK;
}

enum hk_status hk_store_open_record(
    const char *data_dir, sqlite3 **ret_db, int64_t *ret_schema, struct hk_error *error)
{
    sqlite3 *db = NULL;
    enum hk_status status = open_file(data_dir, SQLITE_OPEN_READONLY, &db, error);

    if (status != HK_OK)
        return status;
    status = hk_store_exec(
        db, "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -512;", error);
    if (status == HK_OK)
        status = check_schema(db, ret_schema, error);
    if (status == HK_OK && *ret_schema == 0)
        status = hk_fail(error, HK_NOT_FOUND, "ledger: %s is empty", HK_STORE_FILE);
    if (status == HK_OK)
        status = add_functions(db, error);
    if (status != HK_OK) {
        (void)sqlite3_close(db);
        return status;
    }
    *ret_db = db;
    return HK_OK;
}

enum hk_status hk_store_open_reader(const char *data_dir, sqlite3 **ret_db, struct hk_error *error)
{
    sqlite3 *db = NULL;
    int64_t schema = 0;
    enum hk_status status = hk_store_open_record(data_dir, &db, &schema, error);

    if (status != HK_OK)
        return status;
    if (schema != HK_STORE_SCHEMA) {
        (void)sqlite3_close(db);
        return hk_fail(error, HK_UNSUPPORTED,
            "ledger: written by an earlier version (schema %" PRId64
            "); the engine brings it to %d when it starts",
            schema, HK_STORE_SCHEMA);
    }
    *ret_db = db;
    return HK_OK;
}

enum hk_status hk_store_count_entries(
    sqlite3 *db, uint32_t tenant, uint64_t *ret_count, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        db, "SELECT max(pos) FROM entry WHERE pos >= ?1 AND pos < ?2", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", HK_POS(tenant, 0), HK_POS(tenant + 1, 0));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_count =
            has_row && !hk_stmt_is_null(stmt, 0) ? HK_POS_SEQ(hk_stmt_i64(stmt, 0)) + 1 : 0;
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_store_open_scratch(sqlite3 **ret_db, struct hk_error *error)
{
    sqlite3 *db = NULL;
    enum hk_status status;

    (void)pthread_once(&once, set_up);
    if (sqlite3_open_v2("", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
        status = hk_store_fail(db, "scratch database", error);
        (void)sqlite3_close(db);
        return status;
    }
    (void)sqlite3_extended_result_codes(db, 1);
    status = hk_store_exec(db,
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;"
        "PRAGMA recursive_triggers = ON;",
        error);
    if (status == HK_OK)
        status = hk_store_exec(db, hk_project_schema, error);
    if (status == HK_OK)
        status = add_functions(db, error);
    if (status != HK_OK) {
        (void)sqlite3_close(db);
        return status;
    }
    *ret_db = db;
    return HK_OK;
}
