/*
 * prove: see prove.h.
 */
#include "ledger/prove.h"

#include "base/time.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "ledger/reader.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left of a query's time for all that follows the hashing. */
#define REST_MS (HK_READ_BUDGET_MS / 4)

struct root {
    bool is_known;
    uint8_t hash[HK_SHA256_SIZE];
};

struct tenant_roots {
    hk_tenant tenant;
    struct root *roots; /* of complete subtrees, from the left */
    size_t count;
};

struct hk_prover {
    pthread_mutex_t lock;
    struct tenant_roots *tenants;
    size_t count;
};

struct proof {
    struct hk_prover *prover;
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
    uint64_t hashed;
};

struct hk_prover *hk_prover_new(void)
{
    struct hk_prover *prover = calloc(1, sizeof(*prover));

    if (prover != NULL && pthread_mutex_init(&prover->lock, NULL) != 0) {
        free(prover);
        return NULL;
    }
    return prover;
}

void hk_prover_free(struct hk_prover *prover)
{
    if (prover == NULL)
        return;
    for (size_t i = 0; i < prover->count; i++)
        free(prover->tenants[i].roots);
    free(prover->tenants);
    (void)pthread_mutex_destroy(&prover->lock);
    free(prover);
}

/* --- what is remembered; under the lock --- */

static struct tenant_roots *roots_of(struct hk_prover *prover, hk_tenant tenant)
{
    struct tenant_roots *more;

    for (size_t i = 0; i < prover->count; i++)
        if (prover->tenants[i].tenant == tenant)
            return &prover->tenants[i];
    more = realloc(prover->tenants, (prover->count + 1) * sizeof(*more));
    if (more == NULL)
        return NULL;
    prover->tenants = more;
    prover->tenants[prover->count] = (struct tenant_roots){.tenant = tenant};
    return &prover->tenants[prover->count++];
}

/* Copy what is known of the first count subtrees. */
static void recall(struct proof *proof, struct root *roots, size_t count)
{
    const struct tenant_roots *known;

    (void)pthread_mutex_lock(&proof->prover->lock);
    known = roots_of(proof->prover, proof->tenant);
    if (known != NULL && known->count > 0)
        memcpy(roots, known->roots, (known->count < count ? known->count : count) * sizeof(*roots));
    (void)pthread_mutex_unlock(&proof->prover->lock);
}

static void remember(struct proof *proof, const struct root *roots, size_t count)
{
    struct tenant_roots *known;
    struct root *more;

    (void)pthread_mutex_lock(&proof->prover->lock);
    known = roots_of(proof->prover, proof->tenant);
    if (known != NULL && known->count < count) {
        more = realloc(known->roots, count * sizeof(*more));
        if (more != NULL) {
            memset(more + known->count, 0, (count - known->count) * sizeof(*more));
            known->roots = more;
            known->count = count;
        }
    }
    for (size_t i = 0; known != NULL && i < known->count && i < count; i++)
        if (roots[i].is_known)
            known->roots[i] = roots[i];
    (void)pthread_mutex_unlock(&proof->prover->lock);
}

/* What doesn't lead to the root is not kept: the next question reads all of it again. */
static void forget(struct proof *proof)
{
    struct tenant_roots *known;

    (void)pthread_mutex_lock(&proof->prover->lock);
    known = roots_of(proof->prover, proof->tenant);
    if (known != NULL && known->count > 0)
        memset(known->roots, 0, known->count * sizeof(*known->roots));
    (void)pthread_mutex_unlock(&proof->prover->lock);
}

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
    (void)sqlite3_finalize(stmt);
    return status;
}

/* False: there is none, or it isn't signed by the ledger's key, and that is the answer. */
static enum hk_status read_checkpoint(struct proof *proof, bool *ret_is_good)
{
    struct hk_verifier verifier;
    enum hk_status status =
        read_text(proof, "SELECT note FROM checkpoint WHERE tenant = ?1 ORDER BY size DESC LIMIT 1",
            proof->checkpoint, sizeof(proof->checkpoint));

    if (status == HK_OK)
        status = read_text(
            proof, "SELECT key FROM tenant WHERE tenant = ?1", proof->key, sizeof(proof->key));
    *ret_is_good = false;
    if (status != HK_OK)
        return status;
    if (proof->checkpoint[0] == '\0') {
        proof->state = "none";
        return HK_OK;
    }
    if (hk_note_parse(proof->checkpoint, strlen(proof->checkpoint), &proof->note, NULL) != HK_OK ||
        hk_verifier_parse(proof->key, &verifier, NULL) != HK_OK ||
        strcmp(proof->note.origin, verifier.name) != 0 ||
        hk_note_verify(proof->checkpoint, &proof->note, &verifier, NULL) != HK_OK) {
        proof->state = "wrong";
        proof->problem = "signature";
        return HK_OK;
    }
    *ret_is_good = true;
    return HK_OK;
}

/* --- the shown entries --- */

/* The entry at a row (line, salt, payload): is its payload the one that its line commits to? */
static bool is_committed(sqlite3_stmt *stmt, uint64_t seq)
{
    uint8_t commitment[HK_SHA256_SIZE];
    struct hk_entry entry;

    if (hk_entry_parse(
            hk_stmt_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), &entry, NULL) != HK_OK ||
        entry.seq != seq)
        return false;
    if (sqlite3_column_bytes(stmt, 1) != HK_SALT_SIZE || sqlite3_column_text(stmt, 2) == NULL)
        return false;
    hk_entry_commit(sqlite3_column_blob(stmt, 1), sqlite3_column_text(stmt, 2),
        (size_t)sqlite3_column_bytes(stmt, 2), commitment);
    return memcmp(commitment, entry.commitment, sizeof(commitment)) == 0;
}

