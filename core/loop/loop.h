/*
 * loop: one event loop on the main thread, its timers, signals and wake-ups from other threads.
 *
 * Nothing on the loop blocks: no disk, no DNS, no Lua, no slow C call. A timer or wake belongs to
 * whoever made it and is freed by them, never inside another's callback.
 */
#ifndef HK_LOOP_LOOP_H
#define HK_LOOP_LOOP_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_loop;
struct hk_timer;
struct hk_wake;
struct hk_fd_watch;
struct event_base;

typedef void hk_loop_fn(void *ctx);

HK_MUST_CHECK enum hk_status hk_loop_new(struct hk_loop **ret_loop, struct hk_error *error);
/* Everything made on the loop was freed before. */
void hk_loop_free(struct hk_loop *loop);
/* Run until hk_loop_stop (which may come before the run). */
HK_MUST_CHECK enum hk_status hk_loop_run(struct hk_loop *loop, struct hk_error *error);
void hk_loop_stop(struct hk_loop *loop);
/* For the rooms that speak libevent themselves (only inside loop/). */
struct event_base *hk_loop_base(struct hk_loop *loop);

/* A one-shot timer that can be armed again; after_ms from now on the monotonic clock. */
HK_MUST_CHECK struct hk_timer *hk_timer_new(struct hk_loop *loop, hk_loop_fn *fn, void *ctx);
void hk_timer_free(struct hk_timer *timer); /* NULL is fine; disarms */
void hk_timer_arm(struct hk_timer *timer, int64_t after_ms);
void hk_timer_disarm(struct hk_timer *timer);

/* A wake-up from any thread: hk_wake_signal makes fn run once on the loop, however many signals
 * came meanwhile. hk_wake_signal has the shape of hk_notify_fn (ctx is the wake). */
HK_MUST_CHECK struct hk_wake *hk_wake_new(struct hk_loop *loop, hk_loop_fn *fn, void *ctx);
void hk_wake_free(struct hk_wake *wake);
void hk_wake_signal(void *wake);

/* SIGTERM and SIGINT call fn on the loop. SIGPIPE is ignored from hk_loop_new on. */
HK_MUST_CHECK enum hk_status hk_loop_on_stop_signal(
    struct hk_loop *loop, hk_loop_fn *fn, void *ctx, struct hk_error *error);

/* SIGHUP calls fn on the loop; before, it would end the process. */
HK_MUST_CHECK enum hk_status hk_loop_on_hangup(
    struct hk_loop *loop, hk_loop_fn *fn, void *ctx, struct hk_error *error);

/* Watch a descriptor: readable unless told otherwise, writable while asked for. The descriptor
 * stays the caller's; free the watch before closing it. */
typedef void hk_fd_fn(void *ctx, bool readable, bool writable);
HK_MUST_CHECK struct hk_fd_watch *hk_fd_watch_new(
    struct hk_loop *loop, int fd, hk_fd_fn *fn, void *ctx);
void hk_fd_watch_free(struct hk_fd_watch *watch);
void hk_fd_watch_want_write(struct hk_fd_watch *watch, bool want);
void hk_fd_watch_want_read(struct hk_fd_watch *watch, bool want);

#endif
