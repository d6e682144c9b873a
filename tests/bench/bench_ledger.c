/*
 * Durable entries per second: alerts through hk_ledger_submit with 1, 10, 100 and 1000 writes
 * outstanding, against a bare loop that writes the very same rows, computed before, into the same
 * schema with the same batch size and full syncs; and how long one alone takes, against one append
 * to a file and its sync. Prints one JSON object a line.
 *
 * Usage: bench_ledger [folder]      (a new folder on the disk that is to be measured)
 */
#include "ledger/ledger.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 3
#define ROWS_MAX 40000
#define ALERT_COLUMNS 16
#define ALONE 3000
/* What one entry writes to the WAL: a frame for each page it touches. */
#define ALONE_BYTES (5 * (24 + 4096))

struct row {
    int64_t pos;
    char *line;
    uint8_t salt[HK_SALT_SIZE];
    char *payload;
    sqlite3_value *alert[ALERT_COLUMNS];
};

struct waker {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_set;
};

struct load {
    struct hk_ledger *ledger;
    hk_tenant tenant;
    size_t left;          /* to submit */
    size_t open;          /* submitted, not yet durable */
    int64_t submitted_us; /* of the last one */
    double *took_us;      /* of each, one at a time; may be NULL */
    size_t taken;
};

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench_ledger: %s\n", what);
    exit(1);
}

static void wake(void *ctx)
{
    struct waker *waker = ctx;

    (void)pthread_mutex_lock(&waker->lock);
    waker->is_set = true;
    (void)pthread_mutex_unlock(&waker->lock);
    (void)pthread_cond_signal(&waker->woken);
}

static void sleep_until_woken(struct waker *waker)
{
    (void)pthread_mutex_lock(&waker->lock);
    while (!waker->is_set)
        (void)pthread_cond_wait(&waker->woken, &waker->lock);
    waker->is_set = false;
    (void)pthread_mutex_unlock(&waker->lock);
}

static const char payload_format[] =
    "{\"source\":\"siem\",\"form\":\"view\",\"severity\":\"high\",\"event_us\":1790000000000000,"
    "\"view\":{\"title\":\"Repeated failed logins for one account\",\"category\":"
    "\"authentication\",\"severity\":\"high\",\"time\":\"2026-09-21T14:13:20.000000Z\",\"uid\":"
    "\"%s\",\"product\":\"siem\",\"src\":{\"ip\":\"192.0.2.7\",\"port\":51234},\"dst\":{\"ip\":"
    "\"198.51.100.9\",\"port\":22,\"host\":\"bastion\"},\"user\":{\"name\":\"root\"},\"count\":41},"
    "\"dedupe\":\"%s%s\",\"raw\":\"{\\\"rule\\\":\\\"ssh-bruteforce\\\",\\\"src\\\":"
    "\\\"192.0.2.7\\\",\\\"user\\\":\\\"root\\\",\\\"attempts\\\":41,\\\"window\\\":\\\"5m\\\"}\"}";

static void submit(struct load *load);

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    struct load *load = ctx;

    (void)tenant;
    (void)first_seq;
    load->open--;
    if (load->took_us != NULL)
        load->took_us[load->taken++] = (double)(hk_time_monotonic_us() - load->submitted_us);
    if (load->left > 0)
        submit(load);
}

static void submit(struct load *load)
{
    int64_t now_us = hk_clock_now_us(hk_ledger_clock(load->ledger));
    struct hk_write *write = hk_write_new();
    char *payload = malloc(2048);
    char id[HK_ID_SIZE];
    int size;

    check(write != NULL && payload != NULL, "out of memory");
    hk_id_new("al", now_us, id);
    size = snprintf(payload, 2048, payload_format, id, id + 3, id + 3);
    check(hk_write_add(write, load->tenant, HK_KIND_ALERT_RECEIVED, id, "engine", now_us, payload,
              (size_t)size, NULL) == HK_OK,
        "write refused");
    load->left--;
    load->open++;
    load->submitted_us = hk_time_monotonic_us();
    hk_ledger_submit(load->ledger, write, HK_LANE_NORMAL, on_written, load);
}

