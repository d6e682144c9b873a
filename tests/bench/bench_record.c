/*
 * What grows with the record, and what must not: real entries are made through the appender, then
 * start-up, proofs and verification are timed on a small ledger and on a large one. Verification is
 * held against a loop that reads the lines and hashes them, and does nothing else. Prints one JSON
 * object a line.
 *
 * Usage: bench_record ENTRIES [folder]      (a new folder on the disk that is to be measured)
 */
#include "base/time.h"
#include "ledger/append.h"
#include "ledger/audit.h"
#include "ledger/merkle.h"
#include "ledger/prove_path.h"
#include "ledger/query.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SMALL = 10000,
    ALERTS_PER_COMMIT = 1000,
    COMMITS_PER_COPY = 8,
    STARTS = 15,
    PROOFS = 500,
    ROUNDS = 7
};

#define RECEIVED                                                                                   \
    "{\"source\":\"siem\",\"form\":\"view\",\"severity\":\"high\",\"event_us\":1790000000000000,"  \
    "\"view\":{\"title\":\"Repeated failed logins for one account\",\"category\":"                 \
    "\"authentication\",\"severity\":\"high\",\"time\":\"2026-09-21T14:13:20.000000Z\",\"uid\":"   \
    "\"%s\",\"product\":\"siem\",\"src\":{\"ip\":\"192.0.2.7\",\"port\":51234},\"dst\":{\"ip\":"   \
    "\"198.51.100.9\",\"port\":22,\"host\":\"bastion\"},\"user\":{\"name\":\"root\"},\"count\":"   \
    "41},"                                                                                         \
    "\"dedupe\":\"%s%s\",\"raw\":\"{\\\"rule\\\":\\\"ssh-bruteforce\\\",\\\"src\\\":"              \
    "\\\"192.0.2.7\\\",\\\"user\\\":\\\"root\\\",\\\"attempts\\\":41,\\\"window\\\":\\\"5m\\\"}"   \
    "\"}"

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench_record: %s\n", what);
    exit(1);
}

static void tell(const char *name, uint64_t entries, double value, const char *unit, double ratio,
    const char *against)
{
    (void)printf("{\"name\":\"record_%s_%llu\",\"value\":%.3f,\"unit\":\"%s\",", name,
        (unsigned long long)entries, value, unit);
    if (against != NULL)
        (void)printf("\"ratio\":%.3f,\"against\":\"%s\"}\n", ratio, against);
    else
        (void)printf("\"ratio\":null,\"against\":null}\n");
    (void)fflush(stdout);
}

/* payload is on the stack of the caller. */
static void add(struct hk_write *write, enum hk_kind kind, const char *subject, int64_t now_us,
    const char *payload)
{
    char *copy = strdup(payload);

    check(copy != NULL && hk_write_add(write, 1, kind, subject, "engine", now_us, copy,
                              strlen(copy), NULL) == HK_OK,
        "write refused");
}

/* An alert's life without a playbook: three entries. */
static void add_alert(struct hk_write *write, int64_t now_us)
{
    char payload[2048];
    char id[HK_ID_SIZE];

    hk_id_new("al", now_us, id);
    (void)snprintf(payload, sizeof(payload), RECEIVED, id, id + 3, id + 3);
    add(write, HK_KIND_ALERT_RECEIVED, id, now_us, payload);
    add(write, HK_KIND_ALERT_SEEN, id, now_us, "{\"by\":\"us-01k0d2m7t3w9zq8x5v4n6b1c0e\"}");
    add(write, HK_KIND_ALERT_CLOSED, id, now_us,
        "{\"verdict\":\"expected\",\"note\":\"a known scanner\"}");
}

