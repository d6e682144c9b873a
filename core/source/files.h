/*
 * files: sources that are files which somebody else writes, line by line.
 *
 * One thread looks at the files of all tenants and reads them, since the loop never waits for a
 * disk; batches of lines come to the loop through a queue. How far a file was read is a cursor
 * (mark.h) that goes into the ledger in the transaction of the alerts that were read from it, so
 * that a line is neither lost nor taken twice, wherever the engine is killed.
 *
 * Files are looked at by polling, which works on every file system. What is made of them:
 *
 *   renamed             the descriptor stays open: it is read to its end, and for HK_FILE_ORPHAN_MS
 *                       after that; at the start it is searched in its folder by its inode
 *   truncated           seen by its size, or by its print when it has grown again; begun anew
 *   copied, truncated   (copytruncate) a copy called like the original and matched by the pattern
 *                       is left alone until the original is truncated, and then read from where
 *                       the original had been read to; lines that the writer added between the
 *                       copy and the truncation are in neither file, and lost
 *   another device no.  known by path and print
 *   removed             read to its end while it was open
 *   compressed          (.gz and the like) passed over: it was read before
 *
 * A last line without its end waits for it; when the file goes for good it is taken as it is.
 */
#ifndef HK_SOURCE_FILES_H
#define HK_SOURCE_FILES_H

#include "loop/loop.h"
#include "source/batch.h"

struct hk_files;

HK_MUST_CHECK enum hk_status hk_files_new(struct hk_loop *loop, const struct hk_sink *sink,
    struct hk_files **ret_files, struct hk_error *error);
/* Ends the thread. What was read and not taken is read again next time. NULL is fine. */
void hk_files_free(struct hk_files *files);
/* Before the start: a source of kind HK_SOURCE_FILE, which outlives files. */
HK_MUST_CHECK enum hk_status hk_files_add(
    struct hk_files *files, const struct hk_source *source, struct hk_error *error);
/* Before the start: a cursor of the source that was added last. HK_INVALID when it isn't ours. */
HK_MUST_CHECK enum hk_status hk_files_restore(
    struct hk_files *files, const char *key, const char *value, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_files_start(struct hk_files *files, struct hk_error *error);
/* Offer nothing more to the sink from now on. */
void hk_files_stop(struct hk_files *files);

#endif
