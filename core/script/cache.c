#include "script/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool key_matches(const char *key, const char *version, const char *chunk)
{
    size_t size = strlen(version);

    return strncmp(key, version, size) == 0 && key[size] == ' ' &&
           strcmp(key + size + 1, chunk) == 0;
}

static void drop(struct hk_cache_entry *entry)
{
    free(entry->key);
    free(entry->code);
    memset(entry, 0, sizeof *entry);
}

void hk_cache_done(struct hk_cache *cache)
{
    for (size_t i = 0; i < HK_SCRIPT_CACHE_MAX; i++)
        drop(&cache->entries[i]);
}

const char *hk_cache_find(
    struct hk_cache *cache, const char *version, const char *chunk, size_t *ret_size)
{
    for (size_t i = 0; i < HK_SCRIPT_CACHE_MAX; i++) {
        struct hk_cache_entry *entry = &cache->entries[i];
        if (entry->key != NULL && key_matches(entry->key, version, chunk)) {
            entry->used = ++cache->clock;
            *ret_size = entry->size;
            return entry->code;
        }
    }
    return NULL;
}

void hk_cache_put(
    struct hk_cache *cache, const char *version, const char *chunk, const char *code, size_t size)
{
    struct hk_cache_entry *oldest = &cache->entries[0];

    for (size_t i = 1; i < HK_SCRIPT_CACHE_MAX; i++) {
        if (cache->entries[i].used < oldest->used)
            oldest = &cache->entries[i];
    }
    drop(oldest);
    if (asprintf(&oldest->key, "%s %s", version, chunk) < 0)
        oldest->key = NULL;
    oldest->code = malloc(size);
    if (oldest->key == NULL || oldest->code == NULL) {
        drop(oldest);
        return;
    }
    memcpy(oldest->code, code, size);
    oldest->size = size;
    oldest->used = ++cache->clock;
}
