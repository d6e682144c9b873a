/*
 * search_ask: see search_ask.h.
 */
#include "ledger/search_ask.h"

#include "base/severity.h"
#include "base/text.h"
#include "ledger/query_rows.h"
#include "ledger/reader.h"
#include "ledger/search_index.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIES_MAX 3     /* for a file that another takes the place of */
#define WATCH_STEPS 100 /* FTS5 does much between two steps of SQLite's machine */
#define TOO_LONG "the search took too long: ask for whole words, a field, or less time (from, to)"

#define CONTAINMENT_SQL                                                                            \
    "SELECT action || ' ' || target, state, NULL FROM containment WHERE tenant = ?1 AND id = ?2"

/* What is told of a thing, by its noun: a title, its state, its severity's number. */
static const char *const thing_sql[HK_NOUN_COUNT] = {
    [HK_NOUN_ALERT] = "SELECT title, state, severity FROM alert WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_RUN] = "SELECT playbook, state, NULL FROM run WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_GATE] = "SELECT summary, state, severity FROM gate WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_CONTAINMENT] = CONTAINMENT_SQL,
    [HK_NOUN_CASE] = "SELECT title, state, severity FROM cases WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_TASK] = "SELECT title, state, severity FROM task WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_GAP] = "SELECT name, state, NULL FROM gap WHERE tenant = ?1 AND id = ?2",
    [HK_NOUN_PLAYBOOK] = "SELECT name, NULL, NULL FROM playbook WHERE tenant = ?1 AND version = ?2",
};

struct answer {
    struct hk_search *search;
    struct hk_reading *reading;
    hk_tenant tenant;
    const struct hk_search_ask *ask;
    struct hk_search_query query;
    struct hk_search_view view;
    uint64_t size; /* entries of the ledger */
    uint64_t from; /* the first entry that may be told */
    uint64_t to;   /* the one behind the last */
    unsigned count;
    uint64_t looked_at; /* the last, going back */
    bool is_cut;
    struct hk_jw *jw;
    sqlite3_stmt *entry;
    sqlite3_stmt *things[HK_NOUN_COUNT];
    struct hk_error *error;
};

/* --- where in the ledger a time is --- */

static enum hk_status entry_time(struct answer *answer, uint64_t seq, int64_t *ret_time_us)
{
    sqlite3_stmt *stmt = answer->entry;
    struct hk_entry entry;
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(stmt, answer->error, "i", HK_POS(answer->tenant, seq));

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, answer->error);
    if (status == HK_OK && !has_row)
        status = hk_fail(answer->error, HK_CORRUPT, "an entry is missing; see audit verify");
    if (status == HK_OK)
        status =
            hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, answer->error);
    if (status == HK_OK)
        *ret_time_us = entry.time_us;
    hk_stmt_reset(stmt);
    return status;
}

/* The first entry of this time or later: times never decrease in a ledger. */
static enum hk_status find_time(struct answer *answer, int64_t time_us, uint64_t *ret_seq)
{
    uint64_t low = 0;
    uint64_t high = answer->size;
    enum hk_status status = HK_OK;

