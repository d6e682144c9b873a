/*
 * erase_cover: what an erasure takes with it; see erase_cover.h.
 *
 * The list of subjects is the work list too: each one is asked for what hangs on it, which is added
 * at the end, until nothing new comes. A subject goes wholly. Of a case that has other alerts only
 * those entries go that the erased one, or a run of it, brought in.
 */
#include "ledger/erase_cover.h"

#include "base/text.h"
#include "ledger/erase_kept.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const column_names[HK_COVER_COLUMN_COUNT] = {
    "title", "happening", "do_now", "impact", "scope", "assignee", "entities", "owner"};

/* What hangs on a subject: ?1 is the tenant, ?2 its id. */
#define OF(table, column) "SELECT id FROM " table " WHERE tenant = ?1 AND " column " = ?2"
static const struct {
    enum hk_noun from, to;
    const char *sql;
} relations[] = {
    {HK_NOUN_ALERT, HK_NOUN_ALERT, OF("alert", "into_alert")},
    {HK_NOUN_ALERT, HK_NOUN_RUN, OF("run", "alert")},
    {HK_NOUN_ALERT, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_RUN, HK_NOUN_GATE, OF("gate", "run")},
    {HK_NOUN_RUN, HK_NOUN_CONTAINMENT, OF("containment", "run")},
    {HK_NOUN_RUN, HK_NOUN_TASK, OF("task", "run")},
    {HK_NOUN_RUN, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_GATE, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_CONTAINMENT, HK_NOUN_TASK, OF("task", "containment")},
    {HK_NOUN_CONTAINMENT, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_CASE, HK_NOUN_TASK, OF("task", "in_case")},
    {HK_NOUN_CASE, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_TASK, HK_NOUN_NOTICE, OF("notice", "about")},
    {HK_NOUN_USER, HK_NOUN_TOKEN, OF("token", "user")},
};

/* Why a subject is still needed: a row says so. ?1 is the tenant, ?2 its id. */
#define LIVE_RUN "('running', 'waiting', 'unknown', 'diverged')"
#define RUN_IS_LIVE(table)                                                                         \
    "SELECT 'its run ' || run.id || ' is ' || run.state || ', and its record is needed to go on'"  \
    " FROM " table " t JOIN run ON run.tenant = ?1 AND run.id = t.run"                             \
    " WHERE t.tenant = ?1 AND t.id = ?2 AND run.state IN " LIVE_RUN
static const struct {
    enum hk_noun noun;
    const char *sql;
} needs[] = {
    {HK_NOUN_RUN, "SELECT 'it is ' || state || ', and its record is needed to go on'"
                  " FROM run WHERE tenant = ?1 AND id = ?2 AND state IN " LIVE_RUN},
    {HK_NOUN_RUN, "SELECT 'a call of it is under way' FROM run WHERE tenant = ?1 AND id = ?2"
                  " AND (intents > 0 OR unknowns > 0)"},
    {HK_NOUN_GATE, "SELECT 'it waits for a decision' FROM gate WHERE tenant = ?1 AND id = ?2"
                   " AND state = 'pending'"},
    {HK_NOUN_GATE, RUN_IS_LIVE("gate")},
    {HK_NOUN_CONTAINMENT,
        "SELECT 'it is ' || state || ', and its intent is needed to undo it'"
        " FROM containment WHERE tenant = ?1 AND id = ?2"
        " AND state IN ('starting', 'active', 'drifted', 'unknown', 'releasing')"},
    {HK_NOUN_CONTAINMENT, RUN_IS_LIVE("containment")},
    {HK_NOUN_TASK, "SELECT 'it is open' FROM task WHERE tenant = ?1 AND id = ?2"
                   " AND state = 'open'"},
    {HK_NOUN_TASK, RUN_IS_LIVE("task")},
    {HK_NOUN_NOTICE, "SELECT 'it has not gone out yet' FROM notice WHERE tenant = ?1 AND id = ?2"
                     " AND state IN ('queued', 'gathered')"},
    {HK_NOUN_USER, "SELECT 'the user is in force: disable them first' FROM user"
                   " WHERE tenant = ?1 AND id = ?2 AND state = 'active'"},
    {HK_NOUN_TOKEN, "SELECT 'the token is in force: revoke it first' FROM token"
                    " WHERE tenant = ?1 AND id = ?2 AND state = 'active'"},
    {HK_NOUN_PLAYBOOK, "SELECT 'the run ' || id || ' is of this version' FROM run"
                       " WHERE tenant = ?1 AND version = ?2 AND state IN " LIVE_RUN},
    {HK_NOUN_PLAYBOOK, "SELECT CASE ?2 WHEN version THEN 'it is the version in force of '"
                       " WHEN trial THEN 'it is on trial for '"
                       " ELSE 'it is what a rollback would put into force for ' END || name"
                       " FROM in_force WHERE tenant = ?1 AND state = 'in_force'"
                       " AND ?2 IN (version, trial, previous)"},
};

