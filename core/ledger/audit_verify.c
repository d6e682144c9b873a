/*
 * audit_verify: is the record whole? See audit.h.
 *
 * One pass over a tenant's entries in order, with the tree's frontier, the stored checkpoints and
 * the checkpoint that was given as three things that walk along. The first problem ends the pass:
 * what comes after it can't be judged.
 */
#include "ledger/audit_tenants.h"

#include "base/json.h"
#include "ledger/merkle.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct verify {
    struct hk_audit *audit;
    const struct hk_audit_tenant *tenant;
    struct hk_merkle tree;
    int64_t last_time_us;
    uint64_t covered; /* size of the last checkpoint that was right */
    sqlite3_stmt *checkpoints;
    bool has_checkpoint;         /* the statement stands on a row */
    const struct hk_note *given; /* for this tenant, or NULL */
    bool given_was_held;
    bool is_bad;
    uint64_t bad_seq;
    char problem[256];
};

static void bad(struct verify *v, uint64_t seq, const char *format, ...) HK_PRINTF(3, 4);
static void bad(struct verify *v, uint64_t seq, const char *format, ...)
{
    va_list args;

    if (v->is_bad)
        return;
    v->is_bad = true;
    v->bad_seq = seq;
    va_start(args, format);
    (void)vsnprintf(v->problem, sizeof(v->problem), format, args);
    va_end(args);
}

/* Hold a note against the tree, which is at the note's size. */
static void hold(struct verify *v, const struct hk_note *note, const char *text, const char *which)
{
    uint8_t root[HK_SHA256_SIZE];

    if (hk_note_verify(text, note, &v->tenant->verifier, NULL) != HK_OK ||
        strcmp(note->origin, v->tenant->verifier.name) != 0) {
        bad(v, v->covered, "%s over %" PRIu64 " entries is not signed by the ledger's key", which,
            note->size);
        return;
    }
    hk_merkle_root(&v->tree, root);
    if (memcmp(root, note->root, sizeof(root)) != 0) {
        bad(v, v->covered,
            "an entry from %" PRIu64 " to %" PRIu64 " is not what %s over %" PRIu64
            " entries was signed over",
            v->covered, note->size > 0 ? note->size - 1 : 0, which, note->size);
        return;
    }
    v->covered = note->size;
}

static enum hk_status next_checkpoint(struct verify *v, struct hk_error *error)
{
    return hk_stmt_step(v->checkpoints, &v->has_checkpoint, error);
}

/* Check whatever was signed over the entries so far. */
static enum hk_status hold_all(struct verify *v, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    struct hk_note note;

    while (status == HK_OK && !v->is_bad && v->has_checkpoint &&
           (uint64_t)sqlite3_column_int64(v->checkpoints, 0) == v->tree.size) {
        const char *text = hk_stmt_text(v->checkpoints, 1);

        if (hk_note_parse(text, (size_t)sqlite3_column_bytes(v->checkpoints, 1), &note, NULL) !=
                HK_OK ||
            note.size != v->tree.size)
            bad(v, v->covered, "the stored checkpoint over %" PRIu64 " entries can't be read",
                v->tree.size);
        else
            hold(v, &note, text, "a stored checkpoint");
        status = next_checkpoint(v, error);
    }
    if (v->given != NULL && !v->given_was_held && v->given->size == v->tree.size && !v->is_bad) {
        v->given_was_held = true;
        hold(v, v->given, v->audit->options->checkpoint_text, "the given checkpoint");
    }
    return status;
}

/* Salt and payload must be what the line commits to. */
static void check_payload(struct verify *v, sqlite3_stmt *stmt, const struct hk_entry *entry)
{
    uint8_t commitment[HK_SHA256_SIZE];
    const void *salt = sqlite3_column_blob(stmt, 2);
    const void *payload = sqlite3_column_text(stmt, 3);

    if (salt == NULL || payload == NULL) {
        bad(v, entry->seq, "salt or payload is missing");
        return;
    }
    if (sqlite3_column_bytes(stmt, 2) != HK_SALT_SIZE) {
        bad(v, entry->seq, "the salt has a wrong size");
        return;
    }
    hk_entry_commit(salt, payload, (size_t)sqlite3_column_bytes(stmt, 3), commitment);
    if (memcmp(commitment, entry->commitment, sizeof(commitment)) != 0)
        bad(v, entry->seq, "salt or payload is not what the line commits to");
}

