/*
 * query_chain: a subject's history, walked back from its newest entry; see query.h.
 */
#include "base/text.h"
#include "ledger/project.h"
#include "ledger/query_erase.h"
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_ENTRIES_MAX 1000000 /* positions of one subject held at once: 8 MB */

static enum hk_status last_of(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    enum hk_noun noun, int64_t *ret_last, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_shelf_take(&reading->shelf, reading->db, hk_noun_last_sql(noun), &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, subject);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_last = has_row ? hk_stmt_i64(stmt, 0) : 0;
    hk_shelf_give(&reading->shelf, stmt);
    return status;
}

/* Position of the subject's newest entry. The id's prefix tells the table first to be asked. */
static enum hk_status find_last(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    int64_t *ret_last, struct hk_error *error)
{
    enum hk_noun first = hk_noun_of_id(subject);
    enum hk_status status = HK_OK;
    int64_t last = 0;

    if (first != HK_NOUN_COUNT)
        status = last_of(reading, tenant, subject, first, &last, error);
    for (int noun = HK_NOUN_COUNT - 1; noun >= 0 && status == HK_OK && last == 0; noun--)
        if ((enum hk_noun)noun != first && noun != HK_NOUN_SUBJECT)
            status = last_of(reading, tenant, subject, (enum hk_noun)noun, &last, error);
    if (status == HK_OK && last == 0)
        status = last_of(reading, tenant, subject, HK_NOUN_SUBJECT, &last, error);
    if (status == HK_OK && last == 0)
        status = hk_fail(error, HK_NOT_FOUND, "nothing is recorded about %s", subject);
    if (status == HK_OK)
        *ret_last = last;
    return status;
}

static const char row_sql[] = "SELECT prev, line, payload FROM entry WHERE pos = ?1";

/* Let stmt (row_sql) stand on the row at a position of a history. */
static enum hk_status find_row(sqlite3_stmt *stmt, int64_t pos, struct hk_error *error)
{
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(stmt, error, "i", pos);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT, "ledger: a subject's history is broken");
    return status;
}

/* Read the row that stmt stands on (…, line, payload); good while it stands there. */
static enum hk_status read_row(
    sqlite3_stmt *stmt, struct hk_stored *ret_stored, struct hk_error *error)
{
    ret_stored->payload = hk_stmt_text_or_null(stmt, 2);
    ret_stored->payload_size = hk_stmt_size(stmt, 2);
    if (hk_entry_parse(hk_stmt_text(stmt, 1), hk_stmt_size(stmt, 1), &ret_stored->entry, error) !=
        HK_OK)
        return hk_fail(error, HK_CORRUPT, "ledger: an entry can't be read; see audit verify");
    return HK_OK;
}

/* The same, into the arena. */
static enum hk_status take_row(sqlite3_stmt *stmt, struct hk_arena *arena,
    struct hk_stored *ret_stored, struct hk_error *error)
{
    enum hk_status status = read_row(stmt, ret_stored, error);

    if (status != HK_OK || ret_stored->payload == NULL)
        return status;
    ret_stored->payload = hk_arena_copy(arena, ret_stored->payload, ret_stored->payload_size);
    if (ret_stored->payload == NULL)
        return hk_fail(error, HK_LIMIT, "ledger: more history than fits the memory for it");
    return HK_OK;
}

/* Called with each row of a history, newest first: where it is, and the statement that stands on
 * it. */
typedef enum hk_status step_fn(void *ctx, int64_t pos, sqlite3_stmt *stmt, struct hk_error *error);

/* Walk back through a history with sql, whose first column is `prev`. More than count_max are
 * HK_LIMIT, or cut where ret_is_cut is given. */
