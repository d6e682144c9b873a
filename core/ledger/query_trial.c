/*
 * query_trial: see query_trial.h.
 */
#include "ledger/query_trial.h"

#include "base/text.h"
#include "ledger/query_steps.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_TIME_SIZE = sizeof("ru-0123456789") - 1 }; /* of an id, before what makes it unique */

struct look {
    struct hk_reading *reading;
    hk_tenant tenant;
    const char *playbook;
    unsigned pairs_max;
    struct hk_jw *jw;
    char trial[HK_ID_SIZE];
    char kind[16];
    int64_t share;
    int64_t since_us;
    unsigned compared, same, differ, open;
    bool has_more;
};

/* --- the decisions of a run --- */

struct decision {
    const struct hk_json *request; /* with op, name, args */
    const char *step;
    const char *how; /* "" until it is settled */
    const char *reason;
    char *args;    /* canonical */
    bool is_look;  /* it only read */
    bool is_match; /* the other run has the same */
};

struct decisions {
    struct hk_history history;
    struct decision *items;
    size_t count;
    bool is_called; /* another run began it, no alert */
};

static bool decides(const char *op)
{
    static const char *const ops[] = {
        "act", "ask", "close", "case", "notify", "escalate", "signal"};

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (strcmp(ops[i], op) == 0)
            return true;
    return false;
}

/* Newest first: an entry is nearly always about a step that began a moment ago. */
static struct decision *decision_of(const struct decisions *of, const char *step)
{
    for (size_t i = of->count; i > 0; i--) {
        const char *name = of->items[i - 1].step;
        if (name != NULL && strcmp(name, step) == 0)
            return &of->items[i - 1];
    }
    return NULL;
}

static enum hk_status add_decision(
    struct decisions *of, const struct hk_json *payload, struct hk_error *error)
{
    struct decision *decision = &of->items[of->count++];
    struct hk_buf args;

    hk_buf_init(&args, HK_PAYLOAD_SIZE_MAX);
    hk_buf_append_text(&args, "");
    if (hk_json_get(payload, "args") != NULL)
        hk_json_canonical(hk_json_get(payload, "args"), &args);
    *decision = (struct decision){.request = payload,
        .step = hk_json_string_at(payload, "step", ""),
        .how = "",
        .reason = NULL,
        .args = hk_buf_take(&args, NULL)};
    return decision->args != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "ledger: out of memory");
}

static enum hk_status take_entry(struct decisions *of, const struct hk_stored *stored,
    const struct hk_json *payload, struct hk_error *error)
{
    enum hk_kind kind = stored->entry.kind;
    const char *step = hk_json_string_at(payload, "step", "");
    struct decision *decision;
    enum hk_status status = HK_OK;

    if (kind == HK_KIND_RUN_STARTED)
        of->is_called = hk_json_get(payload, "caller") != NULL;
    decision = decision_of(of, step);
    if (decision == NULL && hk_json_get(payload, "op") != NULL &&
        decides(hk_json_string_at(payload, "op", ""))) {
        status = add_decision(of, payload, error);
        decision = &of->items[of->count - 1];
    }
    if (decision == NULL || status != HK_OK)
        return status;
    if (kind == HK_KIND_STEP_INTENDED)
        decision->is_look = strcmp(hk_json_string_at(payload, "effect", ""), "read") == 0;
    if (kind == HK_KIND_STEP_SETTLED || kind == HK_KIND_STEP_RESOLVED) {
        decision->how = hk_json_string_at(payload, "how", "");
        decision->reason = hk_json_string_at(payload, "reason", NULL);
    }
    return HK_OK;
}

/* Done with decisions_done, also after a failure. */
static enum hk_status decisions_load(const struct look *look, const char *run,
    struct decisions *ret_decisions, struct hk_error *error)
{
    struct decisions *of = ret_decisions;
    enum hk_status status;

