#include "ledger/backup.h"

#include "base/crashpoint.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "ledger/backup_files.h"
#include "ledger/backup_schema.h"
#include "ledger/ledger.h"
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES_PER_STEP = 2048, BACKUP_FORMAT = 1 };

#define PARTIAL ".partial"

/* --- one database into another --- */

static enum hk_status copy_pages(
    sqlite3 *from, sqlite3 *to, const struct hk_backup_options *options, struct hk_error *error)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    int code = SQLITE_OK;

    if (copy == NULL)
        return hk_store_fail(to, "backup", error);
    while ((code = sqlite3_backup_step(copy, PAGES_PER_STEP)) == SQLITE_OK)
        if (options->progress != NULL) {
            int total = sqlite3_backup_pagecount(copy);
            options->progress(options->progress_ctx,
                (uint64_t)(total - sqlite3_backup_remaining(copy)), (uint64_t)total);
        }
    (void)sqlite3_backup_finish(copy);
    return code == SQLITE_DONE ? HK_OK : hk_store_fail(to, "backup", error);
}

static enum hk_status open_plain(
    const char *path, int flags, sqlite3 **ret_db, struct hk_error *error)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        enum hk_status status = hk_store_fail(db, path, error);
        (void)sqlite3_close(db);
        return status;
    }
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    *ret_db = db;
    return HK_OK;
}

/* --- writing --- */

static enum hk_status write_note(
    sqlite3 *to, int64_t schema, int64_t time_us, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row;
    char id[HK_ID_SIZE];
    enum hk_status status;

    hk_id_new("ba", time_us, id);
    status = hk_store_exec(to,
        "CREATE TABLE backup_note(format INTEGER NOT NULL, schema INTEGER NOT NULL,"
        " id TEXT NOT NULL, time_us INTEGER NOT NULL)",
        error);
    if (status == HK_OK)
        status =
            hk_stmt_prepare(to, "INSERT INTO backup_note VALUES(?1, ?2, ?3, ?4)", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iiti", (int64_t)BACKUP_FORMAT, schema, id, time_us);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    (void)sqlite3_finalize(stmt);
    return status;
}

static enum hk_status fill(
    const struct hk_backup_options *options, sqlite3 *to, struct hk_error *error)
{
    int64_t time_us = hk_time_wall_us();
    struct hk_backup_files files = {0};
    sqlite3 *from = NULL;
    int64_t schema = 0;
    uint8_t before[HK_SHA256_SIZE];
    uint8_t after[HK_SHA256_SIZE];
    enum hk_status status = hk_backup_files_look_at_key(options->data_dir, before, error);

    if (status == HK_OK)
        status = hk_backup_files_read(options->data_dir, !options->without_key, &files, error);

    if (status == HK_OK)
        status = hk_store_open_record(options->data_dir, &from, &schema, error);
    /* From here on the ledger is seen as it is now, whatever is written meanwhile. */
    if (status == HK_OK)
        status = hk_store_exec(from, "BEGIN; SELECT count(*) FROM meta;", error);
    if (status == HK_OK)
        status = copy_pages(from, to, options, error);
    if (from != NULL)
        (void)sqlite3_close(from);
    if (status == HK_OK)
        status = hk_store_exec(to, "PRAGMA journal_mode = DELETE; BEGIN", error);
    if (status == HK_OK)
        status = write_note(to, schema, time_us, error);
    if (status == HK_OK)
        status = hk_backup_files_store(&files, to, error);
    if (status == HK_OK)
        status = hk_store_exec(to, "COMMIT", error);
    hk_backup_files_done(&files);
    if (status == HK_OK)
        status = hk_backup_files_look_at_key(options->data_dir, after, error);
    if (status == HK_OK && memcmp(before, after, sizeof(before)) != 0)
        status =
            hk_fail(error, HK_BUSY, "the signing key was being replaced meanwhile; back up again");
    return status;
}

enum hk_status hk_backup_write(const struct hk_backup_options *options, struct hk_error *error)
{
    char partial[PATH_MAX];
    sqlite3 *to = NULL;
    enum hk_status status;
    int fd;

    if (access(options->file, F_OK) == 0)
        return hk_fail(error, HK_CONFLICT, "%s is there already", options->file);
    if (strchr(options->file, '/') == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected a whole path", options->file);
    if (snprintf(partial, sizeof(partial), "%s" PARTIAL, options->file) >= (int)sizeof(partial))
        return hk_fail(error, HK_INVALID, "the file's path is too long");
    (void)unlink(partial); /* of a backup that was cut off */
    fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return hk_fail(error, HK_IO, "cannot make %s: %s", partial, strerror(errno));
    (void)close(fd);
    status = open_plain(partial, SQLITE_OPEN_READWRITE, &to, error);
    if (status == HK_OK) {
        status = hk_store_exec(to, "PRAGMA synchronous = FULL", error);
        if (status == HK_OK)
            status = fill(options, to, error);
        (void)sqlite3_close(to);
    }
    if (status == HK_OK)
        status = hk_file_publish(partial, options->file, error);
    (void)unlink(partial);
    return status;
}

/* --- restoring --- */

struct note {
    char id[HK_ID_SIZE];
    int64_t time_us;
};

static enum hk_status read_note(
    sqlite3 *from, const char *file, struct note *ret_note, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error ignored;
    bool has_row = false;
    enum hk_status status = HK_OK;

    if (hk_stmt_prepare(from, "SELECT format, schema, id, time_us FROM backup_note", &stmt,
            &ignored) != HK_OK ||
        hk_stmt_step(stmt, &has_row, &ignored) != HK_OK || !has_row)
        status = hk_fail(error, HK_INVALID, "%s is no backup of a data folder", file);
    else if (sqlite3_column_int(stmt, 0) != BACKUP_FORMAT ||
             sqlite3_column_int(stmt, 1) > HK_STORE_SCHEMA)
        status = hk_fail(error, HK_UNSUPPORTED,
            "%s was made by a newer version (format %d, schema %d; this one reads %d and %d)", file,
            sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1), BACKUP_FORMAT,
            HK_STORE_SCHEMA);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 2, ret_note->id, sizeof(ret_note->id));
        ret_note->time_us = sqlite3_column_int64(stmt, 3);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static enum hk_status check_whole(sqlite3 *from, const char *file, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(from, "PRAGMA integrity_check(1)", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && (!has_row || strcmp(hk_stmt_text(stmt, 0), "ok") != 0))
        status = hk_fail(
            error, HK_CORRUPT, "%s is damaged: %.200s", file, has_row ? hk_stmt_text(stmt, 0) : "");
    (void)sqlite3_finalize(stmt);
    return status;
}

/* What the ledger says of it at its next start: which restoration, of which moment. */
static enum hk_status leave_word(sqlite3 *to, const struct note *note, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_buf text;
    struct hk_jw jw;
    bool has_row;
    char id[HK_ID_SIZE];
    int64_t now_us = hk_time_wall_us();
    enum hk_status status;

    hk_id_new("re", now_us, id);
    hk_buf_init(&text, 4096);
    hk_jw_init(&jw, &text);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "restore", id);
    hk_jw_kv(&jw, "backup", note->id);
    hk_jw_kv_i64(&jw, "backup_us", note->time_us);
    hk_jw_kv_i64(&jw, "restored_us", now_us);
    hk_jw_object_end(&jw);
    status = hk_buf_check(&text, "restored", error);
    if (status == HK_OK)
        status = hk_stmt_prepare(
            to, "INSERT OR REPLACE INTO meta(name, value) VALUES('restored', ?1)", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "t", text.data);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    (void)sqlite3_finalize(stmt);
    hk_buf_done(&text);
    return status;
}

