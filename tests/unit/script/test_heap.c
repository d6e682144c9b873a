/* The memory of a Lua state: blocks keep what is in them, never overlap, and are bounded. */
#include "helper.h"

#include "script/heap.h"

#define BLOCKS 2000
#define TURNS 200000

struct block {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};

static uint32_t next_number(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Mostly small, at and around each border, now and then large. */
static size_t any_size(uint32_t *state)
{
    uint32_t kind = next_number(state) % 16;

    if (kind == 0)
        return next_number(state) % 20000 + 1;
    if (kind == 1)
        return (size_t)HK_HEAP_STEP * HK_HEAP_CLASSES - 2 + next_number(state) % 5;
    if (kind < 6)
        return next_number(state) % 1024 + 1;
    return next_number(state) % 120 + 1;
}

static bool holds(const struct block *block, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (block->at[i] != block->mark)
            return false;
    }
    return true;
}

static void resize(struct hk_heap *heap, struct block *block, size_t size, unsigned char mark)
{
    size_t kept = block->size < size ? block->size : size;
    unsigned char *at;

    if (block->at != NULL && !holds(block, block->size))
        CU_FAIL("another block wrote into this one");
    at = hk_heap_resize(heap, block->at, block->size, size);
    if (at == NULL && size > 0)
        return; /* held_max */
    block->at = at;
    block->size = size;
    if (at == NULL)
        return;
    if (!holds(block, kept))
        CU_FAIL("the block lost what was in it");
    if ((uintptr_t)at % HK_HEAP_STEP != 0)
        CU_FAIL("the block is not aligned");
    block->mark = mark;
    memset(at, mark, size);
}

static void churn(size_t held_max, uint32_t state)
{
    static struct block blocks[BLOCKS];
    struct hk_heap heap;
    size_t held = 0;

    memset(blocks, 0, sizeof blocks);
    hk_heap_init(&heap, held_max);
    for (unsigned i = 0; i < TURNS; i++) {
        struct block *block = &blocks[next_number(&state) % BLOCKS];
        size_t size = next_number(&state) % 3 == 0 ? 0 : any_size(&state);
        resize(&heap, block, size, (unsigned char)next_number(&state));
        held = heap.held > held ? heap.held : held;
    }
    for (unsigned i = 0; i < BLOCKS; i += 2)
        resize(&heap, &blocks[i], 0, 0);
    CU_ASSERT(held <= held_max);
    hk_heap_done(&heap); /* with the others in use */
    CU_ASSERT_EQUAL(heap.held, 0);
}

static void test_churn(void)
{
    churn((size_t)64 * 1024 * 1024, 1);
    churn((size_t)64 * 1024 * 1024, 20261122);
    churn((size_t)256 * 1024, 3); /* most of it is refused */
    churn(0, 4);
}

/* What came back is used again, whole or cut, before more is taken. */
static void test_reuse(void)
{
    struct hk_heap heap;
    char *blocks[100];
    size_t held;

    hk_heap_init(&heap, (size_t)1024 * 1024);
    for (unsigned i = 0; i < 100; i++) {
        blocks[i] = hk_heap_resize(&heap, NULL, 0, 1024);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
    }
    held = heap.held;
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_PTR_NULL(hk_heap_resize(&heap, blocks[i], 1024, 0));
    for (unsigned i = 0; i < 6000; i++)
        CU_ASSERT_PTR_NOT_NULL(hk_heap_resize(&heap, NULL, 0, i % 16 + 1));
    CU_ASSERT_EQUAL(heap.held, held);
    CU_ASSERT_PTR_NULL(hk_heap_resize(&heap, NULL, 0, (size_t)1024 * 1024));
    CU_ASSERT_PTR_NULL(hk_heap_resize(&heap, NULL, 0, SIZE_MAX));
    hk_heap_done(&heap);
    hk_heap_done(&heap);
}

/* A block that could not be shrunk, since nothing smaller is left, is given back as the smaller one
 * that it is said to be. */
static void test_shrink_refused(void)
{
    struct hk_heap heap;
    char *large;
    char *again;

    hk_heap_init(&heap, 8192);
    large = hk_heap_resize(&heap, NULL, 0, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    memset(large, 'x', 5000);
    CU_ASSERT_PTR_NULL(hk_heap_resize(&heap, large, 5000, 100)); /* no room for a chunk */
    CU_ASSERT_EQUAL(large[99], 'x');
    CU_ASSERT_PTR_NULL(hk_heap_resize(&heap, large, 100, 0));
    again = hk_heap_resize(&heap, NULL, 0, 100);
    CU_ASSERT_PTR_EQUAL(again, large);
    hk_heap_done(&heap);
}

static CU_TestInfo tests[] = {
    {"blocks come and go", test_churn},
    {"what came back is used again", test_reuse},
    {"a block can't be shrunk", test_shrink_refused},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("heap", tests)