static enum hk_status grow(
    void *in_out_items, size_t *capacity, size_t count, size_t item_size, struct hk_error *error)
{
    void **items = in_out_items;
    size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void *moved;

    if (count < *capacity)
        return HK_OK;
    if (count >= HK_ERASE_ENTRIES_MAX)
        return hk_fail(error, HK_LIMIT,
            "this would erase more than %d entries at once: erase the runs and cases of it first",
            HK_ERASE_ENTRIES_MAX);
    moved = realloc(*items, more * item_size);
    if (moved == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    *items = moved;
    *capacity = more;
    return HK_OK;
}

static enum hk_status start(const struct hk_cover *cover, const char *sql, const char *id,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(cover->db, sql, ret_stmt, error);

    return status != HK_OK ? status
                           : hk_stmt_bind(*ret_stmt, error, "it", (int64_t)cover->tenant, id);
}

static bool has_subject(const struct hk_cover *cover, const char *id)
{
    for (size_t i = 0; i < cover->subject_count; i++)
        if (strcmp(cover->subjects[i].id, id) == 0)
            return true;
    return false;
}

/* Is it needed for anything? Then HK_CONFLICT says for what. */
static enum hk_status check_needs(
    const struct hk_cover *cover, enum hk_noun noun, const char *id, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]) && status == HK_OK; i++) {
        sqlite3_stmt *stmt = NULL;
        bool has_row = false;

        if (needs[i].noun != noun)
            continue;
        status = start(cover, needs[i].sql, id, &stmt, error);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        if (status == HK_OK && has_row)
            status = hk_fail(
                error, HK_CONFLICT, "%s can't be erased yet: %s", id, hk_stmt_text(stmt, 0));
        hk_stmt_free(stmt);
    }
    return status;
}

static enum hk_status add_position(struct hk_cover *cover, int64_t pos, struct hk_error *error)
{
    enum hk_status status = grow(&cover->positions, &cover->position_capacity,
        cover->position_count, sizeof(*cover->positions), error);

    if (status == HK_OK)
        cover->positions[cover->position_count++] = pos;
    return status;
}

/* --- a subject's entries --- */

/* One entry of a chain, from the newest back. */
typedef enum hk_status entry_fn(struct hk_cover *cover, void *ctx, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t size, struct hk_error *error);

/* *in_out_pos becomes the one before, 0 at the end. */
static enum hk_status visit(struct hk_cover *cover, sqlite3_stmt *stmt, int64_t *in_out_pos,
    entry_fn *fn, void *ctx, struct hk_error *error)
{
    struct hk_entry entry;
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(stmt, error, "i", *in_out_pos);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && (!has_row || hk_stmt_i64(stmt, 2) >= *in_out_pos))
        status = hk_fail(error, HK_CORRUPT, "ledger: a subject's history is broken");
    if (status == HK_OK)
        status = hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, error);
    if (status == HK_OK && !hk_stmt_is_null(stmt, 1))
        status = fn(
            cover, ctx, *in_out_pos, &entry, hk_stmt_text(stmt, 1), hk_stmt_size(stmt, 1), error);
    *in_out_pos = status == HK_OK ? hk_stmt_i64(stmt, 2) : 0;
    hk_stmt_reset(stmt);
    return status;
}

