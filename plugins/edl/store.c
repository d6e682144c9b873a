#include "store.h"

#include "file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_FORMAT 1

/* ---- blocks ---- */

/* Index of the key, or of where it belongs. */
static size_t index_of(const struct store *store, const char *key, bool *ret_found)
{
    size_t low = 0;
    size_t high = store->count;
    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, store->blocks[middle].key);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct block *store_find(struct store *store, const char *key)
{
    bool found;
    size_t index = index_of(store, key, &found);
    return found ? &store->blocks[index] : NULL;
}

static void block_insert(struct store *store, size_t index, const struct block *block)
{
    if (store->count == store->capacity) {
        store->capacity = 2 * store->capacity + 64;
        store->blocks = memory_of(store->blocks, store->capacity * sizeof(*store->blocks));
    }
    memmove(store->blocks + index + 1, store->blocks + index,
        (store->count - index) * sizeof(*store->blocks));
    store->blocks[index] = *block;
    store->count++;
}

struct block block_copy(const struct block *block)
{
    struct block copy = *block;
    copy.entry = entry_copy(&block->entry);
    copy.key = copy_of(block->key);
    copy.comment = copy_of(block->comment);
    return copy;
}

void block_done(struct block *block)
{
    entry_done(&block->entry);
    free(block->key);
    free(block->comment);
    *block = (struct block){0};
}

void store_add(struct store *store, const char *key, const struct entry *entry, int64_t since_ms,
    int64_t expires_ms, const char *comment)
{
    bool found;
    size_t index = index_of(store, key, &found);
    if (found)
        return;
    struct block block = {.entry = entry_copy(entry),
        .since_ms = since_ms,
        .expires_ms = expires_ms,
        .key = copy_of(key),
        .comment = copy_of(comment)};
    block_insert(store, index, &block);
}

bool store_remove(struct store *store, const char *key)
{
    bool found;
    size_t index = index_of(store, key, &found);
    if (!found)
        return false;
    block_done(&store->blocks[index]);
    store->count--;
    memmove(store->blocks + index, store->blocks + index + 1,
        (store->count - index) * sizeof(*store->blocks));
    return true;
}

bool block_is_listed(const struct block *block, int64_t now_ms)
{
    return block->expires_ms == 0 || block->expires_ms > now_ms;
}

bool store_holds(
    const struct store *store, const struct entry *entry, int64_t now_ms, const char *except_key)
{
    for (size_t i = 0; i < store->count; i++) {
        const struct block *block = &store->blocks[i];
        if (entry_compare(&block->entry, entry) == 0 && block_is_listed(block, now_ms) &&
            (!except_key || strcmp(block->key, except_key) != 0))
            return true;
    }
    return false;
}

size_t store_purge(struct store *store, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->count; i++) {
        struct block *block = &store->blocks[i];
        if (block->expires_ms == 0 || block->expires_ms + STORE_KEEP_EXPIRED_MS > now_ms)
            store->blocks[kept++] = *block;
        else
            block_done(block);
    }
    size_t dropped = store->count - kept;
    store->count = kept;
    return dropped;
}

int64_t store_next_expiry(const struct store *store, int64_t now_ms)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < store->count; i++) {
        int64_t expires_ms = store->blocks[i].expires_ms;
        if (expires_ms > now_ms && (next_ms == 0 || expires_ms < next_ms))
            next_ms = expires_ms;
    }
    return next_ms;
}

/* ---- edl.json ---- */

static void sum_bytes(uint64_t *sum, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        *sum = (*sum ^ bytes[i]) * UINT64_C(1099511628211);
}

static void sum_block(uint64_t *sum, const struct block *block)
{
    char times[64];
    char address[ADDRESS_TEXT_SIZE];
    const char *entry = entry_text(&block->entry, address);
    int length =
        snprintf(times, sizeof(times), " %" PRId64 " %" PRId64, block->since_ms, block->expires_ms);
    sum_bytes(sum, block->key, strlen(block->key) + 1);
    if (block->entry.kind !=
        ENTRY_IP) /* the sums of stores that hold addresses stay as they were */
        sum_bytes(sum, entry_word(block->entry.kind), strlen(entry_word(block->entry.kind)) + 1);
    sum_bytes(sum, entry, strlen(entry));
    sum_bytes(sum, times, (size_t)length + 1);
    sum_bytes(sum, block->comment, strlen(block->comment) + 1);
}

