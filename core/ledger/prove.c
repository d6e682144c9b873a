/*
 * prove: see prove.h.
 */
#include "ledger/prove.h"

#include "ledger/keychain.h"
#include "ledger/node.h"
#include "ledger/note.h"
#include "ledger/reader.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one row of the smallest blocks stands for. */
#define BLOCK (UINT64_C(1) << HK_MERKLE_BLOCK_LEVELS)

struct proof {
    struct hk_reading *reading;
    hk_tenant tenant;
    const uint64_t *seqs;
    size_t count;
    struct hk_error *error;
    char checkpoint[HK_NOTE_SIZE_MAX];
    char key[HK_VERIFIER_KEY_SIZE];
    struct hk_note note;
    uint8_t leaves[HK_PROVE_ENTRIES_MAX][HK_SHA256_SIZE];
    bool is_there[HK_PROVE_ENTRIES_MAX];
    const char *state;
    const char *problem;
    uint64_t bad_seq;
};

/* --- the checkpoint --- */

static enum hk_status read_text(
    struct proof *proof, const char *sql, char *ret_text, size_t capacity)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(proof->reading->db, sql, &stmt, proof->error);

    ret_text[0] = '\0';
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, proof->error, "i", (int64_t)proof->tenant);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, proof->error);
    if (status == HK_OK && has_row)
        hk_stmt_copy(stmt, 0, ret_text, capacity);
    hk_stmt_free(stmt);
    return status;
}

/* False: there is none, or it isn't signed by the key in force, and that is the answer. */
static enum hk_status read_checkpoint(struct proof *proof, bool *ret_is_good)
{
    struct hk_keychain chain;
    enum hk_status status =
        read_text(proof, "SELECT note FROM checkpoint WHERE tenant = ?1 ORDER BY size DESC LIMIT 1",
            proof->checkpoint, sizeof(proof->checkpoint));

    *ret_is_good = false;
    hk_keychain_init(&chain);
    if (status == HK_OK)
        status = hk_keychain_load(proof->reading->db, proof->tenant, &chain, proof->error);
    if (status == HK_OK)
        hk_verifier_format(&hk_keychain_last(&chain)->verifier, proof->key);
    if (status == HK_OK && proof->checkpoint[0] == '\0') {
        proof->state = "none";
    } else if (status == HK_CORRUPT || /* what it tells of keys can't be right */
               (status == HK_OK && (hk_note_parse(proof->checkpoint, strlen(proof->checkpoint),
                                        &proof->note, NULL) != HK_OK ||
                                       hk_keychain_check(&chain, proof->checkpoint, &proof->note,
                                           NULL) != HK_OK))) {
        proof->state = "wrong";
        proof->problem = "signature";
        status = HK_OK;
    } else {
        *ret_is_good = status == HK_OK;
    }
    hk_keychain_done(&chain);
    return status;
}

/* --- the shown entries --- */

/* The entry at a row (line, salt, payload, is_erased): is its payload the one that its line commits
 * to, or gone by word of the record? */
static bool is_committed(sqlite3_stmt *stmt, uint64_t seq)
{
    uint8_t commitment[HK_SHA256_SIZE];
    struct hk_entry entry;

    if (hk_entry_parse(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), &entry, NULL) != HK_OK ||
        entry.seq != seq)
        return false;
    if (hk_stmt_is_null(stmt, 1) && hk_stmt_is_null(stmt, 2))
        return hk_stmt_bool(stmt, 3);
    if (hk_stmt_size(stmt, 1) != HK_SALT_SIZE || hk_stmt_text_or_null(stmt, 2) == NULL)
        return false;
    hk_entry_commit(
        hk_stmt_blob(stmt, 1), hk_stmt_text_or_null(stmt, 2), hk_stmt_size(stmt, 2), commitment);
    return memcmp(commitment, entry.commitment, sizeof(commitment)) == 0;
}

static enum hk_status check_shown(struct proof *proof)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(proof->reading->db,
        "SELECT line, salt, payload, EXISTS(SELECT 1 FROM erased WHERE tenant = ?2 AND seq = ?3)"
        " FROM entry WHERE pos = ?1",
        &stmt, proof->error);

    for (size_t i = 0; i < proof->count && status == HK_OK; i++) {
        bool has_row = false;
        status = hk_stmt_bind(stmt, proof->error, "iii", HK_POS(proof->tenant, proof->seqs[i]),
            (int64_t)proof->tenant, (int64_t)proof->seqs[i]);
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, proof->error);
        if (status == HK_OK && has_row) {
            hk_merkle_leaf(hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), proof->leaves[i]);
            proof->is_there[i] = true;
        }
        if (status == HK_OK && proof->problem == NULL &&
            (!has_row || !is_committed(stmt, proof->seqs[i]))) {
            proof->state = "wrong";
            proof->problem = "payload";
            proof->bad_seq = proof->seqs[i];
        }
        hk_stmt_reset(stmt);
    }
    hk_stmt_free(stmt);
    return status;
}

