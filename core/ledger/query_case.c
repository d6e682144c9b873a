/*
 * query_case: one case, whole; see query_case.h.
 */
#include "ledger/query_case.h"
#include "ledger/query_case_sets.h"
#include "ledger/query_rows.h"
#include "ledger/query_steps.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#define SQL_SIZE_MAX 8192
#define CHAIN_SIZE_MAX ((size_t)16 * 1024 * 1024)
enum { MEMBERS_MAX = 32, CHAIN_COUNT_MAX = 1000 };

struct part {
    const char *key;        /* in JSON */
    const char *collection; /* whose rows it has */
    const char *condition;
};

static const struct part parts[] = {
    {"alerts", "alerts", "id IN " HK_CASE_ALERTS},
    {"runs", "runs", "id IN " HK_CASE_RUNS},
    {"approvals", "approvals", "id IN " HK_CASE_GATES},
    {"containments", "containments", "id IN " HK_CASE_CONTAINMENTS},
    {"tasks", "tasks", "id IN " HK_CASE_TASKS},
};

/* Begin a statement about the case. */
static enum hk_status begin(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(reading->db, sql, ret_stmt, error);

    return status != HK_OK ? status : hk_stmt_bind(*ret_stmt, error, "it", (int64_t)tenant, id);
}

/* The next row; false at the end and on failure. */
static bool next_row(sqlite3_stmt *stmt, enum hk_status *status, struct hk_error *error)
{
    bool has_row = false;

    if (*status == HK_OK)
        *status = hk_stmt_step(stmt, &has_row, error);
    return *status == HK_OK && has_row;
}

static enum hk_status write_part(struct hk_reading *reading, hk_tenant tenant, const char *id,
    const struct part *part, struct hk_jw *jw, struct hk_error *error)
{
    const struct hk_collection *what = NULL;
    sqlite3_stmt *stmt = NULL;
    struct hk_buf sql;
    enum hk_status status = hk_collection_find(part->collection, &what, error);

    if (status != HK_OK)
        return status;
    hk_buf_init(&sql, SQL_SIZE_MAX);
    hk_collection_select(what, &sql);
    hk_buf_appendf(
        &sql, " AND %s ORDER BY id DESC LIMIT %d", part->condition, HK_CASE_ITEMS_SHOWN_MAX);
    status = hk_buf_check(&sql, "statement", error);
    if (status == HK_OK)
        status = begin(reading, sql.data, tenant, id, &stmt, error);
    hk_buf_done(&sql);
    hk_jw_key(jw, part->key);
    hk_jw_array(jw);
    while (next_row(stmt, &status, error)) {
        hk_jw_object(jw);
        hk_collection_fields(what, stmt, jw);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_stmt_free(stmt);
    return status;
}

/* --- counts and times --- */

struct facts {
    int64_t alerts, alerts_open, runs, runs_live, approvals_pending, containments,
        containments_live, tasks, tasks_open;
    int64_t event_us, alerted_us, seen_us, asked_us, gate_seen_us, told_us, decided_us,
        effective_us, ended_us, case_seen_us;
};

/* One row of numbers into fields of the facts, in the order in which the statement has them. */
static enum hk_status read_numbers(struct hk_reading *reading, const char *sql, hk_tenant tenant,
    const char *id, int64_t *const *fields, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = begin(reading, sql, tenant, id, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    for (int i = 0; status == HK_OK && has_row && fields[i] != NULL; i++)
        *fields[i] = hk_stmt_i64(stmt, i);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status read_facts(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct facts *f, struct hk_error *error)
{
    int64_t *const of_alerts[] = {
        &f->alerts, &f->alerts_open, &f->event_us, &f->alerted_us, &f->seen_us, NULL};
    int64_t *const of_runs[] = {&f->runs, &f->runs_live, NULL};
    int64_t *const of_gates[] = {
        &f->approvals_pending, &f->asked_us, &f->gate_seen_us, &f->told_us, &f->decided_us, NULL};
    int64_t *const of_containments[] = {
        &f->containments, &f->containments_live, &f->effective_us, &f->ended_us, NULL};
    int64_t *const of_tasks[] = {&f->tasks, &f->tasks_open, NULL};
    int64_t *const of_cases[] = {&f->case_seen_us, NULL};
    const struct {
        const char *sql;
        int64_t *const *fields;
    } asked[] = {
        {"SELECT count(*), total(state IN ('new', 'routed')), min(event_us), min(received_us),"
         " min(seen_us) FROM alert WHERE tenant = ?1 AND id IN " HK_CASE_ALERTS,
            of_alerts},
        {"SELECT count(*), total(shadow = 0 AND state IN ('running', 'waiting', 'unknown',"
         " 'diverged')) FROM run WHERE tenant = ?1 AND id IN " HK_CASE_RUNS,
            of_runs},
        {"SELECT total(state = 'pending'), min(opened_us), min(seen_us), min(told_us), "
         "min(decided_us)"
         " FROM gate WHERE tenant = ?1 AND id IN " HK_CASE_GATES,
            of_gates},
        {"SELECT count(*), total(state IN ('starting', 'active', 'drifted', 'unknown',"
         " 'releasing')), min(effective_us), max(CASE state WHEN 'released' THEN ended_us END)"
         " FROM containment WHERE tenant = ?1 AND id IN " HK_CASE_CONTAINMENTS,
            of_containments},
        {"SELECT count(*), total(state = 'open') FROM task WHERE tenant = ?1"
         " AND id IN " HK_CASE_TASKS,
            of_tasks},
        {"SELECT min(seen_us) FROM cases WHERE tenant = ?1 AND id IN " HK_CASE_MEMBERS, of_cases},
    };
    enum hk_status status = HK_OK;

    memset(f, 0, sizeof(*f));
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]) && status == HK_OK; i++)
        status = read_numbers(reading, asked[i].sql, tenant, id, asked[i].fields, error);
    return status;
}

