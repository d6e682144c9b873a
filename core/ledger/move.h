/*
 * move: take one tenant out of a data folder, and into another one, with all its proofs. Entries
 * (lines, salts, payloads, holes), checkpoints and what its plugins keep go along; ids, numbers and
 * the name of the tree (its origin) stay, and projections are folded anew. What lies beside the
 * ledger (hashes of tokens and passwords, sessions, cursors, answers) stays behind and is dropped:
 * tokens and links are made anew.
 *
 *   the target says who it is            hk_move_place: its ledger's id and public key
 *   the source closes the tenant         ledger.moved_out names that place; nothing is appended to
 *                                        this tenant here any more, and no engine starts it
 *   and writes the file                  as often as asked: the same bytes each time
 *   the target takes the file in         key.rotated, which the source wrote in advance and signed
 *                                        with the key that ends; ledger.moved_in
 *
 * So there is exactly one folder that may go on with the tenant, at each moment: none between
 * closing and taking in, and no other than the one that was named. What the source's key can't say
 * of the target's is said in its own tree: the handover (keychain.h) is signed by both.
 *
 * All of these are for tools: the engine's lock is taken, HK_BUSY while an engine runs, or while
 * plugins of one that ended still do.
 */
#ifndef HK_LEDGER_MOVE_H
#define HK_LEDGER_MOVE_H

#include "base/id.h"
#include "ledger/audit.h"

#define HK_MOVE_PLACE_SIZE 256 /* longest place and NUL */

struct hk_move_options {
    const char *data_dir;
    const char *tenant;          /* to move out */
    const char *place;           /* where to: of hk_move_place there */
    const char *file;            /* whole path */
    const char *checkpoint_text; /* to take in: an earlier one from outside, or NULL */
    hk_audit_progress_fn *progress;
    void *progress_ctx;
};

struct hk_move_result {
    char move[HK_ID_SIZE];
    char tenant[HK_ID_SIZE];
    uint64_t entries; /* of the tenant, here */
    bool was_done;    /* by an earlier call: closed before, or taken in before */
};

/* Where tenants may be moved to: "hikeshi/LEDGER+hex8+base64", a verifier key. Makes the folder's
 * ledger and key when they are missing. */
HK_MUST_CHECK enum hk_status hk_move_place(
    const char *data_dir, char ret_place[HK_MOVE_PLACE_SIZE], struct hk_error *error);

/* Close the tenant, unless it is, and write the file (mode 0600, whole or not at all). May be cut
 * off at any moment and called again. HK_NOT_FOUND: no such tenant; HK_CONFLICT: it was moved to
 * another place, or the file is there; HK_INVALID: no place, or this very folder. */
HK_MUST_CHECK enum hk_status hk_move_out(const struct hk_move_options *options,
    struct hk_move_result *ret_result, struct hk_error *error);

/* Take the tenant of the file in, all of it or nothing; may be cut off and called again. The file
 * is checked as `audit verify` would check the tenant's ledger, before anything is written to this
 * one. HK_CORRUPT says what is damaged and where, HK_INVALID: it is no such file,
 * HK_DENIED: it is for another folder, HK_UNSUPPORTED: it was written by a newer version,
 * HK_CONFLICT: the tenant is here already, or files of its plugins are. */
HK_MUST_CHECK enum hk_status hk_move_in(const struct hk_move_options *options,
    struct hk_move_result *ret_result, struct hk_error *error);

/* Take away what a call that was cut off left beside the ledger: it holds payloads, and erasure
 * does not know of it. With the engine's lock; nothing there is fine. */
void hk_move_sweep(const char *data_dir);

#endif
