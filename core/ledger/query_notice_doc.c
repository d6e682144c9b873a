/*
 * query_notice_doc: what one message says, as a JSON document: the notice, the thing that it is
 * about, the entry that tells what happened, the alert behind it; or a list. See query_notice.h.
 *
 * Nothing of this is kept with the notice: it is read when the message is made, so that what was
 * erased meanwhile isn't sent.
 */
#include "ledger/query_notice.h"

#include "base/severity.h"
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <string.h>

#define MEMORY_MAX (8UL * 1024 * 1024)
enum { ENTRIES_MAX = 10000, ITEMS_MAX = 20, SQL_SIZE_MAX = 4096 };

struct doc {
    struct hk_reading *reading;
    hk_tenant tenant;
    const char *id;
    struct hk_arena arena;
    struct hk_jw jw;
    struct hk_error *error;
    /* the notice's row */
    char reason[16];
    char about[HK_ID_SIZE];
    int64_t event; /* position of the entry; 0: none */
};

/* --- rows --- */

/* The row of a collection where condition holds (?1 tenant, ?2 text), as a member; nothing when
 * there is none. */
static enum hk_status write_row(struct doc *doc, const char *member, const char *collection,
    const char *condition, const char *text)
{
    const struct hk_collection *what = NULL;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_buf sql;
    enum hk_status status = hk_collection_find(collection, &what, doc->error);

    hk_buf_init(&sql, SQL_SIZE_MAX);
    if (status == HK_OK) {
        hk_collection_select(what, &sql);
        hk_buf_appendf(&sql, " AND %s LIMIT 1", condition);
        status = hk_buf_check(&sql, "statement", doc->error);
    }
    if (status == HK_OK)
        status = hk_stmt_prepare(doc->reading->db, sql.data, &stmt, doc->error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, doc->error, "it", (int64_t)doc->tenant, text);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, doc->error);
    if (status == HK_OK && has_row) {
        hk_jw_key(&doc->jw, member);
        hk_jw_object(&doc->jw);
        hk_collection_fields(what, stmt, &doc->jw);
        hk_jw_object_end(&doc->jw);
    }
    hk_stmt_free(stmt);
    hk_buf_done(&sql);
    return status;
}

/* By the prefix of its id: where its row is, and how its alert is found. */
static const struct {
    const char *prefix;
    const char *collection;
    const char *alert; /* condition on alert; ?2 is the id */
} things[] = {
    {"ga-", "approvals",
        "id = (SELECT alert FROM run WHERE tenant = ?1 AND id ="
        " (SELECT run FROM gate WHERE tenant = ?1 AND id = ?2))"},
    {"ru-", "runs", "id = (SELECT alert FROM run WHERE tenant = ?1 AND id = ?2)"},
    {"co-", "containments",
        "id = (SELECT alert FROM run WHERE tenant = ?1 AND id ="
        " (SELECT run FROM containment WHERE tenant = ?1 AND id = ?2))"},
    {"al-", "alerts", "id = ?2"},
    {"ca-", "cases", NULL},
    {"ta-", "tasks",
        "id = (SELECT alert FROM run WHERE tenant = ?1 AND id ="
        " (SELECT run FROM task WHERE tenant = ?1 AND id = ?2))"},
};

static enum hk_status write_thing(struct doc *doc)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        if (strncmp(doc->about, things[i].prefix, 3) != 0)
            continue;
        status = write_row(doc, "thing", things[i].collection, "id = ?2", doc->about);
        if (status == HK_OK && things[i].alert != NULL)
            status = write_row(doc, "alert", "alerts", things[i].alert, doc->about);
    }
    return status;
}

/* --- entries --- */

