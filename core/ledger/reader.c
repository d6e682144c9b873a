/*
 * reader: threads that run queries; see reader.h.
 */
#include "ledger/reader.h"

#include "ledger/store.h"
#include "limits.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_STEPS 2000 /* virtual machine steps between two looks at the clock */
#define STACK_SIZE ((size_t)512 * 1024)

struct read_item {
    struct hk_queue_item item; /* must be first */
    hk_read_fn *fn;
    hk_read_done_fn *done;
    void *job;
    enum hk_status status;
    struct hk_error error;
};

struct hk_readers {
    struct hk_queue queue;
    struct hk_done_list *done;
    char *data_dir;
    atomic_bool stop;
    pthread_t threads[HK_READER_THREADS];
    size_t thread_count;
};

static int progress(void *ctx)
{
    const struct hk_reading *reading = ctx;

    if (reading->stop != NULL && atomic_load_explicit(reading->stop, memory_order_relaxed))
        return 1;
    return reading->deadline_ms != 0 && hk_time_monotonic_ms() > reading->deadline_ms;
}

enum hk_status hk_reading_open(const char *data_dir, const atomic_bool *stop,
    struct hk_reading **ret_reading, struct hk_error *error)
{
    struct hk_reading *reading = calloc(1, sizeof(*reading));
    enum hk_status status;

    if (reading == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    status = hk_store_open_reader(data_dir, &reading->db, error);
    if (status != HK_OK) {
        free(reading);
        return status;
    }
    reading->stop = stop;
    sqlite3_progress_handler(reading->db, PROGRESS_STEPS, progress, reading);
    *ret_reading = reading;
    return HK_OK;
}

void hk_reading_watch(struct hk_reading *reading, sqlite3 *db, int steps)
{
    sqlite3_progress_handler(db, steps, progress, reading);
}

void hk_reading_free(struct hk_reading *reading)
{
    if (reading == NULL)
        return;
    hk_shelf_clear(&reading->shelf);
    (void)sqlite3_close(reading->db);
    free(reading);
}

enum hk_status hk_reading_run(struct hk_reading *reading, int64_t budget_ms, hk_read_fn *fn,
    void *job, struct hk_error *error)
{
    enum hk_status status = hk_store_exec(reading->db, "BEGIN", error);

    if (status != HK_OK)
        return status;
    reading->deadline_ms = budget_ms > 0 ? hk_time_monotonic_ms() + budget_ms : 0;
    status = fn(reading, job, error);
    reading->deadline_ms = 0;
    (void)sqlite3_exec(reading->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static void run_item(
    struct hk_readers *readers, struct hk_reading **reading, struct read_item *item)
{
    item->error.status = HK_OK;
    item->error.text[0] = '\0';
    if (*reading == NULL)
        item->status = hk_reading_open(readers->data_dir, &readers->stop, reading, &item->error);
    else
        item->status = HK_OK;
    if (item->status == HK_OK)
        item->status =
            hk_reading_run(*reading, HK_READ_BUDGET_MS, item->fn, item->job, &item->error);
}

static void *read_thread(void *ctx)
{
    struct hk_readers *readers = ctx;
    struct hk_reading *reading = NULL;
    struct hk_queue_item *item;

    while ((item = hk_queue_take(&readers->queue, 1, true, NULL)) != NULL) {
        /* The queue wakes one taker when it stops being empty: hand the wake-up on. */
        if (hk_queue_count(&readers->queue) > 0)
            (void)pthread_cond_signal(&readers->queue.filled);
        if (atomic_load(&readers->stop)) {
            free(item);
            continue;
        }
        run_item(readers, &reading, (struct read_item *)item);
        item->next = NULL;
        hk_done_put(readers->done, item);
    }
    hk_reading_free(reading);
    return NULL;
}

enum hk_status hk_readers_start(const char *data_dir, struct hk_done_list *done,
    struct hk_readers **ret_readers, struct hk_error *error)
{
    struct hk_readers *readers = calloc(1, sizeof(*readers));
    pthread_attr_t attributes;

    if (readers == NULL || (readers->data_dir = strdup(data_dir)) == NULL) {
        free(readers);
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    }
    hk_queue_init(&readers->queue, HK_READ_QUEUE_MAX, NULL, NULL);
    readers->done = done;
    atomic_init(&readers->stop, false);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    for (size_t i = 0; i < HK_READER_THREADS; i++) {
        if (pthread_create(&readers->threads[i], &attributes, read_thread, readers) != 0)
            break;
        (void)pthread_setname_np(readers->threads[i], "hk-reader");
        readers->thread_count++;
    }
    (void)pthread_attr_destroy(&attributes);
    if (readers->thread_count == 0) {
        hk_readers_stop(readers);
        return hk_fail(error, HK_NOMEM, "ledger: can't start a reader thread");
    }
    *ret_readers = readers;
    return HK_OK;
}

void hk_readers_stop(struct hk_readers *readers)
{
    if (readers == NULL)
        return;
    atomic_store(&readers->stop, true);
    hk_queue_close(&readers->queue);
    for (size_t i = 0; i < readers->thread_count; i++)
        (void)pthread_join(readers->threads[i], NULL);
    hk_queue_done(&readers->queue);
    free(readers->data_dir);
    free(readers);
}

enum hk_status hk_readers_put(struct hk_readers *readers, hk_read_fn *fn, hk_read_done_fn *done,
    void *job, struct hk_error *error)
{
    struct read_item *item = calloc(1, sizeof(*item));

    if (item == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    item->fn = fn;
    item->done = done;
    item->job = job;
    if (hk_queue_put(&readers->queue, &item->item, HK_LANE_NORMAL) != HK_OK) {
        free(item);
        return hk_fail(error, HK_BUSY, "ledger: %d queries wait already", HK_READ_QUEUE_MAX);
    }
    return HK_OK;
}

size_t hk_readers_backlog(struct hk_readers *readers)
{
    return hk_queue_count(&readers->queue);
}

void hk_readers_finish(struct hk_queue_item *item, bool drop)
{
    struct read_item *read = (struct read_item *)item;

    if (!drop && read->done != NULL)
        read->done(read->job, read->status, &read->error);
    free(read);
}
