/*
 * audit_tenants: what the audits share; see audit_tenants.h.
 */
#include "ledger/audit_tenants.h"

#include "base/json.h"
#include "base/text.h"
#include "ledger/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_ENTRIES 4096

/* What the first entry's payload says of the tenant. */
static void read_opened(struct hk_audit_tenant *tenant, const char *payload, size_t size)
{
    struct hk_json_doc doc = {.root = NULL};
    const char *name;
    const char *ledger;
    char origin[HK_NOTE_ORIGIN_SIZE];

    (void)snprintf(tenant->name, sizeof(tenant->name), "tenant %u", tenant->number);
    if (payload == NULL || hk_json_parse(payload, size, &hk_json_limits_own, &doc, NULL) != HK_OK)
        return;
    name = hk_json_string_at(doc.root, "tenant", "");
    ledger = hk_json_string_at(doc.root, "ledger", "");
    if (hk_name_is_valid(name))
        (void)hk_copy_text(tenant->name, sizeof(tenant->name), name);
    if (hk_name_is_valid(name) && hk_id_is_valid(ledger) &&
        hk_verifier_parse(hk_json_string_at(doc.root, "key", ""), &tenant->verifier, NULL) ==
            HK_OK) {
        hk_note_origin(ledger, name, origin);
        tenant->has_verifier = strcmp(origin, tenant->verifier.name) == 0;
    }
    hk_json_doc_done(&doc);
}

static enum hk_status load_tenant(struct hk_audit *audit, hk_tenant number, struct hk_error *error)
{
    struct hk_audit_tenant *tenant;
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status;
    struct hk_audit_tenant *tenants =
        realloc(audit->tenants, (audit->tenant_count + 1) * sizeof(*tenants));

    if (tenants == NULL)
        return hk_fail(error, HK_NOMEM, "audit: out of memory");
    audit->tenants = tenants;
    tenant = &tenants[audit->tenant_count];
    memset(tenant, 0, sizeof(*tenant));
    tenant->number = number;
    status = hk_stmt_prepare(audit->db, "SELECT payload FROM entry WHERE pos = ?1", &stmt, error);
    if (status == HK_OK)
        status = hk_stmt_bind(stmt, error, "i", HK_POS(number, 0));
    if (status == HK_OK)
        status = hk_stmt_step(stmt, &has_row, error);
    if (status == HK_OK)
        read_opened(tenant, has_row ? hk_stmt_text_or_null(stmt, 0) : NULL,
            has_row ? hk_stmt_size(stmt, 0) : 0);
    hk_stmt_free(stmt);
    if (status == HK_OK &&
        (audit->options->tenant == NULL || strcmp(audit->options->tenant, tenant->name) == 0))
        audit->tenant_count++;
    return status;
}

/* Every number for which something is stored: entries, a tree or a checkpoint. */
static enum hk_status find_tenants(struct hk_audit *audit, struct hk_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool has_row = false;
    enum hk_status status = hk_stmt_prepare(audit->db,
        HK_STORE_TENANTS_SQL
        " UNION SELECT tenant FROM tree UNION SELECT tenant FROM checkpoint ORDER BY 1",
        &stmt, error);

    while (status == HK_OK) {
        status = hk_stmt_step(stmt, &has_row, error);
        if (status != HK_OK || !has_row)
            break;
        status = load_tenant(audit, (hk_tenant)hk_stmt_i64(stmt, 0), error);
    }
    hk_stmt_free(stmt);
    if (status == HK_OK && audit->options->tenant != NULL && audit->tenant_count == 0)
        status =
            hk_fail(error, HK_NOT_FOUND, "no tenant %s in this ledger", audit->options->tenant);
    return status;
}

/* For progress only, so that the tree rows are good enough. */
static void count_entries(struct hk_audit *audit)
{
    sqlite3_stmt *stmt = NULL;
    struct hk_error ignored;
    bool has_row = false;

    if (hk_stmt_prepare(audit->db, "SELECT sum(size) FROM tree", &stmt, &ignored) == HK_OK &&
        hk_stmt_step(stmt, &has_row, &ignored) == HK_OK && has_row)
        audit->entries_total = (uint64_t)hk_stmt_i64(stmt, 0);
    hk_stmt_free(stmt);
}

enum hk_status hk_audit_begin(
    const struct hk_audit_options *options, struct hk_audit *audit, struct hk_error *error)
{
    enum hk_status status;

    memset(audit, 0, sizeof(*audit));
    audit->options = options;
    status = hk_store_open_record(options->data_dir, &audit->db, &audit->schema, error);
    if (status == HK_OK)
        status = hk_store_exec(audit->db, "BEGIN", error);
    if (status == HK_OK)
        status = find_tenants(audit, error);
    if (status == HK_OK)
        count_entries(audit);
    return status;
}

void hk_audit_done(struct hk_audit *audit)
{
    hk_db_close(audit->db);
    free(audit->tenants);
}

void hk_audit_step(struct hk_audit *audit)
{
    audit->entries_done++;
    if (audit->options->progress != NULL && audit->entries_done % PROGRESS_ENTRIES == 0)
        audit->options->progress(
            audit->options->progress_ctx, audit->entries_done, audit->entries_total);
}

enum hk_status hk_audit_entries(struct hk_audit *audit, const struct hk_audit_tenant *tenant,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(audit->db,
        "SELECT pos, line, salt, payload, prev FROM entry WHERE pos >= ?1 AND pos < ?2"
        " ORDER BY pos",
        ret_stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(
            *ret_stmt, error, "ii", HK_POS(tenant->number, 0), HK_POS(tenant->number + 1, 0));
    return status;
}

enum hk_status hk_audit_lines(struct hk_audit *audit, const struct hk_audit_tenant *tenant,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(audit->db,
        "SELECT pos, line FROM entry WHERE pos >= ?1 AND pos < ?2 ORDER BY pos", ret_stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(
            *ret_stmt, error, "ii", HK_POS(tenant->number, 0), HK_POS(tenant->number + 1, 0));
    return status;
}

enum hk_status hk_audit_checkpoints(struct hk_audit *audit, const struct hk_audit_tenant *tenant,
    sqlite3_stmt **ret_stmt, struct hk_error *error)
{
    enum hk_status status = hk_stmt_prepare(audit->db,
        "SELECT size, note FROM checkpoint WHERE tenant = ?1 ORDER BY size", ret_stmt, error);

    if (status == HK_OK)
        status = hk_stmt_bind(*ret_stmt, error, "i", (int64_t)tenant->number);
    return status;
}
