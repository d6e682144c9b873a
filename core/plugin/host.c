#include "plugin/host.h"

#include "base/log.h"
#include "loop/http_async.h"
#include "plugin/sandbox.h"
#include "plugin/spawner.h"
#include "plugin/spawner_wire.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

struct hk_host_process hk_host_process;

_Noreturn void hk_host_die(const char *text)
{
    const char *name = hk_host_process.plugin_name;

    hk_log(HK_LOG_ERROR, "plugin %s: %s", name != NULL ? name : "?", text);
    _exit(70);
}

void *hk_host_alloc(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);

    if (memory == NULL)
        hk_host_die("out of memory");
    return memory;
}

void hk_host_send(const struct hk_buf *json)
{
    struct hk_error error = {0};

    if (json->failed)
        hk_host_die("out of memory");
    if (hk_wire_put(&hk_host_process.writer, json->data, json->size, -1, &error) != HK_OK)
        hk_host_die(error.text);
}

void hk_host_flush(void)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_error error = {0};

    /* When the engine is gone, the end of the wire says so; nothing to do here. */
    if (hk_wire_flush(&host->writer, HK_HOST_WIRE_FD, &error) != HK_OK)
        return;
    if (host->wire_watch != NULL)
        hk_fd_watch_want_write(host->wire_watch, hk_wire_waiting(&host->writer) > 0);
}

static void send_text(const char *type, const char *text)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", type);
    if (text != NULL)
        hk_jw_kv(&jw, "text", text);
    hk_jw_object_end(&jw);
    hk_host_send(&out);
    hk_buf_done(&out);
}

/* Say why this plugin is not hosted, and end. */
static _Noreturn void refuse(const char *text)
{
    struct hk_error error = {0};
    struct pollfd wire = {.fd = HK_HOST_WIRE_FD, .events = POLLOUT};

    send_text("refused", text);
    while (hk_wire_flush(&hk_host_process.writer, HK_HOST_WIRE_FD, &error) == HK_OK &&
           hk_wire_waiting(&hk_host_process.writer) > 0)
        (void)poll(&wire, 1, 1000);
    _exit(1);
}

/* --- before the plugin is there --- */

static bool engine_is_gone(void)
{
    struct pollfd wire = {.fd = HK_HOST_WIRE_FD, .events = POLLRDHUP};

    return poll(&wire, 1, 0) > 0 && (wire.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void read_setup(void)
{
    struct hk_host_process *host = &hk_host_process;
    struct pollfd wire = {.fd = HK_HOST_WIRE_FD, .events = POLLIN};
    struct hk_error error = {0};
    size_t size = 0;
    bool ready = false;

    while (!ready) {
        if (poll(&wire, 1, HK_PLUGIN_START_MAX_MS) == 0)
            _exit(1);
        if (hk_wire_read(&host->reader, HK_HOST_WIRE_FD, &size, &error) != HK_OK ||
            host->reader.at_end ||
            hk_wire_next(&host->reader, &host->setup, &ready, &error) != HK_OK)
            _exit(1);
    }
    host->plugin_name = hk_json_string_at(host->setup.root, "plugin", "?");
}

static void enter_sandbox(const char *data_dir, pid_t parent)
{
    struct hk_host_process *host = &hk_host_process;
    const char *reads[HK_DESCRIPTOR_NEEDS_MAX + 1] = {NULL};
    struct hk_error error = {0};
    unsigned count = 0;

    const struct hk_json *list = hk_json_get(host->setup.root, "reads");
    for (const struct hk_json *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next)
        if (count < HK_DESCRIPTOR_NEEDS_MAX && hk_json_string(item) != NULL)
            reads[count++] = hk_json_string(item);
    struct hk_sandbox sandbox = {.data_dir = data_dir,
        .state_dir = hk_json_string_at(host->setup.root, "state_dir", ""),
        .reads = reads,
        .without_landlock = hk_json_bool_at(host->setup.root, "without_landlock", false),
        .keep_net_admin = hk_json_bool_at(host->setup.root, "net_admin", false),
        .make_threads = hk_host_workers_make};
    /* Whoever may connect may ask over HTTP, and TLS reads its settings while that is possible. */
    if (hk_json_bool_at(host->setup.root, "net", false) && hk_http_async_prepare(&error) != HK_OK)
        refuse(error.text);
    if (hk_sandbox_enter(&sandbox, &error) != HK_OK)
        refuse(error.text);
    /* The signal for this is armed; what happened before it was is seen here. */
    if (getppid() != parent)
        _exit(1);
}

/* --- the plugin --- */

static void load_plugin(void)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_error error = {0};
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", HK_HOST_FILE_FD);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        const char *text = dlerror();
        (void)hk_fail(&error, HK_INVALID, "can't be loaded: %s", text != NULL ? text : "?");
        refuse(error.text);
    }
    host->plugin = dlsym(object, HK_PLUGIN_SYMBOL);
    if (host->plugin == NULL)
        refuse("has no symbol " HK_PLUGIN_SYMBOL ": end its source with HK_PLUGIN(name, ...)");
    if (hk_descriptor_copy(host->plugin, &host->tables, &error) != HK_OK)
        refuse(error.text);
}

