/*
 * append_load: open the ledger for writing and check quickly that it is whole.
 */
#include "ledger/append_load.h"

#include "base/text.h"
#include "ledger/refold.h"
#include "ledger/rotate.h"
#include "ledger/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct hk_append_tenant *hk_append_add_tenant(struct hk_appender *a, hk_tenant number)
{
    struct hk_append_tenant *tenant;

    if (a->tenant_count == a->tenant_capacity) {
        size_t capacity = a->tenant_capacity == 0 ? 8 : a->tenant_capacity * 2;
        struct hk_append_tenant **tenants =
            realloc(a->tenants, capacity * sizeof(struct hk_append_tenant *));

        if (tenants == NULL)
            return NULL;
        a->tenants = tenants;
        a->tenant_capacity = capacity;
    }
    tenant = calloc(1, sizeof(*tenant));
    if (tenant == NULL)
        return NULL;
    tenant->number = number;
    hk_merkle_init(&tenant->tree);
    a->tenants[a->tenant_count++] = tenant;
    return tenant;
}

enum hk_status hk_append_load_origin(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    char ledger[HK_ID_SIZE];
    enum hk_status status =
        hk_stmt_prepare(a->db, "SELECT name, ledger FROM tenant WHERE tenant = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT, "ledger: tenant %u was never opened", tenant->number);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, tenant->name, sizeof(tenant->name));
        hk_stmt_copy(stmt, 1, ledger, sizeof(ledger));
        hk_note_origin(ledger, tenant->name, tenant->origin);
    }
    hk_stmt_free(stmt);
    return status;
}

/* The tree row, when there is one. */
static enum hk_status load_tree(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(a->db, "SELECT size, frontier FROM tree WHERE tenant = ?1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row &&
        hk_merkle_unpack((uint64_t)hk_stmt_i64(stmt, 0), hk_stmt_blob(stmt, 1),
            hk_stmt_size(stmt, 1), &tenant->tree) != HK_OK)
        status = hk_fail(error, HK_CORRUPT, "ledger of %s: bad tree row", tenant->name);
    hk_stmt_free(stmt);
    tenant->stored_size = tenant->tree.size;
    return status;
}

/* The newest entry: its number must be the last of the tree. */
static enum hk_status load_newest(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    uint64_t size = 0;
    struct hk_entry entry;
    enum hk_status status = hk_stmt_prepare(a->db,
        "SELECT pos, line FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos DESC LIMIT 1", &stmt,
        error);

    if (status == HK_OK)
        status = hk_stmt_bind(
            stmt, error, "ii", HK_POS(tenant->number, 0), HK_POS(tenant->number + 1, 0));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row) {
        size = HK_POS_SEQ(hk_stmt_i64(stmt, 0)) + 1;
        status = hk_refold_parse(
            hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), hk_stmt_size(stmt, 1), &entry, error);
        if (status == HK_OK) {
            tenant->last_time_us = entry.time_us;
            tenant->is_closed = entry.kind == HK_KIND_LEDGER_MOVED_OUT;
        }
    }
    hk_stmt_free(stmt);
    if (status == HK_OK && size != tenant->tree.size)
        status = hk_fail(error, HK_CORRUPT,
            "ledger of %s: %" PRIu64 " entries but a tree over %" PRIu64
            "; see `hikeshi audit verify`",
            tenant->name, size, tenant->tree.size);
    return status;
}

static enum hk_status check_note(
    struct hk_append_tenant *tenant, const char *text, size_t size, struct hk_error *error)
{
    struct hk_note note;
    uint8_t root[HK_SHA256_SIZE];
    enum hk_status status = hk_note_parse(text, size, &note, error);

    if (status != HK_OK)
        return hk_fail(error, HK_CORRUPT, "ledger of %s: bad checkpoint", tenant->name);
    if (note.size > tenant->tree.size)
        return hk_fail(error, HK_CORRUPT,
            "ledger of %s: %" PRIu64 " entries, but a checkpoint covers %" PRIu64, tenant->name,
            tenant->tree.size, note.size);
    if (note.size == tenant->tree.size) {
        hk_merkle_root(&tenant->tree, root);
        if (memcmp(root, note.root, sizeof(root)) != 0)
            return hk_fail(error, HK_CORRUPT,
                "ledger of %s: the newest checkpoint does not fit the tree", tenant->name);
    }
    tenant->checkpointed_size = note.size;
    return HK_OK;
}

