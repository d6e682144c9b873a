/*
 * query: what can be asked of the record. Each function runs on a reader's connection within its
 * time budget (HK_TIMEOUT when it is used up). Rows come as structs for the engine and as JSON for
 * people. Every statement names its tenant.
 */
#ifndef HK_LEDGER_QUERY_H
#define HK_LEDGER_QUERY_H

#include "base/json.h"
#include "ledger/ledger.h"

/* One entry with its payload, in an arena. */
struct hk_stored {
    struct hk_entry entry;
    const char *payload; /* NUL-terminated JSON; NULL when it was erased */
    size_t payload_size;
};
struct hk_chain {
    struct hk_stored *items; /* oldest first */
    size_t count;
};

/* All entries about one subject. HK_NOT_FOUND when there are none, HK_LIMIT beyond count_max. */
HK_MUST_CHECK enum hk_status hk_query_chain(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, size_t count_max, struct hk_arena *arena, struct hk_chain *ret_chain,
    struct hk_error *error);

/* The same, but at most the newest count_max of them; *ret_is_cut: there are older ones. */
HK_MUST_CHECK enum hk_status hk_query_chain_newest(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, size_t count_max, struct hk_arena *arena, struct hk_chain *ret_chain,
    bool *ret_is_cut, struct hk_error *error);
/* Each entry about one subject, oldest first, of however long a history; what is passed is good
 * during the call. HK_NOT_FOUND when there are none; what fn returns ends it unless HK_OK. */
