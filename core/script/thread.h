/*
 * thread: the script threads. They hold one Lua state for each active run, run it until every
 * branch waits for something, and tell the engine what was asked. They do no I/O and know no
 * ledger.
 *
 * One thread leads and gives each run its turn, an activation at a time. A run that holds it up for
 * more than a millisecond or two goes on beside the others, on a thread with low priority (crew.h),
 * and begins its next turns there (habits.h); so it may wait for a processor, and for others of its
 * kind, but nobody waits for it. Its limits are the same: they are CPU time and work, not time that
 * goes by. What a run does, and the order of its events, does not depend on where it goes on; only
 * one thread is ever at it.
 *
 * Replay. hk_script_start gives the run's record: every step with its result, in ledger order, then
 * those still open. The playbook runs from its beginning; whenever all branches wait, the next
 * recorded result is delivered to the branch that asked for it, and all branches are drained again.
 * So concurrency replays as it was. Live results (hk_script_settle) are delivered the same way, one
 * at a time, in the order in which the engine wrote them. A call whose operation, name, arguments
 * or options differ from the record, or a recorded step that is not asked for when its turn comes,
 * ends the state with HK_SCRIPT_DIVERGED; nothing else is reported after that. A step that the
 * record doesn't have is a new one, wherever it is asked for: an engine may end before it has
 * written each of several.
 * Requests are reported at the end of an activation, those of a replay at its end, and never when
 * the run fails or diverges in it. A live result for a step that nobody waits for is a divergence.
 *
 * What a step asks for, in args: act: the action's own; call: what is handed over; ask, signal: all
 * fields given; wait: see wait.c; note: {"text":"…"}; close: {"verdict":"…","note":"…", …}; case:
 * all fields given. Only act has options, the others {}. A result that is JSON null, or empty,
 * reaches the playbook as true, since nil is how a failure looks; note always gives true, close its
 * own table.
 *
 * Step identity is the branch path and an ordinal: "0", "1" … at the top; a together at step 2 has
 * branches "2:logins.0", "2:logins.1"; nested: "2:logins.1:a.0". Branch names are [A-Za-z0-9_-];
 * list branches, and those of each, are named "1", "2" ….
 */
#ifndef HK_SCRIPT_THREAD_H
#define HK_SCRIPT_THREAD_H

#include "base/queue.h"
#include "base/status.h"
#include "limits.h"

#include <stdint.h>

struct hk_script;

/* Names one loaded run; the engine gives it, and never uses one twice. */
typedef uint64_t hk_script_run;

struct hk_script_record {
    const char *step;    /* identity */
    const char *op;      /* "act", "ask", "wait", "note", "close", "case", "call" … */
    const char *name;    /* act: "contain.block_ip"; call: the playbook; else "" */
    const char *args;    /* canonical JSON */
    const char *options; /* canonical JSON */
    bool is_settled;
    bool ok;           /* settled: did it succeed? */
    bool is_refused;   /* settled and not ok: people or rules said no; never retried */
    const char *value; /* settled and ok: JSON value; settled and not ok: the reason as text */
    int64_t time_us;   /* settled: time of the entry; `now` follows it */
};

struct hk_script_start {
    hk_script_run run;
    const char *name;    /* the run's id, for `this_run`; NULL: "" */
    const char *version; /* key of the compiled text that is kept in memory */
    const char *chunk;   /* file name for errors */
    const char *source;
    size_t source_size;
    const char *alert;                      /* alert view, JSON */
    const char *args;                       /* of whoever called it, JSON object; NULL: {} */
    uint64_t seed;                          /* for random */
    int64_t started_us;                     /* `now` before the first settlement */
    const struct hk_script_record *records; /* settled ones in ledger order, then open ones */
    size_t record_count;
};

struct hk_script_result {
    const char *step; /* identity */
    bool ok;
    bool is_refused;
    const char *value; /* as in a record; NULL: "" */
    int64_t time_us;
};

enum hk_script_event_kind {
    HK_SCRIPT_REQUEST,   /* a step is asked for that the record doesn't have */
    HK_SCRIPT_BLOCKED,   /* every branch waits; all requests so far were reported before this */
    HK_SCRIPT_FINISHED,  /* returned; value is the returned value as JSON ("null" when none) */
    HK_SCRIPT_CONTINUED, /* continue_as_new; value is the state for the new run, a JSON object */
    HK_SCRIPT_FAILED,    /* error raised or limit hit: text has file:line and a trace */
    HK_SCRIPT_DIVERGED,  /* step, expected, got, and where in the playbook */
};

struct hk_script_event {
    struct hk_queue_item item;
    enum hk_script_event_kind kind;
    hk_script_run run;
    char step[HK_STEP_PATH_SIZE];
    char op[16];
    char *name;          /* REQUEST */
    char *args;          /* REQUEST: canonical JSON object */
    char *options;       /* REQUEST: canonical JSON object */
    char *value;         /* FINISHED, CONTINUED: JSON */
    char *text;          /* FAILED: the error. DIVERGED: what was expected */
    char *got;           /* DIVERGED: what came */
    char *where;         /* REQUEST, CONTINUED, DIVERGED: "file:line" */
    size_t memory;       /* BLOCKED, FINISHED, CONTINUED: bytes of the Lua state */
    bool is_slow;        /* the playbook, in this version, takes long: so will its next runs */
    uint64_t deliveries; /* BLOCKED: live results (hk_script_settle) delivered since the load */
};
void hk_script_event_free(struct hk_script_event *event);

/* Start the threads. notify is called on one of them when events wait for hk_script_take. */
HK_MUST_CHECK enum hk_status hk_script_new(
    hk_notify_fn *notify, void *notify_ctx, struct hk_script **ret_script, struct hk_error *error);
/* Ends each thread at its next boundary (a run in an endless loop is stopped by its limits). */
void hk_script_free(struct hk_script *script);

/* All three copy what they are given and return at once; order is kept. */
HK_MUST_CHECK enum hk_status hk_script_load(
    struct hk_script *script, const struct hk_script_start *start, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_script_settle(struct hk_script *script, hk_script_run run,
    const struct hk_script_result *result, struct hk_error *error);
/* Drop the run's state, at once or when its activation is over. Events that were already queued may
 * still come; the engine ignores them by their run number. */
HK_MUST_CHECK enum hk_status hk_script_unload(
    struct hk_script *script, hk_script_run run, struct hk_error *error);

/* Take the events that wait, oldest first, as a list linked by item.next; NULL when there are none.
 * On the engine's thread. */
struct hk_script_event *hk_script_take(struct hk_script *script);

#endif
