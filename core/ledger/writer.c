/*
 * writer: the thread that writes; see writer.h.
 */
#include "ledger/writer.h"

#include "base/crashpoint.h"
#include "base/log.h"
#include "ledger/scrub.h"
#include "limits.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_IO 74                /* sysexits: EX_IOERR */
#define CHECKPOINT_AFTER_MS 60000 /* the first entry that no checkpoint covers waits so long */
#define ANSWER_KEEP_US (86400LL * 1000000) /* clients that try again do so within a day */
#define STACK_SIZE ((size_t)512 * 1024)
/* Those that read the oldest, then those that came meanwhile. */
#define WAIT_FOR_READERS_MS (2 * HK_READ_BUDGET_MS + 500)

struct hk_writer {
    struct hk_appender *appender;
    struct hk_sinks *sinks;
    struct hk_search *search;
    struct hk_room *room;
    struct hk_done_list *done;
    struct hk_queue queue;
    pthread_t thread;
    int64_t checkpoint_due_ms; /* monotonic; 0: all is covered */
    int page_size;
    int wal_pages;       /* after the last commit */
    int wal_pages_retry; /* no passive checkpoint below this */
    int wal_pages_wait;  /* from here on readers are waited for */
    int64_t pruned_us;
    /* free places of the file are to be overwritten */
    bool scrub_is_wanted;
    uint32_t scrub_page;
    int64_t scrub_due_ms;                /* of the next slice; monotonic */
    bool search_is_told;                 /* to take out what was erased … */
    uint64_t search_mark;                /* … and has done so once it is clean of this */
    struct hk_queue_item *scrub_waiters; /* erasures that are told when it is done */

    pthread_mutex_t lock; /* for what follows, and for the waits flags of writes */
    pthread_cond_t written;
    struct hk_ledger_stats stats;
};

static _Noreturn void give_up(const char *what, const struct hk_error *error)
{
    (void)fprintf(stderr, "fatal: %s: %s\n", what, error->text);
    (void)fflush(stderr);
    _exit(EXIT_IO);
}

static int wal_hook(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct hk_writer *writer = ctx;

    (void)db;
    (void)name;
    writer->wal_pages = pages;
    return SQLITE_OK;
}

static void copy_wal_back(struct hk_writer *writer, int mode)
{
    sqlite3 *db = hk_appender_db(writer->appender);
    struct hk_error error;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, mode, NULL, NULL);

    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) {
        (void)hk_fail(&error, HK_IO, "%s", sqlite3_errmsg(db));
        give_up("ledger: WAL", &error);
    }
}

/* Only here is the WAL ever copied back. Readers may hold parts of it: then try again later.
 * Readers that overlap, one after the other, would never leave it a moment to begin anew. So when
 * it has grown too far those that read now are waited for (newer ones see that all is in the
 * database and leave the WAL alone). The engine's own have their budget; a tool on the folder may
 * take longer, and is then not waited for again before the WAL has grown by as much once more. */
static void bound_wal(struct hk_writer *writer)
{
    const int pages_max = HK_WAL_SIZE_MAX / writer->page_size;
    const int pages_wait = HK_WAL_SIZE_WAIT / writer->page_size;
    sqlite3 *db = hk_appender_db(writer->appender);

    if (writer->wal_pages < pages_max) {
        writer->wal_pages_retry = 0;
        writer->wal_pages_wait = pages_wait;
    } else if (writer->wal_pages >= writer->wal_pages_wait) {
        (void)sqlite3_busy_timeout(db, WAIT_FOR_READERS_MS);
        copy_wal_back(writer, SQLITE_CHECKPOINT_RESTART);
        (void)sqlite3_busy_timeout(db, HK_STORE_BUSY_MS);
        writer->wal_pages_wait = writer->wal_pages + pages_wait;
    } else if (writer->wal_pages >= writer->wal_pages_retry) {
        copy_wal_back(writer, SQLITE_CHECKPOINT_PASSIVE);
        writer->wal_pages_retry = writer->wal_pages + pages_max / 4;
    }
}

/* Sign now? Sets when the next one is due. */
static bool checkpoint_is_due(struct hk_writer *writer, bool is_last)
{
    return is_last ||
           (writer->checkpoint_due_ms != 0 && hk_time_monotonic_ms() >= writer->checkpoint_due_ms);
}

static size_t send_note(struct hk_writer *writer, const char *tenant, char **in_out_note)
{
    if (*in_out_note == NULL)
        return 0;
    hk_sinks_put(writer->sinks, tenant, *in_out_note);
    free(*in_out_note);
    *in_out_note = NULL;
    return 1;
}

