/*
 * move_out: close a tenant, and write it to a file; see move.h.
 */
#include "ledger/move_place.h"

#include "base/crashpoint.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/keychain.h"
#include "ledger/move_file.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTIAL ".partial"
#define PROGRESS_ENTRIES 4096
/* Beside the ledger: the old key's word for the next one, by that one's text. Kept, since the old
 * key may be replaced here before the file is written again. */
#define SHELF "ledger-move"

struct leaving {
    const struct hk_move_options *options;
    struct hk_appender *appender;
    struct hk_append_tenant *tenant;
    struct hk_place place;
    struct hk_backup_files files;
    struct hk_moved moved;
    struct hk_write *write; /* what is appended */
    FILE *file;
};

/* --- closing --- */

static enum hk_status append(struct leaving *l, enum hk_kind kind, const char *subject,
    struct hk_buf *payload, struct hk_error *error)
{
    size_t size = 0;
    char *text;
    enum hk_status status = hk_buf_check(payload, hk_kind_text(kind), error);

    if (status != HK_OK)
        return status;
    text = hk_buf_take(payload, &size);
    hk_write_drop_ops(l->write);
    status = hk_write_add(
        l->write, l->tenant->number, kind, subject, "tool", hk_time_wall_us(), text, size, error);
    return status == HK_OK ? hk_append_write(l->appender, l->write, error) : status;
}

/* Tokens stay behind, and the record says so. */
static enum hk_status revoke_tokens(struct leaving *l, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_buf payload;
    enum hk_status status = hk_stmt_prepare(l->appender->db,
        "SELECT id FROM token WHERE tenant = ?1 AND state = 'active' ORDER BY id", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)l->tenant->number);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        char id[HK_ID_SIZE];

        hk_stmt_copy(stmt, 0, id, sizeof(id));
        hk_buf_init(&payload, 256);
        hk_buf_append_text(&payload, "{\"reason\":\"the tenant was moved out\"}");
        status = append(l, HK_KIND_TOKEN_REVOKED, id, &payload, error);
        hk_buf_done(&payload);
    }
    hk_stmt_free(stmt);
    return status;
}

/* The key of the place, under this tree's name. */
static void name_key(struct leaving *l)
{
    struct hk_verifier next;

    memcpy(next.name, l->tenant->origin, sizeof(next.name));
    memcpy(next.public_key, l->place.public_key, sizeof(next.public_key));
    hk_verifier_format(&next, l->moved.key);
}

static enum hk_status append_moved_out(struct leaving *l, struct hk_error *error)
{
    struct hk_moved *moved = &l->moved;
    uint8_t digest[HK_SHA256_SIZE];
    uint8_t root[HK_SHA256_SIZE];
    struct hk_buf base64;
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_status status;

    hk_id_new("mo", hk_time_wall_us(), moved->move);
    memcpy(moved->from, l->appender->ledger_id, sizeof(moved->from));
    memcpy(moved->to, l->place.ledger, sizeof(moved->to));
    name_key(l);
    hk_backup_files_digest(&l->files, digest);
    hk_hex(digest, sizeof(digest), moved->files);
    moved->size = l->tenant->tree.size;
    hk_merkle_root(&l->tenant->tree, root);
    hk_buf_init(&base64, 64);
    hk_base64(root, sizeof(root), &base64);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "move", moved->move);
    hk_jw_kv(&jw, "from", moved->from);
    hk_jw_kv(&jw, "to", moved->to);
    hk_jw_kv(&jw, "key", moved->key);
    hk_jw_kv_i64(&jw, "size", (int64_t)moved->size);
    hk_jw_kv(&jw, "root", base64.data);
    hk_jw_kv(&jw, "files", moved->files);
    hk_jw_object_end(&jw);
    status = append(l, HK_KIND_LEDGER_MOVED_OUT, HK_MOVE_SUBJECT, &payload, error);
    hk_buf_done(&payload);
    hk_buf_done(&base64);
    return status;
}

