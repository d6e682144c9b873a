#include "plugin/pool_internal.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t last_process_id; /* one spawner socket may see several pools, one after the other */

struct hk_process *hk_process_find(struct hk_pool *pool, uint64_t process_id)
{
    for (struct hk_pool_plugin *plugin = pool->plugins; plugin != NULL; plugin = plugin->next)
        if (plugin->process != NULL && plugin->process->id == process_id)
            return plugin->process;
    return NULL;
}

/* --- the wire --- */

static void close_wire(struct hk_process *process)
{
    hk_fd_watch_free(process->watch);
    process->watch = NULL;
    if (process->wire >= 0)
        close(process->wire);
    process->wire = -1;
}

void hk_process_flush(struct hk_process *process)
{
    struct hk_error error = {0};

    process->needs_flush = false;
    if (process->wire < 0)
        return;
    /* That it is gone is seen when reading, after what it still said. */
    bool sent = hk_wire_flush(&process->writer, process->wire, &error) == HK_OK;
    if (process->watch != NULL)
        hk_fd_watch_want_write(process->watch, sent && hk_wire_waiting(&process->writer) > 0);
}

bool hk_process_send(struct hk_process *process, const struct hk_buf *json, int take_fd)
{
    if (process->state == HK_PROCESS_ENDING || process->wire < 0 || json->failed) {
        if (take_fd >= 0)
            close(take_fd);
        return false;
    }
    if (hk_wire_put(&process->writer, json->data, json->size, take_fd, NULL) != HK_OK)
        return false;
    process->needs_flush = true;
    hk_pool_schedule(process->plugin->pool);
    return true;
}

static void send_plain(struct hk_process *process, const char *type)
{
    struct hk_buf out;

    hk_buf_init(&out, 64);
    hk_buf_appendf(&out, "{\"t\":\"%s\"}", type);
    (void)hk_process_send(process, &out, -1);
    hk_buf_done(&out);
}

static void on_wire(void *ctx, bool readable, bool writable)
{
    struct hk_process *process = ctx;

    if (readable && !hk_frames_read(process))
        return;
    if (writable) {
        hk_process_flush(process);
        hk_calls_pump(process->plugin);
    }
}

bool hk_process_write_filled(
    const struct hk_pool_plugin *plugin, const char *json, struct hk_jw *jw)
{
    struct hk_json_doc doc = {0};

    if (strstr(json, "$secret") == NULL) {
        hk_jw_raw(jw, json, strlen(json));
        return true;
    }
    bool written = hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, NULL) == HK_OK &&
                   hk_secrets_fill(plugin->secrets, doc.root, jw, NULL) == HK_OK;
    hk_json_doc_done(&doc);
    return written;
}

static bool send_setup(struct hk_process *process)
{
    const struct hk_pool_plugin *plugin = process->plugin;
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "setup");
    hk_jw_kv(&jw, "tenant", plugin->tenant);
    hk_jw_kv(&jw, "plugin", plugin->name);
    hk_jw_kv(&jw, "state_dir", plugin->state_dir);
    if (plugin->pool->without_landlock)
        hk_jw_kv_bool(&jw, "without_landlock", true);
    if (plugin->has_net_admin)
        hk_jw_kv_bool(&jw, "net_admin", true);
    if (hk_grants_have(plugin->grants, "net"))
        hk_jw_kv_bool(&jw, "net", true);
    hk_jw_key(&jw, "reads");
    hk_jw_array(&jw);
    for (size_t i = 0; plugin->grants[i] != NULL; i++)
        if (strncmp(plugin->grants[i], "read:", 5) == 0)
            hk_jw_string(&jw, plugin->grants[i] + 5);
    hk_jw_array_end(&jw);
    hk_jw_key(&jw, "options");
    bool sent = hk_process_write_filled(plugin, plugin->options, &jw);
    if (sent) {
        hk_jw_object_end(&jw);
        sent = hk_process_send(process, &out, -1);
    }
    if (out.data != NULL)
        explicit_bzero(out.data, out.size);
    hk_buf_done(&out);
    return sent;
}