/* fn for each entry about a subject that still has its payload. HK_NOT_FOUND without a row. */
static enum hk_status walk(struct hk_cover *cover, enum hk_noun noun, const char *id, entry_fn *fn,
    void *ctx, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    int64_t pos = 0;
    enum hk_status status = start(cover, hk_noun_last_sql(noun), id, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_NOT_FOUND, "nothing is recorded about %s", id);
    if (status == HK_OK)
        pos = hk_stmt_i64(stmt, 0);
    hk_stmt_free(stmt);
    stmt = NULL;
    if (status == HK_OK)
        status = hk_stmt_prepare(
            cover->db, "SELECT line, payload, prev FROM entry WHERE pos = ?1", &stmt, error);
    while (status == HK_OK && pos != 0)
        status = visit(cover, stmt, &pos, fn, ctx, error);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status take_entry(struct hk_cover *cover, void *ctx, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t size, struct hk_error *error)
{
    (void)ctx;
    (void)payload;
    (void)size;
    return hk_erase_may(entry->kind) ? add_position(cover, pos, error) : HK_OK;
}

static enum hk_status add_subject(
    struct hk_cover *cover, enum hk_noun noun, const char *id, struct hk_error *error)
{
    enum hk_status status;
    struct hk_cover_subject *subject;

    if (has_subject(cover, id))
        return HK_OK;
    status = check_needs(cover, noun, id, error);
    if (status == HK_OK)
        status = grow(&cover->subjects, &cover->subject_capacity, cover->subject_count,
            sizeof(*cover->subjects), error);
    if (status != HK_OK)
        return status;
    subject = &cover->subjects[cover->subject_count++];
    subject->noun = noun;
    (void)hk_copy_text(subject->id, sizeof(subject->id), id);
    return walk(cover, noun, id, take_entry, NULL, error);
}

/* --- rows of which a part goes --- */

static enum hk_status clear_columns(
    struct hk_cover *cover, const char *id, unsigned columns, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < cover->part_count; i++)
        if (strcmp(cover->parts[i].id, id) == 0) {
            cover->parts[i].columns |= columns;
            return HK_OK;
        }
    status =
        grow(&cover->parts, &cover->part_capacity, cover->part_count, sizeof(*cover->parts), error);
    if (status == HK_OK) {
        (void)hk_copy_text(cover->parts[cover->part_count].id, HK_ID_SIZE, id);
        cover->parts[cover->part_count++].columns = columns;
    }
    return status;
}

/* What a case with other alerts has of those that go. */
struct case_part {
    unsigned said;   /* columns that an entry looked at so far has set: the newest counts */
    unsigned clears; /* those of them whose entry goes */
    bool loses;      /* some entry goes */
};

static unsigned columns_set(enum hk_kind kind, const struct hk_json *payload)
{
    unsigned columns = 0;

    if (kind == HK_KIND_CASE_OPENED)
        return 1U << HK_COVER_TITLE;
    if (kind == HK_KIND_CASE_DESCRIBED)
        for (int i = HK_COVER_TITLE; i <= HK_COVER_SCOPE; i++)
            if (hk_json_string(hk_json_get(payload, column_names[i])) != NULL)
                columns |= 1U << i;
    return columns;
}

static enum hk_status look_at_case_entry(struct hk_cover *cover, void *ctx, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t size, struct hk_error *error)
{
    struct case_part *part = ctx;
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = hk_json_parse(payload, size, &hk_json_limits_own, &doc, error);
    bool goes;
    unsigned columns;

    if (status != HK_OK)
        return status;
    goes = has_subject(cover, hk_json_string_at(doc.root, "run", "")) ||
           (entry->kind == HK_KIND_CASE_OPENED &&
               has_subject(cover, hk_json_string_at(doc.root, "alert", "")));
    columns = columns_set(entry->kind, doc.root) & ~part->said;
    part->said |= columns;
    if (goes) {
        part->clears |= columns;
        part->loses = true;
        status = add_position(cover, pos, error);
    }
    hk_json_doc_done(&doc);
    return status;
}

/* How many of the case's alerts stay? */
static enum hk_status count_staying(
    struct hk_cover *cover, const char *in_case, size_t *ret_count, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = start(cover, OF("alert", "in_case"), in_case, &stmt, error);

    *ret_count = 0;
    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        *ret_count += !has_subject(cover, hk_stmt_text(stmt, 0));
    }
    hk_stmt_free(stmt);
    return status;
}

/* The case of an alert that goes: with its last alert it goes too. */
static enum hk_status cover_case(
    struct hk_cover *cover, const char *in_case, struct hk_error *error)
{
    struct case_part part = {0};
    size_t staying = 0;
    enum hk_status status = count_staying(cover, in_case, &staying, error);

