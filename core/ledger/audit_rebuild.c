/*
 * audit_rebuild: are the projections the fold of the entries? See audit.h. Folds into a private
 * database on disk, then walks both sides of each table together.
 */
#include "ledger/audit_tenants.h"

#include "base/json.h"
#include "ledger/project.h"
#include "ledger/refold.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rebuild {
    struct hk_audit *audit;
    sqlite3 *scratch;
    struct hk_fold *fold;
    char difference[320]; /* "" while there is none */
};

/* An entry's prev must be where its subject was last. */
static enum hk_status check_prev(void *ctx, const struct hk_refold_row *row, struct hk_error *error)
{
    struct rebuild *r = ctx;
    int64_t last = 0;
    enum hk_status status = hk_fold_last(r->fold, row->pos, row->entry, &last, error);

    if (status == HK_OK && last != row->prev && r->difference[0] == '\0')
        (void)snprintf(r->difference, sizeof(r->difference),
            "entry %" PRIu64 ": prev does not name the entry before it about %s", row->entry->seq,
            row->entry->subject);
    hk_audit_step(r->audit);
    return status;
}

/* One row as bytes: type and value of each column. */
static void dump_row(sqlite3_stmt *stmt, struct hk_buf *row)
{
    hk_buf_clear(row);
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        int type = sqlite3_column_type(stmt, i);

        if (type == SQLITE_NULL) {
            hk_buf_append_text(row, "n;");
        } else if (type == SQLITE_INTEGER) {
            hk_buf_appendf(row, "i%" PRId64 ";", (int64_t)sqlite3_column_int64(stmt, i));
        } else {
            const void *data = sqlite3_column_blob(stmt, i);
            int size = sqlite3_column_bytes(stmt, i);

            hk_buf_appendf(row, "%c%d:", type == SQLITE_TEXT ? 't' : 'b', size);
            if (size > 0)
                hk_buf_append(row, data, (size_t)size);
            hk_buf_append_char(row, ';');
        }
    }
}

struct side {
    sqlite3_stmt *stmt;
    bool has_row;
    struct hk_buf row;
    uint8_t digest[HK_SHA256_SIZE]; /* over the digest so far and each row */
    uint64_t rows;
};