/* The earlier of two times, of which 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* Milliseconds between; null while one of them has not come. */
static void write_clock(struct hk_jw *jw, const char *key, int64_t from_us, int64_t to_us)
{
    hk_jw_key(jw, key);
    if (from_us == 0 || to_us == 0)
        hk_jw_null(jw);
    else
        hk_jw_i64(jw, to_us > from_us ? (to_us - from_us) / 1000 : 0);
}

static void write_facts(const struct facts *f, struct hk_jw *jw)
{
    int64_t looked_us = earlier(earlier(f->seen_us, f->gate_seen_us), f->case_seen_us);
    int64_t undone_us = f->containments_live == 0 ? f->ended_us : 0;

    hk_jw_key(jw, "counts");
    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "alerts", f->alerts);
    hk_jw_kv_i64(jw, "alerts_open", f->alerts_open);
    hk_jw_kv_i64(jw, "runs", f->runs);
    hk_jw_kv_i64(jw, "runs_live", f->runs_live);
    hk_jw_kv_i64(jw, "approvals_pending", f->approvals_pending);
    hk_jw_kv_i64(jw, "containments", f->containments);
    hk_jw_kv_i64(jw, "containments_live", f->containments_live);
    hk_jw_kv_i64(jw, "tasks", f->tasks);
    hk_jw_kv_i64(jw, "tasks_open", f->tasks_open);
    hk_jw_object_end(jw);
    hk_jw_key(jw, "times");
    hk_jw_object(jw);
    hk_jw_kv_time(jw, "event", f->event_us);
    hk_jw_kv_time(jw, "alerted", f->alerted_us);
    hk_jw_kv_time(jw, "first_look", looked_us);
    hk_jw_kv_time(jw, "asked", f->asked_us);
    hk_jw_kv_time(jw, "told", f->told_us);
    hk_jw_kv_time(jw, "decided", f->decided_us);
    hk_jw_kv_time(jw, "effective", f->effective_us);
    hk_jw_kv_time(jw, "undone", undone_us);
    hk_jw_object_end(jw);
    hk_jw_key(jw, "clocks_ms");
    hk_jw_object(jw);
    write_clock(jw, "detect", f->event_us, f->alerted_us);
    write_clock(jw, "triage", f->alerted_us, looked_us);
    write_clock(jw, "notify", f->asked_us, f->told_us);
    write_clock(jw, "decide", f->asked_us, f->decided_us);
    write_clock(jw, "contain", f->alerted_us, f->effective_us);
    write_clock(jw, "restore", f->effective_us, undone_us);
    hk_jw_object_end(jw);
}

/* --- what it is joined by, and which cases share that --- */

