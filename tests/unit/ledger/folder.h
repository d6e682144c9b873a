/*
 * folder: a ledger in a folder of its own, and short forms of writing to it and asking it; for the
 * tests beside this file.
 */
#ifndef HK_TESTS_LEDGER_FOLDER_H
#define HK_TESTS_LEDGER_FOLDER_H

#include "ledger/audit.h"
#include "ledger/query.h"
#include "support/suite.h"

#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    char path[64];
    struct hk_ledger *ledger;
    hk_tenant tenant;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    unsigned wakes;
    const char *sink;
};

/* A failure here makes the rest of a test meaningless. */
static inline void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "can't go on: %s\n", what != NULL ? what : "no reason given");
    abort();
}

static inline void folder_wake(void *ctx)
{
    struct folder *folder = ctx;

    (void)pthread_mutex_lock(&folder->lock);
    folder->wakes++;
    (void)pthread_cond_signal(&folder->woken);
    (void)pthread_mutex_unlock(&folder->lock);
}

/* Wait for a notification, then drain. */
static inline void folder_drain(struct folder *folder)
{
    (void)pthread_mutex_lock(&folder->lock);
    while (folder->wakes == 0)
        (void)pthread_cond_wait(&folder->woken, &folder->lock);
    folder->wakes = 0;
    (void)pthread_mutex_unlock(&folder->lock);
    hk_ledger_drain(folder->ledger);
}

static inline enum hk_status folder_try_open(struct folder *folder, struct hk_error *error)
{
    const struct hk_sink_setup sink = {.kind = HK_SINK_FOLDER, .place = folder->sink};
    struct hk_ledger_options options = {.data_dir = folder->path,
        .sinks = &sink,
        .sink_count = folder->sink != NULL ? 1 : 0,
        .notify = folder_wake,
        .notify_ctx = folder};
    enum hk_status status = hk_ledger_open(&options, &folder->ledger, error);

    if (status == HK_OK)
        status = hk_ledger_tenant_open(folder->ledger, "main", &folder->tenant, error);
    return status;
}

static inline void folder_open(struct folder *folder)
{
    struct hk_error error = {.text = ""};

    must(folder_try_open(folder, &error) == HK_OK, error.text);
}

/* Wait until the first checkpoint has come to the sink, or has not. */
static inline void folder_await_sink(struct folder *folder)
{
    struct hk_sink_state state = {.sent = 0};

    while (state.sent == 0 && state.failures == 0) {
        (void)sched_yield();
        hk_sinks_state(hk_ledger_sinks(folder->ledger), 0, &state);
    }
}

static inline void folder_make(struct folder *folder)
{
    static const char pattern[] = "/tmp/hikeshi-ledger-XXXXXX";

    memset(folder, 0, sizeof(*folder));
    memcpy(folder->path, pattern, sizeof(pattern));
    must(mkdtemp(folder->path) != NULL, "no temporary folder");
    (void)pthread_mutex_init(&folder->lock, NULL);
    (void)pthread_cond_init(&folder->woken, NULL);
}

static inline void folder_init(struct folder *folder)
{
    folder_make(folder);
    folder_open(folder);
}

static inline void folder_close(struct folder *folder)
{
    hk_ledger_close(folder->ledger);
    folder->ledger = NULL;
}

static inline int folder_remove_one(
    const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void folder_done(struct folder *folder)
{
    folder_close(folder);
    (void)nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)pthread_mutex_destroy(&folder->lock);
    (void)pthread_cond_destroy(&folder->woken);
}

static inline void add(struct folder *folder, struct hk_write *write, enum hk_kind kind,
    const char *subject, const char *payload)
{
    struct hk_error error = {.text = ""};
    char *copy = strdup(payload);

    must(copy != NULL && hk_write_add(write, folder->tenant, kind, subject, "us-one",
                             hk_clock_now_us(hk_ledger_clock(folder->ledger)), copy, strlen(copy),
                             &error) == HK_OK,
        error.text);
}

