/*
 * merkle: the RFC 6962 tree as a frontier; see merkle.h.
 */
#include "ledger/merkle.h"

#include <assert.h>
#include <string.h>

static const uint8_t leaf_tag = 0x00;
static const uint8_t node_tag = 0x01;

void hk_merkle_init(struct hk_merkle *tree)
{
    memset(tree, 0, sizeof(*tree));
}

void hk_merkle_leaf(const void *data, size_t size, uint8_t ret_hash[HK_SHA256_SIZE])
{
    const struct hk_bytes parts[] = {{&leaf_tag, 1}, {data, size}};

    hk_sha256(parts, 2, ret_hash);
}

void hk_merkle_node(const uint8_t left[HK_SHA256_SIZE], const uint8_t right[HK_SHA256_SIZE],
    uint8_t ret_hash[HK_SHA256_SIZE])
{
    const struct hk_bytes parts[] = {
        {&node_tag, 1}, {left, HK_SHA256_SIZE}, {right, HK_SHA256_SIZE}};

    hk_sha256(parts, 3, ret_hash);
}

/* ret_roots may be NULL. */
static size_t append(struct hk_merkle *tree, unsigned level, const uint8_t root[HK_SHA256_SIZE],
    uint8_t ret_roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE])
{
    uint64_t leaves = UINT64_C(1) << level;
    uint8_t hash[HK_SHA256_SIZE];
    size_t blocks = 0;

    assert(level < HK_MERKLE_LEVELS - 1 && tree->size <= UINT64_MAX - leaves &&
           (tree->size & (leaves - 1)) == 0);
    memcpy(hash, root, sizeof(hash));
    for (;; level++) {
        if (ret_roots != NULL && level > 0 && level % HK_MERKLE_BLOCK_LEVELS == 0)
            memcpy(ret_roots[blocks++], hash, sizeof(hash));
        if ((tree->size >> level & 1) == 0)
            break;
        hk_merkle_node(tree->node[level], hash, hash);
    }
    memcpy(tree->node[level], hash, sizeof(hash));
    tree->size += leaves;
    return blocks;
}

void hk_merkle_append_subtree(
    struct hk_merkle *tree, unsigned level, const uint8_t root[HK_SHA256_SIZE])
{
    (void)append(tree, level, root, NULL);
}

void hk_merkle_append(struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE])
{
    (void)append(tree, 0, leaf, NULL);
}

size_t hk_merkle_append_blocks(struct hk_merkle *tree, const uint8_t leaf[HK_SHA256_SIZE],
    uint8_t ret_roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE])
{
    return append(tree, 0, leaf, ret_roots);
}

void hk_merkle_root(const struct hk_merkle *tree, uint8_t ret_root[HK_SHA256_SIZE])
{
    bool is_first = true;

    if (tree->size == 0) {
        hk_sha256_one("", 0, ret_root);
        return;
    }
    for (unsigned level = 0; level < HK_MERKLE_LEVELS; level++) {
        if ((tree->size >> level & 1) == 0)
            continue;
        if (is_first)
            memcpy(ret_root, tree->node[level], HK_SHA256_SIZE);
        else
            hk_merkle_node(tree->node[level], ret_root, ret_root);
        is_first = false;
    }
}

size_t hk_merkle_pack(const struct hk_merkle *tree, uint8_t ret_packed[HK_MERKLE_PACKED_SIZE_MAX])
{
    size_t size = 0;

    for (unsigned level = 0; level < HK_MERKLE_LEVELS; level++) {
        if ((tree->size >> level & 1) == 0)
            continue;
        memcpy(ret_packed + size, tree->node[level], HK_SHA256_SIZE);
        size += HK_SHA256_SIZE;
    }
    return size;
}

enum hk_status hk_merkle_unpack(
    uint64_t size, const void *packed, size_t packed_size, struct hk_merkle *ret_tree)
{
    const uint8_t *at = packed;

    if (packed_size != (size_t)__builtin_popcountll(size) * HK_SHA256_SIZE)
        return HK_CORRUPT;
    hk_merkle_init(ret_tree);
    ret_tree->size = size;
    for (unsigned level = 0; level < HK_MERKLE_LEVELS; level++) {
        if ((size >> level & 1) == 0)
            continue;
        memcpy(ret_tree->node[level], at, HK_SHA256_SIZE);
        at += HK_SHA256_SIZE;
    }
    return HK_OK;
}
