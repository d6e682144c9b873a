/*
 * objects: what the modules of the engine share and nobody else sees: tenants, runs, steps, calls,
 * and the engine itself.
 *
 * Objects here are copies of what the ledger says, kept while something happens to them. A run is
 * pinned while it has a Lua state, a call in flight or a write that is not yet synced (pins), and
 * may be dropped at any other time; so no object is read from disk in a state older than the one
 * that was in memory.
 */
#ifndef HK_ENGINE_OBJECTS_H
#define HK_ENGINE_OBJECTS_H

#include "base/map.h"
#include "engine/business.h"
#include "engine/engine.h"
#include "engine/entity.h"
#include "engine/states.h"
#include "ledger/query.h"
#include "ledger/query_erase.h"
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
    bool is_slow;     /* its runs took long lately: see pace.h */
};

/* A version that is tried: see trial.h. */
struct hk_trial {
    struct hk_playbook *playbook; /* NULL: there is none */
    char id[HK_ID_SIZE];
    char by[HK_ID_SIZE]; /* who began it */
    bool is_shadow;      /* it is only looked at: see shadow.h */
    unsigned share;      /* percent of the alerts */
    int64_t until_us;    /* 0: until somebody ends it */
};

/* A playbook's name, and which of its versions alerts start: see versions.h. */
struct hk_named {
    char name[HK_ID_SIZE];
    char id[HK_ID_SIZE]; /* the subject of what is recorded about the name */
    struct hk_playbook *in_force;
    char by[HK_ID_SIZE];               /* who put that into force */
    char file[HK_SHA256_HEX_SIZE];     /* its file's version when something was made of it last */
    char previous[HK_SHA256_HEX_SIZE]; /* what a rollback goes to; "": nothing by itself */
    struct hk_trial trial;
};

enum { HK_SPENT_MAX = 4096 };

/* Times of the last actions of one kind, a ring. */
struct hk_spent {
    int64_t times_us[HK_SPENT_MAX];
    size_t next;
};

struct hk_contacts;
struct hk_mailer;

struct hk_tenant_state {
    hk_tenant number;
    char name[HK_ID_SIZE];
    struct hk_json_doc config;
    struct hk_authority *authority;
    const struct hk_secrets *secrets; /* may be NULL */
    struct hk_map playbooks;          /* every text in memory, by version */
    struct hk_named *named;           /* those that new alerts may start, in configured order */
    size_t named_count;
    const char **dedupe_fields; /* NULL-ended; NULL: default */
    int64_t dedupe_window_us;
    int64_t retain_ms[HK_RETIRE_RULE_COUNT]; /* 0: for ever */
    size_t retained_count;                   /* beyond its time, since it is still needed */
    int64_t lease_default_ms;
    int64_t lease_max_ms;
    int64_t gap_look_every_ms;
    int64_t verify_every_ms;
    int64_t heartbeat_every_ms;
    int64_t ready_every_ms;
    struct hk_rhythm *rhythm;    /* of its sources */
    struct hk_business business; /* hours */
    struct hk_case_policy cases;
    bool authors_decide; /* also what their own version of a playbook asks for */
    struct hk_login_policy login;
    struct hk_spent *spent_contain;
    struct hk_spent *spent_eradicate;
    struct hk_contacts *contacts; /* NULL: nobody is told anything */
    struct hk_mailer *mailer;     /* made with the first mail */
    int64_t told_minute;          /* of the clock… */
    unsigned told_count;          /* …and of how much of what happened in it people were told */
    int64_t digest_last_us;       /* when the last one was queued */
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
    const char *waits_for; /* "gate", "question", "timer", "signal", "call" */
    int64_t due_us;
    char gate[HK_ID_SIZE];
    char called[HK_ID_SIZE]; /* the run that it waits for */
    /* people may have narrowed what was asked: see hk_gate_apply_narrowing */
    const char *narrowed;      /* the arguments in place of args, canonical JSON, or NULL */
    int64_t narrowed_lease_ms; /* 0: as asked */
    /* intended */
    const char *action; /* "edl.block_ip" */
    const char *call;   /* JSON: the arguments that are sent, target in normal form */
    char plugin_sha256[HK_SHA256_HEX_SIZE]; /* of the file that was intended */
    enum hk_effect effect;
    char key[HK_SHA256_HEX_SIZE];
    char containment[HK_ID_SIZE];
    int64_t lease_ms;
    int64_t deadline_ms;
    bool is_told_after; /* it may be done at once, if people hear of it */
    unsigned attempts;
    /* settled */
    bool ok;
    bool is_refused;   /* see hk_step_how_refuses */
    const char *value; /* JSON when ok, else the reason */
    int64_t time_us;
    unsigned order; /* among the settled, from 1 */
};

