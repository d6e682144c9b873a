/*
 * merkle_path: proofs about a tree; see merkle_path.h.
 */
#include "ledger/merkle_path.h"

#include <assert.h>
#include <string.h>

/* The largest power of two that is less than size; size is at least 2. */
static uint64_t split(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* The book's recursion names the hash next to the root first; a proof lists it last. */
static void turn_round(struct hk_merkle_path *path)
{
    for (size_t i = 0, k = path->count; i + 1 < k; i++) {
        uint8_t hash[HK_SHA256_SIZE];

        k--;
        memcpy(hash, path->hash[i], sizeof(hash));
        memcpy(path->hash[i], path->hash[k], sizeof(hash));
        memcpy(path->hash[k], hash, sizeof(hash));
    }
}

enum hk_status hk_merkle_inclusion(uint64_t leaf, uint64_t size, hk_merkle_range_fn *fn, void *ctx,
    struct hk_merkle_path *ret_path, struct hk_error *error)
{
    uint64_t first = 0;
    enum hk_status status = HK_OK;

    assert(leaf < size);
    ret_path->count = 0;
    while (size > 1 && status == HK_OK) {
        uint64_t k = split(size);
        uint8_t *hash = ret_path->hash[ret_path->count++];

        if (leaf < k) {
            status = fn(ctx, first + k, size - k, hash, error);
            size = k;
        } else {
            status = fn(ctx, first, k, hash, error);
            first += k;
            leaf -= k;
            size -= k;
        }
    }
    turn_round(ret_path);
    return status;
}

enum hk_status hk_merkle_consistency(uint64_t from, uint64_t to, hk_merkle_range_fn *fn, void *ctx,
    struct hk_merkle_path *ret_path, struct hk_error *error)
{
    uint64_t first = 0;
    bool is_whole = true; /* the root over from leaves is known to whoever checks */
    enum hk_status status = HK_OK;

    assert(from > 0 && from <= to);
    ret_path->count = 0;
    while (from < to && status == HK_OK) {
        uint64_t k = split(to);
        uint8_t *hash = ret_path->hash[ret_path->count++];

        if (from <= k) {
            status = fn(ctx, first + k, to - k, hash, error);
            to = k;
        } else {
            status = fn(ctx, first, k, hash, error);
            first += k;
            from -= k;
            to -= k;
            is_whole = false;
        }
    }
    if (status == HK_OK && !is_whole)
        status = fn(ctx, first, from, ret_path->hash[ret_path->count++], error);
    turn_round(ret_path);
    return status;
}

bool hk_merkle_inclusion_holds(const struct hk_merkle_path *path, uint64_t leaf, uint64_t size,
    const uint8_t leaf_hash[HK_SHA256_SIZE], const uint8_t root[HK_SHA256_SIZE])
{
    uint8_t hash[HK_SHA256_SIZE];
    uint64_t last = size - 1;

    if (leaf >= size)
        return false;
    memcpy(hash, leaf_hash, sizeof(hash));
    for (size_t i = 0; i < path->count; i++) {
        if (last == 0)
            return false;
        if ((leaf & 1) != 0 || leaf == last) {
            hk_merkle_node(path->hash[i], hash, hash);
            while ((leaf & 1) == 0 && leaf != 0) {
                leaf >>= 1;
                last >>= 1;
            }
        } else {
            hk_merkle_node(hash, path->hash[i], hash);
        }
        leaf >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, sizeof(hash)) == 0;
}

bool hk_merkle_consistency_holds(const struct hk_merkle_path *path, uint64_t from, uint64_t to,
    const uint8_t from_root[HK_SHA256_SIZE], const uint8_t to_root[HK_SHA256_SIZE])
{
    bool is_whole = (from & (from - 1)) == 0; /* the old root is a node of the new tree */
    uint64_t at = from - 1;
    uint64_t last = to - 1;
    uint8_t old[HK_SHA256_SIZE];
    uint8_t new[HK_SHA256_SIZE];

    if (from == 0 || from > to)
        return false;
    if (from == to)
        return path->count == 0 && memcmp(from_root, to_root, HK_SHA256_SIZE) == 0;
    if (path->count == 0)
        return false;
    for (; (at & 1) != 0; at >>= 1)
        last >>= 1;
    memcpy(old, is_whole ? from_root : path->hash[0], sizeof(old));
    memcpy(new, old, sizeof(new));
    for (size_t i = is_whole ? 0 : 1; i < path->count; i++) {
        if (last == 0)
            return false;
        if ((at & 1) != 0 || at == last) {
            hk_merkle_node(path->hash[i], old, old);
            hk_merkle_node(path->hash[i], new, new);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hk_merkle_node(new, path->hash[i], new);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old, from_root, sizeof(old)) == 0 &&
           memcmp(new, to_root, sizeof(new)) == 0;
}
