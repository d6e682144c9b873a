/*
 * search_shard: see search_shard.h.
 */
#include "ledger/search_shard.h"

#include "base/digest.h"
#include "base/text.h"
#include "ledger/store.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)1024 * 1024)
#define DIGEST_DIGITS                                                                              \
    16              /* of the SHA-256, in a name: enough to see damage, not to prove anything */
#define BUSY_MS 100 /* while another connection closes; no reader is held for longer */
#define OPEN ".open"
#define KEPT ".kept"
#define FULL ".db"

/* Words hold '.' and ':' only where addresses are one word, see search_words.h. */
#define COLUMN(name, text) text ", "
const char hk_shard_schema[] = "CREATE VIRTUAL TABLE words USING fts5(" HK_SEARCH_COLUMNS(
    COLUMN) "content = '', columnsize = 0, tokenize = \"unicode61 remove_diacritics 2 tokenchars "
            "'.:'\");"
            "CREATE TABLE about(version INTEGER, number INTEGER, end INTEGER, as_of INTEGER, line "
            "TEXT);";
#undef COLUMN

static enum hk_status path_of(
    const char *folder, const char *file, char ret_path[PATH_MAX], struct hk_error *error)
{
    if (snprintf(ret_path, PATH_MAX, "%s/%s", folder, file) >= PATH_MAX)
        return hk_fail(error, HK_INVALID, "search: path is too long");
    return HK_OK;
}

bool hk_shard_name_ends(const char *file, const char *ending)
{
    size_t size = strlen(file);
    size_t tail = strlen(ending);

    return size >= tail && strcmp(file + size - tail, ending) == 0;
}