/* What lets somebody in, or says how far something was read here, is of no use any more. */
static enum hk_status drop_side_tables(struct leaving *l, struct hk_error *error)
{
    static const char *const statements[] = {"DELETE FROM token_hash WHERE tenant = ?1",
        "DELETE FROM credential WHERE tenant = ?1", "DELETE FROM answer WHERE tenant = ?1",
        "DELETE FROM cursor WHERE tenant = ?1"};
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && status == HK_OK; i++) {
        sqlite3_stmt *stmt = NULL;
        bool has_row;

        status = hk_stmt_prepare(l->appender->db, statements[i], &stmt, error);
        if (status == HK_OK)
            status = hk_stmt_bind(stmt, error, "i", (int64_t)l->tenant->number);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, error);
        hk_stmt_free(stmt);
    }
    return status;
}

/* --- the first entry of the other side, which this side has to sign --- */

struct handover {
    uint8_t salt[HK_SALT_SIZE];
    char line[HK_ENTRY_LINE_SIZE];
    size_t line_size;
    struct hk_buf payload;
};

static enum hk_status write_rotated(
    struct leaving *l, struct handover *handover, struct hk_error *error)
{
    struct hk_verifier before;
    char from[HK_KEY_ID_TEXT_SIZE];
    struct hk_keychain chain;
    struct hk_jw jw;
    enum hk_status status;

    hk_keychain_init(&chain);
    status = hk_keychain_load(l->appender->db, l->tenant->number, &chain, error);
    if (status == HK_OK) {
        before = hk_keychain_last(&chain)->verifier;
        hk_verifier_id(&before, from);
        hk_jw_init(&jw, &handover->payload);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "key", l->moved.key);
        hk_jw_kv(&jw, "from", from);
        hk_jw_kv(&jw, "reason", "the tenant was moved");
        hk_jw_object_end(&jw);
        status = hk_buf_check(&handover->payload, "key.rotated", error);
    }
    hk_keychain_done(&chain);
    return status;
}

/* It follows from ledger.moved_out, byte for byte, so that it is the same each time. */
static enum hk_status make_handover(
    struct leaving *l, struct handover *handover, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_entry entry;
    enum hk_status status = hk_stmt_prepare(
        l->appender->db, "SELECT line, salt FROM entry WHERE pos = ?1", &stmt, error);

    hk_buf_init(&handover->payload, HK_PAYLOAD_SIZE_MAX);
    if (status == HK_OK)
        status =
            hk_stmt_bind(stmt, error, "i", HK_POS(l->tenant->number, l->tenant->tree.size - 1));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK &&
        (!has_row || hk_stmt_size(stmt, 1) != HK_SALT_SIZE ||
            hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, NULL) != HK_OK ||
            entry.kind != HK_KIND_LEDGER_MOVED_OUT))
        status = hk_fail(error, HK_CORRUPT,
            "ledger.moved_out of %s can't be read; see audit verify", l->tenant->name);
    if (status == HK_OK)
        status = write_rotated(l, handover, error);
    if (status == HK_OK) {
        const struct hk_bytes parts[] = {
            {"key.rotated", sizeof("key.rotated")}, {hk_stmt_blob(stmt, 1), HK_SALT_SIZE}};

        hk_sha256(parts, 2, handover->salt);
        entry.seq++;
        entry.kind = HK_KIND_KEY_ROTATED;
        (void)hk_copy_text(entry.subject, sizeof(entry.subject), HK_KEY_SUBJECT);
        hk_entry_commit(
            handover->salt, handover->payload.data, handover->payload.size, entry.commitment);
        handover->line_size = hk_entry_format(&entry, handover->line);
    }
    hk_stmt_free(stmt);
    return status;
}

/* Sign the tree with that entry in it, while the key is here. */
static enum hk_status sign_handover(struct leaving *l, struct hk_error *error)
{
    struct hk_merkle tree = l->tenant->tree;
    struct handover handover;
    uint8_t hash[HK_SHA256_SIZE];
    struct hk_buf note;
    sqlite3_stmt *stmt = NULL;
    bool has_row;
    enum hk_status status = make_handover(l, &handover, error);

