/*
 * append: the database side of writing. Holds the read-write connection, the tree of each tenant
 * and the key; turns operations into rows within a transaction. No threads here: the writer's
 * thread owns it once it is open.
 *
 * Invariants, per tenant, at each commit:
 *   1. seq of an entry is the number of entries before it;
 *   2. time does not decrease;
 *   3. the tree row is the frontier over all lines;
 *   4. each checkpoint is signed over the tree as it was at that size.
 * A failure in the middle leaves the memory ahead of the file, so whoever gets one ends the
 * process.
 */
#ifndef HK_LEDGER_APPEND_H
#define HK_LEDGER_APPEND_H

#include "ledger/key.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "ledger/store.h"
#include "ledger/write.h"

struct hk_fold;

struct hk_append_tenant {
    hk_tenant number;
    struct hk_merkle tree;
    int64_t last_time_us;
    uint64_t stored_size;             /* of the tree row */
    uint64_t checkpointed_size;       /* of the newest checkpoint */
    bool must_checkpoint;             /* with the transaction that is open */
    bool is_closed;                   /* moved out: nothing is appended any more */
    char origin[HK_NOTE_ORIGIN_SIZE]; /* "" until it is needed */
    char name[HK_ID_SIZE];
    char *note;     /* signed in this transaction, not yet copied out */
    char *handover; /* the same, when the key was replaced before */
};

struct hk_appender;

/* Open or create (an earlier schema is brought to this one); checks quickly that tree, entries and
 * newest checkpoint agree, and that the key is the one that the ledger names. */
HK_MUST_CHECK enum hk_status hk_appender_open(const char *data_dir,
    const struct hk_store_progress *progress, struct hk_appender **ret_appender,
    struct hk_error *error);
void hk_appender_free(struct hk_appender *appender);

HK_MUST_CHECK enum hk_status hk_append_begin(struct hk_appender *appender, struct hk_error *error);
/* All operations of one write; sets its tenant and first_seq. */
HK_MUST_CHECK enum hk_status hk_append_write(
    struct hk_appender *appender, struct hk_write *write, struct hk_error *error);
/* One entry of a write; *ret_seq may be NULL. */
HK_MUST_CHECK enum hk_status hk_append_entry(struct hk_appender *appender, struct hk_write *write,
    const struct hk_op *op, uint64_t *ret_seq, struct hk_error *error);
/* A checkpoint over the tenant's entries as they are in the transaction, signed by the key and by
 * the one that follows it: see keychain.h. */
HK_MUST_CHECK enum hk_status hk_append_handover(struct hk_appender *appender,
    struct hk_append_tenant *tenant, const struct hk_key *next, struct hk_error *error);
/* Store trees, sign checkpoints (of all tenants with news when all is true), commit. */
HK_MUST_CHECK enum hk_status hk_append_commit(
    struct hk_appender *appender, bool checkpoint_all, struct hk_error *error);
/* Has some tenant entries that no checkpoint covers? */
bool hk_append_needs_checkpoint(const struct hk_appender *appender);
/* Drop answers that nobody asks for any more. Within a transaction. */
HK_MUST_CHECK enum hk_status hk_append_prune_answers(
    struct hk_appender *appender, int64_t before_us, struct hk_error *error);

/* The tenant whose ledger records the checkpoints of all others (recorded.h). */
void hk_appender_set_provider(struct hk_appender *appender, const char *tenant);

/* For the writer and for start-up. */
sqlite3 *hk_appender_db(struct hk_appender *appender);
const struct hk_key *hk_appender_key(const struct hk_appender *appender);
const char *hk_appender_ledger_id(const struct hk_appender *appender);
size_t hk_appender_tenant_count(const struct hk_appender *appender);
struct hk_append_tenant *hk_appender_tenant_at(struct hk_appender *appender, size_t index);
uint64_t hk_appender_entries(const struct hk_appender *appender);

#endif