    memset(of, 0, sizeof(*of));
    status = hk_history_load(look->reading, look->tenant, run, &of->history, error);
    if (status != HK_OK)
        return status;
    of->items = calloc(of->history.chain.count, sizeof(*of->items));
    if (of->items == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    for (size_t i = 0; i < of->history.chain.count && status == HK_OK; i++)
        status = take_entry(of, &of->history.chain.items[i], of->history.docs[i].root, error);
    return status;
}

static void decisions_done(struct decisions *of)
{
    for (size_t i = 0; i < of->count; i++)
        free(of->items[i].args);
    free(of->items);
    hk_history_done(&of->history);
}

/* --- comparing --- */

static bool is_same(const struct decision *a, const struct decision *b)
{
    return strcmp(hk_json_string_at(a->request, "op", ""),
               hk_json_string_at(b->request, "op", "")) == 0 &&
           strcmp(hk_json_string_at(a->request, "name", ""),
               hk_json_string_at(b->request, "name", "")) == 0 &&
           strcmp(a->args, b->args) == 0;
}

/* Pair those that are in both; each counts once. Whether both have the same. */
static bool match(struct decisions *was, struct decisions *is)
{
    bool all = true;

    for (size_t i = 0; i < was->count; i++) {
        for (size_t k = 0; k < is->count && !was->items[i].is_look; k++) {
            struct decision *other = &is->items[k];
            if (other->is_look || other->is_match || !is_same(&was->items[i], other))
                continue;
            was->items[i].is_match = other->is_match = true;
            break;
        }
        all = all && (was->items[i].is_match || was->items[i].is_look);
    }
    for (size_t k = 0; k < is->count; k++)
        all = all && (is->items[k].is_match || is->items[k].is_look);
    return all;
}

static void write_unmatched(struct hk_jw *jw, const char *key, const struct decisions *of)
{
    static const char *const fields[] = {"op", "name", "args"};

    hk_jw_key(jw, key);
    hk_jw_array(jw);
    for (size_t i = 0; i < of->count; i++) {
        const struct decision *decision = &of->items[i];
        if (decision->is_match || decision->is_look)
            continue;
        hk_jw_object(jw);
        for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
            if (hk_json_get(decision->request, fields[k]) != NULL)
                hk_jw_kv_value(jw, fields[k], hk_json_get(decision->request, fields[k]));
        hk_jw_kv(jw, "how", decision->how);
        if (decision->reason != NULL)
            hk_jw_kv(jw, "reason", decision->reason);
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

struct pair {
    char alert[HK_ID_SIZE];
    char was[HK_ID_SIZE]; /* run in force; "": none */
    char is[HK_ID_SIZE];  /* the shadow's; "": none */
    char was_state[16];
    char is_state[16];
};

static void write_pair(struct look *look, const struct pair *pair, const struct decisions *was,
    const struct decisions *is)
{
    struct hk_jw *jw = look->jw;

    hk_jw_object(jw);
    hk_jw_kv(jw, "alert", pair->alert);
    hk_jw_kv(jw, "run", pair->was[0] != '\0' ? pair->was : NULL);
    hk_jw_kv(jw, "trial_run", pair->is[0] != '\0' ? pair->is : NULL);
    hk_jw_key(jw, "end");
    hk_jw_object(jw);
    hk_jw_kv(jw, "was", pair->was[0] != '\0' ? pair->was_state : NULL);
    hk_jw_kv(jw, "is", pair->is[0] != '\0' ? pair->is_state : NULL);
    hk_jw_object_end(jw);
    write_unmatched(jw, "removed", was);
    write_unmatched(jw, "added", is);
    hk_jw_object_end(jw);
}

static bool has_ended(const char *state)
{
    return strcmp(state, "finished") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "cancelled") == 0 || strcmp(state, "diverged") == 0;
}

static enum hk_status compare(struct look *look, const struct pair *pair, struct hk_error *error)
{
    struct decisions was = {.count = 0};
    struct decisions is = {.count = 0};
    enum hk_status status = HK_OK;

    if ((pair->was[0] != '\0' && !has_ended(pair->was_state)) ||
        (pair->is[0] != '\0' && !has_ended(pair->is_state))) {
        look->open++;
        return HK_OK;
    }
    if (pair->was[0] != '\0')
        status = decisions_load(look, pair->was, &was, error);
    if (status == HK_OK && pair->is[0] != '\0')
        status = decisions_load(look, pair->is, &is, error);
    if (status == HK_OK && !(pair->is[0] == '\0' && was.is_called)) {
        bool same = match(&was, &is) && pair->was[0] != '\0' && pair->is[0] != '\0' &&
                    strcmp(pair->was_state, pair->is_state) == 0;
        look->compared++;
        look->same += same ? 1 : 0;
        look->differ += same ? 0 : 1;
        if (!same)
            write_pair(look, pair, &was, &is);
    }
    decisions_done(&was);
    decisions_done(&is);
    return status;
}

/* --- which runs --- */

static enum hk_status compare_rows(struct look *look, sqlite3_stmt *stmt, struct hk_error *error)
{
    bool has_row = false;
    unsigned count = 0;
    enum hk_status status = hk_stmt_step(stmt, &has_row, error);

    while (status == HK_OK && has_row && count++ < look->pairs_max) {
        struct pair pair = {.alert = ""};
        hk_stmt_copy(stmt, 0, pair.alert, sizeof(pair.alert));
        hk_stmt_copy(stmt, 1, pair.was, sizeof(pair.was));
        hk_stmt_copy(stmt, 2, pair.was_state, sizeof(pair.was_state));
        hk_stmt_copy(stmt, 3, pair.is, sizeof(pair.is));
        hk_stmt_copy(stmt, 4, pair.is_state, sizeof(pair.is_state));
        status = compare(look, &pair, error);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
    }
    look->has_more = look->has_more || (status == HK_OK && has_row);
    return status;
}

/* The shadow's runs that alerts began, each with that of the version in force. */
static enum hk_status compare_shadows(struct look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(look->reading->db,
        "SELECT s.alert, min(f.id), f.state, s.id, s.state FROM run s LEFT JOIN run f"
        " ON f.tenant = s.tenant AND f.alert = s.alert AND f.playbook = s.playbook"
        " AND f.shadow = 0 WHERE s.tenant = ?1 AND s.trial = ?2 AND s.shadow = 1"
        " GROUP BY s.id ORDER BY s.id DESC",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)look->tenant, look->trial);
    if (status == HK_OK)
        status = compare_rows(look, stmt, error);
    hk_stmt_free(stmt);
    return status;
}

/* Runs of the version in force, since the trial began, of alerts that the shadow did not want. */
static enum hk_status compare_missing(struct look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    char since[HK_ID_SIZE];
    enum hk_status status;

    hk_id_new("ru", look->since_us, since);
    since[ID_TIME_SIZE] = '\0'; /* ids begin with their time, so this comes before those of then */
    status = hk_stmt_prepare(look->reading->db,
        "SELECT f.alert, f.id, f.state, NULL, NULL FROM run f WHERE f.tenant = ?1 AND f.id >= ?2"
        " AND f.playbook = ?3 AND f.shadow = 0 AND NOT EXISTS (SELECT 1 FROM run s"
        " WHERE s.tenant = f.tenant AND s.alert = f.alert AND s.playbook = f.playbook"
        " AND s.shadow = 1) ORDER BY f.id DESC",
        &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "itt", (int64_t)look->tenant, since, look->playbook);
    if (status == HK_OK)
        status = compare_rows(look, stmt, error);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status count_runs(struct look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(look->reading->db,
        "SELECT state, count(*) FROM run WHERE tenant = ?1 AND trial = ?2 GROUP BY state", &stmt,
        error);

    hk_jw_key(look->jw, "runs");
    hk_jw_object(look->jw);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)look->tenant, look->trial);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    while (status == HK_OK && has_row) {
        hk_jw_kv_i64(look->jw, hk_stmt_text(stmt, 0), hk_stmt_i64(stmt, 1));
        status = hk_stmt_step(stmt, &has_row, error);
    }
    hk_jw_object_end(look->jw);
    hk_stmt_free(stmt);
    return status;
}

