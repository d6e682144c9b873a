/*
 * query_engine: what the engine asks when it starts, and what becomes due; see query.h.
 */
#include "ledger/query.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <stdlib.h>
#include <string.h>

/* Literally the terms of the partial indexes, so that the planner may use them. */
#define RUN_LIVE "state IN ('running', 'waiting', 'unknown', 'diverged')"
#define CONTAINMENT_LIVE "state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')"
#define ALERT_OPEN "state IN ('new', 'routed')"

/* Begin a statement with its values bound. */
#define START(reading, stmt, error, sql, ...)                                                      \
    start_stmt((reading), (sql), (stmt), (error), __VA_ARGS__)

static enum hk_status start_stmt(struct hk_reading *reading, const char *sql,
    sqlite3_stmt **ret_stmt, struct hk_error *error, int64_t number, const char *text)
{
    const char *const kinds[] = {"", "i", "it"};
    enum hk_status status = hk_stmt_prepare(reading->db, sql, ret_stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(*ret_stmt, error, kinds[hk_stmt_parameters(*ret_stmt)], number, text);
    return status;
}

/* The next row; false at the end and on failure. */
static bool next_row(sqlite3_stmt *stmt, enum hk_status *status, struct hk_error *error)
{
    bool has_row = false;

    if (*status == HK_OK)
        *status = hk_stmt_step(stmt, &has_row, error);
    return *status == HK_OK && has_row;
}

/* A run of which a step waits at the top (no ':' in its path) does nothing else. */
enum hk_status hk_query_runs_open(
    struct hk_reading *reading, hk_run_row_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_run_row row;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT tenant, id, alert, version, state FROM run WHERE (tenant, id) IN ("
        "SELECT tenant, id FROM run WHERE " RUN_LIVE " AND state IN ('running', 'unknown')"
        " UNION SELECT tenant, run FROM timer WHERE instr(step, ':') > 0"
        " UNION SELECT tenant, run FROM gate WHERE state = 'pending' AND instr(step, ':') > 0"
        " UNION SELECT tenant, run FROM containment WHERE " CONTAINMENT_LIVE
        " AND state = 'starting') ORDER BY id",
        0, NULL);

    while (next_row(stmt, &status, error)) {
        memset(&row, 0, sizeof(row));
        row.tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_stmt_copy(stmt, 1, row.id, sizeof(row.id));
        hk_stmt_copy(stmt, 2, row.alert, sizeof(row.alert));
        hk_stmt_copy(stmt, 3, row.version, sizeof(row.version));
        hk_stmt_copy(stmt, 4, row.state, sizeof(row.state));
        status = fn(ctx, &row);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_containments_in_state(struct hk_reading *reading, const char *state,
    hk_containment_row_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_containment_row row;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT tenant, id, run, state FROM containment WHERE " CONTAINMENT_LIVE
        " AND state = ?2 ORDER BY id",
        0, state);

    while (next_row(stmt, &status, error)) {
        memset(&row, 0, sizeof(row));
        row.tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_stmt_copy(stmt, 1, row.id, sizeof(row.id));
        hk_stmt_copy(stmt, 2, row.run, sizeof(row.run));
        hk_stmt_copy(stmt, 3, row.state, sizeof(row.state));
        status = fn(ctx, &row);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_containments_standing(struct hk_reading *reading, hk_tenant tenant,
    hk_containment_row_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_containment_row row;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT tenant, id, run, state, action FROM containment WHERE " CONTAINMENT_LIVE
        " AND state IN ('active', 'drifted') AND tenant = ?1 AND coalesce(by_hand, 0) = 0 ORDER BY "
        "id",
        tenant, NULL);

    while (next_row(stmt, &status, error)) {
        memset(&row, 0, sizeof(row));
        row.tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_stmt_copy(stmt, 1, row.id, sizeof(row.id));
        hk_stmt_copy(stmt, 2, row.run, sizeof(row.run));
        hk_stmt_copy(stmt, 3, row.state, sizeof(row.state));
        hk_stmt_copy(stmt, 4, row.action, sizeof(row.action));
        status = fn(ctx, &row);
    }
    hk_stmt_free(stmt);
    return status;
}

/* --- what is due: sorted lists, merged --- */

struct due_source {
    enum hk_due_kind kind;
    const char *sql; /* tenant, id, step, due */
    sqlite3_stmt *stmt;
    bool has_row;
};

static enum hk_status advance(struct due_source *source, struct hk_error *error)
{
    return hk_stmt_step(source->stmt, &source->has_row, error);
}

static struct due_source *earliest(struct due_source *sources, size_t count)
{
    struct due_source *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (sources[i].has_row &&
            (best == NULL || hk_stmt_i64(sources[i].stmt, 3) < hk_stmt_i64(best->stmt, 3)))
            best = &sources[i];
    return best;
}

static bool is_served(const struct hk_due_question *question, hk_tenant tenant)
{
    for (size_t i = 0; i < question->tenant_count; i++)
        if (question->tenants[i] == tenant)
            return true;
    return false;
}

enum hk_status hk_query_due(struct hk_reading *reading, const struct hk_due_question *question,
    struct hk_due *ret_due, size_t *ret_count, int64_t *ret_next_us, struct hk_error *error)
{
    struct due_source sources[] = {
        {.kind = HK_DUE_WAIT,
            .sql = "SELECT tenant, run, step, due_us FROM timer WHERE due_us IS NOT NULL"
                   " AND NOT (step = '' AND EXISTS (SELECT 1 FROM run WHERE"
                   " run.tenant = timer.tenant AND run.id = timer.run AND state = 'unknown'))"
                   " ORDER BY due_us"},
        {.kind = HK_DUE_GATE,
            .sql = "SELECT tenant, id, '', expires_us FROM gate WHERE state = 'pending'"
                   " AND expires_us IS NOT NULL ORDER BY expires_us"},
        {.kind = HK_DUE_TELL,
            .sql = "SELECT tenant, id, '', tell_us FROM gate WHERE tell_us IS NOT NULL"
                   " ORDER BY tell_us"},
        {.kind = HK_DUE_LEASE,
            .sql = "SELECT tenant, id, '', expires_us FROM containment"
                   " WHERE state IN ('active', 'drifted') AND expires_us IS NOT NULL"
                   " ORDER BY expires_us"},
    };
    const size_t source_count = sizeof(sources) / sizeof(sources[0]);
    struct due_source *source;
    enum hk_status status = HK_OK;
    int64_t next_us = INT64_MAX;
    size_t count = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < source_count && status == HK_OK; i++) {
        status = hk_stmt_prepare(reading->db, sources[i].sql, &sources[i].stmt, error);
        if (status == HK_OK)
            status = advance(&sources[i], error);
    }
    while (status == HK_OK && (source = earliest(sources, source_count)) != NULL) {
        hk_tenant tenant = (hk_tenant)hk_stmt_i64(source->stmt, 0);
        int64_t due_us = hk_stmt_i64(source->stmt, 3);
        struct hk_due *due;

        if (!is_served(question, tenant)) {
            status = advance(source, error);
            continue;
        }
        if (due_us > question->now_us || count == question->count_max) {
            next_us = due_us;
            break;
        }
        if (skipped < question->skip) {
            skipped++;
            status = advance(source, error);
            continue;
        }
        due = &ret_due[count];
        memset(due, 0, sizeof(*due));
        due->kind = source->kind;
        due->tenant = tenant;
        hk_stmt_copy(source->stmt, 1, due->id, sizeof(due->id));
        hk_stmt_copy(source->stmt, 2, due->step, sizeof(due->step));
        due->due_us = due_us;
        count++;
        status = advance(source, error);
    }
    for (size_t i = 0; i < source_count; i++)
        hk_stmt_free(sources[i].stmt);
    if (status == HK_OK) {
        *ret_count = count;
        *ret_next_us = next_us;
    }
    return status;
}

enum hk_status hk_query_dedupe(struct hk_reading *reading, int64_t since_us, size_t count_max,
    hk_dedupe_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT tenant, dedupe, id, received_us FROM alert WHERE " ALERT_OPEN
        " AND received_us >= ?1 AND dedupe IS NOT NULL ORDER BY received_us DESC",
        since_us, NULL);

    for (size_t i = 0; i < count_max && next_row(stmt, &status, error); i++)
        fn(ctx, (hk_tenant)hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_text(stmt, 2),
            hk_stmt_i64(stmt, 3));
    hk_stmt_free(stmt);
    return status;
}

static void read_identity(sqlite3_stmt *stmt, struct hk_identity_row *row)
{
    memset(row, 0, sizeof(*row));
    row->tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
    hk_stmt_copy(stmt, 1, row->tenant_name, sizeof(row->tenant_name));
    hk_stmt_copy(stmt, 2, row->token, sizeof(row->token));
    hk_stmt_copy(stmt, 3, row->user, sizeof(row->user));
    hk_stmt_copy(stmt, 4, row->name, sizeof(row->name));
    hk_stmt_copy(stmt, 5, row->role, sizeof(row->role));
    row->is_disabled = hk_stmt_bool(stmt, 6);
    if (hk_stmt_size(stmt, 7) == HK_SHA256_SIZE)
        memcpy(row->hash, hk_stmt_blob(stmt, 7), HK_SHA256_SIZE);
    else if (row->token[0] != '\0')
        row->is_disabled = true; /* nothing to compare with */
}

enum hk_status hk_query_identities(
    struct hk_reading *reading, hk_identity_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_identity_row row;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT u.tenant, t.name, '', u.id, coalesce(u.name, u.id), u.role, u.state <> 'active', "
        "NULL"
        " FROM user u JOIN tenant t ON t.tenant = u.tenant"
        " UNION ALL "
        "SELECT k.tenant, t.name, k.id, coalesce(k.user, ''),"
        " coalesce(u.name, k.service, k.name, k.id, ''), coalesce(k.role, u.role, ''),"
        " k.state <> 'active' OR (k.user IS NOT NULL AND coalesce(u.state, '') <> 'active'), h.hash"
        " FROM token k JOIN tenant t ON t.tenant = k.tenant"
        " LEFT JOIN user u ON u.tenant = k.tenant AND u.id = k.user"
        " LEFT JOIN token_hash h ON h.tenant = k.tenant AND h.id = k.id",
        0, NULL);

    while (next_row(stmt, &status, error)) {
        read_identity(stmt, &row);
        fn(ctx, &row);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_answer(struct hk_reading *reading, hk_tenant tenant, const char *actor,
    const char *key, const char *request_sha256, int64_t since_us, int *ret_status,
    struct hk_buf *out, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT request, status, answer FROM answer WHERE tenant = ?1 AND actor = ?2 AND key = ?3"
        " AND time_us >= ?4",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "itti", (int64_t)tenant, actor, key, since_us);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "no answer is kept for this key");
    if (status == HK_OK && strcmp(hk_stmt_text(stmt, 0), request_sha256) != 0)
        status = hk_fail(error, HK_CONFLICT, "this idempotency key was used with another request");
    if (status == HK_OK) {
        hk_buf_append(out, hk_stmt_text(stmt, 2), hk_stmt_size(stmt, 2));
        status = hk_buf_check(out, "answer", error);
    }
    if (status == HK_OK)
        *ret_status = (int)hk_stmt_i64(stmt, 1);
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_spent(struct hk_reading *reading, int64_t since_us, hk_spent_fn *fn,
    void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT tenant, kind, since_us FROM containment WHERE since_us >= ?1 AND by_hand = 0"
        " ORDER BY since_us",
        since_us, NULL);

    while (next_row(stmt, &status, error))
        fn(ctx, (hk_tenant)hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_i64(stmt, 2));
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_checkpoint(
    struct hk_reading *reading, hk_tenant tenant, struct hk_buf *out, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT note FROM checkpoint WHERE tenant = ?1 ORDER BY size DESC LIMIT 1", (int64_t)tenant,
        NULL);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "no checkpoint has been made yet");
    if (status == HK_OK) {
        hk_buf_append_text(out, hk_stmt_text(stmt, 0));
        status = hk_buf_check(out, "checkpoint", error);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_counts(
    struct hk_reading *reading, hk_count_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = START(reading, &stmt, error,
        "SELECT 'alert', state, count(*) FROM alert GROUP BY state"
        " UNION ALL SELECT 'run', state, count(*) FROM run GROUP BY state"
        " UNION ALL SELECT 'approval', state, count(*) FROM gate GROUP BY state"
        " UNION ALL SELECT 'containment', state, count(*) FROM containment GROUP BY state"
        " UNION ALL SELECT 'notice', state, count(*) FROM notice GROUP BY state"
        " UNION ALL SELECT 'case', state, count(*) FROM cases GROUP BY state"
        " UNION ALL SELECT 'task', state, count(*) FROM task GROUP BY state"
        " UNION ALL SELECT 'gap', kind, count(*) FROM gap WHERE state = 'open' GROUP BY kind",
        0, NULL);

    while (next_row(stmt, &status, error))
        fn(ctx, hk_stmt_text(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_i64(stmt, 2));
    hk_stmt_free(stmt);
    return status;
}
