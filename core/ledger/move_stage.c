/*
 * move_stage: a tenant's file as a ledger of its own; see move_stage.h.
 */
#include "ledger/move_stage.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/keychain.h"
#include "ledger/node.h"
#include "ledger/refold.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "move-in"

struct filling {
    struct hk_stage *stage;
    const struct hk_move_options *options;
    const struct hk_key *key;
    hk_tenant number;
    sqlite3 *db;
    sqlite3_stmt *put_entry;
    sqlite3_stmt *put_node;
    sqlite3_stmt *put_checkpoint;
};

void hk_move_sweep(const char *data_dir)
{
    static const char *const names[] = {
        "/" HK_STORE_FILE, "/" HK_STORE_FILE "-wal", "/" HK_STORE_FILE "-shm", ""};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (snprintf(path, sizeof(path), "%s/" FOLDER "%s", data_dir, names[i]) >=
            (int)sizeof(path))
            return;
        (void)remove(path);
    }
}

static enum hk_status run(sqlite3_stmt *stmt, struct hk_error *error)
{
    bool has_row;
    enum hk_status status = hk_stmt_step(stmt, &has_row, error);

    hk_stmt_reset(stmt);
    return status;
}

/* --- filling --- */

/* What the line says is for the check; a newer version's is told at once. */
static enum hk_status take_entry(
    struct filling *f, const struct hk_move_record *record, struct hk_error *error)
{
    struct hk_merkle *tree = &f->stage->tree;
    int64_t pos = HK_POS(f->number, tree->size);
    uint8_t leaf[HK_SHA256_SIZE];
    struct hk_entry entry;
    enum hk_status status = hk_refold_parse(pos, record->line, record->line_size, &entry, error);

    if (status != HK_OK)
        return status;
    status = hk_stmt_bind(f->put_entry, error, "itbt", pos, record->line, record->salt,
        record->salt != NULL ? (size_t)HK_SALT_SIZE : (size_t)0, record->data);
    if (status == HK_OK)
        status = run(f->put_entry, error);
    hk_merkle_leaf(record->line, record->line_size, leaf);
    if (status == HK_OK)
        status = hk_node_append(f->put_node, f->number, tree, leaf, error);
    if (f->options->progress != NULL && tree->size % 4096 == 0)
        f->options->progress(f->options->progress_ctx, tree->size, f->stage->head.entries);
    return status;
}

/* The time of a checkpoint is that of the last entry under it. */
static enum hk_status find_time(
    struct filling *f, uint64_t size, int64_t *ret_time_us, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_entry entry;
    enum hk_status status =
        hk_stmt_prepare(f->db, "SELECT line FROM entry WHERE pos = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(f->number, size - 1));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        status = hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, error);
    if (status == HK_OK)
        *ret_time_us = has_row ? entry.time_us : 0;
    hk_stmt_free(stmt);
    return status;
}

/* The last of them is the handover, which this side has to sign too. */
static enum hk_status take_checkpoint(
    struct filling *f, const struct hk_move_record *record, struct hk_error *error)
{
    struct hk_note note;
    struct hk_buf text;
    int64_t time_us = 0;
    enum hk_status status = hk_note_parse(record->data, record->size, &note, error);

    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "a checkpoint in it can't be read");
    if (note.size == 0 || note.size > f->stage->tree.size)
        return hk_fail(error, HK_CORRUPT,
            "entries are missing at its end: a checkpoint covers %" PRIu64 " of %" PRIu64,
            note.size, f->stage->tree.size);
    hk_buf_init(&text, (size_t)2 * HK_NOTE_SIZE_MAX);
    if (note.size == f->stage->tree.size) { /* the key that begins stands first */
        size_t signed_size = note.body_size + 1;

        status = hk_note_sign(f->key, note.origin, note.size, note.root, &text, error);
        hk_buf_append(&text, record->data + signed_size, record->size - signed_size);
    } else {
        hk_buf_append(&text, record->data, record->size);
    }
    if (status == HK_OK)
        status = hk_buf_check(&text, "checkpoint", error);
    if (status == HK_OK)
        status = find_time(f, note.size, &time_us, error);
    if (status == HK_OK)
        status = hk_stmt_bind(f->put_checkpoint, error, "iiit", (int64_t)f->number,
            (int64_t)note.size, time_us, text.data);
    if (status == HK_OK && run(f->put_checkpoint, error) != HK_OK)
        status = hk_fail(
            error, HK_CORRUPT, "two checkpoints in it cover %" PRIu64 " entries", note.size);
    hk_buf_done(&text);
    return status;
}