static enum hk_status begin_side(struct side *side, sqlite3 *db, const char *sql,
    const struct hk_audit_tenant *tenant, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(db, sql, &side->stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(side->stmt, error, "i", (int64_t)tenant->number);
    return status;
}

static enum hk_status next_row(struct side *side, struct hk_error *error)
{
    enum hk_status status = hk_stmt_step(side->stmt, &side->has_row, error);

    if (status != HK_OK || !side->has_row)
        return status;
    dump_row(side->stmt, &side->row);
    if (hk_buf_check(&side->row, "row", error) != HK_OK)
        return HK_LIMIT;
    const struct hk_bytes parts[] = {
        {side->digest, sizeof(side->digest)}, {side->row.data, side->row.size}};
    hk_sha256(parts, 2, side->digest);
    side->rows++;
    return HK_OK;
}

static void note_difference(struct rebuild *r, const struct hk_projection *projection,
    const struct hk_audit_tenant *tenant, const struct side *stored, const struct side *folded)
{
    const struct side *side = stored->has_row ? stored : folded;
    const char *key = "";

    if (r->difference[0] != '\0')
        return;
    /* The second column is the key, or the first of it. */
    if (sqlite3_column_count(side->stmt) > 1)
        key = hk_stmt_text(side->stmt, 1);
    (void)snprintf(r->difference, sizeof(r->difference), "table %s of %s: row %" PRIu64 " (%s) %s",
        projection->table, tenant->name, stored->rows, key,
        !stored->has_row   ? "is missing"
        : !folded->has_row ? "is not in the entries"
                           : "is not what the entries say");
}

/* Walk one tenant's rows of one table on both sides; the digests run on over the tenants. */
static enum hk_status compare(struct rebuild *r, const struct hk_projection *projection,
    const struct hk_audit_tenant *tenant, struct side *stored, struct side *folded,
    struct hk_error *error)
{
    enum hk_status status = begin_side(stored, r->audit->db, projection->dump, tenant, error);

    if (status == HK_OK)
        status = begin_side(folded, r->scratch, projection->dump, tenant, error);
    while (status == HK_OK) {
        status = next_row(stored, error);
        if (status == HK_OK)
            status = next_row(folded, error);
        if (status != HK_OK || (!stored->has_row && !folded->has_row))
            break;
        if (stored->has_row != folded->has_row ||
            memcmp(stored->digest, folded->digest, sizeof(stored->digest)) != 0) {
            note_difference(r, projection, tenant, stored, folded);
            break;
        }
    }
    (void)sqlite3_finalize(stored->stmt);
    (void)sqlite3_finalize(folded->stmt);
    stored->stmt = NULL;
    folded->stmt = NULL;
    return status;
}

static enum hk_status compare_table(struct rebuild *r, const struct hk_projection *projection,
    struct hk_jw *jw, struct hk_error *error)
{
    struct side stored = {.stmt = NULL};
    struct side folded = {.stmt = NULL};
    char hex[HK_SHA256_HEX_SIZE];
    enum hk_status status = HK_OK;

    hk_buf_init(&stored.row, (size_t)4 * 1024 * 1024);
    hk_buf_init(&folded.row, (size_t)4 * 1024 * 1024);
    for (size_t i = 0; i < r->audit->tenant_count && status == HK_OK; i++)
        status = compare(r, projection, &r->audit->tenants[i], &stored, &folded, error);
    hk_buf_done(&stored.row);
    hk_buf_done(&folded.row);
    hk_hex(stored.digest, sizeof(stored.digest), hex);
    hk_jw_object(jw);
    hk_jw_kv(jw, "table", projection->table);
    hk_jw_kv_i64(jw, "rows", (int64_t)stored.rows);
    hk_jw_kv(jw, "sha256", hex);
    hk_jw_object_end(jw);
    return status;
}

static enum hk_status rebuild(struct rebuild *r, struct hk_jw *jw, struct hk_error *error)
{
    enum hk_status status = hk_store_open_scratch(&r->scratch, error);

    if (status == HK_OK)
        status = hk_fold_new(r->scratch, &r->fold, error);
    if (status == HK_OK)
        status = hk_fold_learn_holes(r->fold, r->audit->db, error);
    if (status == HK_OK)
        status = hk_store_exec(r->scratch, "BEGIN", error);
    for (size_t i = 0; i < r->audit->tenant_count && status == HK_OK; i++)
        status = hk_refold_tenant(
            r->audit->db, r->audit->tenants[i].number, r->fold, check_prev, r, error);
    if (status == HK_OK)
        status = hk_store_exec(r->scratch, "COMMIT", error);
    for (size_t i = 0; i < hk_projections_count && status == HK_OK; i++)
        status = compare_table(r, &hk_projections[i], jw, error);
    hk_fold_free(r->fold);
    (void)sqlite3_close(r->scratch);
    return status;
}

enum hk_status hk_audit_rebuild_check(const struct hk_audit_options *options, struct hk_buf *out,
    bool *ret_ok, struct hk_error *error)
{
    struct hk_audit audit;
    struct rebuild r = {.audit = &audit};
    struct hk_buf tables;
    struct hk_jw jw;
    enum hk_status status;

    hk_buf_init(&tables, out->size_max);
    hk_jw_init(&jw, &tables);
    hk_jw_array(&jw);
    status = hk_audit_begin(options, &audit, error);
    if (status == HK_OK && audit.schema != HK_STORE_SCHEMA)
        status = hk_fail(error, HK_UNSUPPORTED,
            "projections are those of an earlier version (schema %" PRId64
            "); the engine makes them anew when it starts",
            audit.schema);
    if (status == HK_OK)
        status = rebuild(&r, &jw, error);
    hk_jw_array_end(&jw);
    if (status == HK_OK) {
        hk_jw_init(&jw, out);
        hk_jw_object(&jw);
        hk_jw_kv_bool(&jw, "ok", r.difference[0] == '\0');
        hk_jw_key(&jw, "tables");
        hk_jw_raw(&jw, tables.data, tables.size);
        hk_jw_kv(&jw, "difference", r.difference[0] != '\0' ? r.difference : NULL);
        hk_jw_object_end(&jw);
        status = hk_buf_check(out, "audit", error);
    }
    if (status == HK_OK)
        *ret_ok = r.difference[0] == '\0';
    hk_audit_done(&audit);
    hk_buf_done(&tables);
    return status;
}

enum hk_status hk_audit_rebuild(const struct hk_audit_options *options, struct hk_error *error)
{
    const struct hk_store_progress progress = {
        .fn = options->progress, .ctx = options->progress_ctx};
    sqlite3 *db = NULL;
    int lock_fd = -1;
    int64_t schema = 0;
    enum hk_status status = hk_engine_lock(options->data_dir, &lock_fd, error);

    if (status != HK_OK)
        return status;
    /* Is there one? The writer would make it. */
    status = hk_store_open_record(options->data_dir, &db, &schema, error);
    (void)sqlite3_close(db);
    if (status == HK_OK)
        status = hk_store_open_writer(options->data_dir, true, &progress, &db, error);
    if (status == HK_OK)
        (void)sqlite3_close(db);
    (void)close(lock_fd);
    return status;
}
