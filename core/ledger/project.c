/*
 * project: fold entries with prepared statements; see project.h.
 *
 * Statements are prepared when their kind is first met, so that a ledger that never blocks
 * anything holds no statements for containments.
 */
#include "ledger/project.h"

#include "ledger/field.h"
#include "ledger/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum parameter { TENANT, SUBJECT, ACTOR, TIME, POS, PAYLOAD, FIELDS, PARAMETER_COUNT };
static const char *const parameter_names[PARAMETER_COUNT] = {
    ":tenant", ":subject", ":actor", ":time", ":pos", ":payload", ":fields"};

struct statement {
    sqlite3_stmt *stmt;
    int at[PARAMETER_COUNT]; /* 0: the statement does not use it */
};

struct hk_fold {
    sqlite3 *db;
    struct statement statements[HK_KIND_COUNT][HK_FOLD_STATEMENTS_MAX];
    sqlite3_stmt *last[HK_NOUN_COUNT];
    sqlite3_stmt *hole; /* NULL until holes were learnt */
    struct hk_field_source fields;
};

#define LAST(table, key) "SELECT last FROM " table " WHERE tenant = ?1 AND " key " = ?2"

static const struct {
    const char *kind_prefix; /* of kinds about it */
    const char *id_prefix;   /* of its ids; NULL when they have none */
    const char *last_sql;
} nouns[HK_NOUN_COUNT] = {
    [HK_NOUN_ALERT] = {"alert.", "al-", LAST("alert", "id")},
    [HK_NOUN_RUN] = {"run.", "ru-", LAST("run", "id")},
    [HK_NOUN_GATE] = {"gate.", "ga-", LAST("gate", "id")},
    [HK_NOUN_CONTAINMENT] = {"containment.", "co-", LAST("containment", "id")},
    [HK_NOUN_CASE] = {"case.", "ca-", LAST("cases", "id")},
    [HK_NOUN_TASK] = {"task.", "ta-", LAST("task", "id")},
    [HK_NOUN_NOTICE] = {"notice.", "no-", LAST("notice", "id")},
    [HK_NOUN_GAP] = {"gap.", "gp-", LAST("gap", "id")},
    [HK_NOUN_USER] = {"user.", "us-", LAST("user", "id")},
    [HK_NOUN_TOKEN] = {"token.", "to-", LAST("token", "id")},
    [HK_NOUN_SUBJECT] = {"", NULL, LAST("subject", "subject")},
    [HK_NOUN_PLAYBOOK] = {"playbook.", NULL, LAST("playbook", "version")},
    /* Its kinds begin as those of versions do: see hk_kind_noun. */
    [HK_NOUN_IN_FORCE] = {"playbook.", "pb-", LAST("in_force", "id")},
    [HK_NOUN_PLUGIN] = {"plugin.", NULL, LAST("plugin", "name")},
};

enum hk_noun hk_kind_noun(enum hk_kind kind)
{
    const char *text = hk_kind_text(kind);

    if (strncmp(text, "step.", 5) == 0)
        return HK_NOUN_RUN;
    /* A person's, like all they do about logging in. */
    if (strncmp(text, "session.", 8) == 0)
        return HK_NOUN_USER;
    /* An alert comes into a case: its history, so that a case's own stays short. */
    if (kind == HK_KIND_CASE_JOINED || kind == HK_KIND_CASE_SPLIT)
        return HK_NOUN_ALERT;
    /* Of versions there are texts; what becomes of them is about the name. */
    if (strncmp(text, "playbook.", 9) == 0 && kind != HK_KIND_PLAYBOOK_ADDED)
        return HK_NOUN_IN_FORCE;
    for (int noun = 0; noun < HK_NOUN_COUNT; noun++)
        if (noun != HK_NOUN_SUBJECT &&
            strncmp(text, nouns[noun].kind_prefix, strlen(nouns[noun].kind_prefix)) == 0)
            return (enum hk_noun)noun;
    return HK_NOUN_SUBJECT;
}

const char *hk_noun_last_sql(enum hk_noun noun)
{
    return nouns[noun].last_sql;
}

