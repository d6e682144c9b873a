/*
 * audit_verify: is the record whole? See audit.h.
 *
 * One pass over a tenant's lines in order, with the tree's frontier, the stored checkpoints and the
 * checkpoint that was given as three things that walk along. The first problem ends the pass: what
 * comes after it can't be judged. Payloads are looked at meanwhile (audit_payloads.h).
 */
#include "ledger/audit_payloads.h"
#include "ledger/audit_tenants.h"

#include "base/json.h"
#include "ledger/keychain.h"
#include "ledger/merkle.h"
#include "ledger/recorded.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct verify {
    struct hk_audit *audit;
    struct hk_keychain keys; /* as far as the entries so far tell */
    bool awaits_handover;    /* the newest entry names a key, which a checkpoint must vouch for */
    const struct hk_audit_tenant *tenant;
    struct hk_merkle tree;
    int64_t last_time_us;
    uint64_t covered;     /* size of the last checkpoint that was right */
    sqlite3_stmt *node;   /* one stored root of a block; NULL where the file has none */
    bool has_doubt;       /* a block is not what its stored root says: the next root that was */
    uint64_t doubt_first; /* signed says which of the two is right */
    uint64_t doubt_last;
    sqlite3_stmt *checkpoints;
    bool has_checkpoint;         /* the statement stands on a row */
    uint64_t next_size;          /* of that row's checkpoint */
    const struct hk_note *given; /* for this tenant, or NULL */
    bool given_was_held;
    uint64_t hole_count; /* payloads that were erased */
    /* Of one entry; here, since locals are zeroed each time. */
    uint8_t roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE];
    struct hk_error why;
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

/* Entries from first to last are not the signed ones: only those of one block, if it is in doubt.
 */
static void narrow(const struct verify *v, uint64_t *first, uint64_t *last)
{
    if (!v->has_doubt || v->doubt_last < *first || v->doubt_first > *last)
        return;
    if (v->doubt_first > *first)
        *first = v->doubt_first;
    if (v->doubt_last < *last)
        *last = v->doubt_last;
}

/* The entries are the signed ones: a block in doubt that they make up has a wrong stored root. */
static void judge_nodes(struct verify *v)
{
    if (v->has_doubt && v->doubt_last < v->covered)
        bad(v, v->doubt_first,
            "the stored root over the entries %" PRIu64 " to %" PRIu64
            " is not theirs; the entries are right, and `audit rebuild` makes it anew",
            v->doubt_first, v->doubt_last);
}

/* Hold the roots of blocks that end with the newest leaf against the stored ones. */
static enum hk_status hold_blocks(struct verify *v,
    uint8_t roots[HK_MERKLE_BLOCKS_MAX][HK_SHA256_SIZE], size_t count, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < count && v->node != NULL && status == HK_OK && !v->has_doubt; i++) {
        unsigned level = (unsigned)(i + 1) * HK_MERKLE_BLOCK_LEVELS;
        bool has_row = false;

        status = hk_stmt_bind(v->node, error, "iii", (int64_t)v->tenant->number, (int64_t)level,
            (int64_t)((v->tree.size >> level) - 1));
        if (status == HK_OK)
            status = hk_stmt_step(v->node, &has_row, error);
        if (status == HK_OK &&
            (!has_row || hk_stmt_size(v->node, 0) != HK_SHA256_SIZE ||
                memcmp(hk_stmt_blob(v->node, 0), roots[i], HK_SHA256_SIZE) != 0)) {
            v->has_doubt = true;
            v->doubt_first = v->tree.size - (UINT64_C(1) << level);
            v->doubt_last = v->tree.size - 1;
        }
        hk_stmt_reset(v->node);
    }
    return status;
}

