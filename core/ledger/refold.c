/*
 * refold: fold what is recorded once more; see refold.h.
 */
#include "ledger/refold.h"

#include "ledger/store.h"

#include <inttypes.h>

enum hk_status hk_refold_parse(
    int64_t pos, const char *line, size_t size, struct hk_entry *ret_entry, struct hk_error *error)
{
    struct hk_error why;
    enum hk_status status = hk_entry_parse(line, size, ret_entry, &why);

    if (status == HK_UNSUPPORTED)
        return hk_fail(error, HK_UNSUPPORTED,
            "ledger: written by a newer version: number %" PRIu64 " of tenant %u, %s",
            HK_POS_SEQ(pos), HK_POS_TENANT(pos), why.text);
    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT,
            "ledger: number %" PRIu64 " of tenant %u can't be read, %s; see `hikeshi audit verify`",
            HK_POS_SEQ(pos), HK_POS_TENANT(pos), why.text);
    if (ret_entry->seq != HK_POS_SEQ(pos))
        return hk_fail(error, HK_CORRUPT,
            "ledger: in the place of number %" PRIu64 " of tenant %u is number %" PRIu64
            "; see `hikeshi audit verify`",
            HK_POS_SEQ(pos), HK_POS_TENANT(pos), ret_entry->seq);
    return HK_OK;
}

/* The row that stmt stands on: pos, line, payload, prev. */
static enum hk_status fold_row(sqlite3_stmt *stmt, int64_t expected, struct hk_fold *fold,
    hk_refold_fn *each, void *ctx, struct hk_error *error)
{
    struct hk_entry entry;
    struct hk_refold_row row = {.pos = hk_stmt_i64(stmt, 0),
        .line = hk_stmt_text(stmt, 1),
        .line_size = hk_stmt_size(stmt, 1),
        .prev = hk_stmt_i64(stmt, 3),
        .entry = &entry};
    enum hk_status status;

    if (row.pos != expected)
        return hk_fail(error, HK_CORRUPT,
            "ledger: number %" PRIu64 " of tenant %u is missing; see `hikeshi audit verify`",
            HK_POS_SEQ(expected), HK_POS_TENANT(expected));
    status = hk_refold_parse(row.pos, row.line, row.line_size, &entry, error);
    if (status == HK_OK)
        status = each(ctx, &row, error);
    if (status == HK_OK)
        status = hk_fold_apply(
            fold, row.pos, &entry, hk_stmt_text_or_null(stmt, 2), hk_stmt_size(stmt, 2), error);
    return status;
}

enum hk_status hk_refold_tenant(sqlite3 *from, hk_tenant tenant, struct hk_fold *fold,
    hk_refold_fn *each, void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    int64_t pos = HK_POS(tenant, 0);
    enum hk_status status = hk_stmt_prepare(from,
        "SELECT pos, line, payload, prev FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", pos, HK_POS(tenant + 1, 0));
    for (; status == HK_OK; pos++) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = fold_row(stmt, pos, fold, each, ctx, error);
    }
    hk_stmt_free(stmt);
    return status;
}