static enum hk_status write_name(struct doc *doc, const char *member, const char *actor)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        doc->reading->db, "SELECT name FROM user WHERE tenant = ?1 AND id = ?2", &stmt, doc->error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, doc->error, "it", (int64_t)doc->tenant, actor);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, doc->error);
    if (status == HK_OK) {
        if (member != NULL)
            hk_jw_key(&doc->jw, member);
        hk_jw_string(&doc->jw, has_row ? hk_stmt_text(stmt, 0) : actor);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status write_event(
    struct doc *doc, const struct hk_entry *entry, const char *payload, size_t payload_size)
{
    enum hk_status status;

    hk_jw_key(&doc->jw, "event");
    hk_jw_object(&doc->jw);
    hk_jw_kv(&doc->jw, "kind", hk_kind_text(entry->kind));
    hk_jw_kv_i64(&doc->jw, "time_us", entry->time_us);
    status = write_name(doc, "actor_name", entry->actor);
    hk_jw_key(&doc->jw, "payload");
    if (payload != NULL)
        hk_jw_raw(&doc->jw, payload, payload_size);
    else
        hk_jw_null(&doc->jw);
    hk_jw_object_end(&doc->jw);
    return status;
}

static enum hk_status write_event_at(struct doc *doc)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_entry entry;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        doc->reading->db, "SELECT line, payload FROM entry WHERE pos = ?1", &stmt, doc->error);

    if (status == HK_OK && HK_POS_TENANT(doc->event) != doc->tenant)
        status =
            hk_fail(doc->error, HK_CORRUPT, "notice %s: its entry is not the tenant's", doc->id);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, doc->error, "i", doc->event);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, doc->error);
    if (status == HK_OK && has_row)
        status = hk_entry_parse(
            hk_stmt_text(stmt, 0), strlen(hk_stmt_text(stmt, 0)), &entry, doc->error);
    if (status == HK_OK && has_row)
        status = write_event(doc, &entry, hk_stmt_text_or_null(stmt, 1), hk_stmt_size(stmt, 1));
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status write_by(struct doc *doc, const struct hk_stored *decided)
{
    struct hk_json_doc payload = {0};
    enum hk_status status = HK_OK;

    if (decided->entry.kind != HK_KIND_GATE_DECIDED || decided->payload == NULL)
        return HK_OK;
    status = hk_json_parse(
        decided->payload, decided->payload_size, &hk_json_limits_own, &payload, doc->error);
    if (status != HK_OK)
        return status;
    const struct hk_json *by = hk_json_get(payload.root, "by");
    hk_jw_key(&doc->jw, "by");
    hk_jw_array(&doc->jw);
    for (const struct hk_json *item = by != NULL ? by->first : NULL;
         item != NULL && status == HK_OK; item = item->next)
        if (hk_json_string(item) != NULL)
            status = write_name(doc, NULL, item->text);
    hk_jw_array_end(&doc->jw);
    hk_json_doc_done(&payload);
    return status;
}

/* Of a gate: what was asked, as it was narrowed last; or how it ended. */
static enum hk_status write_gate(struct doc *doc)
{
    bool is_outcome = strcmp(doc->reason, "outcome") == 0;
    const struct hk_stored *found = NULL;
    struct hk_chain chain;
    enum hk_status status = hk_query_chain(
        doc->reading, doc->tenant, doc->about, ENTRIES_MAX, &doc->arena, &chain, doc->error);

    if (status != HK_OK)
        return status;
    for (size_t i = 0; i < chain.count; i++) {
        enum hk_kind kind = chain.items[i].entry.kind;
        bool ends = kind == HK_KIND_GATE_DECIDED || kind == HK_KIND_GATE_EXPIRED ||
                    kind == HK_KIND_GATE_VOIDED;
        bool asks = kind == HK_KIND_GATE_OPENED || kind == HK_KIND_GATE_NARROWED;
        if (is_outcome ? ends : asks)
            found = &chain.items[i];
    }
    if (found == NULL)
        return HK_OK;
    status = write_event(doc, &found->entry, found->payload, found->payload_size);
    return status == HK_OK ? write_by(doc, found) : status;
}

/* By which rule it was done, and with which action: from the intent. */
static enum hk_status write_intent(struct doc *doc)
{
    static const char *const members[] = {"rule", "action"};
    struct hk_json_doc starting = {0};
    struct hk_chain chain;
    enum hk_status status = hk_query_chain(
        doc->reading, doc->tenant, doc->about, ENTRIES_MAX, &doc->arena, &chain, doc->error);

    if (status != HK_OK || chain.items[0].payload == NULL)
        return status;
    status = hk_json_parse(chain.items[0].payload, chain.items[0].payload_size, &hk_json_limits_own,
        &starting, doc->error);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (hk_json_string_at(starting.root, members[i], NULL) != NULL)
            hk_jw_kv(&doc->jw, members[i], hk_json_string_at(starting.root, members[i], NULL));
    hk_json_doc_done(&starting);
    return status;
}

/* --- lists --- */

/* Rows of a list as {"count", "items"}: the first statement counts, the second has severity, text
 * (a summary or title), action, target, playbook, due. */
