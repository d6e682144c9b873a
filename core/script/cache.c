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
    hk_code_release(entry->code);
    memset(entry, 0, sizeof *entry);
}

void hk_cache_done(struct hk_cache *cache)
{
    for (size_t i = 0; i < HK_SCRIPT_CACHE_MAX; i++)
        drop(&cache->entries[i]);
}

static struct hk_cache_entry *find(struct hk_cache *cache, const char *version, const char *chunk)
{
    for (size_t i = 0; i < HK_SCRIPT_CACHE_MAX; i++) {
        struct hk_cache_entry *entry = &cache->entries[i];
        if (entry->key != NULL && key_matches(entry->key, version, chunk))
            return entry;
    }
    return NULL;
}

struct hk_code *hk_cache_hold(struct hk_cache *cache, const char *version, const char *chunk)
{
    struct hk_cache_entry *entry = find(cache, version, chunk);

    if (entry == NULL)
        return NULL;
    entry->used = ++cache->clock;
    entry->code->holders++;
    return entry->code;
}

void hk_code_release(struct hk_code *code)
{
    if (code != NULL && --code->holders == 0)
        free(code);
}

void hk_cache_put(
    struct hk_cache *cache, const char *version, const char *chunk, const char *code, size_t size)
{
    struct hk_cache_entry *oldest = &cache->entries[0];

    if (find(cache, version, chunk) != NULL)
        return;
    for (size_t i = 1; i < HK_SCRIPT_CACHE_MAX; i++) {
        if (cache->entries[i].used < oldest->used)
            oldest = &cache->entries[i];
    }
    drop(oldest);
    if (asprintf(&oldest->key, "%s %s", version, chunk) < 0)
        oldest->key = NULL;
    oldest->code = malloc(sizeof *oldest->code + size);
    if (oldest->code != NULL)
        *oldest->code = (struct hk_code){.holders = 1, .size = size};
    if (oldest->key == NULL || oldest->code == NULL) {
        drop(oldest);
        return;
    }
    memcpy(oldest->code->bytes, code, size);
    oldest->used = ++cache->clock;
}
