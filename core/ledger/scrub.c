/*
 * scrub: overwrite free places of the file; see scrub.h. Offsets are those of the SQLite database
 * file format, section 1.6 "B-tree Pages".
 */
#include "ledger/scrub.h"

#include "ledger/erase.h"
#include "ledger/store.h"
#include "limits.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_HEADER_SIZE = 100, /* of the first page */
    PAGES_PER_READ = 64,
    /* The first four bytes of an overflow page are the number of the next one: below this many
     * pages its first byte is none of a b-tree page's. */
    PAGES_MAX = 0x02000000,
};

static uint32_t be16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static bool clear(uint8_t *page, uint32_t from, uint32_t to)
{
    bool had = false;

    for (uint32_t i = from; i < to && !had; i++)
        had = page[i] != 0;
    if (had)
        memset(page + from, 0, to - from);
    return had;
}

/* Free blocks are a chain in rising order: two bytes where the next is, two how long it is. */
static bool clear_free_blocks(uint8_t *page, uint32_t size, uint32_t first)
{
    bool had = false;
    uint32_t at = first;

    while (at != 0 && at + 4 <= size) {
        uint32_t next = be16(page + at);
        uint32_t length = be16(page + at + 2);

        if (length < 4 || at + length > size || (next != 0 && next < at + length))
            break;
        had = clear(page, at + 4, at + length) || had;
        at = next;
    }
    return had;
}

bool hk_scrub_page(uint8_t *page, uint32_t size, bool is_first)
{
    uint32_t header = is_first ? FILE_HEADER_SIZE : 0;
    uint8_t type = page[header];
    bool is_inner = type == 2 || type == 5;
    uint32_t cells = be16(page + header + 3);
    uint32_t content = be16(page + header + 5);
    uint32_t begin = header + (is_inner ? 12U : 8U) + 2 * cells;
    bool had;

    if (!is_inner && type != 10 && type != 13)
        return false;
    if (content == 0)
        content = 65536;
    if (content > size || begin > content)
        return false;
    had = clear(page, begin, content);
    return clear_free_blocks(page, size, be16(page + header + 1)) || had;
}

/* The WAL's pages go into the file and the WAL becomes empty. */
static enum hk_status empty_wal(sqlite3 *db, struct hk_error *error)
{
    int code;

    (void)sqlite3_busy_timeout(db, 0);
    code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(db, HK_STORE_BUSY_MS);
    if ((code & 0xff) == SQLITE_BUSY)
        return hk_fail(error, HK_BUSY, "ledger: somebody reads the WAL");
    return code == SQLITE_OK ? HK_OK : hk_store_fail(db, "can't empty the WAL", error);
}

static enum hk_status page_numbers(
    sqlite3 *db, uint32_t *ret_size, uint32_t *ret_count, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        db, "SELECT page_size, page_count FROM pragma_page_size, pragma_page_count", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK) {
        *ret_size = (uint32_t)sqlite3_column_int64(stmt, 0);
        *ret_count = (uint32_t)sqlite3_column_int64(stmt, 1);
    }
    (void)sqlite3_finalize(stmt);
    if (status == HK_OK && *ret_count >= PAGES_MAX)
        status = hk_fail(error, HK_LIMIT,
            "ledger: the file is too large for erased bytes to be overwritten in it");
    return status;
}

enum hk_status hk_scrub_check(sqlite3 *db, struct hk_error *error)
{
    uint32_t size;
    uint32_t count;

    return page_numbers(db, &size, &count, error);
}

/* Read some pages through SQLite's own file, clear them, write back those that had something. */
static enum hk_status scrub_pages(sqlite3_file *file, uint8_t *pages, uint32_t size, uint32_t first,
    uint32_t count, bool *in_out_wrote, struct hk_error *error)
{
    sqlite3_int64 at = (sqlite3_int64)(first - 1) * size;

    if (file->pMethods->xRead(file, pages, (int)(size * count), at) != SQLITE_OK)
        return hk_fail(error, HK_IO, "ledger: can't read the file to scrub it");
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *page = pages + (size_t)i * size;

        if (!hk_scrub_page(page, size, first + i == 1))
            continue;
        *in_out_wrote = true;
        if (file->pMethods->xWrite(file, page, (int)size, at + (sqlite3_int64)i * size) !=
            SQLITE_OK)
            return hk_fail(error, HK_IO, "ledger: can't scrub the file");
    }
    return HK_OK;
}

static enum hk_status scrub_range(
    sqlite3 *db, uint32_t size, uint32_t from, uint32_t to, struct hk_error *error)
{
    uint8_t *pages = malloc((size_t)size * PAGES_PER_READ);
    sqlite3_file *file = NULL;
    bool wrote = false;
    enum hk_status status = HK_OK;

    if (pages == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file) != SQLITE_OK)
        status = hk_store_fail(db, "can't reach the file", error);
    while (status == HK_OK && from < to) {
        uint32_t count = to - from < PAGES_PER_READ ? to - from : PAGES_PER_READ;

        status = scrub_pages(file, pages, size, from, count, &wrote, error);
        from += count;
    }
    if (status == HK_OK && wrote && file->pMethods->xSync(file, SQLITE_SYNC_FULL) != SQLITE_OK)
        status = hk_fail(error, HK_IO, "ledger: can't sync the scrubbed file");
    free(pages);
    return status;
}

enum hk_status hk_scrub_slice(
    sqlite3 *db, uint32_t *in_out_page, bool *ret_is_done, struct hk_error *error)
{
    uint32_t size = 0;
    uint32_t count = 0;
    uint32_t end;
    enum hk_status status = empty_wal(db, error);

    if (status == HK_OK)
        status = page_numbers(db, &size, &count, error);
    /* Nobody else may write while we do, beside the engine's own rules. */
    if (status == HK_OK)
        status = hk_store_exec(db, "BEGIN IMMEDIATE", error);
    if (status != HK_OK)
        return status;
    end = *in_out_page + HK_SCRUB_PAGES_PER_SLICE;
    if (end > count + 1)
        end = count + 1;
    status = scrub_range(db, size, *in_out_page, end, error);
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    /* What this connection remembers of the pages still has what was there. */
    (void)sqlite3_db_release_memory(db);
    if (status == HK_OK) {
        *in_out_page = end;
        *ret_is_done = end > count;
    }
    return status;
}

enum hk_status hk_scrub_is_wanted(sqlite3 *db, bool *ret_is_wanted, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT 1 FROM tenant t JOIN cursor c ON c.tenant = t.tenant AND c.source ="
        " '" HK_SCRUB_SHELF "' AND c.key = '" HK_SCRUB_KEY "' LIMIT 1",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, ret_is_wanted, error);
    (void)sqlite3_finalize(stmt);
    return status;
}

enum hk_status hk_scrub_is_done(sqlite3 *db, struct hk_error *error)
{
    return hk_store_exec(db,
        "DELETE FROM cursor WHERE tenant IN (SELECT tenant FROM tenant) AND source ="
        " '" HK_SCRUB_SHELF "' AND key = '" HK_SCRUB_KEY "'",
        error);
}
