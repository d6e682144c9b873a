/*
 * query_timeline: see query_timeline.h. The subjects of the case are found through the projections,
 * each subject's entries by walking back from its newest; positions are sorted, and only those of
 * the page are read whole.
 */
#include "ledger/query_timeline.h"
#include "base/json.h"
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS                                                                                    \
    "member(id) AS (SELECT ?2 UNION SELECT c.id FROM cases c JOIN member m ON c.into_case = m.id"  \
    " WHERE c.tenant = ?1)"

/* As in query_case_sets.h: ids from an index, then rows by their keys. */
#define OF_RUNS(table)                                                                             \
    " (SELECT x.id FROM " table " x WHERE x.tenant = ?1 AND x.run IN (SELECT id FROM its_run)"

/* Newest position of each subject: of the case and those merged into it, the newest alerts, and
 * what follows from those. */
static const char subjects_sql[] =
    "WITH RECURSIVE " MEMBERS ", its_alert(id, last) AS (SELECT id, last FROM alert"
    " WHERE tenant = ?1 AND id IN (SELECT a.id FROM alert a WHERE a.tenant = ?1 AND a.in_case IN"
    " (SELECT id FROM member)) ORDER BY id DESC LIMIT ?3),"
    " its_run(id, last) AS (SELECT id, last FROM run WHERE tenant = ?1 AND id IN"
    " (SELECT r.id FROM run r WHERE r.tenant = ?1 AND r.alert IN (SELECT id FROM its_alert)))"
    " SELECT last FROM cases WHERE tenant = ?1 AND id IN (SELECT id FROM member)"
    " UNION ALL SELECT last FROM its_alert UNION ALL SELECT last FROM its_run"
    " UNION ALL SELECT last FROM gate WHERE tenant = ?1 AND id IN" OF_RUNS(
        "gate") ")"
                " UNION ALL SELECT last FROM containment WHERE tenant = ?1 AND id IN" OF_RUNS(
                    "containment") ")"
                                   " UNION ALL SELECT last FROM task WHERE tenant = ?1 AND id "
                                   "IN" OF_RUNS(
                                       "task") " UNION SELECT x.id FROM task x WHERE x.tenant = ?1 "
                                               "AND x.in_case IN (SELECT id FROM member))";

static const char left_out_sql[] =
    "WITH RECURSIVE " MEMBERS " SELECT count(*) - ?3 FROM alert WHERE tenant = ?1"
    " AND in_case IN (SELECT id FROM member)";

struct timeline {
    int64_t *positions;
    size_t count;
    size_t capacity;
    bool is_cut; /* there are more */
};

static enum hk_status add(struct timeline *timeline, int64_t pos, struct hk_error *error)
{
    if (timeline->count == timeline->capacity) {
        size_t capacity = timeline->capacity == 0 ? 256 : timeline->capacity * 2;
        int64_t *more = realloc(timeline->positions, capacity * sizeof(*more));
        if (more == NULL)
            return hk_fail(error, HK_NOMEM, "ledger: out of memory");
        timeline->positions = more;
        timeline->capacity = capacity;
    }
    timeline->positions[timeline->count++] = pos;
    return HK_OK;
}

static enum hk_status start(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(reading->db, sql, ret_stmt, error);

    return status != HK_OK ? status
                           : hk_stmt_bind(*ret_stmt, error, "iti", (int64_t)tenant, id,
                                 (int64_t)HK_TIMELINE_ALERTS_MAX);
}

/* The positions of one subject's entries, from its newest back. */
static enum hk_status walk(
    sqlite3_stmt *prev, int64_t last, struct timeline *timeline, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    bool has_row;

    for (int64_t pos = last; pos != 0 && status == HK_OK;) {
        if (timeline->count == HK_TIMELINE_ENTRIES_MAX) {
            timeline->is_cut = true;
            break;
        }
        status = add(timeline, pos, error);
        if (status == HK_OK)
            status = hk_stmt_bind(prev, error, "i", pos);
        if (status == HK_OK)
            status = hk_stmt_step(prev, &has_row, error);
        if (status == HK_OK && (!has_row || hk_stmt_i64(prev, 0) >= pos))
            status = hk_fail(error, HK_CORRUPT, "ledger: a subject's history is broken");
        if (status == HK_OK)
            pos = hk_stmt_i64(prev, 0);
        hk_stmt_reset(prev);
    }
    return status;
}

static enum hk_status collect(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct timeline *timeline, struct hk_error *error)
{
    sqlite3_stmt *subjects = NULL;
    sqlite3_stmt *prev = NULL;
    bool has_row = false;
    enum hk_status status = start(reading, subjects_sql, tenant, id, &subjects, error);