/* Hold a note against the tree, which is at the note's size. */
static void hold(struct verify *v, const struct hk_note *note, const char *text, const char *which)
{
    uint8_t root[HK_SHA256_SIZE];
    uint64_t first = v->covered;
    uint64_t last = note->size > 0 ? note->size - 1 : 0;

    if (hk_keychain_check(&v->keys, text, note, &v->why) != HK_OK) {
        bad(v, v->covered, "%s over %" PRIu64 " entries is not to be believed: %s", which,
            note->size, v->why.text);
        return;
    }
    hk_merkle_root(&v->tree, root);
    if (memcmp(root, note->root, sizeof(root)) != 0) {
        narrow(v, &first, &last);
        bad(v, first,
            "an entry from %" PRIu64 " to %" PRIu64 " is not what %s over %" PRIu64
            " entries was signed over",
            first, last, which, note->size);
        return;
    }
    v->covered = note->size;
    v->awaits_handover = false;
    judge_nodes(v);
}

static enum hk_status next_checkpoint(struct verify *v, struct hk_error *error)
{
    enum hk_status status = hk_stmt_step(v->checkpoints, &v->has_checkpoint, error);

    v->next_size = status == HK_OK && v->has_checkpoint ? (uint64_t)hk_stmt_i64(v->checkpoints, 0)
                                                        : UINT64_MAX;
    return status;
}