static enum hk_status take_file(
    struct filling *f, const struct hk_move_record *record, struct hk_error *error)
{
    char folder[HK_ID_SIZE + 16];
    int size = snprintf(folder, sizeof(folder), "plugins/%s/", f->stage->head.tenant);

    if (strncmp(record->name, folder, (size_t)size) != 0)
        return hk_fail(
            error, HK_CORRUPT, "a file in it is none of the tenant's: %.100s", record->name);
    return hk_backup_files_add(&f->stage->files, record->name, record->data, record->size, error);
}

static enum hk_status take_all(
    struct filling *f, struct hk_move_reader *reader, struct hk_error *error)
{
    struct hk_move_record record = {.part = HK_MOVE_ENTRY};
    enum hk_status status = HK_OK;

    while (status == HK_OK && record.part != HK_MOVE_END) {
        status = hk_move_read(reader, &record, error);
        if (status != HK_OK)
            return status;
        if (record.part == HK_MOVE_ENTRY)
            status = take_entry(f, &record, error);
        else if (record.part == HK_MOVE_CHECKPOINT)
            status = take_checkpoint(f, &record, error);
        else if (record.part == HK_MOVE_FILE)
            status = take_file(f, &record, error);
    }
    return status;
}

static enum hk_status put_tree(struct filling *f, struct hk_error *error)
{
    uint8_t packed[HK_MERKLE_PACKED_SIZE_MAX];
    size_t size = hk_merkle_pack(&f->stage->tree, packed);
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(
        f->db, "INSERT INTO tree(tenant, size, frontier) VALUES(?1, ?2, ?3)", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(
            stmt, error, "iib", (int64_t)f->number, (int64_t)f->stage->tree.size, packed, size);
    if (status == HK_OK)
        status = run(stmt, error);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status fill(struct filling *f, struct hk_move_reader *reader, struct hk_error *error)
{
    enum hk_status status = hk_store_exec(f->db, "BEGIN IMMEDIATE", error);

    if (status == HK_OK)
        status = hk_stmt_prepare(f->db,
            "INSERT INTO entry(pos, line, salt, payload) VALUES(?1, ?2, ?3, ?4)", &f->put_entry,
            error);
    if (status == HK_OK)
        status = hk_node_prepare_put(f->db, &f->put_node, error);
    if (status == HK_OK)
        status = hk_stmt_prepare(f->db,
            "INSERT INTO checkpoint(tenant, size, time_us, note) VALUES(?1, ?2, ?3, ?4)",
            &f->put_checkpoint, error);
    if (status == HK_OK)
        status = take_all(f, reader, error);
    if (status == HK_OK)
        status = put_tree(f, error);
    if (status == HK_OK)
        status = hk_store_exec(f->db, "COMMIT", error);
    hk_stmt_free(f->put_entry);
    hk_stmt_free(f->put_node);
    hk_stmt_free(f->put_checkpoint);
    return status;
}

enum hk_status hk_stage_fill(const struct hk_move_options *options, struct hk_move_reader *reader,
    hk_tenant number, const struct hk_key *key, struct hk_stage *stage, struct hk_error *error)
{
    struct filling f = {.stage = stage, .options = options, .key = key, .number = number};
    enum hk_status status;

    memset(stage, 0, sizeof(*stage));
    hk_merkle_init(&stage->tree);
    stage->head = *hk_move_reader_head(reader);
    if (snprintf(stage->folder, sizeof(stage->folder), "%s/" FOLDER, options->data_dir) >=
        (int)sizeof(stage->folder)) {
        stage->folder[0] = '\0';
        return hk_fail(error, HK_INVALID, "the folder's path is too long");
    }
    hk_move_sweep(options->data_dir);
    status = hk_file_make_folder(stage->folder, error);
    if (status == HK_OK)
        status = hk_store_open_writer(stage->folder, false, NULL, &f.db, error);
    if (status == HK_OK)
        status = fill(&f, reader, error);
    hk_db_close(f.db);
    if (status == HK_OK)
        status = hk_store_open_reader(stage->folder, &stage->db, error);
    return status;
}

void hk_stage_done(struct hk_stage *stage)
{
    hk_db_close(stage->db);
    hk_backup_files_done(&stage->files);
}

/* --- judging --- */

/* As `audit verify` would. */
static enum hk_status verify(
    struct hk_stage *stage, const struct hk_move_options *options, struct hk_error *error)
{
    const struct hk_audit_options audit = {.data_dir = stage->folder,
        .tenant = stage->head.tenant,
        .checkpoint_text = options->checkpoint_text,
        .progress = options->progress,
        .progress_ctx = options->progress_ctx};
    struct hk_json_doc doc = {.root = NULL};
    const struct hk_json *list;
    struct hk_buf out;
    bool is_whole = false;
    enum hk_status status;

    hk_buf_init(&out, 65536);
    status = hk_audit_verify(&audit, &out, &is_whole, error);
    if (status == HK_NOT_FOUND && options->checkpoint_text == NULL)
        status = hk_fail(
            error, HK_CORRUPT, "its first entry opens the ledger of another tenant, or of none");
    if (status == HK_OK && !is_whole) {
        if (hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, NULL) == HK_OK) {
            list = hk_json_get(doc.root, "tenants");
            list = list != NULL ? list->first : NULL;
            status = hk_fail(error, HK_CORRUPT, "it is not what was signed: entry %" PRId64 ": %s",
                list != NULL ? hk_json_i64_at(list, "seq", 0) : 0,
                list != NULL ? hk_json_string_at(list, "problem", "") : "");
        } else {
            status = hk_fail(error, HK_CORRUPT, "it is not what was signed");
        }
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    return status;
}

/* The entry so many before the end. */
static enum hk_status read_from_end(struct hk_stage *stage, hk_tenant number, uint64_t back,
    enum hk_kind kind, struct hk_buf *payload, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_entry entry;
    enum hk_status status;

    if (stage->tree.size <= back)
        return hk_fail(error, HK_CORRUPT, "its end is missing");
    status =
        hk_stmt_prepare(stage->db, "SELECT line, payload FROM entry WHERE pos = ?1", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(number, stage->tree.size - back));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK &&
        (!has_row ||
            hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, NULL) != HK_OK ||
            entry.kind != kind || hk_stmt_is_null(stmt, 1)))
        status = hk_fail(
            error, HK_CORRUPT, "it does not end with a move: %s is missing", hk_kind_text(kind));
    if (status == HK_OK) {
        hk_buf_append(payload, hk_stmt_text(stmt, 1), hk_stmt_size(stmt, 1));
        status = hk_buf_check(payload, "entry", error);
    }
    hk_stmt_free(stmt);
    return status;
}

