/*
 * engine: joins the rooms. It takes alerts in, starts runs, decides with authority what each step
 * may do, opens gates, sends calls, keeps leases, and writes every transition to the ledger before
 * anything rests on it. All functions run on the loop's thread and return at once; what needs the
 * disk or a plugin answers later through a callback, from the loop.
 *
 * Invariants, numbered so that code can name them:
 *  I1  a call leaves for a plugin only after its step.intended (or containment.releasing) is synced
 *  I2  a step is settled once; what comes later is dropped
 *  I3  no entry is written about a run that has ended, but release of its containments
 *  I4  a gate's approval dispatches only what its digest covers, computed again at dispatch
 *  I5  protection is looked at again at dispatch
 *  I6  until hk_orphans_are_gone, nothing is sent or probed
 *  I7  success is told (callback, API) only after the entries are synced
 */
#ifndef HK_ENGINE_ENGINE_H
#define HK_ENGINE_ENGINE_H

#include "authority/authority.h"
#include "base/json.h"
#include "base/secrets.h"
#include "ledger/ledger.h"
#include "login/policy.h"
#include "loop/loop.h"

struct hk_engine;
struct hk_plugin_config; /* plugin/pool.h, for those that see it */

/* Who acts: filled by the api from a token, or by the engine itself. */
struct hk_actor {
    char id[HK_ID_SIZE];   /* "us-…", "to-…" of a service token, "local", "engine" */
    char name[HK_ID_SIZE]; /* for people's eyes */
    char role[32];
    bool is_person;
    bool has_session;  /* a person who has logged in; with a token it may be somebody else */
    int64_t proven_us; /* when they last gave a code of their device; 0: not in this session */
};

struct hk_engine_options {
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    const char *data_dir;
    int spawner_fd;      /* from hk_spawner_fork; the engine's from here */
    const char *version; /* of this program */
};

HK_MUST_CHECK enum hk_status hk_engine_new(
    const struct hk_engine_options *options, struct hk_engine **ret_engine, struct hk_error *error);
/* After hk_engine_stop. The ledger is closed by its owner afterwards. */
void hk_engine_free(struct hk_engine *engine);
/* To be called when the ledger's notify woke the loop, after hk_ledger_drain: not needed, the
 * engine registers its callbacks itself. Present for the script and plugin queues likewise. */

/* One playbook file of a tenant. */
struct hk_playbook_file {
    const char *file; /* name for errors */
    const char *source;
    size_t source_size;
};

/* Add a tenant before hk_engine_start: opens its ledger, records configuration and playbooks that
 * changed, adds its plugins to the pool. config is the tenant's part of the configuration (see
 * sdk/docs/configuration.md); plugin paths and playbook texts are resolved by the caller. Blocks.
 */
struct hk_tenant_setup {
    const char *name;
    const struct hk_json *config;
    const struct hk_playbook_file *playbooks;
    size_t playbook_count;
    const struct hk_plugin_config *plugins;
    size_t plugin_count;
    const struct hk_secrets *secrets; /* may be NULL; outlives the engine */
    const char *url; /* where people reach the pages, when the tenant says nothing else; NULL */
};
HK_MUST_CHECK enum hk_status hk_engine_tenant_add(struct hk_engine *engine,
    const struct hk_tenant_setup *setup, hk_tenant *ret_tenant, struct hk_error *error);
/* Would the tenant's part and its playbooks be taken? Nothing is written or started. */
HK_MUST_CHECK enum hk_status hk_engine_tenant_check(
    const struct hk_tenant_setup *setup, struct hk_error *error);
/* How its people log in. Defaults when there is no such tenant. Not kept: a new configuration may
 * change it. */
const struct hk_login_policy *hk_engine_login_policy(
    const struct hk_engine *engine, hk_tenant tenant);
/* The tenant's secrets; NULL when it has none. */
const struct hk_secrets *hk_engine_secrets(const struct hk_engine *engine, hk_tenant tenant);

/* Write engine.started, wait for orphans and plugins, then recover what was in flight. */
HK_MUST_CHECK enum hk_status hk_engine_start(struct hk_engine *engine, struct hk_error *error);
/* No new alerts or calls; calls in flight may end within deadline_ms; then engine.stopped is
 * written and done is called. */
void hk_engine_stop(struct hk_engine *engine, int64_t deadline_ms, hk_loop_fn *done, void *ctx);
/* Ready: orphans gone, plugins settled, recovery begun. *ret_why (may be NULL) names what is
 * waited for. */
