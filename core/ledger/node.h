/*
 * node: the roots of the tree's blocks, the complete aligned subtrees of 2^8, 2^16, 2^24 … leaves,
 * in the table node(tenant, level, idx, hash). They follow from the lines alone; they are kept so
 * that a proof reads some hundred rows of a ledger of any length. One row of 32 bytes and a key
 * for 256 entries, written in the transaction of the entry that completes the block.
 */
#ifndef HK_LEDGER_NODE_H
#define HK_LEDGER_NODE_H

#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/merkle.h"

/* The statement that hk_node_append runs. Finalize it. */
HK_MUST_CHECK enum hk_status hk_node_prepare_put(
    sqlite3 *db, sqlite3_stmt **ret_put, struct hk_error *error);
/* Append a leaf to the tenant's tree, and store the blocks that it completes. */
HK_MUST_CHECK enum hk_status hk_node_append(sqlite3_stmt *put, hk_tenant tenant,
    struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE], struct hk_error *error);

/* Where blocks and lines are read from. */
struct hk_node_source {
    sqlite3 *db;
    hk_tenant tenant;
};

/* Append count leaves from first on to the tree: as the largest blocks that fit, and as lines where
 * none does, or, when by_lines, in any case. Each block must be one of the tree's too: first is
 * where the tree ends, or aligned to the smallest power of two that is not below count. HK_CORRUPT
 * when a line or a block is missing. */
HK_MUST_CHECK enum hk_status hk_node_read(const struct hk_node_source *source, uint64_t first,
    uint64_t count, bool by_lines, struct hk_merkle *tree, struct hk_error *error);
/* The root over those leaves, as hk_merkle_range_fn wants it. */
HK_MUST_CHECK enum hk_status hk_node_range(void *source, uint64_t first, uint64_t count,
    uint8_t ret_root[HK_SHA256_SIZE], struct hk_error *error);

#endif