/* One entry: its place, its line, its payload. Adds it to the tree. */
static void check_entry(struct verify *v, sqlite3_stmt *stmt)
{
    uint64_t seq = HK_POS_SEQ(sqlite3_column_int64(stmt, 0));
    const char *line = hk_stmt_text(stmt, 1);
    size_t size = (size_t)sqlite3_column_bytes(stmt, 1);
    uint8_t leaf[HK_SHA256_SIZE];
    struct hk_entry entry;
    struct hk_error error;

    if (seq != v->tree.size) {
        bad(v, v->tree.size, "the entry is missing: the next one is %" PRIu64, seq);
        return;
    }
    if (hk_entry_parse(line, size, &entry, &error) != HK_OK) {
        bad(v, seq, "%s", error.text);
        return;
    }
    if (entry.seq != seq) {
        bad(v, seq, "the line in this place is that of entry %" PRIu64, entry.seq);
        return;
    }
    if (entry.time_us < v->last_time_us) {
        bad(v, seq, "time goes back");
        return;
    }
    if ((entry.kind == HK_KIND_LEDGER_OPENED) != (seq == 0)) {
        bad(v, seq,
            seq == 0 ? "the first entry does not open the ledger" : "the ledger is opened again");
        return;
    }
    check_payload(v, stmt, &entry);
    v->last_time_us = entry.time_us;
    hk_merkle_leaf(line, size, leaf);
    hk_merkle_append(&v->tree, leaf);
}

/* The stored tree head must be that of the entries. */
static enum hk_status check_tree(struct verify *v, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_merkle stored;
    bool has_row = false;
    uint8_t stored_root[HK_SHA256_SIZE];
    uint8_t root[HK_SHA256_SIZE];
    enum hk_status status = hk_stmt_prepare(
        v->audit->db, "SELECT size, frontier FROM tree WHERE tenant = ?1", &stmt, error);

    hk_merkle_init(&stored);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)v->tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK &&
        (!has_row ||
            hk_merkle_unpack((uint64_t)sqlite3_column_int64(stmt, 0), sqlite3_column_blob(stmt, 1),
                (size_t)sqlite3_column_bytes(stmt, 1), &stored) != HK_OK))
        bad(v, v->tree.size, "the stored tree head is missing or can't be read");
    (void)sqlite3_finalize(stmt);
    if (status != HK_OK || v->is_bad)
        return status;
    if (stored.size > v->tree.size)
        bad(v, v->tree.size, "entries are missing at the end: the stored tree covers %" PRIu64,
            stored.size);
    else if (stored.size < v->tree.size)
        bad(v, stored.size, "entries were added beside the engine: the stored tree covers %" PRIu64,
            stored.size);
    hk_merkle_root(&stored, stored_root);
    hk_merkle_root(&v->tree, root);
    if (!v->is_bad && memcmp(stored_root, root, sizeof(root)) != 0)
        bad(v, v->covered, "an entry from %" PRIu64 " on is not the one that was written",
            v->covered);
    return status;
}

static enum hk_status check_end(struct verify *v, struct hk_error *error)
{
    if (v->has_checkpoint)
        bad(v, v->tree.size, "entries are missing at the end: a stored checkpoint covers %" PRId64,
            (int64_t)sqlite3_column_int64(v->checkpoints, 0));
    if (v->given != NULL && !v->given_was_held)
        bad(v, v->tree.size, "entries are missing at the end: the given checkpoint covers %" PRIu64,
            v->given->size);
    if (v->tree.size == 0)
        bad(v, 0, "there are no entries");
    return v->is_bad ? HK_OK : check_tree(v, error);
}

static enum hk_status verify_tenant(struct verify *v, struct hk_error *error)
{
    sqlite3_stmt *entries = NULL;
    bool has_row = true;
    enum hk_status status = hk_audit_entries(v->audit, v->tenant, &entries, error);