/* --- start --- */

static void on_timer(void *ctx)
{
    struct hk_process *process = ctx;
    char text[96];

    if (process->state == HK_PROCESS_READY) {
        hk_process_let_go(process);
    } else if (process->state != HK_PROCESS_ENDING) {
        snprintf(text, sizeof(text), "it was not ready within %lld ms",
            (long long)process->plugin->pool->times.start_max_ms);
        hk_process_kill(process, text);
    }
}

static struct hk_process *make_process(
    struct hk_pool_plugin *plugin, int take_wire, int *ret_stderr)
{
    struct hk_pool *pool = plugin->pool;
    struct hk_process *process = calloc(1, sizeof(*process));

    if (process == NULL) {
        close(take_wire);
        return NULL;
    }
    process->plugin = plugin;
    process->id = ++last_process_id;
    process->wire = take_wire;
    process->said = -1;
    process->log_credit = HK_PLUGIN_LOG_BURST;
    process->log_credit_at_ms = hk_time_monotonic_ms();
    hk_wire_reader_init(&process->reader, false);
    hk_wire_writer_init(&process->writer);
    process->timer = hk_timer_new(pool->loop, on_timer, process);
    process->watch = hk_fd_watch_new(pool->loop, process->wire, on_wire, process);
    if (process->timer == NULL || process->watch == NULL || !send_setup(process) ||
        !hk_said_start(process, ret_stderr)) {
        hk_process_free(process);
        return NULL;
    }
    return process;
}

void hk_process_free(struct hk_process *process)
{
    close_wire(process);
    hk_said_end(process);
    hk_timer_free(process->timer);
    hk_wire_reader_done(&process->reader);
    hk_wire_writer_done(&process->writer);
    free(process);
}

static void back_off(struct hk_pool_plugin *plugin)
{
    const struct hk_pool_times *times = &plugin->pool->times;
    int64_t next = plugin->backoff_ms * 2;

    if (next < times->backoff_min_ms)
        next = times->backoff_min_ms;
    if (next > times->backoff_max_ms)
        next = times->backoff_max_ms;
    plugin->backoff_ms = next;
    plugin->start_not_before_ms = hk_time_monotonic_ms() + next;
}

void hk_process_want(struct hk_pool_plugin *plugin)
{
    int64_t wait_ms = plugin->start_not_before_ms - hk_time_monotonic_ms();
    int pair[2];
    int said = -1;

    if (plugin->process != NULL || plugin->has_failed || plugin->pool->spawner_fd < 0)
        return;
    if (wait_ms > 0) {
        hk_timer_arm(plugin->restart, wait_ms);
        return;
    }
    int file = fcntl(plugin->file, F_DUPFD_CLOEXEC, 0);
    if (file >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        plugin->process = make_process(plugin, pair[0], &said);
        if (plugin->process == NULL)
            close(pair[1]);
    }
    if (plugin->process == NULL && file >= 0)
        close(file);
    if (plugin->process == NULL) { /* out of descriptors or memory: later */
        back_off(plugin);
        hk_timer_arm(plugin->restart, plugin->backoff_ms);
        return;
    }
    hk_timer_arm(plugin->process->timer, plugin->pool->times.start_max_ms);
    hk_orders_make(plugin, plugin->process->id, pair[1], file, said);
}

/* --- end --- */

void hk_process_kill(struct hk_process *process, const char *why)
{
    if (process->state == HK_PROCESS_ENDING)
        return;
    hk_timer_disarm(process->timer);
    process->state = HK_PROCESS_ENDING;
    snprintf(process->why, sizeof(process->why), "%s", why);
    close_wire(process);
    hk_orders_end(process->plugin->pool, process->id, 0);
}

void hk_process_let_go(struct hk_process *process)
{
    if (process->state == HK_PROCESS_ENDING)
        return;
    hk_timer_disarm(process->timer);
    send_plain(process, "stop");
    hk_process_flush(process);
    process->state = HK_PROCESS_ENDING;
    process->was_let_go = true;
    hk_orders_end(process->plugin->pool, process->id, process->plugin->pool->times.stop_grace_ms);
}

