/*
 * merkle_path: proofs about an RFC 6962 tree, as RFC 9162 defines them (sections 2.1.3 and 2.1.4):
 * that a leaf is in a tree, and that a tree is the beginning of a larger one. Making one asks for
 * the roots of some ranges of leaves; checking one needs nothing but the hashes in it.
 */
#ifndef HK_LEDGER_MERKLE_PATH_H
#define HK_LEDGER_MERKLE_PATH_H

#include "ledger/merkle.h"

/* One hash for each level of the tree, and one more for consistency. */
#define HK_MERKLE_PATH_MAX (HK_MERKLE_LEVELS + 1)

struct hk_merkle_path {
    size_t count;
    uint8_t hash[HK_MERKLE_PATH_MAX][HK_SHA256_SIZE]; /* from the leaf's side to the root's */
};

/* The root over the leaves from first on (MTH of that range): either a complete subtree that is
 * aligned to its own size, or the right edge of the tree from such a place on. */
typedef enum hk_status hk_merkle_range_fn(void *ctx, uint64_t first, uint64_t count,
    uint8_t ret_root[HK_SHA256_SIZE], struct hk_error *error);

/* PATH(leaf, D[size]), leaf < size. Fails as fn does. */
HK_MUST_CHECK enum hk_status hk_merkle_inclusion(uint64_t leaf, uint64_t size,
    hk_merkle_range_fn *fn, void *ctx, struct hk_merkle_path *ret_path, struct hk_error *error);
/* PROOF(from, D[to]), 0 < from <= to; empty when they are the same. */
HK_MUST_CHECK enum hk_status hk_merkle_consistency(uint64_t from, uint64_t to,
    hk_merkle_range_fn *fn, void *ctx, struct hk_merkle_path *ret_path, struct hk_error *error);

/* Section 2.1.3.2: does the leaf with this hash lead to this root? */
bool hk_merkle_inclusion_holds(const struct hk_merkle_path *path, uint64_t leaf, uint64_t size,
    const uint8_t leaf_hash[HK_SHA256_SIZE], const uint8_t root[HK_SHA256_SIZE]);
/* Section 2.1.4.2: is the tree with the first root the beginning of the one with the second? */
bool hk_merkle_consistency_holds(const struct hk_merkle_path *path, uint64_t from, uint64_t to,
    const uint8_t from_root[HK_SHA256_SIZE], const uint8_t to_root[HK_SHA256_SIZE]);

#endif