/* An alert while a run of it is in memory. */
struct hk_alert {
    char id[HK_ID_SIZE];
    char *json;               /* view, id and raw: what the playbook gets */
    char in_case[HK_ID_SIZE]; /* "" when it is in none */
    enum hk_alert_state state;
    unsigned users;
};

/* Of a run in the chain that continue_as_new makes: see run_continue.h. */
struct hk_chain_place {
    char first[HK_ID_SIZE]; /* the run that the chain began with */
    unsigned number;        /* runs before this one; 0: the first */
    int64_t hour_us;        /* when the hour began that… */
    unsigned in_hour;       /* …so many of them began in */
    char next[HK_ID_SIZE];  /* the run that this one went on as; "": none */
};

struct hk_signal;
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
    int64_t ends_us; /* of limits.run_for; 0: never */
    struct hk_chain_place chain;
    char caller[HK_ID_SIZE]; /* the run that called it; "": none. See call.h */
    const char *caller_step;
    const char *caller_where;
    const char **callers;    /* names of the playbooks above it, NULL-ended; NULL: none */
    unsigned depth;          /* how many those are */
    bool is_shadow;          /* it does nothing outside of its record: see shadow.h */
    const char *args;        /* that it was called with, or handed over, JSON; NULL: none */
    const char **requesters; /* actor ids, NULL-ended, in the arena */
    enum hk_run_state end;   /* HK_RUN_RUNNING until it has ended or diverged */
    struct hk_step **steps;  /* in the order they were asked for */
    size_t step_count;
    size_t step_capacity;
    unsigned settled_count;
    struct hk_signal *signals; /* kept for it, oldest first; see signal.h */
    unsigned signals_kept;
    unsigned signals_come;    /* in its whole life */
    size_t record_size;       /* what its steps take up, or may yet; see hk_run_has_room */
    hk_script_run script;     /* 0: no Lua state */
    char script_text[24];     /* the same, key of hk_engine.scripts */
    uint64_t deliveries_sent; /* results given to that state */
    bool has_spoken;          /* something came from that state */
    bool is_slow;             /* it is one of engine->slow */
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
    /* of neither: called when it has ended */
    void (*ended)(void *ctx, enum hk_call_end end, const char *text);
    void *ctx;
};

/* --- one at a time: who works on a subject, and who waits for it --- */

struct hk_turn {
    struct hk_turn *next;
    bool is_first;
    void (*go)(void *ctx);
    void *ctx;
};

struct hk_dedupe;
struct hk_case_index;
struct hk_case_soon;
struct hk_line;
struct hk_notices;
struct hk_gaps;
struct hk_gap_watch;
struct hk_room_watch;
struct hk_rhythm;
struct hk_verifier;
struct hk_ready;

struct hk_engine {
    struct hk_engine_options options;
    struct hk_ledger *ledger;
    struct hk_pool *pool;
    struct hk_connector *connector;
    struct hk_script *script;
    struct hk_wake *script_wake;
    struct hk_script_event *events; /* taken from the script threads, not yet taken up */
    struct hk_tenant_state **tenants;
    hk_tenant *tenant_numbers; /* of the same, unchanged once started: readers look at them */
    size_t tenant_count;
    struct hk_map runs;    /* by id */
    struct hk_map scripts; /* runs with a Lua state, by run number as text */
    struct hk_map alerts;  /* by id, while a run of it is in memory */
    struct hk_map turns;   /* subjects that are being worked on */
    struct hk_map outs;    /* calls, by number */
    struct hk_dedupe *dedupe;
    struct hk_case_index *cases;
    struct hk_case_soon *soon; /* cases that may be closed */
    struct hk_line *line;      /* runs that wait to be loaded */
    struct hk_line *slow_line; /* those of playbooks that take long: see pace.h */
    uint64_t next_script;
    uint64_t next_call;
    size_t active;       /* runs with a Lua state */
    size_t slow;         /* of these: those of playbooks that take long */
    size_t loading;      /* runs from the lines that are being read */
    size_t slow_loading; /* of these: those from the slow line */
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
    struct hk_notices *notices;
    struct hk_gaps *gaps;
    struct hk_retirer *retirer;
    struct hk_gap_watch *gap_watch;
    struct hk_room_watch *room_watch;
    struct hk_verifier *verifier;
    struct hk_heartbeat *heartbeat;
    struct hk_ready *ready;
    unsigned writes_open;
    struct hk_engine_stats stats;
};

static inline int64_t hk_engine_now_us(struct hk_engine *engine)
{
    return hk_clock_now_us(hk_ledger_clock(engine->ledger));
}
#endif