static enum hk_status open_db(
    const char *folder, const char *file, int flags, sqlite3 **ret_db, struct hk_error *error)
{
    char path[PATH_MAX];
    struct stat info;
    enum hk_status status = path_of(folder, file, path, error);

    if (status != HK_OK)
        return status;
    if (stat(path, &info) != 0)
        return hk_fail(error, HK_NOT_FOUND, "search: no %s: %s", file, strerror(errno));
    if (sqlite3_open_v2(path, ret_db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        status = hk_store_fail(*ret_db, "search: can't open a file", error);
        hk_db_close(*ret_db);
        *ret_db = NULL;
        return status;
    }
    (void)sqlite3_extended_result_codes(*ret_db, 1);
    (void)sqlite3_busy_timeout(*ret_db, BUSY_MS);
    (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return HK_OK;
}

/* An empty private file, for SQLite to fill. */
static enum hk_status make_file(const char *path, struct hk_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return hk_fail(error, HK_IO, "search: can't make a file: %s", strerror(errno));
    (void)close(fd);
    return HK_OK;
}

static enum hk_status sync_path(const char *path, int flags, struct hk_error *error)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;

    if (!is_synced)
        (void)hk_fail(error, HK_IO, "search: can't sync: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return is_synced ? HK_OK : HK_IO;
}

enum hk_status hk_shard_sync_folder(const char *folder, struct hk_error *error)
{
    return sync_path(folder, O_RDONLY | O_DIRECTORY, error);
}

/* --- writing --- */

/* "INSERT INTO words(rowid, facet, …) VALUES(?1, ?2, …)" */
static enum hk_status prepare_put(struct hk_shard_writer *writer, struct hk_error *error)
{
    struct hk_buf sql;
    enum hk_status status;

    hk_buf_init(&sql, 4096);
    hk_buf_append_text(&sql, "INSERT INTO words(rowid");
    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        hk_buf_appendf(&sql, ", %s", hk_search_column_names[i]);
    hk_buf_append_text(&sql, ") VALUES(?1");
    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        hk_buf_appendf(&sql, ", ?%d", i + 2);
    hk_buf_append_char(&sql, ')');
    status = hk_buf_check(&sql, "statement", error);
    if (status == HK_OK)
        status = hk_stmt_prepare(writer->db, sql.data, &writer->put, error);
    hk_buf_done(&sql);
    return status;
}

static enum hk_status open_to_write(
    struct hk_shard_writer *writer, const char *folder, bool is_new, struct hk_error *error)
{
    char sql[160];
    enum hk_status status;

    (void)snprintf(writer->folder, sizeof(writer->folder), "%s", folder);
    status = open_db(folder, writer->shard.file, SQLITE_OPEN_READWRITE, &writer->db, error);
    if (status != HK_OK)
        return status;
    (void)snprintf(sql, sizeof(sql),
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -%d;"
        " PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF;",
        HK_SEARCH_CACHE_KB);
    status = hk_store_exec(writer->db, sql, error);
    if (status == HK_OK && is_new)
        status = hk_store_exec(writer->db, hk_shard_schema, error);
    if (status == HK_OK)
        status = prepare_put(writer, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(writer->db,
            "REPLACE INTO about(rowid, version, number, end, as_of, line)"
            " VALUES(1, ?1, ?2, ?3, ?4, ?5)",
            &writer->about, error);
    return status;
}

enum hk_status hk_shard_begin(struct hk_shard_writer *writer, const char *folder, uint64_t number,
    uint64_t as_of, struct hk_error *error)
{
    char path[PATH_MAX];
    uint32_t random;
    enum hk_status status;

    memset(writer, 0, sizeof(*writer));
    hk_random(&random, sizeof(random));
    writer->shard.number = number;
    writer->shard.end = number * HK_SEARCH_SHARD_ENTRIES;
    writer->shard.as_of = as_of;
    (void)snprintf(writer->shard.file, sizeof(writer->shard.file), "%08" PRIx64 "-%08" PRIx32 OPEN,
        number, random);
    status = path_of(folder, writer->shard.file, path, error);
    if (status == HK_OK)
        status = make_file(path, error);
    if (status == HK_OK)
        status = open_to_write(writer, folder, true, error);
    return status;
}

enum hk_status hk_shard_go_on(struct hk_shard_writer *writer, const char *folder,
    const struct hk_shard *shard, struct hk_error *error)
{
    memset(writer, 0, sizeof(*writer));
    writer->shard = *shard;
    return open_to_write(writer, folder, false, error);
}

enum hk_status hk_shard_slice_begin(struct hk_shard_writer *writer, struct hk_error *error)
{
    return hk_store_exec(writer->db, "BEGIN", error);
}

enum hk_status hk_shard_put(struct hk_shard_writer *writer, uint64_t seq,
    const struct hk_search_doc *doc, struct hk_error *error)
{
    sqlite3_stmt *put = writer->put;
    int code = sqlite3_bind_int64(put, 1, (int64_t)seq);
    bool has_row;
    enum hk_status status;

    for (int i = 0; i < HK_SEARCH_COLUMN_COUNT && code == SQLITE_OK; i++) {
        const struct hk_buf *words = &doc->columns[i];

        code = words->size > 0 ? sqlite3_bind_text64(put, i + 2, words->data, words->size,
                                     SQLITE_STATIC, SQLITE_UTF8)
                               : sqlite3_bind_null(put, i + 2);
    }
    if (code != SQLITE_OK)
        return hk_store_fail(writer->db, "search: can't bind words", error);
    status = hk_stmt_step(put, &has_row, error);
    hk_stmt_reset(put);
    return status;
}

enum hk_status hk_shard_slice_end(
    struct hk_shard_writer *writer, uint64_t end, const char *last_line, struct hk_error *error)
{
    bool has_row;
    enum hk_status status = hk_stmt_bind(writer->about, error, "iiiit", (int64_t)HK_SHARD_VERSION,
        (int64_t)writer->shard.number, (int64_t)end, (int64_t)writer->shard.as_of, last_line);

    if (status == HK_OK)
        status = hk_stmt_step(writer->about, &has_row, error);
    hk_stmt_reset(writer->about);
    if (status == HK_OK)
        status = hk_store_exec(writer->db, "COMMIT", error);
    if (status == HK_OK)
        writer->shard.end = end;
    return status;
}

void hk_shard_close(struct hk_shard_writer *writer)
{
    hk_stmt_free(writer->put);
    hk_stmt_free(writer->about);
    hk_db_close(writer->db);
    writer->put = NULL;
    writer->about = NULL;
    writer->db = NULL;
}

/* --- digests --- */

/* SHA-256 over the digest so far and the next block, block by block. */
static enum hk_status digest_of(const char *path, const atomic_bool *stop,
    uint8_t ret_digest[HK_SHA256_SIZE], struct hk_error *error)
{
    char *block = malloc(BLOCK_SIZE);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t size = -1;
    enum hk_status status = HK_OK;

    memset(ret_digest, 0, HK_SHA256_SIZE);
    if (block == NULL)
        status = hk_fail(error, HK_NOMEM, "search: out of memory");
    else if (fd < 0)
        status = hk_fail(error, HK_IO, "search: can't read a file: %s", strerror(errno));
    while (status == HK_OK && (size = read(fd, block, BLOCK_SIZE)) > 0) {
        const struct hk_bytes parts[] = {{ret_digest, HK_SHA256_SIZE}, {block, (size_t)size}};

        hk_sha256(parts, 2, ret_digest);
        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
            status = hk_fail(error, HK_TIMEOUT, "search: stopped");
    }
    if (status == HK_OK && size < 0)
        status = hk_fail(error, HK_IO, "search: can't read a file: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    free(block);
    return status;
}

static void full_name(
    uint64_t number, const uint8_t digest[HK_SHA256_SIZE], char ret_file[HK_SHARD_FILE_SIZE])
{
    char hex[DIGEST_DIGITS + 1];

    hk_hex(digest, DIGEST_DIGITS / 2, hex);
    (void)snprintf(ret_file, HK_SHARD_FILE_SIZE, "%08" PRIx64 "-%s" FULL, number, hex);
}

enum hk_status hk_shard_check(const char *folder, const struct hk_shard *shard,
    const atomic_bool *stop, bool *ret_is_good, struct hk_error *error)
{
    uint8_t digest[HK_SHA256_SIZE];
    char file[HK_SHARD_FILE_SIZE];
    char path[PATH_MAX];
    enum hk_status status = path_of(folder, shard->file, path, error);

    if (status == HK_OK)
        status = digest_of(path, stop, digest, error);
    if (status != HK_OK)
        return status;
    full_name(shard->number, digest, file);
    *ret_is_good = strcmp(file, shard->file) == 0;
    return HK_OK;
}

static enum hk_status vacuum_into(
    struct hk_shard_writer *writer, const char *path, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row;
    enum hk_status status =
        hk_store_exec(writer->db, "INSERT INTO words(words) VALUES('optimize')", error);

    if (status == HK_OK)
        status = hk_stmt_prepare(writer->db, "VACUUM INTO ?1", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "t", path);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_shard_fill_up(
    struct hk_shard_writer *writer, struct hk_shard *ret_before, struct hk_error *error)
{
    uint8_t digest[HK_SHA256_SIZE];
    char file[HK_SHARD_FILE_SIZE];
    char fresh[PATH_MAX];
    char path[PATH_MAX];
    enum hk_status status = path_of(writer->folder, "fresh.new", fresh, error);

    if (status == HK_OK)
        (void)unlink(fresh);
    if (status == HK_OK)
        status = make_file(fresh, error);
    if (status == HK_OK)
        status = vacuum_into(writer, fresh, error);
    if (status == HK_OK)
        status = sync_path(fresh, O_RDWR, error);
    if (status == HK_OK)
        status = digest_of(fresh, NULL, digest, error);
    if (status == HK_OK) {
        full_name(writer->shard.number, digest, file);
        status = path_of(writer->folder, file, path, error);
    }
    if (status == HK_OK && rename(fresh, path) != 0)
        status = hk_fail(error, HK_IO, "search: can't rename a file: %s", strerror(errno));
    if (status == HK_OK)
        status = hk_shard_sync_folder(writer->folder, error);
    if (status != HK_OK) {
        (void)unlink(fresh);
        return status;
    }
    *ret_before = writer->shard;
    memcpy(writer->shard.file, file, sizeof(file));
    writer->shard.is_full = true;
    writer->shard.is_checked = true;
    return HK_OK;
}

enum hk_status hk_shard_drop(
    struct hk_shard_writer *writer, const struct hk_shard *before, struct hk_error *error)
{
    /* What is in its WAL need not come into a file that goes. */
    (void)sqlite3_db_config(writer->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    hk_shard_close(writer);
    return hk_shard_remove(writer->folder, before->file, error);
}

/* --- reading --- */

enum hk_status hk_shard_open(
    const char *folder, const struct hk_shard *shard, sqlite3 **ret_db, struct hk_error *error)
{
    enum hk_status status = open_db(folder, shard->file, SQLITE_OPEN_READONLY, ret_db, error);

    if (status == HK_OK) {
        (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        status = hk_store_exec(*ret_db,
            "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048;", error);
        if (status != HK_OK) {
            hk_db_close(*ret_db);
            *ret_db = NULL;
        }
    }
    return status;
}

static enum hk_status read_about(
    sqlite3 *db, struct hk_shard *shard, char ret_line[HK_ENTRY_LINE_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT version, number, end, as_of, line FROM about", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT, "search: a file says nothing of itself");
    if (status == HK_OK && hk_stmt_i64(stmt, 0) != HK_SHARD_VERSION)
        status = hk_fail(error, HK_UNSUPPORTED, "search: a file of another version");
    if (status == HK_OK) {
        shard->number = (uint64_t)hk_stmt_i64(stmt, 1);
        shard->end = (uint64_t)hk_stmt_i64(stmt, 2);
        shard->as_of = (uint64_t)hk_stmt_i64(stmt, 3);
        hk_stmt_copy(stmt, 4, ret_line, HK_ENTRY_LINE_SIZE);
        if (shard->number > HK_ENTRIES_MAX / HK_SEARCH_SHARD_ENTRIES ||
            shard->end <= shard->number * HK_SEARCH_SHARD_ENTRIES ||
            shard->end > (shard->number + 1) * HK_SEARCH_SHARD_ENTRIES)
            status = hk_fail(error, HK_CORRUPT, "search: a file has numbers that can't be");
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_shard_learn(
    const char *folder, const char *file, struct hk_shard *ret_shard, struct hk_error *error)
{
    char line[HK_ENTRY_LINE_SIZE];
    sqlite3 *db = NULL;
    enum hk_status status;

    memset(ret_shard, 0, sizeof(*ret_shard));
    if (!hk_copy_text(ret_shard->file, sizeof(ret_shard->file), file))
        return hk_fail(error, HK_CORRUPT, "search: a file has a name that can't be");
    status = hk_shard_open(folder, ret_shard, &db, error);
    if (status == HK_OK)
        status = read_about(db, ret_shard, line, error);
    hk_db_close(db);
    ret_shard->is_full = hk_shard_name_ends(file, FULL);
    if (status == HK_OK && ret_shard->is_full &&
        ret_shard->end != (ret_shard->number + 1) * HK_SEARCH_SHARD_ENTRIES)
        status = hk_fail(error, HK_CORRUPT, "search: a file is not as full as it says");
    return status;
}

enum hk_status hk_shard_is_stale(sqlite3 *db, hk_tenant tenant, const struct hk_shard *shard,
    bool *ret_is_stale, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT 1 FROM erased WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 AND erasure >= ?4"
        " LIMIT 1",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iiii", (int64_t)tenant,
            (int64_t)(shard->number * HK_SEARCH_SHARD_ENTRIES), (int64_t)shard->end,
            (int64_t)shard->as_of);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, ret_is_stale, error);
    hk_stmt_free(stmt);
    return status;
}

/* The line of an entry; "" when there is none. */
static enum hk_status line_at(
    sqlite3 *db, int64_t pos, char ret_line[HK_ENTRY_LINE_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(db, "SELECT line FROM entry WHERE pos = ?1", &stmt, error);

    ret_line[0] = '\0';
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", pos);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        hk_stmt_copy(stmt, 0, ret_line, HK_ENTRY_LINE_SIZE);
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_shard_is_sound(sqlite3 *db, hk_tenant tenant, const char *folder,
    const struct hk_shard *shard, bool *ret_is_sound, struct hk_error *error)
{
    char line[HK_ENTRY_LINE_SIZE] = "";
    char recorded[HK_ENTRY_LINE_SIZE] = "";
    struct hk_shard read = *shard;
    sqlite3 *file = NULL;
    bool is_stale = true;
    enum hk_status status = hk_shard_open(folder, shard, &file, error);

    if (status == HK_OK)
        status = read_about(file, &read, line, error);
    hk_db_close(file);
    if (status == HK_OK)
        status = line_at(db, HK_POS(tenant, shard->end - 1), recorded, error);
    if (status == HK_OK)
        status = hk_shard_is_stale(db, tenant, shard, &is_stale, error);
    if (status == HK_OK)
        *ret_is_sound = !is_stale && line[0] != '\0' && strcmp(line, recorded) == 0;
    return status;
}

/* --- names --- */

enum hk_status hk_shard_remove(const char *folder, const char *file, struct hk_error *error)
{
    /* Nobody finds the file without its WAL, and takes what is in it for all. */
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[PATH_MAX];
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (snprintf(path, sizeof(path), "%s/%s%s", folder, file, endings[i]) >= (int)sizeof(path))
            return hk_fail(error, HK_INVALID, "search: path is too long");
        if (unlink(path) != 0 && errno != ENOENT)
            status = hk_fail(error, HK_IO, "search: can't take %s away: %s", file, strerror(errno));
    }
    return status;
}

/* Give the file another ending. */
static enum hk_status rename_shard(const char *folder, struct hk_shard *shard, const char *ending,
    bool must_sync, struct hk_error *error)
{
    char file[HK_SHARD_FILE_SIZE];
    char from[PATH_MAX] = "";
    char to[PATH_MAX] = "";
    enum hk_status status = path_of(folder, shard->file, from, error);

    (void)snprintf(
        file, sizeof(file), "%.*s%s", (int)strcspn(shard->file, "."), shard->file, ending);
    if (status == HK_OK)
        status = path_of(folder, file, to, error);
    if (status == HK_OK && must_sync)
        status = sync_path(from, O_RDWR, error);
    if (status == HK_OK && rename(from, to) != 0)
        status = hk_fail(error, HK_IO, "search: can't rename a file: %s", strerror(errno));
    if (status == HK_OK)
        memcpy(shard->file, file, sizeof(file));
    return status;
}

enum hk_status hk_shard_keep(const char *folder, struct hk_shard *shard, struct hk_error *error)
{
    char wal[PATH_MAX];

    if (snprintf(wal, sizeof(wal), "%s/%s-wal", folder, shard->file) >= (int)sizeof(wal) ||
        access(wal, F_OK) == 0)
        return hk_fail(error, HK_BUSY, "search: a file has a WAL still");
    return rename_shard(folder, shard, KEPT, true, error);
}

enum hk_status hk_shard_take_back(
    const char *folder, struct hk_shard *shard, struct hk_error *error)
{
    return rename_shard(folder, shard, OPEN, false, error);
}
