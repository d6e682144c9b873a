/*
 * writer: the thread that writes. It takes whatever has queued up while the last sync ran, writes
 * it in one transaction and hands it back as done. Any failure to write ends the process (status
 * 74): nothing is acknowledged that may not be on disk.
 */
#ifndef HK_LEDGER_WRITER_H
#define HK_LEDGER_WRITER_H

#include "ledger/append.h"
#include "ledger/done.h"
#include "ledger/room.h"
#include "ledger/search_index.h"
#include "ledger/sinks.h"

struct hk_writer;

/* Takes the appender, also on failure. sinks and search may be NULL, and last until hk_writer_end
 * is over; room is looked at by its thread. */
HK_MUST_CHECK enum hk_status hk_writer_start(struct hk_appender *take_appender,
    struct hk_sinks *sinks, struct hk_search *search, struct hk_room *room,
    struct hk_done_list *done, struct hk_writer **ret_writer, struct hk_error *error);
/* Write what is queued, checkpoint, join. NULL is fine here and below. */
void hk_writer_end(struct hk_writer *writer);
/* Close the database, as the last of all connections, so that its WAL goes. */
void hk_writer_free(struct hk_writer *writer);
void hk_writer_put(struct hk_writer *writer, struct hk_write *take_write, enum hk_lane lane);
/* Put, and wait until it is on disk. */
void hk_writer_put_and_wait(struct hk_writer *writer, struct hk_write *take_write);
size_t hk_writer_backlog(struct hk_writer *writer);
/* Fills what the writer knows of. */
void hk_writer_stats(struct hk_writer *writer, struct hk_ledger_stats *ret_stats);

#endif