static enum hk_status write_entities(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = begin(reading,
        "SELECT substr(entity, 1, instr(entity, ':') - 1), substr(entity, instr(entity, ':') + 1),"
        " min(first_us), max(last_us) FROM case_entity WHERE tenant = ?1 AND in_case "
        "IN " HK_CASE_MEMBERS " GROUP BY 1, 2 ORDER BY min(first_us), 1, 2 LIMIT 100",
        tenant, id, &stmt, error);

    hk_jw_key(jw, "entities");
    hk_jw_array(jw);
    while (next_row(stmt, &status, error)) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "type", hk_stmt_text(stmt, 0));
        hk_jw_kv(jw, "value", hk_stmt_text(stmt, 1));
        hk_jw_kv_time(jw, "first", hk_stmt_i64(stmt, 2));
        hk_jw_kv_time(jw, "last", hk_stmt_i64(stmt, 3));
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status write_similar(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = begin(reading,
        "SELECT c.id, c.state, c.title, c.verdict, c.opened_us, min(other.entity), count(*)"
        " FROM case_entity mine CROSS JOIN case_entity other CROSS JOIN cases c"
        " WHERE mine.tenant = ?1 AND mine.in_case IN " HK_CASE_MEMBERS
        " AND other.tenant = ?1 AND other.entity = mine.entity"
        " AND c.tenant = ?1 AND c.id = other.in_case"
        " AND other.in_case NOT IN " HK_CASE_MEMBERS " GROUP BY c.id ORDER BY c.id DESC LIMIT 20",
        tenant, id, &stmt, error);

    hk_jw_key(jw, "similar");
    hk_jw_array(jw);
    while (next_row(stmt, &status, error)) {
        hk_jw_object(jw);
        hk_jw_kv(jw, "id", hk_stmt_text(stmt, 0));
        hk_jw_kv(jw, "state", hk_stmt_text(stmt, 1));
        hk_jw_kv(jw, "title", hk_stmt_text(stmt, 2));
        hk_jw_kv(jw, "verdict", hk_stmt_text_or_null(stmt, 3));
        hk_jw_kv_time(jw, "opened", hk_stmt_i64(stmt, 4));
        hk_jw_kv(jw, "shares", hk_stmt_text(stmt, 5));
        hk_jw_kv_i64(jw, "shared", hk_stmt_i64(stmt, 6));
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_stmt_free(stmt);
    return status;
}

/* --- what people and playbooks wrote --- */

struct written {
    struct hk_arena arena;
    char members[MEMBERS_MAX][HK_ID_SIZE];
    size_t member_count;
    struct hk_stored *items; /* of all members, oldest first */
    size_t count;
    bool is_cut; /* there are older ones */
};

static enum hk_status read_members(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct written *written, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = begin(reading,
        "SELECT id FROM cases WHERE tenant = ?1 AND id IN " HK_CASE_MEMBERS
        " ORDER BY id = ?2 DESC, id",
        tenant, id, &stmt, error);

    while (written->member_count < MEMBERS_MAX && next_row(stmt, &status, error))
        hk_stmt_copy(stmt, 0, written->members[written->member_count++], HK_ID_SIZE);
    hk_stmt_free(stmt);
    return status;
}

static int by_seq(const void *a, const void *b)
{
    uint64_t left = ((const struct hk_stored *)a)->entry.seq;
    uint64_t right = ((const struct hk_stored *)b)->entry.seq;

    return (left > right) - (left < right);
}

static enum hk_status read_written(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct written *written, struct hk_error *error)
{
    enum hk_status status;

    memset(written, 0, sizeof(*written));
    hk_arena_init(&written->arena, CHAIN_SIZE_MAX);
    status = read_members(reading, tenant, id, written, error);
    for (size_t i = 0; i < written->member_count && status == HK_OK; i++) {
        struct hk_chain chain;
        struct hk_stored *items;
        bool is_cut = false;

        status = hk_query_chain_newest(reading, tenant, written->members[i], CHAIN_COUNT_MAX,
            &written->arena, &chain, &is_cut, error);
        if (status != HK_OK)
            break;
        items = realloc(written->items, (written->count + chain.count) * sizeof(*items));
        if (items == NULL)
            return hk_fail(error, HK_NOMEM, "ledger: out of memory");
        memcpy(items + written->count, chain.items, chain.count * sizeof(*items));
        written->items = items;
        written->count += chain.count;
        written->is_cut = written->is_cut || is_cut;
    }
    if (status == HK_OK && written->count > 0)
        qsort(written->items, written->count, sizeof(*written->items), by_seq);
    return status;
}

static void written_done(struct written *written)
{
    free(written->items);
    hk_arena_done(&written->arena);
}

static void copy(struct hk_jw *jw, const char *key, const struct hk_json *from)
{
    const struct hk_json *value = hk_json_get(from, key);

    hk_jw_key(jw, key);
    if (value == NULL)
        hk_jw_null(jw);
    else
        hk_jw_value(jw, value);
}

/* One entry as an item: who, when, which, and these of its fields. */
static enum hk_status write_item(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_stored *stored, const char *const *fields, struct hk_jw *jw,
    struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    char name[HK_ID_SIZE];
    enum hk_status status = HK_OK;

    if (stored->payload != NULL)
        status =
            hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        status = hk_query_actor_name(reading, tenant, stored->entry.actor, name, error);
    if (status == HK_OK) {
        hk_jw_object(jw);
        hk_jw_kv_i64(jw, "seq", (int64_t)stored->entry.seq);
        hk_jw_kv_time(jw, "time", stored->entry.time_us);
        hk_jw_kv(jw, "by", stored->entry.actor);
        hk_jw_kv(jw, "by_name", name);
        for (size_t i = 0; fields[i] != NULL; i++)
            copy(jw, fields[i], doc.root);
        hk_jw_object_end(jw);
    }
    hk_json_doc_done(&doc);
    return status;
}

/* The newest of one kind, oldest first. */
static enum hk_status write_items(struct hk_reading *reading, hk_tenant tenant, const char *key,
    const struct written *written, enum hk_kind kind, const char *const *fields, struct hk_jw *jw,
    struct hk_error *error)
{
    size_t left = 0;
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < written->count; i++)
        left += written->items[i].entry.kind == kind;
    hk_jw_key(jw, key);
    hk_jw_array(jw);
    for (size_t i = 0; i < written->count && status == HK_OK; i++) {
        if (written->items[i].entry.kind != kind || left-- > HK_CASE_ITEMS_SHOWN_MAX)
            continue;
        status = write_item(reading, tenant, &written->items[i], fields, jw, error);
    }
    hk_jw_array_end(jw);
    return status;
}

