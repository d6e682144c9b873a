/*
 * append: entries into rows; see append.h.
 */
#include "ledger/append.h"

#include "base/text.h"
#include "ledger/append_load.h"
#include "ledger/node.h"
#include "ledger/project.h"
#include "ledger/recorded.h"
#include "ledger/rotate.h"
#include "ledger/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum hk_status hk_append_prepare(struct hk_appender *a, struct hk_error *error)
{
    static const struct {
        size_t offset;
        const char *sql;
    } fixed[] = {
        {offsetof(struct hk_appender, put_tree),
            "INSERT INTO tree(tenant, size, frontier) VALUES(?1, ?2, ?3)"
            " ON CONFLICT(tenant) DO UPDATE SET size = excluded.size,"
            " frontier = excluded.frontier"},
        {offsetof(struct hk_appender, put_checkpoint),
            "INSERT INTO checkpoint(tenant, size, time_us, note) VALUES(?1, ?2, ?3, ?4)"},
        {offsetof(struct hk_appender, put_hash),
            "INSERT INTO token_hash(tenant, id, hash) VALUES(?1, ?2, ?3)"
            " ON CONFLICT(tenant, id) DO UPDATE SET hash = excluded.hash"},
        {offsetof(struct hk_appender, drop_hash),
            "DELETE FROM token_hash WHERE tenant = ?1 AND id = ?2"},
        {offsetof(struct hk_appender, put_answer),
            /* Replaced when the one before was too old to count; as a new row, since rows are
             * pruned in their order. */
            "INSERT OR REPLACE INTO answer(tenant, actor, key, request, status, answer, time_us)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
        {offsetof(struct hk_appender, put_cursor),
            "INSERT INTO cursor(tenant, source, key, value, time_us) VALUES(?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT(tenant, source, key) DO UPDATE SET value = excluded.value,"
            " time_us = excluded.time_us"},
        {offsetof(struct hk_appender, drop_cursor),
            "DELETE FROM cursor WHERE tenant = ?1 AND source = ?2 AND key = ?3"},
        {offsetof(struct hk_appender, put_credential),
            "INSERT INTO credential(tenant, shelf, id, value) VALUES(?1, ?2, ?3, ?4)"
            " ON CONFLICT(tenant, shelf, id) DO UPDATE SET value = excluded.value"},
        {offsetof(struct hk_appender, drop_credential),
            "DELETE FROM credential WHERE tenant = ?1 AND shelf = ?2 AND id = ?3"},
        {offsetof(struct hk_appender, begin), "BEGIN IMMEDIATE"},
        {offsetof(struct hk_appender, commit), "COMMIT"},
    };
    char sql[256];
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && status == HK_OK; i++)
        status = hk_stmt_prepare(
            a->db, fixed[i].sql, (sqlite3_stmt **)(void *)((char *)a + fixed[i].offset), error);
    if (status == HK_OK)
        status = hk_node_prepare_put(a->db, &a->put_node, error);
    for (int noun = 0; noun < HK_NOUN_COUNT && status == HK_OK; noun++) {
        (void)snprintf(sql, sizeof(sql),
            "INSERT INTO entry(pos, line, salt, payload, prev) VALUES(?3, ?4, ?5, ?6, (%s))",
            hk_noun_last_sql((enum hk_noun)noun));
        status = hk_stmt_prepare(a->db, sql, &a->put_entry[noun], error);
    }
    return status == HK_OK ? hk_eraser_new(a->db, &a->eraser, error) : status;
}

/* Step a statement that gives no rows, and make it ready again. */
static enum hk_status run(sqlite3_stmt *stmt, struct hk_error *error)
{
    bool has_row;
    enum hk_status status = hk_stmt_step(stmt, &has_row, error);

    (void)sqlite3_reset(stmt);
    return status;
}

static struct hk_append_tenant *find_tenant(struct hk_appender *a, hk_tenant number)
{
    for (size_t i = 0; i < a->tenant_count; i++)
        if (a->tenants[i]->number == number)
            return a->tenants[i];
    return hk_append_add_tenant(a, number);
}

