/*
 * rollback: is the ledger still what others were told that it is? At start the newest checkpoint of
 * each tenant that is known beside it, in the folders of the sinks and in the ledger of the
 * provider, is held against it. One that the ledger does not lead to means that an older copy was
 * put in its place, or another one. That is refused, unless the ledger says why it is so:
 *
 *   - it was restored from a backup (backup.h), and hasn't said so yet: what is known goes into the
 *     ledger.restored that is about to be written;
 *   - an entry ledger.restored names that very checkpoint: it was restored, or somebody accepted
 *     what is lost (hk_ledger_accept).
 *
 * So an acceptance is for one checkpoint: the next time that the ledger goes back, a newer one is
 * known.
 */
#ifndef HK_LEDGER_ROLLBACK_H
#define HK_LEDGER_ROLLBACK_H

#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/note.h"

/* A checkpoint that a tenant's ledger does not lead to. */
struct hk_rollback {
    hk_tenant tenant;
    uint64_t size;
    uint8_t root[HK_SHA256_SIZE];
};

struct hk_rollback_list {
    struct hk_rollback *items; /* owned */
    size_t count;
};

/* Sinks and, where there is one, the provider's ledger. HK_CONFLICT tells tenant, place and sizes,
 * and what to do. *ret_excused: those of a restoration that is not yet recorded; the caller frees
 * its items, after a failure too. A folder that can't be read is told in the log, and passed over.
 */
HK_MUST_CHECK enum hk_status hk_rollback_check(sqlite3 *db, const struct hk_sink_setup *sinks,
    size_t sink_count, bool has_provider, struct hk_rollback_list *ret_excused,
    struct hk_error *error);

/* Does the tenant's ledger lead to this signed note? HK_CONFLICT with the reason. One of another
 * ledger is HK_NOT_FOUND, one that may be a thief's (keychain.h) HK_DENIED. */
HK_MUST_CHECK enum hk_status hk_rollback_judge(sqlite3 *db, hk_tenant tenant, const char *text,
    size_t size, struct hk_note *ret_note, struct hk_error *error);

/* Is there an entry ledger.restored, not older than that time, from before a tree of that size? */
HK_MUST_CHECK enum hk_status hk_rollback_explains(sqlite3 *db, hk_tenant tenant, uint64_t size,
    int64_t time_us, bool *ret_explains, struct hk_error *error);

/* The restoration of this folder that the tenant's ledger says nothing of yet, as meta has it;
 * HK_NOT_FOUND when there is none. */
HK_MUST_CHECK enum hk_status hk_rollback_pending(
    sqlite3 *db, hk_tenant tenant, struct hk_buf *out, struct hk_error *error);

/* For restored.c: what hk_rollback_check excused when the ledger was opened. */
const struct hk_rollback_list *hk_ledger_excused(const struct hk_ledger *ledger);

#endif