static enum hk_status walk(struct hk_reading *reading, const char *sql, int64_t last,
    size_t count_max, step_fn *fn, void *ctx, bool *ret_is_cut, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    enum hk_status status = hk_shelf_take(&reading->shelf, reading->db, sql, &stmt, error);

    for (int64_t pos = last, prev; pos != 0 && status == HK_OK; pos = prev) {
        if (count++ == count_max) {
            if (ret_is_cut == NULL)
                status = hk_fail(error, HK_LIMIT, "ledger: more than %zu entries", count_max);
            else
                *ret_is_cut = true;
            break;
        }
        status = find_row(stmt, pos, error);
        prev = status == HK_OK ? hk_stmt_i64(stmt, 0) : 0;
        if (prev >= pos)
            status = hk_fail(error, HK_CORRUPT, "ledger: a subject's history is broken");
        if (status == HK_OK)
            status = fn(ctx, pos, stmt, error);
        hk_stmt_reset(stmt);
    }
    hk_shelf_give(&reading->shelf, stmt);
    return status;
}

/* Room for one more in an array of malloc'd items; false when memory is short. */
static bool make_room(void **in_out_items, size_t count, size_t *in_out_capacity, size_t item_size)
{
    size_t capacity = *in_out_capacity == 0 ? 16 : *in_out_capacity * 2;
    void *more;

    if (count < *in_out_capacity)
        return true;
    more = realloc(*in_out_items, capacity * item_size);
    if (more == NULL)
        return false;
    *in_out_items = more;
    *in_out_capacity = capacity;
    return true;
}

struct positions {
    void *items; /* int64_t, newest first */
    size_t count;
    size_t capacity;
};

static enum hk_status add_position(
    void *ctx, int64_t pos, sqlite3_stmt *stmt, struct hk_error *error)
{
    struct positions *positions = ctx;

    (void)stmt;
    if (!make_room(&positions->items, positions->count, &positions->capacity, sizeof(pos)))
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    ((int64_t *)positions->items)[positions->count++] = pos;
    return HK_OK;
}

/* Positions of the subject's entries, newest first. The caller frees *ret_positions. */
static enum hk_status read_positions(struct hk_reading *reading, int64_t last,
    int64_t **ret_positions, size_t *ret_count, struct hk_error *error)
{
    static const char sql[] = "SELECT prev FROM entry WHERE pos = ?1";
    struct positions positions = {0};
    enum hk_status status =
        walk(reading, sql, last, SUBJECT_ENTRIES_MAX, add_position, &positions, NULL, error);

    if (status != HK_OK) {
        free(positions.items);
        return status;
    }
    *ret_positions = positions.items;
    *ret_count = positions.count;
    return HK_OK;
}

enum hk_status hk_query_chain_each(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, hk_stored_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    int64_t *positions = NULL;
    struct hk_stored stored;
    size_t count = 0;
    int64_t last = 0;
    enum hk_status status = find_last(reading, tenant, subject, &last, error);

    if (status == HK_OK)
        status = read_positions(reading, last, &positions, &count, error);
    if (status == HK_OK)
        status = hk_shelf_take(&reading->shelf, reading->db, row_sql, &stmt, error);
    for (size_t i = count; i > 0 && status == HK_OK; i--) {
        status = find_row(stmt, positions[i - 1], error);
        if (status == HK_OK)
            status = read_row(stmt, &stored, error);
        if (status == HK_OK)
            status = fn(ctx, &stored, error);
        hk_stmt_reset(stmt);
    }
    hk_shelf_give(&reading->shelf, stmt);
    free(positions);
    return status;
}

struct taking {
    struct hk_arena *arena; /* of the payloads */
    void *items;            /* struct hk_stored, newest first */
    size_t count;
    size_t capacity;
};

static enum hk_status take_entry(void *ctx, int64_t pos, sqlite3_stmt *stmt, struct hk_error *error)
{
    struct taking *taking = ctx;
    struct hk_stored *items;

    (void)pos;
    if (!make_room(&taking->items, taking->count, &taking->capacity, sizeof(*items)))
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    items = taking->items;
    return take_row(stmt, taking->arena, &items[taking->count++], error);
}

