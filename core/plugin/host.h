/*
 * host: the inside of a plugin process (`hikeshi plugin-host`).
 *
 * It reads one setup frame, enters the sandbox, loads the plugin and sends its descriptor; when the
 * engine has looked at that and says "init", it makes the plugin's state and takes calls until the
 * wire ends or a stop frame comes. One process hosts one plugin, so its state is one object, and
 * the functions of the host table (which have no context argument) find it in hk_host_process.
 *
 * Frames to the host: setup, init, call, cancel, connected, stop.
 * Frames from it:     descriptor, ready, refused, settled, connect, log.
 */
#ifndef HK_PLUGIN_HOST_H
#define HK_PLUGIN_HOST_H

#include "base/queue.h"
#include "hikeshi/plugin.h"
#include "limits.h"
#include "loop/loop.h"
#include "plugin/descriptor.h"
#include "plugin/wire.h"

struct hk_host_call {
    struct hk_host_call *next;
    uint64_t id;
    const struct hk_action *action;
};

struct hk_host_timer {
    struct hk_host_timer *next; /* soonest first */
    uint64_t id;
    int64_t due_ms;
    hk_timer_cb *cb;
    void *ctx;
};

struct hk_host_watch {
    struct hk_host_watch *next;
    int fd;
    struct hk_fd_watch *watch;
    hk_fd_cb *cb;
    void *ctx;
};

struct hk_host_connect {
    struct hk_host_connect *next;
    uint64_t id;
    hk_connect_cb *cb;
    void *ctx;
};

struct hk_host_workers {
    struct hk_queue todo;
    struct hk_queue finished;
    struct hk_wake *wake;
    pthread_t threads[HK_PLUGIN_WORKERS];
    unsigned thread_count;
    unsigned open; /* jobs handed in and not yet finished; main thread only */
};

struct hk_host_process {
    struct hk_loop *loop;
    struct hk_fd_watch *wire_watch;
    struct hk_wire_reader reader;
    struct hk_wire_writer writer;
    struct hk_json_doc setup; /* lives as long as the process: settings point into it */
    const char *plugin_name;
    const struct hk_plugin *plugin;
    struct hk_descriptor_tables tables;
    void *state;
    bool is_initialised;
    pthread_t main_thread;
    char last_error[HK_PLUGIN_LOG_LINE_MAX + 1]; /* what init said before it failed */
    struct hk_host_call *calls;
    struct hk_host_timer *timers;
    struct hk_timer *timer;
    struct hk_host_watch *watches;
    struct hk_host_connect *connects;
    unsigned timer_count;
    unsigned connect_count;
    uint64_t next_id;
    struct hk_host_workers workers;
};

extern struct hk_host_process hk_host_process;

/* End the process at once with a sentence on stderr; for what a plugin must never do. */
_Noreturn void hk_host_die(const char *text);

/* --- host.c --- */

/* Memory; ends the process when there is none. */
void *hk_host_alloc(size_t size) __attribute__((returns_nonnull, malloc));

/* Queue a frame; it goes out with the next hk_host_flush. */
void hk_host_send(const struct hk_buf *json);
void hk_host_flush(void);

/* --- host_table.c: what the plugin may call --- */

extern const struct hk_host hk_host_table;
HK_MUST_CHECK enum hk_status hk_host_table_start(struct hk_error *error);
/* host->connect, from the main thread. */
void hk_host_connect(const char *name, uint16_t port, hk_connect_cb *cb, void *ctx);
/* A frame "connected": hand the socket, or the reason, to whoever asked. */
void hk_host_connected(const struct hk_json *frame, int take_fd);
/* Send the settlement of a call that the plugin never saw or can't settle. */
void hk_host_send_settled(uint64_t call_id, enum hk_outcome outcome, const char *text);

/* --- host_work.c --- */

/* Make the threads; they wait. In the sandbox's step for that: later there are no new ones. */
HK_MUST_CHECK enum hk_status hk_host_workers_make(struct hk_error *error);
/* Let the loop hear of finished jobs; before the first job. */
HK_MUST_CHECK enum hk_status hk_host_workers_start(struct hk_error *error);
void hk_host_work(hk_work_cb *work, hk_work_cb *finished, void *ctx);
/* Start nothing new, and wait for what the workers are doing now. */
void hk_host_workers_stop(void);

/* --- host_http.c --- */

uint64_t hk_host_http(const struct hk_http_ask *ask, hk_http_cb *cb, void *ctx);
void hk_host_http_cancel(uint64_t http_id);

/* --- host_options.c --- */

/* Check the given options against the plugin's table, fill in defaults, turn durations into
 * milliseconds. HK_INVALID names the option. */
HK_MUST_CHECK enum hk_status hk_host_options(const struct hk_option *options, unsigned option_count,
    const struct hk_json *given, struct hk_buf *out, struct hk_error *error);

#endif