bool hk_engine_is_ready(const struct hk_engine *engine, const char **ret_why);

/* The tenant's number; false when there is no such tenant in the configuration. */
bool hk_engine_tenant(const struct hk_engine *engine, const char *name, hk_tenant *ret_tenant);
const char *hk_engine_tenant_name(const struct hk_engine *engine, hk_tenant tenant);
/* The zone in which the tenant's people are told times, `notices.zone`: minutes east of UTC. */
int hk_engine_zone_minutes(const struct hk_engine *engine, hk_tenant tenant);
/* The only tenant's name, or NULL when there are more. */
const char *hk_engine_only_tenant(const struct hk_engine *engine);
/* The name of one that there is, for what concerns them all; NULL when there is none. */
const char *hk_engine_any_tenant(const struct hk_engine *engine);
/* The dedupe fields of the tenant for intake, NULL-ended; NULL: the default. */
const char *const *hk_engine_dedupe_fields(const struct hk_engine *engine, hk_tenant tenant);

/* --- alerts --- */

struct hk_alert_offer {
    const char *view;             /* from intake */
    const struct hk_json *parsed; /* the same, read; looked at during the call only */
    const char *raw;
    const char *form;
    const char *dedupe;
    int severity;
    int64_t event_us;
};
struct hk_alert_taken {
    char id[HK_ID_SIZE];           /* "" when refused */
    char duplicate_of[HK_ID_SIZE]; /* "" when it is no duplicate */
    enum hk_status status;         /* HK_OK, or HK_BUSY: refused by admission */
};
/* What hk_engine_accept keeps for an Idempotency-Key, in the same transaction. */
struct hk_kept_answer {
    const char *key;
    const char *request_sha256;
    int status;
    const char *answer;
};
/* Build the kept answer once the outcomes are known; NULL when there is no key. */
typedef const struct hk_kept_answer *hk_answer_fn(void *ctx, const struct hk_alert_taken *taken);
/* Called when the entries are on disk. */
typedef void hk_accepted_fn(void *ctx);

/* Take alerts in. ret_taken has count items, filled on return. done is called once on the loop when
 * all that was taken is synced; when nothing was taken (all refused) it is not called and HK_BUSY
 * is returned.
 *
 * Sources that keep what isn't taken, and send it again in order, ask for all or nothing: the most
 * severe of the alerts decides for them all. Cursors move in the same transaction, and may move
 * without an alert: then admission is not asked. */
struct hk_acceptance {
    hk_tenant tenant;
    const struct hk_actor *actor;
    const char *source;
    const struct hk_alert_offer *offers;
    size_t count;
    bool is_whole; /* all or nothing; required with cursors */
    const struct hk_cursor *cursors;
    size_t cursor_count;
    hk_answer_fn *answer; /* may be NULL */
    hk_accepted_fn *done;
    void *ctx; /* of both */
};
/* Would an alert of this severity be taken now? For whoever would do work in vain. */
bool hk_engine_admits(struct hk_engine *engine, int severity);
HK_MUST_CHECK enum hk_status hk_engine_accept(struct hk_engine *engine,
    const struct hk_acceptance *acceptance, struct hk_alert_taken *ret_taken,
    struct hk_error *error);

/* --- decisions of people: each answers once through reply, after the sync --- */

/* HK_OK: json is the thing as it now stands. HK_CONFLICT: json is what stands. HK_DENIED,
 * HK_NOT_FOUND, HK_INVALID: error says why, json is NULL. Both are borrowed for the call. */
typedef void hk_reply_fn(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json);

struct hk_decision {
    bool approve;
    const char *digest; /* the one that was shown */
    const char *reason; /* may be NULL for approve */
    const char *choice; /* for questions with choices */
};
/* Ask for less than what is asked: a new revision with a digest of its own, for which earlier votes
 * don't count. Whoever may decide may narrow. What would be wider is HK_INVALID. */
struct hk_narrowing {
    const char *args;   /* JSON object: those that change; NULL: none does */
    int64_t lease_ms;   /* a shorter lease; 0: as it is */
    const char *digest; /* the one that was shown */
    const char *reason; /* may be NULL */
};
void hk_engine_narrow(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_narrowing *narrowing, hk_reply_fn *reply, void *ctx);

/* Pass a decision on to somebody who may take it. Others still may, too. */
struct hk_delegate {
    char id[HK_ID_SIZE];
    char role[32];
};
void hk_engine_delegate(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_delegate *to, const char *reason, hk_reply_fn *reply,
    void *ctx);

