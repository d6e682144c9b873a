/*
 * merkle_path: proofs as RFC 9162 defines them, held against the book's recursion and against
 * published ones; a proof that was changed, or is held against another tree, doesn't hold.
 */
#include "ledger/merkle_path.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define LEAVES 130

static uint8_t leaves[LEAVES][HK_SHA256_SIZE];
static uint8_t roots[LEAVES + 1][HK_SHA256_SIZE]; /* over the first n */

/* MTH of RFC 6962, section 2.1, word for word. */
static void root_by_the_book(uint64_t first, uint64_t count, uint8_t ret_root[HK_SHA256_SIZE])
{
    uint8_t bytes[1 + 2 * HK_SHA256_SIZE] = {1};
    uint64_t k = 1;

    if (count == 1) {
        memcpy(ret_root, leaves[first], HK_SHA256_SIZE);
        return;
    }
    while (2 * k < count)
        k *= 2;
    root_by_the_book(first, k, bytes + 1);
    root_by_the_book(first + k, count - k, bytes + 1 + HK_SHA256_SIZE);
    hk_sha256_one(bytes, sizeof(bytes), ret_root);
}

static enum hk_status range(void *ctx, uint64_t first, uint64_t count,
    uint8_t ret_root[HK_SHA256_SIZE], struct hk_error *error)
{
    uint64_t *fails_at = ctx;

    if (fails_at != NULL && first <= *fails_at && *fails_at < first + count)
        return hk_fail(error, HK_CORRUPT, "this one is missing");
    root_by_the_book(first, count, ret_root);
    return HK_OK;
}

static void make_leaves(void)
{
    for (uint64_t i = 0; i < LEAVES; i++)
        hk_merkle_leaf(&i, sizeof(i), leaves[i]);
    for (uint64_t i = 1; i <= LEAVES; i++)
        root_by_the_book(0, i, roots[i]);
}

/* PATH(m, D[n]) of section 2.1.3.1, word for word. */
static void path_by_the_book(
    uint64_t m, uint64_t first, uint64_t n, struct hk_merkle_path *ret_path)
{
    uint64_t k = 1;

    if (n == 1)
        return;
    while (2 * k < n)
        k *= 2;
    if (m < k) {
        path_by_the_book(m, first, k, ret_path);
        root_by_the_book(first + k, n - k, ret_path->hash[ret_path->count++]);
    } else {
        path_by_the_book(m - k, first + k, n - k, ret_path);
        root_by_the_book(first, k, ret_path->hash[ret_path->count++]);
    }
}

/* SUBPROOF(m, D[n], b) of section 2.1.4.1, word for word. */
static void subproof_by_the_book(
    uint64_t m, uint64_t first, uint64_t n, bool b, struct hk_merkle_path *ret_path)
{
    uint64_t k = 1;

    if (m == n) {
        if (!b)
            root_by_the_book(first, m, ret_path->hash[ret_path->count++]);
        return;
    }
    while (2 * k < n)
        k *= 2;
    if (m <= k) {
        subproof_by_the_book(m, first, k, b, ret_path);
        root_by_the_book(first + k, n - k, ret_path->hash[ret_path->count++]);
    } else {
        subproof_by_the_book(m - k, first + k, n - k, false, ret_path);
        root_by_the_book(first, k, ret_path->hash[ret_path->count++]);
    }
}

static bool are_equal(const struct hk_merkle_path *a, const struct hk_merkle_path *b)
{
    return a->count == b->count && memcmp(a->hash, b->hash, a->count * HK_SHA256_SIZE) == 0;
}

static void inclusion_is_that_of_the_book(void)
{
    struct hk_merkle_path path;
    struct hk_merkle_path expected;

    make_leaves();
    for (uint64_t size = 1; size <= LEAVES; size++)
        for (uint64_t leaf = 0; leaf < size; leaf++) {
            bool holds;
            CU_ASSERT_EQUAL(hk_merkle_inclusion(leaf, size, range, NULL, &path, NULL), HK_OK);
            expected.count = 0;
            path_by_the_book(leaf, 0, size, &expected);
            CU_ASSERT_TRUE_FATAL(are_equal(&path, &expected));
            holds = hk_merkle_inclusion_holds(&path, leaf, size, leaves[leaf], roots[size]);
            CU_ASSERT_TRUE(holds);
        }
}

static void consistency_is_that_of_the_book(void)
{
    struct hk_merkle_path path;
    struct hk_merkle_path expected;

    make_leaves();
    for (uint64_t to = 1; to <= LEAVES; to++)
        for (uint64_t from = 1; from <= to; from++) {
            bool holds;
            CU_ASSERT_EQUAL(hk_merkle_consistency(from, to, range, NULL, &path, NULL), HK_OK);
            expected.count = 0;
            subproof_by_the_book(from, 0, to, true, &expected);
            CU_ASSERT_TRUE_FATAL(are_equal(&path, &expected));
            holds = hk_merkle_consistency_holds(&path, from, to, roots[from], roots[to]);
            CU_ASSERT_TRUE(holds);
        }
}