static enum hk_status write_written(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_jw *jw, struct hk_error *error)
{
    static const char *const note[] = {"text", "run", "step", NULL};
    static const char *const evidence[] = {
        "name", "sha256", "size", "entry", "place", "note", "run", "step", NULL};
    static const char *const proposal[] = {"verdict", "note", NULL};
    struct written written;
    enum hk_status status = read_written(reading, tenant, id, &written, error);

    if (status == HK_OK)
        status =
            write_items(reading, tenant, "notes", &written, HK_KIND_CASE_NOTED, note, jw, error);
    if (status == HK_OK)
        status = write_items(
            reading, tenant, "evidence", &written, HK_KIND_CASE_EVIDENCE, evidence, jw, error);
    if (status == HK_OK)
        status = write_items(
            reading, tenant, "proposals", &written, HK_KIND_CASE_PROPOSED, proposal, jw, error);
    if (status == HK_OK) {
        hk_jw_key(jw, "merged_from");
        hk_jw_array(jw);
        for (size_t i = 1; i < written.member_count; i++)
            hk_jw_string(jw, written.members[i]);
        hk_jw_array_end(jw);
        hk_jw_kv_bool(jw, "is_cut", written.is_cut);
        status = hk_history_erased(reading, tenant,
            &(struct hk_chain){.items = written.items, .count = written.count}, jw, error);
    }
    written_done(&written);
    return status;
}

enum hk_status hk_query_case_members(struct hk_reading *reading, hk_tenant tenant, const char *id,
    struct hk_jw *jw, struct hk_error *error)
{
    struct facts facts;
    enum hk_status status = read_facts(reading, tenant, id, &facts, error);

    if (status == HK_OK) {
        write_facts(&facts, jw);
        status = write_entities(reading, tenant, id, jw, error);
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == HK_OK; i++)
        status = write_part(reading, tenant, id, &parts[i], jw, error);
    if (status == HK_OK)
        status = write_written(reading, tenant, id, jw, error);
    if (status == HK_OK)
        status = write_similar(reading, tenant, id, jw, error);
    return status;
}
