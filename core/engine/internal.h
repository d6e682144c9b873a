/*
 * internal: what the modules of the engine share and nobody else sees: the objects in memory and
 * the one way to write entries.
 *
 * Objects here are copies of what the ledger says, kept while something happens to them. A run is
 * pinned while it has a Lua state, a call in flight or a write that is not yet synced (pins), and
 * may be dropped at any other time; so no object is read from disk in a state older than the one
 * that was in memory.
 */
#ifndef HK_ENGINE_INTERNAL_H
#define HK_ENGINE_INTERNAL_H

#include "base/crashpoint.h"
#include "base/map.h"
#include "engine/engine.h"
#include "engine/states.h"
#include "ledger/query.h"
#include "limits.h"
#include "plugin/pool.h"
#include "plugin/words.h"
#include "script/thread.h"

struct hk_run;

/* --- what belongs to a tenant --- */

struct hk_playbook {
    char version[HK_SHA256_HEX_SIZE];
    char *file;
    char *source;
    size_t source_size;
    struct hk_json_doc descriptor;
    const char *name; /* in descriptor */
};

enum { HK_SPENT_MAX = 4096 };

/* Times of the last actions of one kind, a ring. */
struct hk_spent {
    int64_t times_us[HK_SPENT_MAX];
    size_t next;
};

struct hk_tenant_state {
    hk_tenant number;
    char name[HK_ID_SIZE];
    struct hk_json_doc config;
    struct hk_authority *authority;
    struct hk_map playbooks;     /* every text in memory, by version */
    struct hk_playbook **active; /* those that new alerts may start, in configured order */
    size_t active_count;
    const char **dedupe_fields; /* NULL-ended; NULL: default */
    int64_t dedupe_window_us;
    int64_t lease_default_ms;
    int64_t lease_max_ms;
    struct hk_spent *spent_contain;
    struct hk_spent *spent_eradicate;
};

/* --- a run in memory --- */

struct hk_step {
    char path[HK_STEP_PATH_SIZE];
    const char *op;
    const char *name;
    const char *args;    /* canonical JSON, as the playbook gave it */
    const char *options; /* canonical JSON */
    const char *where;
    enum hk_step_state state;
    /* waiting */
    const char *waits_for; /* "gate", "question", "timer" */
    int64_t due_us;
    char gate[HK_ID_SIZE];
    /* intended */
    const char *action; /* "edl.block_ip" */
    const char *call;   /* JSON: the arguments that are sent, target in normal form */
    char plugin_sha256[HK_SHA256_HEX_SIZE]; /* of the file that was intended */
    enum hk_effect effect;
    char key[HK_SHA256_HEX_SIZE];
    char containment[HK_ID_SIZE];
    int64_t lease_ms;
    int64_t deadline_ms;
    unsigned attempts;
    /* settled */
    bool ok;
    const char *value; /* JSON when ok, else the reason */
    int64_t time_us;
    unsigned order; /* among the settled, from 1 */
};

/* An alert while a run of it is in memory. */
struct hk_alert {
    char id[HK_ID_SIZE];
    char *json; /* view, id and raw: what the playbook gets */
    enum hk_alert_state state;
    unsigned users;
};

struct hk_run_wait; /* somebody who waits until the run is loaded */

#define HK_RUN_KEY_SIZE (HK_ID_SIZE + 24)

struct hk_run {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char id[HK_ID_SIZE];
    char key[HK_RUN_KEY_SIZE]; /* in the engine's map, see hk_run_key */
    struct hk_alert *alert;
    struct hk_playbook *playbook;
    enum hk_severity severity;
    uint64_t seed;
    int64_t started_us;
    const char **requesters; /* actor ids, NULL-ended, in the arena */
    enum hk_run_state end;   /* HK_RUN_RUNNING until it has ended or diverged */
    struct hk_step **steps;  /* in the order they were asked for */
    size_t step_count;
    size_t step_capacity;
    unsigned settled_count;
    size_t record_size;       /* what its steps take up, or may yet; see hk_run_has_room */
    hk_script_run script;     /* 0: no Lua state */
    char script_text[24];     /* the same, key of hk_engine.scripts */
    uint64_t deliveries_sent; /* results given to that state */
    unsigned pins;
    unsigned writes_open; /* of its entries that are not yet synced */
    bool is_loading;
    struct hk_run_wait *waiting;
    struct hk_arena arena;
};

/* --- calls to plugins --- */

struct hk_release;

/* A containment whose release was under way when an earlier engine ended. */
struct hk_releasing {
    hk_tenant tenant;
    char containment[HK_ID_SIZE];
};

struct hk_out {
    char id_text[24];
    uint64_t id;
    struct hk_run *run; /* pinned; NULL for a release */
    struct hk_step *step;
    struct hk_release *release;
    enum hk_call_mode mode;
};

