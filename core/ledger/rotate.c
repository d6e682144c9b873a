/*
 * rotate: another key for all ledgers of the folder; see rotate.h.
 */
#include "ledger/rotate.h"

#include "base/crashpoint.h"
#include "base/json.h"
#include "ledger/append_load.h"
#include "ledger/keychain.h"
#include "ledger/store.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

/* An entry about keys in one tenant's ledger; op says by whom, when and why. */
static enum hk_status put(struct hk_appender *a, struct hk_write *write, const struct hk_op *op,
    enum hk_kind kind, hk_tenant tenant, struct hk_buf *payload, struct hk_error *error)
{
    struct hk_op entry = {
        .type = HK_OP_ENTRY, .tenant = tenant, .kind = kind, .time_us = op->time_us};
    enum hk_status status = hk_buf_check(payload, hk_kind_text(kind), error);

    if (status != HK_OK)
        return status;
    memcpy(entry.subject, HK_KEY_SUBJECT, sizeof(HK_KEY_SUBJECT));
    memcpy(entry.actor, op->actor, sizeof(entry.actor));
    entry.payload = payload->data;
    entry.payload_size = payload->size;
    return hk_append_entry(a, write, &entry, NULL, error);
}

/* --- rotation --- */

static enum hk_status rotate_tenant(struct hk_appender *a, struct hk_write *write,
    const struct hk_op *op, struct hk_append_tenant *tenant, const struct hk_key *next,
    struct hk_error *error)
{
    struct hk_verifier verifier;
    char key[HK_VERIFIER_KEY_SIZE];
    char from[HK_KEY_ID_TEXT_SIZE];
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_status status;

    if (tenant->origin[0] == '\0') {
        status = hk_append_load_origin(a, tenant, error);
        if (status != HK_OK)
            return status;
    }
    memcpy(verifier.name, tenant->origin, sizeof(verifier.name));
    hk_key_public(a->key, verifier.public_key);
    hk_verifier_id(&verifier, from);
    hk_key_public(next, verifier.public_key);
    hk_verifier_format(&verifier, key);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "key", key);
    hk_jw_kv(&jw, "from", from);
    hk_jw_kv(&jw, "reason", op->request);
    hk_jw_object_end(&jw);
    status = put(a, write, op, HK_KIND_KEY_ROTATED, tenant->number, &payload, error);
    hk_buf_done(&payload);
    return status == HK_OK ? hk_append_handover(a, tenant, next, error) : status;
}

enum hk_status hk_rotate_apply(
    struct hk_appender *a, struct hk_write *write, const struct hk_op *op, struct hk_error *error)
{
    struct hk_key *next = NULL;
    enum hk_status status = HK_OK;

    if (a->key_before != NULL) /* another one in this transaction */
        return hk_fail(error, HK_CONFLICT, "the key is being replaced already");
    status = hk_key_open_next(a->data_dir, &next, error);
    for (size_t i = 0; i < a->tenant_count && status == HK_OK; i++)
        if (!a->tenants[i]->is_closed)
            status = rotate_tenant(a, write, op, a->tenants[i], next, error);
    if (status != HK_OK) {
        hk_key_free(next);
        return status;
    }
    a->key_before = a->key;
    a->key = next;
    return HK_OK;
}

enum hk_status hk_rotate_finish(struct hk_appender *a, struct hk_error *error)
{
    if (a->key_before == NULL)
        return HK_OK;
    hk_key_free(a->key_before);
    a->key_before = NULL;
    hk_crashpoint("key.recorded");
    return hk_key_switch(a->data_dir, error);
}

/* Has some tenant's ledger this key in force? All that are open have the same one; those that were
 * moved out stay with the one that they had. */
static enum hk_status is_in_force(
    sqlite3 *db, const uint8_t public_key[HK_KEY_PUBLIC_SIZE], bool *ret_is, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_verifier verifier;
    enum hk_status status = hk_stmt_prepare(db, "SELECT key FROM tenant", &stmt, error);

    *ret_is = false;
    while (status == HK_OK && !*ret_is && (status = hk_stmt_step(stmt, &has_row, error)) == HK_OK &&
           has_row)
        *ret_is = hk_verifier_parse(hk_stmt_text(stmt, 0), &verifier, NULL) == HK_OK &&
                  memcmp(verifier.public_key, public_key, sizeof(verifier.public_key)) == 0;
    hk_stmt_free(stmt);
    return status;
}

enum hk_status hk_rotate_recover(sqlite3 *db, const char *data_dir, struct hk_error *error)
{
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
    struct hk_key *next = NULL;
    bool is_recorded = false;
    enum hk_status status = hk_key_open_next(data_dir, &next, error);

    if (status == HK_NOT_FOUND || status == HK_CORRUPT) /* or overwritten, and not yet removed */
        return hk_key_tidy(data_dir, error);
    if (status != HK_OK)
        return status;
    hk_key_public(next, public_key);
    hk_key_free(next);
    status = is_in_force(db, public_key, &is_recorded, error);
    if (status != HK_OK)
        return status;
    return is_recorded ? hk_key_switch(data_dir, error) : hk_key_tidy(data_dir, error);
}

/* --- revocation --- */

/* The first size that no checkpoint of before that time covers. */
static enum hk_status find_since(struct hk_appender *a, hk_tenant tenant, int64_t since_us,
    uint64_t *ret_since, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(a->db,
        "SELECT coalesce(max(size), 0) + 1 FROM checkpoint WHERE tenant = ?1 AND time_us < ?2",
        &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "ii", (int64_t)tenant, since_us);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        *ret_since = (uint64_t)hk_stmt_i64(stmt, 0);
    hk_stmt_free(stmt);
    return status;
}

static enum hk_status revoke_link(struct hk_appender *a, struct hk_write *write,
    const struct hk_op *op, struct hk_append_tenant *tenant, const struct hk_keychain_link *link,
    struct hk_error *error)
{
    char key[HK_VERIFIER_KEY_SIZE];
    uint64_t since = 1;
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_status status = find_since(a, tenant->number, op->since_us, &since, error);

    if (status != HK_OK)
        return status;
    if (since < link->first)
        since = link->first;
    hk_verifier_format(&link->verifier, key);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "key", key);
    hk_jw_kv_i64(&jw, "since", (int64_t)since);
    hk_jw_kv(&jw, "reason", op->request);
    hk_jw_object_end(&jw);
    status = put(a, write, op, HK_KIND_KEY_REVOKED, tenant->number, &payload, error);
    hk_buf_done(&payload);
    tenant->must_checkpoint = true;
    return status;
}

/* A tenant whose ledger was opened after the key was replaced never had it. */
static enum hk_status revoke_in(struct hk_appender *a, struct hk_write *write,
    const struct hk_op *op, struct hk_append_tenant *tenant, struct hk_error *error)
{
    struct hk_keychain chain;
    enum hk_status status;

    hk_keychain_init(&chain);
    status = hk_keychain_load(a->db, tenant->number, &chain, error);
    for (size_t i = 0; i + 1 < chain.count && status == HK_OK; i++)
        if (memcmp(chain.links[i].verifier.public_key, op->hash, HK_KEY_PUBLIC_SIZE) == 0)
            status = revoke_link(a, write, op, tenant, &chain.links[i], error);
    hk_keychain_done(&chain);
    return status;
}

enum hk_status hk_revoke_apply(
    struct hk_appender *a, struct hk_write *write, const struct hk_op *op, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (size_t i = 0; i < a->tenant_count && status == HK_OK; i++)
        if (!a->tenants[i]->is_closed)
            status = revoke_in(a, write, op, a->tenants[i], error);
    return status;
}
