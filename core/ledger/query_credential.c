/*
 * query_credential: what proves who somebody is; see query.h.
 */
#include "ledger/query.h"
#include "ledger/reader.h"
#include "ledger/store.h"

enum hk_status hk_query_credentials(
    struct hk_reading *reading, hk_credential_fn *fn, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT tenant, shelf, id, value FROM credential ORDER BY tenant, shelf, id", &stmt, error);

    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        const struct hk_credential credential = {.tenant = (hk_tenant)hk_stmt_i64(stmt, 0),
            .shelf = hk_stmt_text(stmt, 1),
            .id = hk_stmt_text(stmt, 2),
            .value = hk_stmt_text(stmt, 3)};
        fn(ctx, &credential);
    }
    hk_stmt_free(stmt);
    return status;
}