/* --- one at a time: who works on a subject, and who waits for it --- */

struct hk_turn {
    struct hk_turn *next;
    void (*go)(void *ctx);
    void *ctx;
};

struct hk_dedupe;
struct hk_line;

struct hk_engine {
    struct hk_engine_options options;
    struct hk_ledger *ledger;
    struct hk_pool *pool;
    struct hk_connector *connector;
    struct hk_script *script;
    struct hk_wake *script_wake;
    struct hk_script_event *events; /* taken from the script thread, not yet taken up */
    struct hk_tenant_state **tenants;
    hk_tenant *tenant_numbers; /* of the same, unchanged once started: readers look at them */
    size_t tenant_count;
    struct hk_map runs;    /* by id */
    struct hk_map scripts; /* runs with a Lua state, by run number as text */
    struct hk_map alerts;  /* by id, while a run of it is in memory */
    struct hk_map turns;   /* subjects that are being worked on */
    struct hk_map outs;    /* calls, by number */
    struct hk_dedupe *dedupe;
    struct hk_line *line; /* runs that wait to be loaded */
    uint64_t next_script;
    uint64_t next_call;
    size_t active;  /* runs with a Lua state */
    size_t loading; /* runs from the line that are being read */
    bool is_advancing;
    int64_t line_pause_us; /* the line stands still until then; 0: it doesn't */
    struct hk_timer *due_timer;
    int64_t due_us;  /* when the due timer fires, INT64_MAX: not armed */
    size_t due_skip; /* what the last batches held, while one follows the other */
    struct hk_due due_oldest;
    int64_t due_pause_ms;
    bool is_due_reading;
    struct hk_timer *start_timer;
    struct hk_releasing *releasing; /* found at the start, not yet taken up */
    size_t releasing_count;
    bool orphans_gone, is_ready, is_stopping, is_stop_written;
    hk_loop_fn *stopped;
    void *stopped_ctx;
    struct hk_timer *stop_timer;
    unsigned writes_open;
    struct hk_engine_stats stats;
};

/* --- memory that can't be had, and other things that must not happen, end the process: the ledger
 * is the state, and the next start goes on from it --- */
void hk_engine_must(enum hk_status status, const char *what, const struct hk_error *error);
/* Zeroed memory, and realloc; never NULL. Freed with free(). */
void *hk_engine_alloc(size_t size) __attribute__((returns_nonnull));
void *hk_engine_grow(void *memory, size_t size) __attribute__((returns_nonnull));
/* Zeroed memory in the run's arena; never NULL. */
void *hk_run_alloc(struct hk_run *run, size_t size) __attribute__((returns_nonnull));

/* --- entries (tx.c) --- */

struct hk_tx {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    const char *actor;
    int64_t time_us; /* of every entry of this write */
    struct hk_write *write;
    struct hk_buf payload;
    struct hk_jw jw;
    enum hk_kind kind;
    char subject[HK_ID_SIZE];
};

void hk_tx_begin(
    struct hk_tx *tx, struct hk_engine *engine, struct hk_tenant_state *tenant, const char *actor);
/* Start one entry; write its payload's members into the returned writer, then hk_tx_end. */
struct hk_jw *hk_tx_entry(struct hk_tx *tx, enum hk_kind kind, const char *subject);
void hk_tx_end(struct hk_tx *tx);
/* An entry whose payload has at most two text members (a value of NULL leaves its member out). */
void hk_tx_simple(struct hk_tx *tx, enum hk_kind kind, const char *subject, const char *key1,
    const char *value1, const char *key2, const char *value2);
/* Queue the write. done may be NULL; run may be NULL, else it is pinned until the sync. A run's
 * entries keep their order, since replay follows it: a write is urgent only when none of the run's
 * earlier ones still waits. */
typedef void hk_tx_done_fn(void *ctx);
void hk_tx_commit(
    struct hk_tx *tx, enum hk_lane lane, struct hk_run *run, hk_tx_done_fn *done, void *ctx);

/* --- tenants (tenant.c) --- */
struct hk_tenant_state *hk_tenant_of(const struct hk_engine *engine, hk_tenant number);
/* The plugin action that a playbook's name means, through the tenant's capabilities; NULL. */
const struct hk_action_info *hk_tenant_action(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const char *name, const char **ret_capability);
unsigned hk_spent_last_hour(
    const struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us);
void hk_spent_add(struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us);
void hk_tenants_free(struct hk_engine *engine);
/* Record the descriptor of a plugin that has been loaded. */
void hk_tenant_plugin_loaded(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *plugin);
struct hk_playbook *hk_playbook_new(
    const char *file, const char *source, size_t source_size, struct hk_error *error);
void hk_playbook_free(struct hk_playbook *playbook);