/* Check whatever was signed over the entries so far. */
static enum hk_status hold_all(struct verify *v, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    struct hk_note note;

    while (status == HK_OK && !v->is_bad && v->has_checkpoint && v->next_size == v->tree.size) {
        const char *text = hk_stmt_text(v->checkpoints, 1);

        if (hk_note_parse(text, hk_stmt_size(v->checkpoints, 1), &note, NULL) != HK_OK ||
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

/* Let stmt stand on an entry's salt and payload, if they are what its line commits to; else
 * *ret_is. is false. */
static enum hk_status find_payload(struct verify *v, const struct hk_entry *entry,
    sqlite3_stmt **ret_stmt, bool *ret_is, struct hk_error *error)
{
    uint8_t commitment[HK_SHA256_SIZE] = {0};
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(v->audit->db,
        "SELECT salt, payload FROM entry WHERE pos = ?1 AND length(salt) = 32"
        " AND payload IS NOT NULL",
        ret_stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(*ret_stmt, error, "i", HK_POS(v->tenant->number, entry->seq));
    if (status == HK_OK)
        status = hk_stmt_step(*ret_stmt, &has_row, error);
    if (status == HK_OK && has_row) {
        const char *payload = hk_stmt_text_or_null(*ret_stmt, 1);
        hk_entry_commit(
            hk_stmt_blob(*ret_stmt, 0), payload, hk_stmt_size(*ret_stmt, 1), commitment);
    }
    *ret_is = has_row && memcmp(commitment, entry->commitment, sizeof(commitment)) == 0;
    return status;
}

/* What an entry says of keys, or of another tenant's checkpoint. Its payload must be the one that
 * its line commits to, since something rests on it. */
static enum hk_status check_said(
    struct verify *v, const struct hk_entry *entry, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool is_committed = false;
    enum hk_status status = find_payload(v, entry, &stmt, &is_committed, error);

    v->awaits_handover = entry->kind == HK_KIND_KEY_ROTATED;
    if (status == HK_OK && !is_committed) {
        bad(v, entry->seq,
            "salt or payload is not what the line commits to, and others rest on it");
    } else if (status == HK_OK && entry->kind == HK_KIND_TENANT_CHECKPOINTED) {
        status = hk_recorded_check(
            v->audit->db, entry->subject, entry->time_us, hk_stmt_text(stmt, 1), error);
        if (status == HK_CONFLICT) {
            bad(v, entry->seq, "%s", error->text);
            status = HK_OK;
        }
    } else if (status == HK_OK &&
               hk_keychain_add(&v->keys, entry->kind, entry->seq, hk_stmt_text(stmt, 1),
                   hk_stmt_size(stmt, 1), &v->why) != HK_OK) {
        bad(v, entry->seq, "%s", v->why.text);
    }
    hk_stmt_free(stmt);
    return status;
}

/* A key that was named must be vouched for before anything follows. */
static void check_handover(struct verify *v)
{
    if (v->awaits_handover)
        bad(v, v->tree.size - 1,
            "another key is named, and no checkpoint over %" PRIu64
            " entries that the key before signed too vouches for it",
            v->tree.size);
}

/* One entry: its place and its line. Adds it to the tree. */
static enum hk_status check_entry(struct verify *v, sqlite3_stmt *stmt, struct hk_error *error)
{
    uint64_t seq = HK_POS_SEQ(hk_stmt_i64(stmt, 0));
    const char *line = hk_stmt_text(stmt, 1);
    size_t size = hk_stmt_size(stmt, 1);
    uint8_t leaf[HK_SHA256_SIZE];
    size_t blocks;
    struct hk_entry entry;

    check_handover(v);
    if (v->is_bad)
        return HK_OK;
    if (seq != v->tree.size) {
        bad(v, v->tree.size, "the entry is missing: the next one is %" PRIu64, seq);
        return HK_OK;
    }
    if (hk_entry_parse(line, size, &entry, &v->why) != HK_OK) {
        bad(v, seq, "%s", v->why.text);
        return HK_OK;
    }
    if (entry.seq != seq) {
        bad(v, seq, "the line in this place is that of entry %" PRIu64, entry.seq);
        return HK_OK;
    }
    if (entry.time_us < v->last_time_us) {
        bad(v, seq, "time goes back");
        return HK_OK;
    }
    if ((entry.kind == HK_KIND_LEDGER_OPENED) != (seq == 0)) {
        bad(v, seq,
            seq == 0 ? "the first entry does not open the ledger" : "the ledger is opened again");
        return HK_OK;
    }
    v->last_time_us = entry.time_us;
    hk_merkle_leaf(line, size, leaf);
    blocks = hk_merkle_append_blocks(&v->tree, leaf, v->roots);
    if (entry.kind == HK_KIND_KEY_ROTATED || entry.kind == HK_KIND_KEY_REVOKED ||
        entry.kind == HK_KIND_TENANT_CHECKPOINTED) {
        enum hk_status status = check_said(v, &entry, error);
        if (status != HK_OK || v->is_bad)
            return status;
    }
    return hold_blocks(v, v->roots, blocks, error);
}

/* As many stored roots as there are blocks: none is missing, and none is of entries that are gone.
 */
static enum hk_status count_nodes(struct verify *v, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t expected = 0;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(v->audit->db, "SELECT count(*) FROM node WHERE tenant = ?1", &stmt, error);

    for (unsigned level = HK_MERKLE_BLOCK_LEVELS; level < HK_MERKLE_LEVELS;
         level += HK_MERKLE_BLOCK_LEVELS)
        expected += v->tree.size >> level;
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)v->tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && (uint64_t)hk_stmt_i64(stmt, 0) != expected)
        bad(v, v->tree.size,
            "stored roots of blocks are there that no entries make up; `audit rebuild` makes them"
            " anew");
    hk_stmt_free(stmt);
    return status;
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
        (!has_row || hk_merkle_unpack((uint64_t)hk_stmt_i64(stmt, 0), hk_stmt_blob(stmt, 1),
                         hk_stmt_size(stmt, 1), &stored) != HK_OK))
        bad(v, v->tree.size, "the stored tree head is missing or can't be read");
    hk_stmt_free(stmt);
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
    if (!v->is_bad && memcmp(stored_root, root, sizeof(root)) != 0) {
        uint64_t first = v->covered;
        uint64_t last = UINT64_MAX;

        narrow(v, &first, &last);
        if (last == UINT64_MAX)
            bad(v, first, "an entry from %" PRIu64 " on is not the one that was written", first);
        else
            bad(v, first,
                "an entry from %" PRIu64 " to %" PRIu64 " is not the one that was written", first,
                last);
    }
    if (!v->is_bad) {
        v->covered = v->tree.size;
        judge_nodes(v);
    }
    return v->is_bad || v->node == NULL ? status : count_nodes(v, error);
}

static enum hk_status check_end(struct verify *v, struct hk_error *error)
{
    check_handover(v);
    if (v->given_was_held && hk_keychain_believe(&v->keys, v->given, &v->why) != HK_OK)
        bad(v, v->tree.size,
            "the given checkpoint over %" PRIu64 " entries is not to be believed: %s",
            v->given->size, v->why.text);
    if (v->has_checkpoint)
        bad(v, v->tree.size, "entries are missing at the end: a stored checkpoint covers %" PRId64,
            hk_stmt_i64(v->checkpoints, 0));
    if (v->given != NULL && !v->given_was_held)
        bad(v, v->tree.size, "entries are missing at the end: the given checkpoint covers %" PRIu64,
            v->given->size);
    if (v->tree.size == 0)
        bad(v, 0, "there are no entries");
    return v->is_bad ? HK_OK : check_tree(v, error);
}

/* The walk over the lines. */
static enum hk_status verify_lines(struct verify *v, struct hk_error *error)
{
    sqlite3_stmt *lines = NULL;
    bool has_row = true;
    enum hk_status status = hk_audit_lines(v->audit, v->tenant, &lines, error);

    if (status == HK_OK)
        status = hk_audit_checkpoints(v->audit, v->tenant, &v->checkpoints, error);
    if (status == HK_OK && v->audit->schema >= HK_STORE_SCHEMA_NODES)
        status = hk_stmt_prepare(v->audit->db,
            "SELECT hash FROM node WHERE tenant = ?1 AND level = ?2 AND idx = ?3", &v->node, error);
    if (status == HK_OK)
        status = next_checkpoint(v, error);
    if (status == HK_OK && !v->tenant->has_verifier)
        bad(v, 0, "the first entry does not tell the ledger's key");
    if (status == HK_OK && !v->is_bad)
        status = hk_keychain_begin_with(&v->keys, &v->tenant->verifier, error);
    while (status == HK_OK && !v->is_bad) {
        status = hold_all(v, error);
        if (status == HK_OK && !v->is_bad)
            status = hk_stmt_step(lines, &has_row, error);
        if (status != HK_OK || v->is_bad || !has_row)
            break;
        status = check_entry(v, lines, error);
        hk_audit_step(v->audit);
    }
    if (status == HK_OK && !v->is_bad)
        status = check_end(v, error);
    hk_stmt_free(lines);
    hk_stmt_free(v->checkpoints);
    hk_stmt_free(v->node);
    return status;
}

/* Lines here, payloads beside; what is wrong first is told. */
static enum hk_status verify_tenant(struct verify *v, struct hk_error *error)
{
    struct hk_audit_payloads *payloads = NULL;
    struct hk_payload_verdict verdict;
    struct hk_error ignored;
    enum hk_status ended;
    enum hk_status status =
        hk_audit_payloads_start(v->audit->options->data_dir, v->tenant->number, &payloads, error);

    if (status == HK_OK)
        status = verify_lines(v, error);
    ended = hk_audit_payloads_finish(payloads,
        status != HK_OK ? 0
        : v->is_bad     ? v->tree.size
                        : UINT64_MAX,
        &verdict, status == HK_OK ? error : &ignored);
    if (status != HK_OK || ended != HK_OK)
        return status != HK_OK ? status : ended;
    v->hole_count = verdict.erased;
    /* An engine may have written more since the snapshot of the lines. */
    if (verdict.is_bad && verdict.seq < v->tree.size) {
        v->is_bad = false;
        bad(v, verdict.seq, "%s", verdict.problem);
    }
    return HK_OK;
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
    hk_jw_kv_i64(jw, "erased", (int64_t)v->hole_count);
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
        hk_keychain_init(&v.keys);
        if (options->checkpoint_text != NULL && v.tenant->has_verifier &&
            strcmp(v.tenant->verifier.name, given.origin) == 0)
            v.given = &given;
        status = verify_tenant(&v, error);
        ok = ok && !v.is_bad;
        report(&v, &jw, &scratch);
        hk_keychain_done(&v.keys);
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
