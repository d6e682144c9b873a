/*
 * query_show: one thing, whole: its row, what its entries say, and the entries' kinds, times and
 * actors; see query.h.
 */
#include "base/text.h"
#include "ledger/query_case.h"
#include "ledger/query_erase.h"
#include "ledger/query_gate.h"
#include "ledger/query_names.h"
#include "ledger/query_playbook.h"
#include "ledger/query_rows.h"
#include "ledger/query_steps.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#define SQL_SIZE_MAX 4096
#define HISTORY_SIZE_MAX ((size_t)48 * 1024 * 1024) /* of the thing that is shown */
#define HISTORY_COUNT_MAX ((size_t)HK_RUN_ENTRIES_MAX)

enum hk_status hk_history_load(struct hk_reading *reading, hk_tenant tenant, const char *subject,
    struct hk_history *history, struct hk_error *error)
{
    enum hk_status status;

    memset(history, 0, sizeof(*history));
    hk_arena_init(&history->arena, HISTORY_SIZE_MAX);
    status = hk_query_chain(
        reading, tenant, subject, HISTORY_COUNT_MAX, &history->arena, &history->chain, error);
    if (status != HK_OK)
        return status;
    history->docs = calloc(history->chain.count, sizeof(*history->docs));
    if (history->docs == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    for (size_t i = 0; i < history->chain.count && status == HK_OK; i++)
        if (history->chain.items[i].payload != NULL)
            status =
                hk_json_parse(history->chain.items[i].payload, history->chain.items[i].payload_size,
                    &hk_json_limits_own, &history->docs[i], error);
    return status;
}

void hk_history_done(struct hk_history *history)
{
    if (history->docs != NULL)
        for (size_t i = 0; i < history->chain.count; i++)
            hk_json_doc_done(&history->docs[i]);
    free(history->docs);
    hk_arena_done(&history->arena);
}

enum hk_status hk_history_erased(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_chain *chain, struct hk_jw *jw, struct hk_error *error)
{
    for (size_t i = chain->count; i > 0; i--)
        if (chain->items[i - 1].payload == NULL)
            return hk_query_erased(reading, tenant, chain->items[i - 1].entry.seq, jw, error);
    return HK_OK;
}

/* The newest entry of a kind, as its parsed payload; NULL when there is none. */
static const struct hk_json *newest(const struct hk_history *history, enum hk_kind kind)
{
    for (size_t i = history->chain.count; i > 0; i--)
        if (history->chain.items[i - 1].entry.kind == kind)
            return history->docs[i - 1].root;
    return NULL;
}

static void write_or_null(struct hk_jw *jw, const char *key, const struct hk_json *value)
{
    hk_jw_key(jw, key);
    if (value == NULL)
        hk_jw_null(jw);
    else
        hk_jw_value(jw, value);
}

static enum hk_status state_of_run(struct hk_reading *reading, hk_tenant tenant, const char *run,
    char ret_state[16], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        reading->db, "SELECT state FROM run WHERE tenant = ?1 AND id = ?2", &stmt, error);

    ret_state[0] = '\0';
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, run);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        hk_stmt_copy(stmt, 0, ret_state, 16);
    hk_stmt_free(stmt);
    return status;
}