/* Entries per second with so many outstanding. took_us: room for the time of each, or NULL. */
static double run_ledger(const char *folder, size_t outstanding, size_t count, double *took_us)
{
    struct waker waker = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct hk_ledger_options options = {.data_dir = folder, .notify = wake, .notify_ctx = &waker};
    struct load load = {.left = count, .took_us = took_us};
    struct hk_error error;
    int64_t begun_us;
    double seconds;

    if (hk_ledger_open(&options, &load.ledger, &error) != HK_OK ||
        hk_ledger_tenant_open(load.ledger, "bench", &load.tenant, &error) != HK_OK)
        check(false, error.text);
    begun_us = hk_time_monotonic_us();
    for (size_t i = 0; i < outstanding && load.left > 0; i++)
        submit(&load);
    while (load.open > 0) {
        sleep_until_woken(&waker);
        hk_ledger_drain(load.ledger);
    }
    seconds = (double)(hk_time_monotonic_us() - begun_us) / 1e6;
    hk_ledger_close(load.ledger);
    return (double)count / seconds;
}

static sqlite3 *open_bare(const char *path, const char *schema)
{
    sqlite3 *db = NULL;

    check(sqlite3_open(path, &db) == SQLITE_OK, "can't open");
    check(sqlite3_exec(db,
              "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048;",
              NULL, NULL, NULL) == SQLITE_OK,
        sqlite3_errmsg(db));
    check(sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    return db;
}

/* The tables and indexes that the ledger made. */
static char *read_schema(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    char *schema = NULL;

    check(sqlite3_prepare_v2(db,
              "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT"
              " NULL ORDER BY type = 'index', type = 'trigger')",
              -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW,
        "no schema");
    schema = strdup((const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return schema;
}

static size_t read_rows(sqlite3 *db, struct row *rows, size_t max)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;

    check(sqlite3_prepare_v2(db,
              "SELECT e.pos, e.line, e.salt, e.payload, a.* FROM alert a CROSS JOIN entry e"
              " ON e.pos = a.last ORDER BY e.pos",
              -1, &stmt, NULL) == SQLITE_OK,
        sqlite3_errmsg(db));
    while (count < max && sqlite3_step(stmt) == SQLITE_ROW) {
        struct row *row = &rows[count++];

        row->pos = sqlite3_column_int64(stmt, 0);
        row->line = strdup((const char *)sqlite3_column_text(stmt, 1));
        memcpy(row->salt, sqlite3_column_blob(stmt, 2), HK_SALT_SIZE);
        row->payload = strdup((const char *)sqlite3_column_text(stmt, 3));
        for (int i = 0; i < ALERT_COLUMNS; i++)
            row->alert[i] = sqlite3_value_dup(sqlite3_column_value(stmt, 4 + i));
    }
    (void)sqlite3_finalize(stmt);
    return count;
}

static void free_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].line);
        free(rows[i].payload);
        for (int k = 0; k < ALERT_COLUMNS; k++)
            sqlite3_value_free(rows[i].alert[k]);
    }
}

static void step(sqlite3 *db, sqlite3_stmt *stmt)
{
    check(sqlite3_step(stmt) == SQLITE_DONE, sqlite3_errmsg(db));
    (void)sqlite3_reset(stmt);
}

