/*
 * play: the Lua side of one run: its states, its branches, its place in the record; live or in
 * replay.
 *
 *   NEW ──hk_play_activate──▶ WAITING ──hk_play_activate, one result each──▶ … ──▶ ENDED
 *
 * An activation delivers one result (the first one starts the playbook instead) and resumes every
 * branch that can go on, in the order in which branches were made, until all wait. Events of an
 * activation are held back until its end, those of a replay until its end: a run that fails or
 * diverges asks for nothing more.
 *
 * Invariants, kept by play.c: between activations no branch is runnable; `current` and `delivering`
 * are set only while a coroutine is resumed; nothing is delivered to a branch that did not ask.
 */
#ifndef HK_SCRIPT_PLAY_H
#define HK_SCRIPT_PLAY_H

#include "base/arena.h"
#include "script/cache.h"
#include "script/state.h"
#include "script/thread.h"

enum hk_branch_state {
    HK_BRANCH_RUNNABLE,
    HK_BRANCH_STEP,     /* waits for the result of `step` */
    HK_BRANCH_TOGETHER, /* waits for all of its children */
    HK_BRANCH_EACH,     /* waits for any of its children */
    HK_BRANCH_DONE,     /* result_count results lie on its stack until the parent takes them */
};

struct hk_branch {
    lua_State *co;
    int ref; /* keeps co from being collected */
    struct hk_branch *parent;
    enum hk_branch_state state;
    unsigned ordinal;       /* of the next step */
    unsigned children_left; /* of the together or each it waits for */
    unsigned index;         /* of an each: which item is it about? */
    unsigned refusals;      /* results marked is_refused, its children's too */
    int argument_count;     /* on the stack of co, for its first resume */
    int result_count;
    char prefix[HK_STEP_PATH_SIZE]; /* of its steps: "" or "2:logins." */
    char step[HK_STEP_PATH_SIZE];   /* that it waits for */
};

struct hk_delivery {
    struct hk_delivery *next;
    char *step;
    char *value;
    bool ok;
    bool is_refused;
    int64_t time_us;
};

/* What is to be done about a run, between threads; thread.c's. */
struct hk_errand {
    struct hk_queue_item item;
    enum hk_errand_kind { HK_ERRAND_LOAD, HK_ERRAND_SETTLE, HK_ERRAND_UNLOAD, HK_ERRAND_BACK } kind;
    struct hk_play *run; /* LOAD, BACK */
};

/* Where a run is among the others; roster.c's. */
struct hk_place {
    struct hk_errand errand; /* on its way to a slowed thread, or back */
    struct hk_play *next_in_bucket;
    struct hk_play *next_ready;
    bool is_ready;
    bool is_away;             /* a thread is at it: nothing of the run but this may be touched */
    bool is_dropped;          /* unloaded while it was away */
    bool is_late;             /* it is away, and held up others */
    bool is_closing;          /* it is away to have its Lua state thrown away */
    bool is_proven;           /* its last activation was short */
    unsigned weight;          /* see habits.h */
    uint64_t version;         /* for habits.h */
    struct hk_delivery *late; /* results that came while it was away, oldest first */
    struct hk_delivery **late_tail;
};

enum hk_play_phase { HK_PLAY_NEW, HK_PLAY_WAITING, HK_PLAY_ENDED };

/* For tools that look on: told of each step that is asked for, in a replay too, before it is held
 * against the record. co is the coroutine that asks: it may be looked at, and not be changed. */
struct hk_play_asked {
    const char *step;
    const char *op;
    const char *name;
    const char *args;
    const char *options;
    const char *where; /* "file:line" */
};
struct hk_play_watcher {
    void (*on_ask)(void *ctx, lua_State *co, const struct hk_play_asked *asked);
    void *ctx;
};