/* Ask back, or answer: a note on the gate. Any analyst may, whoever asked for it too. */
void hk_engine_gate_note(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const char *text, hk_reply_fn *reply, void *ctx);

void hk_engine_decide(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *gate, const struct hk_decision *decision, hk_reply_fn *reply, void *ctx);

void hk_engine_release(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, const char *reason, hk_reply_fn *reply, void *ctx);
/* for_ms from now */
void hk_engine_renew(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, int64_t for_ms, const char *reason, hk_reply_fn *reply, void *ctx);

/* Does it still hold? json has id, state, action, target, check ("holds", "drifted"; "unknown":
 * its plugin can't tell now; "none": nothing can look at it), found (what is there instead, or why
 * it can't be told), checked and expires. */
void hk_engine_verify(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, hk_reply_fn *reply, void *ctx);

void hk_engine_run_cancel(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const char *reason, hk_reply_fn *reply, void *ctx);
struct hk_run_signal {
    const char *name;  /* as a playbook's: hk_name_is_valid */
    const char *value; /* JSON of at most HK_SIGNAL_SIZE_MAX bytes; NULL: nothing comes with it */
};
/* Tell a run something by name. Replies with {"id", "state", "taken": did a wait end by it?} once
 * it is recorded; HK_CONFLICT when the run has ended, or can't keep it. */
void hk_engine_run_signal(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const struct hk_run_signal *signal, hk_reply_fn *reply, void *ctx);
enum hk_resolution { HK_RESOLVE_HAPPENED, HK_RESOLVE_DID_NOT, HK_RESOLVE_ABANDON };
struct hk_resolve {
    enum hk_resolution resolution;
    const char *step;     /* may be NULL for ABANDON */
    const char *result;   /* JSON object, HAPPENED */
    const char *evidence; /* required */
};
void hk_engine_run_resolve(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const struct hk_resolve *resolve, hk_reply_fn *reply, void *ctx);

/* Send a test to a contact, by each of its channels. Replies with {"contact", "notices": [{"id",
 * "channel"}…]} once they are queued; what becomes of them stands in the list of notices. */
void hk_engine_contact_test(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *contact, hk_reply_fn *reply, void *ctx);
/* Send the digest now. Replies with {"notices": […]}. */
void hk_engine_digest(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    hk_reply_fn *reply, void *ctx);

/* --- versions of playbooks: see sdk/docs/playbook.md --- */

/* Take into force, for new runs, what of these files has changed: all of them or, when one can't be
 * taken, none (HK_CONFLICT with file:line). They are copied. Replies with {"items":[{"file","name",
 * "version","state","by","previous","changed"[,"set_aside"]}],"changed": how many}. */
void hk_engine_playbooks_reload(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const struct hk_playbook_file *files, size_t count,
    hk_reply_fn *reply, void *ctx);
/* Let another text of a playbook take a share of the alerts in place of the one in force, or look
 * at a share of them beside it, as a shadow that does nothing. Replies with what stands, as below,
 * with "trial": {"id","version","kind","share","by","until"}; HK_CONFLICT with the same when it is
 * in force, or tried so, already. The share and the end of a text that is tried already change;
 * another one that is tried ends. */
struct hk_try_wish {
    struct hk_playbook_file text; /* copied */
    bool is_shadow;
    int64_t share;      /* percent, 1 to 100 */
    int64_t for_ms;     /* 0: until somebody ends it */
    const char *reason; /* may be NULL */
};
void hk_engine_playbook_try(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const struct hk_try_wish *wish,
    hk_reply_fn *reply, void *ctx);
void hk_engine_playbook_stop_trial(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const char *reason, hk_reply_fn *reply,
    void *ctx);
/* Put another recorded version of a playbook into force. Replies with {"name","version","state",
 * "by","previous"}; HK_CONFLICT with the same when it is in force already, or when a rollback has
 * nothing to go to by itself. */
struct hk_enforce_wish {
    bool is_rollback;    /* else it is promoted */
    const char *version; /* or how it begins; NULL: the one that is tried, or was before */
    const char *reason;  /* required */
};
void hk_engine_playbook_enforce(struct hk_engine *engine, hk_tenant tenant,
    const struct hk_actor *actor, const char *playbook, const struct hk_enforce_wish *wish,
    hk_reply_fn *reply, void *ctx);

/* Have what is recorded about a subject erased, and what hangs on it (ledger.h). Only a person may,
 * with a fresh code where the tenant's login.step_up has "erase". Replies with {"subject",
 * "erased", "seq", "entries", "subject_count"} once the bytes are in no file of the folder any
 * more; HK_CONFLICT when something of it is still needed. A dry run says what would go. */
