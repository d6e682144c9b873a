#include "script/heap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* AddressSanitizer is told which bytes are in use; otherwise nobody is. */
#if defined(__SANITIZE_ADDRESS__)
void __asan_poison_memory_region(void const volatile *at, size_t size);
void __asan_unpoison_memory_region(void const volatile *at, size_t size);
#define FORBID(at, size) __asan_poison_memory_region((at), (size))
#define ALLOW(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define FORBID(at, size) ((void)(at), (void)(size))
#define ALLOW(at, size) ((void)(at), (void)(size))
#endif

#define SMALL_MAX ((size_t)HK_HEAP_STEP * HK_HEAP_CLASSES)

struct hk_heap_chunk {
    _Alignas(HK_HEAP_STEP) struct hk_heap_chunk *next;
    _Alignas(HK_HEAP_STEP) char bytes[HK_HEAP_CHUNK - HK_HEAP_STEP];
};

struct hk_heap_large {
    _Alignas(HK_HEAP_STEP) struct hk_heap_large *next;
    struct hk_heap_large **link; /* what points to this one */
    size_t size;                 /* with this header */
    _Alignas(HK_HEAP_STEP) char bytes[];
};

static_assert(sizeof(struct hk_heap_chunk) == HK_HEAP_CHUNK, "a chunk has its size");

void hk_heap_init(struct hk_heap *heap, size_t held_max)
{
    memset(heap, 0, sizeof *heap);
    heap->held_max = held_max;
}

void hk_heap_done(struct hk_heap *heap)
{
    while (heap->chunks != NULL) {
        struct hk_heap_chunk *chunk = heap->chunks;
        heap->chunks = chunk->next;
        ALLOW(chunk, sizeof *chunk);
        free(chunk);
    }
    while (heap->larges != NULL) {
        struct hk_heap_large *large = heap->larges;
        heap->larges = large->next;
        ALLOW(large, large->size);
        free(large);
    }
    hk_heap_init(heap, heap->held_max);
}

static bool admits(const struct hk_heap *heap, size_t size)
{
    return size <= heap->held_max && heap->held <= heap->held_max - size;
}

/* --- small blocks --- */

static size_t class_of(size_t size)
{
    return (size - 1) / HK_HEAP_STEP;
}

static size_t class_size(size_t class)
{
    return (class + 1) * HK_HEAP_STEP;
}

static void push(struct hk_heap *heap, void *block, size_t class)
{
    ALLOW(block, class_size(class));
    memcpy(block, &heap->lists[class], sizeof(void *));
    heap->lists[class] = block;
    heap->filled |= UINT64_C(1) << class;
    FORBID(block, class_size(class));
}

static void *pop(struct hk_heap *heap, size_t class)
{
    void *block = heap->lists[class];

    ALLOW(block, class_size(class));
    memcpy(&heap->lists[class], block, sizeof(void *));
    if (heap->lists[class] == NULL)
        heap->filled &= ~(UINT64_C(1) << class);
    return block;
}

/* Cut what is needed from a larger block that came back; NULL when there is none. */
static void *split(struct hk_heap *heap, size_t class)
{
    uint64_t larger = class + 1 == HK_HEAP_CLASSES ? 0 : heap->filled >> (class + 1);
    size_t from;
    char *block;

    if (larger == 0)
        return NULL;
    from = class + 1 + (size_t)__builtin_ctzll(larger);
    block = pop(heap, from);
    push(heap, block + class_size(class), from - class - 1);
    return block;
}

static bool add_chunk(struct hk_heap *heap)
{
    struct hk_heap_chunk *chunk;

    if (!admits(heap, sizeof *chunk) || (chunk = malloc(sizeof *chunk)) == NULL)
        return false;
    if (heap->rest_size > 0)
        push(heap, heap->rest, class_of(heap->rest_size));
    chunk->next = heap->chunks;
    heap->chunks = chunk;
    heap->held += sizeof *chunk;
    heap->rest = chunk->bytes;
    heap->rest_size = sizeof chunk->bytes;
    FORBID(heap->rest, heap->rest_size);
    return true;
}

static void *cut(struct hk_heap *heap, size_t class)
{
    char *block = heap->rest;

    heap->rest += class_size(class);
    heap->rest_size -= class_size(class);
    return block;
}

static void *take_small(struct hk_heap *heap, size_t size)
{
    size_t class = class_of(size);
    void *block;

    if (heap->lists[class] != NULL)
        block = pop(heap, class);
    else if (heap->rest_size >= class_size(class))
        block = cut(heap, class);
    else if ((block = split(heap, class)) == NULL)
        block = add_chunk(heap) ? cut(heap, class) : NULL;
    if (block != NULL)
        ALLOW(block, size);
    return block;
}

/* --- large blocks --- */

static void *take_large(struct hk_heap *heap, size_t size)
{
    struct hk_heap_large *large;

    if (size > SIZE_MAX - sizeof *large || !admits(heap, size + sizeof *large) ||
        (large = malloc(size + sizeof *large)) == NULL)
        return NULL;
    large->size = size + sizeof *large;
    large->next = heap->larges;
    large->link = &heap->larges;
    if (large->next != NULL)
        large->next->link = &large->next;
    heap->larges = large;
    heap->held += large->size;
    return large->bytes;
}

static void release_large(struct hk_heap *heap, void *block)
{
    struct hk_heap_large *large = (void *)((char *)block - offsetof(struct hk_heap_large, bytes));

    *large->link = large->next;
    if (large->next != NULL)
        large->next->link = large->link;
    heap->held -= large->size;
    free(large);
}

/* --- both --- */

static void *take(struct hk_heap *heap, size_t size)
{
    return size <= SMALL_MAX ? take_small(heap, size) : take_large(heap, size);
}

static void release(struct hk_heap *heap, void *block, size_t size)
{
    if (block == NULL || size == 0)
        return;
    if (size <= SMALL_MAX)
        push(heap, block, class_of(size));
    else
        release_large(heap, block);
}

void *hk_heap_resize(struct hk_heap *heap, void *old, size_t old_size, size_t size)
{
    void *block;

    if (size == 0) {
        release(heap, old, old_size);
        return NULL;
    }
    if (old == NULL)
        return take(heap, size);
    if (old_size <= SMALL_MAX && size <= SMALL_MAX && class_of(old_size) == class_of(size)) {
        FORBID(old, class_size(class_of(size)));
        ALLOW(old, size);
        return old;
    }
    block = take(heap, size);
    if (block == NULL)
        return NULL;
    memcpy(block, old, old_size < size ? old_size : size);
    release(heap, old, old_size);
    return block;
}