/* Does the last entry name another key than ours? What can't be read is for verify. */
static enum hk_status check_key(
    const char *payload, size_t size, const struct hk_key *key, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    struct hk_verifier verifier;
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    bool is_other;

    hk_key_public(key, public_key);
    is_other =
        hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) == HK_OK &&
        hk_verifier_parse(hk_json_string_at(doc.root, "key", ""), &verifier, NULL) == HK_OK &&
        memcmp(verifier.public_key, public_key, sizeof(public_key)) != 0;
    hk_json_doc_done(&doc);
    return !is_other ? HK_OK
                     : hk_fail(error, HK_DENIED,
                           "it is for another key than this folder's, which was replaced meanwhile:"
                           " move the tenant out again, to what `hikeshi tenant place` prints now");
}

static enum hk_status check_files(const struct hk_stage *stage, struct hk_error *error)
{
    uint8_t digest[HK_SHA256_SIZE];
    char hex[HK_SHA256_HEX_SIZE];

    hk_backup_files_digest(&stage->files, digest);
    hk_hex(digest, sizeof(digest), hex);
    return strcmp(hex, stage->moved.files) == 0
               ? HK_OK
               : hk_fail(error, HK_CORRUPT,
                     "what the plugins kept is not what the tenant was moved out with");
}

enum hk_status hk_stage_check(struct hk_stage *stage, const struct hk_move_options *options,
    hk_tenant number, const struct hk_key *key, struct hk_error *error)
{
    const struct hk_move_head *head = &stage->head;
    struct hk_buf payload;
    enum hk_status status;

    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    status = read_from_end(stage, number, 1, HK_KIND_KEY_ROTATED, &payload, error);
    if (status == HK_OK)
        status = check_key(payload.data, payload.size, key, error);
    if (status == HK_OK)
        status = verify(stage, options, error);
    hk_buf_clear(&payload);
    if (status == HK_OK)
        status = read_from_end(stage, number, 2, HK_KIND_LEDGER_MOVED_OUT, &payload, error);
    if (status == HK_OK)
        status = hk_moved_parse(payload.data, payload.size, &stage->moved, error);
    if (status == HK_OK &&
        (strcmp(head->move, stage->moved.move) != 0 || strcmp(head->from, stage->moved.from) != 0 ||
            strcmp(head->to, stage->moved.to) != 0))
        status = hk_fail(error, HK_CORRUPT, "its head is not that of the move that it ends with");
    if (status == HK_OK)
        status = check_files(stage, error);
    hk_buf_done(&payload);
    return status;
}