/* One entry, on disk when this returns. */
static inline void put(
    struct folder *folder, enum hk_kind kind, const char *subject, const char *payload)
{
    struct hk_write *write = hk_write_new();

    must(write != NULL, "out of memory");
    add(folder, write, kind, subject, payload);
    must(hk_ledger_write_now(folder->ledger, write, NULL) == HK_OK, "not written");
}

static inline sqlite3 *folder_db(const struct folder *folder, int flags)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", folder->path);
    must(sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK, "can't open the file");
    return db;
}

/* First column of the first row as text, from a connection of its own; "-" for no row. */
static inline void ask(
    const struct folder *folder, const char *sql, char *ret_text, size_t capacity)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READONLY);
    sqlite3_stmt *stmt = NULL;
    const char *text = "-";

    must(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    if (sqlite3_step(stmt) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(stmt, 0);
    (void)snprintf(ret_text, capacity, "%s", text != NULL ? text : "NULL");
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static inline bool answers(const struct folder *folder, const char *sql, const char *expected)
{
    char text[1024];

    ask(folder, sql, text, sizeof(text));
    if (strcmp(text, expected) == 0)
        return true;
    (void)fprintf(stderr, "%s\n  gives    %s\n  expected %s\n", sql, text, expected);
    return false;
}

/* Change the file behind the ledger's back, guards taken off first. */
static inline void tamper(const struct folder *folder, const char *sql)
{
    sqlite3 *db = folder_db(folder, SQLITE_OPEN_READWRITE);
    char *problem = NULL;

    must(sqlite3_exec(db,
             "DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_deleted;"
             "DROP TRIGGER checkpoint_is_not_changed; DROP TRIGGER checkpoint_is_not_deleted;",
             NULL, NULL, &problem) == SQLITE_OK,
        problem);
    if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
        must(false, problem);
    (void)sqlite3_close(db);
}

static inline bool verify(const struct folder *folder, const char *checkpoint, struct hk_buf *out)
{
    struct hk_audit_options options = {.data_dir = folder->path, .checkpoint_text = checkpoint};
    struct hk_error error = {.text = ""};
    bool ok = false;

    hk_buf_init(out, 65536);
    must(hk_audit_verify(&options, out, &ok, &error) == HK_OK, error.text);
    return ok;
}

static inline bool rebuild(const struct folder *folder, struct hk_buf *out)
{
    struct hk_audit_options options = {.data_dir = folder->path};
    struct hk_error error = {.text = ""};
    bool ok = false;

    hk_buf_init(out, 65536);
    must(hk_audit_rebuild_check(&options, out, &ok, &error) == HK_OK, error.text);
    return ok;
}

/* --- one query as a job --- */

struct question {
    hk_tenant tenant;
    const char *collection;
    const char *id; /* show when set, list otherwise */
    const char *state;
    const char *after;
    unsigned limit;
    struct hk_buf out;
    struct hk_json_doc doc;
};

static inline enum hk_status run_question(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct question *q = job;

    if (q->id != NULL)
        return hk_query_show(reading, q->tenant, q->collection, q->id, &q->out, error);
    return hk_query_list(
        reading, q->tenant, q->collection, q->state, q->after, q->limit, &q->out, error);
}

/* Ask and parse the answer; the status of the query. */
static inline enum hk_status pose(struct folder *folder, struct question *q, struct hk_error *error)
{
    enum hk_status status;

    if (q->tenant == 0)
        q->tenant = folder->tenant;
    hk_buf_init(&q->out, 1 << 20);
    memset(&q->doc, 0, sizeof(q->doc));
    status = hk_ledger_read_now(folder->ledger, run_question, q, error);
    if (status == HK_OK)
        must(hk_json_parse(q->out.data, q->out.size, &hk_json_limits_own, &q->doc, error) == HK_OK,
            "the answer is no JSON");
    return status;
}

static inline void question_done(struct question *q)
{
    hk_json_doc_done(&q->doc);
    hk_buf_done(&q->out);
}

#endif