static void send_descriptor(void)
{
    struct hk_buf out;
    struct hk_jw jw;

    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "t", "descriptor");
    hk_jw_key(&jw, "descriptor");
    hk_descriptor_write(&jw, hk_host_process.plugin, &hk_host_process.tables);
    hk_jw_object_end(&jw);
    if (out.failed)
        refuse("its descriptor is too big");
    hk_host_send(&out);
    hk_buf_done(&out);
}

static void init_plugin(void)
{
    struct hk_host_process *host = &hk_host_process;
    const struct hk_json *setup = host->setup.root;
    struct hk_error error = {0};
    struct hk_buf options;

    if (host->is_initialised)
        return;
    hk_buf_init(&options, HK_WIRE_FRAME_SIZE_MAX);
    if (hk_host_options(host->tables.options, host->tables.option_count,
            hk_json_get(setup, "options"), &options, &error) != HK_OK)
        refuse(error.text);
    struct hk_settings settings = {.size = sizeof(settings),
        .tenant = hk_json_string_at(setup, "tenant", ""),
        .state_dir = hk_json_string_at(setup, "state_dir", ""),
        .options = options.data};
    if (host->plugin->init != NULL &&
        host->plugin->init(&hk_host_table, &settings, &host->state) != 0) {
        (void)hk_fail(&error, HK_INVALID, "its init failed: %s",
            host->last_error[0] != '\0' ? host->last_error : "it did not say why");
        refuse(error.text);
    }
    hk_buf_done(&options);
    host->is_initialised = true;
    send_text("ready", NULL);
}

static const struct hk_action *find_action(const char *name)
{
    const struct hk_descriptor_tables *tables = &hk_host_process.tables;

    for (unsigned i = 0; name != NULL && i < tables->action_count; i++)
        if (strcmp(tables->actions[i].name, name) == 0)
            return &tables->actions[i];
    return NULL;
}

typedef void run_fn(void *state, const struct hk_call *call);

/* The action's function for this mode of call; NULL when it has none. */
static run_fn *find_function(const struct hk_action *action, const char *mode)
{
    if (action == NULL)
        return NULL;
    const struct {
        const char *mode;
        run_fn *run;
    } functions[] = {{"start", action->start}, {"probe", action->probe}, {"verify", action->verify},
        {"ready", action->ready}, {"renew", action->renew}};

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (strcmp(mode, functions[i].mode) == 0)
            return functions[i].run;
    return NULL;
}

static void on_call(const struct hk_json *frame)
{
    struct hk_host_process *host = &hk_host_process;
    const struct hk_action *action = find_action(hk_json_string_at(frame, "action", NULL));
    const char *mode = hk_json_string_at(frame, "mode", "");
    const struct hk_json *args = hk_json_get(frame, "args");
    uint64_t id = (uint64_t)hk_json_i64_at(frame, "id", 0);
    run_fn *run = find_function(action, mode);

    if (!host->is_initialised || run == NULL || args == NULL) {
        hk_host_send_settled(
            id, strcmp(mode, "start") == 0 ? HK_FAILED : HK_UNKNOWN, "no such action here");
        return;
    }
    struct hk_host_call *open = hk_host_alloc(sizeof(*open));
    char *text = hk_host_alloc(args->source_size + 1);
    memcpy(text, args->source, args->source_size);
    text[args->source_size] = '\0';
    *open = (struct hk_host_call){.next = host->calls, .id = id, .action = action};
    host->calls = open;
    struct hk_call call = {.size = sizeof(call),
        .id = id,
        .key = hk_json_string_at(frame, "key", ""),
        .undoes = hk_json_string_at(frame, "undoes", NULL),
        .args = text,
        .deadline_ms = (uint64_t)hk_json_i64_at(frame, "deadline_ms", 0),
        .lease_ms = (uint64_t)hk_json_i64_at(frame, "lease_ms", 0)};
    run(host->state, &call);
    free(text);
}

