/*
 * prove_keys: the chain of keys for whoever has the first one and no ledger; see prove_path.h.
 */
#include "ledger/prove_path.h"

#include "base/json.h"
#include "ledger/keychain.h"
#include "ledger/reader.h"
#include "ledger/store.h"

/* The entry that named the key, with the proof that the handover covers it. */
static enum hk_status show_handover(struct hk_reading *reading, hk_tenant tenant, uint64_t size,
    struct hk_jw *jw, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    struct hk_buf proof;
    enum hk_status status = hk_stmt_prepare(reading->db,
        "SELECT lower(hex(salt)), payload FROM entry WHERE pos = ?1 AND salt IS NOT NULL", &stmt,
        error);

    hk_buf_init(&proof, 65536);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(tenant, size - 1));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK && !has_row)
        status = hk_fail(error, HK_CORRUPT, "an entry about keys can't be read; see audit verify");
    if (status == HK_OK)
        status = hk_prove_inclusion(reading, tenant, size - 1, size, NULL, &proof, error);
    if (status == HK_OK) {
        hk_jw_key(jw, "handover");
        hk_jw_object(jw);
        hk_jw_kv(jw, "salt", hk_stmt_text(stmt, 0));
        hk_jw_kv(jw, "payload", hk_stmt_text(stmt, 1));
        hk_jw_kv_raw(jw, "proof", proof.data);
        hk_jw_object_end(jw);
    }
    hk_stmt_free(stmt);
    hk_buf_done(&proof);
    return status;
}

static enum hk_status show_link(struct hk_reading *reading, hk_tenant tenant,
    const struct hk_keychain_link *link, struct hk_jw *jw, struct hk_error *error)
{
    char key[HK_VERIFIER_KEY_SIZE];
    char id[HK_KEY_ID_TEXT_SIZE];
    enum hk_status status = HK_OK;

    hk_verifier_format(&link->verifier, key);
    hk_verifier_id(&link->verifier, id);
    hk_jw_object(jw);
    hk_jw_kv(jw, "id", id);
    hk_jw_kv(jw, "key", key);
    hk_jw_kv_i64(jw, "first", (int64_t)link->first);
    if (link->is_revoked)
        hk_jw_kv_i64(jw, "revoked_since", (int64_t)link->revoked_since);
    else
        hk_jw_kv(jw, "revoked_since", NULL);
    if (link->first > 1)
        status = show_handover(reading, tenant, link->first, jw, error);
    else
        hk_jw_kv(jw, "handover", NULL);
    hk_jw_object_end(jw);
    return status;
}

enum hk_status hk_prove_keys(
    struct hk_reading *reading, hk_tenant tenant, struct hk_buf *out, struct hk_error *error)
{
    struct hk_keychain chain;
    struct hk_jw jw;
    enum hk_status status;

    hk_keychain_init(&chain);
    status = hk_keychain_load(reading->db, tenant, &chain, error);
    hk_jw_init(&jw, out);
    hk_jw_object(&jw);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    for (size_t i = 0; i < chain.count && status == HK_OK; i++)
        status = show_link(reading, tenant, &chain.links[i], &jw, error);
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    hk_keychain_done(&chain);
    return status == HK_OK ? hk_buf_check(out, "the keys", error) : status;
}
