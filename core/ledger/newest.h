/*
 * newest: the newest checkpoint in a file of them, as a folder sink appends to (sinks.h).
 */
#ifndef HK_LEDGER_NEWEST_H
#define HK_LEDGER_NEWEST_H

#include "base/buf.h"

/* May this note be taken? False: the one before it is looked at. */
typedef bool hk_newest_fn(void *ctx, const char *text, size_t size);

/* Find the last note in a text that is whole, of this origin (NULL: of that of the first one that
 * is found) and taken by fn (NULL: any). What stands between notes is passed over. False: none. */
bool hk_newest_find(const char *text, size_t size, const char *origin, hk_newest_fn *fn, void *ctx,
    const char **ret_note, size_t *ret_size);
/* Append that of a file, of which the last HK_CHECKPOINTS_TAIL_SIZE bytes are looked at.
 * HK_NOT_FOUND when there is no such file or note, HK_IO. */
HK_MUST_CHECK enum hk_status hk_newest_read(const char *path, const char *origin, hk_newest_fn *fn,
    void *ctx, struct hk_buf *out, struct hk_error *error);

#endif
