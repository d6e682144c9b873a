/*
 * ledger: the record of one data folder, and the state of everything. See entry.h for what is
 * hashed and core/ARCHITECTURE.md for what each kind's payload holds.
 *
 * One read-write connection exists, in the writer's thread, which alone checkpoints the WAL.
 * Readers are read-only connections on their own threads. Projections are written in the
 * transaction of the entries they are folded from, by SQL that reads the entry alone (project.c),
 * so that they can be rebuilt.
 *
 * All functions of this header except where said are called on the engine's thread (or, without a
 * running engine, by the command line).
 */
#ifndef HK_LEDGER_LEDGER_H
#define HK_LEDGER_LEDGER_H

#include "base/arena.h"
#include "base/queue.h"
#include "base/time.h"
#include "ledger/audit.h"
#include "ledger/entry.h"
#include "ledger/sinks.h"

struct hk_ledger;
struct hk_write;

struct hk_search; /* the index of texts, see search_index.h */
enum hk_search_mode {
    HK_SEARCH_TOOL, /* nothing is indexed; what was erased is taken out nevertheless */
    HK_SEARCH_ON,
    HK_SEARCH_OFF, /* there is no index, and none is left */
};

struct hk_ledger_options {
    const char *data_dir;              /* absolute; ledger.db, key/, made 0700 when missing */
    const struct hk_sink_setup *sinks; /* where checkpoints go; borrowed for the call */
    size_t sink_count;
    const char *provider; /* the tenant whose ledger records all others' checkpoints, or NULL */
    enum hk_search_mode search;
    hk_notify_fn *notify; /* called on a ledger thread when hk_ledger_drain has work */
    void *notify_ctx;
    /* Told of entries while a ledger of an earlier version is brought to this one, or NULL. */
    hk_audit_progress_fn *progress;
    void *progress_ctx;
};

/* Open (and create) the ledger, start writer and readers; a ledger of an earlier version is brought
 * to this one first, which takes as long as folding all its entries. The caller holds the engine
 * lock. HK_CORRUPT, HK_UNSUPPORTED (newer schema), HK_IO, each naming what; HK_CONFLICT when
 * checkpoints in the folders of the sinks say that this is an older copy, or another ledger. */
HK_MUST_CHECK enum hk_status hk_ledger_open(
    const struct hk_ledger_options *options, struct hk_ledger **ret_ledger, struct hk_error *error);
/* Write what is queued, sign a checkpoint for each tenant that has new entries, truncate the WAL,
 * end the threads. Callbacks that have not been drained are dropped. */
void hk_ledger_close(struct hk_ledger *ledger);
/* Run the callbacks of finished writes and reads. */
void hk_ledger_drain(struct hk_ledger *ledger);

/* Take (or fail to take) the one-engine-per-folder lock: HK_BUSY with the holder's pid. The lock
 * lasts until *ret_fd is closed. */
HK_MUST_CHECK enum hk_status hk_engine_lock(
    const char *data_dir, int *ret_fd, struct hk_error *error);

/* --- tenants: small numbers inside, names outside --- */

typedef uint32_t hk_tenant;

/* The tenant's number; when it is new, its ledger is opened with ledger.opened (synced on
 * return). HK_CONFLICT: it was moved out (move.h). Blocks: only before the loop runs. */
HK_MUST_CHECK enum hk_status hk_ledger_tenant_open(
    struct hk_ledger *ledger, const char *name, hk_tenant *ret_tenant, struct hk_error *error);

/* The clock that stamps entries: its floor is the newest entry of any tenant. */
struct hk_clock *hk_ledger_clock(struct hk_ledger *ledger);

/* --- writing --- */

/* Entries of one write are committed in one transaction, in order. */
HK_MUST_CHECK struct hk_write *hk_write_new(void);
void hk_write_free(struct hk_write *write); /* NULL is fine; not after submit */
/* Add an entry. Takes the payload (malloc'd JSON object, size_bytes without NUL) in every case.
 * time_us must come from hk_ledger_clock. */
HK_MUST_CHECK enum hk_status hk_write_add(struct hk_write *write, hk_tenant tenant,
    enum hk_kind kind, const char *subject, const char *actor, int64_t time_us, char *take_payload,
    size_t payload_size, struct hk_error *error);
/* Beside the ledger, in the same transaction: keep, or drop (hash NULL), the hash of a token. */
HK_MUST_CHECK enum hk_status hk_write_token_hash(struct hk_write *write, hk_tenant tenant,
    const char *token_id, const uint8_t *hash, struct hk_error *error);
