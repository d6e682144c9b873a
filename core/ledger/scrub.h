/*
 * scrub: overwrite what SQLite has left on free places of the file, so that what was erased is in
 * no byte of it.
 *
 * SQLite overwrites deleted content (secure_delete), but not the copies that stay behind in the gap
 * of a page when its cells are moved to another. Those gaps belong to nobody: no reader looks at
 * them, and they are written here directly, as zeros, with the WAL empty and the write lock held,
 * so that no version of a page but the one in the file exists. A crash between two slices loses
 * nothing: the marker beside the ledger (HK_SCRUB_SHELF) has the next start begin again.
 */
#ifndef HK_LEDGER_SCRUB_H
#define HK_LEDGER_SCRUB_H

#include "base/status.h"
#include "ledger/db.h"

#include <stdbool.h>
#include <stdint.h>

/* Empty the WAL and look at some pages from *in_out_page (1 at first) on; *ret_is_done after the
 * last. For the writer, outside of a transaction. HK_BUSY: somebody reads the WAL, try again
 * later. HK_LIMIT as below. */
HK_MUST_CHECK enum hk_status hk_scrub_slice(
    sqlite3 *db, uint32_t *in_out_page, bool *ret_is_done, struct hk_error *error);
/* HK_LIMIT: the file has 2^25 pages or more, and its pages can't be told apart any more. */
HK_MUST_CHECK enum hk_status hk_scrub_check(sqlite3 *db, struct hk_error *error);
/* Zero the free places of one b-tree page of the file format; true when something was there. Pages
 * of other kinds are left alone. For the above and its test. */
bool hk_scrub_page(uint8_t *page, uint32_t size, bool is_first);

/* Has some tenant erased what may still be in the file? */
HK_MUST_CHECK enum hk_status hk_scrub_is_wanted(
    sqlite3 *db, bool *ret_is_wanted, struct hk_error *error);
/* It is done: drop the markers. */
HK_MUST_CHECK enum hk_status hk_scrub_is_done(sqlite3 *db, struct hk_error *error);

#endif