    if (status != HK_OK || has_subject(cover, in_case))
        return status;
    if (staying == 0)
        return add_subject(cover, HK_NOUN_CASE, in_case, error);
    status = walk(cover, HK_NOUN_CASE, in_case, look_at_case_entry, &part, error);
    /* Who named an entity first isn't known: all are named again when they are seen again. */
    if (status == HK_OK)
        status = clear_columns(cover, in_case, part.clears | 1U << HK_COVER_ENTITIES, error);
    return status;
}

/* Every case that an alert is in, or was moved out of. */
static enum hk_status take_case(struct hk_cover *cover, void *ctx, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t size, struct hk_error *error)
{
    static const char *const members[] = {"case", "from", "to"};
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status = HK_OK;

    (void)ctx;
    (void)pos;
    if (entry->kind != HK_KIND_CASE_JOINED && entry->kind != HK_KIND_CASE_SPLIT)
        return HK_OK;
    status = hk_json_parse(payload, size, &hk_json_limits_own, &doc, error);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && status == HK_OK; i++) {
        const char *in_case = hk_json_string_at(doc.root, members[i], "");

        if (hk_noun_of_id(in_case) == HK_NOUN_CASE)
            status = cover_case(cover, in_case, error);
    }
    hk_json_doc_done(&doc);
    return status;
}

static enum hk_status cover_cases_of(
    struct hk_cover *cover, const char *alert, struct hk_error *error)
{
    char in_case[HK_ID_SIZE] = "";
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = start(
        cover, "SELECT in_case FROM alert WHERE tenant = ?1 AND id = ?2", alert, &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        hk_stmt_copy(stmt, 0, in_case, sizeof(in_case));
    hk_stmt_free(stmt);
    if (status == HK_OK && in_case[0] != '\0')
        status = cover_case(cover, in_case, error);
    return status == HK_OK ? walk(cover, HK_NOUN_ALERT, alert, take_case, NULL, error) : status;
}

static enum hk_status cover_cases(struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < cover->subject_count && status == HK_OK; i++) {
        const struct hk_cover_subject subject = cover->subjects[i];

        if (subject.noun == HK_NOUN_ALERT)
            status = cover_cases_of(cover, subject.id, error);
    }
    return status;
}

/* --- a person's name where others wrote it --- */

struct person {
    const char *id;
    const char *name;
    bool opened_with; /* a task: its first entry has the name */
};

static enum hk_status take_assignment(struct hk_cover *cover, void *ctx, int64_t pos,
    const struct hk_entry *entry, const char *payload, size_t size, struct hk_error *error)
{
    struct person *person = ctx;
    struct hk_json_doc doc = {.root = NULL};
    bool is_opening = entry->kind == HK_KIND_TASK_OPENED;
    enum hk_status status = HK_OK;

    if (entry->kind != HK_KIND_CASE_ASSIGNED && entry->kind != HK_KIND_TASK_ASSIGNED && !is_opening)
        return HK_OK;
    status = hk_json_parse(payload, size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK && is_opening)
        person->opened_with = strcmp(hk_json_string_at(doc.root, "owner", ""), person->name) == 0;
    else if (status == HK_OK && strcmp(hk_json_string_at(doc.root, "user", ""), person->id) == 0)
        status = add_position(cover, pos, error);
    hk_json_doc_done(&doc);
    return status;
}

static enum hk_status cover_assignment(struct hk_cover *cover, enum hk_noun noun, const char *id,
    struct person *person, struct hk_error *error)
{
    enum hk_status status;

    person->opened_with = false;
    status = walk(cover, noun, id, take_assignment, person, error);
    if (status == HK_OK && person->opened_with)
        return add_subject(cover, noun, id, error);
    if (status == HK_OK)
        status = clear_columns(
            cover, id, 1U << (noun == HK_NOUN_TASK ? HK_COVER_OWNER : HK_COVER_ASSIGNEE), error);
    return status;
}