/* --- the tree --- */

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* The tree that the checkpoint covers: lines where shown entries are, blocks between them. */
static enum hk_status build_tree(struct proof *proof, struct hk_merkle *tree)
{
    const struct hk_node_source source = {.db = proof->reading->db, .tenant = proof->tenant};
    uint64_t seqs[HK_PROVE_ENTRIES_MAX];
    uint64_t size = proof->note.size;
    enum hk_status status = HK_OK;

    memcpy(seqs, proof->seqs, proof->count * sizeof(*seqs));
    qsort(seqs, proof->count, sizeof(*seqs), compare);
    for (size_t i = 0; i < proof->count && status == HK_OK; i++) {
        uint64_t first = seqs[i] / BLOCK * BLOCK;

        if (first < tree->size || first >= size)
            continue; /* read with the one before, or newer */
        status = hk_node_read(&source, tree->size, first - tree->size, false, tree, proof->error);
        if (status == HK_OK)
            status = hk_node_read(&source, first, size - first < BLOCK ? size - first : BLOCK, true,
                tree, proof->error);
    }
    if (status == HK_OK)
        status = hk_node_read(&source, tree->size, size - tree->size, false, tree, proof->error);
    return status;
}

static enum hk_status check_root(struct proof *proof)
{
    struct hk_merkle tree;
    uint8_t root[HK_SHA256_SIZE];
    enum hk_status status;

    hk_merkle_init(&tree);
    status = build_tree(proof, &tree);
    if (status == HK_OK)
        hk_merkle_root(&tree, root);
    if (status == HK_OK && memcmp(root, proof->note.root, sizeof(root)) == 0) {
        proof->state = "verified";
    } else if (status == HK_OK || status == HK_CORRUPT) { /* something is missing */
        proof->state = "wrong";
        proof->problem = "root";
        status = HK_OK;
    }
    return status;
}

/* --- the whole --- */

static void write_leaves(const struct proof *proof, struct hk_jw *jw)
{
    struct hk_buf text;
    char key[24];

    hk_buf_init(&text, 128);
    hk_jw_key(jw, "leaves");
    hk_jw_object(jw);
    for (size_t i = 0; i < proof->count; i++) {
        if (!proof->is_there[i])
            continue;
        (void)snprintf(key, sizeof(key), "%" PRIu64, proof->seqs[i]);
        hk_buf_clear(&text);
        hk_base64(proof->leaves[i], HK_SHA256_SIZE, &text);
        hk_jw_kv(jw, key, text.data);
    }
    hk_jw_object_end(jw);
    hk_buf_done(&text);
}

static void write_proof(const struct proof *proof, bool has_later, struct hk_buf *out)
{
    struct hk_jw jw;

    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "state", proof->state);
    if (proof->problem != NULL)
        hk_jw_kv(&jw, "problem", proof->problem);
    if (proof->problem != NULL && strcmp(proof->problem, "payload") == 0)
        hk_jw_kv_i64(&jw, "seq", (int64_t)proof->bad_seq);
    hk_jw_kv_i64(&jw, "size", (int64_t)proof->note.size);
    hk_jw_kv_bool(&jw, "has_later", has_later);
    hk_jw_kv(&jw, "checkpoint", proof->checkpoint[0] != '\0' ? proof->checkpoint : NULL);
    hk_jw_kv(&jw, "key", proof->key);
    write_leaves(proof, &jw);
    hk_jw_object_end(&jw);
}

enum hk_status hk_prove(struct hk_reading *reading, hk_tenant tenant, const uint64_t *seqs,
    size_t count, struct hk_buf *out, struct hk_error *error)
{
    struct proof *proof;
    bool is_good = false;
    size_t later = 0;
    enum hk_status status;

    if (count > HK_PROVE_ENTRIES_MAX)
        return hk_fail(error, HK_LIMIT, "more than %d entries at once", HK_PROVE_ENTRIES_MAX);
    proof = calloc(1, sizeof(*proof));
    if (proof == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    proof->reading = reading;
    proof->tenant = tenant;
    proof->seqs = seqs;
    proof->count = count;
    proof->error = error;
    status = read_checkpoint(proof, &is_good);
    for (size_t i = 0; i < count; i++)
        later += is_good && seqs[i] >= proof->note.size;
    if (status == HK_OK)
        status = check_shown(proof);
    if (status == HK_OK && is_good && proof->problem == NULL) {
        if (later == count && count > 0)
            proof->state = "later";
        else
            status = check_root(proof);
    }
    if (status == HK_OK) {
        write_proof(proof, later > 0, out);
        status = hk_buf_check(out, "a proof", error);
    }
    free(proof);
    return status;
}
