/*
 * query_events: see query_events.h.
 */
#include "ledger/query_events.h"

#include "ledger/project.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

static bool is_told(enum hk_kind kind)
{
    enum hk_noun noun = hk_kind_noun(kind);

    return noun != HK_NOUN_USER && noun != HK_NOUN_TOKEN && noun != HK_NOUN_SUBJECT;
}

static enum hk_status tell(sqlite3_stmt *stmt, struct hk_event_look *look, struct hk_error *error)
{
    const char *line = hk_stmt_text(stmt, 0);
    struct hk_entry entry;
    enum hk_status status = hk_entry_parse(line, hk_stmt_size(stmt, 0), &entry, error);

    if (status != HK_OK)
        return status;
    look->next_seq = entry.seq + 1;
    if (is_told(entry.kind))
        look->fn(look->ctx, &entry);
    return HK_OK;
}

enum hk_status hk_query_events(
    struct hk_reading *reading, struct hk_event_look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    uint64_t end = 0;
    enum hk_status status = hk_store_count_entries(reading->db, look->tenant, &end, error);

    if (status != HK_OK)
        return status;
    look->is_beyond_end = !look->is_from_end && look->next_seq > end;
    if (look->is_from_end || look->is_beyond_end)
        look->next_seq = end;
    status = hk_stmt_prepare(reading->db,
        "SELECT line FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos LIMIT ?3", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iii", HK_POS(look->tenant, look->next_seq),
            HK_POS(look->tenant + 1, 0), (int64_t)HK_EVENTS_LINES_MAX);
    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = tell(stmt, look, error);
    }
    hk_stmt_free(stmt);
    look->has_more = status == HK_OK && look->next_seq < end;
    return status;
}
