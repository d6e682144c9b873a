/*
 * query_work: see query_work.h.
 */
#include "ledger/query_work.h"
#include "ledger/query_case_sets.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <string.h>

#define CONTAINMENT_LIVE "state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')"

/* The next row; false at the end and on failure. */
static bool next_row(sqlite3_stmt *stmt, enum hk_status *status, struct hk_error *error)
{
    bool has_row = false;

    if (*status == HK_OK)
        *status = hk_stmt_step(stmt, &has_row, error);
    return *status == HK_OK && has_row;
}

/* Indexes on open and on merged cases lead to them, and one walk on to their entities: what was
 * closed long ago costs nothing, nor what comes behind the last that is wanted. */
enum hk_status hk_query_case_entities(struct hk_reading *reading, hk_tenant tenant,
    int64_t since_us, size_t count_max, hk_case_entity_fn *fn, void *ctx, struct hk_error *error)
{
    static const char *const sql[] = {
        "SELECT c.id, e.entity, e.last_us FROM cases c CROSS JOIN case_entity e"
        " WHERE c.tenant = ?1 AND c.state = 'open' AND e.tenant = ?1 AND e.in_case = c.id"
        " AND e.last_us >= ?2 ORDER BY c.id DESC LIMIT ?3",
        "SELECT c.id, e.entity, e.last_us FROM cases c CROSS JOIN case_entity e"
        " WHERE c.tenant = ?1 AND c.into_case IS NOT NULL AND e.tenant = ?1 AND e.in_case = c.id"
        " AND e.last_us >= ?2 LIMIT ?3",
    };
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]) && status == HK_OK; i++) {
        sqlite3_stmt *stmt = NULL;
        status = hk_stmt_prepare(reading->db, sql[i], &stmt, error);
        if (status == HK_OK)
            status =
                hk_stmt_bind(stmt, error, "iii", (int64_t)tenant, since_us, (int64_t)count_max);
        while (next_row(stmt, &status, error))
            fn(ctx, tenant, hk_stmt_text(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_i64(stmt, 2));
        hk_stmt_free(stmt);
    }
    return status;
}

/* Rows of tenant, id, is it open, into. */
static enum hk_status each_place(
    sqlite3_stmt *stmt, hk_case_place_fn *fn, void *ctx, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    while (next_row(stmt, &status, error))
        fn(ctx, (hk_tenant)hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_bool(stmt, 2),
            hk_stmt_text(stmt, 3));
    return status;
}

enum hk_status hk_query_case_places(
    struct hk_reading *reading, hk_case_place_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT tenant, id, 0, into_case FROM cases WHERE into_case IS NOT NULL UNION ALL"
        " SELECT root.tenant, root.id, 1, '' FROM cases merged CROSS JOIN cases root"
        " WHERE merged.into_case IS NOT NULL AND root.tenant = merged.tenant"
        " AND root.id = merged.into_case AND root.state = 'open'",
        &stmt, error);

    if (status == HK_OK)
        status = each_place(stmt, fn, ctx, error);
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_cases_unattended(struct hk_reading *reading, hk_tenant tenant,
    size_t count_max, hk_case_place_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT tenant, id, 1, '' FROM cases WHERE tenant = ?1 AND state = 'open'"
        " AND coalesce(assignee, '') = '' AND alerts > 0 ORDER BY id DESC LIMIT ?2",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", (int64_t)tenant, (int64_t)count_max);
    if (status == HK_OK)
        status = each_place(stmt, fn, ctx, error);
    hk_stmt_free(stmt);
    return status;
}

/* --- one case --- */

/* Numbers of the first row; the statement's ?1 is the tenant, ?2 the id. */
static enum hk_status read_numbers(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, int64_t *const *fields, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_shelf_take(&reading->shelf, reading->db, sql, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, id);
    if (next_row(stmt, &status, error))
        for (int i = 0; fields[i] != NULL; i++)
            *fields[i] = hk_stmt_i64(stmt, i);
    hk_shelf_give(&reading->shelf, stmt);
    return status;
}

/* A true positive among the alerts makes the case one; that nobody could tell weighs more than that
 * it was expected, and all must be false for the case to be. */
