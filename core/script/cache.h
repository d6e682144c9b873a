/*
 * cache: compiled texts kept in memory, by version and file name. Only our own compilations get in;
 * bytecode from outside is never loaded. The least recently used go first. All of it is for one
 * thread at a time; what a held code says may be read on any.
 */
#ifndef HK_SCRIPT_CACHE_H
#define HK_SCRIPT_CACHE_H

#include "base/buf.h"
#include "limits.h"

struct hk_code {
    unsigned holders; /* the cache is one of them */
    size_t size;
    char bytes[];
};

struct hk_cache_entry {
    char *key;
    struct hk_code *code;
    uint64_t used;
};

struct hk_cache {
    struct hk_cache_entry entries[HK_SCRIPT_CACHE_MAX];
    uint64_t clock;
};

/* A zeroed cache is empty. */
void hk_cache_done(struct hk_cache *cache);
/* The code, held until hk_code_release, or NULL. */
struct hk_code *hk_cache_hold(struct hk_cache *cache, const char *version, const char *chunk);
/* Also after hk_cache_done; NULL is fine. */
void hk_code_release(struct hk_code *code);
/* Copy code into the cache, unless it is there; when memory is short it is not kept. */
void hk_cache_put(
    struct hk_cache *cache, const char *version, const char *chunk, const char *code, size_t size);

#endif