static void on_cancel(const struct hk_json *frame)
{
    uint64_t id = (uint64_t)hk_json_i64_at(frame, "id", 0);

    for (struct hk_host_call *call = hk_host_process.calls; call != NULL; call = call->next)
        if (call->id == id) {
            if (call->action->cancel != NULL)
                call->action->cancel(hk_host_process.state, id);
            return;
        }
}

static void on_frame(const struct hk_json *frame)
{
    struct hk_host_process *host = &hk_host_process;
    const char *type = hk_json_string_at(frame, "t", "");

    if (strcmp(type, "call") == 0)
        on_call(frame);
    else if (strcmp(type, "cancel") == 0)
        on_cancel(frame);
    else if (strcmp(type, "connected") == 0)
        hk_host_connected(
            frame, hk_json_bool_at(frame, "fd", false) ? hk_wire_take_fd(&host->reader) : -1);
    else if (strcmp(type, "init") == 0)
        init_plugin();
    else if (strcmp(type, "stop") == 0)
        hk_loop_stop(host->loop);
}

static void on_wire(void *ctx, bool readable, bool writable)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_json_doc frame = {0};
    struct hk_error error = {0};
    size_t size = 0;
    bool ready = true;
    (void)ctx;
    (void)writable;

    if (readable && hk_wire_read(&host->reader, HK_HOST_WIRE_FD, &size, &error) != HK_OK)
        hk_host_die(error.text);
    /* An engine that is gone has nobody who would record what a new call did. */
    if (host->reader.at_end || engine_is_gone()) {
        hk_loop_stop(host->loop);
        return;
    }
    while (ready) {
        if (hk_wire_next(&host->reader, &frame, &ready, &error) != HK_OK)
            hk_host_die(error.text);
        if (ready)
            on_frame(frame.root);
        hk_json_doc_done(&frame);
    }
    hk_host_flush();
}

static void start_loop(void)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_error error = {0};

    if (hk_loop_new(&host->loop, &error) != HK_OK || hk_host_table_start(&error) != HK_OK ||
        hk_host_workers_start(&error) != HK_OK)
        refuse(error.text);
    host->wire_watch = hk_fd_watch_new(host->loop, HK_HOST_WIRE_FD, on_wire, NULL);
    if (host->wire_watch == NULL)
        refuse("out of memory");
}

int hk_plugin_host_main(int argc, char **argv)
{
    struct hk_host_process *host = &hk_host_process;
    struct hk_error error = {0};

    if (argc != 4 || fcntl(HK_PLUGIN_LOCK_FD, F_GETFD) < 0) {
        hk_log(HK_LOG_ERROR, "plugin-host is started by the engine, not by people");
        return 2;
    }
    pid_t parent = (pid_t)strtol(argv[3], NULL, 10);
    (void)prctl(PR_SET_NAME, "hikeshi-plugin", 0, 0, 0);
    hk_wire_reader_init(&host->reader, true);
    hk_wire_writer_init(&host->writer);
    host->main_thread = pthread_self();
    read_setup();
    /* From here on the lock is held, so an engine that is gone is fenced off its successor. */
    if (engine_is_gone())
        return 1;
    enter_sandbox(argv[2], parent);
    start_loop();
    load_plugin();
    send_descriptor();
    on_wire(NULL, false, false);
    if (hk_loop_run(host->loop, &error) != HK_OK)
        hk_host_die(error.text);
    hk_host_workers_stop();
    if (host->is_initialised && host->plugin->done != NULL)
        host->plugin->done(host->state);
    hk_host_flush();
    /* No destructors, no exit handlers: whatever the plugin registered is not run. */
    _exit(0);
}
