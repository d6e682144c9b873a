#include "plugin/pool_internal.h"

#include "base/fatal.h"
#include "base/text.h"
#include "base/time.h"
#include "plugin/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Above this a process gets no further calls until it has read some. */
#define SEND_AHEAD_SIZE_MAX (HK_WIRE_QUEUE_SIZE_MAX / 2)

static void free_call(struct hk_pool_call *call)
{
    hk_timer_free(call->timer);
    free(call->key);
    free(call->undoes);
    free(call->args);
    free(call);
}

/* --- reports --- */

void hk_calls_report(struct hk_pool *pool, uint64_t call_id, enum hk_call_end end, const char *text)
{
    struct hk_pool_report *report = calloc(1, sizeof(*report));

    if (report == NULL || (report->text = hk_strdup(text)) == NULL)
        hk_fatal("no memory for what became of a call"); /* a run would wait for ever */
    report->call_id = call_id;
    report->end = end;
    *pool->last_report = report;
    pool->last_report = &report->next;
    hk_pool_schedule(pool);
}

void hk_calls_deliver(struct hk_pool *pool)
{
    struct hk_pool_report *report = pool->first_report;

    /* What is reported meanwhile waits for the next turn. */
    pool->first_report = NULL;
    pool->last_report = &pool->first_report;
    while (report != NULL) {
        struct hk_pool_report *next = report->next;
        if (pool->events->settled != NULL)
            pool->events->settled(pool->ctx, report->call_id, report->end, report->text);
        free(report->text);
        free(report);
        report = next;
    }
}

/* --- the line --- */

static void take_from_line(struct hk_pool_call *call)
{
    struct hk_pool_plugin *plugin = call->plugin;
    struct hk_pool_call **at = &plugin->first_waiting;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    if (plugin->last_waiting == &call->next)
        plugin->last_waiting = at;
    call->next = NULL;
    plugin->waiting_count--;
}

/* The call that waits longest; NULL when none does. */
static struct hk_pool_call *take_first(struct hk_pool_plugin *plugin)
{
    struct hk_pool_call *call = plugin->first_waiting;

    if (call == NULL)
        return NULL;
    plugin->first_waiting = call->next;
    if (plugin->first_waiting == NULL)
        plugin->last_waiting = &plugin->first_waiting;
    call->next = NULL;
    plugin->waiting_count--;
    return call;
}

static void not_sent(struct hk_pool_call *call, const char *why)
{
    take_from_line(call);
    hk_calls_report(call->plugin->pool, call->call_id, HK_CALL_NOT_SENT, why);
    free_call(call);
}

static void send_cancel(struct hk_pool_call *call)
{
    struct hk_process *process = call->plugin->process;
    struct hk_buf out;
    struct hk_jw jw;

    if (call->cancel_was_sent)
        return;
    call->cancel_was_sent = true;
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "cancel");
    hk_jw_kv_i64(&jw, "id", (int64_t)call->wire_id);
    hk_jw_object_end(&jw);
    (void)hk_process_send(process, &out, -1); /* a process that reads nothing is caught anyway */
    hk_buf_done(&out);
}

static void on_deadline(void *ctx)
{
    struct hk_pool_call *call = ctx;
    struct hk_pool_plugin *plugin = call->plugin;
    char text[512];

    switch (call->state) {
    case HK_CALL_WAITING:
        snprintf(text, sizeof(text), "plugin %s: the deadline passed before it could be sent%s%s",
            plugin->name, plugin->error.text[0] != '\0' ? ": " : "", plugin->error.text);
        not_sent(call, text);
        break;
    case HK_CALL_SENT:
        snprintf(text, sizeof(text), "plugin %s: no answer before the deadline", plugin->name);
        hk_calls_report(plugin->pool, call->call_id, HK_CALL_LOST, text);
        send_cancel(call);
        call->state = HK_CALL_OVERDUE;
        plugin->process->overdue_count++;
        hk_timer_arm(call->timer, plugin->pool->times.hang_grace_ms);
        break;
    case HK_CALL_OVERDUE:
        hk_process_kill(plugin->process, "it hangs: a call was not settled after its deadline");
        break;
    }
}