    while (low < high && status == HK_OK) {
        uint64_t middle = low + (high - low) / 2;
        int64_t middle_us = 0;

        status = entry_time(answer, middle, &middle_us);
        if (middle_us < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_seq = low;
    return status;
}

static enum hk_status find_range(struct answer *answer)
{
    const struct hk_search_ask *ask = answer->ask;
    int64_t from_us = answer->query.from_us > ask->from_us ? answer->query.from_us : ask->from_us;
    int64_t to_us = answer->query.to_us;
    enum hk_status status = HK_OK;

    if (ask->to_us > 0 && ask->to_us < to_us)
        to_us = ask->to_us;
    answer->from = 0;
    answer->to = answer->size;
    if (from_us > 0)
        status = find_time(answer, from_us, &answer->from);
    if (status == HK_OK && to_us != INT64_MAX)
        status = find_time(answer, to_us, &answer->to);
    if (ask->after > 0 && ask->after < answer->to)
        answer->to = ask->after;
    return status;
}

/* --- what is told of a hit --- */

/* The row of the thing that an entry is about. *ret_stmt stands on it, or is NULL. */
static enum hk_status find_thing(
    struct answer *answer, enum hk_noun noun, const char *id, sqlite3_stmt **ret_stmt)
{
    sqlite3_stmt **stmt = &answer->things[noun];
    bool has_row = false;
    enum hk_status status = HK_OK;

    *ret_stmt = NULL;
    if (*stmt == NULL)
        status = hk_stmt_prepare(answer->reading->db, thing_sql[noun], stmt, answer->error);
    else
        hk_stmt_reset(*stmt);
    if (status == HK_OK)
        status = hk_stmt_bind(*stmt, answer->error, "it", (int64_t)answer->tenant, id);
    if (status == HK_OK)
        status = hk_stmt_step(*stmt, &has_row, answer->error);
    if (status == HK_OK && has_row)
        *ret_stmt = *stmt;
    return status;
}

static bool state_fits(const struct answer *answer, const char *state)
{
    const struct hk_search_query *query = &answer->query;

    return query->state[0] == '\0' || (strcmp(state, query->state) == 0) != query->is_other_state;
}

static void write_note(struct answer *answer, enum hk_kind kind)
{
    struct hk_json_doc doc = {.root = NULL};
    const char *note = NULL;

    if (hk_json_parse(hk_stmt_text(answer->entry, 1), hk_stmt_size(answer->entry, 1),
            &hk_json_limits_own, &doc, NULL) == HK_OK)
        note = hk_search_doc_note(kind, doc.root);
    hk_jw_key(answer->jw, "text");
    if (note != NULL)
        hk_jw_string_n(
            answer->jw, note, hk_utf8_prefix(note, strlen(note), HK_SEARCH_NOTE_SIZE_MAX));
    else
        hk_jw_null(answer->jw);
    hk_json_doc_done(&doc);
}

static void write_item(struct answer *answer, const struct hk_entry *entry, sqlite3_stmt *thing)
{
    struct hk_jw *jw = answer->jw;
    int64_t severity = thing != NULL ? hk_stmt_i64(thing, 2) : 0;

    hk_jw_object(jw);
    hk_jw_kv_i64(jw, "seq", (int64_t)entry->seq);
    hk_jw_kv_time(jw, "time", entry->time_us);
    hk_jw_kv(jw, "entry", hk_kind_text(entry->kind));
    hk_jw_kv(jw, "kind", hk_search_noun_text(hk_kind_noun(entry->kind)));
    hk_jw_kv(jw, "id", entry->subject);
    hk_jw_kv(jw, "title", thing != NULL ? hk_stmt_text_or_null(thing, 0) : NULL);
    hk_jw_kv(jw, "state", thing != NULL ? hk_stmt_text_or_null(thing, 1) : NULL);
    hk_jw_kv(jw, "severity", severity > 0 ? hk_severity_text((enum hk_severity)severity) : NULL);
    write_note(answer, entry->kind);
    hk_jw_object_end(jw);
    answer->count++;
}

/* An entry that the index named: told if it is still there and fits. */
static enum hk_status tell_hit(struct answer *answer, uint64_t seq)
{
    sqlite3_stmt *stmt = answer->entry;
    sqlite3_stmt *thing = NULL;
    struct hk_entry entry;
    bool has_row = false;
    enum hk_status status = hk_stmt_bind(stmt, answer->error, "i", HK_POS(answer->tenant, seq));

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, answer->error);
    if (status == HK_OK && has_row && !hk_stmt_is_null(stmt, 1) &&
        hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, NULL) == HK_OK &&
        hk_search_noun_text(hk_kind_noun(entry.kind)) != NULL) {
        status = find_thing(answer, hk_kind_noun(entry.kind), entry.subject, &thing);
        if (status == HK_OK && state_fits(answer, thing != NULL ? hk_stmt_text(thing, 1) : ""))
            write_item(answer, &entry, thing);
    }
    hk_stmt_reset(stmt);
    return status;
}