/* The same rows as fast as a loop can write them. */
static double run_bare(
    const char *path, const char *schema, const struct row *rows, size_t count, size_t batch)
{
    sqlite3 *db = open_bare(path, schema);
    sqlite3_stmt *begin = NULL, *commit = NULL, *entry = NULL, *alert = NULL, *tree = NULL;
    const uint8_t frontier[16 * 32] = {0};
    int64_t begun_us;
    double seconds;

    (void)sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL);
    (void)sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL);
    (void)sqlite3_prepare_v2(
        db, "INSERT INTO entry VALUES(?1, ?2, ?3, ?4, NULL)", -1, &entry, NULL);
    (void)sqlite3_prepare_v2(
        db, "INSERT INTO alert VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &alert, NULL);
    (void)sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO tree VALUES(1, ?1, ?2)", -1, &tree, NULL);
    check(tree != NULL && alert != NULL && entry != NULL, sqlite3_errmsg(db));
    begun_us = hk_time_monotonic_us();
    for (size_t i = 0; i < count; i++) {
        if (i % batch == 0)
            step(db, begin);
        (void)sqlite3_bind_int64(entry, 1, rows[i].pos);
        (void)sqlite3_bind_text(entry, 2, rows[i].line, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(entry, 3, rows[i].salt, HK_SALT_SIZE, SQLITE_STATIC);
        (void)sqlite3_bind_text(entry, 4, rows[i].payload, -1, SQLITE_STATIC);
        step(db, entry);
        for (int k = 0; k < ALERT_COLUMNS; k++)
            (void)sqlite3_bind_value(alert, k + 1, rows[i].alert[k]);
        step(db, alert);
        if (i % batch == batch - 1 || i == count - 1) {
            (void)sqlite3_bind_int64(tree, 1, (int64_t)i);
            (void)sqlite3_bind_blob(tree, 2, frontier, sizeof(frontier), SQLITE_STATIC);
            step(db, tree);
            step(db, commit);
        }
    }
    seconds = (double)(hk_time_monotonic_us() - begun_us) / 1e6;
    (void)sqlite3_finalize(begin);
    (void)sqlite3_finalize(commit);
    (void)sqlite3_finalize(entry);
    (void)sqlite3_finalize(alert);
    (void)sqlite3_finalize(tree);
    (void)sqlite3_close(db);
    return (double)count / seconds;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static void run(const char *folder, size_t outstanding, size_t count, struct row *rows)
{
    double ledger[ROUNDS];
    double bare[ROUNDS];
    char path[512];
    char bare_path[512];
    size_t row_count;
    sqlite3 *db = NULL;
    char *schema;

    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(path, sizeof(path), "%s/%zu-%d", folder, outstanding, round);
        ledger[round] = run_ledger(path, outstanding, count, NULL);
        (void)snprintf(path, sizeof(path), "%s/%zu-%d/ledger.db", folder, outstanding, round);
        check(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, "can't open");
        schema = read_schema(db);
        row_count = read_rows(db, rows, count);
        (void)sqlite3_close(db);
        check(row_count == count, "rows are missing");
        (void)snprintf(
            bare_path, sizeof(bare_path), "%s/bare-%zu-%d.db", folder, outstanding, round);
        bare[round] = run_bare(bare_path, schema, rows, count, outstanding);
        free(schema);
        free_rows(rows, row_count);
        (void)unlink(path);
        (void)unlink(bare_path);
    }
    qsort(ledger, ROUNDS, sizeof(double), compare);
    qsort(bare, ROUNDS, sizeof(double), compare);
    (void)printf("{\"name\":\"ledger_durable_%zu\",\"value\":%.0f,\"unit\":\"entries/s\","
                 "\"ratio\":%.2f,\"against\":\"bare SQLite, same rows, %.0f/s\"}\n",
        outstanding, ledger[ROUNDS / 2], ledger[ROUNDS / 2] / bare[ROUNDS / 2], bare[ROUNDS / 2]);
    (void)fflush(stdout);
}

/* Appends to a file, each synced by itself, as long as a WAL may become. */
static void run_syncs(const char *path, double *took_us)
{
    static const char bytes[ALONE_BYTES] = {1};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    check(fd >= 0, "can't make a file");
    for (size_t i = 0; i < ALONE; i++) {
        int64_t begun_us = hk_time_monotonic_us();
        off_t at = (off_t)(i % 800 * sizeof(bytes));

        check(pwrite(fd, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes) && fdatasync(fd) == 0,
            "can't write");
        took_us[i] = (double)(hk_time_monotonic_us() - begun_us);
    }
    (void)close(fd);
    (void)unlink(path);
}

static void run_alone(const char *folder)
{
    static double ledger[ALONE];
    static double sync[ALONE];
    static const struct {
        const char *name;
        size_t at;
    } shares[] = {{"p50", ALONE / 2}, {"p99", ALONE * 99 / 100}};
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/alone", folder);
    (void)run_ledger(path, 1, ALONE, ledger);
    (void)snprintf(path, sizeof(path), "%s/alone.bytes", folder);
    run_syncs(path, sync);
    qsort(ledger, ALONE, sizeof(double), compare);
    qsort(sync, ALONE, sizeof(double), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        (void)printf("{\"name\":\"ledger_alone_%s\",\"value\":%.3f,\"unit\":\"ms\",\"ratio\":%.2f,"
                     "\"against\":\"an append of %d bytes and its sync, %.3f ms\"}\n",
            shares[i].name, ledger[shares[i].at] / 1e3, ledger[shares[i].at] / sync[shares[i].at],
            ALONE_BYTES, sync[shares[i].at] / 1e3);
    (void)fflush(stdout);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

int main(int argc, char **argv)
{
    char made[] = "/var/tmp/bench_ledger.XXXXXX";
    const char *folder = argc > 1 ? argv[1] : mkdtemp(made);
    struct row *rows = calloc(ROWS_MAX, sizeof(*rows));

    check(folder != NULL && rows != NULL, "no folder");
    run_alone(folder);
    run(folder, 1, 2000, rows);
    run(folder, 10, 10000, rows);
    run(folder, 100, 40000, rows);
    run(folder, 1000, 40000, rows);
    free(rows);
    if (argc <= 1)
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