/* Beside the ledger: the answer that was given for an idempotency key. */
HK_MUST_CHECK enum hk_status hk_write_answer(struct hk_write *write, hk_tenant tenant,
    const char *actor, const char *key, const char *request_sha256, int status, const char *answer,
    int64_t time_us, struct hk_error *error);
/* Beside the ledger: how far a source has come with one of the things it reads (a file), in the
 * transaction of the alerts that were read from it. */
struct hk_cursor {
    const char *source; /* hk_name_is_valid */
    const char *key;    /* at most HK_CURSOR_KEY_MAX */
    const char *value;  /* at most HK_CURSOR_VALUE_MAX; NULL: drop it */
};
HK_MUST_CHECK enum hk_status hk_write_cursor(struct hk_write *write, hk_tenant tenant,
    const struct hk_cursor *cursor, int64_t time_us, struct hk_error *error);
/* Beside the ledger: what proves who somebody is, or lets them in: the hash of a password, of a
 * session's cookie, of a link. What it says is the api's business. */
struct hk_credential {
    hk_tenant tenant;
    const char *shelf; /* hk_name_is_valid: "password", "session" … */
    const char *id;    /* on its shelf; hk_id_is_valid */
    const char *value; /* at most HK_CREDENTIAL_SIZE_MAX; NULL: drop it */
};
HK_MUST_CHECK enum hk_status hk_write_credential(
    struct hk_write *write, const struct hk_credential *credential, struct hk_error *error);

/* Take away what is recorded about a subject, and about what hangs on it (erase_cover.h): salt and
 * payload go, payload.erased is appended, the projections become the fold of what is left. */
struct hk_erase_request {
    hk_tenant tenant;
    const char *subject; /* an id, or "config": those of before the one in force */
    const char *actor;
    const char *reason; /* at most HK_REASON_SIZE_MAX */
    int64_t time_us;    /* from hk_ledger_clock */
};
HK_MUST_CHECK enum hk_status hk_write_erase(
    struct hk_write *write, const struct hk_erase_request *request, struct hk_error *error);
/* The same for what a rule says is due: alerts, cases (ids) and single entries (seqs). Those that
 * are still needed stay, and lie on the shelf HK_RETAINED_SHELF of cursors until they go: key is
 * the id, value the rule. One payload.erased for all of them. */
#define HK_RETAINED_SHELF "retention-kept"
struct hk_retire_request {
    hk_tenant tenant;
    const char *rule;   /* "alerts" */
    const char *reason; /* for people */
    char (*ids)[HK_ID_SIZE];
    size_t id_count;
    const uint64_t *seqs;
    size_t seq_count;
    int64_t time_us; /* from hk_ledger_clock */
};
HK_MUST_CHECK enum hk_status hk_write_retire(
    struct hk_write *write, const struct hk_retire_request *request, struct hk_error *error);
/* What became of it. */
struct hk_erasure {
    enum hk_status status; /* not HK_OK: refused whole, and error says why; see hk_cover_find */
    struct hk_error error;
    uint64_t seq;    /* of payload.erased, the last of them */
    size_t entries;  /* whose payload went */
    size_t refused;  /* by rule: still needed */
    bool is_by_rule; /* told when it is on disk; the bytes are overwritten soon after */
    size_t subjects; /* things they were about, those of which a part went not counted */
};

/* Called from hk_ledger_drain once the write is synced to disk. A failed sync never comes here: it
 * ends the process, which restarts from what is on disk. */
typedef void hk_written_fn(void *ctx, hk_tenant tenant, uint64_t first_seq);

/* Queue a write; it is the ledger's from here. done may be NULL. Urgent writes (decisions, gates,
 * releases) overtake normal ones. Never refuses: admission looks at hk_ledger_backlog first. */
void hk_ledger_submit(struct hk_ledger *ledger, struct hk_write *take_write, enum hk_lane lane,
    hk_written_fn *done, void *ctx);
/* Queue a write with hk_write_erase in it. Called from hk_ledger_drain when it was refused, or when
 * the bytes are in no file of the folder any more: the free places of the database are overwritten
 * and the WAL is empty, which waits for those who still read it. */
typedef void hk_erased_fn(void *ctx, const struct hk_erasure *erasure);
void hk_ledger_submit_erase(
    struct hk_ledger *ledger, struct hk_write *take_write, hk_erased_fn *erased, void *ctx);