static enum hk_status check_shown(struct proof *proof)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(proof->reading->db,
        "SELECT line, salt, payload FROM entry WHERE pos = ?1", &stmt, proof->error);

    for (size_t i = 0; i < proof->count && status == HK_OK; i++) {
        bool has_row = false;
        status = hk_stmt_bind(stmt, proof->error, "i", HK_POS(proof->tenant, proof->seqs[i]));
        if (status == HK_OK)
            status = hk_stmt_step(stmt, &has_row, proof->error);
        if (status == HK_OK && has_row) {
            hk_merkle_leaf(
                hk_stmt_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), proof->leaves[i]);
            proof->is_there[i] = true;
        }
        if (status == HK_OK && proof->problem == NULL &&
            (!has_row || !is_committed(stmt, proof->seqs[i]))) {
            proof->state = "wrong";
            proof->problem = "payload";
            proof->bad_seq = proof->seqs[i];
        }
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* --- the tree --- */

/* Hash the lines from first on into a tree of its own. What is missing makes another root, and so a
 * proof that fails. */
static enum hk_status hash_lines(
    struct proof *proof, uint64_t first, uint64_t count, struct hk_merkle *tree)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(proof->reading->db,
        "SELECT line FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos", &stmt, proof->error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, proof->error, "ii", HK_POS(proof->tenant, first),
            HK_POS(proof->tenant, first + count));
    while (status == HK_OK) {
        uint8_t leaf[HK_SHA256_SIZE];
        status = hk_stmt_step(stmt, &has_row, proof->error);
        if (status != HK_OK || !has_row)
            break;
        hk_merkle_leaf(hk_stmt_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), leaf);
        hk_merkle_append(tree, leaf);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static bool holds_shown(const struct proof *proof, size_t subtree)
{
    for (size_t i = 0; i < proof->count; i++)
        if (proof->seqs[i] / HK_PROVE_LEAVES == subtree)
            return true;
    return false;
}

static bool is_time_up(const struct proof *proof)
{
    return proof->reading->deadline_ms != 0 &&
           hk_time_monotonic_ms() > proof->reading->deadline_ms - REST_MS;
}

/* The roots of the complete subtrees. False: the time was up before all were known. */
static enum hk_status hash_subtrees(
    struct proof *proof, struct root *roots, size_t count, bool *ret_is_done)
{
    enum hk_status status = HK_OK;
    size_t known = 0;

    recall(proof, roots, count);
    for (size_t i = 0; i < count && status == HK_OK; i++) {
        struct hk_merkle tree;
        if (roots[i].is_known && !holds_shown(proof, i)) {
            known++;
            continue;
        }
        if (is_time_up(proof))
            break;
        hk_merkle_init(&tree);
        status = hash_lines(proof, i * HK_PROVE_LEAVES, HK_PROVE_LEAVES, &tree);
        if (status == HK_OK && tree.size == HK_PROVE_LEAVES) {
            hk_merkle_root(&tree, roots[i].hash);
            roots[i].is_known = true;
        } else if (status == HK_OK) {
            memset(roots[i].hash, 0, sizeof(roots[i].hash)); /* entries are missing here */
        }
        known++;
    }
    if (status == HK_OK)
        remember(proof, roots, count);
    proof->hashed = known * HK_PROVE_LEAVES;
    *ret_is_done = known == count;
    return status;
}

static enum hk_status check_root(struct proof *proof)
{
    size_t count = (size_t)(proof->note.size / HK_PROVE_LEAVES);
    struct root *roots = calloc(count + 1, sizeof(*roots));
    uint8_t root[HK_SHA256_SIZE];
    struct hk_merkle tree;
    bool is_done = false;
    enum hk_status status;

    if (roots == NULL)
        return hk_fail(proof->error, HK_NOMEM, "ledger: out of memory");
    hk_merkle_init(&tree);
    status = hash_subtrees(proof, roots, count, &is_done);
    for (size_t i = 0; i < count && status == HK_OK && is_done; i++)
        hk_merkle_append_subtree(&tree, HK_PROVE_LEVEL, roots[i].hash);
    if (status == HK_OK && is_done)
        status = hash_lines(proof, tree.size, proof->note.size - tree.size, &tree);
    free(roots);
    if (status != HK_OK)
        return status;
    if (!is_done) {
        proof->state = "unfinished";
        return HK_OK;
    }
    proof->hashed = tree.size;
    hk_merkle_root(&tree, root);
    if (tree.size == proof->note.size && memcmp(root, proof->note.root, sizeof(root)) == 0) {
        proof->state = "verified";
    } else {
        proof->state = "wrong";
        proof->problem = "root";
        forget(proof);
    }
    return HK_OK;
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
    hk_jw_kv_i64(&jw, "hashed", (int64_t)proof->hashed);
    hk_jw_kv_bool(&jw, "has_later", has_later);
    hk_jw_kv(&jw, "checkpoint", proof->checkpoint[0] != '\0' ? proof->checkpoint : NULL);
    hk_jw_kv(&jw, "key", proof->key);
    write_leaves(proof, &jw);
    hk_jw_object_end(&jw);
}

enum hk_status hk_prove(struct hk_prover *prover, struct hk_reading *reading, hk_tenant tenant,
    const uint64_t *seqs, size_t count, struct hk_buf *out, struct hk_error *error)
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
    proof->prover = prover;
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