static enum hk_status write_list(
    struct doc *doc, const char *member, const char *count_sql, const char *items_sql)
{
    static const char *const names[] = {"summary", "action", "target", "playbook", "reason"};
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(doc->reading->db, count_sql, &stmt, doc->error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, doc->error, "it", (int64_t)doc->tenant, doc->id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, doc->error);
    if (status != HK_OK) {
        hk_stmt_free(stmt);
        return status;
    }
    if (member != NULL) {
        hk_jw_key(&doc->jw, member);
        hk_jw_object(&doc->jw);
    }
    hk_jw_kv_i64(&doc->jw, "count", has_row ? hk_stmt_i64(stmt, 0) : 0);
    hk_stmt_free(stmt);
    stmt = NULL;
    status = hk_stmt_prepare(doc->reading->db, items_sql, &stmt, doc->error);
    if (status == HK_OK)
        status = hk_stmt_bind(
            stmt, doc->error, "iti", (int64_t)doc->tenant, doc->id, (int64_t)ITEMS_MAX);
    hk_jw_key(&doc->jw, "items");
    hk_jw_array(&doc->jw);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, doc->error)) == HK_OK &&
           has_row) {
        int64_t severity = hk_stmt_i64(stmt, 0);
        hk_jw_object(&doc->jw);
        if (severity >= HK_SEVERITY_INFORMATIONAL && severity <= HK_SEVERITY_FATAL)
            hk_jw_kv(&doc->jw, "severity", hk_severity_text((enum hk_severity)severity));
        for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
            if (!hk_stmt_is_null(stmt, i + 1))
                hk_jw_kv(&doc->jw, names[i], hk_stmt_text(stmt, i + 1));
        if (hk_stmt_i64(stmt, 6) != 0)
            hk_jw_kv_time(&doc->jw, "expires", hk_stmt_i64(stmt, 6));
        hk_jw_object_end(&doc->jw);
    }
    hk_jw_array_end(&doc->jw);
    if (member != NULL)
        hk_jw_object_end(&doc->jw);
    hk_stmt_free(stmt);
    return status;
}

/* The notices that were gathered into this one. */
static enum hk_status write_gathered(struct doc *doc)
{
    return write_list(doc, NULL,
        "SELECT count(*) FROM notice WHERE tenant = ?1 AND into_notice = ?2",
        "SELECT coalesce(g.severity, t.severity, c.severity, a.severity),"
        " coalesce(g.summary, t.title, c.title), o.action, o.target, r.playbook, n.reason,"
        " CASE WHEN g.state = 'pending' THEN g.expires_us END FROM notice n"
        " LEFT JOIN gate g ON g.tenant = n.tenant AND g.id = n.about"
        " LEFT JOIN containment o ON o.tenant = n.tenant AND o.id = n.about"
        " LEFT JOIN task t ON t.tenant = n.tenant AND t.id = n.about"
        " LEFT JOIN cases c ON c.tenant = n.tenant AND c.id = n.about"
        " LEFT JOIN run r ON r.tenant = n.tenant AND r.id = coalesce(g.run, o.run, n.about)"
        " LEFT JOIN alert a ON a.tenant = n.tenant AND a.id = r.alert"
        " WHERE n.tenant = ?1 AND n.into_notice = ?2 ORDER BY 1 DESC, n.id LIMIT ?3");
}

/* What is open in the tenant: a row each. Whoever knows of more that people should hear of daily
 * adds a row here and a heading in tell/tell_list.c. */
static const struct {
    const char *member;
    const char *count;
    const char *items;
} digest_parts[] = {
    {"pending", "SELECT count(*) FROM gate WHERE tenant = ?1 AND state = 'pending' AND ?2 <> ''",
        "SELECT severity, summary, NULL, NULL, NULL, NULL, expires_us FROM gate"
        " WHERE tenant = ?1 AND state = 'pending' AND ?2 <> ''"
        " ORDER BY severity DESC, expires_us LIMIT ?3"},
    {"contained",
        "SELECT count(*) FROM containment WHERE tenant = ?1 AND ?2 <> ''"
        " AND state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')",
        "SELECT NULL, NULL, action, target, NULL, NULL, expires_us FROM containment"
        " WHERE tenant = ?1 AND ?2 <> ''"
        " AND state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')"
        " ORDER BY expires_us LIMIT ?3"},
    {"unknown", "SELECT count(*) FROM run WHERE tenant = ?1 AND ?2 <> '' AND state = 'unknown'",
        "SELECT a.severity, a.title, NULL, NULL, r.playbook, NULL, NULL FROM run r"
        " LEFT JOIN alert a ON a.tenant = r.tenant AND a.id = r.alert"
        " WHERE r.tenant = ?1 AND ?2 <> '' AND r.state = 'unknown' ORDER BY r.id LIMIT ?3"},
    {"gaps", "SELECT count(*) FROM gap WHERE tenant = ?1 AND ?2 <> '' AND state = 'open'",
        "SELECT NULL, NULL, kind, name || ': ' || detail, NULL, NULL, NULL FROM gap"
        " WHERE tenant = ?1 AND ?2 <> '' AND state = 'open' ORDER BY since_us LIMIT ?3"},
};