static size_t send_checkpoints(struct hk_writer *writer)
{
    size_t count = 0;

    for (size_t i = 0; i < hk_appender_tenant_count(writer->appender); i++) {
        struct hk_append_tenant *tenant = hk_appender_tenant_at(writer->appender, i);

        count += send_note(writer, tenant->name, &tenant->handover);
        count += send_note(writer, tenant->name, &tenant->note);
    }
    return count;
}

/* --- after an erasure --- */

static void tell_scrub(struct hk_writer *writer)
{
    (void)pthread_mutex_lock(&writer->lock);
    writer->stats.is_scrubbing = writer->scrub_is_wanted;
    (void)pthread_mutex_unlock(&writer->lock);
}

static void want_scrub(struct hk_writer *writer, int64_t after_ms)
{
    int64_t due_ms = hk_time_monotonic_ms() + after_ms;

    /* Somebody who waits isn't made to wait for more. */
    if (!writer->scrub_is_wanted || writer->scrub_waiters == NULL || after_ms == 0)
        writer->scrub_due_ms = due_ms;
    writer->scrub_is_wanted = true;
    writer->scrub_page = 1;
    writer->search_is_told = false;
    tell_scrub(writer);
}

/* An erasure is told once its bytes are nowhere any more. */
static bool waits_for_scrub(struct hk_writer *writer, struct hk_write *write)
{
    if (write->erasure == NULL || write->erasure->status != HK_OK || write->erasure->entries == 0)
        return false;
    want_scrub(writer, write->erasure->is_by_rule ? HK_SCRUB_LATER_MS : 0);
    (void)pthread_mutex_lock(&writer->lock);
    writer->stats.erased_entries += write->erasure->entries;
    (void)pthread_mutex_unlock(&writer->lock);
    if (write->erased == NULL || write->erasure->is_by_rule)
        return false;
    write->item.next = writer->scrub_waiters;
    writer->scrub_waiters = &write->item;
    return true;
}

static void end_scrub(struct hk_writer *writer)
{
    struct hk_queue_item *waiters = writer->scrub_waiters;
    struct hk_error error;

    if (hk_append_begin(writer->appender, &error) != HK_OK ||
        hk_scrub_is_done(hk_appender_db(writer->appender), &error) != HK_OK ||
        hk_append_commit(writer->appender, false, &error) != HK_OK)
        give_up("ledger: can't write", &error);
    writer->scrub_is_wanted = false;
    tell_scrub(writer);
    writer->scrub_waiters = NULL;
    hk_done_put(writer->done, waiters);
}

/* Is the index rid of it? It is told once for all that rules erased until the scrubbing is due. */
static bool search_is_clean(struct hk_writer *writer)
{
    if (!writer->search_is_told)
        hk_search_forget(writer->search, &writer->search_mark);
    writer->search_is_told = true;
    return hk_search_is_clean(writer->search, writer->search_mark);
}

/* One slice, when it is due. */
static void scrub(struct hk_writer *writer)
{
    struct hk_error error;
    bool is_done = false;
    enum hk_status status;

    if (!writer->scrub_is_wanted || hk_time_monotonic_ms() < writer->scrub_due_ms)
        return;
    hk_crashpoint("erase.committed");
    if (!search_is_clean(writer)) {
        writer->scrub_due_ms = hk_time_monotonic_ms() + HK_SCRUB_RETRY_MS;
        return;
    }
    status =
        hk_scrub_slice(hk_appender_db(writer->appender), &writer->scrub_page, &is_done, &error);
    if (status == HK_BUSY)
        writer->scrub_due_ms = hk_time_monotonic_ms() + HK_SCRUB_RETRY_MS;
    else if (status == HK_LIMIT) /* only what a rule erased comes here */
        hk_log(HK_LOG_WARNING, "%s", error.text);
    else if (status != HK_OK)
        give_up("ledger: can't scrub", &error);
    hk_crashpoint("erase.scrubbed");
    if (is_done || status == HK_LIMIT)
        end_scrub(writer);
}

/* Before the end: as far as it goes in a stop. */
static void scrub_rest(struct hk_writer *writer)
{
    int64_t until_ms = hk_time_monotonic_ms() + HK_SCRUB_STOP_MS;
    struct hk_queue_item *waiters;

    writer->scrub_due_ms = 0;
    while (writer->scrub_is_wanted && hk_time_monotonic_ms() < until_ms) {
        scrub(writer);
        if (writer->scrub_is_wanted && writer->scrub_due_ms > hk_time_monotonic_ms())
            (void)usleep(HK_SCRUB_RETRY_MS * 1000);
    }
    waiters = writer->scrub_waiters;
    writer->scrub_waiters = NULL;
    hk_done_put(writer->done, waiters);
}

