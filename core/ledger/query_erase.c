/*
 * query_erase: see query_erase.h.
 */
#include "ledger/query_erase.h"

#include "ledger/erase_cover.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

enum hk_status hk_query_erase(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    struct hk_buf *out, struct hk_error *error)
{
    struct hk_cover cover;
    struct hk_jw jw;
    enum hk_status status = hk_cover_find(reading->db, tenant, subject, &cover, error);

    if (status == HK_OK) {
        size_t all = cover.subject_count;

        hk_jw_init(&jw, out);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "subject", subject);
        hk_jw_kv_bool(&jw, "erased", false);
        hk_jw_kv_i64(&jw, "entries", (int64_t)cover.position_count);
        hk_jw_kv_i64(&jw, "subject_count", (int64_t)all);
        if (all > HK_PAGE_ITEMS_MAX)
            cover.subject_count = HK_PAGE_ITEMS_MAX;
        hk_cover_write(&cover, &jw);
        hk_jw_object_end(&jw);
        status = hk_buf_check(out, "what would be erased", error);
    }
    hk_cover_done(&cover);
    return status;
}

/* The row: line of payload.erased, its reason. */
static enum hk_status write_erasure(struct hk_reading *reading, hk_tenant tenant,
    sqlite3_stmt *stmt, struct hk_jw *jw, struct hk_error *error)
{
    char name[HK_ID_SIZE];
    struct hk_entry entry;
    enum hk_status status =
        hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, error);

    if (status == HK_OK)
        status = hk_query_actor_name(reading, tenant, entry.actor, name, error);
    if (status != HK_OK)
        return status;
    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "seq", (int64_t)entry.seq);
    hk_jw_kv_time(jw, "time", entry.time_us);
    hk_jw_kv(jw, "by", entry.actor);
    hk_jw_kv(jw, "by_name", name);
    hk_jw_kv(jw, "reason", hk_stmt_text(stmt, 1));
    hk_jw_object_end(jw);
    return HK_OK;
}

enum hk_status hk_query_erased(struct hk_reading *reading, hk_tenant tenant, uint64_t seq,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT line, json_extract(payload, '$.reason') FROM entry WHERE pos ="
        " (?1 << 40) + (SELECT erasure FROM erased WHERE tenant = ?1 AND seq = ?2)",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", (int64_t)tenant, (int64_t)seq);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK) {
        hk_jw_key(jw, "erased");
        if (has_row)
            status = write_erasure(reading, tenant, stmt, jw, error);
        else
            hk_jw_null(jw);
    }
    hk_stmt_free(stmt);
    return status;
}
