/*
 * pool_internal: what the modules of the pool share. Only core/plugin and its tests include this.
 *
 * A process (one per plugin and tenant at a time), process.c:
 *
 *   (none) --start--> DESCRIBING --descriptor--> INITIALISING --ready--> READY
 *      ^                  |                           |                   |
 *      |                  +---------- refused, nonsense, too slow, idle, stop, crash ----+
 *      |                                                                                 v
 *      +------------------------------- gone (from the spawner) ---------------------- ENDING
 *
 *   I1. A process is freed only when the spawner says it is gone (or the spawner is gone): the next
 *       one of the same plugin never runs beside it.
 *   I2. Its open calls are settled as lost only then.
 *
 * A call, calls.c:
 *
 *   WAITING --sent--> SENT --answer--> (freed)
 *      |               |---deadline---> OVERDUE --answer--> (freed)
 *      |               |                   +--- still silent after a grace: process is killed
 *      +--cancel, deadline, not loaded--> (freed, NOT_SENT)
 *
 *   I3. Each call is reported exactly once: on leaving WAITING or SENT, by hk_calls_report, which
 *       only queues. events.settled runs from the loop, never inside hk_pool_call.
 */
#ifndef HK_PLUGIN_POOL_INTERNAL_H
#define HK_PLUGIN_POOL_INTERNAL_H

#include "limits.h"
#include "plugin/descriptor.h"
#include "plugin/grants.h"
#include "plugin/pool.h"
#include "plugin/spawner_wire.h"
#include "plugin/wire.h"

/* Times that tests shorten. */
struct hk_pool_times {
    int64_t start_max_ms;
    int64_t idle_ms;
    int64_t backoff_min_ms;
    int64_t backoff_max_ms;
    int64_t hang_grace_ms;
    int64_t stop_grace_ms;
};

enum hk_call_state { HK_CALL_WAITING, HK_CALL_SENT, HK_CALL_OVERDUE };

struct hk_pool_call {
    struct hk_pool_call *next; /* of the plugin's line, or of the process */
    struct hk_pool_plugin *plugin;
    const struct hk_action_info *action;
    enum hk_call_state state;
    enum hk_call_mode mode;
    uint64_t call_id;
    uint64_t wire_id;
    char *key;
    char *undoes; /* may be NULL */
    char *args;
    int64_t deadline_at_ms;
    int64_t lease_ms;
    struct hk_timer *timer;
    bool cancel_was_sent;
};

struct hk_pool_report {
    struct hk_pool_report *next;
    uint64_t call_id;
    enum hk_call_end end;
    char *text;
};

enum hk_process_state {
    HK_PROCESS_DESCRIBING,
    HK_PROCESS_INITIALISING,
    HK_PROCESS_READY,
    HK_PROCESS_ENDING
};

struct hk_process {
    struct hk_pool_plugin *plugin;
    enum hk_process_state state;
    uint64_t id;          /* to the spawner */
    pid_t pid;            /* 0 until the spawner said */
    uint64_t netns_inode; /* of the namespace it was put into; 0: none, or not yet known */
    int wire;             /* -1 once closed */
    struct hk_fd_watch *watch;
    struct hk_wire_reader reader;
    struct hk_wire_writer writer;
    int said; /* what it writes to stderr comes out here */
    struct hk_fd_watch *said_watch;
    char said_line[HK_PLUGIN_LOG_LINE_MAX]; /* not ended yet; longer ones are cut */
    size_t said_size;
    struct hk_timer *timer;     /* start deadline, then idle */
    struct hk_pool_call *calls; /* SENT and OVERDUE */
    unsigned call_count;
    unsigned overdue_count; /* while any is, the process may hang: it gets nothing new */
    unsigned connect_count;
    bool is_gone; /* says the spawner; what it sent before is being read */
    bool was_let_go;
    bool needs_flush;
    char why[HK_PLUGIN_LOG_LINE_MAX]; /* we end it; "" when it ended by itself */
    int64_t log_credit_at_ms;
    unsigned log_credit;
    unsigned log_dropped;
    int64_t stray_since_ms;
    unsigned stray_count;
};

struct hk_pool_plugin {
    struct hk_pool_plugin *next;
    struct hk_pool *pool;
    char *tenant;
    char *name;
    char *options;                    /* as configured: secrets are put in for the process alone */
    const struct hk_secrets *secrets; /* may be NULL */
    char *state_dir;
    char **grants;                  /* NULL-ended */
    bool has_net_admin;             /* granted */
    char netns[HK_NETNS_PATH_SIZE]; /* where to; "": where the engine is */
    int file;                       /* sealed memory file */
    char sha256[HK_SHA256_HEX_SIZE];
    struct hk_arena arena;
    struct hk_json_doc doc; /* the frame of the descriptor */
    struct hk_descriptor descriptor;
    char *published;
    bool is_loaded;
    bool has_failed; /* for good: it never loaded */
    struct hk_error error;
    struct hk_process *process;
    struct hk_pool_call *first_waiting;
    struct hk_pool_call **last_waiting;
    unsigned waiting_count;
    struct hk_timer *restart;
    int64_t backoff_ms;
    int64_t start_not_before_ms;
    unsigned restarts;
};

