/*
 * heap: the memory of one Lua state, apart from all other memory. Small blocks are cut from chunks
 * and come back to lists by size; large ones are malloc's. All goes at once with hk_heap_done,
 * which asks no object. For one thread at a time.
 *
 * Why not malloc alone: script threads have low priority while they work for a run that takes long
 * (crew.h). One that is stopped while it holds malloc's lock stops all who share it; a run that
 * asks for small blocks all the time holds it most of the time. And what one run has left behind
 * there, others would tidy up.
 *
 * Blocks aren't put together again: a heap may hold more than is in use, up to held_max.
 */
#ifndef HK_SCRIPT_HEAP_H
#define HK_SCRIPT_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define HK_HEAP_STEP 16    /* sizes of small blocks are multiples of it; so is every address */
#define HK_HEAP_CLASSES 64 /* so a small block has at most 1024 bytes */
#define HK_HEAP_CHUNK (32 * 1024) /* a small run needs one */

struct hk_heap {
    void *lists[HK_HEAP_CLASSES]; /* blocks that came back, by size */
    uint64_t filled;              /* bit i: lists[i] is not empty */
    char *rest;                   /* of the newest chunk: not yet cut */
    size_t rest_size;
    struct hk_heap_chunk *chunks;
    struct hk_heap_large *larges;
    size_t held; /* bytes of chunks and large blocks */
    size_t held_max;
};

void hk_heap_init(struct hk_heap *heap, size_t held_max);
/* Gives all memory back, whatever is in use. */
void hk_heap_done(struct hk_heap *heap);
/* As Lua's allocator: make (old NULL), free (size 0; answers NULL), grow or shrink a block whose
 * size is old_size. NULL when memory or held_max does not allow it; old stays as it is. A block
 * that could not be shrunk may be said to have the smaller size from then on. */
void *hk_heap_resize(struct hk_heap *heap, void *old, size_t old_size, size_t size);

#endif