typedef enum hk_status hk_stored_fn(
    void *ctx, const struct hk_stored *stored, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_query_chain_each(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, hk_stored_fn *fn, void *ctx, struct hk_error *error);
/* One entry by its number. HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_entry(struct hk_reading *reading, hk_tenant tenant,
    uint64_t seq, struct hk_arena *arena, struct hk_stored *ret_stored, struct hk_error *error);
/* What people call an actor: the name of a user or of a service token, else the id itself. */
HK_MUST_CHECK enum hk_status hk_query_actor_name(struct hk_reading *reading, hk_tenant tenant,
    const char *actor, char ret_name[HK_ID_SIZE], struct hk_error *error);

/* --- for the engine --- */

struct hk_run_row {
    char id[HK_ID_SIZE];
    char alert[HK_ID_SIZE];
    char version[HK_SHA256_HEX_SIZE];
    char state[16];
    hk_tenant tenant;
};
/* Runs of all tenants, oldest first, that an engine which ended may have left in the middle of
 * something: running or unknown, waiting in one branch while another went on, and ended ones with a
 * containment that is still starting. */
typedef enum hk_status hk_run_row_fn(void *ctx, const struct hk_run_row *row);
HK_MUST_CHECK enum hk_status hk_query_runs_open(
    struct hk_reading *reading, hk_run_row_fn *fn, void *ctx, struct hk_error *error);

/* What is due at now_us for the given tenants (others, which nobody serves today, must not stand in
 * the way), oldest first, at most count_max; *ret_next_us is when the next one after those is due
 * (INT64_MAX: nothing). The end of a run's time (step "") waits while the run is unknown: people
 * have to say first what happened. */
struct hk_due_question {
    int64_t now_us;
    const hk_tenant *tenants;
    size_t tenant_count;
    size_t skip; /* so many of the oldest are passed over */
    size_t count_max;
};
enum hk_due_kind { HK_DUE_WAIT, HK_DUE_GATE, HK_DUE_LEASE, HK_DUE_TELL };
struct hk_due {
    enum hk_due_kind kind;
    hk_tenant tenant;
    char id[HK_ID_SIZE]; /* run, gate or containment */
    char step[128];      /* HK_DUE_WAIT */
    int64_t due_us;
};
HK_MUST_CHECK enum hk_status hk_query_due(struct hk_reading *reading,
    const struct hk_due_question *question, struct hk_due *ret_due, size_t *ret_count,
    int64_t *ret_next_us, struct hk_error *error);

/* Containments in a state ("starting", "releasing"), for recovery. */
struct hk_containment_row {
    char id[HK_ID_SIZE];
    char run[HK_ID_SIZE];
    char state[16];
    char action[160]; /* "edl.block_ip"; of those that stand */
    hk_tenant tenant;
};
typedef enum hk_status hk_containment_row_fn(void *ctx, const struct hk_containment_row *row);
HK_MUST_CHECK enum hk_status hk_query_containments_in_state(struct hk_reading *reading,
    const char *state, hk_containment_row_fn *fn, void *ctx, struct hk_error *error);
/* The tenant's containments that stand, or should: active and drifted, but for those made by hand.
 */
HK_MUST_CHECK enum hk_status hk_query_containments_standing(struct hk_reading *reading,
    hk_tenant tenant, hk_containment_row_fn *fn, void *ctx, struct hk_error *error);
/* The shelf of cursors on which the last look at each containment lies: key is its id, value
 * "holds", "drifted" or "unknown". */
#define HK_CHECK_SHELF "engine-check"

/* Dedupe keys of alerts received since since_us that are not closed, newest first, at most
 * count_max. */
typedef void hk_dedupe_fn(
    void *ctx, hk_tenant tenant, const char *key, const char *alert, int64_t time_us);
HK_MUST_CHECK enum hk_status hk_query_dedupe(struct hk_reading *reading, int64_t since_us,
    size_t count_max, hk_dedupe_fn *fn, void *ctx, struct hk_error *error);

/* Identity: all users and tokens (with hash) of all tenants. */
struct hk_identity_row {
    hk_tenant tenant;
    char tenant_name[HK_ID_SIZE];
    char token[HK_ID_SIZE]; /* "" for a user row */
    char user[HK_ID_SIZE];  /* id of the person, "" for a service token */
    char name[HK_ID_SIZE];  /* the person's or service's name */
    char role[32];
    bool is_disabled;
    uint8_t hash[HK_SHA256_SIZE];
};
typedef void hk_identity_fn(void *ctx, const struct hk_identity_row *row);
HK_MUST_CHECK enum hk_status hk_query_identities(
    struct hk_reading *reading, hk_identity_fn *fn, void *ctx, struct hk_error *error);

/* Last payload of a subject (the configuration in force, a playbook's text). HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_last(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, struct hk_arena *arena, struct hk_stored *ret_stored,
    struct hk_error *error);

/* The answer kept for an idempotency key since since_us; HK_NOT_FOUND; HK_CONFLICT when the key was
 * used with another request. */
HK_MUST_CHECK enum hk_status hk_query_answer(struct hk_reading *reading, hk_tenant tenant,
    const char *actor, const char *key, const char *request_sha256, int64_t since_us,
    int *ret_status, struct hk_buf *out, struct hk_error *error);

/* The cursors of a source, in the order of their keys. */
typedef void hk_cursor_fn(void *ctx, const struct hk_cursor *cursor, int64_t time_us);
HK_MUST_CHECK enum hk_status hk_query_cursors(struct hk_reading *reading, hk_tenant tenant,
    const char *source, hk_cursor_fn *fn, void *ctx, struct hk_error *error);

/* All credentials of all tenants; what they point to is borrowed for the call of fn. */
typedef void hk_credential_fn(void *ctx, const struct hk_credential *credential);
HK_MUST_CHECK enum hk_status hk_query_credentials(
    struct hk_reading *reading, hk_credential_fn *fn, void *ctx, struct hk_error *error);

/* Containments started since since_us by action kind, for budgets: fn per containment. */
typedef void hk_spent_fn(void *ctx, hk_tenant tenant, const char *action_kind, int64_t time_us);
HK_MUST_CHECK enum hk_status hk_query_spent(struct hk_reading *reading, int64_t since_us,
    hk_spent_fn *fn, void *ctx, struct hk_error *error);

/* The gaps that are open, of all tenants. */
typedef void hk_gap_row_fn(void *ctx, hk_tenant tenant, const char *kind, const char *name);
HK_MUST_CHECK enum hk_status hk_query_gaps_open(
    struct hk_reading *reading, hk_gap_row_fn *fn, void *ctx, struct hk_error *error);
/* Contacts whose time to answer passed, or whom no message reached, since they answered last. */
struct hk_contact_silence {
    const char *name;
    int lapsed; /* times without an answer in time */
    int failed; /* messages that could not be handed over */
};
typedef void hk_contact_silence_fn(void *ctx, const struct hk_contact_silence *silence);
HK_MUST_CHECK enum hk_status hk_query_contacts_silent(struct hk_reading *reading, hk_tenant tenant,
    hk_contact_silence_fn *fn, void *ctx, struct hk_error *error);

/* --- for people: JSON --- */

/* collection: alerts, runs, approvals, containments, cases, tasks, playbooks, plugins, users,
 * tokens. Appends
 * {"items":[…],"next":…}. state and after may be NULL. Newest first. */
HK_MUST_CHECK enum hk_status hk_query_list(struct hk_reading *reading, hk_tenant tenant,
    const char *collection, const char *state, const char *after, unsigned limit,
    struct hk_buf *out, struct hk_error *error);
/* One of them, whole: its row, its payload and its entries' kinds, times and actors. */
HK_MUST_CHECK enum hk_status hk_query_show(struct hk_reading *reading, hk_tenant tenant,
    const char *collection, const char *id, struct hk_buf *out, struct hk_error *error);
/* {"items":[{"seq","line","payload"|null}…],"next":SEQ|null}, oldest first; subject may be NULL. */
HK_MUST_CHECK enum hk_status hk_query_entries(struct hk_reading *reading, hk_tenant tenant,
    const char *subject, uint64_t after_seq, bool from_start, unsigned limit, struct hk_buf *out,
    struct hk_error *error);
/* The newest checkpoint (signed note text). HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_query_checkpoint(
    struct hk_reading *reading, hk_tenant tenant, struct hk_buf *out, struct hk_error *error);
/* Counts by state for /metrics: fn("alert", "new", 12). */
typedef void hk_count_fn(void *ctx, const char *what, const char *state, int64_t count);
HK_MUST_CHECK enum hk_status hk_query_counts(
    struct hk_reading *reading, hk_count_fn *fn, void *ctx, struct hk_error *error);

#endif