/* --- looking into files --- */

static bool is_half_over(const struct answer *answer)
{
    return answer->reading->deadline_ms != 0 &&
           hk_time_monotonic_ms() > answer->reading->deadline_ms - HK_READ_BUDGET_MS / 2;
}

static enum hk_status prepare_look(struct answer *answer, sqlite3 *db, sqlite3_stmt **ret_stmt)
{
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3"
        " ORDER BY rowid DESC",
        ret_stmt, answer->error);

    if (status == HK_OK)
        status = hk_stmt_bind(*ret_stmt, answer->error, "tii", answer->query.match.data,
            (int64_t)answer->from, (int64_t)answer->to);
    return status;
}

/* Hits of one file, until the page is full or the time half over. */
static enum hk_status look_into(struct answer *answer, const struct hk_shard *shard)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    bool has_row = true;
    enum hk_status status = hk_shard_open(answer->view.folder, shard, &db, answer->error);

    if (status == HK_OK) {
        hk_reading_watch(answer->reading, db, WATCH_STEPS);
        status = prepare_look(answer, db, &stmt);
        if (status == HK_INTERNAL) /* it hasn't even the table */
            status = HK_CORRUPT;
    }
    if (status == HK_IO || status == HK_BUSY) /* it is just being closed, or taken away */
        status = HK_NOT_FOUND;
    while (status == HK_OK && has_row && answer->count < answer->ask->limit && !answer->is_cut) {
        status = hk_stmt_step(stmt, &has_row, answer->error);
        if (status != HK_OK || !has_row)
            break;
        answer->looked_at = (uint64_t)hk_stmt_i64(stmt, 0);
        status = tell_hit(answer, answer->looked_at);
        answer->is_cut = is_half_over(answer);
    }
    if (status == HK_OK && !has_row)
        answer->looked_at = shard->number * HK_SEARCH_SHARD_ENTRIES;
    hk_stmt_free(stmt);
    hk_db_close(db);
    return status;
}

/* The file went since the view was taken, most often because a full one took its place: look for
 * that. *in_out_shard becomes the one that was looked into. */
static enum hk_status look_again(struct answer *answer, struct hk_shard *in_out_shard)
{
    struct hk_search_view view;
    enum hk_status status =
        hk_search_view_take(answer->search, answer->tenant, &view, answer->error);
    bool is_there = false;

    for (size_t i = 0; i < view.count && status == HK_OK; i++) {
        if (view.shards[i].number != in_out_shard->number)
            continue;
        *in_out_shard = view.shards[i];
        is_there = true;
    }
    hk_search_view_done(&view);
    if (status == HK_OK)
        status = is_there ? look_into(answer, in_out_shard) : HK_NOT_FOUND;
    return status;
}

static enum hk_status look_into_all(struct answer *answer)
{
    enum hk_status status = HK_OK;

    answer->looked_at = answer->to;
    for (size_t i = answer->view.count; i > 0 && status == HK_OK; i--) {
        struct hk_shard *shard = &answer->view.shards[i - 1];

        if (shard->number * HK_SEARCH_SHARD_ENTRIES >= answer->to || shard->end <= answer->from)
            continue;
        if (answer->count >= answer->ask->limit || answer->is_cut)
            break;
        status = look_into(answer, shard);
        for (int tries = 0; tries < TRIES_MAX && status == HK_NOT_FOUND; tries++)
            status = look_again(answer, shard);
        if (status == HK_CORRUPT)
            hk_search_is_damaged(answer->search, answer->tenant, shard->file);
        /* One that went meanwhile, too, is missing like others that are not there yet. */
        if (status == HK_CORRUPT || status == HK_NOT_FOUND) {
            shard->end = shard->number * HK_SEARCH_SHARD_ENTRIES;
            status = HK_OK;
        }
        answer->is_cut = answer->is_cut || is_half_over(answer);
    }
    if (status == HK_TIMEOUT)
        return hk_fail(answer->error, HK_TIMEOUT, TOO_LONG);
    return status;
}

