/*
 * audit_payloads: a tenant's payloads, each held against what its line commits to, and the holes
 * among them against what the record says of erasures. On a thread and a connection of its own,
 * beside the walk over the lines, since it costs as much.
 */
#ifndef HK_LEDGER_AUDIT_PAYLOADS_H
#define HK_LEDGER_AUDIT_PAYLOADS_H

#include "ledger/ledger.h"

struct hk_audit_payloads;

struct hk_payload_verdict {
    bool is_bad;
    uint64_t seq; /* of the first that is wrong */
    char problem[160];
    uint64_t erased; /* payloads that were */
};

/* Begin, on a snapshot that is taken now: entries that come later are looked at too. */
HK_MUST_CHECK enum hk_status hk_audit_payloads_start(const char *data_dir, hk_tenant tenant,
    struct hk_audit_payloads **ret_payloads, struct hk_error *error);
/* Wait for the verdict and free. Entries from end on need not be looked at, and then holes are not
 * judged; UINT64_MAX for all. Fails when it could not read. NULL is fine, and gives no verdict. */
HK_MUST_CHECK enum hk_status hk_audit_payloads_finish(struct hk_audit_payloads *payloads,
    uint64_t end, struct hk_payload_verdict *ret_verdict, struct hk_error *error);

#endif