/* Cases and tasks that are on the person's name now. */
static enum hk_status cover_assignments(
    struct hk_cover *cover, const char *user, struct hk_error *error)
{
    static const char sql[] =
        "SELECT c.id, u.name, 0 FROM user u JOIN cases c ON c.tenant = ?1 AND c.assignee = u.name"
        " WHERE u.tenant = ?1 AND u.id = ?2 UNION ALL"
        " SELECT t.id, u.name, 1 FROM user u JOIN task t ON t.tenant = ?1 AND t.owner = u.name"
        " WHERE u.tenant = ?1 AND u.id = ?2";
    sqlite3_stmt *stmt = NULL;
    bool has_row = true;
    enum hk_status status = start(cover, sql, user, &stmt, error);

    while (status == HK_OK) {
        struct person person = {.id = user};

        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        person.name = hk_stmt_text(stmt, 1);
        status = cover_assignment(cover, hk_stmt_bool(stmt, 2) ? HK_NOUN_TASK : HK_NOUN_CASE,
            hk_stmt_text(stmt, 0), &person, error);
    }
    hk_stmt_free(stmt);
    return status;
}

/* --- the whole --- */

static enum hk_status add_related(struct hk_cover *cover, size_t i, struct hk_error *error)
{
    const struct hk_cover_subject subject = cover->subjects[i];
    enum hk_status status = HK_OK;

    for (size_t r = 0; r < sizeof(relations) / sizeof(relations[0]) && status == HK_OK; r++) {
        sqlite3_stmt *stmt = NULL;
        bool has_row = true;

        if (relations[r].from != subject.noun)
            continue;
        status = start(cover, relations[r].sql, subject.id, &stmt, error);
        while (status == HK_OK) {
            status = hk_stmt_step(stmt, &has_row, error);
            if (status != HK_OK || !has_row)
                break;
            status = add_subject(cover, relations[r].to, hk_stmt_text(stmt, 0), error);
        }
        hk_stmt_free(stmt);
    }
    if (status == HK_OK && subject.noun == HK_NOUN_USER)
        status = cover_assignments(cover, subject.id, error);
    return status;
}

/* What hangs on the subjects, and then their cases; again for what came with those. */
static enum hk_status add_all(struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    size_t done = 0;

    while (status == HK_OK && done < cover->subject_count) {
        while (status == HK_OK && done < cover->subject_count)
            status = add_related(cover, done++, error);
        if (status == HK_OK)
            status = cover_cases(cover, error);
    }
    return status;
}

/* Configurations of before the one in force. */
static enum hk_status cover_config(struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status = walk(cover, HK_NOUN_SUBJECT, "config", take_entry, NULL, error);

    if (status != HK_OK)
        return status;
    if (cover->position_count <= 1)
        return hk_fail(error, HK_CONFLICT, "config can't be erased: it is the one in force");
    /* The newest came first. */
    memmove(cover->positions, cover->positions + 1,
        (cover->position_count - 1) * sizeof(*cover->positions));
    cover->position_count--;
    return HK_OK;
}