/* Hand back what is written. Writes that somebody waits for are freed here, others go to drain. */
static void give_back(struct hk_writer *writer, struct hk_queue_item *list)
{
    struct hk_queue_item *chain = NULL;
    struct hk_queue_item **tail = &chain;
    bool has_waiter = false;

    while (list != NULL) {
        struct hk_write *write = (struct hk_write *)list;

        list = list->next;
        hk_write_drop_ops(write);
        if (write->waits != NULL) {
            (void)pthread_mutex_lock(&writer->lock);
            *write->waits = false;
            (void)pthread_mutex_unlock(&writer->lock);
            has_waiter = true;
        }
        if (waits_for_scrub(writer, write))
            continue;
        if (write->done == NULL && write->erased == NULL) {
            hk_write_free(write);
            continue;
        }
        write->item.next = NULL;
        *tail = &write->item;
        tail = &write->item.next;
    }
    if (has_waiter)
        (void)pthread_cond_broadcast(&writer->written);
    hk_done_put(writer->done, chain);
}

static void count_batch(struct hk_writer *writer, int64_t sync_us)
{
    (void)pthread_mutex_lock(&writer->lock);
    writer->stats.entries = hk_appender_entries(writer->appender);
    writer->stats.transactions++;
    writer->stats.sync_us_total += (uint64_t)sync_us;
    writer->stats.wal_bytes = (uint64_t)writer->wal_pages * (uint64_t)writer->page_size;
    (void)pthread_mutex_unlock(&writer->lock);
}

static void count_checkpoints(struct hk_writer *writer, size_t count)
{
    (void)pthread_mutex_lock(&writer->lock);
    writer->stats.checkpoints += count;
    (void)pthread_mutex_unlock(&writer->lock);
}

static void prune(struct hk_writer *writer)
{
    int64_t now_us = hk_time_wall_us();
    struct hk_error error;

    if (now_us - writer->pruned_us < (int64_t)CHECKPOINT_AFTER_MS * 1000)
        return;
    writer->pruned_us = now_us;
    if (hk_append_prune_answers(writer->appender, now_us - ANSWER_KEEP_US, &error) != HK_OK)
        give_up("ledger: can't write", &error);
}

/* One transaction. list may be NULL when only checkpoints are due. */
static void write_batch(struct hk_writer *writer, struct hk_queue_item *list, bool is_last)
{
    bool is_due = checkpoint_is_due(writer, is_last);
    struct hk_error error;
    int64_t begun_us;
    enum hk_status status;

    if (list == NULL && !(is_due && hk_append_needs_checkpoint(writer->appender)))
        return;
    status = hk_append_begin(writer->appender, &error);
    for (struct hk_queue_item *item = list; item != NULL && status == HK_OK; item = item->next)
        status = hk_append_write(writer->appender, (struct hk_write *)item, &error);
    if (status != HK_OK)
        give_up("ledger: can't write", &error);
    prune(writer);
    hk_crashpoint("ledger.before_commit");
    begun_us = hk_time_monotonic_us();
    if (hk_append_commit(writer->appender, is_due, &error) != HK_OK)
        give_up("ledger: can't commit", &error);
    hk_crashpoint("ledger.after_commit");
    count_batch(writer, hk_time_monotonic_us() - begun_us);
    if (!hk_append_needs_checkpoint(writer->appender))
        writer->checkpoint_due_ms = 0;
    else if (writer->checkpoint_due_ms == 0)
        writer->checkpoint_due_ms = hk_time_monotonic_ms() + CHECKPOINT_AFTER_MS;
    hk_search_poke(writer->search);
    give_back(writer, list);
    count_checkpoints(writer, send_checkpoints(writer));
    bound_wal(writer);
}

/* Wait until there is something to write, a checkpoint or a slice of scrubbing is due, or the disk
 * is to be looked at. */
static void wait_for_work(struct hk_writer *writer)
{
    struct hk_queue *queue = &writer->queue;
    int64_t now_ms = hk_time_monotonic_ms();
    int64_t due_ms = now_ms + HK_ROOM_LOOK_MS;
    int64_t left_ms;
    struct timespec until;
    int code = 0;

    if (writer->checkpoint_due_ms != 0 && writer->checkpoint_due_ms < due_ms)
        due_ms = writer->checkpoint_due_ms;
    if (writer->scrub_is_wanted && writer->scrub_due_ms < due_ms)
        due_ms = writer->scrub_due_ms;
    left_ms = due_ms - now_ms;
    if (left_ms < 0)
        left_ms = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(left_ms / 1000);
    until.tv_nsec += (long)(left_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed && code == 0)
        code = pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
    (void)pthread_mutex_unlock(&queue->lock);
}