struct hk_play {
    hk_script_run id;
    enum hk_play_phase phase;
    struct hk_state st;
    char *version;
    char chunk[128];
    char name[65]; /* its id, for `this_run` */
    /* what it was started with: in the arena, until the replay is over */
    struct hk_arena arena;
    struct hk_script_start start; /* without the version, which stays */
    struct hk_script_record *records;
    bool *asked;        /* for each record */
    uint32_t *slots;    /* hash of step → record + 1 */
    uint32_t slot_mask; /* number of slots - 1 */
    size_t settled_count;
    size_t delivered; /* records */
    bool is_replay;
    /* running */
    struct hk_branch **branches; /* in the order they were made; the first one is the top */
    size_t branch_count;
    size_t branch_capacity;
    struct hk_branch *current;
    const struct hk_delivery *delivering;
    struct hk_delivery *waiting; /* live results, oldest first */
    struct hk_delivery **waiting_tail;
    uint64_t deliveries; /* live results delivered so far */
    unsigned step_count;
    int64_t now_us;
    uint64_t random[4];
    struct hk_buf code;                    /* fresh compilation on its way into the cache */
    struct hk_code *cached;                /* held from hk_play_prepare to hk_play_keep */
    const struct hk_play_watcher *watcher; /* or NULL; the caller's */
    /* how it diverged */
    char diverged_step[HK_STEP_PATH_SIZE];
    char *expected;
    char *got;
    char where[160];   /* …or went on as a new run */
    bool is_continued; /* by continue_as_new: it ends at once */
    /* events not yet given out */
    size_t events_size; /* of the texts in requests: they count as memory of the run */
    struct hk_script_event *events;
    struct hk_script_event **events_tail;
    struct hk_script_event *last; /* kept for the end, so that no lack of memory hides it */
    uint64_t took_us; /* CPU time of the last activation; 0: less than HK_SCRIPT_TURN_US */
    struct hk_place place;
};

/* Copy what is given. On any thread. */
HK_MUST_CHECK enum hk_status hk_play_new(
    const struct hk_script_start *start, struct hk_play **ret_run, struct hk_error *error);
void hk_play_free(struct hk_play *run);
/* Take the delivery; it waits for its turn. */
void hk_play_add(struct hk_play *run, struct hk_delivery *delivery);
void hk_delivery_free(struct hk_delivery *delivery);
/* Is there anything to do for hk_play_activate? */
bool hk_play_is_due(const struct hk_play *run);
/* One activation: the three that follow. */
void hk_play_activate(struct hk_play *run, struct hk_cache *cache);
/* Before and after it, on the thread that has the cache: look for the compiled text; keep a fresh
 * one. */
void hk_play_prepare(struct hk_play *run, struct hk_cache *cache);
void hk_play_keep(struct hk_play *run, struct hk_cache *cache);
/* The activation itself, on any thread. */
void hk_play_go(struct hk_play *run);
/* Throw away the Lua state of a run that goes no further; for a large one that takes milliseconds.
 */
void hk_play_close(struct hk_play *run);
/* Take the events that may be given out, oldest first, linked by item.next; NULL when none. */
struct hk_script_event *hk_play_take_events(struct hk_play *run);

/* --- for the playbook API, while a coroutine runs --- */

enum hk_ask { HK_ASK_OK, HK_ASK_DIVERGED, HK_ASK_TOO_MANY, HK_ASK_TOO_DEEP, HK_ASK_NOMEM };

/* The current branch asks for a step and waits from now on. Raises nothing. */
enum hk_ask hk_play_ask(struct hk_play *run, const char *op, const char *name, const char *args,
    const char *options, const char *where);
/* Make a child of the current branch; NULL when memory is short. The caller sets co and ref. */
struct hk_branch *hk_play_branch_new(struct hk_play *run, const char *prefix);
/* Forget the children of the current branch that are done; their coroutines are the caller's. */
void hk_play_drop_ended(struct hk_play *run);
/* Uniform over all 64-bit values. */
uint64_t hk_play_random(struct hk_play *run);

/* Push onto L the coroutine body of the top branch and its arguments (load.c); runs in protected
 * mode with the run as its argument. */
int hk_play_load(lua_State *L);

#endif
