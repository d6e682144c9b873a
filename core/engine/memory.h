/*
 * memory: what must not fail. Memory that can't be had, and other things that must not happen, end
 * the process: the ledger is the state, and the next start goes on from it.
 */
#ifndef HK_ENGINE_MEMORY_H
#define HK_ENGINE_MEMORY_H

#include "base/status.h"

void hk_engine_must(enum hk_status status, const char *what, const struct hk_error *error);
/* Zeroed memory, and realloc; never NULL. Freed with free(). */
void *hk_engine_alloc(size_t size) __attribute__((returns_nonnull));
void *hk_engine_grow(void *memory, size_t size) __attribute__((returns_nonnull));

#endif