static int by_position(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void sort_positions(struct hk_cover *cover)
{
    size_t count = 0;

    if (cover->position_count == 0)
        return;
    qsort(cover->positions, cover->position_count, sizeof(*cover->positions), by_position);
    for (size_t i = 0; i < cover->position_count; i++)
        if (i == 0 || cover->positions[i] != cover->positions[count - 1])
            cover->positions[count++] = cover->positions[i];
    cover->position_count = count;
}

static enum hk_status cover_named(
    struct hk_cover *cover, const char *subject, struct hk_error *error)
{
    enum hk_noun noun = hk_noun_of_id(subject);
    enum hk_status status;

    if (strcmp(subject, "config") == 0)
        return cover_config(cover, error);
    if (noun == HK_NOUN_COUNT && strlen(subject) == HK_SHA256_HEX_SIZE - 1)
        noun = HK_NOUN_PLAYBOOK;
    if (noun == HK_NOUN_COUNT || noun == HK_NOUN_GAP)
        return hk_fail(error, HK_INVALID,
            "%s can't be erased: it is needed to read the record, and nobody's data", subject);
    status = add_subject(cover, noun, subject, error);
    return status == HK_OK ? add_all(cover, error) : status;
}

void hk_cover_begin(sqlite3 *db, hk_tenant tenant, struct hk_cover *cover)
{
    memset(cover, 0, sizeof(*cover));
    cover->db = db;
    cover->tenant = tenant;
}

void hk_cover_end(struct hk_cover *cover)
{
    sort_positions(cover);
}

enum hk_status hk_cover_find(sqlite3 *db, hk_tenant tenant, const char *subject,
    struct hk_cover *cover, struct hk_error *error)
{
    enum hk_status status;

    hk_cover_begin(db, tenant, cover);
    status = cover_named(cover, subject, error);
    hk_cover_end(cover);
    if (status == HK_OK && cover->part_count > HK_ERASE_PARTS_MAX)
        status = hk_fail(error, HK_LIMIT, "%s is part of more than %d cases: erase those first",
            subject, HK_ERASE_PARTS_MAX);
    if (status == HK_OK && cover->position_count == 0)
        status = hk_fail(
            error, HK_CONFLICT, "all that was recorded about %s is erased already", subject);
    return status;
}

enum hk_status hk_cover_add(struct hk_cover *cover, const char *subject, struct hk_error *error)
{
    const struct hk_cover before = *cover;
    struct hk_cover_part *parts = NULL;
    enum hk_status status;

    if (cover->part_count > 0) {
        parts = malloc(cover->part_count * sizeof(*parts));
        if (parts == NULL)
            return hk_fail(error, HK_NOMEM, "ledger: out of memory");
        memcpy(parts, cover->parts, cover->part_count * sizeof(*parts));
    }
    status = cover_named(cover, subject, error);
    if (status == HK_OK && cover->part_count > HK_ERASE_PARTS_MAX)
        status = hk_fail(error, HK_LIMIT, "%s is part of too many cases", subject);
    if (status != HK_OK) {
        cover->subject_count = before.subject_count;
        cover->part_count = before.part_count;
        cover->position_count = before.position_count;
        if (parts != NULL)
            memcpy(cover->parts, parts, before.part_count * sizeof(*parts));
    }
    free(parts);
    return status;
}

/* Alone, without its subject, only what no column was folded from can go. */
static bool feeds_no_column(enum hk_kind kind)
{
    return kind == HK_KIND_SESSION_OPENED || kind == HK_KIND_SESSION_PROVEN ||
           kind == HK_KIND_SESSION_CLOSED;
}

enum hk_status hk_cover_add_entry(struct hk_cover *cover, uint64_t seq, struct hk_error *error)
{
    int64_t pos = HK_POS(cover->tenant, seq);
    sqlite3_stmt *stmt = NULL;
    struct hk_entry entry = {.seq = 0};
    bool has_row = false;
    bool may_go = false;
    enum hk_status status = hk_stmt_prepare(
        cover->db, "SELECT line FROM entry WHERE pos = ?1 AND payload IS NOT NULL", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", pos);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        status = hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, error);
    if (status == HK_OK && has_row)
        may_go = feeds_no_column(entry.kind);
    hk_stmt_free(stmt);
    return status == HK_OK && may_go ? add_position(cover, pos, error) : status;
}

void hk_cover_done(struct hk_cover *cover)
{
    free(cover->subjects);
    free(cover->parts);
    free(cover->positions);
    memset(cover, 0, sizeof(*cover));
}

static bool is_cleared(const struct hk_cover *cover, size_t i, int column)
{
    return (cover->parts[i].columns & 1U << column) != 0;
}

void hk_cover_write(const struct hk_cover *cover, struct hk_jw *jw)
{
    hk_jw_key(jw, "subjects");
    hk_jw_array(jw);
    for (size_t i = 0; i < cover->subject_count; i++)
        hk_jw_string(jw, cover->subjects[i].id);
    hk_jw_array_end(jw);
    if (cover->part_count == 0)
        return;
    hk_jw_key(jw, "parts");
    hk_jw_object(jw);
    hk_jw_key(jw, "cases");
    hk_jw_array(jw);
    for (size_t i = 0; i < cover->part_count; i++)
        if (hk_noun_of_id(cover->parts[i].id) == HK_NOUN_CASE)
            hk_jw_string(jw, cover->parts[i].id);
    hk_jw_array_end(jw);
    for (int column = 0; column < HK_COVER_COLUMN_COUNT; column++) {
        hk_jw_key(jw, column_names[column]);
        hk_jw_array(jw);
        for (size_t i = 0; i < cover->part_count; i++)
            if (is_cleared(cover, i, column))
                hk_jw_string(jw, cover->parts[i].id);
        hk_jw_array_end(jw);
    }
    hk_jw_object_end(jw);
}