/* The eight leaves by which the logs of certificates are tested, and their known hashes. */
static void paths_are_those_published(void)
{
    static const struct {
        const char *data;
        size_t size;
    } known[] = {{"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2},
        {"\x40\x41\x42\x43", 4}, {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
    static const struct {
        uint64_t leaf; /* or from */
        uint64_t size;
        bool is_consistency;
        const char *hashes[4];
    } cases[] = {
        {0, 1, false, {NULL}},
        {0, 8, false,
            {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {5, 8, false,
            {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2, 3, false, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {1, 5, false,
            {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
        {1, 1, true, {NULL}},
        {1, 8, true,
            {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {6, 8, true,
            {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2, 5, true,
            {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        hk_merkle_leaf(known[i].data, known[i].size, leaves[i]);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hk_merkle_path path;
        char hex[HK_SHA256_HEX_SIZE];
        size_t count = 0;
        enum hk_status status =
            cases[i].is_consistency
                ? hk_merkle_consistency(cases[i].leaf, cases[i].size, range, NULL, &path, NULL)
                : hk_merkle_inclusion(cases[i].leaf, cases[i].size, range, NULL, &path, NULL);

        CU_ASSERT_EQUAL_FATAL(status, HK_OK);
        while (count < COUNT_OF(cases[i].hashes) && cases[i].hashes[count] != NULL)
            count++;
        CU_ASSERT_EQUAL_FATAL(path.count, count);
        for (size_t k = 0; k < count; k++) {
            hk_hex(path.hash[k], HK_SHA256_SIZE, hex);
            CU_ASSERT_STRING_EQUAL(hex, cases[i].hashes[k]);
        }
    }
}

/* Whatever is changed in a proof, or asked of it that it doesn't say, it doesn't hold. */
static void other_proofs_do_not_hold(void)
{
    static const uint8_t zero[HK_SHA256_SIZE];
    struct hk_merkle_path path;

    make_leaves();
    for (uint64_t size = 2; size <= 40; size++)
        for (uint64_t leaf = 0; leaf < size; leaf++) {
            CU_ASSERT_EQUAL(hk_merkle_inclusion(leaf, size, range, NULL, &path, NULL), HK_OK);
            CU_ASSERT_FALSE(
                hk_merkle_inclusion_holds(&path, leaf, size, leaves[leaf], roots[size + 1]));
            CU_ASSERT_FALSE(hk_merkle_inclusion_holds(
                &path, (leaf + 1) % size, size, leaves[leaf], roots[size]));
            CU_ASSERT_FALSE(hk_merkle_inclusion_holds(&path, leaf, size, zero, roots[size]));
            CU_ASSERT_FALSE(
                hk_merkle_inclusion_holds(&path, size, size, leaves[leaf], roots[size]));
            path.hash[leaf % path.count][leaf % HK_SHA256_SIZE] ^= 1;
            CU_ASSERT_FALSE(
                hk_merkle_inclusion_holds(&path, leaf, size, leaves[leaf], roots[size]));
            path.hash[leaf % path.count][leaf % HK_SHA256_SIZE] ^= 1;
            path.count--;
            CU_ASSERT_FALSE(
                hk_merkle_inclusion_holds(&path, leaf, size, leaves[leaf], roots[size]));
            path.count += 2;
            memset(path.hash[path.count - 1], 0, HK_SHA256_SIZE);
            CU_ASSERT_FALSE(
                hk_merkle_inclusion_holds(&path, leaf, size, leaves[leaf], roots[size]));
        }
    for (uint64_t to = 2; to <= 40; to++)
        for (uint64_t from = 1; from < to; from++) {
            CU_ASSERT_EQUAL(hk_merkle_consistency(from, to, range, NULL, &path, NULL), HK_OK);
            CU_ASSERT_FALSE(
                hk_merkle_consistency_holds(&path, from, to, roots[from], roots[to + 1]));
            CU_ASSERT_FALSE(
                hk_merkle_consistency_holds(&path, from, to, roots[from + 1], roots[to]));
            CU_ASSERT_FALSE(hk_merkle_consistency_holds(&path, to, from, roots[from], roots[to]));
            path.hash[from % path.count][from % HK_SHA256_SIZE] ^= 1;
            CU_ASSERT_FALSE(hk_merkle_consistency_holds(&path, from, to, roots[from], roots[to]));
            path.hash[from % path.count][from % HK_SHA256_SIZE] ^= 1;
            path.count--;
            CU_ASSERT_FALSE(hk_merkle_consistency_holds(&path, from, to, roots[from], roots[to]));
        }
}

static void a_range_that_fails_ends_it(void)
{
    struct hk_merkle_path path;
    uint64_t missing = 77;

    make_leaves();
    CU_ASSERT_EQUAL(hk_merkle_inclusion(3, LEAVES, range, &missing, &path, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_merkle_consistency(3, LEAVES, range, &missing, &path, NULL), HK_CORRUPT);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"inclusion is that of the book", inclusion_is_that_of_the_book},
        {"consistency is that of the book", consistency_is_that_of_the_book},
        {"paths are those published", paths_are_those_published},
        {"other proofs do not hold", other_proofs_do_not_hold},
        {"a range that fails ends it", a_range_that_fails_ends_it},
    };
    return suite_run("merkle_path", tests, COUNT_OF(tests));
}