/* --- the trial --- */

static void write_trial(struct look *look, sqlite3_stmt *stmt)
{
    struct hk_jw *jw = look->jw;

    hk_stmt_copy(stmt, 1, look->trial, sizeof(look->trial));
    hk_stmt_copy(stmt, 3, look->kind, sizeof(look->kind));
    look->share = hk_stmt_i64(stmt, 4);
    look->since_us = hk_stmt_i64(stmt, 5);
    hk_jw_kv(jw, "playbook", look->playbook);
    hk_jw_kv(jw, "version", hk_stmt_text(stmt, 0));
    hk_jw_key(jw, "trial");
    hk_jw_object(jw);
    hk_jw_kv(jw, "id", look->trial);
    hk_jw_kv(jw, "version", hk_stmt_text(stmt, 2));
    hk_jw_kv(jw, "kind", look->kind);
    hk_jw_kv_i64(jw, "share", look->share);
    hk_jw_kv_time(jw, "since", look->since_us);
    hk_jw_kv(jw, "by", hk_stmt_text(stmt, 6));
    hk_jw_kv_time(jw, "until", hk_stmt_i64(stmt, 7));
    hk_jw_object_end(jw);
}

static enum hk_status find_trial(struct look *look, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(look->reading->db,
        "SELECT version, trial_id, trial, trial_kind, trial_share, trial_since_us, coalesce((SELECT"
        " name FROM user WHERE user.tenant = in_force.tenant AND user.id = trial_by), trial_by),"
        " trial_until_us FROM in_force WHERE tenant = ?1 AND name = ?2 AND trial IS NOT NULL",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)look->tenant, look->playbook);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "nothing is tried for %s", look->playbook);
    if (status == HK_OK)
        write_trial(look, stmt);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status write_comparison(struct look *look, struct hk_error *error)
{
    struct hk_jw *jw = look->jw;
    enum hk_status status = HK_OK;

    hk_jw_key(jw, "items");
    hk_jw_array(jw);
    if (strcmp(look->kind, "shadow") == 0) {
        status = compare_shadows(look, error);
        if (status == HK_OK && look->share == 100)
            status = compare_missing(look, error);
    }
    hk_jw_array_end(jw);
    hk_jw_kv_i64(jw, "compared", look->compared);
    hk_jw_kv_i64(jw, "same", look->same);
    hk_jw_kv_i64(jw, "differ", look->differ);
    hk_jw_kv_i64(jw, "open", look->open);
    hk_jw_kv_bool(jw, "more", look->has_more);
    return status;
}

enum hk_status hk_query_trial(struct hk_reading *reading, hk_tenant tenant, const char *playbook,
    unsigned pairs_max, struct hk_buf *out, struct hk_error *error)
{
    struct hk_jw jw;
    struct look look = {.reading = reading,
        .tenant = tenant,
        .playbook = playbook,
        .pairs_max = pairs_max,
        .jw = &jw};
    enum hk_status status;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    status = find_trial(&look, error);
    if (status == HK_OK)
        status = count_runs(&look, error);
    if (status == HK_OK)
        status = write_comparison(&look, error);
    hk_jw_object_end(&jw);
    return status == HK_OK ? hk_buf_check(out, "the comparison", error) : status;
}