static enum hk_status read_verdict(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_case_row *row, struct hk_error *error)
{
    static const char *const verdicts[] = {
        "", "false_positive", "expected", "undetermined", "true_positive"};
    int64_t worst = 0;
    int64_t *const fields[] = {&worst, NULL};
    enum hk_status status = read_numbers(reading,
        "SELECT max(CASE verdict WHEN 'true_positive' THEN 4 WHEN 'undetermined' THEN 3"
        " WHEN 'expected' THEN 2 WHEN 'false_positive' THEN 1 ELSE 0 END) FROM alert"
        " WHERE tenant = ?1 AND id IN " HK_CASE_ALERTS,
        tenant, id, fields, error);

    if (status == HK_OK)
        memcpy(row->verdict_of_alerts, verdicts[worst], strlen(verdicts[worst]) + 1);
    return status;
}

static enum hk_status read_counts(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_case_row *row, struct hk_error *error)
{
    int64_t *const of_alerts[] = {&row->alerts, &row->alerts_open, NULL};
    int64_t *const of_runs[] = {&row->runs_live, NULL};
    int64_t *const of_containments[] = {&row->containments_live, NULL};
    int64_t *const of_tasks[] = {&row->tasks_open, NULL};
    int64_t *const of_gates[] = {&row->approvals_pending, NULL};
    const struct {
        const char *sql;
        int64_t *const *fields;
    } asked[] = {
        {"SELECT count(*), total(state IN ('new', 'routed')) FROM alert WHERE tenant = ?1"
         " AND id IN " HK_CASE_ALERTS,
            of_alerts},
        {"SELECT count(*) FROM run WHERE tenant = ?1 AND shadow = 0"
         " AND state IN ('running', 'waiting', 'unknown', 'diverged')"
         " AND id IN " HK_CASE_RUNS,
            of_runs},
        {"SELECT count(*) FROM containment WHERE tenant = ?1 AND " CONTAINMENT_LIVE
         " AND id IN " HK_CASE_CONTAINMENTS,
            of_containments},
        {"SELECT count(*) FROM task WHERE tenant = ?1 AND state = 'open'"
         " AND id IN " HK_CASE_TASKS,
            of_tasks},
        {"SELECT count(*) FROM gate WHERE tenant = ?1 AND state = 'pending' AND id "
         "IN " HK_CASE_GATES,
            of_gates},
    };
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]) && status == HK_OK; i++)
        status = read_numbers(reading, asked[i].sql, tenant, id, asked[i].fields, error);
    if (status == HK_OK)
        status = read_verdict(reading, tenant, id, row, error);
    return status;
}

enum hk_status hk_query_case_row(struct hk_reading *reading, hk_tenant tenant, const char *id,
    bool with_counts, struct hk_case_row *ret_row, struct hk_error *error)
{
    struct hk_case_row *row = ret_row;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT id, state, phase, into_case, assignee, verdict, proposed, severity FROM cases"
        " WHERE tenant = ?1 AND id = ?2",
        &stmt, error);

    memset(row, 0, sizeof(*row));
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "there is no case %s", id);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, row->id, sizeof(row->id));
        hk_stmt_copy(stmt, 1, row->state, sizeof(row->state));
        hk_stmt_copy(stmt, 2, row->phase, sizeof(row->phase));
        hk_stmt_copy(stmt, 3, row->into, sizeof(row->into));
        hk_stmt_copy(stmt, 4, row->assignee, sizeof(row->assignee));
        hk_stmt_copy(stmt, 5, row->verdict, sizeof(row->verdict));
        hk_stmt_copy(stmt, 6, row->proposed, sizeof(row->proposed));
        row->severity = (int)hk_stmt_i64(stmt, 7);
    }
    hk_stmt_free(stmt);
    if (status == HK_OK && with_counts)
        status = read_counts(reading, tenant, id, row, error);
    return status;
}

/* The first column of the row. */
static enum hk_status read_text(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, char ret_text[HK_ID_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_shelf_take(&reading->shelf, reading->db, sql, &stmt, error);

    ret_text[0] = '\0';
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "there is no %s", id);
    if (status == HK_OK)
        hk_stmt_copy(stmt, 0, ret_text, HK_ID_SIZE);
    hk_shelf_give(&reading->shelf, stmt);
    return status;
}