/* --- dedupe (dedupe.c): remembered keys, oldest forgotten first --- */
struct hk_dedupe *hk_dedupe_new(size_t count_max);
void hk_dedupe_free(struct hk_dedupe *dedupe);
/* The alert that holds this key since at least since_us; NULL. */
const char *hk_dedupe_find(
    const struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, int64_t since_us);
void hk_dedupe_put(struct hk_dedupe *dedupe, hk_tenant tenant, const char *key, const char *alert,
    int64_t time_us);
/* The alert is closed: its key is free again. */
void hk_dedupe_forget(struct hk_dedupe *dedupe, const char *alert);

/* --- line (line.c): runs that wait for their turn to be in memory --- */
struct hk_line *hk_line_new(void);
void hk_line_free(struct hk_line *line);
void hk_line_put(struct hk_line *line, hk_tenant tenant, const char *run);
bool hk_line_take(struct hk_line *line, hk_tenant *ret_tenant, char ret_run[HK_ID_SIZE]);
size_t hk_line_count(const struct hk_line *line);

/* --- routes (route.c, pure) --- */
/* Does any trigger of the playbook match the view? */
bool hk_route_matches(const struct hk_playbook *playbook, const struct hk_json *view);

/* --- runs (run.c, run_load.c, run_end.c) --- */
/* The key of a run in the engine's map: the tenant is part of it. */
void hk_run_key(
    const struct hk_tenant_state *tenant, const char *id, char ret_key[HK_RUN_KEY_SIZE]);
struct hk_run *hk_run_make(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id);
struct hk_alert *hk_alert_hold(struct hk_engine *engine, const char *id, const struct hk_json *view,
    const char *raw, enum hk_alert_state state);
void hk_run_pin(struct hk_run *run);
/* Take a pin away; the run may be gone afterwards. */
void hk_run_unpin(struct hk_run *run);
/* Call fn with the run once it is in memory (perhaps at once), or with NULL and why not. */
typedef void hk_run_fn(void *ctx, struct hk_run *run, const struct hk_error *error);
void hk_run_with(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id,
    hk_run_fn *fn, void *ctx);
/* Give the run a Lua state (or a place in the line) when it can go on. */
void hk_run_wake(struct hk_run *run);
void hk_run_sleep(struct hk_run *run);
/* Load runs from the line while there is room. */
void hk_runs_advance(struct hk_engine *engine);
enum hk_run_state hk_run_state(const struct hk_run *run);
unsigned hk_run_steps_in(const struct hk_run *run, enum hk_step_state state);
struct hk_step *hk_run_step(const struct hk_run *run, const char *path);
struct hk_step *hk_run_step_add(struct hk_run *run, const char *path);
/* A run's record has a ceiling, so that no playbook and no plugin can take the engine's memory: a
 * step that finds no room ends its run, a result that finds none is left out. */
bool hk_run_has_room(const struct hk_run *run, size_t size);
/* What a step with this request takes up, whatever becomes of it, but for its result. */
size_t hk_step_size(const char *args, const char *options, const char *name, const char *where);
const char *hk_run_text(struct hk_run *run, const char *text); /* copy in the run's arena */
void hk_script_events(void *engine);                           /* the script thread has something */
/* A write is on disk: go on with events that waited for the ledger. */
void hk_script_events_resume(struct hk_engine *engine);
/* Forget events that were not taken up. */
void hk_script_events_drop(struct hk_engine *engine);
/* Close the gates of waiting steps in the transaction that ends the run. */
void hk_run_void_gates(struct hk_run *run, struct hk_tx *tx, const char *why);
void hk_run_failed(struct hk_run *run, const char *error);

/* --- steps (step.c) --- */
void hk_step_request(struct hk_run *run, const struct hk_script_event *event);
/* Members of a request, as every entry that holds one writes them. */
void hk_step_write_request(struct hk_jw *jw, const struct hk_step *step);
/* Write step.settled into tx and into memory; hk_step_deliver tells the playbook. */
void hk_step_settle(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, bool ok,
    const char *value, const char *how);
void hk_step_deliver(struct hk_run *run, const struct hk_step *step);
/* Commit the write that holds the step's intent; the call leaves when it is on disk. */
void hk_step_commit_intent(
    struct hk_run *run, struct hk_step *step, struct hk_tx *tx, enum hk_lane lane);
/* Settle in a write of its own and deliver. */
void hk_step_settle_now(
    struct hk_run *run, struct hk_step *step, bool ok, const char *value, const char *how);

