/*
 * move_stage: the tenant of a file, as a ledger of its own in a folder beside: written as it came,
 * so that `audit verify`'s own code can judge it before a byte of it gets into the real one.
 * Internal to ledger/.
 */
#ifndef HK_LEDGER_MOVE_STAGE_H
#define HK_LEDGER_MOVE_STAGE_H

#include "ledger/move_file.h"
#include "ledger/move_place.h"

#include <limits.h>

struct hk_stage {
    char folder[PATH_MAX];
    struct hk_move_head head;
    struct hk_moved moved; /* what its ledger.moved_out says */
    struct hk_backup_files files;
    struct hk_merkle tree; /* key.rotated included */
    sqlite3 *db;           /* open once it is filled; read only */
};

/* Read the file into DATA/move-in/, under the number that the tenant is to have here; what an
 * earlier call left there goes. key signs the handover too. Done with hk_stage_done in every case.
 */
HK_MUST_CHECK enum hk_status hk_stage_fill(const struct hk_move_options *options,
    struct hk_move_reader *reader, hk_tenant number, const struct hk_key *key,
    struct hk_stage *stage, struct hk_error *error);
/* Is it whole, signed, and for this place? HK_CORRUPT says what isn't. */
HK_MUST_CHECK enum hk_status hk_stage_check(struct hk_stage *stage,
    const struct hk_move_options *options, hk_tenant number, const struct hk_key *key,
    struct hk_error *error);
/* Close; the folder is for hk_move_sweep. */
void hk_stage_done(struct hk_stage *stage);

#endif