/* The run that it went on as: "" when it did not. */
static enum hk_status next_of_run(struct hk_reading *reading, hk_tenant tenant, const char *run,
    char ret_next[HK_ID_SIZE], struct hk_error *error)
{
    struct hk_arena arena;
    struct hk_stored last;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status;

    ret_next[0] = '\0';
    hk_arena_init(&arena, HK_PAYLOAD_SIZE_MAX * 2);
    status = hk_query_last(reading, tenant, run, &arena, &last, error);
    if (status == HK_OK && last.entry.kind == HK_KIND_RUN_FINISHED && last.payload != NULL)
        status = hk_json_parse(last.payload, last.payload_size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        (void)hk_copy_text(ret_next, HK_ID_SIZE, hk_json_string_at(doc.root, "continued_as", ""));
    hk_json_doc_done(&doc);
    hk_arena_done(&arena);
    return status;
}

static enum hk_status show_alert(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_history *history, struct hk_jw *jw, struct hk_error *error)
{
    const struct hk_json *runs = hk_json_get(newest(history, HK_KIND_ALERT_ROUTED), "runs");
    const struct hk_json *first = history->docs[0].root;
    const struct hk_json *closed = newest(history, HK_KIND_ALERT_CLOSED);
    enum hk_status status = HK_OK;
    char next[HK_ID_SIZE];
    char state[16];

    write_or_null(jw, "source", hk_json_get(first, "source"));
    write_or_null(jw, "form", hk_json_get(first, "form"));
    write_or_null(jw, "view", hk_json_get(first, "view"));
    write_or_null(jw, "raw", hk_json_get(first, "raw"));
    write_or_null(jw, "note", hk_json_get(closed, "note"));
    hk_jw_key(jw, "runs");
    hk_jw_array(jw);
    for (const struct hk_json *run = runs != NULL ? runs->first : NULL;
         run != NULL && status == HK_OK; run = run->next) {
        const char *id = hk_json_string_at(run, "run", "");

        next[0] = '\0';
        status = state_of_run(reading, tenant, id, state, error);
        if (status == HK_OK && strcmp(state, "finished") == 0)
            status = next_of_run(reading, tenant, id, next, error);
        hk_jw_object(jw);
        hk_jw_kv(jw, "id", id);
        hk_jw_kv(jw, "playbook", hk_json_string_at(run, "playbook", NULL));
        hk_jw_kv(jw, "state", state[0] != '\0' ? state : NULL);
        if (next[0] != '\0')
            hk_jw_kv(jw, "continued_as", next);
        if (hk_json_bool_at(run, "shadow", false))
            hk_jw_kv_bool(jw, "shadow", true);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    return status;
}

static void show_run(const struct hk_history *history, struct hk_jw *jw)
{
    const struct hk_json *finished = newest(history, HK_KIND_RUN_FINISHED);
    const struct hk_json *diverged = newest(history, HK_KIND_RUN_DIVERGED);
    const struct hk_json *started = newest(history, HK_KIND_RUN_STARTED);

    write_or_null(jw, "value", hk_json_get(finished, "value"));
    if (hk_json_get(finished, "continued_as") != NULL)
        hk_jw_kv_value(jw, "continued_as", hk_json_get(finished, "continued_as"));
    write_or_null(jw, "caller", hk_json_get(started, "caller"));
    if (hk_json_get(started, "continues") != NULL)
        hk_jw_kv_value(jw, "continues", hk_json_get(started, "continues"));
    if (hk_json_get(started, "args") != NULL)
        hk_jw_kv_value(jw, "args", hk_json_get(started, "args"));
    write_or_null(jw, "seed", hk_json_get(started, "seed"));
    hk_jw_kv_time(jw, "began", hk_json_i64_at(started, "at_us", 0));
    if (diverged != NULL)
        write_or_null(jw, "diverged", diverged);
}

static void show_containment(const struct hk_history *history, struct hk_jw *jw)
{
    static const char *const fields[] = {
        "args", "undo", "undo_effect", "residual", "plugin", "key", "lease_ms", "by", "rule"};
    const struct hk_json *starting = newest(history, HK_KIND_CONTAINMENT_STARTING);
    const struct hk_json *active = newest(history, HK_KIND_CONTAINMENT_ACTIVE);
    const char *newest_reason = NULL;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        write_or_null(jw, fields[i], hk_json_get(starting, fields[i]));
    write_or_null(jw, "result", hk_json_get(active, "result"));
    hk_jw_key(jw, "reasons");
    hk_jw_array(jw);
    for (size_t i = 0; i < history->chain.count; i++) {
        const struct hk_json *payload = history->docs[i].root;
        const char *reason =
            hk_json_string_at(payload, "reason", hk_json_string_at(payload, "why", NULL));

        if (reason == NULL)
            continue;
        newest_reason = reason;
        hk_jw_object(jw);
        hk_jw_kv(jw, "kind", hk_kind_text(history->chain.items[i].entry.kind));
        hk_jw_kv(jw, "reason", reason);
        hk_jw_kv(jw, "by", history->chain.items[i].entry.actor);
        hk_jw_kv_time(jw, "time", history->chain.items[i].entry.time_us);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
    hk_jw_kv(jw, "reason", newest_reason);
}

static void show_task(const struct hk_history *history, struct hk_jw *jw)
{
    static const char *const opened_fields[] = {"summary", "reason", "plugin", "capability",
        "target_type", "args", "because", "undo", "residual", "lease_ms", "rule"};
    static const char *const done_fields[] = {"evidence", "when_us", "made"};
    const struct hk_json *opened = newest(history, HK_KIND_TASK_OPENED);
    const struct hk_json *done = newest(history, HK_KIND_TASK_DONE);

    for (size_t i = 0; i < sizeof(opened_fields) / sizeof(opened_fields[0]); i++)
        write_or_null(jw, opened_fields[i], hk_json_get(opened, opened_fields[i]));
    for (size_t i = 0; i < sizeof(done_fields) / sizeof(done_fields[0]); i++)
        write_or_null(jw, done_fields[i], hk_json_get(done, done_fields[i]));
}

static void show_entries(const struct hk_chain *chain, struct hk_jw *jw)
{
    hk_jw_key(jw, "entries");
    hk_jw_array(jw);
    for (size_t i = 0; i < chain->count; i++) {
        const struct hk_entry *entry = &chain->items[i].entry;

        hk_jw_object(jw);
        hk_jw_kv_i64(jw, "seq", (int64_t)entry->seq);
        hk_jw_kv(jw, "kind", hk_kind_text(entry->kind));
        hk_jw_kv_time(jw, "time", entry->time_us);
        hk_jw_kv(jw, "actor", entry->actor);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

/* Whom the ids of the entries stand for. */
static enum hk_status show_names(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_history *history, struct hk_names *names, struct hk_jw *jw,
    struct hk_error *error)
{
    for (size_t i = 0; i < history->chain.count; i++) {
        hk_names_add(names, history->chain.items[i].entry.actor);
        hk_names_add_payload(names, history->docs[i].root);
    }
    return hk_names_write(reading, tenant, names, jw, error);
}

static enum hk_status show_playbook(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_history *history, struct hk_names *names, struct hk_jw *jw,
    struct hk_error *error)
{
    static const char *const fields[] = {"source", "on", "limits", "file"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        write_or_null(
            jw, fields[i], hk_json_get(newest(history, HK_KIND_PLAYBOOK_ADDED), fields[i]));
    return hk_query_playbook_story(
        reading, tenant, history->chain.items[0].entry.subject, names, jw, error);
}

static enum hk_status show_history(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_collection *what, const struct hk_history *history, struct hk_names *names,
    struct hk_jw *jw, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    if (strcmp(what->table, "alert") == 0) {
        status = show_alert(reading, tenant, history, jw, error);
    } else if (strcmp(what->table, "run") == 0) {
        show_run(history, jw);
        status = hk_history_steps(history, jw, error);
    } else if (strcmp(what->table, "gate") == 0) {
        hk_history_gate(history, jw);
    } else if (strcmp(what->table, "containment") == 0) {
        show_containment(history, jw);
    } else if (strcmp(what->table, "task") == 0) {
        show_task(history, jw);
    } else if (strcmp(what->table, "playbook") == 0) {
        status = show_playbook(reading, tenant, history, names, jw, error);
    } else if (strcmp(what->table, "notice") == 0) {
        write_or_null(jw, "text", hk_json_get(history->docs[0].root, "text"));
        write_or_null(jw, "answer", hk_json_get(newest(history, HK_KIND_NOTICE_SENT), "answer"));
    } else if (strcmp(what->table, "plugin") == 0) {
        write_or_null(jw, "descriptor", newest(history, HK_KIND_PLUGIN_LOADED));
    }
    return status;
}

/* The row, with its fields written and its subject's id. */
static enum hk_status show_row(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_collection *what, const char *id, struct hk_jw *jw,
    char ret_subject[HK_SHA256_HEX_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_buf sql;
    enum hk_status status;

    hk_buf_init(&sql, SQL_SIZE_MAX);
    hk_collection_select(what, &sql);
    if (what->one != NULL)
        hk_buf_appendf(&sql, " AND %s", what->one);
    else
        hk_buf_appendf(&sql, " AND %s = ?2", what->key);
    status = hk_buf_check(&sql, "statement", error);
    if (status == HK_OK)
        status = hk_stmt_prepare(reading->db, sql.data, &stmt, error);
    hk_buf_done(&sql);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)tenant, id);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "no %s in %s", id, what->name);
    if (status == HK_OK) {
        hk_collection_fields(what, stmt, jw);
        /* The subject is the first column: an id, a playbook's version or a plugin's name. */
        hk_stmt_copy(stmt, 0, ret_subject, HK_SHA256_HEX_SIZE);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_query_show(struct hk_reading *reading, hk_tenant tenant, const char *collection,
    const char *id, struct hk_buf *out, struct hk_error *error)
{
    const struct hk_collection *what = NULL;
    struct hk_history history;
    struct hk_names names = {.count = 0};
    char subject[HK_SHA256_HEX_SIZE];
    size_t begin = out->size;
    struct hk_jw jw;
    enum hk_status status = hk_collection_find(collection, &what, error);

    if (status != HK_OK)
        return status;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    status = show_row(reading, tenant, what, id, &jw, subject, error);
    if (status != HK_OK)
        return hk_query_take_back(out, begin, status);
    if (strcmp(what->table, "cases") == 0) { /* its history has no bound: only the newest is read */
        status = hk_query_case_members(reading, tenant, subject, &jw, error);
        hk_jw_object_end(&jw);
        if (status == HK_OK)
            status = hk_buf_check(out, collection, error);
        return hk_query_take_back(out, begin, status);
    }
    status = hk_history_load(reading, tenant, subject, &history, error);
    if (status == HK_OK)
        status = show_history(reading, tenant, what, &history, &names, &jw, error);
    if (status == HK_OK)
        status = hk_history_erased(reading, tenant, &history.chain, &jw, error);
    if (status == HK_OK) {
        show_entries(&history.chain, &jw);
        status = show_names(reading, tenant, &history, &names, &jw, error);
        hk_jw_object_end(&jw);
    }
    if (status == HK_OK) {
        status = hk_buf_check(out, collection, error);
    }
    hk_history_done(&history);
    return hk_query_take_back(out, begin, status);
}
