/* The functions that a plugin finds in struct hk_host, but for its workers (host_work.c). */
#include "plugin/host.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_thread(const char *function)
{
    char text[96];

    if (pthread_equal(pthread_self(), hk_host_process.main_thread))
        return;
    snprintf(text, sizeof(text), "host->%s was called on a worker thread", function);
    hk_host_die(text);
}

/* --- log and memory --- */

static void host_log(enum hk_plugin_log_level level, const char *text)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_buf out;
    struct hk_jw jw;

    check_thread("log");
    if (text == NULL)
        return;
    size_t size = hk_utf8_prefix(text, strlen(text), HK_PLUGIN_LOG_LINE_MAX);
    if (level == HK_PLUGIN_ERROR) {
        memcpy(host->last_error, text, size);
        host->last_error[size] = '\0';
    }
    if (hk_wire_waiting(&host->writer) > HK_WIRE_FRAME_SIZE_MAX)
        return; /* the engine does not keep up: settlements go first */
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "log");
    hk_jw_kv_i64(&jw, "level", (int64_t)level);
    hk_jw_key(&jw, "text");
    hk_jw_string_n(&jw, text, size);
    hk_jw_object_end(&jw);
    hk_host_send(&out);
    hk_buf_done(&out);
}

static void host_free(void *memory)
{
    free(memory);
}

static int64_t host_now_us(void)
{
    return hk_time_wall_us();
}

/* --- settling --- */

static const char *const outcome_names[] = {
    [HK_DONE] = "done",
    [HK_FAILED] = "failed",
    [HK_UNKNOWN] = "unknown",
    [HK_DID_NOT] = "did_not",
};

void hk_host_send_settled(uint64_t call_id, enum hk_outcome outcome, const char *text)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "settled");
    hk_jw_kv_i64(&jw, "id", (int64_t)call_id);
    hk_jw_kv(&jw, "outcome", outcome_names[outcome]);
    hk_jw_kv(&jw, "text", text);
    hk_jw_object_end(&jw);
    if (out.failed) { /* a text of control bytes grows sixfold; it was no JSON anyway */
        hk_buf_done(&out);
        hk_host_send_settled(call_id, HK_UNKNOWN, "what the plugin gave back is too big");
        return;
    }
    hk_host_send(&out);
    hk_buf_done(&out);
}

static void host_settle(uint64_t call_id, enum hk_outcome outcome, const char *text)
{
    struct hk_host_call **at = &hk_host_process.calls;
    char line[96];

    check_thread("settle");
    while (*at != NULL && (*at)->id != call_id)
        at = &(*at)->next;
    if (*at == NULL) {
        snprintf(line, sizeof(line), "settled call %llu, which is not open: dropped",
            (unsigned long long)call_id);
        host_log(HK_PLUGIN_WARNING, line);
        return;
    }
    struct hk_host_call *call = *at;
    *at = call->next;
    free(call);
    if (text == NULL)
        text = outcome == HK_DONE ? "{}" : "the plugin gave no reason";
    size_t size = strlen(text);
    if (outcome < HK_DONE || outcome > HK_DID_NOT)
        hk_host_send_settled(call_id, HK_UNKNOWN, "settled with an outcome that does not exist");
    else if (!hk_utf8_is_valid(text, size))
        hk_host_send_settled(call_id, HK_UNKNOWN, "what the plugin gave back is not UTF-8");
    else if (size > HK_PLUGIN_RESULT_SIZE_MAX)
        hk_host_send_settled(call_id, HK_UNKNOWN, "what the plugin gave back is too big");
    else
        hk_host_send_settled(call_id, outcome, text);
}

/* --- timers: one of the loop's, armed for the soonest of the plugin's --- */

static void arm_soonest(void)
{
    struct hk_host_process *host = &hk_host_process;

    if (host->timers == NULL) {
        hk_timer_disarm(host->timer);
        return;
    }
    int64_t left = host->timers->due_ms - hk_time_monotonic_ms();
    hk_timer_arm(host->timer, left > 0 ? left : 0);
}

static void on_timer(void *ctx)
{
    struct hk_host_process *host = &hk_host_process;
    int64_t now = hk_time_monotonic_ms();
    uint64_t newest = host->next_id;
    (void)ctx;

    /* Timers that are made meanwhile wait for the next turn, or one could keep the loop. */
    while (host->timers != NULL && host->timers->due_ms <= now && host->timers->id <= newest) {
        struct hk_host_timer timer = *host->timers;
        free(host->timers);
        host->timers = timer.next;
        host->timer_count--;
        timer.cb(timer.ctx);
    }
    arm_soonest();
    hk_host_flush();
}

static uint64_t host_timer(uint64_t after_ms, hk_timer_cb *cb, void *ctx)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_host_timer **at = &host->timers;

    check_thread("timer");
    if (host->timer_count == HK_PLUGIN_TIMERS_MAX)
        hk_host_die("too many timers");
    if (after_ms > INT32_MAX * 1000ull)
        after_ms = INT32_MAX * 1000ull;
    struct hk_host_timer *timer = hk_host_alloc(sizeof(*timer));
    *timer = (struct hk_host_timer){.id = ++host->next_id,
        .due_ms = hk_time_monotonic_ms() + (int64_t)after_ms,
        .cb = cb,
        .ctx = ctx};
    while (*at != NULL && (*at)->due_ms <= timer->due_ms)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    host->timer_count++;
    arm_soonest();
    return timer->id;
}