static void make_ledger(const char *folder)
{
    struct hk_ledger_options options = {.data_dir = folder};
    struct hk_ledger *ledger = NULL;
    struct hk_error error;
    hk_tenant tenant = 0;

    if (hk_ledger_open(&options, &ledger, &error) != HK_OK ||
        hk_ledger_tenant_open(ledger, "bench", &tenant, &error) != HK_OK)
        check(false, error.text);
    check(tenant == 1, "not the first tenant");
    hk_ledger_close(ledger);
}

/* As the writer's thread does it, in large batches and without the queues. */
static void fill(const char *folder, uint64_t entries)
{
    struct hk_appender *appender = NULL;
    struct hk_error error;
    int64_t now_us = hk_time_wall_us();
    uint64_t made = 1;
    int64_t begun_us;

    make_ledger(folder);
    if (hk_appender_open(folder, NULL, &appender, &error) != HK_OK)
        check(false, error.text);
    begun_us = hk_time_monotonic_us();
    for (unsigned commit = 1; made + 3 <= entries; commit++) {
        struct hk_write *write = hk_write_new();
        check(write != NULL, "out of memory");
        for (int i = 0; i < ALERTS_PER_COMMIT && made + 3 <= entries; i++, made += 3)
            add_alert(write, now_us += 1000);
        if (hk_append_begin(appender, &error) != HK_OK ||
            hk_append_write(appender, write, &error) != HK_OK ||
            hk_append_commit(appender, commit % 64 == 0 || made + 3 > entries, &error) != HK_OK)
            check(false, error.text);
        hk_write_free(write);
        if (commit % COMMITS_PER_COPY == 0)
            (void)sqlite3_wal_checkpoint_v2(
                hk_appender_db(appender), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    tell("fill", entries, (double)made * 1e6 / (double)(hk_time_monotonic_us() - begun_us),
        "entries/s", 0, NULL);
    (void)sqlite3_wal_checkpoint_v2(
        hk_appender_db(appender), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    hk_appender_free(appender);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Milliseconds until the ledger can be written to and read; the best, since others share the
 * machine. */
static double start_ms(const char *folder)
{
    struct hk_ledger_options options = {.data_dir = folder};
    double best = 0;

    for (int i = 0; i < STARTS; i++) {
        int64_t begun_us = hk_time_monotonic_us();
        struct hk_ledger *ledger = NULL;
        struct hk_error error;
        double ms;

        if (hk_ledger_open(&options, &ledger, &error) != HK_OK)
            check(false, error.text);
        ms = (double)(hk_time_monotonic_us() - begun_us) / 1000;
        best = i == 0 || ms < best ? ms : best;
        hk_ledger_close(ledger);
    }
    return best;
}

struct proofs {
    uint64_t entries;
    double ms[PROOFS];
    size_t size_max;
};

static enum hk_status make_proofs(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct proofs *proofs = job;
    enum hk_status status = HK_OK;

    for (int i = 0; i < PROOFS && status == HK_OK; i++) {
        int64_t begun_us = hk_time_monotonic_us();
        uint64_t seq = (uint64_t)i * 7919 * 104729 % (proofs->entries - 3);
        struct hk_buf out;

        hk_buf_init(&out, 65536);
        status = hk_prove_inclusion(reading, 1, seq, 0, NULL, &out, error);
        proofs->ms[i] = (double)(hk_time_monotonic_us() - begun_us) / 1000;
        if (out.size > proofs->size_max)
            proofs->size_max = out.size;
        hk_buf_done(&out);
    }
    return status;
}

static void measure_proofs(const char *folder, uint64_t entries)
{
    struct hk_ledger_options options = {.data_dir = folder};
    struct proofs proofs = {.entries = entries};
    struct hk_ledger *ledger = NULL;
    struct hk_error error;

    if (hk_ledger_open(&options, &ledger, &error) != HK_OK ||
        hk_ledger_read_now(ledger, make_proofs, &proofs, &error) != HK_OK)
        check(false, error.text);
    hk_ledger_close(ledger);
    qsort(proofs.ms, PROOFS, sizeof(double), compare);
    tell("proof_p50", entries, proofs.ms[PROOFS / 2], "ms", 0, NULL);
    tell("proof_p99", entries, proofs.ms[PROOFS * 99 / 100], "ms", 0, NULL);
    tell("proof_size", entries, (double)proofs.size_max, "bytes", (double)proofs.size_max / 2048,
        "the goal of 2 KB");
}

/* Time of the processor that this thread takes, since others share the machine. */
static int64_t thread_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Lines a second that are read in order and hashed, and nothing else; with payloads when asked. */
static double bare_rate(const char *folder, bool with_payloads)
{
    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    uint8_t hash[HK_SHA256_SIZE];
    int64_t begun_us = thread_us();
    uint64_t count = 0;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
    check(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "SELECT line, salt, payload FROM entry ORDER BY pos", -1,
                  &stmt, NULL) == SQLITE_OK,
        "can't read");
    for (; sqlite3_step(stmt) == SQLITE_ROW; count++) {
        hk_merkle_leaf(sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), hash);
        if (!with_payloads)
            continue;
        const struct hk_bytes parts[] = {{sqlite3_column_blob(stmt, 1), HK_SALT_SIZE},
            {sqlite3_column_text(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2)}};
        hk_sha256(parts, 2, hash);
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return (double)count * 1e6 / (double)(thread_us() - begun_us);
}

/* The walk over the lines; payloads are hashed beside it by another thread, which takes less. */
static double verify_rate(const char *folder, uint64_t entries)
{
    struct hk_audit_options options = {.data_dir = folder};
    int64_t begun_us = thread_us();
    struct hk_error error;
    struct hk_buf out;
    bool ok = false;

    hk_buf_init(&out, 65536);
    if (hk_audit_verify(&options, &out, &ok, &error) != HK_OK)
        check(false, error.text);
    check(ok, out.data);
    hk_buf_done(&out);
    return (double)entries * 1e6 / (double)(thread_us() - begun_us);
}

static void measure_verify(const char *folder, uint64_t entries)
{
    char against[96];
    double lines = 0;
    double all = 0;
    double verify = 0;

    for (int round = 0; round < ROUNDS; round++) { /* the best of each: others share the machine */
        double rate = bare_rate(folder, false);
        lines = rate > lines ? rate : lines;
        rate = bare_rate(folder, true);
        all = rate > all ? rate : all;
        rate = verify_rate(folder, entries);
        verify = rate > verify ? rate : verify;
    }
    (void)snprintf(against, sizeof(against),
        "a loop that reads and hashes lines, %.0f a second of a thread", lines);
    tell("verify", entries, verify, "entries/s", verify / lines, against);
    tell("verify_bare_all", entries, all, "entries/s", all / lines,
        "the same loop; this one hashes payloads too");
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static double measure(const char *folder, uint64_t entries, double small_ms)
{
    char path[512];
    struct stat info;
    double ms;

    fill(folder, entries);
    (void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
    check(stat(path, &info) == 0, "no file");
    tell("bytes_per_entry", entries, (double)info.st_size / (double)entries, "bytes", 0, NULL);
    ms = start_ms(folder);
    tell("start", entries, ms, "ms", small_ms > 0 ? ms / small_ms : 1, "a ledger of 10000 entries");
    measure_proofs(folder, entries);
    measure_verify(folder, entries);
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return ms;
}

int main(int argc, char **argv)
{
    char made[] = "/var/tmp/bench_record.XXXXXX";
    uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    const char *folder = argc > 2 ? argv[2] : mkdtemp(made);
    char path[512];
    double small_ms;

    check(folder != NULL, "no folder");
    (void)snprintf(path, sizeof(path), "%s/small", folder);
    small_ms = measure(path, SMALL, 0);
    (void)snprintf(path, sizeof(path), "%s/large", folder);
    if (entries > SMALL)
        (void)measure(path, entries, small_ms);
    if (argc <= 2)
        (void)rmdir(folder);
    return 0;
}