enum hk_status hk_query_case_is_seen(struct hk_reading *reading, hk_tenant tenant, const char *id,
    bool *ret_is_seen, struct hk_error *error)
{
    char text[HK_ID_SIZE];
    enum hk_status status =
        read_text(reading, "SELECT seen_us IS NOT NULL FROM cases WHERE tenant = ?1 AND id = ?2",
            tenant, id, text, error);

    *ret_is_seen = text[0] == '1';
    return status;
}

enum hk_status hk_query_case_of_alert(struct hk_reading *reading, hk_tenant tenant,
    const char *alert, char ret_case[HK_ID_SIZE], struct hk_error *error)
{
    return read_text(reading, "SELECT in_case FROM alert WHERE tenant = ?1 AND id = ?2", tenant,
        alert, ret_case, error);
}

enum hk_status hk_query_case_of_run(struct hk_reading *reading, hk_tenant tenant, const char *run,
    char ret_case[HK_ID_SIZE], struct hk_error *error)
{
    return read_text(reading,
        "SELECT alert.in_case FROM run JOIN alert ON alert.tenant = ?1 AND alert.id = run.alert"
        " WHERE run.tenant = ?1 AND run.id = ?2",
        tenant, run, ret_case, error);
}

/* Ids of a statement of which ?1 is the tenant, ?2 the id and ?3 the count. */
static enum hk_status read_ids(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, size_t count_max, char (*ret_ids)[HK_ID_SIZE], size_t *ret_count,
    struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    enum hk_status status = hk_stmt_prepare(reading->db, sql, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iti", (int64_t)tenant, id, (int64_t)count_max);
    while (count < count_max && next_row(stmt, &status, error))
        hk_stmt_copy(stmt, 0, ret_ids[count++], HK_ID_SIZE);
    hk_stmt_free(stmt);
    *ret_count = count;
    return status;
}

enum hk_status hk_query_case_part(struct hk_reading *reading, hk_tenant tenant, const char *id,
    enum hk_case_part part, size_t count_max, char (*ret_ids)[HK_ID_SIZE], size_t *ret_count,
    struct hk_error *error)
{
    static const char *const sql[] = {
        [HK_CASE_ALERTS_OPEN] = "SELECT id FROM alert WHERE tenant = ?1 AND id IN " HK_CASE_ALERTS
                                " AND state IN ('new', 'routed') ORDER BY id LIMIT ?3",
        [HK_CASE_CONTAINMENTS_LIVE] =
            "SELECT id FROM containment WHERE tenant = ?1 AND " CONTAINMENT_LIVE
            " AND id IN " HK_CASE_CONTAINMENTS " ORDER BY id LIMIT ?3",
    };

    return read_ids(reading, sql[part], tenant, id, count_max, ret_ids, ret_count, error);
}

/* --- tasks --- */

enum hk_status hk_query_task_row(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_task_row *ret_row, struct hk_error *error)
{
    struct hk_task_row *row = ret_row;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT id, state, kind, containment, run, owner, role FROM task"
        " WHERE tenant = ?1 AND id = ?2",
        &stmt, error);

    memset(row, 0, sizeof(*row));
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "there is no task %s", id);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, row->id, sizeof(row->id));
        hk_stmt_copy(stmt, 1, row->state, sizeof(row->state));
        hk_stmt_copy(stmt, 2, row->kind, sizeof(row->kind));
        hk_stmt_copy(stmt, 3, row->containment, sizeof(row->containment));
        hk_stmt_copy(stmt, 4, row->run, sizeof(row->run));
        hk_stmt_copy(stmt, 5, row->owner, sizeof(row->owner));
        hk_stmt_copy(stmt, 6, row->role, sizeof(row->role));
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_tasks_of_containment(struct hk_reading *reading, hk_tenant tenant,
    const char *containment, size_t count_max, char (*ret_ids)[HK_ID_SIZE], size_t *ret_count,
    struct hk_error *error)
{
    return read_ids(reading,
        "SELECT id FROM task WHERE tenant = ?1 AND containment = ?2 AND state = 'open'"
        " ORDER BY id LIMIT ?3",
        tenant, containment, count_max, ret_ids, ret_count, error);
}
