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

void store_add(struct store *store, const char *key, const struct address_range *range,
    int64_t since_ms, int64_t expires_ms, const char *comment)
{
    bool found;
    size_t index = index_of(store, key, &found);
    if (found)
        return;
    struct block block = {.range = *range,
        .since_ms = since_ms,
        .expires_ms = expires_ms,
        .key = copy_of(key),
        .comment = copy_of(comment)};
    block_insert(store, index, &block);
}

static void block_free(struct block *block)
{
    free(block->key);
    free(block->comment);
}

bool store_remove(struct store *store, const char *key)
{
    bool found;
    size_t index = index_of(store, key, &found);
    if (!found)
        return false;
    block_free(&store->blocks[index]);
    store->count--;
    memmove(store->blocks + index, store->blocks + index + 1,
        (store->count - index) * sizeof(*store->blocks));
    return true;
}

bool block_is_listed(const struct block *block, int64_t now_ms)
{
    return block->expires_ms == 0 || block->expires_ms > now_ms;
}

bool store_holds(const struct store *store, const struct address_range *range, int64_t now_ms,
    const char *except_key)
{
    for (size_t i = 0; i < store->count; i++) {
        const struct block *block = &store->blocks[i];
        if (address_compare(&block->range, range) == 0 && block_is_listed(block, now_ms) &&
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
            block_free(block);
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
    char text[ADDRESS_TEXT_SIZE + 64];
    char address[ADDRESS_TEXT_SIZE];
    address_format(&block->range, address);
    int length = snprintf(
        text, sizeof(text), "%s %" PRId64 " %" PRId64, address, block->since_ms, block->expires_ms);
    sum_bytes(sum, block->key, strlen(block->key) + 1);
    sum_bytes(sum, text, (size_t)length + 1);
    sum_bytes(sum, block->comment, strlen(block->comment) + 1);
}

static const char *read_block(const cJSON *item, struct block *ret_block)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(item, "key");
    const cJSON *ip = cJSON_GetObjectItemCaseSensitive(item, "ip");
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(item, "since_ms");
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(item, "expires_ms");
    const cJSON *comment = cJSON_GetObjectItemCaseSensitive(item, "comment");
    if (!cJSON_IsString(key) || !cJSON_IsString(ip) || !cJSON_IsNumber(since) ||
        !cJSON_IsNumber(expires) || !cJSON_IsString(comment))
        return "a field is missing or of the wrong type";
    if (!(since->valuedouble >= 0 && since->valuedouble < 1e16) ||
        !(expires->valuedouble >= 0 && expires->valuedouble < 1e16))
        return "a time is out of range";
    const char *why = address_parse(ip->valuestring, &ret_block->range);
    if (why)
        return why;
    ret_block->since_ms = (int64_t)since->valuedouble;
    ret_block->expires_ms = (int64_t)expires->valuedouble;
    ret_block->key = key->valuestring; /* borrowed; the caller copies */
    ret_block->comment = comment->valuestring;
    return NULL;
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
        struct block block;
        const char *why = read_block(item, &block);
        number++;
        if (!why && store->count > 0 && strcmp(store->blocks[store->count - 1].key, block.key) >= 0)
            why = "its key is out of order";
        if (why) {
            snprintf(ret_why, why_size, "entry %zu: %s", number, why);
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
        block_free(&store->blocks[i]);
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
    char text[ADDRESS_TEXT_SIZE + 128];
    uint64_t sum = UINT64_C(14695981039346656037);
    snprintf(text, sizeof(text), "{\"format\":%d,\"entries\":[", STORE_FORMAT);
    bytes_add_text(&bytes, text);
    for (size_t i = 0; i < store->count; i++) {
        const struct block *block = &store->blocks[i];
        char address[ADDRESS_TEXT_SIZE];
        sum_block(&sum, block);
        bytes_add_text(&bytes, i ? ",\n{\"key\":" : "\n{\"key\":");
        add_quoted(&bytes, block->key);
        address_format(&block->range, address);
        snprintf(text, sizeof(text),
            ",\"ip\":\"%s\",\"since_ms\":%" PRId64 ",\"expires_ms\":%" PRId64 ",\"comment\":",
            address, block->since_ms, block->expires_ms);
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

/* ---- blocklist.txt ---- */

static int compare_ranges(const void *a, const void *b)
{
    return address_compare(a, b);
}

int store_write_list(
    const struct store *store, int64_t now_ms, size_t *ret_entries, char *ret_why, size_t why_size)
{
    struct address_range *ranges = memory_of(NULL, store->count * sizeof(*ranges));
    size_t count = 0;
    for (size_t i = 0; i < store->count; i++)
        if (block_is_listed(&store->blocks[i], now_ms))
            ranges[count++] = store->blocks[i].range;
    qsort(ranges, count, sizeof(*ranges), compare_ranges);

    struct bytes bytes = {0};
    bytes_add_text(&bytes, "");
    size_t entries = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && address_compare(&ranges[i - 1], &ranges[i]) == 0)
            continue;
        char address[ADDRESS_TEXT_SIZE];
        address_format(&ranges[i], address);
        bytes_add_text(&bytes, address);
        bytes_add(&bytes, "\n", 1);
        entries++;
    }
    free(ranges);
    int result = file_replace(store->folder, LIST_FILE, bytes.data, bytes.size);
    if (result < 0)
        snprintf(ret_why, why_size, "%s can't be written: %s", LIST_FILE, strerror(errno));
    bytes_free(&bytes);
    *ret_entries = entries;
    return result;
}

int store_list_covers(const struct store *store, const struct address_range *range,
    bool *ret_covers, char *ret_why, size_t why_size)
{
    struct bytes bytes = {0};
    *ret_covers = false;
    if (file_read(store->folder, LIST_FILE, &bytes) < 0) {
        snprintf(ret_why, why_size, "%s can't be read: %s", LIST_FILE, strerror(errno));
        bytes_free(&bytes);
        return -1;
    }
    char *line = bytes.data;
    char *end;
    while (line && (end = strchr(line, '\n'))) {
        struct address_range listed;
        *end = '\0';
        if (!address_parse(line, &listed) && address_covers(&listed, range)) {
            *ret_covers = true;
            break;
        }
        line = end + 1;
    }
    bytes_free(&bytes);
    return 0;
}
