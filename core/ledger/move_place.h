/*
 * move_place: what the two ends of a move share: the name of the place, the locks, the two entries
 * at the seam. Internal to ledger/.
 */
#ifndef HK_LEDGER_MOVE_PLACE_H
#define HK_LEDGER_MOVE_PLACE_H

#include "ledger/append_load.h"
#include "ledger/backup_files.h"
#include "ledger/move.h"
#include "ledger/note.h"

#define HK_MOVE_SUBJECT "move" /* of ledger.moved_out and ledger.moved_in */

struct hk_place {
    char ledger[HK_ID_SIZE];
    uint8_t public_key[HK_KEY_PUBLIC_SIZE];
};

/* "hikeshi/LEDGER+…"; HK_INVALID for any other text. */
HK_MUST_CHECK enum hk_status hk_place_parse(
    const char *text, struct hk_place *ret_place, struct hk_error *error);

/* The folder as a tool may change it: nobody else has it, no plugin of an engine that ended is left
 * in it. Free with hk_move_desk_done in every case. */
struct hk_move_desk {
    int lock_fd;
    int plugins_fd;
    struct hk_appender *appender;
};
HK_MUST_CHECK enum hk_status hk_move_desk_open(
    const char *data_dir, struct hk_move_desk *ret_desk, struct hk_error *error);
void hk_move_desk_done(struct hk_move_desk *desk);
/* NULL: no such tenant. */
struct hk_append_tenant *hk_move_find(struct hk_appender *appender, const char *tenant);

/* What ledger.moved_out says, and ledger.moved_in of it. */
struct hk_moved {
    char move[HK_ID_SIZE];
    char from[HK_ID_SIZE];
    char to[HK_ID_SIZE];
    char key[HK_VERIFIER_KEY_SIZE]; /* of the target, under the tree's origin */
    uint64_t size;                  /* entries before it */
    char files[HK_SHA256_HEX_SIZE]; /* hk_backup_files_digest */
};
/* Read a payload; HK_CORRUPT. */
HK_MUST_CHECK enum hk_status hk_moved_parse(
    const char *payload, size_t size, struct hk_moved *ret_moved, struct hk_error *error);
/* Does its ledger end here with ledger.moved_out? */
HK_MUST_CHECK enum hk_status hk_moved_is_closed(
    sqlite3 *db, hk_tenant tenant, bool *ret_is, struct hk_error *error);
/* The newest of a tenant's moves, as recorded in db; HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_moved_read(
    sqlite3 *db, hk_tenant tenant, struct hk_moved *ret_moved, struct hk_error *error);

#endif
