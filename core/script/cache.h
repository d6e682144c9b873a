/*
 * cache: compiled texts kept in memory, by version and file name. Only our own compilations get in;
 * bytecode from outside is never loaded. The least recently used go first.
 */
#ifndef HK_SCRIPT_CACHE_H
#define HK_SCRIPT_CACHE_H

#include "base/buf.h"
#include "limits.h"

struct hk_cache_entry {
    char *key;
    char *code;
    size_t size;
    uint64_t used;
};

struct hk_cache {
    struct hk_cache_entry entries[HK_SCRIPT_CACHE_MAX];
    uint64_t clock;
};

/* A zeroed cache is empty. */
void hk_cache_done(struct hk_cache *cache);
/* The code, borrowed until the next put, or NULL. */
const char *hk_cache_find(
    struct hk_cache *cache, const char *version, const char *chunk, size_t *ret_size);
/* Copy code into the cache; when memory is short it is not kept. */
void hk_cache_put(
    struct hk_cache *cache, const char *version, const char *chunk, const char *code, size_t size);

#endif
