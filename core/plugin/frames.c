/* What a plugin process says, judged as a stranger's words. */
#include "plugin/pool_internal.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS_PER_TURN 4 /* then others have their turn */

bool hk_process_may_log(struct hk_process *process)
{
    int64_t now = hk_time_monotonic_ms();
    int64_t earned = (now - process->log_credit_at_ms) * HK_PLUGIN_LOG_PER_SECOND / 1000;

    if (earned > 0) {
        process->log_credit_at_ms = now;
        process->log_credit = earned + process->log_credit > HK_PLUGIN_LOG_BURST
                                  ? HK_PLUGIN_LOG_BURST
                                  : process->log_credit + (unsigned)earned;
    }
    if (process->log_credit == 0) {
        process->log_dropped++;
        return false;
    }
    process->log_credit--;
    if (process->log_dropped > 0) {
        hk_pool_log(process->plugin, HK_PLUGIN_WARNING,
            "%u lines of it were dropped: it says too much", process->log_dropped);
        process->log_dropped = 0;
    }
    return true;
}

static void on_log(struct hk_process *process, const struct hk_json *frame)
{
    int64_t level = hk_json_i64_at(frame, "level", HK_PLUGIN_INFO);

    if (!hk_process_may_log(process)) {
        (void)hk_process_count_stray(process);
        return;
    }
    if (level < HK_PLUGIN_ERROR || level > HK_PLUGIN_DEBUG)
        level = HK_PLUGIN_INFO;
    hk_pool_log(process->plugin, (int)level, "%s", hk_json_string_at(frame, "text", ""));
}

static void send_init(struct hk_process *process)
{
    struct hk_buf out;

    hk_buf_init(&out, 64);
    hk_buf_append_text(&out, "{\"t\":\"init\"}");
    (void)hk_process_send(process, &out, -1);
    hk_buf_done(&out);
    process->state = HK_PROCESS_INITIALISING;
}

static enum hk_status check_needs(const struct hk_pool_plugin *plugin,
    const struct hk_descriptor *descriptor, struct hk_error *error)
{
    for (size_t i = 0; descriptor->needs[i] != NULL; i++)
        if (!hk_grants_have(plugin->grants, descriptor->needs[i]))
            return hk_fail(error, HK_DENIED,
                "it needs %s, which is not granted: add \"%s\" to the grants of this plugin in the "
                "configuration, or do without the plugin",
                descriptor->needs[i],
                strcmp(descriptor->needs[i], "net") == 0 ? "net:HOST:PORT" : descriptor->needs[i]);
    bool needs_net_admin = false;
    for (size_t i = 0; descriptor->needs[i] != NULL; i++)
        needs_net_admin = needs_net_admin || strcmp(descriptor->needs[i], "net_admin") == 0;
    if (plugin->has_net_admin && !needs_net_admin)
        return hk_fail(error, HK_DENIED,
            "it was granted net_admin and does not ask for it: take that out of its grants");
    return HK_OK;
}

/* The first descriptor is kept; each later process must give the same bytes. */
static void on_descriptor(struct hk_process *process, struct hk_json_doc *doc)
{
    struct hk_pool_plugin *plugin = process->plugin;
    const struct hk_json *given = hk_json_get(doc->root, "descriptor");
    const struct hk_json *known = hk_json_get(plugin->doc.root, "descriptor");
    struct hk_error error = {0};

    if (process->state != HK_PROCESS_DESCRIBING || given == NULL) {
        hk_process_kill(process, "it sent a descriptor when none was due");
        return;
    }
    if (known != NULL) {
        if (known->source_size != given->source_size ||
            memcmp(known->source, given->source, given->source_size) != 0)
            hk_process_kill(process, "the same file gave another descriptor than before");
        else
            send_init(process);
        return;
    }
    enum hk_status status =
        hk_descriptor_read(given, plugin->name, &plugin->arena, &plugin->descriptor, &error);
    if (status == HK_OK)
        status = check_needs(plugin, &plugin->descriptor, &error);
    if (status != HK_OK) {
        hk_process_kill(process, error.text);
        return;
    }
    for (unsigned i = 0; i < plugin->descriptor.action_count; i++)
        plugin->descriptor.actions[i].plugin_sha256 = plugin->sha256;
    plugin->doc = *doc; /* the texts point into it */
    *doc = (struct hk_json_doc){0};
    send_init(process);
}

