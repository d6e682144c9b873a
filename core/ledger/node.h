/*
 * node: the roots of the tree's blocks, the complete aligned subtrees of 2^8, 2^16, 2^24 … leaves,
 * in the table node(tenant, level, idx, hash). They follow from the lines alone; they are kept so
 * that a proof reads some hundred rows of a ledger of any length. One row of 32 bytes and a key
 * for 256 entries, written in the transaction of the entry that completes the block.
 */
#ifndef HK_LEDGER_NODE_H
#define HK_LEDGER_NODE_H

#include "ledger/ledger.h"
#include "ledger/merkle.h"

#include <sqlite3.h>

/* The statement that hk_node_append runs. Finalize it. */
HK_MUST_CHECK enum hk_status hk_node_prepare_put(
    sqlite3 *db, sqlite3_stmt **ret_put, struct hk_error *error);
/* Append a leaf to the tenant's tree, and store the blocks that it completes. */
HK_MUST_CHECK enum hk_status hk_node_append(sqlite3_stmt *put, hk_tenant tenant,
    struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE], struct hk_error *error);

/* The root over count leaves from first on, read from the largest blocks that fit and from lines
 * where none does. As hk_merkle_range_fn wants it: first is aligned to the smallest power of two
 * that is not below count. HK_CORRUPT when a line or a block is missing. */
struct hk_node_source {
    sqlite3 *db;
    hk_tenant tenant;
};
HK_MUST_CHECK enum hk_status hk_node_range(void *source, uint64_t first, uint64_t count,
    uint8_t ret_root[HK_SHA256_SIZE], struct hk_error *error);

#endif
