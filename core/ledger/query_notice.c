/*
 * query_notice: notices that wait, and who was told; see query_notice.h.
 */
#include "ledger/query_notice.h"

#include "ledger/reader.h"
#include "ledger/store.h"

#include <string.h>

/* The next row; false at the end and on failure. */
static bool next_row(sqlite3_stmt *stmt, enum hk_status *status, struct hk_error *error)
{
    bool has_row = false;

    if (*status == HK_OK)
        *status = hk_stmt_step(stmt, &has_row, error);
    return *status == HK_OK && has_row;
}

enum hk_status hk_query_notice_lanes(
    struct hk_reading *reading, hk_notice_lane_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_notice_lane lane;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT tenant, contact, channel, min(due_us) FROM notice WHERE state = 'queued'"
        " GROUP BY tenant, contact, channel",
        &stmt, error);

    while (next_row(stmt, &status, error)) {
        memset(&lane, 0, sizeof(lane));
        lane.tenant = (hk_tenant)hk_stmt_i64(stmt, 0);
        hk_stmt_copy(stmt, 1, lane.contact, sizeof(lane.contact));
        hk_stmt_copy(stmt, 2, lane.channel, sizeof(lane.channel));
        lane.due_us = hk_stmt_i64(stmt, 3);
        fn(ctx, &lane);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_notices_due(struct hk_reading *reading, const struct hk_notice_lane *lane,
    int64_t now_us, struct hk_notice_row *ret_rows, size_t count_max, size_t *ret_count,
    struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT n.id, n.reason, n.about, n.language, n.tries, n.queued_us, n.due_us,"
        " n.reason IN ('approval', 'reminder', 'escalation') AND"
        " coalesce((SELECT g.state FROM gate g WHERE g.tenant = n.tenant AND g.id = n.about), '')"
        " <> 'pending'"
        " FROM notice n WHERE n.tenant = ?1 AND n.contact = ?2 AND n.channel = ?3"
        " AND n.state = 'queued' AND n.due_us <= ?4 ORDER BY n.due_us, n.id LIMIT ?5",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ittii", (int64_t)lane->tenant, lane->contact,
            lane->channel, now_us, (int64_t)count_max);
    while (next_row(stmt, &status, error) && count < count_max) {
        struct hk_notice_row *row = &ret_rows[count++];
        memset(row, 0, sizeof(*row));
        hk_stmt_copy(stmt, 0, row->id, sizeof(row->id));
        hk_stmt_copy(stmt, 1, row->reason, sizeof(row->reason));
        hk_stmt_copy(stmt, 2, row->about, sizeof(row->about));
        hk_stmt_copy(stmt, 3, row->language, sizeof(row->language));
        row->tries = (unsigned)hk_stmt_i64(stmt, 4);
        row->queued_us = hk_stmt_i64(stmt, 5);
        row->due_us = hk_stmt_i64(stmt, 6);
        row->is_stale = hk_stmt_bool(stmt, 7);
    }
    hk_stmt_free(stmt);
    if (status == HK_OK)
        *ret_count = count;
    return status;
}

enum hk_status hk_query_told(struct hk_reading *reading, hk_tenant tenant, const char *about,
    hk_told_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_told_row row;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT contact, channel, reason, state, queued_us FROM notice"
        " WHERE tenant = ?1 AND about = ?2 ORDER BY id",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, about);
    while (next_row(stmt, &status, error)) {
        memset(&row, 0, sizeof(row));
        hk_stmt_copy(stmt, 0, row.contact, sizeof(row.contact));
        hk_stmt_copy(stmt, 1, row.channel, sizeof(row.channel));
        hk_stmt_copy(stmt, 2, row.reason, sizeof(row.reason));
        hk_stmt_copy(stmt, 3, row.state, sizeof(row.state));
        row.queued_us = hk_stmt_i64(stmt, 4);
        fn(ctx, &row);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_gate_row(struct hk_reading *reading, hk_tenant tenant, const char *gate,
    struct hk_gate_row *ret_row, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT state, role, delegate, opened_us, expires_us, tell_us FROM gate"
        " WHERE tenant = ?1 AND id = ?2",
        &stmt, error);

    memset(ret_row, 0, sizeof(*ret_row));
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, gate);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "no %s in approvals", gate);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, ret_row->state, sizeof(ret_row->state));
        hk_stmt_copy(stmt, 1, ret_row->role, sizeof(ret_row->role));
        hk_stmt_copy(stmt, 2, ret_row->delegate, sizeof(ret_row->delegate));
        ret_row->opened_us = hk_stmt_i64(stmt, 3);
        ret_row->expires_us = hk_stmt_i64(stmt, 4);
        ret_row->tell_us = hk_stmt_i64(stmt, 5);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_person(struct hk_reading *reading, hk_tenant tenant, const char *name,
    struct hk_person_row *ret_person, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT id, role FROM user WHERE tenant = ?1 AND name = ?2 AND state = 'active'"
        " ORDER BY last DESC LIMIT 1",
        &stmt, error);

    memset(ret_person, 0, sizeof(*ret_person));
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, name);
    if (next_row(stmt, &status, error)) {
        hk_stmt_copy(stmt, 0, ret_person->id, sizeof(ret_person->id));
        hk_stmt_copy(stmt, 1, ret_person->role, sizeof(ret_person->role));
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_digest_last(struct hk_reading *reading, hk_tenant tenant,
    int64_t *ret_last_us, int64_t *ret_opened_us, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_entry entry;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT (SELECT max(queued_us) FROM notice WHERE tenant = ?1 AND reason = 'digest'),"
        " (SELECT line FROM entry WHERE pos = ?2)",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", (int64_t)tenant, HK_POS(tenant, 0));
    if (next_row(stmt, &status, error)) {
        const char *line = hk_stmt_text(stmt, 1);
        *ret_last_us = hk_stmt_i64(stmt, 0);
        *ret_opened_us = 0;
        if (hk_entry_parse(line, strlen(line), &entry, error) == HK_OK)
            *ret_opened_us = entry.time_us;
    }
    hk_stmt_free(stmt);
    return status;
}
