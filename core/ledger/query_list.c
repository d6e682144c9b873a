/*
 * query_list: pages of a collection; see query.h.
 */
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <string.h>

#define SQL_SIZE_MAX 4096

static enum hk_status prepare_list(struct hk_reading *reading,
    const struct hk_collection *collection, const char *state, const char *after,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    bool is_live = state != NULL && strcmp(state, "live") == 0 && collection->live != NULL;
    bool is_unseen =
        state != NULL && strcmp(state, "unseen") == 0 && strcmp(collection->table, "alert") == 0;
    struct hk_buf sql;
    enum hk_status status;

    if (state != NULL && !collection->has_state)
        return hk_fail(error, HK_INVALID, "%s have no states", collection->name);
    hk_buf_init(&sql, SQL_SIZE_MAX);
    hk_collection_select(collection, &sql);
    if (collection->newest != NULL)
        hk_buf_appendf(&sql, " AND %s", collection->newest);
    if (is_live)
        hk_buf_appendf(&sql, " AND %s", collection->live);
    else if (is_unseen)
        hk_buf_appendf(&sql, " AND %s AND seen_us IS NULL", collection->live);
    else if (state != NULL)
        hk_buf_append_text(&sql, " AND state = ?2");
    if (after != NULL)
        hk_buf_appendf(
            &sql, " AND %s %s ?3", collection->key, collection->is_ascending ? ">" : "<");
    hk_buf_appendf(
        &sql, " ORDER BY %s %s", collection->key, collection->is_ascending ? "ASC" : "DESC");
    status = hk_buf_check(&sql, "statement", error);
    if (status == HK_OK)
        status = hk_stmt_prepare(reading->db, sql.data, ret_stmt, error);
    hk_buf_done(&sql);
    return status;
}

/* Bind only what the statement has. */
static enum hk_status bind_list(sqlite3_stmt *stmt, hk_tenant tenant, const char *state,
    const char *after, struct hk_error *error)
{
    const char *const kinds[] = {"", "i", "it", "itt"};

    return hk_stmt_bind(
        stmt, error, kinds[hk_stmt_parameters(stmt)], (int64_t)tenant, state, after);
}

/* The column that holds the id. */
static int key_index(const struct hk_collection *collection)
{
    int i = 0;

    while (strcmp(collection->columns[i].sql, collection->key) != 0)
        i++;
    return i;
}

enum hk_status hk_query_list(struct hk_reading *reading, hk_tenant tenant, const char *collection,
    const char *state, const char *after, unsigned limit, struct hk_buf *out,
    struct hk_error *error)
{
    const struct hk_collection *what = NULL;
    sqlite3_stmt *stmt = NULL;
    char last[HK_SHA256_HEX_SIZE] = "";
    bool has_row = false;
    unsigned count = 0;
    size_t begin = out->size;
    struct hk_jw jw;
    enum hk_status status = hk_collection_find(collection, &what, error);

    if (limit == 0 || limit > HK_PAGE_ITEMS_MAX)
        limit = HK_PAGE_ITEMS_MAX;
    if (status == HK_OK)
        status = prepare_list(reading, what, state, after, &stmt, error);
    if (status == HK_OK)
        status = bind_list(stmt, tenant, state, after, error);
    if (status != HK_OK)
        goto out;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    while ((status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row && count < limit) {
        hk_jw_object(&jw);
        hk_collection_fields(what, stmt, &jw);
        hk_jw_object_end(&jw);
        hk_stmt_copy(stmt, key_index(what), last, sizeof(last));
        count++;
    }
    hk_jw_array_end(&jw);
    hk_jw_kv(&jw, "next", has_row ? last : NULL);
    hk_jw_object_end(&jw);
    if (status == HK_OK)
        status = hk_buf_check(out, collection, error);
out:
    hk_stmt_free(stmt);
    return hk_query_take_back(out, begin, status);
}
