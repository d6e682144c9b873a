#include "loop/loop.h"

#include "base/fatal.h"
#include "base/time.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LAST_TURNS_MAX = 8 };

struct on_signal {
    struct event *event;
    hk_loop_fn *fn;
    void *ctx;
};

enum { ON_TERMINATE, ON_INTERRUPT, ON_HANGUP, ON_SIGNAL_COUNT };

static const int signal_numbers[ON_SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};

struct hk_loop {
    struct event_base *base;
    struct on_signal on_signal[ON_SIGNAL_COUNT];
    bool is_stopping;
};

struct hk_timer {
    struct event *event;
    hk_loop_fn *fn;
    void *ctx;
    int64_t due_us; /* monotonic */
};

struct hk_wake {
    struct event *event;
    int fd;
    atomic_bool is_pending; /* the descriptor is readable or about to be */
    hk_loop_fn *fn;
    void *ctx;
};

struct hk_fd_watch {
    struct event *readable;
    struct event *writable;
    hk_fd_fn *fn;
    void *ctx;
};

/* --- the loop --- */

static void *must_have(void *memory)
{
    if (memory == NULL)
        hk_fatal("no memory for the event loop");
    return memory;
}

static void *take(size_t size)
{
    return must_have(malloc(size));
}

static void *retake(void *memory, size_t size)
{
    /* Asked for none, realloc may free and answer NULL, which would look like no memory. */
    return must_have(realloc(memory, size > 0 ? size : 1));
}

enum hk_status hk_loop_new(struct hk_loop **ret_loop, struct hk_error *error)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    enum hk_status status = HK_NOMEM;
    struct event_config *config;
    struct hk_loop *loop = calloc(1, sizeof *loop);

    /* libevent 2.1.12 uses what it could not get (bufferevent_setwatermark): it must not see it. */
    event_set_mem_functions(take, retake, free);
    config = event_config_new();
    if (config == NULL || loop == NULL) {
        goto fail;
    }
    /* One thread uses the base, so no locks; times are asked afresh, so that a timer armed late in
     * a long turn isn't early. */
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0 ||
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) != 0 ||
        event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) != 0) {
        goto fail;
    }
    loop->base = event_base_new_with_config(config);
    if (loop->base == NULL) {
        status = HK_IO;
        goto fail;
    }
    if (sigaction(SIGPIPE, &ignore, NULL) != 0) {
        status = HK_IO;
        goto fail;
    }
    event_config_free(config);
    *ret_loop = loop;
    return HK_OK;
fail:
    if (config != NULL) {
        event_config_free(config);
    }
    hk_loop_free(loop);
    return hk_fail(error, status, "cannot make the event loop: %s",
        status == HK_NOMEM ? "out of memory" : strerror(errno));
}

void hk_loop_free(struct hk_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (size_t i = 0; i < ON_SIGNAL_COUNT; i++) {
        if (loop->on_signal[i].event != NULL) {
            event_free(loop->on_signal[i].event);
        }
    }
    if (loop->base != NULL) {
        /* libevent frees some of its own objects a turn late: resolver answers, bufferevents */
        for (int turn = 0; turn < LAST_TURNS_MAX; turn++) {
            (void)event_base_loop(loop->base, EVLOOP_NONBLOCK);
        }
        event_base_free(loop->base);
    }
    free(loop);
}

enum hk_status hk_loop_run(struct hk_loop *loop, struct hk_error *error)
{
    int result = 0;

    if (!loop->is_stopping) {
        result = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    }
    loop->is_stopping = false;
    if (result < 0) {
        return hk_fail(error, HK_IO, "the event loop failed: %s", strerror(errno));
    }
    return HK_OK;
}

void hk_loop_stop(struct hk_loop *loop)
{
    loop->is_stopping = true;
    (void)event_base_loopbreak(loop->base);
}

struct event_base *hk_loop_base(struct hk_loop *loop)
{
    return loop->base;
}

static void on_signal(evutil_socket_t number, short what, void *ctx)
{
    struct on_signal *here = ctx;
    (void)number;
    (void)what;
    here->fn(here->ctx);
}

static enum hk_status watch_signal(
    struct hk_loop *loop, unsigned which, hk_loop_fn *fn, void *ctx, struct hk_error *error)
{
    struct on_signal *here = &loop->on_signal[which];

    here->fn = fn;
    here->ctx = ctx;
    if (here->event == NULL)
        here->event = evsignal_new(loop->base, signal_numbers[which], on_signal, here);
    if (here->event == NULL || event_add(here->event, NULL) != 0)
        return hk_fail(error, HK_IO, "cannot watch for signal %d", signal_numbers[which]);
    return HK_OK;
}

enum hk_status hk_loop_on_stop_signal(
    struct hk_loop *loop, hk_loop_fn *fn, void *ctx, struct hk_error *error)
{
    enum hk_status status = watch_signal(loop, ON_TERMINATE, fn, ctx, error);

    return status == HK_OK ? watch_signal(loop, ON_INTERRUPT, fn, ctx, error) : status;
}

