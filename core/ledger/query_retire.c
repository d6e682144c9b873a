/*
 * query_retire: what rules say is due; see query_erase.h.
 */
#include "base/text.h"
#include "ledger/query_erase.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <string.h>

const char *hk_retire_rule_text(enum hk_retire_rule rule)
{
    static const char *const texts[HK_RETIRE_RULE_COUNT] = {"alerts", "cases", "sessions"};

    return texts[rule];
}

static bool is_of(enum hk_retire_rule rule, enum hk_kind kind)
{
    switch (rule) {
    case HK_RETIRE_ALERTS:
        return kind == HK_KIND_ALERT_RECEIVED || kind == HK_KIND_ALERT_MERGED;
    case HK_RETIRE_CASES:
        return kind == HK_KIND_CASE_CLOSED;
    default:
        return kind == HK_KIND_SESSION_OPENED || kind == HK_KIND_SESSION_PROVEN ||
               kind == HK_KIND_SESSION_CLOSED;
    }
}

/* A case that was opened again is due once it is closed again for long enough. */
static enum hk_status is_still_closed(struct hk_reading *reading, const struct hk_retire_look *look,
    const char *id, bool *ret_is, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT 1 FROM cases WHERE tenant = ?1 AND id = ?2 AND state = 'closed'"
        " AND closed_us < ?3",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iti", (int64_t)look->tenant, id, look->before_us);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, ret_is, error);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status take(struct hk_reading *reading, struct hk_retire_look *look,
    const struct hk_entry *entry, struct hk_error *error)
{
    bool is_due = true;
    enum hk_status status = HK_OK;

    if (look->rule == HK_RETIRE_SESSIONS) {
        look->seqs[look->seq_count++] = entry->seq;
        return HK_OK;
    }
    if (look->rule == HK_RETIRE_CASES)
        status = is_still_closed(reading, look, entry->subject, &is_due, error);
    if (status == HK_OK && is_due)
        (void)hk_copy_text(look->ids[look->id_count++], HK_ID_SIZE, entry->subject);
    return status;
}

/* The row that stmt stands on: pos, line, has it lost its payload. */
static enum hk_status look_at(struct hk_reading *reading, struct hk_retire_look *look,
    sqlite3_stmt *stmt, struct hk_error *error)
{
    struct hk_entry entry;
    enum hk_status status =
        hk_entry_parse(hk_stmt_text(stmt, 1), hk_stmt_size(stmt, 1), &entry, error);

    if (status != HK_OK)
        return status;
    if (entry.time_us >= look->before_us) {
        look->is_end = true;
        return HK_OK;
    }
    look->next_seq = entry.seq + 1;
    if (hk_stmt_bool(stmt, 2) || !is_of(look->rule, entry.kind))
        return HK_OK;
    return take(reading, look, &entry, error);
}

enum hk_status hk_query_retire(
    struct hk_reading *reading, struct hk_retire_look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT pos, line, payload IS NULL FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos",
        &stmt, error);

    look->next_seq = look->from_seq;
    look->is_end = false;
    look->id_count = 0;
    look->seq_count = 0;
    if (status == HK_OK)
        status = hk_stmt_bind(
            stmt, error, "ii", HK_POS(look->tenant, look->from_seq), HK_POS(look->tenant + 1, 0));
    for (unsigned i = 0; i < HK_RETIRE_LINES_MAX && status == HK_OK && !look->is_end &&
                         look->id_count < HK_RETIRE_IDS_MAX && look->seq_count < HK_RETIRE_SEQS_MAX;
         i++) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            status = look_at(reading, look, stmt, error);
        else
            look->is_end = true;
    }
    hk_stmt_free(stmt);
    return status;
}