/* --- the whole --- */

static void write_end(struct answer *answer)
{
    const struct hk_search_view *view = &answer->view;
    bool has_more =
        (answer->count >= answer->ask->limit || answer->is_cut) && answer->looked_at > answer->from;
    uint64_t indexed = 0;
    uint64_t there = 0;

    for (size_t i = 0; i < view->count; i++) {
        if (view->shards[i].number * HK_SEARCH_SHARD_ENTRIES == indexed)
            indexed = view->shards[i].end;
        there += view->shards[i].end - view->shards[i].number * HK_SEARCH_SHARD_ENTRIES;
    }
    hk_jw_key(answer->jw, "next");
    if (has_more)
        hk_jw_i64(answer->jw, (int64_t)answer->looked_at);
    else
        hk_jw_null(answer->jw);
    hk_jw_kv_bool(answer->jw, "is_cut", has_more && answer->count < answer->ask->limit);
    hk_jw_kv_i64(answer->jw, "indexed", (int64_t)indexed);
    hk_jw_kv_i64(answer->jw, "behind", answer->size > there ? (int64_t)(answer->size - there) : 0);
}

static enum hk_status read_ask(struct answer *answer)
{
    const struct hk_search_ask *ask = answer->ask;
    struct hk_buf text;
    enum hk_status status;

    hk_buf_init(&text, HK_SEARCH_QUERY_SIZE_MAX + 64);
    hk_buf_append_text(&text, ask->query);
    if (ask->kind != NULL)
        hk_buf_appendf(&text, "\nkind:%s", ask->kind);
    status = hk_buf_check(&text, "q", answer->error);
    if (status == HK_OK)
        status = hk_search_query_read(text.data != NULL ? text.data : "", text.size, ask->now_us,
            &answer->query, answer->error);
    hk_buf_done(&text);
    return status;
}

static enum hk_status find(struct answer *answer)
{
    enum hk_status status =
        hk_search_view_take(answer->search, answer->tenant, &answer->view, answer->error);

    if (status == HK_OK)
        status = hk_stmt_prepare(answer->reading->db,
            "SELECT line, payload FROM entry WHERE pos = ?1", &answer->entry, answer->error);
    if (status == HK_OK)
        status = hk_store_count_entries(
            answer->reading->db, answer->tenant, &answer->size, answer->error);
    if (status == HK_OK)
        status = find_range(answer);
    return status == HK_OK ? look_into_all(answer) : status;
}

enum hk_status hk_search_answer(struct hk_search *search, struct hk_reading *reading,
    hk_tenant tenant, const struct hk_search_ask *ask, struct hk_buf *out, struct hk_error *error)
{
    size_t begin = out->size;
    struct hk_jw jw;
    struct hk_error ours = {.text = ""};
    struct answer answer = {.search = search,
        .reading = reading,
        .tenant = tenant,
        .ask = ask,
        .jw = &jw,
        .error = error != NULL ? error : &ours};
    enum hk_status status;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    status = read_ask(&answer);
    if (status == HK_OK)
        status = find(&answer);
    if (status == HK_OK) {
        hk_jw_array_end(&jw);
        write_end(&answer);
        hk_jw_object_end(&jw);
        status = hk_buf_check(out, "answer", error);
    }
    hk_stmt_free(answer.entry);
    for (int i = 0; i < HK_NOUN_COUNT; i++)
        hk_stmt_free(answer.things[i]);
    hk_search_view_done(&answer.view);
    hk_search_query_done(&answer.query);
    return hk_query_take_back(out, begin, status);
}
