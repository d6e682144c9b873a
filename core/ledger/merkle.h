/*
 * merkle: the RFC 6962 tree over a tenant's entry lines, kept as its frontier: the roots of the
 * complete subtrees that the leaves so far make up, one per set bit of the size. Appending costs
 * one hash on average; nothing but the frontier is kept.
 */
#ifndef HK_LEDGER_MERKLE_H
#define HK_LEDGER_MERKLE_H

#include "base/digest.h"

#define HK_MERKLE_LEVELS 64
#define HK_MERKLE_PACKED_SIZE_MAX (HK_MERKLE_LEVELS * HK_SHA256_SIZE)
/* Subtrees of 2^8, 2^16, 2^24 … leaves are the blocks whose roots are kept; see node.h. */
#define HK_MERKLE_BLOCK_LEVELS 8
#define HK_MERKLE_BLOCKS_MAX (HK_MERKLE_LEVELS / HK_MERKLE_BLOCK_LEVELS)

struct hk_merkle {
    uint64_t size; /* leaves */
    uint8_t node[HK_MERKLE_LEVELS]
                [HK_SHA256_SIZE]; /* level n is in use when bit n of size is set */
};

void hk_merkle_init(struct hk_merkle *tree);
/* SHA-256(0x00 ‖ data) */
void hk_merkle_leaf(const void *data, size_t size, uint8_t ret_hash[HK_SHA256_SIZE]);
/* SHA-256(0x01 ‖ left ‖ right); ret_hash may be one of them. */
void hk_merkle_node(const uint8_t left[HK_SHA256_SIZE], const uint8_t right[HK_SHA256_SIZE],
    uint8_t ret_hash[HK_SHA256_SIZE]);
void hk_merkle_append(struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE]);
/* The same, and the roots of the blocks that the leaf completes, the smallest first. Returns how
 * many; the last block of 2^level leaves is number (size >> level) - 1. */
size_t hk_merkle_append_blocks(struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE],
    uint8_t ret_roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE]);
/* Append the root of a complete subtree of 2^level leaves; the tree must end where one may begin.
 */
void hk_merkle_append_subtree(
    struct hk_merkle *tree, unsigned level, const uint8_t root[HK_SHA256_SIZE]);
/* The root over all leaves; SHA-256 of nothing for an empty tree. */
void hk_merkle_root(const struct hk_merkle *tree, uint8_t ret_root[HK_SHA256_SIZE]);
/* The nodes in use, lowest first, for storing; returns their bytes. */
size_t hk_merkle_pack(const struct hk_merkle *tree, uint8_t ret_packed[HK_MERKLE_PACKED_SIZE_MAX]);
/* HK_CORRUPT when packed is not what a tree of this size has. */
HK_MUST_CHECK enum hk_status hk_merkle_unpack(
    uint64_t size, const void *packed, size_t packed_size, struct hk_merkle *ret_tree);

#endif