    if (status == HK_OK)
        status =
            hk_stmt_prepare(reading->db, "SELECT prev FROM entry WHERE pos = ?1", &prev, error);
    while (status == HK_OK) {
        status = hk_stmt_step(subjects, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = walk(prev, hk_stmt_i64(subjects, 0), timeline, error);
    }
    hk_stmt_free(subjects);
    hk_stmt_free(prev);
    if (status == HK_OK && timeline->count == 0)
        status = hk_fail(error, HK_NOT_FOUND, "no %s in cases", id);
    return status;
}

static int by_position(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* What an entry says in a line: these of its fields, those that it has. */
static void write_what(const char *payload, size_t size, struct hk_jw *jw)
{
    static const char *const fields[] = {"title", "view.title", "severity", "playbook", "op",
        "name", "action", "target", "summary", "outcome", "decision", "verdict", "phase", "to",
        "from", "into", "case", "entity", "text", "note", "happening", "do_now", "reason", "why",
        "error", "rule", "ok", "how", "by", "alert", "run", "containment", "task", "kind",
        "by_hand", "instruction", "owner"};
    struct hk_json_doc doc = {.root = NULL};

    hk_jw_key(jw, "what");
    hk_jw_object(jw);
    if (payload != NULL && hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) == HK_OK)
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            const struct hk_json *value = hk_json_at(doc.root, fields[i]);
            const char *dot = strchr(fields[i], '.');
            if (value == NULL || value->source_size > HK_REASON_SIZE_MAX * 2 ||
                (dot != NULL && hk_json_get(doc.root, dot + 1) != NULL))
                continue;
            hk_jw_kv_value(jw, dot != NULL ? dot + 1 : fields[i], value);
        }
    hk_jw_object_end(jw);
    hk_json_doc_done(&doc);
}

static enum hk_status write_entry(struct hk_reading *reading, hk_tenant tenant, sqlite3_stmt *stmt,
    struct hk_jw *jw, struct hk_error *error)
{
    const char *line = hk_stmt_text(stmt, 0);
    struct hk_entry entry;
    char name[HK_ID_SIZE];
    enum hk_status status = hk_entry_parse(line, hk_stmt_size(stmt, 0), &entry, error);

    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "ledger: an entry can't be read; see audit verify");
    status = hk_query_actor_name(reading, tenant, entry.actor, name, error);
    if (status != HK_OK)
        return status;
    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "seq", (int64_t)entry.seq);
    hk_jw_kv_time(jw, "time", entry.time_us);
    hk_jw_kv(jw, "kind", hk_kind_text(entry.kind));
    hk_jw_kv(jw, "subject", entry.subject);
    hk_jw_kv(jw, "by", entry.actor);
    hk_jw_kv(jw, "by_name", name);
    write_what(hk_stmt_text_or_null(stmt, 1), hk_stmt_size(stmt, 1), jw);
    hk_jw_object_end(jw);
    return HK_OK;
}

static enum hk_status write_page(struct hk_reading *reading, hk_tenant tenant,
    const struct timeline *timeline, int64_t from, unsigned limit, struct hk_jw *jw,
    struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    unsigned count = 0;
    int64_t last = 0;
    size_t i = 0;
    enum hk_status status = hk_stmt_prepare(
        reading->db, "SELECT line, payload FROM entry WHERE pos = ?1", &stmt, error);

    while (i < timeline->count && timeline->positions[i] < from)
        i++;
    hk_jw_key(jw, "items");
    hk_jw_array(jw);
    for (; i < timeline->count && count < limit && status == HK_OK; i++) {
        status = hk_stmt_bind(stmt, error, "i", timeline->positions[i]);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            status = write_entry(reading, tenant, stmt, jw, error);
        last = timeline->positions[i];
        count++;
        hk_stmt_reset(stmt);
    }
    hk_jw_array_end(jw);
    hk_stmt_free(stmt);
    hk_jw_key(jw, "next");
    if (i < timeline->count)
        hk_jw_i64(jw, (int64_t)HK_POS_SEQ(last));
    else
        hk_jw_null(jw);
    return status;
}

static enum hk_status write_left_out(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    int64_t count = 0;
    enum hk_status status = start(reading, left_out_sql, tenant, id, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        count = hk_stmt_i64(stmt, 0);
    hk_stmt_free(stmt);
    hk_jw_kv_i64(jw, "alerts_left_out", count > 0 ? count : 0);
    return status;
}

enum hk_status hk_query_timeline(struct hk_reading *reading, hk_tenant tenant, const char *id,
    uint64_t after_seq, bool from_start, unsigned limit, struct hk_buf *out, struct hk_error *error)
{
    struct timeline timeline = {.positions = NULL};
    int64_t from = HK_POS(tenant, 0);
    size_t begin = out->size;
    struct hk_jw jw;
    enum hk_status status;

    if (!from_start && after_seq >= (UINT64_C(1) << HK_POS_SHIFT) - 1)
        return hk_fail(error, HK_INVALID, "no such sequence number");
    if (!from_start)
        from = HK_POS(tenant, after_seq + 1);
    if (limit == 0 || limit > HK_PAGE_ITEMS_MAX)
        limit = HK_PAGE_ITEMS_MAX;
    status = collect(reading, tenant, id, &timeline, error);
    if (status != HK_OK)
        goto out;
    qsort(timeline.positions, timeline.count, sizeof(*timeline.positions), by_position);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    status = write_page(reading, tenant, &timeline, from, limit, &jw, error);
    if (status == HK_OK)
        status = write_left_out(reading, tenant, id, &jw, error);
    hk_jw_kv_bool(&jw, "is_cut", timeline.is_cut);
    hk_jw_object_end(&jw);
    if (status == HK_OK)
        status = hk_buf_check(out, "the timeline", error);
out:
    free(timeline.positions);
    return hk_query_take_back(out, begin, status);
}
