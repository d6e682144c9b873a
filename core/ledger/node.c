/*
 * node: the roots of the tree's blocks; see node.h.
 */
#include "ledger/node.h"

#include "ledger/store.h"

#include <inttypes.h>
#include <string.h>

enum hk_status hk_node_prepare_put(sqlite3 *db, sqlite3_stmt **ret_put, struct hk_error *error)
{
    return hk_stmt_prepare(
        db, "INSERT INTO node(tenant, level, idx, hash) VALUES(?1, ?2, ?3, ?4)", ret_put, error);
}

enum hk_status hk_node_append(sqlite3_stmt *put, hk_tenant tenant, struct hk_merkle *tree,
    const uint8_t leaf[HK_SHA256_SIZE], struct hk_error *error)
{
    uint8_t roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE];
    size_t count = hk_merkle_append_blocks(tree, leaf, roots);
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < count && status == HK_OK; i++) {
        unsigned level = (unsigned)(i + 1) * HK_MERKLE_BLOCK_LEVELS;
        bool has_row;

        status = hk_stmt_bind(put, error, "iiib", (int64_t)tenant, (int64_t)level,
            (int64_t)((tree->size >> level) - 1), roots[i], (size_t)HK_SHA256_SIZE);
        if (status == HK_OK)
            status = hk_stmt_step(put, &has_row, error);
        hk_stmt_reset(put);
    }
    return status;
}

/* The largest level of blocks of which one begins at a place and fits what is left; 0: lines. */
static unsigned level_at(uint64_t at, uint64_t left)
{
    unsigned level = 0;

    while (level + HK_MERKLE_BLOCK_LEVELS < HK_MERKLE_LEVELS - 1) {
        uint64_t leaves = UINT64_C(1) << (level + HK_MERKLE_BLOCK_LEVELS);

        if ((at & (leaves - 1)) != 0 || leaves > left)
            break;
        level += HK_MERKLE_BLOCK_LEVELS;
    }
    return level;
}

/* How many pieces of that level can be read in one go, before larger ones begin or it ends. */
static uint64_t pieces_at(uint64_t at, uint64_t left, unsigned level)
{
    const uint64_t per_next = UINT64_C(1) << HK_MERKLE_BLOCK_LEVELS;
    uint64_t in_next = per_next - (at >> level) % per_next;
    uint64_t whole = left >> level;

    return in_next < whole ? in_next : whole;
}

/* Append count pieces of a level to the tree; they begin at a leaf of the ledger. */
static enum hk_status read_pieces(const struct hk_node_source *source, unsigned level, uint64_t at,
    uint64_t count, struct hk_merkle *tree, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    uint64_t found = 0;
    enum hk_status status = hk_stmt_prepare(source->db,
        level == 0 ? "SELECT line FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos"
                   : "SELECT hash FROM node WHERE tenant = ?1 AND level = ?2 AND idx >= ?3"
                     " AND idx < ?4 ORDER BY idx",
        &stmt, error);

    if (status == HK_OK && level == 0)
        status = hk_stmt_bind(
            stmt, error, "ii", HK_POS(source->tenant, at), HK_POS(source->tenant, at + count));
    else if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iiii", (int64_t)source->tenant, (int64_t)level,
            (int64_t)(at >> level), (int64_t)((at >> level) + count));
    while (status == HK_OK) {
        uint8_t hash[HK_SHA256_SIZE];

        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        if (level == 0)
            hk_merkle_leaf(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), hash);
        else if (hk_stmt_size(stmt, 0) == HK_SHA256_SIZE)
            memcpy(hash, hk_stmt_blob(stmt, 0), sizeof(hash));
        else
            break;
        hk_merkle_append_subtree(tree, level, hash);
        found++;
    }
    hk_stmt_free(stmt);
    if (status == HK_OK && found != count)
        status = hk_fail(error, HK_CORRUPT,
            "ledger: something is missing from number %" PRIu64 " on; see `hikeshi audit verify`",
            at + (found << level));
    return status;
}

enum hk_status hk_node_read(const struct hk_node_source *source, uint64_t first, uint64_t count,
    bool by_lines, struct hk_merkle *tree, struct hk_error *error)
{
    uint64_t end = first + count;
    enum hk_status status = HK_OK;

    for (uint64_t at = first; at < end && status == HK_OK;) {
        unsigned level = by_lines ? 0 : level_at(at, end - at);
        uint64_t pieces = by_lines ? end - at : pieces_at(at, end - at, level);

        status = read_pieces(source, level, at, pieces, tree, error);
        at += pieces << level;
    }
    return status;
}

enum hk_status hk_node_range(void *source, uint64_t first, uint64_t count,
    uint8_t ret_root[HK_SHA256_SIZE], struct hk_error *error)
{
    struct hk_merkle tree;
    enum hk_status status;

    hk_merkle_init(&tree);
    status = hk_node_read(source, first, count, false, &tree, error);
    if (status == HK_OK)
        hk_merkle_root(&tree, ret_root);
    return status;
}