enum hk_status hk_loop_on_hangup(
    struct hk_loop *loop, hk_loop_fn *fn, void *ctx, struct hk_error *error)
{
    return watch_signal(loop, ON_HANGUP, fn, ctx, error);
}

/* --- timers --- */

static void timer_add(struct hk_timer *timer, int64_t after_us)
{
    struct timeval after = {.tv_sec = after_us / 1000000, .tv_usec = after_us % 1000000};

    /* Fails only when memory for the heap of timers is short; a lost deadline is worse than an end.
     */
    if (event_add(timer->event, &after) != 0) {
        hk_fatal("no memory for a timer");
    }
}

/* libevent's clock is coarse and may fire some milliseconds early; ours is what counts. */
static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct hk_timer *timer = ctx;
    int64_t left_us = timer->due_us - hk_time_monotonic_us();
    (void)fd;
    (void)what;

    if (left_us > 0) {
        timer_add(timer, left_us);
        return;
    }
    timer->fn(timer->ctx);
}

struct hk_timer *hk_timer_new(struct hk_loop *loop, hk_loop_fn *fn, void *ctx)
{
    struct hk_timer *timer = calloc(1, sizeof *timer);

    if (timer == NULL) {
        return NULL;
    }
    timer->fn = fn;
    timer->ctx = ctx;
    timer->event = evtimer_new(loop->base, on_timer, timer);
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void hk_timer_free(struct hk_timer *timer)
{
    if (timer != NULL) {
        event_free(timer->event);
        free(timer);
    }
}

void hk_timer_arm(struct hk_timer *timer, int64_t after_ms)
{
    const int64_t max_ms = 100LL * 366 * 86400 * 1000;

    if (after_ms < 0) {
        after_ms = 0;
    } else if (after_ms > max_ms) {
        after_ms = max_ms;
    }
    timer->due_us = hk_time_monotonic_us() + after_ms * 1000;
    timer_add(timer, after_ms * 1000);
}

void hk_timer_disarm(struct hk_timer *timer)
{
    (void)event_del(timer->event);
}

/* --- wakes --- */

/* The descriptor is read before is_pending is cleared: a signal in between finds it set, writes
 * nothing, and is served by the call of fn that follows. */
static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct hk_wake *wake = ctx;
    uint64_t count;
    (void)what;

    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
    (void)atomic_exchange(&wake->is_pending, false);
    wake->fn(wake->ctx);
}

struct hk_wake *hk_wake_new(struct hk_loop *loop, hk_loop_fn *fn, void *ctx)
{
    struct hk_wake *wake = calloc(1, sizeof *wake);

    if (wake == NULL) {
        return NULL;
    }
    atomic_init(&wake->is_pending, false);
    wake->fn = fn;
    wake->ctx = ctx;
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd < 0) {
        goto fail;
    }
    wake->event = event_new(loop->base, wake->fd, EV_READ | EV_PERSIST, on_wake, wake);
    if (wake->event == NULL || event_add(wake->event, NULL) != 0) {
        goto fail;
    }
    return wake;
fail:
    hk_wake_free(wake);
    return NULL;
}

void hk_wake_free(struct hk_wake *wake)
{
    if (wake == NULL) {
        return;
    }
    if (wake->event != NULL) {
        event_free(wake->event);
    }
    if (wake->fd >= 0) {
        close(wake->fd);
    }
    free(wake);
}

void hk_wake_signal(void *ctx)
{
    struct hk_wake *wake = ctx;
    uint64_t one = 1;

    if (atomic_exchange(&wake->is_pending, true)) {
        return;
    }
    while (write(wake->fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* --- descriptors --- */

static void on_fd(evutil_socket_t fd, short what, void *ctx)
{
    struct hk_fd_watch *watch = ctx;
    (void)fd;
    watch->fn(watch->ctx, (what & EV_READ) != 0, (what & EV_WRITE) != 0);
}

struct hk_fd_watch *hk_fd_watch_new(struct hk_loop *loop, int fd, hk_fd_fn *fn, void *ctx)
{
    struct hk_fd_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL) {
        return NULL;
    }
    watch->fn = fn;
    watch->ctx = ctx;
    watch->readable = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_fd, watch);
    watch->writable = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_fd, watch);
    if (watch->readable == NULL || watch->writable == NULL ||
        event_add(watch->readable, NULL) != 0) {
        hk_fd_watch_free(watch);
        return NULL;
    }
    return watch;
}

void hk_fd_watch_free(struct hk_fd_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->readable != NULL) {
        event_free(watch->readable);
    }
    if (watch->writable != NULL) {
        event_free(watch->writable);
    }
    free(watch);
}

static void want(struct event *event, bool is_wanted)
{
    if (!is_wanted) {
        (void)event_del(event);
    } else if (event_add(event, NULL) != 0) {
        hk_fatal("no memory to watch a connection"); /* the peer would wait for ever */
    }
}

void hk_fd_watch_want_write(struct hk_fd_watch *watch, bool is_wanted)
{
    want(watch->writable, is_wanted);
}

void hk_fd_watch_want_read(struct hk_fd_watch *watch, bool is_wanted)
{
    want(watch->readable, is_wanted);
}
