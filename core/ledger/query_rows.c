/*
 * query_rows: rows as JSON objects; see query_rows.h.
 */
#include "ledger/query_rows.h"

#include "base/severity.h"
#include "ledger/store.h"

#include <string.h>

#define TEXT(name, sql)                                                                            \
    {                                                                                              \
        name, sql, HK_COLUMN_TEXT                                                                  \
    }
#define TIME(name, sql)                                                                            \
    {                                                                                              \
        name, sql, HK_COLUMN_TIME                                                                  \
    }
#define INT(name, sql)                                                                             \
    {                                                                                              \
        name, sql, HK_COLUMN_INT                                                                   \
    }
#define BOOL(name, sql)                                                                            \
    {                                                                                              \
        name, sql, HK_COLUMN_BOOL                                                                  \
    }
#define SEVERITY(name, sql)                                                                        \
    {                                                                                              \
        name, sql, HK_COLUMN_SEVERITY                                                              \
    }

/* The last look at a containment is no entry of its own when it found nothing new. */
#define CHECKED(column)                                                                            \
    "(SELECT " column " FROM cursor WHERE cursor.tenant = containment.tenant"                      \
    " AND source = '" HK_CHECK_SHELF "' AND key = containment.id)"

/* What was asked for by a run belongs to the case that the run's alert is in today. */
#define TASK_CASE                                                                                  \
    "coalesce(nullif(task.in_case, ''), (SELECT nullif(alert.in_case, '') FROM run JOIN alert"     \
    " ON alert.tenant = run.tenant AND alert.id = run.alert"                                       \
    " WHERE run.tenant = task.tenant AND run.id = task.run))"

/* Of the name that a version stands for, NULL for other versions. */
#define OF_NAME(column)                                                                            \
    "(SELECT i." column " FROM in_force i WHERE i.tenant = playbook.tenant"                        \
    " AND i.name = playbook.name AND i.version = playbook.version)"
#define PERSON(id)                                                                                 \
    "coalesce((SELECT name FROM user WHERE user.tenant = playbook.tenant AND user.id = " id        \
    "), " id ")"

static const struct hk_collection collections[] = {
    {"alerts", "alert", "id", NULL, NULL, false, true, "state IN ('new', 'routed')",
        {TEXT("id", "id"), TEXT("state", "state"), SEVERITY("severity", "severity"),
            TEXT("title", "title"), TEXT("product", "product"), TEXT("category", "category"),
            TIME("time", "event_us"), TIME("received", "received_us"), TIME("seen", "seen_us"),
            TEXT("duplicate_of", "into_alert"), INT("merged", "merged"), TEXT("verdict", "verdict"),
            TEXT("case", "in_case")}},
    {"runs", "run", "id", NULL, NULL, false, true,
        "state IN ('running', 'waiting', 'unknown', 'diverged')",
        {TEXT("id", "id"), TEXT("alert", "alert"), TEXT("playbook", "playbook"),
            TEXT("version", "version"), TEXT("state", "state"), TIME("started", "started_us"),
            TIME("ended", "ended_us"), TEXT("reason", "reason"), TEXT("trial", "trial"),
            BOOL("shadow", "shadow")}},
    {"approvals", "gate", "id", NULL, NULL, false, true, "state = 'pending'",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("run", "run"), TEXT("step", "step"),
            TEXT("kind", "gate_kind"), TEXT("action", "action"), TEXT("target", "target"),
            TEXT("summary", "summary"), SEVERITY("severity", "severity"), TEXT("digest", "digest"),
            TEXT("role", "role"), INT("quorum", "quorum"), INT("votes", "votes"),
            TEXT("delegate", "delegate"), TIME("opened", "opened_us"), TIME("seen", "seen_us"),
            TIME("told", "told_us"), TIME("expires", "expires_us"), TIME("decided", "decided_us")}},
    {"containments", "containment", "id", NULL, NULL, false, true,
        "state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("run", "run"), TEXT("step", "step"),
            TEXT("gate", "gate"), TEXT("kind", "kind"), TEXT("action", "action"),
            TEXT("target", "target"), TEXT("target_type", "target_type"),
            BOOL("by_hand", "by_hand"), TIME("since", "since_us"),
            TIME("effective", "effective_us"), TIME("expires", "expires_us"),
            TIME("ended", "ended_us"), TIME("verified", "verified_us"), TEXT("found", "found"),
            TIME("checked", CHECKED("time_us")), TEXT("check", CHECKED("value"))}},
    {"cases", "cases", "id", NULL, NULL, false, true, "state = 'open'",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("phase", "phase"), TEXT("title", "title"),
            SEVERITY("severity", "severity"), TEXT("assignee", "assignee"),
            INT("alert_count", "alerts"), TEXT("verdict", "verdict"), TEXT("proposed", "proposed"),
            TEXT("happening", "happening"), TEXT("do_now", "do_now"), TEXT("impact", "impact"),
            TEXT("scope", "scope"), TEXT("merged_into", "into_case"), TEXT("follows", "after_case"),
            TIME("opened", "opened_us"), TIME("last_alert", "alerted_us"), TIME("seen", "seen_us"),
            TIME("closed", "closed_us")}},
    {"tasks", "task", "id", NULL, NULL, false, true, "state = 'open'",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("kind", "kind"), TEXT("title", "title"),
            TEXT("instruction", "instruction"), TEXT("owner", "owner"), TEXT("role", "role"),
            SEVERITY("severity", "severity"), TEXT("case", TASK_CASE), TEXT("run", "run"),
            TEXT("step", "step"), TEXT("containment", "containment"), TEXT("action", "action"),
            TEXT("target", "target"), TIME("opened", "opened_us"), TIME("due", "due_us"),
            TIME("done", "done_us"), TEXT("done_by", "done_by"), TEXT("outcome", "outcome")}},
    {"notices", "notice", "id", NULL, NULL, false, true, "state = 'queued'",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("reason", "reason"), TEXT("about", "about"),
            TEXT("contact", "contact"), TEXT("channel", "channel"), TEXT("language", "language"),
            TEXT("gathered_into", "into_notice"), INT("tries", "tries"),
            TIME("queued", "queued_us"), TIME("due", "due_us"), TIME("sent", "sent_us"),
            TEXT("problem", "problem")}},
    {"contacts", "contact", "name", NULL, NULL, true, false, NULL,
        {TEXT("name", "name"), TEXT("user", "user"), TIME("told", "told_us"),
            TIME("answered", "answered_us"), INT("lapsed", "lapsed"),
            TIME("lapsed_at", "lapsed_us"), INT("failed", "failed"),
            TIME("failed_at", "failed_us")}},
    {"gaps", "gap", "id", NULL, NULL, false, true, "state = 'open'",
        {TEXT("id", "id"), TEXT("state", "state"), TEXT("kind", "kind"), TEXT("name", "name"),
            TEXT("detail", "detail"), TIME("since", "since_us"), TIME("ended", "ended_us")}},
    {"playbooks", "playbook", "name",
        "(version = ?2 OR name = ?2) ORDER BY " OF_NAME("last") " IS NULL, last DESC",
        OF_NAME("state") " = 'in_force'", true, false, NULL,
        {TEXT("version", "version"), TEXT("name", "name"), TEXT("state", HK_VERSION_STATE_SQL),
            TEXT("summary", "summary"), TIME("since", OF_NAME("since_us")),
            TEXT("by", PERSON(OF_NAME("by_whom"))), TEXT("how", OF_NAME("how")),
            TEXT("previous", OF_NAME("previous")), TEXT("trial", OF_NAME("trial")),
            TEXT("trial_kind", OF_NAME("trial_kind")), INT("trial_share", OF_NAME("trial_share")),
            TIME("trial_until", OF_NAME("trial_until_us")), TIME("added", "added_us")}},
    {"plugins", "plugin", "name", NULL, NULL, true, false, NULL,
        {TEXT("name", "name"), TEXT("version", "version"), TEXT("sha256", "sha256")}},
    {"users", "user", "id", "(id = ?2 OR name = ?2)", NULL, false, true, "state = 'active'",
        {TEXT("id", "id"), TEXT("name", "name"), TEXT("role", "role"), TEXT("state", "state"),
            TIME("password", "password_us"), TIME("totp", "totp_us"),
            TIME("session", "session_us")}},
    {"tokens", "token", "id", NULL, NULL, false, true, "state = 'active'",
        {TEXT("id", "id"), TEXT("name", "name"), TEXT("user", "user"), TEXT("service", "service"),
            TEXT("role", "role"), TEXT("state", "state")}},
};