/* Submit and wait until it is on disk. Blocks: only before the loop runs, and in tools. */
HK_MUST_CHECK enum hk_status hk_ledger_write_now(
    struct hk_ledger *ledger, struct hk_write *take_write, struct hk_error *error);
/* Writes that wait, of HK_WRITE_QUEUE_MAX. */
size_t hk_ledger_backlog(struct hk_ledger *ledger);

/* --- a ledger that was put back; rollback.h says what is refused at the start --- */

/* Record that the folder was restored from a backup, once in each tenant's ledger, with the
 * checkpoints that are known of what is lost; nothing when it wasn't. Blocks: before the loop. */
HK_MUST_CHECK enum hk_status hk_ledger_record_restored(
    struct hk_ledger *ledger, hk_tenant tenant, struct hk_error *error);
/* Accept that the tenant's ledger does not lead to this signed note (NULL: the newest that the
 * provider's ledger records), and record it: ledger.restored. HK_INVALID when it does, HK_NOT_FOUND
 * when the note is of another ledger, or none is recorded. Blocks: in tools. */
HK_MUST_CHECK enum hk_status hk_ledger_accept(struct hk_ledger *ledger, hk_tenant tenant,
    const char *note, const char *reason, struct hk_error *error);

/* --- the key that signs checkpoints: one for all tenants; keychain.h says what this means --- */

struct hk_key_change {
    const char *actor;
    const char *reason; /* at most HK_REASON_SIZE_MAX */
};
/* A new key takes the place of the one in force; that one is wiped. Blocks: in tools. */
HK_MUST_CHECK enum hk_status hk_ledger_key_rotate(
    struct hk_ledger *ledger, const struct hk_key_change *change, struct hk_error *error);
/* A key that was replaced, by its id in the ledger of a tenant, was stolen: what it signed from
 * since_us on is not believed on its word alone, in any tenant's ledger. HK_NOT_FOUND, HK_CONFLICT
 * (it is in force: rotate first). Blocks: in tools. */
HK_MUST_CHECK enum hk_status hk_ledger_key_revoke(struct hk_ledger *ledger, hk_tenant tenant,
    const char *key_id, int64_t since_us, const struct hk_key_change *change,
    struct hk_error *error);

/* --- reading: fn runs on a reader thread with a read-only connection (query.h) --- */

struct hk_reading; /* one read-only connection and its time budget */
typedef enum hk_status hk_read_fn(struct hk_reading *reading, void *job, struct hk_error *error);
typedef void hk_read_done_fn(void *job, enum hk_status status, const struct hk_error *error);

/* Queue a read; HK_BUSY when HK_READ_QUEUE_MAX wait. done runs in hk_ledger_drain, exactly once
 * when this returns HK_OK, and owns job from then on. */
HK_MUST_CHECK enum hk_status hk_ledger_read(struct hk_ledger *ledger, hk_read_fn *fn,
    hk_read_done_fn *done, void *job, struct hk_error *error);
/* The same at once on this thread: only before the loop runs, and in tools. */
HK_MUST_CHECK enum hk_status hk_ledger_read_now(
    struct hk_ledger *ledger, hk_read_fn *fn, void *job, struct hk_error *error);

/* Reads that were queued and are not yet done. */
size_t hk_ledger_reads_open(const struct hk_ledger *ledger);

/* --- room on the disk; see room.h --- */

enum hk_room_state { HK_ROOM_ENOUGH, HK_ROOM_TIGHT, HK_ROOM_LAST };
/* As last looked at, a moment ago. ret_free_bytes may be NULL. From any thread. */
enum hk_room_state hk_ledger_room(const struct hk_ledger *ledger, uint64_t *ret_free_bytes);

/* --- figures for /metrics --- */
struct hk_ledger_stats {
    uint64_t entries; /* written since start */
    uint64_t transactions;
    uint64_t checkpoints;
    uint64_t sync_us_total; /* time in commit */
    uint64_t wal_bytes;
    uint64_t erased_entries; /* whose payload was erased since start */
    bool is_scrubbing;       /* free places of the file are still to be overwritten */
    size_t write_backlog;
    size_t read_backlog;
};
void hk_ledger_stats(struct hk_ledger *ledger, struct hk_ledger_stats *ret_stats);
/* The sinks of the options, in their order, for hk_sinks_state; never NULL. */
struct hk_sinks *hk_ledger_sinks(struct hk_ledger *ledger);
/* For search_ask.h and search_index.h; NULL when it is off. */
struct hk_search *hk_ledger_search(struct hk_ledger *ledger);

#endif