static struct hk_pool_call *make_call(
    struct hk_pool_plugin *plugin, const struct hk_call_request *request)
{
    struct hk_pool_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->plugin = plugin;
    call->call_id = request->call_id;
    call->mode = request->mode;
    call->lease_ms = request->lease_ms;
    call->key = hk_strdup(request->key != NULL ? request->key : "");
    call->undoes = hk_strdup(request->undoes);
    call->args = hk_strdup(request->args != NULL ? request->args : "{}");
    call->timer = hk_timer_new(plugin->pool->loop, on_deadline, call);
    if (call->key != NULL && call->args != NULL && call->timer != NULL &&
        (request->undoes == NULL || call->undoes != NULL))
        return call;
    free_call(call);
    return NULL;
}

static bool can_be_asked(const struct hk_action_info *action, enum hk_call_mode mode)
{
    switch (mode) {
    case HK_CALL_START:
        return true;
    case HK_CALL_PROBE:
        return action->can_probe;
    case HK_CALL_VERIFY:
        return action->can_verify;
    case HK_CALL_READY:
        return action->can_tell_ready;
    case HK_CALL_RENEW:
        return action->can_renew;
    }
    return false;
}

/* Why a request can't even stand in line; NULL when it can. */
static const char *refusal(const struct hk_pool *pool, const struct hk_pool_plugin *plugin,
    const struct hk_action_info *action, const struct hk_call_request *request)
{
    if (plugin == NULL)
        return "there is no such plugin";
    if (plugin->has_failed)
        return plugin->error.text;
    if (!plugin->is_loaded)
        return "the plugin is not loaded yet";
    if (action == NULL)
        return "the plugin has no such action";
    if (!can_be_asked(action, request->mode))
        return "this action has no such function";
    if (pool->spawner_fd < 0)
        return "the spawner is gone: no plugin can be started";
    if (plugin->waiting_count >= HK_PLUGIN_QUEUE_MAX)
        return "too many calls wait for this plugin";
    if (request->args != NULL && strlen(request->args) > HK_ARGS_SIZE_MAX)
        return "the arguments are too big";
    return NULL;
}

void hk_pool_call(struct hk_pool *pool, const struct hk_call_request *request)
{
    struct hk_pool_plugin *plugin = hk_pool_find(pool, request->tenant, request->plugin);
    const struct hk_action_info *action =
        hk_pool_action(pool, request->tenant, request->plugin, request->action);
    struct hk_json_doc args = {0};
    struct hk_error error = {0};
    int64_t wait_ms = request->deadline_ms;

    const char *why = refusal(pool, plugin, action, request);
    if (why == NULL && request->args != NULL) {
        /* It is put into a frame as it stands. */
        if (hk_json_parse(
                request->args, strlen(request->args), &hk_json_limits_own, &args, &error) != HK_OK)
            why = error.text;
        else if (args.root->type != HK_JSON_OBJECT)
            why = "the arguments are no object";
        else if (hk_pool_secrets_check(pool, request->tenant, request->plugin, args.root, &error) !=
                 HK_OK)
            why = error.text;
        hk_json_doc_done(&args);
    }
    struct hk_pool_call *call = why == NULL ? make_call(plugin, request) : NULL;
    if (call == NULL) {
        hk_calls_report(
            pool, request->call_id, HK_CALL_NOT_SENT, why != NULL ? why : "out of memory");
        return;
    }
    call->action = action;
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > HK_CALL_TIME_MAX_MS)
        wait_ms = HK_CALL_TIME_MAX_MS;
    call->deadline_at_ms = hk_time_monotonic_ms() + wait_ms;
    hk_timer_arm(call->timer, wait_ms);
    *plugin->last_waiting = call;
    plugin->last_waiting = &call->next;
    plugin->waiting_count++;
    hk_calls_pump(plugin);
}

/* --- sending --- */

