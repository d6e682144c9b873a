/*
 * node: the roots of the tree's blocks; see node.h.
 */
#include "ledger/node.h"

#include "ledger/store.h"

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
        (void)sqlite3_reset(put);
    }
    return status;
}
