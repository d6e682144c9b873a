/*
 * file: small files, read whole and written whole. Blocks on the disk: not on the loop.
 */
#ifndef HK_BASE_FILE_H
#define HK_BASE_FILE_H

#include "base/buf.h"

enum hk_file_rule {
    HK_FILE_ANY,
    HK_FILE_PRIVATE, /* no other user may read it (mode 0600 or less) */
};

/* Append the bytes of a plain file of at most size_max. HK_NOT_FOUND, HK_IO, HK_LIMIT, and
 * HK_DENIED when others may read what is private; each names the path. */
HK_MUST_CHECK enum hk_status hk_file_read(const char *path, size_t size_max, enum hk_file_rule rule,
    struct hk_buf *out, struct hk_error *error);

/* Give a finished, synced file its name, and take its earlier one away in every case. The name is
 * there after a power cut too. HK_CONFLICT when it is taken: nothing is replaced. */
HK_MUST_CHECK enum hk_status hk_file_publish(
    const char *fresh, const char *path, struct hk_error *error);

/* Make a folder (mode 0700) of which the name is there after a power cut too, as of one that was
 * there already. The folders above it must be there. */
HK_MUST_CHECK enum hk_status hk_file_make_folder(const char *path, struct hk_error *error);

/* Make a private file in an existing folder, whole and synced or not at all. HK_CONFLICT when it is
 * there already: it is never replaced. */
HK_MUST_CHECK enum hk_status hk_file_make_private(
    const char *path, const void *data, size_t size, struct hk_error *error);

#endif