static enum hk_status load_checkpoint(
    struct hk_appender *a, struct hk_append_tenant *tenant, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(a->db,
        "SELECT note FROM checkpoint WHERE tenant = ?1 ORDER BY size DESC LIMIT 1", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", (int64_t)tenant->number);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && has_row)
        status = check_note(tenant, hk_stmt_text(stmt, 0), hk_stmt_size(stmt, 0), error);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status check_key(struct hk_appender *a, const struct hk_append_tenant *tenant,
    const char *recorded, struct hk_error *error)
{
    struct hk_verifier verifier;
    char text[HK_VERIFIER_KEY_SIZE];

    memcpy(verifier.name, tenant->origin, sizeof(verifier.name));
    hk_key_public(a->key, verifier.public_key);
    hk_verifier_format(&verifier, text);
    if (strcmp(text, recorded) != 0)
        return hk_fail(error, HK_CORRUPT,
            "key/ledger.pem is not the key that is in force in the ledger of %s", tenant->name);
    return HK_OK;
}

static enum hk_status load_tenant(
    struct hk_appender *a, hk_tenant number, const char *key, struct hk_error *error)
{
    struct hk_append_tenant *tenant = hk_append_add_tenant(a, number);
    enum hk_status status;

    if (tenant == NULL)
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    status = hk_append_load_origin(a, tenant, error);
    if (status == HK_OK)
        status = load_tree(a, tenant, error);
    if (status == HK_OK)
        status = load_newest(a, tenant, error);
    /* One that was moved out stays with the key that it had. */
    if (status == HK_OK && !tenant->is_closed)
        status = check_key(a, tenant, key, error);
    if (status == HK_OK)
        status = load_checkpoint(a, tenant, error);
    return status;
}

static enum hk_status load_tenants(struct hk_appender *a, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status =
        hk_stmt_prepare(a->db, "SELECT tenant, key FROM tenant ORDER BY tenant", &stmt, error);

    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = load_tenant(a, (hk_tenant)hk_stmt_i64(stmt, 0), hk_stmt_text(stmt, 1), error);
    }
    hk_stmt_free(stmt);
    return status;
}

/* The folder's id, and whether it has a tenant already: then a missing key is a loss. */
static enum hk_status load_id(struct hk_appender *a, bool *ret_is_new, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(a->db,
        "SELECT value, (SELECT count(*) FROM tenant) FROM meta WHERE name = 'ledger'", &stmt,
        error);

    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK) {
        hk_stmt_copy(stmt, 0, a->ledger_id, sizeof(a->ledger_id));
        *ret_is_new = hk_stmt_i64(stmt, 1) == 0;
        if (!has_row || !hk_id_is_valid(a->ledger_id))
            status = hk_fail(error, HK_CORRUPT, "ledger: no id in %s", HK_STORE_FILE);
    }
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_appender_open(const char *data_dir, const struct hk_store_progress *progress,
    struct hk_appender **ret_appender, struct hk_error *error)
{
    struct hk_appender *a = calloc(1, sizeof(*a));
    bool is_new = false;
    enum hk_status status;

    if (a == NULL || (a->data_dir = hk_strdup(data_dir)) == NULL) {
        free(a);
        return hk_fail(error, HK_NOMEM, "ledger: out of memory");
    }
    status = hk_store_open_writer(data_dir, false, progress, &a->db, error);
    if (status == HK_OK)
        status = load_id(a, &is_new, error);
    if (status == HK_OK)
        status = hk_rotate_recover(a->db, data_dir, error);
    if (status == HK_OK)
        status = hk_key_open(data_dir, is_new, &a->key, error);
    if (status == HK_OK)
        status = hk_fold_new(a->db, &a->fold, error);
    if (status == HK_OK)
        status = hk_append_prepare(a, error);
    if (status == HK_OK)
        status = load_tenants(a, error);
    if (status != HK_OK) {
        hk_appender_free(a);
        return status;
    }
    *ret_appender = a;
    return HK_OK;
}

void hk_appender_free(struct hk_appender *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->tenant_count; i++) {
        free(a->tenants[i]->note);
        free(a->tenants[i]->handover);
        free(a->tenants[i]);
    }
    free(a->tenants);
    hk_fold_free(a->fold);
    for (int noun = 0; noun < HK_NOUN_COUNT; noun++)
        hk_stmt_free(a->put_entry[noun]);
    hk_stmt_free(a->put_node);
    hk_stmt_free(a->put_tree);
    hk_stmt_free(a->put_checkpoint);
    hk_stmt_free(a->put_hash);
    hk_stmt_free(a->drop_hash);
    hk_stmt_free(a->put_answer);
    hk_stmt_free(a->put_cursor);
    hk_stmt_free(a->drop_cursor);
    hk_stmt_free(a->put_credential);
    hk_stmt_free(a->drop_credential);
    hk_eraser_free(a->eraser);
    hk_stmt_free(a->begin);
    hk_stmt_free(a->commit);
    hk_db_close(a->db);
    hk_key_free(a->key);
    hk_key_free(a->key_before);
    free(a->data_dir);
    free(a);
}
