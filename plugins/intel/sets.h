/*
 * sets: sorted arrays that hold millions of entries in little memory.
 *
 * Fill one with *_add, then *_seal it (sorts, drops what is double), then look things up. Running
 * out of memory ends the process: it holds nothing but what can be read again.
 */
#ifndef INTEL_SETS_H
#define INTEL_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memory_of(void *old, size_t size);
char *copy_of(const char *text);

/* Records of a fixed width: addresses with a prefix length, or digests. Begin with {.width = N}. */
struct records {
    uint8_t *data;
    size_t width;
    size_t count;
    size_t capacity;
};

void records_add(struct records *records, const uint8_t *record);
void records_seal(struct records *records);
bool records_has(const struct records *records, const uint8_t *record);
void records_free(struct records *records);

/* Records that are ranges: an address, then a byte with its prefix length. */
void ranges_seal(struct records *ranges);
/* The range that the address is in, or NULL. */
const uint8_t *ranges_find(const struct records *ranges, const uint8_t *address);

/* Texts, in one block of memory. Begin with {0}. */
struct texts {
    char *pool;
    size_t pool_size;
    size_t pool_capacity;
    uint32_t *offsets;
    size_t count;
    size_t capacity;
};

/* Returns false when the pool is full (4 GiB). */
bool texts_add(struct texts *texts, const char *text);
void texts_seal(struct texts *texts);
bool texts_has(const struct texts *texts, const char *text);
const char *texts_get(const struct texts *texts, size_t index);
void texts_free(struct texts *texts);

#endif
