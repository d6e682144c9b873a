/*
 * loop: timers fire in their order and never early, wakes from threads are never lost, signals
 * arrive, descriptors are watched.
 */
#include "loop/loop.h"

#include "base/time.h"
#include "support/suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct hk_loop *new_loop(void)
{
    struct hk_loop *loop = NULL;

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    return loop;
}

static void run(struct hk_loop *loop)
{
    CU_ASSERT_EQUAL(hk_loop_run(loop, NULL), HK_OK);
}

/* --- timers --- */

struct tick {
    struct hk_loop *loop;
    struct hk_timer *timer;
    int64_t due_ms;
    unsigned number;
    unsigned *seen; /* numbers so far, in base 10 */
    unsigned again;
    bool is_last;
};

static void on_tick(void *ctx)
{
    struct tick *tick = ctx;

    CU_ASSERT(hk_time_monotonic_ms() >= tick->due_ms);
    *tick->seen = *tick->seen * 10 + tick->number;
    if (tick->again > 0) {
        tick->again--;
        tick->due_ms = hk_time_monotonic_ms() + 1;
        hk_timer_arm(tick->timer, 1);
    } else if (tick->is_last) {
        hk_loop_stop(tick->loop);
    }
}

static void timers_fire_in_order_and_never_early(void)
{
    static const int64_t after_ms[] = {9, 3, 20, 0, -5};
    enum { COUNT = 5, LAST = 2 };
    struct hk_loop *loop = new_loop();
    struct tick ticks[COUNT];
    unsigned seen = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        int64_t after = after_ms[i] > 0 ? after_ms[i] : 0;
        ticks[i] = (struct tick){.loop = loop,
            .number = i + 1,
            .seen = &seen,
            .is_last = i == LAST,
            .due_ms = hk_time_monotonic_ms() + after};
        ticks[i].timer = hk_timer_new(loop, on_tick, &ticks[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(ticks[i].timer);
        hk_timer_arm(ticks[i].timer, after_ms[i]);
    }
    run(loop);
    CU_ASSERT(seen == 45213 || seen == 54213);
    for (unsigned i = 0; i < COUNT; i++) {
        hk_timer_free(ticks[i].timer);
    }
    hk_loop_free(loop);
}

static void timers_can_be_armed_again_and_disarmed(void)
{
    struct hk_loop *loop = new_loop();
    unsigned seen = 0;
    struct tick again = {.loop = loop, .number = 1, .seen = &seen, .again = 2};
    struct tick moved = {.loop = loop, .number = 2, .seen = &seen, .is_last = true};
    struct tick never = {.loop = loop, .number = 3, .seen = &seen};

    again.timer = hk_timer_new(loop, on_tick, &again);
    moved.timer = hk_timer_new(loop, on_tick, &moved);
    never.timer = hk_timer_new(loop, on_tick, &never);
    CU_ASSERT_FATAL(again.timer != NULL && moved.timer != NULL && never.timer != NULL);
    hk_timer_arm(again.timer, 0);
    hk_timer_arm(never.timer, 1);
    hk_timer_disarm(never.timer);
    hk_timer_arm(moved.timer, 0);
    moved.due_ms = hk_time_monotonic_ms() + 40;
    hk_timer_arm(moved.timer, 40);
    run(loop);
    CU_ASSERT_EQUAL(seen, 1112);
    hk_timer_arm(never.timer, INT64_MAX); /* and freed while armed */
    hk_timer_free(again.timer);
    hk_timer_free(moved.timer);
    hk_timer_free(never.timer);
    hk_timer_free(NULL);
    hk_loop_free(loop);
}

static void stop_before_run_counts(void)
{
    struct hk_loop *loop = new_loop();

    hk_loop_stop(loop);
    run(loop);
    hk_loop_free(loop);
    hk_loop_free(NULL);
}

/* --- wakes --- */

enum { PRODUCERS = 4, SIGNALS_EACH = 20000 };

struct mailbox {
    struct hk_loop *loop;
    struct hk_wake *wake;
    atomic_uint put;
    unsigned taken;
    unsigned calls;
};

static void *produce(void *ctx)
{
    struct mailbox *mailbox = ctx;

    for (int i = 0; i < SIGNALS_EACH; i++) {
        atomic_fetch_add(&mailbox->put, 1);
        hk_wake_signal(mailbox->wake);
    }
    return NULL;
}

static void on_mail(void *ctx)
{
    struct mailbox *mailbox = ctx;

    mailbox->calls++;
    mailbox->taken = atomic_load(&mailbox->put);
    if (mailbox->taken == PRODUCERS * SIGNALS_EACH) {
        hk_loop_stop(mailbox->loop);
    }
}

/* If a signal were lost, what was put last would never be seen and the loop would not end. */
static void wakes_from_threads_are_not_lost(void)
{
    struct mailbox mailbox = {.loop = new_loop()};
    pthread_t threads[PRODUCERS];

    mailbox.wake = hk_wake_new(mailbox.loop, on_mail, &mailbox);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mailbox.wake);
    for (int i = 0; i < PRODUCERS; i++) {
        CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, produce, &mailbox), 0);
    }
    run(mailbox.loop);
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CU_ASSERT_EQUAL(mailbox.taken, PRODUCERS * SIGNALS_EACH);
    CU_ASSERT(mailbox.calls <= PRODUCERS * SIGNALS_EACH);
    hk_wake_free(mailbox.wake);
    hk_wake_free(NULL);
    hk_loop_free(mailbox.loop);
}