/* What the item holds: exactly one of ip, domain and url. */
static const char *read_entry(const cJSON *item, struct entry *ret_entry)
{
    const char *text = NULL;
    for (enum entry_kind kind = ENTRY_IP; kind < ENTRY_KINDS; kind++) {
        const char *found =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, entry_word(kind)));
        if (!found)
            continue;
        if (text)
            return "it holds two things";
        text = found;
        ret_entry->kind = kind;
    }
    if (!text)
        return "a field is missing or of the wrong type";
    return entry_read_line(ret_entry->kind, text, ret_entry);
}

/* Key and comment are borrowed from the item, the entry is the caller's. */
static const char *read_block(const cJSON *item, struct block *ret_block)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(item, "key");
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(item, "since_ms");
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(item, "expires_ms");
    const cJSON *comment = cJSON_GetObjectItemCaseSensitive(item, "comment");
    if (!cJSON_IsString(key) || !cJSON_IsNumber(since) || !cJSON_IsNumber(expires) ||
        !cJSON_IsString(comment))
        return "a field is missing or of the wrong type";
    if (!(since->valuedouble >= 0 && since->valuedouble < 1e16) ||
        !(expires->valuedouble >= 0 && expires->valuedouble < 1e16))
        return "a time is out of range";
    ret_block->since_ms = (int64_t)since->valuedouble;
    ret_block->expires_ms = (int64_t)expires->valuedouble;
    ret_block->key = key->valuestring;
    ret_block->comment = comment->valuestring;
    return read_entry(item, &ret_block->entry);
}

/* Entries are written in the order of their keys, so each belongs at the end. */
static int read_blocks(struct store *store, const cJSON *root, char *ret_why, size_t why_size)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(root, "entries");
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");
    const char *sum_text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "sum"));
    if (!cJSON_IsArray(entries) || !cJSON_IsNumber(format) || !sum_text) {
        snprintf(ret_why, why_size, "it is not a block store");
        return -1;
    }
    if (format->valueint != STORE_FORMAT) {
        snprintf(ret_why, why_size, "it has format %d, this plugin reads %d", format->valueint,
            STORE_FORMAT);
        return -1;
    }
    uint64_t sum = UINT64_C(14695981039346656037);
    size_t number = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, entries)
    {
        struct block block = {0};
        const char *why = read_block(item, &block);
        number++;
        if (!why && store->count > 0 && strcmp(store->blocks[store->count - 1].key, block.key) >= 0)
            why = "its key is out of order";
        if (why) {
            snprintf(ret_why, why_size, "entry %zu: %s", number, why);
            entry_done(&block.entry);
            return -1;
        }
        sum_block(&sum, &block);
        block.key = copy_of(block.key);
        block.comment = copy_of(block.comment);
        block_insert(store, store->count, &block);
    }
    char expected[32];
    snprintf(expected, sizeof(expected), "%016" PRIx64, sum);
    if (strcmp(expected, sum_text) == 0)
        return 0;
    snprintf(ret_why, why_size, "its sum is %s, its entries give %s", sum_text, expected);
    return -1;
}

int store_open(struct store *store, const char *folder, char *ret_why, size_t why_size)
{
    *store = (struct store){.folder = copy_of(folder)};
    struct bytes bytes = {0};
    if (file_read(folder, STORE_FILE, &bytes) < 0) {
        bytes_free(&bytes);
        if (errno == ENOENT)
            return 0;
        snprintf(ret_why, why_size, "%s can't be read: %s", STORE_FILE, strerror(errno));
        store_close(store);
        return -1;
    }
    const char *end = NULL;
    cJSON *root =
        bytes.size ? cJSON_ParseWithLengthOpts(bytes.data, bytes.size + 1, &end, true) : NULL;
    char reason[200] = "it is not JSON";
    int result = root ? read_blocks(store, root, reason, sizeof(reason)) : -1;
    if (result < 0) {
        snprintf(ret_why, why_size,
            "%s is damaged and was left as it is: %s. Restore it from a backup, or move it away to "
            "begin with an empty list",
            STORE_FILE, reason);
        store_close(store);
    }
    cJSON_Delete(root);
    bytes_free(&bytes);
    return result;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < store->count; i++)
        block_done(&store->blocks[i]);
    free(store->blocks);
    free(store->folder);
    *store = (struct store){0};
}