static enum hk_status read_chain(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    size_t count_max, struct hk_arena *arena, struct hk_chain *ret_chain, bool *ret_is_cut,
    struct hk_error *error)
{
    struct taking taking = {.arena = arena};
    struct hk_stored *items = NULL;
    int64_t last = 0;
    enum hk_status status = find_last(reading, tenant, subject, &last, error);

    if (status == HK_OK)
        status = walk(reading, row_sql, last, count_max, take_entry, &taking, ret_is_cut, error);
    if (status == HK_OK) {
        items = hk_arena_alloc(arena, taking.count * sizeof(*items));
        if (items == NULL)
            status = hk_fail(error, HK_LIMIT, "ledger: more history than fits the memory for it");
    }
    for (size_t i = 0; status == HK_OK && i < taking.count; i++)
        items[i] = ((struct hk_stored *)taking.items)[taking.count - 1 - i];
    free(taking.items);
    if (status == HK_OK) {
        ret_chain->items = items;
        ret_chain->count = taking.count;
    }
    return status;
}

enum hk_status hk_query_chain(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    size_t count_max, struct hk_arena *arena, struct hk_chain *ret_chain, struct hk_error *error)
{
    return read_chain(reading, tenant, subject, count_max, arena, ret_chain, NULL, error);
}

enum hk_status hk_query_chain_newest(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, size_t count_max, struct hk_arena *arena, struct hk_chain *ret_chain,
    bool *ret_is_cut, struct hk_error *error)
{
    *ret_is_cut = false;
    return read_chain(reading, tenant, subject, count_max, arena, ret_chain, ret_is_cut, error);
}

/* The entry at a position that a row of the projections names. */
static enum hk_status take_at(struct hk_reading *reading, int64_t pos, struct hk_arena *arena,
    struct hk_stored *ret_stored, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_shelf_take(&reading->shelf, reading->db, row_sql, &stmt, error);

    if (status == HK_OK)
        status = find_row(stmt, pos, error);
    if (status == HK_OK)
        status = take_row(stmt, arena, ret_stored, error);
    hk_shelf_give(&reading->shelf, stmt);
    return status;
}

enum hk_status hk_query_last(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    struct hk_arena *arena, struct hk_stored *ret_stored, struct hk_error *error)
{
    struct hk_stored stored;
    int64_t last = 0;
    enum hk_status status = find_last(reading, tenant, subject, &last, error);

    memset(&stored, 0, sizeof(stored));
    if (status == HK_OK)
        status = take_at(reading, last, arena, &stored, error);
    if (status == HK_OK)
        *ret_stored = stored;
    return status;
}

enum hk_status hk_query_entry(struct hk_reading *reading, hk_tenant tenant, uint64_t seq,
    struct hk_arena *arena, struct hk_stored *ret_stored, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status;

    if (seq >= UINT64_C(1) << HK_POS_SHIFT)
        return hk_fail(error, HK_NOT_FOUND, "there is no entry of that number");
    status = hk_stmt_prepare(reading->db, row_sql, &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(tenant, seq));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "there is no entry of that number");
    if (status == HK_OK)
        status = take_row(stmt, arena, ret_stored, error);
    hk_stmt_free(stmt);
    return status;
}

/* A page of entries being written. */
struct page {
    struct hk_jw jw;
    struct hk_buf *out;
    unsigned limit;
    unsigned count;
    uint64_t last_seq;
    bool has_more;
};