enum hk_noun hk_noun_of_id(const char *id)
{
    for (int noun = 0; noun < HK_NOUN_COUNT; noun++)
        if (nouns[noun].id_prefix != NULL &&
            strncmp(id, nouns[noun].id_prefix, strlen(nouns[noun].id_prefix)) == 0)
            return (enum hk_noun)noun;
    return HK_NOUN_COUNT;
}

enum hk_status hk_fold_new(sqlite3 *db, struct hk_fold **ret_fold, struct hk_error *error)
{
    struct hk_fold *fold = calloc(1, sizeof(*fold));

    if (fold == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    fold->db = db;
    *ret_fold = fold;
    return HK_OK;
}

void hk_fold_free(struct hk_fold *fold)
{
    if (fold == NULL)
        return;
    for (int kind = 0; kind < HK_KIND_COUNT; kind++)
        for (int i = 0; i < HK_FOLD_STATEMENTS_MAX; i++)
            (void)sqlite3_finalize(fold->statements[kind][i].stmt);
    for (int noun = 0; noun < HK_NOUN_COUNT; noun++)
        (void)sqlite3_finalize(fold->last[noun]);
    (void)sqlite3_finalize(fold->hole);
    hk_field_source_done(&fold->fields);
    if (fold->hole != NULL)
        (void)sqlite3_exec(fold->db, "DROP TABLE IF EXISTS temp.hole", NULL, NULL, NULL);
    free(fold);
}

static enum hk_status prepare(
    struct hk_fold *fold, const char *sql, struct statement *statement, struct hk_error *error)
{
    if (sqlite3_prepare_v3(fold->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->stmt, NULL) !=
        SQLITE_OK)
        return hk_store_fail(fold->db, "can't prepare a fold", error);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        statement->at[i] = sqlite3_bind_parameter_index(statement->stmt, parameter_names[i]);
    return HK_OK;
}

static int bind_text(
    const struct statement *statement, enum parameter parameter, const char *text, size_t size)
{
    if (statement->at[parameter] == 0)
        return SQLITE_OK;
    return sqlite3_bind_text64(
        statement->stmt, statement->at[parameter], text, size, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_number(const struct statement *statement, enum parameter parameter, int64_t value)
{
    if (statement->at[parameter] == 0)
        return SQLITE_OK;
    return sqlite3_bind_int64(statement->stmt, statement->at[parameter], value);
}

/* --- holes --- */

/* What one payload.erased says of the entries before it. */
static enum hk_status learn(sqlite3_stmt *put, sqlite3_stmt *said, struct hk_error *error)
{
    int64_t pos = sqlite3_column_int64(said, 2);
    struct hk_entry entry;
    bool has_row;
    enum hk_status status =
        hk_entry_parse(hk_stmt_text(said, 0), (size_t)sqlite3_column_bytes(said, 0), &entry, error);

    if (status != HK_OK || entry.kind != HK_KIND_PAYLOAD_ERASED)
        return status;
    status = hk_stmt_bind(put, error, "iti", HK_POS(HK_POS_TENANT(pos), 0), hk_stmt_text(said, 1),
        (int64_t)HK_POS_SEQ(pos));
    if (status == HK_OK)
        status = hk_stmt_step(put, &has_row, error);
    (void)sqlite3_reset(put);
    return status;
}

enum hk_status hk_fold_learn_holes(struct hk_fold *fold, sqlite3 *from, struct hk_error *error)
{
    sqlite3_stmt *said = NULL;
    sqlite3_stmt *put = NULL;
    bool has_row = false;
    enum hk_status status = hk_store_exec(fold->db,
        "CREATE TEMP TABLE IF NOT EXISTS hole(pos INTEGER PRIMARY KEY, kept TEXT)", error);

    if (status == HK_OK)
        status = hk_stmt_prepare(fold->db,
            "INSERT OR REPLACE INTO temp.hole SELECT ?1 + json_extract(value, '$.seq'),"
            " json_extract(value, '$.kept') FROM json_each(?2, '$.entries')"
            /* Of no other tenant: whoever wrote it may have come here with its own. */
            " WHERE json_extract(value, '$.seq') >= 0 AND json_extract(value, '$.seq') < ?3",
            &put, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(from,
            "SELECT line, payload, pos FROM entry WHERE instr(line, ' payload.erased ') > 0"
            " AND payload IS NOT NULL",
            &said, error);
    while (status == HK_OK) {
        status = hk_stmt_step(said, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = learn(put, said, error);
    }
    (void)sqlite3_finalize(said);
    (void)sqlite3_finalize(put);
    if (status == HK_OK && fold->hole == NULL)
        status = hk_stmt_prepare(
            fold->db, "SELECT kept FROM temp.hole WHERE pos = ?1", &fold->hole, error);
    return status;
}

static enum hk_status find_kept(struct hk_fold *fold, int64_t pos, const char **ret_payload,
    size_t *ret_size, struct hk_error *error)
{
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(fold->hole, error, "i", pos);

    if (status == HK_OK)
        status = hk_stmt_step(fold->hole, &has_row, error);
    if (status == HK_OK && has_row) {
        *ret_payload = (const char *)sqlite3_column_text(fold->hole, 0);
        *ret_size = (size_t)sqlite3_column_bytes(fold->hole, 0);
    }
    return status;
}

static enum hk_status apply(struct hk_fold *fold, int64_t pos, const struct hk_entry *entry,
    const char *payload, size_t payload_size, struct hk_error *error)
{
    const char *const *sql;
    size_t count = hk_fold_statements(entry->kind, &sql);
    enum hk_status status = HK_OK;

    hk_field_source_set(&fold->fields, payload, payload_size);
    for (size_t i = 0; i < count && status == HK_OK; i++) {
        struct statement *statement = &fold->statements[entry->kind][i];
        int code = SQLITE_OK;

        if (statement->stmt == NULL)
            status = prepare(fold, sql[i], statement, error);
        if (status != HK_OK)
            break;
        code |= bind_number(statement, TENANT, HK_POS_TENANT(pos));
        code |= bind_number(statement, TIME, entry->time_us);
        code |= bind_number(statement, POS, pos);
        code |= bind_text(statement, SUBJECT, entry->subject, strlen(entry->subject));
        code |= bind_text(statement, ACTOR, entry->actor, strlen(entry->actor));
        code |= bind_text(statement, PAYLOAD, payload, payload_size);
        if (statement->at[FIELDS] != 0)
            code |= hk_field_bind(statement->stmt, statement->at[FIELDS], &fold->fields);
        if (code != SQLITE_OK || sqlite3_step(statement->stmt) != SQLITE_DONE)
            status = hk_store_fail(fold->db, hk_kind_text(entry->kind), error);
        (void)sqlite3_reset(statement->stmt);
    }
    hk_field_source_done(&fold->fields);
    return status;
}

enum hk_status hk_fold_apply(struct hk_fold *fold, int64_t pos, const struct hk_entry *entry,
    const char *payload, size_t payload_size, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    if (payload == NULL && fold->hole != NULL)
        status = find_kept(fold, pos, &payload, &payload_size, error);
    if (status == HK_OK)
        status = apply(fold, pos, entry, payload, payload_size, error);
    if (fold->hole != NULL)
        (void)sqlite3_reset(fold->hole);
    return status;
}

enum hk_status hk_fold_last(struct hk_fold *fold, int64_t pos, const struct hk_entry *entry,
    int64_t *ret_last, struct hk_error *error)
{
    enum hk_noun noun = hk_kind_noun(entry->kind);
    bool has_row = false;
    enum hk_status status = HK_OK;

    if (fold->last[noun] == NULL)
        status = hk_stmt_prepare(fold->db, nouns[noun].last_sql, &fold->last[noun], error);
    if (status == HK_OK)
        status = hk_stmt_bind(
            fold->last[noun], error, "it", (int64_t)HK_POS_TENANT(pos), entry->subject);
    if (status == HK_OK)
        status = hk_stmt_step(fold->last[noun], &has_row, error);
    if (status == HK_OK)
        *ret_last = has_row ? sqlite3_column_int64(fold->last[noun], 0) : 0;
    if (fold->last[noun] != NULL)
        (void)sqlite3_reset(fold->last[noun]);
    return status;
}
