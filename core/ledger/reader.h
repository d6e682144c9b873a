/*
 * reader: threads that run queries, each on its own read-only connection, opened at the first
 * query. A query sees one snapshot and has a time budget.
 */
#ifndef HK_LEDGER_READER_H
#define HK_LEDGER_READER_H

#include "ledger/db.h"
#include "ledger/done.h"
#include "ledger/ledger.h"
#include "ledger/shelf.h"

#include <stdatomic.h>

struct hk_reading {
    sqlite3 *db;
    struct hk_shelf shelf;   /* of db */
    int64_t deadline_ms;     /* monotonic; 0: none */
    const atomic_bool *stop; /* may be NULL */
};

/* Open a connection; tools and start-up use one of these by hand. */
HK_MUST_CHECK enum hk_status hk_reading_open(const char *data_dir, const atomic_bool *stop,
    struct hk_reading **ret_reading, struct hk_error *error);
void hk_reading_free(struct hk_reading *reading);
/* Run fn in one snapshot; budget_ms 0 is no limit. */
HK_MUST_CHECK enum hk_status hk_reading_run(struct hk_reading *reading, int64_t budget_ms,
    hk_read_fn *fn, void *job, struct hk_error *error);

/* Let the reading's budget end statements of another connection, too; looked at every so many steps
 * of SQLite's virtual machine. The connection is closed before the reading. */
void hk_reading_watch(struct hk_reading *reading, sqlite3 *db, int steps);

struct hk_readers;

/* Finished reads go to done as items that hk_readers_finish takes. */
HK_MUST_CHECK enum hk_status hk_readers_start(const char *data_dir, struct hk_done_list *done,
    struct hk_readers **ret_readers, struct hk_error *error);
/* End running queries, drop waiting ones, join. NULL is fine. */
void hk_readers_stop(struct hk_readers *readers);
HK_MUST_CHECK enum hk_status hk_readers_put(struct hk_readers *readers, hk_read_fn *fn,
    hk_read_done_fn *done, void *job, struct hk_error *error);
size_t hk_readers_backlog(struct hk_readers *readers);
/* Call the callback (unless drop) and free the item. */
void hk_readers_finish(struct hk_queue_item *item, bool drop);

#endif
