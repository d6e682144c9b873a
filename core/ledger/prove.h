/*
 * prove: do the entries that are shown lead to the newest signed checkpoint?
 *
 * The hashes of all entries that the checkpoint covers are folded into the root that was signed
 * (RFC 6962). The pieces of the tree that hold the shown entries are hashed from what is on the
 * disk now; of the others the roots of complete subtrees of HK_PROVE_LEAVES are remembered. So an
 * answer of "verified" is about the shown entries, and each of them was read for it; whether the
 * rest of the record is whole is what `audit verify` says.
 *
 * The first question about a large ledger may take longer than a query may: what was hashed until
 * then is remembered, and the next question goes on from there.
 */
#ifndef HK_LEDGER_PROVE_H
#define HK_LEDGER_PROVE_H

#include "ledger/query.h"

#define HK_PROVE_LEVEL 12
#define HK_PROVE_LEAVES (UINT64_C(1) << HK_PROVE_LEVEL)
#define HK_PROVE_ENTRIES_MAX 128

/* Remembers roots of subtrees, by tenant. Any thread may ask. */
struct hk_prover;
HK_MUST_CHECK struct hk_prover *hk_prover_new(void); /* NULL: no memory */
void hk_prover_free(struct hk_prover *prover);

/* Append an object about these entries of a tenant (at most HK_PROVE_ENTRIES_MAX):
 *   state       "verified"; "wrong" (with problem: "root", "signature", or "payload" with seq);
 *               "unfinished"; "later" (all are newer than the checkpoint); "none" (no checkpoint)
 *   size        entries that the checkpoint covers     hashed    of those, so far
 *   has_later   some are newer than the checkpoint
 *   checkpoint  the signed note                        key       the ledger's verifier key
 *   leaves      {"SEQ": base64 of the leaf's hash}
 */
HK_MUST_CHECK enum hk_status hk_prove(struct hk_prover *prover, struct hk_reading *reading,
    hk_tenant tenant, const uint64_t *seqs, size_t count, struct hk_buf *out,
    struct hk_error *error);

#endif