    if (status == HK_OK)
        status = hk_audit_checkpoints(v->audit, v->tenant, &v->checkpoints, error);
    if (status == HK_OK)
        status = next_checkpoint(v, error);
    if (status == HK_OK && !v->tenant->has_verifier)
        bad(v, 0, "the first entry does not tell the ledger's key");
    while (status == HK_OK && !v->is_bad) {
        status = hold_all(v, error);
        if (status == HK_OK && !v->is_bad)
            status = hk_stmt_step(entries, &has_row, error);
        if (status != HK_OK || v->is_bad || !has_row)
            break;
        check_entry(v, entries);
        hk_audit_step(v->audit);
    }
    if (status == HK_OK && !v->is_bad)
        status = check_end(v, error);
    (void)sqlite3_finalize(entries);
    (void)sqlite3_finalize(v->checkpoints);
    return status;
}

static void report(const struct verify *v, struct hk_jw *jw, struct hk_buf *scratch)
{
    uint8_t root[HK_SHA256_SIZE];

    hk_buf_clear(scratch);
    hk_merkle_root(&v->tree, root);
    hk_base64(root, sizeof(root), scratch);
    hk_jw_object(jw);
    hk_jw_kv(jw, "tenant", v->tenant->name);
    hk_jw_kv_bool(jw, "ok", !v->is_bad);
    hk_jw_kv_i64(jw, "size", (int64_t)v->tree.size);
    if (!v->is_bad) {
        hk_jw_kv(jw, "root", scratch->data);
    } else {
        hk_jw_kv_i64(jw, "seq", (int64_t)v->bad_seq);
        hk_jw_kv(jw, "problem", v->problem);
    }
    hk_jw_object_end(jw);
}

/* The tenant that a given checkpoint is of must be among those that are checked. */
static enum hk_status find_given(
    const struct hk_audit *audit, struct hk_note *note, struct hk_error *error)
{
    const char *text = audit->options->checkpoint_text;
    enum hk_status status = hk_note_parse(text, strlen(text), note, error);

    if (status != HK_OK)
        return status;
    for (size_t i = 0; i < audit->tenant_count; i++)
        if (audit->tenants[i].has_verifier &&
            strcmp(audit->tenants[i].verifier.name, note->origin) == 0)
            return HK_OK;
    return hk_fail(error, HK_NOT_FOUND,
        "the given checkpoint is of %s, which is not what is checked here", note->origin);
}

enum hk_status hk_audit_verify(const struct hk_audit_options *options, struct hk_buf *out,
    bool *ret_ok, struct hk_error *error)
{
    struct hk_audit audit;
    struct hk_note given;
    struct hk_buf scratch;
    struct hk_buf list;
    struct hk_jw jw;
    bool ok = true;
    enum hk_status status;

    hk_buf_init(&scratch, 256);
    hk_buf_init(&list, out->size_max);
    hk_jw_init(&jw, &list);
    hk_jw_array(&jw);
    status = hk_audit_begin(options, &audit, error);
    if (status == HK_OK && options->checkpoint_text != NULL)
        status = find_given(&audit, &given, error);
    for (size_t i = 0; i < audit.tenant_count && status == HK_OK; i++) {
        struct verify v = {.audit = &audit, .tenant = &audit.tenants[i]};

        hk_merkle_init(&v.tree);
        if (options->checkpoint_text != NULL && v.tenant->has_verifier &&
            strcmp(v.tenant->verifier.name, given.origin) == 0)
            v.given = &given;
        status = verify_tenant(&v, error);
        ok = ok && !v.is_bad;
        report(&v, &jw, &scratch);
    }
    hk_jw_array_end(&jw);
    if (status == HK_OK) {
        hk_buf_appendf(out, "{\"ok\":%s,\"tenants\":%s}", ok ? "true" : "false",
            list.data != NULL ? list.data : "[]");
        status = hk_buf_check(out, "audit", error);
    }
    if (status == HK_OK)
        *ret_ok = ok;
    hk_audit_done(&audit);
    hk_buf_done(&scratch);
    hk_buf_done(&list);
    return status;
}