static void host_timer_cancel(uint64_t timer_id)
{
    struct hk_host_process *host = &hk_host_process;

    check_thread("timer_cancel");
    for (struct hk_host_timer **at = &host->timers; *at != NULL; at = &(*at)->next) {
        if ((*at)->id != timer_id)
            continue;
        struct hk_host_timer *timer = *at;
        *at = timer->next;
        free(timer);
        host->timer_count--;
        arm_soonest();
        return;
    }
}

/* --- connections --- */

static void on_refused_connect(void *ctx)
{
    struct hk_host_connect *request = ctx;

    request->cb(request->ctx, -1, "too many connections are being made");
    free(request);
}

void hk_host_connect(const char *name, uint16_t port, hk_connect_cb *cb, void *ctx)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_host_connect *request = hk_host_alloc(sizeof(*request));
    struct hk_buf out;
    struct hk_jw jw;

    *request = (struct hk_host_connect){.id = ++host->next_id, .cb = cb, .ctx = ctx};
    if (host->connect_count == HK_PLUGIN_CONNECTS_MAX) {
        (void)host_timer(0, on_refused_connect, request);
        return;
    }
    request->next = host->connects;
    host->connects = request;
    host->connect_count++;
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "connect");
    hk_jw_kv_i64(&jw, "id", (int64_t)request->id);
    hk_jw_kv(&jw, "host", name != NULL ? name : "");
    hk_jw_kv_i64(&jw, "port", port);
    hk_jw_object_end(&jw);
    hk_host_send(&out);
    hk_buf_done(&out);
}

static void host_connect(const char *name, uint16_t port, hk_connect_cb *cb, void *ctx)
{
    check_thread("connect");
    hk_host_connect(name, port, cb, ctx);
}

void hk_host_connected(const struct hk_json *frame, int take_fd)
{
    struct hk_host_process *host = &hk_host_process;
    uint64_t id = (uint64_t)hk_json_i64_at(frame, "id", 0);

    for (struct hk_host_connect **at = &host->connects; *at != NULL; at = &(*at)->next) {
        if ((*at)->id != id)
            continue;
        struct hk_host_connect request = **at;
        free(*at);
        *at = request.next;
        host->connect_count--;
        const char *reason =
            hk_json_string_at(frame, "error", "the connection was not handed over");
        request.cb(request.ctx, take_fd, take_fd >= 0 ? NULL : reason);
        return;
    }
    if (take_fd >= 0)
        close(take_fd);
}

/* --- descriptors --- */

static void on_fd(void *ctx, bool readable, bool writable)
{
    struct hk_host_watch *watch = ctx;

    watch->cb(watch->ctx, watch->fd, readable, writable);
    hk_host_flush();
}

static void host_watch(int fd, int want_write, hk_fd_cb *cb, void *ctx)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_host_watch *watch = host->watches;

    check_thread("watch");
    while (watch != NULL && watch->fd != fd)
        watch = watch->next;
    if (watch == NULL) {
        watch = hk_host_alloc(sizeof(*watch));
        *watch = (struct hk_host_watch){.next = host->watches, .fd = fd};
        watch->watch = hk_fd_watch_new(host->loop, fd, on_fd, watch);
        if (watch->watch == NULL)
            hk_host_die("host->watch: not a descriptor that can be watched");
        host->watches = watch;
    }
    watch->cb = cb;
    watch->ctx = ctx;
    hk_fd_watch_want_write(watch->watch, want_write != 0);
}

static void host_unwatch(int fd)
{
    check_thread("unwatch");
    for (struct hk_host_watch **at = &hk_host_process.watches; *at != NULL; at = &(*at)->next) {
        if ((*at)->fd != fd)
            continue;
        struct hk_host_watch *watch = *at;
        *at = watch->next;
        hk_fd_watch_free(watch->watch);
        free(watch);
        return;
    }
}

static void host_work(hk_work_cb *work, hk_work_cb *finished, void *ctx)
{
    check_thread("work");
    hk_host_work(work, finished, ctx);
}

static uint64_t host_http(const struct hk_http_ask *ask, hk_http_cb *cb, void *ctx)
{
    check_thread("http");
    return hk_host_http(ask, cb, ctx);
}

static void host_http_cancel(uint64_t http_id)
{
    check_thread("http_cancel");
    hk_host_http_cancel(http_id);
}

const struct hk_host hk_host_table = {
    .size = sizeof(struct hk_host),
    .log = host_log,
    .alloc = hk_host_alloc,
    .free = host_free,
    .settle = host_settle,
    .timer = host_timer,
    .timer_cancel = host_timer_cancel,
    .connect = host_connect,
    .watch = host_watch,
    .unwatch = host_unwatch,
    .work = host_work,
    .now_us = host_now_us,
    .http = host_http,
    .http_cancel = host_http_cancel,
};

enum hk_status hk_host_table_start(struct hk_error *error)
{
    struct hk_host_process *host = &hk_host_process;

    host->timer = hk_timer_new(host->loop, on_timer, NULL);
    return host->timer != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "out of memory");
}