static enum hk_status write_digest(struct doc *doc)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(digest_parts) / sizeof(digest_parts[0]) && status == HK_OK; i++)
        status =
            write_list(doc, digest_parts[i].member, digest_parts[i].count, digest_parts[i].items);
    return status;
}

/* --- the whole --- */

static enum hk_status read_row(struct doc *doc)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(doc->reading->db,
        "SELECT reason, about, event FROM notice WHERE tenant = ?1 AND id = ?2", &stmt, doc->error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, doc->error, "it", (int64_t)doc->tenant, doc->id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, doc->error);
    if (status == HK_OK && !has_row)
        status = hk_fail(doc->error, HK_NOT_FOUND, "no %s in notices", doc->id);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, doc->reason, sizeof(doc->reason));
        hk_stmt_copy(stmt, 1, doc->about, sizeof(doc->about));
        doc->event = hk_stmt_i64(stmt, 2);
    }
    hk_stmt_free(stmt);
    return status;
}

/* What a playbook says stands with the notice itself. */
static enum hk_status write_text(struct doc *doc)
{
    struct hk_json_doc payload = {0};
    struct hk_chain chain;
    enum hk_status status = hk_query_chain(
        doc->reading, doc->tenant, doc->id, ENTRIES_MAX, &doc->arena, &chain, doc->error);

    if (status != HK_OK || chain.items[0].payload == NULL)
        return status;
    status = hk_json_parse(chain.items[0].payload, chain.items[0].payload_size, &hk_json_limits_own,
        &payload, doc->error);
    if (hk_json_string_at(payload.root, "text", NULL) != NULL)
        hk_jw_kv(&doc->jw, "text", hk_json_string_at(payload.root, "text", NULL));
    hk_json_doc_done(&payload);
    return status;
}

static enum hk_status write_checkpoint(struct doc *doc)
{
    struct hk_buf note;
    enum hk_status status;

    hk_buf_init(&note, HK_PAYLOAD_SIZE_MAX);
    status = hk_query_checkpoint(doc->reading, doc->tenant, &note, doc->error);
    if (status == HK_OK)
        hk_jw_kv(&doc->jw, "checkpoint", note.data);
    hk_buf_done(&note);
    return status == HK_NOT_FOUND ? HK_OK : status;
}

static enum hk_status write_contents(struct doc *doc)
{
    enum hk_status status = HK_OK;

    if (strcmp(doc->reason, "gathered") == 0)
        return write_gathered(doc);
    if (strcmp(doc->reason, "digest") == 0)
        return write_digest(doc);
    status = write_thing(doc);
    if (status == HK_OK && strncmp(doc->about, "ga-", 3) == 0)
        status = write_gate(doc);
    else if (status == HK_OK && doc->event != 0)
        status = write_event_at(doc);
    if (status == HK_OK && strncmp(doc->about, "co-", 3) == 0)
        status = write_intent(doc);
    if (status == HK_OK &&
        (strcmp(doc->reason, "notify") == 0 || strcmp(doc->reason, "escalate") == 0))
        status = write_text(doc);
    return status;
}

enum hk_status hk_query_notice(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_buf *out, struct hk_error *error)
{
    struct doc doc = {.reading = reading, .tenant = tenant, .id = id, .error = error};
    size_t begin = out->size;
    enum hk_status status = read_row(&doc);

    if (status != HK_OK)
        return status;
    hk_arena_init(&doc.arena, MEMORY_MAX);
    hk_jw_init(&doc.jw, out);
    hk_jw_object(&doc.jw);
    hk_jw_kv(&doc.jw, "id", id);
    hk_jw_kv(&doc.jw, "reason", doc.reason);
    hk_jw_kv(&doc.jw, "about", doc.about);
    status = write_contents(&doc);
    if (status == HK_OK)
        status = write_checkpoint(&doc);
    hk_jw_object_end(&doc.jw);
    if (status == HK_OK)
        status = hk_buf_check(out, "a notice", error);
    hk_arena_done(&doc.arena);
    return hk_query_take_back(out, begin, status);
}