/* As the host reads them. */
static const char *const modes[] = {
    [HK_CALL_START] = "start",
    [HK_CALL_PROBE] = "probe",
    [HK_CALL_VERIFY] = "verify",
    [HK_CALL_READY] = "ready",
    [HK_CALL_RENEW] = "renew",
};

static bool send_call(struct hk_process *process, struct hk_pool_call *call)
{
    int64_t left_ms = call->deadline_at_ms - hk_time_monotonic_ms();
    struct hk_buf out;
    struct hk_jw jw;

    call->wire_id = ++process->plugin->pool->next_wire_id;
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "call");
    hk_jw_kv_i64(&jw, "id", (int64_t)call->wire_id);
    hk_jw_kv(&jw, "action", call->action->name);
    hk_jw_kv(&jw, "mode", modes[call->mode]);
    hk_jw_kv(&jw, "key", call->key);
    hk_jw_kv(&jw, "undoes", call->undoes);
    hk_jw_kv_i64(&jw, "deadline_ms", left_ms > 0 ? left_ms : 0);
    hk_jw_kv_i64(&jw, "lease_ms", call->lease_ms);
    hk_jw_key(&jw, "args");
    bool sent = hk_process_write_filled(process->plugin, call->args, &jw);
    hk_jw_object_end(&jw);
    sent = sent && hk_process_send(process, &out, -1);
    if (out.data != NULL)
        explicit_bzero(out.data, out.size);
    hk_buf_done(&out);
    return sent;
}

void hk_calls_pump(struct hk_pool_plugin *plugin)
{
    struct hk_process *process = plugin->process;

    if (plugin->first_waiting == NULL)
        return;
    if (process == NULL) {
        hk_process_want(plugin);
        return;
    }
    if (process->state == HK_PROCESS_READY && hk_process_is_misplaced(process)) {
        hk_pool_log(plugin, HK_PLUGIN_WARNING,
            "the network namespace %s is not the one that it is in: its process is made anew",
            plugin->netns);
        hk_process_let_go(process);
        return;
    }
    while (plugin->first_waiting != NULL && process->state == HK_PROCESS_READY &&
           !process->is_gone && process->overdue_count == 0 &&
           process->call_count < HK_PLUGIN_CALLS_MAX &&
           hk_wire_waiting(&process->writer) < SEND_AHEAD_SIZE_MAX) {
        struct hk_pool_call *call = plugin->first_waiting;
        if (!send_call(process, call))
            return;
        (void)take_first(plugin);
        call->state = HK_CALL_SENT;
        call->next = process->calls;
        process->calls = call;
        process->call_count++;
        hk_timer_disarm(process->timer);
    }
}

/* --- answers --- */

/* Append what may be recorded of a result that says what was asked. */
static enum hk_status read_result(
    const struct hk_pool_call *call, const char *text, struct hk_buf *out, struct hk_error *error)
{
    bool is_doing = call->mode == HK_CALL_START || call->mode == HK_CALL_PROBE;
    struct hk_json_doc result = {0};
    bool holds = false;

    enum hk_status status = hk_result_read(
        text, is_doing ? call->action->result_schema : NULL, call->plugin->secrets, out, error);
    if (status != HK_OK || call->mode != HK_CALL_VERIFY)
        return status;
    status = hk_json_parse(out->data, out->size, &hk_json_limits_own, &result, error);
    if (status == HK_OK && !hk_json_bool(hk_json_get(result.root, "holds"), &holds))
        status = hk_fail(error, HK_INVALID, "its result does not say whether it holds");
    hk_json_doc_done(&result);
    return status;
}

/* What an answer means for the engine; out gets the text. Whatever does not make sense is not
 * knowing. */