struct hk_erase_wish {
    const char *subject;
    const char *reason; /* may be NULL in a dry run */
    bool is_dry_run;
};
void hk_engine_erase(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const struct hk_erase_wish *wish, hk_reply_fn *reply, void *ctx);

/* What the tenant's rules of retention would erase now: replies with {"rules": [{"rule", "keep",
 * "due": [ids], "due_entries", "more"}], "kept": [ids of what is still needed], "kept_count"}. */
void hk_engine_retention(struct hk_engine *engine, hk_tenant tenant, hk_reply_fn *reply, void *ctx);

/* A person looked at it (first look is recorded; later ones are free). what: 'a' alert, 'g' gate,
 * 'c' case.
 */
void hk_engine_seen(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    char what, const char *id);

/* Append what authority would say, as JSON. action: "edl.block_ip" or a bound capability. */
HK_MUST_CHECK enum hk_status hk_engine_explain(struct hk_engine *engine, hk_tenant tenant,
    const char *action, const char *target, enum hk_severity severity, int64_t time_us,
    struct hk_buf *out, struct hk_error *error);

/* --- plugins, for those that don't see the pool --- */

/* Append {"items":[{"name","version","sha256","state","running","restarts","calls_open"}],
 * "next":null}: the tenant's plugins; state is "loaded", "starting" or "failed" (then with
 * "reason"). */
HK_MUST_CHECK enum hk_status hk_engine_plugins(
    const struct hk_engine *engine, hk_tenant tenant, struct hk_buf *out, struct hk_error *error);
/* Append one plugin's descriptor with the members of the list. HK_NOT_FOUND. */
HK_MUST_CHECK enum hk_status hk_engine_plugin(const struct hk_engine *engine, hk_tenant tenant,
    const char *plugin, struct hk_buf *out, struct hk_error *error);
/* Absolute path of a file that the tenant's plugin serves, and its content type (borrowed); false
 * when it serves no file of that name. */
bool hk_engine_served_file(const struct hk_engine *engine, hk_tenant tenant, const char *plugin,
    const char *file, char *ret_path, size_t capacity, const char **ret_content_type);

/* --- gaps: what is not covered --- */

/* name, its word in the ledger */
#define HK_GAP_KINDS(X)                                                                            \
    X(SOURCE_SILENT, "source_silent")                                                              \
    X(SOURCE_HINDERED, "source_hindered")                                                          \
    X(MAPPING_FAILS, "mapping_fails")                                                              \
    X(ACTION_NOT_READY, "action_not_ready")                                                        \
    X(CONTACT_SILENT, "contact_silent")                                                            \
    X(SINK_FAILS, "sink_fails")                                                                    \
    X(DISK_SHORT, "disk_short")
enum hk_gap_kind {
#define X(name, text) HK_GAP_##name,
    HK_GAP_KINDS(X)
#undef X
        HK_GAP_KIND_COUNT
};
const char *hk_gap_kind_text(enum hk_gap_kind kind);

#define HK_GAP_NAME_SIZE 160   /* "SOURCE MAPPING" */
#define HK_GAP_DETAIL_SIZE 320 /* for people */
struct hk_gap_found {
    const char *name; /* what is not covered, unique in its kind; cut to HK_GAP_NAME_SIZE */
    const char *detail;
};
/* These, and no others, are the tenant's gaps of a kind now; at most HK_GAPS_MAX are taken. */
void hk_engine_gaps(struct hk_engine *engine, hk_tenant tenant, enum hk_gap_kind kind,
    const struct hk_gap_found *found, size_t count);

/* At which intervals to look for them. */
int64_t hk_engine_gap_look_every_ms(const struct hk_engine *engine);

/* Figures for /metrics. */
struct hk_engine_stats {
    uint64_t alerts_taken, alerts_merged, alerts_refused;
    uint64_t runs_started, runs_finished, runs_failed, runs_diverged;
    uint64_t steps_intended, steps_settled, steps_unknown;
    uint64_t gates_opened, gates_decided, calls_sent;
    uint64_t notices_queued, notices_sent, notices_failed, notices_nobody, notices_suppressed;
    uint64_t cases_opened, alerts_joined, tasks_opened;
    uint64_t retired_entries; /* whose payload went by the rules of retention */
    size_t retained;          /* beyond their time, since they are still needed */
    size_t runs_active, runs_in_line;
};
void hk_engine_stats(const struct hk_engine *engine, struct hk_engine_stats *ret_stats);

#endif