static void add_quoted(struct bytes *bytes, const char *text)
{
    cJSON *string = cJSON_CreateStringReference(text);
    char *quoted = string ? cJSON_PrintUnformatted(string) : NULL;
    if (!quoted)
        abort();
    bytes_add_text(bytes, quoted);
    cJSON_free(quoted);
    cJSON_Delete(string);
}

int store_save(const struct store *store, char *ret_why, size_t why_size)
{
    struct bytes bytes = {0};
    char text[128];
    uint64_t sum = UINT64_C(14695981039346656037);
    snprintf(text, sizeof(text), "{\"format\":%d,\"entries\":[", STORE_FORMAT);
    bytes_add_text(&bytes, text);
    for (size_t i = 0; i < store->count; i++) {
        const struct block *block = &store->blocks[i];
        char address[ADDRESS_TEXT_SIZE];
        sum_block(&sum, block);
        bytes_add_text(&bytes, i ? ",\n{\"key\":" : "\n{\"key\":");
        add_quoted(&bytes, block->key);
        snprintf(text, sizeof(text), ",\"%s\":", entry_word(block->entry.kind));
        bytes_add_text(&bytes, text);
        add_quoted(&bytes, entry_text(&block->entry, address));
        snprintf(text, sizeof(text),
            ",\"since_ms\":%" PRId64 ",\"expires_ms\":%" PRId64 ",\"comment\":", block->since_ms,
            block->expires_ms);
        bytes_add_text(&bytes, text);
        add_quoted(&bytes, block->comment);
        bytes_add_text(&bytes, "}");
    }
    snprintf(text, sizeof(text), "\n],\"sum\":\"%016" PRIx64 "\"}\n", sum);
    bytes_add_text(&bytes, text);
    int result = file_replace(store->folder, STORE_FILE, bytes.data, bytes.size);
    if (result < 0)
        snprintf(ret_why, why_size, "%s can't be written: %s", STORE_FILE, strerror(errno));
    bytes_free(&bytes);
    return result;
}

/* ---- the lists that are served ---- */

static int compare_entries(const void *a, const void *b)
{
    return entry_compare(a, b);
}

int store_write_list(const struct store *store, enum entry_kind kind, int64_t now_ms,
    size_t *ret_entries, char *ret_why, size_t why_size)
{
    struct entry *entries = memory_of(NULL, store->count * sizeof(*entries)); /* names borrowed */
    size_t count = 0;
    for (size_t i = 0; i < store->count; i++)
        if (store->blocks[i].entry.kind == kind && block_is_listed(&store->blocks[i], now_ms))
            entries[count++] = store->blocks[i].entry;
    qsort(entries, count, sizeof(*entries), compare_entries);

    struct bytes bytes = {0};
    bytes_add_text(&bytes, "");
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        char address[ADDRESS_TEXT_SIZE];
        if (i > 0 && entry_compare(&entries[i - 1], &entries[i]) == 0)
            continue;
        bytes_add_text(&bytes, entry_text(&entries[i], address));
        bytes_add(&bytes, "\n", 1);
        lines++;
    }
    free(entries);
    int result = file_replace(store->folder, entry_file(kind), bytes.data, bytes.size);
    if (result < 0)
        snprintf(ret_why, why_size, "%s can't be written: %s", entry_file(kind), strerror(errno));
    bytes_free(&bytes);
    *ret_entries = lines;
    return result;
}

int store_list_covers(const struct store *store, const struct entry *entry, bool *ret_covers,
    char *ret_why, size_t why_size)
{
    const char *file = entry_file(entry->kind);
    struct bytes bytes = {0};
    *ret_covers = false;
    if (file_read(store->folder, file, &bytes) < 0) {
        snprintf(ret_why, why_size, "%s can't be read: %s", file, strerror(errno));
        bytes_free(&bytes);
        return -1;
    }
    char *line = bytes.data;
    char *end;
    while (!*ret_covers && line && (end = strchr(line, '\n'))) {
        *end = '\0';
        *ret_covers = entry_is_covered(entry, line);
        line = end + 1;
    }
    bytes_free(&bytes);
    return 0;
}
