/*
 * mark: how far a file has been read, and its print: by what it is known again later, under
 * whatever name, and by what it shows that it was truncated and written anew.
 *
 * The print is a hash over the first and the last HK_FILE_PRINT_SIZE of the bytes that were read.
 * A file whose bytes at those places give the same hash is the one that was read, or a copy of it.
 */
#ifndef HK_SOURCE_MARK_H
#define HK_SOURCE_MARK_H

#include "base/digest.h"
#include "base/json.h"
#include "limits.h"

#include <sys/types.h>

struct hk_mark {
    int64_t offset;   /* the next byte to be read */
    bool is_skipping; /* that byte is in the rest of a line that was too long */
    uint8_t print[HK_SHA256_SIZE];
    /* The bytes of the print, unless it was only read from a cursor. */
    unsigned char head[HK_FILE_PRINT_SIZE]; /* the first min(offset, size) bytes */
    unsigned char tail[HK_FILE_PRINT_SIZE]; /* the last ones before offset, likewise */
};

/* At the beginning of a file. */
void hk_mark_init(struct hk_mark *mark);
/* The next size bytes were read. */
void hk_mark_advance(struct hk_mark *mark, const char *data, size_t size);

enum hk_mark_fit {
    HK_MARK_FITS,    /* and the bytes of the print are in the mark */
    HK_MARK_DIFFERS, /* other bytes, or too few */
    HK_MARK_UNKNOWN, /* the file can't be read: errno */
};
/* Is this the file, or a copy of it? A mark at offset 0 fits every file. */
enum hk_mark_fit hk_mark_fits(struct hk_mark *mark, int fd);
/* Put the mark at offset, as if all before had been read; false when that can't be read. */
HK_MUST_CHECK bool hk_mark_set(struct hk_mark *mark, int fd, int64_t offset);
/* Do two files hold the same bytes, as far as the shorter one goes? Looks at the beginning and at
 * the last bytes before that end; false when one is empty or can't be read. */
bool hk_mark_same_content(int fd, int64_t size, int other_fd, int64_t other_size);

/* The value of the file's cursor. */
void hk_mark_write(const struct hk_mark *mark, const char *path, struct hk_buf *out);
/* Read such a value; *ret_path is owned by the caller. HK_INVALID when it is none of ours. */
HK_MUST_CHECK enum hk_status hk_mark_read(
    const char *value, struct hk_mark *ret_mark, char **ret_path, struct hk_error *error);

#endif