    hk_buf_init(&note, HK_NOTE_SIZE_MAX);
    if (status == HK_OK) {
        hk_merkle_leaf(handover.line, handover.line_size, hash);
        hk_merkle_append(&tree, hash);
        hk_merkle_root(&tree, hash);
        status = hk_note_sign(l->appender->key, l->tenant->origin, tree.size, hash, &note, error);
    }
    if (status == HK_OK)
        status = hk_stmt_prepare(l->appender->db,
            "INSERT INTO cursor(tenant, source, key, value, time_us)"
            " VALUES(?1, '" SHELF "', ?2, ?3, ?4)",
            &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "itti", (int64_t)l->tenant->number, l->moved.key,
            note.data, l->tenant->last_time_us);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    hk_stmt_free(stmt);
    hk_buf_done(&note);
    hk_buf_done(&handover.payload);
    return status;
}

/* One transaction; after it nothing is appended to this tenant here. */
static enum hk_status close_tenant(struct leaving *l, struct hk_error *error)
{
    enum hk_status status = hk_append_begin(l->appender, error);

    if (status == HK_OK)
        status = revoke_tokens(l, error);
    if (status == HK_OK)
        status = append_moved_out(l, error);
    if (status == HK_OK)
        status = drop_side_tables(l, error);
    if (status == HK_OK)
        status = sign_handover(l, error);
    hk_crashpoint("move.closing");
    if (status == HK_OK)
        status = hk_append_commit(l->appender, true, error);
    hk_crashpoint("move.closed");
    return status;
}

/* The place has another key than when the tenant was closed. The key that it was closed with has to
 * speak for that one, too, and can as long as it is here. */
static enum hk_status sign_again(struct leaving *l, struct hk_error *error)
{
    struct hk_keychain chain;
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    enum hk_status status;

    hk_keychain_init(&chain);
    status = hk_keychain_load(l->appender->db, l->tenant->number, &chain, error);
    hk_key_public(l->appender->key, public_key);
    if (status == HK_OK &&
        memcmp(hk_keychain_last(&chain)->verifier.public_key, public_key, sizeof(public_key)) != 0)
        status = hk_fail(error, HK_CONFLICT,
            "the keys of both folders were replaced since %s was moved out: nobody can speak for"
            " the other one's any more",
            l->tenant->name);
    hk_keychain_done(&chain);
    if (status == HK_OK)
        status = hk_append_begin(l->appender, error);
    if (status == HK_OK)
        status = sign_handover(l, error);
    return status == HK_OK ? hk_append_commit(l->appender, false, error) : status;
}

static enum hk_status ensure_handover(struct leaving *l, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(l->appender->db,
        "SELECT 1 FROM cursor WHERE tenant = ?1 AND source = '" SHELF "' AND key = ?2", &stmt,
        error);

    name_key(l);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)l->tenant->number, l->moved.key);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    hk_stmt_free(stmt);
    return status == HK_OK && !has_row ? sign_again(l, error) : status;
}

/* Closed before: it can go nowhere else. */
static enum hk_status check_closed(struct leaving *l, struct hk_error *error)
{
    uint8_t digest[HK_SHA256_SIZE];
    char hex[HK_SHA256_HEX_SIZE];
    enum hk_status status = hk_moved_read(l->appender->db, l->tenant->number, &l->moved, error);

    if (status != HK_OK)
        return status;
    if (strcmp(l->moved.to, l->place.ledger) != 0)
        return hk_fail(error, HK_CONFLICT,
            "%s was moved out to hikeshi/%s already, and can go nowhere else", l->tenant->name,
            l->moved.to);
    hk_backup_files_digest(&l->files, digest);
    hk_hex(digest, sizeof(digest), hex);
    if (strcmp(hex, l->moved.files) != 0)
        return hk_fail(error, HK_CONFLICT,
            "what the plugins of %s keep has changed since it was moved out", l->tenant->name);
    return ensure_handover(l, error);
}

