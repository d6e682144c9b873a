/*
 * prove_path: proofs for whoever keeps a checkpoint and no ledger: that an entry is in the tree
 * that was signed, and that a tree which was signed earlier is its beginning (RFC 9162, sections
 * 2.1.3 and 2.1.4). Read from the blocks of the tree, so their cost doesn't grow with the ledger:
 * some hundred rows. Each is checked against the checkpoint before it is given away.
 */
#ifndef HK_LEDGER_PROVE_PATH_H
#define HK_LEDGER_PROVE_PATH_H

#include "base/buf.h"
#include "ledger/ledger.h"

/* Append {"seq","size","line","path":[base64…],"checkpoint"}: the leaf is SHA-256(0x00 ‖ line), the
 * path leads from it to the root in the checkpoint over size entries (0: the newest; *ret_size, if
 * not NULL, says which). HK_NOT_FOUND when there is no such checkpoint or it does not cover the
 * entry, HK_CORRUPT when the entries don't lead to it. */
HK_MUST_CHECK enum hk_status hk_prove_inclusion(struct hk_reading *reading, hk_tenant tenant,
    uint64_t seq, uint64_t size, uint64_t *ret_size, struct hk_buf *out, struct hk_error *error);

/* Append {"from","to","path":[base64…],"checkpoint"}: from the root over from entries, which
 * whoever asks has, to the checkpoint over to entries (0: the newest). Errors as above;
 * HK_INVALID when from is 0 or beyond to. */
HK_MUST_CHECK enum hk_status hk_prove_consistency(struct hk_reading *reading, hk_tenant tenant,
    uint64_t from, uint64_t to, struct hk_buf *out, struct hk_error *error);

/* Append {"items":[{"id","key","first","revoked_since","handover"}]}, the keys of the ledger,
 * oldest first (keychain.h): a verifier key and its id, the smallest tree that it signs, from which
 * size on it is revoked or null, and how whoever has the key before can tell that this one follows
 * it:
 * {"salt" (hex),"payload","proof"} of the entry that names it, the proof an inclusion in the
 * checkpoint that both signed. null for the first key. */
HK_MUST_CHECK enum hk_status hk_prove_keys(
    struct hk_reading *reading, hk_tenant tenant, struct hk_buf *out, struct hk_error *error);

#endif