/* --- what an act step means right now (act.c) --- */
struct hk_act {
    const struct hk_action_info *info;
    const char *capability; /* may be NULL */
    char action[160];       /* "edl.block_ip" */
    struct hk_json_doc args;
    struct hk_json_doc options;
    char *call; /* arguments with the target in normal form, canonical JSON */
    struct hk_question question;
    struct hk_verdict verdict;
    int64_t lease_ms;
    int64_t deadline_ms;
};
/* Look the action up, check its arguments, ask authority. On failure *error says why in words for
 * the playbook. Free with hk_act_done in every case. */
HK_MUST_CHECK enum hk_status hk_act_prepare(
    struct hk_run *run, const struct hk_step *step, struct hk_act *ret_act, struct hk_error *error);
void hk_act_done(struct hk_act *act);
/* "Block 203.0.113.66 at the edge" */
void hk_act_summary(const struct hk_act *act, struct hk_buf *out);
bool hk_act_is_lease(const struct hk_act *act);

/* --- dispatch (dispatch.c, effect.c): intended → call → what became of it --- */
/* The idempotency key of a step (subject: run, part: step) or of a release (containment,
 * "release"): the same on every replay. */
void hk_key_of(
    const char *tenant, const char *subject, const char *part, char ret_key[HK_SHA256_HEX_SIZE]);
/* "plugin":{"name","version","sha256"} */
void hk_plugin_write(struct hk_jw *jw, const struct hk_action_info *info);
/* containment.active for a step that has one: the lease begins now. */
void hk_containment_active(struct hk_run *run, const struct hk_step *step, struct hk_tx *tx,
    const char *from, const char *result);
/* Write step.intended (and containment.starting) into tx; hk_dispatch_send once it is synced. by:
 * JSON array of the persons who approved it, NULL when a rule alone allowed it. */
void hk_dispatch_intend(struct hk_run *run, struct hk_step *step, const struct hk_act *act,
    const char *by, struct hk_tx *tx);
void hk_dispatch_send(struct hk_run *run, struct hk_step *step, enum hk_call_mode mode);
/* Settled callback of the pool. */
void hk_dispatch_settled(void *engine, uint64_t call_id, enum hk_call_end end, const char *text);
/* Ask the plugins to stop working on the run's calls. What becomes of each is still recorded. */
void hk_dispatch_cancel(struct hk_run *run);
/* A step that was found intended at start: what its effect class allows. */
void hk_dispatch_recover(struct hk_run *run, struct hk_step *step);
uint64_t hk_out_send(struct hk_engine *engine, struct hk_tenant_state *tenant,
    const struct hk_out *out, const char *action, const struct hk_call_request *request);

enum hk_next { HK_NEXT_DONE, HK_NEXT_FAILED, HK_NEXT_SEND, HK_NEXT_PROBE, HK_NEXT_UNKNOWN };
/* What follows from a call's end: pure, the heart of "never twice". attempts: calls made so far. */
enum hk_next hk_effect_next(enum hk_effect effect, bool can_probe, enum hk_call_mode mode,
    enum hk_call_end end, unsigned attempts);

/* --- gates (gate.c, gate_decide.c) --- */
/* Open a gate for the step in tx: gate.opened and step.waiting. */
void hk_gate_open(
    struct hk_run *run, struct hk_step *step, const struct hk_act *act, struct hk_tx *tx);
void hk_gate_open_question(struct hk_run *run, struct hk_step *step, struct hk_tx *tx);
/* What an approval of this act covers, canonical JSON, and its digest. */
void hk_gate_covers(struct hk_run *run, const struct hk_step *step, const struct hk_act *act,
    struct hk_buf *out, char ret_digest[HK_SHA256_HEX_SIZE]);
void hk_gate_expire(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate);

/* --- leases (lease.c) --- */
void hk_lease_due(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *containment);
void hk_lease_list(struct hk_engine *engine, hk_tenant tenant, const char *containment);
/* Take up those that are listed. */
void hk_leases_recover(struct hk_engine *engine);
void hk_lease_call_ended(
    struct hk_release *release, enum hk_call_mode mode, enum hk_call_end end, const char *text);

/* --- one at a time per subject (turn.c) --- */
/* Call go(ctx) when nobody else works on the subject (perhaps at once); hk_turn_end lets the next
 * one go. */
void hk_turn_take(struct hk_engine *engine, const char *subject, void (*go)(void *ctx), void *ctx);
void hk_turn_end(struct hk_engine *engine, const char *subject);

/* --- what is due (due.c) --- */
void hk_due_note(struct hk_engine *engine, int64_t due_us);
void hk_due_fire(void *engine);

/* --- start and stop (start.c) --- */
/* Answer HK_BUSY: not ready yet, or stopping. */
void hk_reply_busy(hk_reply_fn *reply, void *ctx);
void hk_engine_check_stopped(struct hk_engine *engine);

static inline int64_t hk_engine_now_us(struct hk_engine *engine)
{
    return hk_clock_now_us(hk_ledger_clock(engine->ledger));
}

#endif
