/*
 * prove_path: proofs for whoever keeps a checkpoint; see prove_path.h.
 */
#include "ledger/prove_path.h"

#include "base/json.h"
#include "ledger/merkle_path.h"
#include "ledger/node.h"
#include "ledger/note.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <inttypes.h>

struct signed_tree {
    char text[HK_NOTE_SIZE_MAX];
    struct hk_note note;
};

/* The checkpoint over size entries; 0: the newest. */
static enum hk_status read_checkpoint(struct hk_reading *reading, hk_tenant tenant, uint64_t size,
    struct signed_tree *ret_tree, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT note FROM checkpoint WHERE tenant = ?1 AND (?2 = 0 OR size = ?2)"
        " ORDER BY size DESC LIMIT 1",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", (int64_t)tenant, (int64_t)size);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = size == 0 ? hk_fail(error, HK_NOT_FOUND, "no checkpoint has been made yet")
                           : hk_fail(error, HK_NOT_FOUND,
                                 "there is no checkpoint over just %" PRIu64 " entries", size);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, ret_tree->text, sizeof(ret_tree->text));
        status =
            hk_note_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &ret_tree->note, error);
        if (status != HK_OK || ret_tree->note.size == 0 ||
            (size != 0 && ret_tree->note.size != size))
            status = hk_fail(error, HK_CORRUPT, "a stored checkpoint can't be read");
    }
    hk_stmt_free(stmt);
    return status;
}

/* The line in a place, and its leaf. */
static enum hk_status read_line(struct hk_reading *reading, hk_tenant tenant, uint64_t seq,
    char ret_line[HK_ENTRY_LINE_SIZE], uint8_t ret_leaf[HK_SHA256_SIZE], struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(reading->db, "SELECT line FROM entry WHERE pos = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(tenant, seq));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT,
            "ledger: number %" PRIu64 " is missing; see `hikeshi audit verify`", seq);
    if (status == HK_OK) {
        hk_merkle_leaf(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), ret_leaf);
        hk_stmt_copy(stmt, 0, ret_line, HK_ENTRY_LINE_SIZE);
    }
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status leads_elsewhere(const struct signed_tree *tree, struct hk_error *error)
{
    return hk_fail(error, HK_CORRUPT,
        "ledger: the entries are not those that the checkpoint over %" PRIu64
        " of them was signed over; see `hikeshi audit verify`",
        tree->note.size);
}

static void write_path(struct hk_jw *jw, const struct hk_merkle_path *path)
{
    struct hk_buf text;

    hk_buf_init(&text, 128);
    hk_jw_key(jw, "path");
    hk_jw_array(jw);
    for (size_t i = 0; i < path->count; i++) {
        hk_buf_clear(&text);
        hk_base64(path->hash[i], HK_SHA256_SIZE, &text);
        hk_jw_string(jw, text.data);
    }
    hk_jw_array_end(jw);
    hk_buf_done(&text);
}

enum hk_status hk_prove_inclusion(struct hk_reading *reading, hk_tenant tenant, uint64_t seq,
    uint64_t size, uint64_t *ret_size, struct hk_buf *out, struct hk_error *error)
{
    struct hk_node_source source = {.db = reading->db, .tenant = tenant};
    struct signed_tree tree;
    struct hk_merkle_path path;
    char line[HK_ENTRY_LINE_SIZE];
    uint8_t leaf[HK_SHA256_SIZE];
    struct hk_jw jw;
    enum hk_status status = read_checkpoint(reading, tenant, size, &tree, error);

    if (status == HK_OK && seq >= tree.note.size)
        status = hk_fail(error, HK_NOT_FOUND,
            "number %" PRIu64 " is not among the %" PRIu64
            " entries that the checkpoint covers; the next one is signed within a minute",
            seq, tree.note.size);
    if (status == HK_OK)
        status = read_line(reading, tenant, seq, line, leaf, error);
    if (status == HK_OK)
        status = hk_merkle_inclusion(seq, tree.note.size, hk_node_range, &source, &path, error);
    if (status == HK_OK &&
        !hk_merkle_inclusion_holds(&path, seq, tree.note.size, leaf, tree.note.root))
        status = leads_elsewhere(&tree, error);
    if (status != HK_OK)
        return status;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv_i64(&jw, "seq", (int64_t)seq);
    hk_jw_kv_i64(&jw, "size", (int64_t)tree.note.size);
    hk_jw_kv(&jw, "line", line);
    write_path(&jw, &path);
    hk_jw_kv(&jw, "checkpoint", tree.text);
    hk_jw_object_end(&jw);
    if (ret_size != NULL)
        *ret_size = tree.note.size;
    return hk_buf_check(out, "a proof", error);
}

enum hk_status hk_prove_consistency(struct hk_reading *reading, hk_tenant tenant, uint64_t from,
    uint64_t to, struct hk_buf *out, struct hk_error *error)
{
    struct hk_node_source source = {.db = reading->db, .tenant = tenant};
    struct signed_tree tree;
    struct hk_merkle_path path;
    uint8_t root[HK_SHA256_SIZE];
    struct hk_jw jw;
    enum hk_status status = read_checkpoint(reading, tenant, to, &tree, error);

    if (status == HK_OK && (from == 0 || from > tree.note.size))
        status = hk_fail(error, HK_INVALID,
            "from: expected 1 to %" PRIu64 ", the entries that the checkpoint covers",
            tree.note.size);
    if (status == HK_OK)
        status = hk_node_range(&source, 0, from, root, error);
    if (status == HK_OK)
        status = hk_merkle_consistency(from, tree.note.size, hk_node_range, &source, &path, error);
    if (status == HK_OK &&
        !hk_merkle_consistency_holds(&path, from, tree.note.size, root, tree.note.root))
        status = leads_elsewhere(&tree, error);
    if (status != HK_OK)
        return status;
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv_i64(&jw, "from", (int64_t)from);
    hk_jw_kv_i64(&jw, "to", (int64_t)tree.note.size);
    write_path(&jw, &path);
    hk_jw_kv(&jw, "checkpoint", tree.text);
    hk_jw_object_end(&jw);
    return hk_buf_check(out, "a proof", error);
}
