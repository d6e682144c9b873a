/*
 * migrate: bring a ledger to this schema; see migrate.h.
 */
#include "ledger/migrate.h"

#include "base/crashpoint.h"
#include "ledger/node.h"
#include "ledger/refold.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_ENTRIES 4096

struct migration {
    sqlite3 *db;
    const struct hk_store_progress *progress; /* or NULL */
    struct hk_fold *fold;
    sqlite3_stmt *put_node;
    hk_tenant tenant;
    struct hk_merkle tree; /* of that tenant */
    uint64_t done;
    uint64_t total;
};

static enum hk_status drop_projections(struct migration *m, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    char sql[96];

    for (size_t i = 0; i < hk_projections_count && status == HK_OK; i++) {
        (void)snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS %s", hk_projections[i].table);
        status = hk_store_exec(m->db, sql, error);
    }
    return status;
}

/* The guards too are made anew: those of an earlier version may be others. */
static enum hk_status make_tables(struct migration *m, struct hk_error *error)
{
    char sql[96];
    enum hk_status status = drop_projections(m, error);

    if (status == HK_OK)
        status = hk_store_exec(m->db,
            "DROP TRIGGER IF EXISTS entry_is_not_changed;"
            "DROP TRIGGER IF EXISTS entry_is_not_deleted;"
            "DROP TRIGGER IF EXISTS checkpoint_is_not_changed;"
            "DROP TRIGGER IF EXISTS checkpoint_is_not_deleted;"
            "DROP TABLE IF EXISTS node;",
            error);
    if (status == HK_OK)
        status = hk_store_exec(m->db, hk_record_schema, error);
    if (status == HK_OK)
        status = hk_store_exec(m->db, hk_project_schema, error);
    (void)snprintf(
        sql, sizeof(sql), "UPDATE meta SET value = %d WHERE name = 'schema'", HK_STORE_SCHEMA);
    if (status == HK_OK)
        status = hk_store_exec(m->db, sql, error);
    return status;
}

/* Of each entry before it is folded: its place in the tree. */
static enum hk_status take_entry(void *ctx, const struct hk_refold_row *row, struct hk_error *error)
{
    struct migration *m = ctx;
    uint8_t leaf[HK_SHA256_SIZE];

    hk_merkle_leaf(row->line, row->line_size, leaf);
    m->done++;
    if (m->progress != NULL && m->progress->fn != NULL && m->done % PROGRESS_ENTRIES == 0)
        m->progress->fn(m->progress->ctx, m->done, m->total);
    return hk_node_append(m->put_node, m->tenant, &m->tree, leaf, error);
}

/* The tree over the lines must be the one that was stored with them. */
static enum hk_status check_tree(const struct migration *m, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    uint8_t packed[HK_MERKLE_PACKED_SIZE_MAX];
    size_t size = hk_merkle_pack(&m->tree, packed);
    enum hk_status status =
        hk_stmt_prepare(m->db, "SELECT size, frontier FROM tree WHERE tenant = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)m->tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK &&
        (!has_row || (uint64_t)hk_stmt_i64(stmt, 0) != m->tree.size ||
            hk_stmt_size(stmt, 1) != size || memcmp(hk_stmt_blob(stmt, 1), packed, size) != 0))
        status = hk_fail(error, HK_CORRUPT,
            "ledger: the %" PRIu64 " entries of tenant %u are not those that its tree was made of;"
            " see `hikeshi audit verify`",
            m->tree.size, m->tenant);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status fold_tenants(struct migration *m, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(m->db, HK_STORE_TENANTS_SQL, &stmt, error);

    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        m->tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_merkle_init(&m->tree);
        status = hk_refold_tenant(m->db, m->tenant, m->fold, take_entry, m, error);
        if (status == HK_OK)
            status = check_tree(m, error);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status count_entries(struct migration *m, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    /* For progress only, so that the tree rows are good enough. */
    enum hk_status status = hk_stmt_prepare(m->db, "SELECT sum(size) FROM tree", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        m->total = (uint64_t)hk_stmt_i64(stmt, 0);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status run(struct migration *m, struct hk_error *error)
{
    enum hk_status status = count_entries(m, error);

    if (status == HK_OK)
        status = make_tables(m, error);
    if (status == HK_OK)
        status = hk_fold_new(m->db, &m->fold, error);
    if (status == HK_OK)
        status = hk_fold_learn_holes(m->fold, m->db, error);
    if (status == HK_OK)
        status = hk_node_prepare_put(m->db, &m->put_node, error);
    if (status == HK_OK)
        status = fold_tenants(m, error);
    hk_fold_free(m->fold);
    hk_stmt_free(m->put_node);
    return status;
}

enum hk_status hk_migrate(
    sqlite3 *db, const struct hk_store_progress *progress, struct hk_error *error)
{
    struct migration m = {.db = db, .progress = progress};
    /* More memory while it lasts: every page of the projections is written to many times. */
    enum hk_status status = hk_store_exec(db, "PRAGMA cache_size = -65536; BEGIN IMMEDIATE", error);

    if (status != HK_OK)
        return status;
    status = run(&m, error);
    if (status == HK_OK) {
        hk_crashpoint("ledger.before_migrated");
        status = hk_store_exec(db, "COMMIT", error);
    }
    if (status != HK_OK) {
        hk_db_rollback(db);
        return status;
    }
    /* The log holds all projections now. A reader that is open lets it wait, which is no error. */
    status = hk_store_exec(db, "PRAGMA cache_size = -2048; PRAGMA wal_checkpoint(TRUNCATE)", error);
    /* The engine that goes on with this ledger runs for months: what it doesn't need goes back. */
    hk_db_release_memory(db);
    (void)malloc_trim(0);
    return status;
}