static void *write_thread(void *ctx)
{
    struct hk_writer *writer = ctx;
    bool is_closed = false;

    while (!is_closed) {
        struct hk_queue_item *list;

        wait_for_work(writer);
        hk_room_look(writer->room);
        list = hk_queue_take(&writer->queue, HK_WRITE_BATCH_MAX, false, NULL);
        if (list == NULL) {
            (void)pthread_mutex_lock(&writer->queue.lock);
            is_closed = writer->queue.closed && writer->queue.count == 0;
            (void)pthread_mutex_unlock(&writer->queue.lock);
        }
        write_batch(writer, list, is_closed);
        scrub(writer);
    }
    scrub_rest(writer);
    (void)sqlite3_wal_checkpoint_v2(
        hk_appender_db(writer->appender), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return NULL;
}

static int page_size_of(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int size = 4096;

    if (sqlite3_prepare_v2(db, "PRAGMA page_size", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        size = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return size;
}

static void free_writer(struct hk_writer *writer)
{
    hk_queue_done(&writer->queue);
    (void)pthread_mutex_destroy(&writer->lock);
    (void)pthread_cond_destroy(&writer->written);
    hk_appender_free(writer->appender);
    free(writer);
}

enum hk_status hk_writer_start(struct hk_appender *take_appender, struct hk_sinks *sinks,
    struct hk_search *search, struct hk_room *room, struct hk_done_list *done,
    struct hk_writer **ret_writer, struct hk_error *error)
{
    struct hk_writer *writer = calloc(1, sizeof(*writer));
    pthread_attr_t attributes;
    bool is_scrub_wanted = false;
    bool has_started;

    if (hk_scrub_is_wanted(hk_appender_db(take_appender), &is_scrub_wanted, error) != HK_OK) {
        free(writer);
        hk_appender_free(take_appender);
        return error->status;
    }
    if (writer == NULL) {
        hk_appender_free(take_appender);
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    }
    writer->appender = take_appender;
    writer->sinks = sinks;
    writer->search = search;
    writer->room = room;
    writer->done = done;
    writer->page_size = page_size_of(hk_appender_db(take_appender));
    hk_queue_init(&writer->queue, SIZE_MAX, NULL, NULL);
    (void)pthread_mutex_init(&writer->lock, NULL);
    (void)pthread_cond_init(&writer->written, NULL);
    (void)sqlite3_wal_hook(hk_appender_db(take_appender), wal_hook, writer);
    /* What a crash left without a checkpoint gets one soon. */
    if (hk_append_needs_checkpoint(take_appender))
        writer->checkpoint_due_ms = hk_time_monotonic_ms() + CHECKPOINT_AFTER_MS;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    /* And what an engine that ended had still to overwrite. */
    if (is_scrub_wanted)
        want_scrub(writer, 0);
    has_started = pthread_create(&writer->thread, &attributes, write_thread, writer) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (!has_started) {
        free_writer(writer);
        return hk_fail(error, HK_NOMEM, "ledger: can't start the writer thread");
    }
    (void)pthread_setname_np(writer->thread, "hk-writer"); /* for those who look at threads */
    *ret_writer = writer;
    return HK_OK;
}

void hk_writer_end(struct hk_writer *writer)
{
    if (writer == NULL)
        return;
    hk_queue_close(&writer->queue);
    (void)pthread_join(writer->thread, NULL);
}

void hk_writer_free(struct hk_writer *writer)
{
    if (writer != NULL)
        free_writer(writer);
}

void hk_writer_put(struct hk_writer *writer, struct hk_write *take_write, enum hk_lane lane)
{
    /* Unbounded and open until hk_writer_stop, so this does not fail. */
    if (hk_queue_put(&writer->queue, &take_write->item, lane) != HK_OK)
        hk_write_free(take_write);
}

void hk_writer_put_and_wait(struct hk_writer *writer, struct hk_write *take_write)
{
    bool waits = true;

    /* Set false, and not looked at again, before the wait below ends. */
    // cppcheck-suppress autoVariables
    take_write->waits = &waits;
    hk_writer_put(writer, take_write, HK_LANE_URGENT);
    (void)pthread_mutex_lock(&writer->lock);
    while (waits)
        (void)pthread_cond_wait(&writer->written, &writer->lock);
    (void)pthread_mutex_unlock(&writer->lock);
}

size_t hk_writer_backlog(struct hk_writer *writer)
{
    return hk_queue_count(&writer->queue);
}

void hk_writer_stats(struct hk_writer *writer, struct hk_ledger_stats *ret_stats)
{
    (void)pthread_mutex_lock(&writer->lock);
    *ret_stats = writer->stats;
    (void)pthread_mutex_unlock(&writer->lock);
}
