/*
 * prove: do the entries that are shown lead to the newest signed checkpoint?
 *
 * The hashes of all entries that the checkpoint covers are folded into the root that was signed
 * (RFC 6962). The 256 lines around each shown entry are hashed from what is on the disk now; for
 * what lies between, the roots of blocks are taken (node.h). So an answer of "verified" is about
 * the shown entries, and each of them was read for it; whether the rest of the record is whole is
 * what `audit verify` says.
 */
#ifndef HK_LEDGER_PROVE_H
#define HK_LEDGER_PROVE_H

#include "ledger/query.h"

#define HK_PROVE_ENTRIES_MAX 128

/* Append an object about these entries of a tenant (at most HK_PROVE_ENTRIES_MAX):
 *   state       "verified"; "wrong" (with problem: "root", "signature", or "payload" with seq);
 *               "later" (all are newer than the checkpoint); "none" (no checkpoint)
 *   size        entries that the checkpoint covers
 *   has_later   some are newer than the checkpoint
 *   checkpoint  the signed note                        key       the ledger's verifier key
 *   leaves      {"SEQ": base64 of the leaf's hash}
 */
HK_MUST_CHECK enum hk_status hk_prove(struct hk_reading *reading, hk_tenant tenant,
    const uint64_t *seqs, size_t count, struct hk_buf *out, struct hk_error *error);

#endif