struct hk_connect_request {
    struct hk_connect_request *next;
    struct hk_pool *pool; /* NULL when the pool is gone */
    uint64_t process_id;
    uint64_t request_id;
    bool may_be_private; /* the grant names this very address, or says so */
};

struct hk_spawner_order {
    struct hk_spawner_order *next;
    struct hk_spawner_message message;
    int fds[HK_SPAWNER_FDS]; /* -1: none; ours until sent */
};

struct hk_pool {
    struct hk_loop *loop;
    struct hk_connector *connector; /* may be NULL */
    int spawner_fd;                 /* -1 once the spawner is gone */
    struct hk_fd_watch *spawner_watch;
    struct hk_spawner_order *orders; /* that the socket did not take yet */
    const struct hk_pool_events *events;
    void *ctx;
    struct hk_pool_times times;
    struct hk_pool_plugin *plugins;
    struct hk_pool_report *first_report;
    struct hk_pool_report **last_report;
    struct hk_timer *turn; /* sends and reports what this turn queued */
    struct hk_connect_request *connects;
    uint64_t next_wire_id;
    bool without_landlock; /* tests */
    bool is_held;          /* processes wait for hk_pool_go */
};

/* --- pool.c --- */

struct hk_pool_plugin *hk_pool_find(
    const struct hk_pool *pool, const char *tenant, const char *plugin);
/* Run hk_pool_turn soon. */
void hk_pool_schedule(struct hk_pool *pool);
void hk_pool_log(struct hk_pool_plugin *plugin, int level, const char *format, ...) HK_PRINTF(3, 4);

/* --- process.c --- */

/* Start a process if none is there and back-off allows it, else arm the timer for it. */
void hk_process_want(struct hk_pool_plugin *plugin);
/* Kill it, for the given reason. Its calls are lost when it is gone. */
void hk_process_kill(struct hk_process *process, const char *why);
/* Ask it to stop; the spawner kills it after a grace. */
void hk_process_let_go(struct hk_process *process);
/* Is its network namespace no longer the one of that name? It would go on in one that is gone. */
bool hk_process_is_misplaced(const struct hk_process *process);
/* The spawner's notice. wait_status as from waitpid, or an errno when was_made is false. */
void hk_process_gone(struct hk_process *process, bool was_made, int wait_status);
void hk_process_free(struct hk_process *process);
struct hk_process *hk_process_find(struct hk_pool *pool, uint64_t process_id);
/* Write options or arguments with the tenant's secrets in their places. This is where secrets leave
 * the engine: for the process that is to use them. False when one is missing; then what was written
 * is not whole. */
bool hk_process_write_filled(
    const struct hk_pool_plugin *plugin, const char *json, struct hk_jw *jw);
/* Queue a frame for it. False when it can't take more. */
bool hk_process_send(struct hk_process *process, const struct hk_buf *json, int take_fd);
void hk_process_flush(struct hk_process *process);
/* Arm the idle timer when nothing is open. */
void hk_process_note_idle(struct hk_process *process);
/* Count a frame that was of no use; kill the process when there are too many. False: it was. */
bool hk_process_count_stray(struct hk_process *process);

/* --- said.c --- */

/* Make the pipe that becomes the stderr of the process; its other end is *ret_end. */
bool hk_said_start(struct hk_process *process, int *ret_end);
/* Log what is still in the pipe. */
void hk_said_flush(struct hk_process *process);
void hk_said_end(struct hk_process *process);

/* --- frames.c --- */

/* May one more line about or from the process be logged? Counts it; false: it says too much. */
bool hk_process_may_log(struct hk_process *process);
/* Take in what has arrived. False when the process was ended for it. */
bool hk_frames_read(struct hk_process *process);

/* --- calls.c --- */

void hk_calls_report(
    struct hk_pool *pool, uint64_t call_id, enum hk_call_end end, const char *text);
/* Send waiting calls while the process takes them; start a process when there is none. */
void hk_calls_pump(struct hk_pool_plugin *plugin);
void hk_calls_settled(struct hk_process *process, const struct hk_json *frame);
/* The process is gone: what was open is lost. */
void hk_calls_lose_all(struct hk_process *process, const char *why);
/* It never loaded: what waits is not sent. */
void hk_calls_refuse_all(struct hk_pool_plugin *plugin, const char *why);
void hk_calls_drop_all(struct hk_pool_plugin *plugin);
void hk_calls_deliver(struct hk_pool *pool);

/* --- connects.c --- */

void hk_connects_start(struct hk_process *process, const struct hk_json *frame);
void hk_connects_drop_all(struct hk_pool *pool);

/* --- orders.c: the spawner's socket --- */

HK_MUST_CHECK enum hk_status hk_orders_start(struct hk_pool *pool, struct hk_error *error);
void hk_orders_stop(struct hk_pool *pool);
/* Make a process of the plugin; the descriptors are the order's from now on. */
void hk_orders_make(struct hk_pool_plugin *plugin, uint64_t process_id, int take_wire,
    int take_file, int take_stderr);
void hk_orders_end(struct hk_pool *pool, uint64_t process_id, int64_t grace_ms);

#endif
