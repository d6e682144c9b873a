/*
 * map: from text keys to pointers. The key is borrowed: it must live in (or as long as) the value.
 * Hashes are seeded, so that keys chosen from outside can't pile up in one place.
 */
#ifndef HK_BASE_MAP_H
#define HK_BASE_MAP_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_map_slot {
    const char *key; /* NULL: free */
    void *value;     /* NULL with a key: removed */
    uint64_t hash;
};

struct hk_map {
    struct hk_map_slot *slots;
    size_t capacity; /* power of two, or 0 */
    size_t used;     /* slots with a key, removed ones included */
    size_t count;
    uint64_t seed;
};

void hk_map_init(struct hk_map *map);
/* Frees the table, not the values. */
void hk_map_done(struct hk_map *map);
void *hk_map_get(const struct hk_map *map, const char *key);
/* Put a value that is not NULL; replaces key and value when the key is there. */
HK_MUST_CHECK enum hk_status hk_map_put(struct hk_map *map, const char *key, void *value);
/* Remove and return the value, or NULL. */
void *hk_map_remove(struct hk_map *map, const char *key);
/* Walk: start with *cursor 0; NULL at the end. Removing the returned one is fine, putting isn't. */
void *hk_map_next(const struct hk_map *map, size_t *cursor);

#endif
