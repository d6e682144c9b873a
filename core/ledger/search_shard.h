/*
 * search_shard: one file of the index: the words of HK_SEARCH_SHARD_ENTRIES entries of one tenant,
 * in DATA/search/TENANT/. Its name tells its state:
 *
 *     NUMBER-RANDOM.open   is being written, with a WAL and without syncs. Whatever a crash leaves
 *                          of it is not looked at but taken away.
 *     NUMBER-RANDOM.kept   the same, synced when the engine stopped; renamed back at the next start
 *     NUMBER-DIGEST.db     full, made compact, synced before it got its name; never written again.
 *                          DIGEST is that of its bytes, which is held against them at each start.
 *
 * The words lie in an FTS5 table without contents, which knows words and places alone. Words can't
 * be taken out of one: where an entry is erased the whole file goes, and is made anew from the
 * record.
 */
#ifndef HK_LEDGER_SEARCH_SHARD_H
#define HK_LEDGER_SEARCH_SHARD_H

#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/search_doc.h"

#include <limits.h>
#include <stdatomic.h>

/* Counts up when words are cut otherwise, or columns change; files of another are made anew. */
#define HK_SHARD_VERSION 1
#define HK_SHARD_FOLDER "search"
#define HK_SHARD_FILE_SIZE 48

struct hk_shard {
    uint64_t number; /* its entries are from number × HK_SEARCH_SHARD_ENTRIES on … */
    uint64_t end;    /* … to before this one; more may follow unless it is full */
    uint64_t as_of;  /* how many entries the ledger had when the first of them was read: what was
                        erased by a later entry is in here still */
    bool is_full;
    bool is_checked; /* against its digest, since the start */
    char file[HK_SHARD_FILE_SIZE];
};

/* Tables of a file: words and about. */
extern const char hk_shard_schema[];

/* The file that is being written; one at a time. */
struct hk_shard_writer {
    sqlite3 *db; /* NULL: none */
    sqlite3_stmt *put;
    sqlite3_stmt *about;
    struct hk_shard shard;
    char folder[PATH_MAX];
};

/* Begin a new file, or go on with one. HK_IO, HK_NOMEM, HK_CORRUPT. */
HK_MUST_CHECK enum hk_status hk_shard_begin(struct hk_shard_writer *writer, const char *folder,
    uint64_t number, uint64_t as_of, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_shard_go_on(struct hk_shard_writer *writer, const char *folder,
    const struct hk_shard *shard, struct hk_error *error);
/* Within one slice: begin, put documents, end with the number of the next entry and the last
 * line. */
HK_MUST_CHECK enum hk_status hk_shard_slice_begin(
    struct hk_shard_writer *writer, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_shard_put(struct hk_shard_writer *writer, uint64_t seq,
    const struct hk_search_doc *doc, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_shard_slice_end(
    struct hk_shard_writer *writer, uint64_t end, const char *last_line, struct hk_error *error);
/* Make it full: another file, compact and with its digest in its name, takes its place in
 * writer->shard. The one before is *ret_before, still open: to be dropped (hk_shard_drop) when
 * others are told of the new one. */
HK_MUST_CHECK enum hk_status hk_shard_fill_up(
    struct hk_shard_writer *writer, struct hk_shard *ret_before, struct hk_error *error);
/* Close the file, and take it away. */
HK_MUST_CHECK enum hk_status hk_shard_drop(
    struct hk_shard_writer *writer, const struct hk_shard *before, struct hk_error *error);
/* Close it; the file stays. NULL-safe in its parts. */
void hk_shard_close(struct hk_shard_writer *writer);

/* Read what a file says of itself. HK_UNSUPPORTED: of another version; HK_CORRUPT. */
HK_MUST_CHECK enum hk_status hk_shard_learn(
    const char *folder, const char *file, struct hk_shard *ret_shard, struct hk_error *error);
/* Is it of this ledger, as it stands in db, and has nothing in it been erased since? */
HK_MUST_CHECK enum hk_status hk_shard_is_sound(sqlite3 *db, hk_tenant tenant, const char *folder,
    const struct hk_shard *shard, bool *ret_is_sound, struct hk_error *error);
/* The same without looking into the file: has something in it been erased since? */
HK_MUST_CHECK enum hk_status hk_shard_is_stale(sqlite3 *db, hk_tenant tenant,
    const struct hk_shard *shard, bool *ret_is_stale, struct hk_error *error);
/* Hold a full one's bytes against its name. */
HK_MUST_CHECK enum hk_status hk_shard_check(const char *folder, const struct hk_shard *shard,
    const atomic_bool *stop, bool *ret_is_good, struct hk_error *error);
/* A read-only connection. HK_NOT_FOUND, HK_CORRUPT, HK_IO. */
HK_MUST_CHECK enum hk_status hk_shard_open(
    const char *folder, const struct hk_shard *shard, sqlite3 **ret_db, struct hk_error *error);
/* Take a file away with what lies beside it. HK_IO when it is there still. */
HK_MUST_CHECK enum hk_status hk_shard_remove(
    const char *folder, const char *file, struct hk_error *error);
/* .open → .kept, synced; and back. The folder's names are synced by the caller. */
HK_MUST_CHECK enum hk_status hk_shard_keep(
    const char *folder, struct hk_shard *shard, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_shard_take_back(
    const char *folder, struct hk_shard *shard, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_shard_sync_folder(const char *folder, struct hk_error *error);
bool hk_shard_name_ends(const char *file, const char *ending);

#endif
