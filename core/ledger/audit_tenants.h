/*
 * audit_tenants: what the audits share: a read-only snapshot, and the tenants in it as the entries
 * themselves tell (the tenant table is a projection, so it is not believed).
 */
#ifndef HK_LEDGER_AUDIT_TENANTS_H
#define HK_LEDGER_AUDIT_TENANTS_H

#include "ledger/audit.h"
#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/note.h"

struct hk_audit_tenant {
    hk_tenant number;
    char name[HK_ID_SIZE];       /* "tenant NUMBER" when the first entry does not say */
    struct hk_verifier verifier; /* from the first entry */
    bool has_verifier;
};

struct hk_audit {
    const struct hk_audit_options *options;
    sqlite3 *db;
    int64_t schema; /* of the file; an earlier one has the record in the same form */
    struct hk_audit_tenant *tenants;
    size_t tenant_count;
    uint64_t entries_total;
    uint64_t entries_done;
};

/* Open, begin a snapshot, find the tenants that the options ask for. Done with hk_audit_done, also
 * after a failure. HK_NOT_FOUND when the named tenant is not there. */
HK_MUST_CHECK enum hk_status hk_audit_begin(
    const struct hk_audit_options *options, struct hk_audit *audit, struct hk_error *error);
void hk_audit_done(struct hk_audit *audit);
/* Count one entry and tell the caller now and then. */
void hk_audit_step(struct hk_audit *audit);
/* All entries of a tenant: pos, line, salt, payload, prev. */
HK_MUST_CHECK enum hk_status hk_audit_entries(struct hk_audit *audit,
    const struct hk_audit_tenant *tenant, sqlite3_stmt **ret_stmt, struct hk_error *error);
/* The same without what lies beside the lines: pos, line. */
HK_MUST_CHECK enum hk_status hk_audit_lines(struct hk_audit *audit,
    const struct hk_audit_tenant *tenant, sqlite3_stmt **ret_stmt, struct hk_error *error);
/* All checkpoints of a tenant: size, note; by size. */
HK_MUST_CHECK enum hk_status hk_audit_checkpoints(struct hk_audit *audit,
    const struct hk_audit_tenant *tenant, sqlite3_stmt **ret_stmt, struct hk_error *error);

#endif
