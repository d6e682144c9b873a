#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORE_KEY_SIZE 128
#define STORE_LINE_SIZE 1024

struct record {
    char key[STORE_KEY_SIZE];
    uint32_t effects;
    uint32_t undone;
    uint32_t next; /* in its bucket; index + 1 */
};

struct store {
    int fd;
    off_t read_to; /* the lines before are in the records */
    uint64_t effects;
    struct record *records;
    uint32_t count;
    uint32_t capacity;
    uint32_t buckets[4096]; /* index + 1 */
};

static uint32_t *bucket_of(struct store *store, const char *key)
{
    uint32_t hash = 2166136261U;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619U;
    return &store->buckets[hash % 4096];
}

static struct record *find(struct store *store, const char *key)
{
    for (uint32_t at = *bucket_of(store, key); at; at = store->records[at - 1].next)
        if (strcmp(store->records[at - 1].key, key) == 0)
            return &store->records[at - 1];
    return NULL;
}

static struct record *find_or_add(struct store *store, const char *key)
{
    struct record *record = find(store, key);
    if (record || strlen(key) >= STORE_KEY_SIZE)
        return record;
    if (store->count == store->capacity) {
        uint32_t capacity = store->capacity ? 2 * store->capacity : 256;
        struct record *grown = realloc(store->records, capacity * sizeof(*grown));
        if (!grown)
            abort();
        store->records = grown;
        store->capacity = capacity;
    }
    uint32_t *bucket = bucket_of(store, key);
    record = &store->records[store->count];
    memset(record, 0, sizeof(*record));
    memcpy(record->key, key, strlen(key) + 1);
    record->next = *bucket;
    *bucket = ++store->count;
    return record;
}

static void take_line(struct store *store, char *line)
{
    char *space = strchr(line, ' ');
    if (!space)
        return;
    *space = '\0';
    if (strcmp(line, "READ") == 0 || strcmp(line, "REPEAT") == 0)
        return;
    int is_undo = strcmp(line, "UNDO") == 0;
    struct record *record = find_or_add(store, is_undo ? space + 1 : line);
    if (!record)
        return;
    if (is_undo) {
        record->undone++;
    } else {
        record->effects++;
        store->effects++;
    }
}

static void refresh(struct store *store)
{
    char bytes[16384];
    ssize_t got;
    while ((got = pread(store->fd, bytes, sizeof(bytes) - 1, store->read_to)) > 0) {
        bytes[got] = '\0';
        char *line = bytes;
        char *end;
        while ((end = memchr(line, '\n', (size_t)(bytes + got - line)))) {
            *end = '\0';
            take_line(store, line);
            line = end + 1;
        }
        if (line == bytes)
            return; /* a line that is still being written */
        store->read_to += line - bytes;
    }
}

struct store *store_open(const char *state_dir)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/world.log", state_dir);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    struct store *store = calloc(1, sizeof(*store));
    if (!store)
        return NULL;
    store->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (store->fd < 0) {
        free(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    close(store->fd);
    free(store->records);
    free(store);
}

int store_append(struct store *store, const char *a, const char *b, const char *c)
{
    char line[STORE_LINE_SIZE];
    int length = snprintf(line, sizeof(line), "%s %s%s%s", a, b, c ? " " : "", c ? c : "");
    if (length < 0 || (size_t)length + 1 >= sizeof(line)) {
        errno = EMSGSIZE;
        return -1;
    }
    for (size_t i = strlen(a) + 1 + strlen(b) + 1; i < (size_t)length; i++)
        if ((unsigned char)line[i] <= ' ')
            line[i] = '_';
    line[length] = '\n';
    ssize_t written = write(store->fd, line, (size_t)length + 1);
    if (written != length + 1) {
        if (written >= 0)
            errno = ENOSPC;
        return -1;
    }
    return fdatasync(store->fd);
}

uint64_t store_effects(struct store *store, const char *key)
{
    refresh(store);
    if (!key)
        return store->effects;
    const struct record *record = find(store, key);
    return record ? record->effects : 0;
}

int store_is_undone(struct store *store, const char *key)
{
    refresh(store);
    const struct record *record = find(store, key);
    return record && record->undone > 0;
}
