#include "base/map.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

enum { MAP_CAPACITY_FIRST = 16 };

static uint64_t hash_key(const struct hk_map *map, const char *key)
{
    uint64_t hash = 1469598103934665603ULL ^ map->seed;
    for (const unsigned char *p = (const unsigned char *)key; *p != 0; p++)
        hash = (hash ^ *p) * 1099511628211ULL;
    hash ^= hash >> 29;
    hash *= 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 32);
}

void hk_map_init(struct hk_map *map)
{
    memset(map, 0, sizeof *map);
    hk_random(&map->seed, sizeof map->seed);
}

void hk_map_done(struct hk_map *map)
{
    free(map->slots);
    memset(map, 0, sizeof *map);
}

/* The slot that holds the key, or the free one where a search for it ends; NULL without slots. */
static struct hk_map_slot *find(const struct hk_map *map, const char *key, uint64_t hash)
{
    if (map->capacity == 0)
        return NULL;
    size_t mask = map->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct hk_map_slot *slot = &map->slots[i];
        if (slot->key == NULL)
            return slot;
        if (slot->value != NULL && slot->hash == hash && strcmp(slot->key, key) == 0)
            return slot;
    }
}

static enum hk_status rehash(struct hk_map *map)
{
    struct hk_map old = *map;
    size_t capacity = MAP_CAPACITY_FIRST;
    while (capacity < map->count * 2 + 2)
        capacity *= 2;
    map->slots = calloc(capacity, sizeof *map->slots);
    if (map->slots == NULL) {
        map->slots = old.slots;
        return HK_NOMEM;
    }
    map->capacity = capacity;
    map->used = map->count;
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].key != NULL && old.slots[i].value != NULL)
            *find(map, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    }
    free(old.slots);
    return HK_OK;
}

void *hk_map_get(const struct hk_map *map, const char *key)
{
    const struct hk_map_slot *slot = find(map, key, hash_key(map, key));
    return slot == NULL || slot->key == NULL ? NULL : slot->value;
}

enum hk_status hk_map_put(struct hk_map *map, const char *key, void *value)
{
    uint64_t hash = hash_key(map, key);
    struct hk_map_slot *slot = find(map, key, hash);
    if (slot != NULL && slot->key != NULL) {
        slot->key = key;
        slot->value = value;
        return HK_OK;
    }
    if (slot == NULL || (map->used + 1) * 4 > map->capacity * 3) {
        if (rehash(map) != HK_OK)
            return HK_NOMEM;
        slot = find(map, key, hash);
    }
    slot->key = key;
    slot->value = value;
    slot->hash = hash;
    map->used++;
    map->count++;
    return HK_OK;
}

/* A removed slot keeps a key that is not NULL, so that searches walk on past it. */
void *hk_map_remove(struct hk_map *map, const char *key)
{
    struct hk_map_slot *slot = find(map, key, hash_key(map, key));
    if (slot == NULL || slot->key == NULL)
        return NULL;
    void *value = slot->value;
    slot->key = "";
    slot->value = NULL;
    map->count--;
    return value;
}

void *hk_map_next(const struct hk_map *map, size_t *cursor)
{
    while (*cursor < map->capacity) {
        const struct hk_map_slot *slot = &map->slots[(*cursor)++];
        if (slot->key != NULL && slot->value != NULL)
            return slot->value;
    }
    return NULL;
}