static enum hk_status restore_into(const struct hk_backup_options *options, sqlite3 *from,
    const struct note *note, struct hk_error *error)
{
    char path[PATH_MAX];
    char partial[PATH_MAX];
    sqlite3 *to = NULL;
    enum hk_status status = HK_OK;

    if (snprintf(path, sizeof(path), "%s/" HK_STORE_FILE, options->data_dir) >= (int)sizeof(path) ||
        snprintf(partial, sizeof(partial), "%s/" HK_STORE_PARTIAL, options->data_dir) >=
            (int)sizeof(partial))
        return hk_fail(error, HK_INVALID, "the folder's path is too long");
    /* First, and gone last: while it is there nobody takes this folder for a whole one. */
    status = hk_file_make_private(partial, "", 0, error);
    if (status != HK_OK)
        return status;
    hk_crashpoint("restore.begun");
    status = hk_backup_files_extract(from, options->data_dir, error);
    hk_crashpoint("restore.files");
    if (status == HK_OK)
        status = open_plain(partial, SQLITE_OPEN_READWRITE, &to, error);
    if (status == HK_OK)
        status = copy_pages(from, to, options, error);
    if (status == HK_OK)
        status = hk_store_exec(to,
            "PRAGMA synchronous = FULL; BEGIN; DROP TABLE backup_note; DROP TABLE backup_file;",
            error);
    if (status == HK_OK)
        status = leave_word(to, note, error);
    if (status == HK_OK)
        status = hk_store_exec(to, "COMMIT", error);
    (void)sqlite3_close(to);
    hk_crashpoint("restore.pages");
    if (status == HK_OK)
        status = hk_file_publish(partial, path, error);
    if (status != HK_OK) { /* as it was, so that it can be tried again */
        hk_backup_files_remove(from, options->data_dir);
        (void)unlink(partial);
    }
    return status;
}

enum hk_status hk_backup_restore(const struct hk_backup_options *options, struct hk_error *error)
{
    sqlite3 *from = NULL;
    struct note note;
    int lock_fd = -1;
    enum hk_status status;

    if (access(options->file, R_OK) != 0)
        return hk_fail(error, HK_NOT_FOUND, "cannot read %s: %s", options->file, strerror(errno));
    status = open_plain(options->file, SQLITE_OPEN_READONLY, &from, error);
    if (status != HK_OK)
        return status;
    status = hk_backup_schema_check(from, options->file, error);
    if (status == HK_OK)
        status = read_note(from, options->file, &note, error);
    if (status == HK_OK)
        status = check_whole(from, options->file, error);
    if (status == HK_OK)
        status = hk_backup_folder_is_empty(options->data_dir, error);
    if (status == HK_OK)
        status = hk_engine_lock(options->data_dir, &lock_fd, error);
    if (status == HK_OK) /* nobody came in between */
        status = hk_backup_folder_is_empty(options->data_dir, error);
    if (status == HK_OK)
        status = restore_into(options, from, &note, error);
    if (lock_fd >= 0)
        (void)close(lock_fd);
    (void)sqlite3_close(from);
    return status;
}