static enum hk_call_end judge(
    const struct hk_pool_call *call, const char *outcome, const char *text, struct hk_buf *out)
{
    bool is_probe = call->mode == HK_CALL_PROBE;
    /* Who fails to look has not looked. */
    bool is_look = is_probe || call->mode == HK_CALL_VERIFY;
    struct hk_error error = {0};

    if (strcmp(outcome, "done") == 0) {
        if (read_result(call, text, out, &error) == HK_OK)
            return HK_CALL_DONE;
        hk_buf_clear(out);
        hk_buf_append_text(out, error.text);
        /* A read that gave nonsense has certainly changed nothing. */
        return call->action->effect == HK_READ && call->mode == HK_CALL_START ? HK_CALL_FAILED
                                                                              : HK_CALL_LOST;
    }
    (void)hk_secrets_hide(call->plugin->secrets, text, out);
    if (strcmp(outcome, "failed") == 0 && !is_look)
        return HK_CALL_FAILED;
    if (strcmp(outcome, "did_not") == 0 && is_probe)
        return HK_CALL_DID_NOT;
    if (strcmp(outcome, "unknown") != 0 && !(is_look && strcmp(outcome, "failed") == 0)) {
        hk_buf_clear(out);
        hk_buf_append_text(out, "the plugin gave an answer that does not fit the question");
    }
    return HK_CALL_LOST;
}

void hk_calls_settled(struct hk_process *process, const struct hk_json *frame)
{
    struct hk_pool_plugin *plugin = process->plugin;
    struct hk_pool_call **at = &process->calls;
    uint64_t wire_id = (uint64_t)hk_json_i64_at(frame, "id", 0);
    struct hk_buf text;

    while (*at != NULL && (*at)->wire_id != wire_id)
        at = &(*at)->next;
    if (*at == NULL) {
        if (hk_process_count_stray(process) && hk_process_may_log(process))
            hk_pool_log(plugin, HK_PLUGIN_WARNING, "settled a call that is not open: dropped");
        return;
    }
    struct hk_pool_call *call = *at;
    *at = call->next;
    process->call_count--;
    plugin->backoff_ms = 0;
    if (call->state == HK_CALL_OVERDUE)
        process->overdue_count--;
    if (call->state == HK_CALL_SENT) {
        hk_buf_init(&text, 2 * HK_PLUGIN_RESULT_SIZE_MAX);
        enum hk_call_end end = judge(call, hk_json_string_at(frame, "outcome", ""),
            hk_json_string_at(frame, "text", ""), &text);
        hk_calls_report(plugin->pool, call->call_id, end,
            text.failed         ? "the plugin said too much"
            : text.data != NULL ? text.data
                                : "");
        hk_buf_done(&text);
    }
    free_call(call);
    hk_calls_pump(plugin);
    hk_process_note_idle(process);
}

void hk_calls_lose_all(struct hk_process *process, const char *why)
{
    while (process->calls != NULL) {
        struct hk_pool_call *call = process->calls;
        process->calls = call->next;
        if (call->state == HK_CALL_SENT)
            hk_calls_report(process->plugin->pool, call->call_id, HK_CALL_LOST, why);
        free_call(call);
    }
    process->call_count = 0;
}

void hk_calls_refuse_all(struct hk_pool_plugin *plugin, const char *why)
{
    struct hk_pool_call *call;

    while ((call = take_first(plugin)) != NULL) {
        hk_calls_report(plugin->pool, call->call_id, HK_CALL_NOT_SENT, why);
        free_call(call);
    }
}

void hk_calls_drop_all(struct hk_pool_plugin *plugin)
{
    struct hk_pool_call *call;

    while ((call = take_first(plugin)) != NULL)
        free_call(call);
    while (plugin->process != NULL && plugin->process->calls != NULL) {
        call = plugin->process->calls;
        plugin->process->calls = call->next;
        free_call(call);
    }
}

void hk_pool_cancel(struct hk_pool *pool, uint64_t call_id)
{
    for (struct hk_pool_plugin *plugin = pool->plugins; plugin != NULL; plugin = plugin->next) {
        for (struct hk_pool_call *call = plugin->first_waiting; call != NULL; call = call->next)
            if (call->call_id == call_id) {
                not_sent(call, "cancelled before it was sent");
                return;
            }
        if (plugin->process == NULL)
            continue;
        for (struct hk_pool_call *call = plugin->process->calls; call != NULL; call = call->next)
            if (call->call_id == call_id && call->state == HK_CALL_SENT) {
                send_cancel(call);
                return;
            }
    }
}
