/*
 * wal: it stays bounded, whatever readers do: they overlap so that there is never a moment without
 * one, and never one in which all that was written may be copied back.
 */
#include "folder.h"

#include "ledger/store.h"
#include "limits.h"

enum { READERS = 2, PAYLOAD_SIZE = 900 * 1024, QUERY_MS = 200 };

struct overlap {
    struct folder folder;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned begun[READERS]; /* snapshots so far */
    unsigned written;
    bool stop;
};

struct reader {
    struct overlap *overlap;
    pthread_t thread;
    unsigned number;
};

/* Hold a snapshot until the other has a newer one and it is old; as long as a query takes, at most.
 */
static void hold(struct overlap *overlap, unsigned number, unsigned *seen)
{
    unsigned other = 1 - number;
    struct timespec until;
    unsigned written;
    int code = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += QUERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    written = overlap->written;
    overlap->begun[number]++;
    (void)pthread_cond_broadcast(&overlap->changed);
    while (code == 0 && !overlap->stop &&
           (overlap->begun[other] == *seen || overlap->written == written))
        code = pthread_cond_timedwait(&overlap->changed, &overlap->lock, &until);
    *seen = overlap->begun[other];
}

static void *read_on(void *ctx)
{
    const struct reader *reader = ctx;
    struct overlap *overlap = reader->overlap;
    unsigned seen = 0;
    bool stop = false;
    sqlite3 *db = NULL;
    struct hk_error error;

    must(hk_store_open_reader(overlap->folder.path, &db, &error) == HK_OK, "a reader");
    while (!stop) {
        must(hk_store_exec(db, "BEGIN; SELECT count(*) FROM tree", &error) == HK_OK, error.text);
        (void)pthread_mutex_lock(&overlap->lock);
        hold(overlap, reader->number, &seen);
        stop = overlap->stop;
        (void)pthread_mutex_unlock(&overlap->lock);
        must(hk_store_exec(db, "ROLLBACK", &error) == HK_OK, error.text);
    }
    (void)sqlite3_close(db);
    return NULL;
}

static void readers_that_overlap_do_not_hold_it(void)
{
    struct overlap overlap = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct reader readers[READERS];
    struct hk_ledger_stats stats;
    uint64_t wal_max = 0;
    char *payload = malloc(PAYLOAD_SIZE + 1);
    char id[32];

    must(payload != NULL, "out of memory");
    memset(payload, 'x', PAYLOAD_SIZE);
    memcpy(payload, "{\"version\":\"", 12);
    memcpy(payload + PAYLOAD_SIZE - 2, "\"}", 3);
    folder_init(&overlap.folder);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.overlap = &overlap, .number = i};
        must(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) == 0, "a thread");
    }
    for (uint64_t written = 0; written < 2 * HK_WAL_SIZE_WAIT; written += PAYLOAD_SIZE) {
        (void)snprintf(id, sizeof(id), "x-%u", (unsigned)(written / PAYLOAD_SIZE));
        put(&overlap.folder, HK_KIND_ENGINE_STARTED, id, payload);
        (void)pthread_mutex_lock(&overlap.lock);
        overlap.written++;
        (void)pthread_cond_broadcast(&overlap.changed);
        (void)pthread_mutex_unlock(&overlap.lock);
        hk_ledger_stats(overlap.folder.ledger, &stats);
        if (stats.wal_bytes > wal_max)
            wal_max = stats.wal_bytes;
    }
    (void)pthread_mutex_lock(&overlap.lock);
    overlap.stop = true;
    (void)pthread_cond_broadcast(&overlap.changed);
    (void)pthread_mutex_unlock(&overlap.lock);
    for (unsigned i = 0; i < READERS; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        CU_ASSERT_TRUE(overlap.begun[i] > 10); /* that there were many is what this is about */
    }
    CU_ASSERT_TRUE(wal_max >= HK_WAL_SIZE_MAX);
    CU_ASSERT_TRUE(wal_max < HK_WAL_SIZE_WAIT + 4 * PAYLOAD_SIZE);
    (void)fprintf(stderr, "largest WAL: %u MiB\n", (unsigned)(wal_max >> 20));
    free(payload);
    folder_done(&overlap.folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"readers that overlap do not hold it", readers_that_overlap_do_not_hold_it},
    };

    return suite_run("wal", tests, COUNT_OF(tests));
}