static void on_count(void *ctx)
{
    unsigned *count = ctx;
    (*count)++;
}

static void stop_loop(void *ctx)
{
    hk_loop_stop(ctx);
}

static void signals_before_the_turn_are_one_call(void)
{
    struct hk_loop *loop = new_loop();
    unsigned count = 0;
    struct hk_wake *wake = hk_wake_new(loop, on_count, &count);
    struct hk_timer *end = hk_timer_new(loop, stop_loop, loop);

    CU_ASSERT_FATAL(wake != NULL && end != NULL);
    for (int i = 0; i < 10; i++) {
        hk_wake_signal(wake);
    }
    hk_timer_arm(end, 5);
    run(loop);
    CU_ASSERT_EQUAL(count, 1);
    hk_wake_signal(wake);
    hk_timer_arm(end, 5);
    run(loop);
    CU_ASSERT_EQUAL(count, 2);
    hk_timer_free(end);
    hk_wake_free(wake);
    hk_loop_free(loop);
}

/* --- signals --- */

static void stop_signals_arrive_on_the_loop(void)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    struct hk_loop *loop = new_loop();

    CU_ASSERT_EQUAL(hk_loop_on_stop_signal(loop, stop_loop, loop, NULL), HK_OK);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        CU_ASSERT_EQUAL(raise(numbers[i]), 0);
        run(loop);
    }
    CU_ASSERT_EQUAL(raise(SIGPIPE), 0); /* ignored */
    hk_loop_free(loop);
}

/* --- descriptors --- */

struct watched {
    struct hk_loop *loop;
    struct hk_fd_watch *watch;
    int fd;
    unsigned reads;
    unsigned writes;
};

static void on_watched(void *ctx, bool readable, bool writable)
{
    struct watched *w = ctx;
    char byte;

    if (writable) {
        w->writes++;
        hk_fd_watch_want_write(w->watch, false);
        CU_ASSERT_EQUAL(write(w->fd, "x", 1), 1);
    }
    if (readable && ++w->reads == 1) {
        CU_ASSERT_EQUAL(read(w->fd, &byte, 1), 1);
        hk_fd_watch_want_write(w->watch, true);
        hk_fd_watch_want_write(w->watch, true);
    } else if (readable) { /* the end; a watch may be freed in its own call */
        CU_ASSERT_EQUAL(read(w->fd, &byte, 1), 0);
        hk_fd_watch_free(w->watch);
        hk_loop_stop(w->loop);
    }
}

static void on_other_end(void *ctx, bool readable, bool writable)
{
    int fd = *(int *)ctx;
    char byte;
    (void)writable;

    CU_ASSERT(readable);
    CU_ASSERT_EQUAL(read(fd, &byte, 1), 1);
    CU_ASSERT_EQUAL(shutdown(fd, SHUT_WR), 0);
}

static void descriptors_are_watched(void)
{
    struct hk_loop *loop = new_loop();
    struct watched w = {.loop = loop};
    int fds[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    w.fd = fds[0];
    w.watch = hk_fd_watch_new(loop, fds[0], on_watched, &w);
    struct hk_fd_watch *other = hk_fd_watch_new(loop, fds[1], on_other_end, &fds[1]);
    CU_ASSERT_FATAL(w.watch != NULL && other != NULL);
    CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
    run(loop);
    CU_ASSERT_EQUAL(w.reads, 2);
    CU_ASSERT_EQUAL(w.writes, 1);
    hk_fd_watch_free(other);
    hk_fd_watch_free(NULL);
    close(fds[0]);
    close(fds[1]);
    hk_loop_free(loop);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"timers fire in order and never early", timers_fire_in_order_and_never_early},
        {"timers can be armed again and disarmed", timers_can_be_armed_again_and_disarmed},
        {"a stop before the run counts", stop_before_run_counts},
        {"wakes from threads are not lost", wakes_from_threads_are_not_lost},
        {"signals before the turn are one call", signals_before_the_turn_are_one_call},
        {"stop signals arrive on the loop", stop_signals_arrive_on_the_loop},
        {"descriptors are watched", descriptors_are_watched},
    };

    return suite_run("loop", tests, COUNT_OF(tests));
}
