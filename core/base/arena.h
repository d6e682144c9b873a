/*
 * arena: memory that is given back all at once. What belongs to one document or one run lives in
 * its arena. Blocks are aligned for any type. An arena declares its ceiling at birth.
 */
#ifndef HK_BASE_ARENA_H
#define HK_BASE_ARENA_H

#include "base/status.h"

struct hk_arena_block;

struct hk_arena {
    struct hk_arena_block *newest;
    size_t used; /* bytes asked of malloc so far */
    size_t size_max;
};

void hk_arena_init(struct hk_arena *arena, size_t size_max);
void hk_arena_done(struct hk_arena *arena);
/* Zeroed memory, or NULL when the ceiling is reached or memory is short. */
HK_MUST_CHECK void *hk_arena_alloc(struct hk_arena *arena, size_t size);
/* A NUL-terminated copy of size bytes, or NULL. */
HK_MUST_CHECK char *hk_arena_copy(struct hk_arena *arena, const char *data, size_t size);

#endif
