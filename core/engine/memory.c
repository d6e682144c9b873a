/*
 * memory: what happens when something must not fail and does. The engine does not limp on without
 * memory or with a write that it could not build: it ends, and the next start goes on from the
 * ledger.
 */
#include "engine/memory.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

enum { EXIT_SOFTWARE = 70 }; /* sysexits: EX_SOFTWARE */

void hk_engine_must(enum hk_status status, const char *what, const struct hk_error *error)
{
    if (status == HK_OK)
        return;
    hk_log(HK_LOG_ERROR, "%s: %s; ending, the ledger is the state", what,
        error != NULL && error->text[0] != 0 ? error->text : hk_status_text(status));
    _exit(EXIT_SOFTWARE);
}

static void *sure(void *memory)
{
    if (memory == NULL) {
        hk_log(HK_LOG_ERROR, "out of memory; ending, the ledger is the state");
        _exit(EXIT_SOFTWARE);
    }
    return memory;
}

void *hk_engine_alloc(size_t size)
{
    return sure(calloc(1, size));
}

void *hk_engine_grow(void *memory, size_t size)
{
    return sure(realloc(memory, size));
}