/* --- writing --- */

static enum hk_status write_entries(
    struct leaving *l, struct hk_move_record *record, struct hk_error *error)
{
    const struct hk_move_options *options = l->options;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    uint64_t done = 0;
    enum hk_status status = hk_stmt_prepare(l->appender->db,
        "SELECT line, salt, payload FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos", &stmt,
        error);

    if (status == HK_OK)
        status = hk_stmt_bind(
            stmt, error, "ii", HK_POS(l->tenant->number, 0), HK_POS(l->tenant->number + 1, 0));
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        *record = (struct hk_move_record){.part = HK_MOVE_ENTRY,
            .line = hk_stmt_text(stmt, 0),
            .line_size = hk_stmt_size(stmt, 0),
            .data = hk_stmt_text_or_null(stmt, 2),
            .size = hk_stmt_size(stmt, 2)};
        if (record->data != NULL && hk_stmt_size(stmt, 1) == HK_SALT_SIZE)
            record->salt = hk_stmt_blob(stmt, 1);
        hk_move_write(l->file, record);
        if (options->progress != NULL && ++done % PROGRESS_ENTRIES == 0)
            options->progress(options->progress_ctx, done, l->tenant->tree.size);
    }
    hk_stmt_free(stmt);
    return status;
}

/* Those of the ledger, and the handover at their end. */
static enum hk_status write_checkpoints(
    struct leaving *l, struct hk_move_record *record, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(l->appender->db,
        "SELECT note, 0, size FROM checkpoint WHERE tenant = ?1 UNION ALL"
        " SELECT value, 1, 0 FROM cursor WHERE tenant = ?1 AND source = '" SHELF "'"
        " AND key = ?2 ORDER BY 2, 3",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "it", (int64_t)l->tenant->number, l->moved.key);
    while (status == HK_OK && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK && has_row) {
        *record = (struct hk_move_record){.part = HK_MOVE_CHECKPOINT,
            .data = hk_stmt_text(stmt, 0),
            .size = hk_stmt_size(stmt, 0)};
        hk_move_write(l->file, record);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status count_checkpoints(
    struct leaving *l, uint64_t *ret_count, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(
        l->appender->db, "SELECT count(*) FROM checkpoint WHERE tenant = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)l->tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_count = (uint64_t)hk_stmt_i64(stmt, 0) + 1;
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status write_head(struct leaving *l, struct hk_error *error)
{
    struct hk_move_head head = {.entries = l->tenant->tree.size + 1};
    enum hk_status status = count_checkpoints(l, &head.checkpoints, error);

    memcpy(head.move, l->moved.move, sizeof(head.move));
    memcpy(head.tenant, l->tenant->name, sizeof(head.tenant));
    memcpy(head.from, l->moved.from, sizeof(head.from));
    memcpy(head.to, l->moved.to, sizeof(head.to));
    for (const struct hk_backup_file *file = l->files.first; file != NULL; file = file->next)
        head.files++;
    return status == HK_OK ? hk_move_write_head(l->file, &head, error) : status;
}

static enum hk_status write_all(struct leaving *l, struct hk_error *error)
{
    struct hk_move_record record;
    struct handover handover;
    enum hk_status status = make_handover(l, &handover, error);

    if (status == HK_OK)
        status = write_head(l, error);
    if (status == HK_OK)
        status = write_entries(l, &record, error);
    if (status == HK_OK) {
        record = (struct hk_move_record){.part = HK_MOVE_ENTRY,
            .line = handover.line,
            .line_size = handover.line_size,
            .salt = handover.salt,
            .data = handover.payload.data,
            .size = handover.payload.size};
        hk_move_write(l->file, &record);
        status = write_checkpoints(l, &record, error);
    }
    hk_buf_done(&handover.payload);
    for (const struct hk_backup_file *file = l->files.first; file != NULL && status == HK_OK;
         file = file->next) {
        record = (struct hk_move_record){.part = HK_MOVE_FILE,
            .name = file->name,
            .data = file->content != NULL ? file->content : "",
            .size = file->size};
        hk_move_write(l->file, &record);
    }
    record = (struct hk_move_record){.part = HK_MOVE_END};
    if (status == HK_OK)
        hk_move_write(l->file, &record);
    return status;
}

static enum hk_status write_file(struct leaving *l, struct hk_error *error)
{
    char partial[PATH_MAX];
    enum hk_status status;
    int fd;

    if (snprintf(partial, sizeof(partial), "%s" PARTIAL, l->options->file) >= (int)sizeof(partial))
        return hk_fail(error, HK_INVALID, "the file's path is too long");
    (void)unlink(partial); /* of one that was cut off */
    fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    l->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (l->file == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return hk_fail(error, HK_IO, "cannot make %s: %s", partial, strerror(errno));
    }
    status = write_all(l, error);
    if (status == HK_OK && (fflush(l->file) != 0 || ferror(l->file) || fsync(fd) != 0))
        status = hk_fail(error, HK_IO, "cannot write %s: %s", partial, strerror(errno));
    if (fclose(l->file) != 0 && status == HK_OK)
        status = hk_fail(error, HK_IO, "cannot write %s: %s", partial, strerror(errno));
    hk_crashpoint("move.written");
    if (status == HK_OK)
        status = hk_file_publish(partial, l->options->file, error);
    else
        (void)unlink(partial);
    return status;
}

/* --- all of it --- */

/* Everything that can be refused, before anything is changed. */
static enum hk_status check(struct leaving *l, struct hk_error *error)
{
    const struct hk_move_options *options = l->options;
    unsigned count = 0;
    enum hk_status status = hk_place_parse(options->place, &l->place, error);

    if (status != HK_OK)
        return status;
    if (strcmp(l->place.ledger, l->appender->ledger_id) == 0)
        return hk_fail(error, HK_INVALID, "that place is this very folder");
    if (access(options->file, F_OK) == 0)
        return hk_fail(error, HK_CONFLICT, "%s is there already", options->file);
    l->tenant = hk_move_find(l->appender, options->tenant);
    if (l->tenant == NULL)
        return hk_fail(error, HK_NOT_FOUND, "there is no tenant %s", options->tenant);
    status = hk_backup_files_read_tenant(options->data_dir, options->tenant, &l->files, error);
    for (const struct hk_backup_file *file = l->files.first; file != NULL && status == HK_OK;
         file = file->next)
        if (++count > HK_MOVE_FILES_MAX)
            status = hk_fail(error, HK_LIMIT, "the plugins of %s keep more than %d files",
                options->tenant, HK_MOVE_FILES_MAX);
        else if (!hk_move_name_is_good(file->name))
            status = hk_fail(
                error, HK_INVALID, "%.200s: a file of this name can't be moved", file->name);
    return status;
}

enum hk_status hk_move_out(const struct hk_move_options *options, struct hk_move_result *ret_result,
    struct hk_error *error)
{
    struct leaving l = {.options = options, .write = hk_write_new()};
    struct hk_move_desk desk;
    enum hk_status status = hk_move_desk_open(options->data_dir, &desk, error);

    l.appender = desk.appender;
    if (status == HK_OK && l.write == NULL)
        status = hk_fail(error, HK_NOMEM, "no memory for a write");
    if (status == HK_OK)
        status = check(&l, error);
    if (status == HK_OK) {
        ret_result->was_done = l.tenant->is_closed;
        status = l.tenant->is_closed ? check_closed(&l, error) : close_tenant(&l, error);
    }
    if (status == HK_OK)
        status = write_file(&l, error);
    if (status == HK_OK) {
        memcpy(ret_result->move, l.moved.move, sizeof(ret_result->move));
        memcpy(ret_result->tenant, l.tenant->name, sizeof(ret_result->tenant));
        ret_result->entries = l.tenant->tree.size;
    }
    hk_write_free(l.write);
    hk_backup_files_done(&l.files);
    hk_move_desk_done(&desk);
    return status;
}