enum hk_status hk_collection_find(
    const char *name, const struct hk_collection **ret_collection, struct hk_error *error)
{
    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        if (strcmp(collections[i].name, name) == 0) {
            *ret_collection = &collections[i];
            return HK_OK;
        }
    }
    return hk_fail(error, HK_NOT_FOUND, "no such collection: %s", name);
}

enum hk_status hk_query_take_back(struct hk_buf *out, size_t size, enum hk_status status)
{
    if (status != HK_OK && out->size > size) {
        out->size = size;
        out->data[size] = '\0';
    }
    return status;
}

void hk_collection_select(const struct hk_collection *collection, struct hk_buf *sql)
{
    hk_buf_append_text(sql, "SELECT ");
    for (const struct hk_column *column = collection->columns; column->name != NULL; column++)
        hk_buf_appendf(sql, "%s%s", column == collection->columns ? "" : ", ", column->sql);
    hk_buf_appendf(sql, " FROM %s WHERE tenant = ?1", collection->table);
}

static const char *severity_text(int64_t severity)
{
    if (severity < HK_SEVERITY_INFORMATIONAL || severity > HK_SEVERITY_FATAL)
        return NULL;
    return hk_severity_text((enum hk_severity)severity);
}

void hk_collection_fields(
    const struct hk_collection *collection, sqlite3_stmt *stmt, struct hk_jw *jw)
{
    for (int i = 0; collection->columns[i].name != NULL; i++) {
        const struct hk_column *column = &collection->columns[i];

        if (column->type == HK_COLUMN_TIME) {
            hk_jw_kv_time(jw, column->name, hk_stmt_i64(stmt, i));
        } else if (column->type == HK_COLUMN_SEVERITY) {
            hk_jw_kv(jw, column->name, severity_text(hk_stmt_i64(stmt, i)));
        } else if (column->type == HK_COLUMN_BOOL) {
            hk_jw_kv_bool(jw, column->name, hk_stmt_bool(stmt, i));
        } else if (column->type == HK_COLUMN_INT) {
            hk_jw_kv_i64(jw, column->name, hk_stmt_i64(stmt, i));
        } else {
            hk_jw_kv(jw, column->name, hk_stmt_text_or_null(stmt, i));
        }
    }
}
