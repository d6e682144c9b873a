/*
 * recorded: checkpoints of the others in the ledger of the provider; see recorded.h.
 */
#include "ledger/recorded.h"

#include "base/json.h"
#include "ledger/append_load.h"
#include "ledger/rollback.h"
#include "ledger/store.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_PREFIX "tn-" /* and the tenant's number, which stays the same */

bool hk_recorded_subject(const char *subject, hk_tenant *ret_tenant)
{
    const char *digits = subject + strlen(SUBJECT_PREFIX);
    char *end = NULL;
    unsigned long number;

    if (strncmp(subject, SUBJECT_PREFIX, strlen(SUBJECT_PREFIX)) != 0 || *digits < '1' ||
        *digits > '9')
        return false;
    number = strtoul(digits, &end, 10);
    *ret_tenant = (hk_tenant)number;
    return *end == '\0' && number < HK_TENANTS_MAX;
}

/* --- writing --- */

/* The provider's tenant, or NULL: none is configured, or it has no ledger yet. */
static struct hk_append_tenant *provider_of(const struct hk_appender *a)
{
    for (size_t i = 0; i < a->tenant_count && a->provider[0] != '\0'; i++)
        if (strcmp(a->tenants[i]->name, a->provider) == 0)
            return a->tenants[i];
    return NULL;
}

enum hk_status hk_record_checkpoint(struct hk_appender *a, const struct hk_append_tenant *tenant,
    const char *note, struct hk_error *error)
{
    const struct hk_append_tenant *provider = provider_of(a);
    struct hk_op op = {.type = HK_OP_ENTRY,
        .kind = HK_KIND_TENANT_CHECKPOINTED,
        .time_us = tenant->last_time_us,
        .actor = "engine"};
    struct hk_write none = {.tenant = tenant->number}; /* nobody waits for the entry */
    uint8_t root[HK_SHA256_SIZE];
    struct hk_buf payload;
    struct hk_buf text;
    struct hk_jw jw;
    enum hk_status status;

    if (provider == NULL || provider == tenant)
        return HK_OK;
    op.tenant = provider->number;
    (void)snprintf(op.subject, sizeof(op.subject), SUBJECT_PREFIX "%" PRIu32, tenant->number);
    hk_buf_init(&payload, HK_PAYLOAD_SIZE_MAX);
    hk_buf_init(&text, 128);
    hk_merkle_root(&tenant->tree, root);
    hk_base64(root, sizeof(root), &text);
    hk_jw_init(&jw, &payload);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "tenant", tenant->name);
    hk_jw_kv_i64(&jw, "size", (int64_t)tenant->tree.size);
    hk_jw_kv(&jw, "root", text.data);
    hk_jw_kv(&jw, "note", note);
    hk_jw_object_end(&jw);
    status = hk_buf_check(&payload, "tenant.checkpointed", error);
    op.payload = payload.data;
    op.payload_size = payload.size;
    if (status == HK_OK)
        status = hk_append_entry(a, &none, &op, NULL, error);
    hk_buf_done(&text);
    hk_buf_done(&payload);
    return status;
}

/* --- holding it against the tenant's ledger --- */

static enum hk_status has_checkpoint(sqlite3 *db, hk_tenant tenant, int64_t size, const char *note,
    bool *ret_has, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum hk_status status = hk_stmt_prepare(
        db, "SELECT 1 FROM checkpoint WHERE tenant = ?1 AND size = ?2 AND note = ?3", &stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "iit", (int64_t)tenant, size, note);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, ret_has, error);
    hk_stmt_free(stmt);
    return status;
}

/* It is not among those that are stored, but over these entries all the same. */
static bool leads_to(sqlite3 *db, hk_tenant tenant, const char *text)
{
    struct hk_note note;

    return hk_rollback_judge(db, tenant, text, strlen(text), &note, NULL) == HK_OK;
}

enum hk_status hk_recorded_check(
    sqlite3 *db, const char *subject, int64_t time_us, const char *payload, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    hk_tenant tenant = 0;
    bool is_good = false;
    int64_t size = -1;
    enum hk_status status = HK_OK;

    if (!hk_recorded_subject(subject, &tenant) ||
        hk_json_parse(payload, strlen(payload), &hk_json_limits_own, &doc, NULL) != HK_OK)
        status = hk_fail(error, HK_CONFLICT, "it can't be read");
    if (status == HK_OK) {
        size = hk_json_i64_at(doc.root, "size", -1);
        status = has_checkpoint(
            db, tenant, size, hk_json_string_at(doc.root, "note", ""), &is_good, error);
    }
    if (status == HK_OK && !is_good)
        is_good = leads_to(db, tenant, hk_json_string_at(doc.root, "note", ""));
    if (status == HK_OK && !is_good)
        status = hk_rollback_explains(db, tenant, (uint64_t)size, time_us, &is_good, error);
    if (status == HK_OK && !is_good)
        status = hk_fail(error, HK_CONFLICT,
            "tenant %s had a checkpoint over %" PRId64
            " entries that its ledger does not have: it was put back, or is another one",
            hk_json_string_at(doc.root, "tenant", "-"), size);
    hk_json_doc_done(&doc);
    return status;
}

enum hk_status hk_recorded_newest(
    sqlite3 *db, hk_tenant tenant, struct hk_buf *out, struct hk_error *error)
{
    char subject[HK_ID_SIZE];
    sqlite3_stmt *stmt = NULL;
    struct hk_json_doc doc = {.root = NULL};
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(db,
        "SELECT payload FROM subject JOIN entry ON pos = last WHERE subject = ?1"
        " ORDER BY last DESC LIMIT 1",
        &stmt, error);

    (void)snprintf(subject, sizeof(subject), SUBJECT_PREFIX "%" PRIu32, tenant);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "t", subject);
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK &&
        (!has_row || hk_json_parse(hk_stmt_text(stmt, 0), strlen(hk_stmt_text(stmt, 0)),
                         &hk_json_limits_own, &doc, NULL) != HK_OK))
        status = hk_fail(error, HK_NOT_FOUND, "no ledger of a provider has a checkpoint of it");
    if (status == HK_OK) {
        hk_buf_append_text(out, hk_json_string_at(doc.root, "note", ""));
        status = hk_buf_check(out, "checkpoint", error);
    }
    hk_json_doc_done(&doc);
    hk_stmt_free(stmt);
    return status;
}
