/*
 * merkle: roots as RFC 6962 defines them, by the book and by published vectors; packing.
 */
#include "ledger/merkle.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define SIZE_MAX_TESTED 300

/* MTH of RFC 6962, section 2.1, word for word. */
static void root_by_the_book(
    const uint8_t leaves[][HK_SHA256_SIZE], size_t count, uint8_t ret_root[HK_SHA256_SIZE])
{
    uint8_t bytes[1 + 2 * HK_SHA256_SIZE] = {1};
    size_t k = 1;

    if (count == 0) {
        hk_sha256_one("", 0, ret_root);
        return;
    }
    if (count == 1) {
        memcpy(ret_root, leaves[0], HK_SHA256_SIZE);
        return;
    }
    while (2 * k < count)
        k *= 2;
    root_by_the_book(leaves, k, bytes + 1);
    root_by_the_book(leaves + k, count - k, bytes + 1 + HK_SHA256_SIZE);
    hk_sha256_one(bytes, sizeof(bytes), ret_root);
}

static void roots_are_those_of_the_book(void)
{
    static uint8_t leaves[SIZE_MAX_TESTED][HK_SHA256_SIZE];
    struct hk_merkle tree;

    hk_merkle_init(&tree);
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        uint8_t root[HK_SHA256_SIZE];
        uint8_t expected[HK_SHA256_SIZE];
        char text[32];

        hk_merkle_root(&tree, root);
        root_by_the_book(leaves, size, expected);
        CU_ASSERT_EQUAL(memcmp(root, expected, sizeof(root)), 0);
        if (size == SIZE_MAX_TESTED)
            break;
        (void)snprintf(text, sizeof(text), "leaf %zu", size);
        hk_merkle_leaf(text, strlen(text), leaves[size]);
        hk_merkle_append(&tree, leaves[size]);
    }
}

/* Each block's root, when its last leaf comes, is the root of its leaves alone. */
static void blocks_are_told_when_complete(void)
{
    struct hk_merkle tree;
    struct hk_merkle small; /* over the leaves since the last block of 2^8 */
    struct hk_merkle large; /* … of 2^16 */
    size_t told = 0;

    hk_merkle_init(&tree);
    hk_merkle_init(&small);
    hk_merkle_init(&large);
    for (uint64_t n = 1; n <= 2 * 65536 + 300; n++) {
        uint8_t roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE];
        uint8_t expected[HK_SHA256_SIZE];
        uint8_t leaf[HK_SHA256_SIZE];
        size_t count;

        hk_merkle_leaf(&n, sizeof(n), leaf);
        hk_merkle_append(&small, leaf);
        hk_merkle_append(&large, leaf);
        count = hk_merkle_append_blocks(&tree, leaf, roots);
        told += count;
        CU_ASSERT_EQUAL_FATAL(count, n % 65536 == 0 ? 2 : n % 256 == 0);
        if (count > 0) {
            hk_merkle_root(&small, expected);
            CU_ASSERT_EQUAL(memcmp(roots[0], expected, sizeof(expected)), 0);
            hk_merkle_init(&small);
        }
        if (count > 1) {
            hk_merkle_root(&large, expected);
            CU_ASSERT_EQUAL(memcmp(roots[1], expected, sizeof(expected)), 0);
            hk_merkle_init(&large);
        }
    }
    CU_ASSERT_EQUAL(told, 513 + 2);
}

static void roots_are_those_published(void)
{
    static const struct {
        const char *leaf;
        size_t size;
        const char *root;
    } steps[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct hk_merkle tree;

    hk_merkle_init(&tree);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint8_t hash[HK_SHA256_SIZE];
        char hex[HK_SHA256_HEX_SIZE];

        hk_merkle_leaf(steps[i].leaf, steps[i].size, hash);
        hk_merkle_append(&tree, hash);
        hk_merkle_root(&tree, hash);
        hk_hex(hash, sizeof(hash), hex);
        CU_ASSERT_STRING_EQUAL(hex, steps[i].root);
    }
}

static void frontiers_pack_and_unpack(void)
{
    struct hk_merkle tree;
    struct hk_merkle back;
    uint8_t packed[HK_MERKLE_PACKED_SIZE_MAX];
    uint8_t leaf[HK_SHA256_SIZE] = {7};

    hk_merkle_init(&tree);
    for (int i = 0; i < 77; i++) {
        uint8_t a[HK_SHA256_SIZE];
        uint8_t b[HK_SHA256_SIZE];
        size_t size = hk_merkle_pack(&tree, packed);

        CU_ASSERT_EQUAL(hk_merkle_unpack(tree.size, packed, size, &back), HK_OK);
        hk_merkle_root(&tree, a);
        hk_merkle_root(&back, b);
        CU_ASSERT_EQUAL(memcmp(a, b, sizeof(a)), 0);
        CU_ASSERT_EQUAL(hk_merkle_unpack(tree.size, packed, size + 1, &back), HK_CORRUPT);
        hk_merkle_append(&tree, leaf);
    }
    CU_ASSERT_EQUAL(hk_merkle_unpack(UINT64_MAX, packed, 0, &back), HK_CORRUPT);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"roots are those of the book", roots_are_those_of_the_book},
        {"blocks are told when complete", blocks_are_told_when_complete},
        {"roots are those published", roots_are_those_published},
        {"frontiers pack and unpack", frontiers_pack_and_unpack},
    };
    return suite_run("merkle", tests, COUNT_OF(tests));
}
