/*
 * move_file: the form of the file in which a tenant travels from one data folder to another (see
 * move.h). Bytes from outside: read strictly, one record at a time, each within its bounds.
 *
 *     hikeshi-tenant 1
 *     {"move":…,"tenant":…,"from":…,"to":…,"entries":N,"checkpoints":M,"files":K}
 *     entry LINE-SIZE SALT PAYLOAD-SIZE       N times; "- -" for SALT and size: erased
 *     LINE
 *     PAYLOAD                                 none when it was erased
 *     checkpoint SIZE                         M times
 *     NOTE
 *     file SIZE NAME                          K times
 *     BYTES
 *     end
 *
 * Sizes are decimal bytes, without the newline that ends each part. What the records say is for
 * whoever reads them to check: nothing here is signed, the tree and the checkpoints are.
 */
#ifndef HK_LEDGER_MOVE_FILE_H
#define HK_LEDGER_MOVE_FILE_H

#include "base/buf.h"
#include "base/id.h"
#include "ledger/entry.h"

#include <stdio.h>

struct hk_move_head {
    char move[HK_ID_SIZE];
    char tenant[HK_ID_SIZE];
    char from[HK_ID_SIZE]; /* id of the folder's ledger that it leaves */
    char to[HK_ID_SIZE];   /* and of the one that it goes to */
    uint64_t entries;
    uint64_t checkpoints;
    uint64_t files;
};

enum hk_move_part { HK_MOVE_ENTRY, HK_MOVE_CHECKPOINT, HK_MOVE_FILE, HK_MOVE_END };

/* Borrowed from the reader until the next record. */
struct hk_move_record {
    enum hk_move_part part;
    const char *line; /* of an entry */
    size_t line_size;
    const uint8_t *salt; /* NULL: erased */
    const char *data;    /* payload, note or bytes; ended by a NUL that size does not count */
    size_t size;
    const char *name; /* of a file: plain parts between '/', none of them "." or ".." */
};

/* --- reading --- */

struct hk_move_reader;

/* Read the head; the file stays the caller's, at a place of the reader's from here on. HK_INVALID:
 * it is no such file; HK_UNSUPPORTED: of a later version. */
HK_MUST_CHECK enum hk_status hk_move_reader_new(
    FILE *file, struct hk_move_reader **ret_reader, struct hk_error *error);
void hk_move_reader_free(struct hk_move_reader *reader); /* NULL is fine */
const struct hk_move_head *hk_move_reader_head(const struct hk_move_reader *reader);
/* The next record, in their order and as many as the head says; after HK_MOVE_END nothing follows.
 * HK_CORRUPT names the byte where the form is broken, or where it ends too early. */
HK_MUST_CHECK enum hk_status hk_move_read(
    struct hk_move_reader *reader, struct hk_move_record *ret_record, struct hk_error *error);

/* --- writing: what fails shows in ferror() --- */

HK_MUST_CHECK enum hk_status hk_move_write_head(
    FILE *file, const struct hk_move_head *head, struct hk_error *error);
void hk_move_write(FILE *file, const struct hk_move_record *record);
/* May a file be named so in it? */
bool hk_move_name_is_good(const char *name);

#endif
