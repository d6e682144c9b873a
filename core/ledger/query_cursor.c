/*
 * query_cursor: how far sources have come; see query.h.
 */
#include "ledger/query.h"
#include "ledger/reader.h"
#include "ledger/store.h"

enum hk_status hk_query_cursors(struct hk_reading *reading, hk_tenant tenant, const char *source,
    hk_cursor_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT key, value, time_us FROM cursor WHERE tenant = ?1 AND source = ?2 ORDER BY key",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, source);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        const struct hk_cursor cursor = {
            .source = source, .key = hk_stmt_text(stmt, 0), .value = hk_stmt_text(stmt, 1)};
        fn(ctx, &cursor, hk_stmt_i64(stmt, 2));
    }
    hk_stmt_free(stmt);
    return status;
}
