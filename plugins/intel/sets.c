#include "sets.h"

#include <stdlib.h>
#include <string.h>

void *memory_of(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

char *copy_of(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_of(NULL, size), text, size);
}

/* ---- records ---- */

void records_add(struct records *records, const uint8_t *record)
{
    if (records->count == records->capacity) {
        records->capacity = records->capacity + records->capacity / 2 + 16;
        records->data = memory_of(records->data, records->capacity * records->width);
    }
    memcpy(records->data + records->count++ * records->width, record, records->width);
}

static int compare_records(const void *a, const void *b, void *ctx)
{
    return memcmp(a, b, ((const struct records *)ctx)->width);
}

static void records_sort(struct records *records)
{
    if (records->count > 1)
        qsort_r(records->data, records->count, records->width, compare_records, records);
}

static void records_fit(struct records *records, size_t count)
{
    records->count = count;
    records->capacity = count;
    if (count > 0)
        records->data = memory_of(records->data, count * records->width);
}

void records_seal(struct records *records)
{
    size_t width = records->width;
    size_t kept = 0;
    records_sort(records);
    for (size_t i = 0; i < records->count; i++) {
        const uint8_t *record = records->data + i * width;
        if (kept > 0 && memcmp(records->data + (kept - 1) * width, record, width) == 0)
            continue;
        memmove(records->data + kept++ * width, record, width);
    }
    records_fit(records, kept);
}

/* How many records come before this one or are equal to it, by their first size bytes. */
static size_t records_up_to(const struct records *records, const uint8_t *record, size_t size)
{
    size_t low = 0;
    size_t high = records->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(records->data + middle * records->width, record, size) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool records_has(const struct records *records, const uint8_t *record)
{
    size_t end = records_up_to(records, record, records->width);
    return end > 0 &&
           memcmp(records->data + (end - 1) * records->width, record, records->width) == 0;
}

void records_free(struct records *records)
{
    free(records->data);
    *records = (struct records){.width = records->width};
}

/* ---- ranges ---- */

static bool range_has(const uint8_t *range, const uint8_t *address, size_t address_size)
{
    unsigned prefix = range[address_size];
    unsigned whole = prefix / 8;
    unsigned rest = prefix % 8;
    if (memcmp(range, address, whole) != 0)
        return false;
    return rest == 0 || (range[whole] ^ address[whole]) >> (8 - rest) == 0;
}

/* Ranges either hold one another or are apart. Once those within others are dropped, an address can
 * only be in the last range that begins at or before it. */
void ranges_seal(struct records *ranges)
{
    size_t width = ranges->width;
    size_t kept = 0;
    records_sort(ranges);
    for (size_t i = 0; i < ranges->count; i++) {
        const uint8_t *range = ranges->data + i * width;
        if (kept > 0 && range_has(ranges->data + (kept - 1) * width, range, width - 1))
            continue;
        memmove(ranges->data + kept++ * width, range, width);
    }
    records_fit(ranges, kept);
}

const uint8_t *ranges_find(const struct records *ranges, const uint8_t *address)
{
    size_t end = records_up_to(ranges, address, ranges->width - 1);
    if (end == 0)
        return NULL;
    const uint8_t *range = ranges->data + (end - 1) * ranges->width;
    return range_has(range, address, ranges->width - 1) ? range : NULL;
}

/* ---- texts ---- */

bool texts_add(struct texts *texts, const char *text)
{
    size_t size = strlen(text) + 1;
    if (texts->pool_size + size > UINT32_MAX)
        return false;
    if (texts->pool_size + size > texts->pool_capacity) {
        texts->pool_capacity += texts->pool_capacity / 2 + size + 256;
        texts->pool = memory_of(texts->pool, texts->pool_capacity);
    }
    if (texts->count == texts->capacity) {
        texts->capacity += texts->capacity / 2 + 16;
        texts->offsets = memory_of(texts->offsets, texts->capacity * sizeof(*texts->offsets));
    }
    texts->offsets[texts->count++] = (uint32_t)texts->pool_size;
    memcpy(texts->pool + texts->pool_size, text, size);
    texts->pool_size += size;
    return true;
}

static int compare_texts(const void *a, const void *b, void *ctx)
{
    const char *pool = ctx;
    return strcmp(pool + *(const uint32_t *)a, pool + *(const uint32_t *)b);
}

void texts_seal(struct texts *texts)
{
    if (texts->count == 0)
        return;
    qsort_r(texts->offsets, texts->count, sizeof(*texts->offsets), compare_texts, texts->pool);
    size_t kept = 1;
    for (size_t i = 1; i < texts->count; i++)
        if (compare_texts(&texts->offsets[kept - 1], &texts->offsets[i], texts->pool) != 0)
            texts->offsets[kept++] = texts->offsets[i];
    texts->count = kept;
    texts->capacity = kept;
    texts->offsets = memory_of(texts->offsets, kept * sizeof(*texts->offsets));
    texts->pool_capacity = texts->pool_size;
    texts->pool = memory_of(texts->pool, texts->pool_size);
}

bool texts_has(const struct texts *texts, const char *text)
{
    size_t low = 0;
    size_t high = texts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(text, texts_get(texts, middle));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

const char *texts_get(const struct texts *texts, size_t index)
{
    return texts->pool + texts->offsets[index];
}

void texts_free(struct texts *texts)
{
    free(texts->pool);
    free(texts->offsets);
    *texts = (struct texts){0};
}
