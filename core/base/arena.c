/*
 * arena: blocks that grow with what was asked for so far, so that a small owner costs little and a
 * large one few calls of malloc.
 */
#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE_MIN 1024
#define BLOCK_SIZE_MAX 65536
#define ALIGNMENT _Alignof(max_align_t)

struct hk_arena_block {
    struct hk_arena_block *older;
    size_t used;
    size_t capacity; /* bytes in data */
    max_align_t data[];
};

#define HEAD_SIZE offsetof(struct hk_arena_block, data)

void hk_arena_init(struct hk_arena *arena, size_t size_max)
{
    arena->newest = NULL;
    arena->used = 0;
    arena->size_max = size_max;
}

void hk_arena_done(struct hk_arena *arena)
{
    struct hk_arena_block *block = arena->newest;

    while (block != NULL) {
        struct hk_arena_block *older = block->older;
        free(block);
        block = older;
    }
    hk_arena_init(arena, arena->size_max);
}

/* What the next block should hold when size bytes are wanted; 0 when the ceiling forbids it. */
static size_t next_capacity(const struct hk_arena *arena, size_t size)
{
    size_t left = arena->size_max - arena->used;
    size_t capacity = arena->used;

    if (left < HEAD_SIZE || size > left - HEAD_SIZE)
        return 0;
    if (capacity < BLOCK_SIZE_MIN)
        capacity = BLOCK_SIZE_MIN;
    if (capacity > BLOCK_SIZE_MAX)
        capacity = BLOCK_SIZE_MAX;
    if (capacity > left - HEAD_SIZE)
        capacity = left - HEAD_SIZE;
    return capacity > size ? capacity : size;
}

static struct hk_arena_block *add_block(struct hk_arena *arena, size_t size)
{
    size_t capacity = next_capacity(arena, size);
    struct hk_arena_block *block;

    if (capacity == 0)
        return NULL;
    block = malloc(HEAD_SIZE + capacity);
    if (block == NULL)
        return NULL;
    block->used = 0;
    block->capacity = capacity;
    arena->used += HEAD_SIZE + capacity;
    if (capacity == size && arena->newest != NULL) {
        /* Made to measure: what is left in the newest block stays in use. */
        block->older = arena->newest->older;
        arena->newest->older = block;
    } else {
        block->older = arena->newest;
        arena->newest = block;
    }
    return block;
}

/* Aligned memory as it comes. */
static void *take(struct hk_arena *arena, size_t size)
{
    struct hk_arena_block *block = arena->newest;
    char *data;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (block == NULL || size > block->capacity - block->used)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;
    data = (char *)block->data + block->used;
    block->used += size;
    return data;
}

void *hk_arena_alloc(struct hk_arena *arena, size_t size)
{
    void *data = take(arena, size);

    if (data != NULL)
        memset(data, 0, size);
    return data;
}

char *hk_arena_copy(struct hk_arena *arena, const char *data, size_t size)
{
    char *copy = size < SIZE_MAX ? take(arena, size + 1) : NULL;

    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}