/* Add the row (pos, line, payload) that stmt stands on; sets has_more when the page is full. */
static enum hk_status add_entry(struct hk_reading *reading, hk_tenant tenant, struct page *page,
    sqlite3_stmt *stmt, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    const char *payload = hk_stmt_text_or_null(stmt, 2);
    size_t size = hk_stmt_size(stmt, 2);

    if (page->count == page->limit ||
        (page->count > 0 &&
            page->out->size + size + HK_ENTRY_LINE_SIZE > page->out->size_max / 2)) {
        page->has_more = true;
        return HK_OK;
    }
    page->last_seq = HK_POS_SEQ(hk_stmt_i64(stmt, 0));
    page->count++;
    hk_jw_object(&page->jw);
    hk_jw_kv_i64(&page->jw, "seq", (int64_t)page->last_seq);
    hk_jw_kv(&page->jw, "line", hk_stmt_text(stmt, 1));
    hk_jw_key(&page->jw, "payload");
    if (payload == NULL) {
        hk_jw_null(&page->jw);
        status = hk_query_erased(reading, tenant, page->last_seq, &page->jw, error);
    } else {
        hk_jw_raw(&page->jw, payload, size);
    }
    hk_jw_object_end(&page->jw);
    return status;
}

static enum hk_status page_all(struct hk_reading *reading, hk_tenant tenant, int64_t from,
    struct page *page, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT pos, line, payload FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos", &stmt,
        error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", from, HK_POS(tenant + 1, 0));
    while (status == HK_OK && !page->has_more) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = add_entry(reading, tenant, page, stmt, error);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status page_subject(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, int64_t from, struct page *page, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    int64_t *positions = NULL;
    size_t count = 0;
    int64_t last = 0;
    bool has_row = false;
    enum hk_status status = find_last(reading, tenant, subject, &last, error);

    if (status == HK_OK)
        status = read_positions(reading, last, &positions, &count, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(
            reading->db, "SELECT pos, line, payload FROM entry WHERE pos = ?1", &stmt, error);
    for (size_t i = count; i > 0 && status == HK_OK && !page->has_more; i--) {
        if (positions[i - 1] < from)
            continue;
        status = hk_stmt_bind(stmt, error, "i", positions[i - 1]);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            status = add_entry(reading, tenant, page, stmt, error);
        hk_stmt_reset(stmt);
    }
    hk_stmt_free(stmt);
    free(positions);
    return status;
}

enum hk_status hk_query_entries(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    uint64_t after_seq, bool from_start, unsigned limit, struct hk_buf *out, struct hk_error *error)
{
    int64_t from = HK_POS(tenant, 0);
    struct page page = {.out = out};
    size_t begin = out->size;
    enum hk_status status;

    if (!from_start) {
        if (after_seq >= (UINT64_C(1) << HK_POS_SHIFT) - 1)
            return hk_fail(error, HK_INVALID, "no such sequence number");
        from = HK_POS(tenant, after_seq + 1);
    }
    page.limit = limit == 0 || limit > HK_PAGE_ITEMS_MAX ? HK_PAGE_ITEMS_MAX : limit;
    hk_jw_init(&page.jw, out);
    hk_jw_object(&page.jw);
    hk_jw_key(&page.jw, "items");
    hk_jw_array(&page.jw);
    if (subject == NULL)
        status = page_all(reading, tenant, from, &page, error);
    else
        status = page_subject(reading, tenant, subject, from, &page, error);
    if (status != HK_OK)
        return hk_query_take_back(out, begin, status);
    hk_jw_array_end(&page.jw);
    hk_jw_key(&page.jw, "next");
    if (page.has_more)
        hk_jw_i64(&page.jw, (int64_t)page.last_seq);
    else
        hk_jw_null(&page.jw);
    hk_jw_object_end(&page.jw);
    return hk_buf_check(out, "entries", error);
}

enum hk_status hk_query_actor_name(struct hk_reading *reading, hk_tenant tenant, const char *actor,
    char ret_name[HK_ID_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT name FROM user WHERE tenant = ?1 AND id = ?2 UNION ALL"
        " SELECT coalesce(service, name) FROM token WHERE tenant = ?1 AND id = ?2",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, actor);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        (void)hk_copy_text(ret_name, HK_ID_SIZE, actor);
    if (status == HK_OK && has_row && !hk_stmt_is_null(stmt, 0))
        hk_stmt_copy(stmt, 0, ret_name, HK_ID_SIZE);
    hk_stmt_free(stmt);
    return status;
}