bool hk_process_is_misplaced(const struct hk_process *process)
{
    struct stat about;

    if (process->netns_inode == 0)
        return false;
    /* Where it may not be looked at there is no telling. */
    if (stat(process->plugin->netns, &about) != 0)
        return errno == ENOENT;
    return about.st_ino != process->netns_inode;
}

void hk_process_note_idle(struct hk_process *process)
{
    if (process->state == HK_PROCESS_READY && process->call_count == 0 &&
        process->plugin->first_waiting == NULL)
        hk_timer_arm(process->timer, process->plugin->pool->times.idle_ms);
}

bool hk_process_count_stray(struct hk_process *process)
{
    int64_t now = hk_time_monotonic_ms();

    if (process->state == HK_PROCESS_ENDING)
        return false;
    if (now - process->stray_since_ms > 1000) {
        process->stray_since_ms = now;
        process->stray_count = 0;
    }
    if (++process->stray_count <= HK_PLUGIN_STRAY_FRAMES_MAX)
        return true;
    hk_process_kill(process, "it floods the engine with useless frames");
    return false;
}

static void describe_end(
    const struct hk_process *process, bool was_made, int wait_status, char *text, size_t size)
{
    const char *name = process->plugin->name;

    if (process->why[0] != '\0')
        snprintf(text, size, "plugin %s: %s", name, process->why);
    else if (!was_made && wait_status == EPIPE)
        snprintf(text, size, "plugin %s: the spawner is gone", name);
    else if (!was_made && process->plugin->netns[0] != '\0')
        snprintf(text, size, "plugin %s: can't make a process in the network namespace %s: %s",
            name, process->plugin->netns, strerror(wait_status));
    else if (!was_made)
        snprintf(text, size, "plugin %s: can't make a process: %s", name, strerror(wait_status));
    else if (WIFSIGNALED(wait_status))
        snprintf(text, size, "plugin %s: its process was killed by signal %d (%s)", name,
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        snprintf(text, size, "plugin %s: its process ended with status %d", name,
            WEXITSTATUS(wait_status));
}

void hk_process_gone(struct hk_process *process, bool was_made, int wait_status)
{
    struct hk_pool_plugin *plugin = process->plugin;
    bool was_let_go = process->was_let_go;
    char text[HK_PLUGIN_LOG_LINE_MAX + 128];

    /* What it said before it went counts: at most what fits into a socket. */
    process->is_gone = true;
    for (unsigned i = 0; i < 64 && process->wire >= 0 && !process->reader.at_end; i++)
        if (!hk_frames_read(process))
            break;
    hk_said_flush(process);
    describe_end(process, was_made, wait_status, text, sizeof(text));
    hk_calls_lose_all(process, text);
    plugin->process = NULL;
    hk_process_free(process);
    if (!plugin->is_loaded) {
        plugin->has_failed = true;
        (void)hk_fail(&plugin->error, HK_INVALID, "%s", text);
        hk_calls_refuse_all(plugin, plugin->error.text);
        if (plugin->pool->events->loaded != NULL)
            plugin->pool->events->loaded(
                plugin->pool->ctx, plugin->tenant, plugin->name, &plugin->error);
        return;
    }
    if (!was_let_go) {
        plugin->restarts++;
        back_off(plugin);
        (void)hk_fail(&plugin->error, HK_IO, "%s", text);
        hk_pool_log(plugin, HK_PLUGIN_ERROR, "%s", text);
    }
    if (plugin->pool->spawner_fd < 0)
        hk_calls_refuse_all(plugin, "the spawner is gone: no plugin can be started");
    else if (!was_made && plugin->netns[0] != '\0' && wait_status != EAGAIN)
        hk_calls_refuse_all(plugin, text); /* waiting brings no network namespace back */
    else if (plugin->first_waiting != NULL)
        hk_process_want(plugin);
}
