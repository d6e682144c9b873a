/*
 * The ceiling of what an engine can write: the rows that a real ledger has from an entry on,
 * written again into the same schema by a loop that does nothing else, in as many commits, each
 * synced. Prints one JSON object: entries and rows a second, and how long a commit takes.
 *
 * Usage: bench_rows LEDGER.DB FIRST_POS COMMITS NEW.DB
 */
#include "base/time.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS_MAX = 24, TABLES = 5 };

/* The entries, then the rows that are folded from them and stay. */
static const struct {
    const char *name;
    const char *where; /* ?1: the first entry */
} sources[TABLES] = {
    {"entry", "pos >= ?1 ORDER BY pos"},
    {"alert", "last >= ?1 ORDER BY last"},
    {"run", "last >= ?1 ORDER BY last"},
    {"cases", "last >= ?1 ORDER BY last"},
    {"case_entity", "in_case IN (SELECT id FROM cases WHERE last >= ?1) ORDER BY in_case"},
};

struct table {
    sqlite3_value **values; /* of all rows, one after the other */
    size_t count;
    size_t capacity;
    size_t written;
    int columns;
    sqlite3_stmt *insert;
};

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "bench_rows: %s\n", what);
    exit(1);
}

static void read_table(sqlite3 *db, size_t i, sqlite3_int64 first_pos, struct table *table)
{
    sqlite3_stmt *stmt = NULL;
    char sql[256];

    (void)snprintf(
        sql, sizeof(sql), "SELECT * FROM %s WHERE %s", sources[i].name, sources[i].where);
    check(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    (void)sqlite3_bind_int64(stmt, 1, first_pos);
    table->columns = sqlite3_column_count(stmt);
    check(table->columns <= COLUMNS_MAX, "a table has more columns than expected");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if (table->count == table->capacity) {
            table->capacity = table->capacity == 0 ? 1024 : table->capacity * 2;
            table->values = realloc(
                table->values, table->capacity * (size_t)table->columns * sizeof(sqlite3_value *));
            check(table->values != NULL, "out of memory");
        }
        for (int k = 0; k < table->columns; k++)
            table->values[table->count * (size_t)table->columns + (size_t)k] =
                sqlite3_value_dup(sqlite3_column_value(stmt, k));
        table->count++;
    }
    (void)sqlite3_finalize(stmt);
}

static void make_schema(sqlite3 *from, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;

    check(sqlite3_exec(db,
              "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048;",
              NULL, NULL, NULL) == SQLITE_OK,
        sqlite3_errmsg(db));
    check(sqlite3_prepare_v2(from,
              "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
              " ORDER BY type = 'index', type = 'trigger'",
              -1, &stmt, NULL) == SQLITE_OK,
        sqlite3_errmsg(from));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        check(sqlite3_exec(db, (const char *)sqlite3_column_text(stmt, 0), NULL, NULL, NULL) ==
                  SQLITE_OK,
            sqlite3_errmsg(db));
    (void)sqlite3_finalize(stmt);
}

static void prepare_insert(sqlite3 *db, size_t i, struct table *table)
{
    char sql[256];
    int size = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES(?", sources[i].name);

    for (int k = 1; k < table->columns; k++)
        size += snprintf(sql + size, sizeof(sql) - (size_t)size, ",?");
    (void)snprintf(sql + size, sizeof(sql) - (size_t)size, ")");
    check(sqlite3_prepare_v2(db, sql, -1, &table->insert, NULL) == SQLITE_OK, sqlite3_errmsg(db));
}

static void insert_until(sqlite3 *db, struct table *table, size_t end)
{
    for (; table->written < end; table->written++) {
        sqlite3_value **row = table->values + table->written * (size_t)table->columns;
        for (int k = 0; k < table->columns; k++)
            (void)sqlite3_bind_value(table->insert, k + 1, row[k]);
        check(sqlite3_step(table->insert) == SQLITE_DONE, sqlite3_errmsg(db));
        (void)sqlite3_reset(table->insert);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Each commit holds its share of the rows of every table. */
static void write_all(sqlite3 *db, struct table *tables, size_t commits, int64_t *commit_us)
{
    sqlite3_stmt *begin = NULL, *commit = NULL;

    (void)sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL);
    (void)sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL);
    check(begin != NULL && commit != NULL, sqlite3_errmsg(db));
    for (size_t at = 1; at <= commits; at++) {
        check(sqlite3_step(begin) == SQLITE_DONE, sqlite3_errmsg(db));
        (void)sqlite3_reset(begin);
        for (size_t i = 0; i < TABLES; i++)
            insert_until(db, &tables[i], tables[i].count * at / commits);
        int64_t begun_us = hk_time_monotonic_us();
        check(sqlite3_step(commit) == SQLITE_DONE, sqlite3_errmsg(db));
        (void)sqlite3_reset(commit);
        commit_us[at - 1] = hk_time_monotonic_us() - begun_us;
    }
    (void)sqlite3_finalize(begin);
    (void)sqlite3_finalize(commit);
}

int main(int argc, char **argv)
{
    struct table tables[TABLES] = {0};
    size_t rows = 0;
    sqlite3 *from = NULL;
    sqlite3 *db = NULL;

    check(argc == 5, "usage: bench_rows LEDGER.DB FIRST_POS COMMITS NEW.DB");
    sqlite3_int64 first_pos = strtoll(argv[2], NULL, 10);
    size_t commits = strtoull(argv[3], NULL, 10);
    int64_t *commit_us = calloc(commits, sizeof(*commit_us));
    check(commits > 0 && commit_us != NULL, "how many commits?");
    check(sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, "can't read");
    check(sqlite3_open(argv[4], &db) == SQLITE_OK, "can't write");
    make_schema(from, db);
    for (size_t i = 0; i < TABLES; i++) {
        read_table(from, i, first_pos, &tables[i]);
        prepare_insert(db, i, &tables[i]);
        rows += tables[i].count;
    }
    (void)sqlite3_close(from);
    check(tables[0].count > 0, "no entries");
    int64_t begun_us = hk_time_monotonic_us();
    write_all(db, tables, commits, commit_us);
    double seconds = (double)(hk_time_monotonic_us() - begun_us) / 1e6;
    qsort(commit_us, commits, sizeof(*commit_us), compare);
    (void)printf("{\"entries\":%zu,\"rows\":%zu,\"seconds\":%.6f,\"entries_per_s\":%.1f,"
                 "\"commit_p50_us\":%lld,\"commit_p99_us\":%lld}\n",
        tables[0].count, rows, seconds, (double)tables[0].count / seconds,
        (long long)commit_us[commits / 2], (long long)commit_us[commits * 99 / 100]);
    for (size_t i = 0; i < TABLES; i++) {
        (void)sqlite3_finalize(tables[i].insert);
        for (size_t k = 0; k < tables[i].count * (size_t)tables[i].columns; k++)
            sqlite3_value_free(tables[i].values[k]);
        free(tables[i].values);
    }
    (void)sqlite3_close(db);
    (void)unlink(argv[4]);
    free(commit_us);
    return 0;
}