static const uint8_t *next_salt(struct hk_appender *a)
{
    if (a->salts_left == 0) {
        hk_random(a->salts, sizeof(a->salts));
        a->salts_left = HK_SALTS_AT_ONCE;
    }
    a->salts_left--;
    return a->salts[a->salts_left];
}

enum hk_status hk_append_entry(struct hk_appender *a, struct hk_write *write,
    const struct hk_op *op, uint64_t *ret_seq, struct hk_error *error)
{
    struct hk_append_tenant *tenant = find_tenant(a, op->tenant);
    sqlite3_stmt *stmt = a->put_entry[hk_kind_noun(op->kind)];
    const uint8_t *salt = next_salt(a);
    uint8_t leaf[HK_SHA256_SIZE];
    char line[HK_ENTRY_LINE_SIZE];
    struct hk_entry entry;
    enum hk_status status;
    size_t line_size;
    int64_t pos;

    if (tenant == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    if (tenant->is_closed)
        return hk_fail(error, HK_CONFLICT,
            "ledger of %s: it was moved out, and nothing is appended to it here", tenant->name);
    entry.seq = tenant->tree.size;
    entry.time_us = op->time_us > tenant->last_time_us ? op->time_us : tenant->last_time_us;
    entry.kind = op->kind;
    memcpy(entry.subject, op->subject, sizeof(entry.subject));
    memcpy(entry.actor, op->actor, sizeof(entry.actor));
    hk_entry_commit(salt, op->payload, op->payload_size, entry.commitment);
    line_size = hk_entry_format(&entry, line);
    hk_merkle_leaf(line, line_size, leaf);
    pos = HK_POS(op->tenant, entry.seq);

    if (sqlite3_bind_int64(stmt, 1, op->tenant) != SQLITE_OK ||
        sqlite3_bind_text(stmt, 2, entry.subject, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(stmt, 3, pos) != SQLITE_OK ||
        sqlite3_bind_text(stmt, 4, line, (int)line_size, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_blob(stmt, 5, salt, HK_SALT_SIZE, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(stmt, 6, op->payload, (int)op->payload_size, SQLITE_STATIC) != SQLITE_OK)
        return hk_store_fail(a->db, "can't bind an entry", error);
    status = run(stmt, error);
    if (status == HK_OK)
        status = hk_fold_apply(a->fold, pos, &entry, op->payload, op->payload_size, error);
    if (status != HK_OK)
        return status;

    status = hk_node_append(a->put_node, op->tenant, &tenant->tree, leaf, error);
    if (status != HK_OK)
        return status;
    tenant->last_time_us = entry.time_us;
    if (op->kind == HK_KIND_CONTAINMENT_STARTING)
        tenant->must_checkpoint = true;
    if (op->kind == HK_KIND_LEDGER_OPENED && tenant->origin[0] == '\0') {
        status = hk_append_load_origin(a, tenant, error);
        if (status != HK_OK)
            return status;
    }
    tenant->is_closed = op->kind == HK_KIND_LEDGER_MOVED_OUT;
    if (write->tenant == 0) {
        write->tenant = op->tenant;
        write->first_seq = entry.seq;
    }
    a->entries++;
    if (ret_seq != NULL)
        *ret_seq = entry.seq;
    return HK_OK;
}

static enum hk_status append_hash(
    struct hk_appender *a, const struct hk_op *op, struct hk_error *error)
{
    sqlite3_stmt *stmt = op->has_hash ? a->put_hash : a->drop_hash;
    enum hk_status status = hk_stmt_bind(stmt, error, "it", (int64_t)op->tenant, op->subject);

    if (status == HK_OK && op->has_hash &&
        sqlite3_bind_blob(stmt, 3, op->hash, sizeof(op->hash), SQLITE_STATIC) != SQLITE_OK)
        return hk_store_fail(a->db, "can't bind a hash", error);
    return status == HK_OK ? run(stmt, error) : status;
}

static enum hk_status append_answer(
    struct hk_appender *a, const struct hk_op *op, struct hk_error *error)
{
    enum hk_status status = hk_stmt_bind(a->put_answer, error, "itttiti", (int64_t)op->tenant,
        op->actor, op->key, op->request, (int64_t)op->status, op->payload, op->time_us);

    return status == HK_OK ? run(a->put_answer, error) : status;
}

static enum hk_status append_cursor(
    struct hk_appender *a, const struct hk_op *op, struct hk_error *error)
{
    sqlite3_stmt *stmt = op->payload != NULL ? a->put_cursor : a->drop_cursor;
    enum hk_status status;

    if (op->payload != NULL)
        status = hk_stmt_bind(stmt, error, "ittti", (int64_t)op->tenant, op->subject, op->key,
            op->payload, op->time_us);
    else
        status = hk_stmt_bind(stmt, error, "itt", (int64_t)op->tenant, op->subject, op->key);
    return status == HK_OK ? run(stmt, error) : status;
}

static enum hk_status append_credential(
    struct hk_appender *a, const struct hk_op *op, struct hk_error *error)
{
    bool is_put = op->payload != NULL;
    sqlite3_stmt *stmt = is_put ? a->put_credential : a->drop_credential;
    enum hk_status status = hk_stmt_bind(stmt, error, is_put ? "ittt" : "itt", (int64_t)op->tenant,
        op->key, op->subject, op->payload);

    return status == HK_OK ? run(stmt, error) : status;
}

enum hk_status hk_append_begin(struct hk_appender *appender, struct hk_error *error)
{
    return run(appender->begin, error);
}

enum hk_status hk_append_write(
    struct hk_appender *appender, struct hk_write *write, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (const struct hk_op *op = write->first; op != NULL && status == HK_OK; op = op->next) {
        switch (op->type) {
        case HK_OP_ENTRY:
            status = hk_append_entry(appender, write, op, NULL, error);
            break;
        case HK_OP_TOKEN_HASH:
            status = append_hash(appender, op, error);
            break;
        case HK_OP_ANSWER:
            status = append_answer(appender, op, error);
            break;
        case HK_OP_CURSOR:
            status = append_cursor(appender, op, error);
            break;
        case HK_OP_CREDENTIAL:
            status = append_credential(appender, op, error);
            break;
        case HK_OP_ERASE:
            status = hk_erase_apply(appender, write, op, error);
            break;
        case HK_OP_KEY_ROTATE:
            status = hk_rotate_apply(appender, write, op, error);
            break;
        case HK_OP_KEY_REVOKE:
            status = hk_revoke_apply(appender, write, op, error);
            break;
        }
    }
    return status;
}

static enum hk_status store_tree(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error)
{
    uint8_t packed[HK_MERKLE_PACKED_SIZE_MAX];
    size_t size = hk_merkle_pack(&tenant->tree, packed);
    enum hk_status status = hk_stmt_bind(a->put_tree, error, "iib", (int64_t)tenant->number,
        (int64_t)tenant->tree.size, packed, size);

    if (status == HK_OK)
        status = run(a->put_tree, error);
    if (status == HK_OK)
        tenant->stored_size = tenant->tree.size;
    return status;
}

/* A note over the tenant's tree as it is. next, or NULL, signs first. */
static enum hk_status sign_tree(struct hk_appender *a, struct hk_append_tenant *tenant,
    const struct hk_key *next, char **in_out_note, struct hk_error *error)
{
    uint8_t root[HK_SHA256_SIZE];
    struct hk_buf note;
    enum hk_status status = HK_OK;

    if (tenant->origin[0] == '\0')
        status = hk_append_load_origin(a, tenant, error);
    if (status != HK_OK)
        return status;
    hk_buf_init(&note, HK_NOTE_SIZE_MAX);
    hk_merkle_root(&tenant->tree, root);
    status = hk_note_sign(
        next != NULL ? next : a->key, tenant->origin, tenant->tree.size, root, &note, error);
    if (status == HK_OK && next != NULL)
        status = hk_note_cosign(a->key, tenant->origin, &note, error);
    if (status == HK_OK)
        status = hk_stmt_bind(a->put_checkpoint, error, "iiit", (int64_t)tenant->number,
            (int64_t)tenant->tree.size, tenant->last_time_us, note.data);
    if (status == HK_OK)
        status = run(a->put_checkpoint, error);
    if (status == HK_OK) {
        free(*in_out_note);
        *in_out_note = hk_buf_take(&note, NULL);
        tenant->checkpointed_size = tenant->tree.size;
        tenant->must_checkpoint = false;
        status = hk_record_checkpoint(a, tenant, *in_out_note, error);
    }
    hk_buf_done(&note);
    return status;
}

enum hk_status hk_append_handover(struct hk_appender *appender, struct hk_append_tenant *tenant,
    const struct hk_key *next, struct hk_error *error)
{
    return sign_tree(appender, tenant, next, &tenant->handover, error);
}

/* What one tenant has new in this transaction. */
static enum hk_status close_tenant(struct hk_appender *a, struct hk_append_tenant *tenant,
    bool checkpoint_all, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    if (tenant->checkpointed_size != tenant->tree.size &&
        (checkpoint_all || tenant->must_checkpoint))
        status = sign_tree(a, tenant, NULL, &tenant->note, error);
    if (status == HK_OK && tenant->stored_size != tenant->tree.size)
        status = store_tree(a, tenant, error);
    return status;
}

enum hk_status hk_append_commit(
    struct hk_appender *appender, bool checkpoint_all, struct hk_error *error)
{
    struct hk_append_tenant *provider = NULL;
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < appender->tenant_count && status == HK_OK; i++)
        if (strcmp(appender->tenants[i]->name, appender->provider) == 0)
            provider = appender->tenants[i];
        else
            status = close_tenant(appender, appender->tenants[i], checkpoint_all, error);
    /* Last: the checkpoints of the others are entries in its ledger. */
    if (status == HK_OK && provider != NULL)
        status = close_tenant(appender, provider, checkpoint_all, error);
    if (status == HK_OK)
        status = run(appender->commit, error);
    return status == HK_OK ? hk_rotate_finish(appender, error) : status;
}

void hk_appender_set_provider(struct hk_appender *appender, const char *tenant)
{
    (void)hk_copy_text(appender->provider, sizeof(appender->provider), tenant);
}

bool hk_append_needs_checkpoint(const struct hk_appender *appender)
{
    for (size_t i = 0; i < appender->tenant_count; i++)
        if (appender->tenants[i]->checkpointed_size != appender->tenants[i]->tree.size)
            return true;
    return false;
}

enum hk_status hk_append_prune_answers(
    struct hk_appender *appender, int64_t before_us, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(appender->db,
        /* Numbers grow with time, so the oldest are found without an index over it. */
        "DELETE FROM answer WHERE n IN (SELECT n FROM answer ORDER BY n LIMIT 1000)"
        " AND time_us < ?1",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", before_us);
    if (status == HK_OK)
        status = run(stmt, error);
    (void)sqlite3_finalize(stmt);
    return status;
}

sqlite3 *hk_appender_db(struct hk_appender *appender)
{
    return appender->db;
}

const struct hk_key *hk_appender_key(const struct hk_appender *appender)
{
    return appender->key;
}

const char *hk_appender_ledger_id(const struct hk_appender *appender)
{
    return appender->ledger_id;
}

size_t hk_appender_tenant_count(const struct hk_appender *appender)
{
    return appender->tenant_count;
}

struct hk_append_tenant *hk_appender_tenant_at(struct hk_appender *appender, size_t index)
{
    return appender->tenants[index];
}

uint64_t hk_appender_entries(const struct hk_appender *appender)
{
    return appender->entries;
}