static void on_ready(struct hk_process *process)
{
    struct hk_pool_plugin *plugin = process->plugin;
    struct hk_buf out;

    if (process->state != HK_PROCESS_INITIALISING) {
        hk_process_kill(process, "it says ready when it can't be");
        return;
    }
    process->state = HK_PROCESS_READY;
    hk_timer_disarm(process->timer);
    plugin->error = (struct hk_error){0};
    if (!plugin->is_loaded) {
        hk_buf_init(&out, 2 * HK_WIRE_FRAME_SIZE_MAX);
        hk_descriptor_publish(&plugin->descriptor, plugin->sha256, &out);
        plugin->published = hk_buf_take(&out, NULL);
        if (plugin->published == NULL) {
            hk_process_kill(process, "out of memory");
            return;
        }
        plugin->is_loaded = true;
        if (plugin->pool->events->loaded != NULL)
            plugin->pool->events->loaded(plugin->pool->ctx, plugin->tenant, plugin->name, NULL);
    }
    hk_calls_pump(plugin);
    hk_process_note_idle(process);
}

static void on_refused(struct hk_process *process, const struct hk_json *frame)
{
    struct hk_buf why;

    hk_buf_init(&why, HK_PLUGIN_LOG_LINE_MAX * 2);
    (void)hk_secrets_hide(
        process->plugin->secrets, hk_json_string_at(frame, "text", "it can't be hosted"), &why);
    hk_process_kill(process, why.data != NULL && !why.failed ? why.data : "it can't be hosted");
    hk_buf_done(&why);
}

static void on_frame(struct hk_process *process, struct hk_json_doc *doc)
{
    const char *type = hk_json_string_at(doc->root, "t", "");
    bool is_ready = process->state == HK_PROCESS_READY;
    bool is_let_go = process->state == HK_PROCESS_ENDING;

    if (strcmp(type, "log") == 0)
        on_log(process, doc->root);
    else if (strcmp(type, "settled") == 0 && (is_ready || is_let_go))
        hk_calls_settled(process, doc->root);
    else if (is_let_go)
        return;
    else if (strcmp(type, "connect") == 0 && process->state != HK_PROCESS_DESCRIBING)
        hk_connects_start(process, doc->root);
    else if (strcmp(type, "descriptor") == 0)
        on_descriptor(process, doc);
    else if (strcmp(type, "ready") == 0)
        on_ready(process);
    else if (strcmp(type, "refused") == 0 && !is_ready)
        on_refused(process, doc->root);
    else
        hk_process_kill(process, "it sent a frame that makes no sense");
}

/* Handle the frames that are complete. False when the wire was closed for one of them. */
static bool take_frames(struct hk_process *process)
{
    struct hk_json_doc doc = {0};
    struct hk_error error = {0};
    bool ready = true;

    while (ready && process->wire >= 0) {
        if (hk_wire_next(&process->reader, &doc, &ready, &error) != HK_OK) {
            hk_process_kill(process, error.text);
            return false;
        }
        if (ready)
            on_frame(process, &doc);
        hk_json_doc_done(&doc);
    }
    return process->wire >= 0;
}

bool hk_frames_read(struct hk_process *process)
{
    struct hk_error error = {0};
    size_t size = 1;

    for (unsigned i = 0; i < READS_PER_TURN && size > 0; i++) {
        if (hk_wire_read(&process->reader, process->wire, &size, &error) != HK_OK) {
            hk_process_kill(process, error.text);
            return false;
        }
        if (!take_frames(process))
            return false;
    }
    if (!process->reader.at_end)
        return true;
    /* It is gone or hung up. How it went is the spawner's to say; make sure that it goes. */
    hk_fd_watch_free(process->watch);
    process->watch = NULL;
    hk_timer_disarm(process->timer);
    if (process->state != HK_PROCESS_ENDING) {
        process->state = HK_PROCESS_ENDING;
        hk_orders_end(process->plugin->pool, process->id, 0);
    }
    return false;
}
