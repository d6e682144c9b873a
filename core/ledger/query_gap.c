/*
 * query_gap: what is not covered.
 */
#include "ledger/query.h"
#include "ledger/reader.h"
#include "ledger/store.h"

enum hk_status hk_query_gaps_open(
    struct hk_reading *reading, hk_gap_row_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        reading->db, "SELECT tenant, kind, name FROM gap WHERE state = 'open'", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        fn(ctx, (hk_tenant)hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_text(stmt, 2));
        status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_contacts_silent(struct hk_reading *reading, hk_tenant tenant,
    hk_contact_silence_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT name, lapsed, failed FROM contact WHERE tenant = ?1 AND (lapsed > 0 OR failed > 0)",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        const struct hk_contact_silence silence = {.name = hk_stmt_text(stmt, 0),
            .lapsed = (int)hk_stmt_i64(stmt, 1),
            .failed = (int)hk_stmt_i64(stmt, 2)};
        fn(ctx, &silence);
        status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_stmt_free(stmt);
    return status;
}
