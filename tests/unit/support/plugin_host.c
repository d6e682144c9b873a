#include "support/plugin_host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 131072
#define TIMERS_MAX 4096
#define LOG_SIZE 65536

struct settlement {
    bool is_open;
    bool is_settled;
    enum hk_outcome outcome;
    char *text;
};

struct timer {
    uint64_t id; /* 0: free */
    uint64_t due_ms;
    hk_timer_cb *cb;
    hk_timer_cb *before; /* of a worker's job: the work */
    void *ctx;
};

static struct {
    const struct hk_plugin *plugin;
    void *state;
    uint64_t now_ms;
    uint64_t last_timer;
    uint64_t last_call;
    unsigned stray;
    struct timer timers[TIMERS_MAX];
    struct settlement calls[CALLS_MAX];
    char log[LOG_SIZE];
} host;

static void host_log(enum hk_plugin_log_level level, const char *text)
{
    size_t used = strlen(host.log);
    snprintf(host.log + used, sizeof(host.log) - used, "%d %s\n", level, text);
}

static void *host_alloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

static void host_settle(uint64_t call_id, enum hk_outcome outcome, const char *text)
{
    if (call_id >= CALLS_MAX || !host.calls[call_id].is_open) {
        host.stray++;
        return;
    }
    struct settlement *call = &host.calls[call_id];
    call->is_open = false;
    call->is_settled = true;
    call->outcome = outcome;
    call->text = strdup(text ? text : "{}");
}

static uint64_t add_timer(uint64_t after_ms, hk_timer_cb *before, hk_timer_cb *cb, void *ctx)
{
    for (size_t i = 0; i < TIMERS_MAX; i++) {
        if (host.timers[i].id)
            continue;
        host.timers[i] = (struct timer){.id = ++host.last_timer,
            .due_ms = host.now_ms + after_ms,
            .cb = cb,
            .before = before,
            .ctx = ctx};
        return host.last_timer;
    }
    abort();
}

static uint64_t host_timer(uint64_t after_ms, hk_timer_cb *cb, void *ctx)
{
    return add_timer(after_ms, NULL, cb, ctx);
}

static void host_timer_cancel(uint64_t timer_id)
{
    for (size_t i = 0; i < TIMERS_MAX; i++)
        if (timer_id && host.timers[i].id == timer_id)
            host.timers[i].id = 0;
}

static void host_work(hk_work_cb *work, hk_work_cb *finished, void *ctx)
{
    add_timer(0, work, finished, ctx);
}

static int64_t host_now_us(void)
{
    return (INT64_C(1800000000000) + (int64_t)host.now_ms) * 1000;
}

static const struct hk_host host_table = {
    .size = sizeof(struct hk_host),
    .log = host_log,
    .alloc = host_alloc,
    .free = free,
    .settle = host_settle,
    .timer = host_timer,
    .timer_cancel = host_timer_cancel,
    .work = host_work,
    .now_us = host_now_us,
};

/* Run the earliest timer that is due by then. */
static bool run_one(uint64_t until_ms)
{
    struct timer *next = NULL;
    for (size_t i = 0; i < TIMERS_MAX; i++) {
        struct timer *timer = &host.timers[i];
        if (timer->id && timer->due_ms <= until_ms &&
            (!next || timer->due_ms < next->due_ms ||
                (timer->due_ms == next->due_ms && timer->id < next->id)))
            next = timer;
    }
    if (!next)
        return false;
    struct timer timer = *next;
    next->id = 0;
    if (timer.due_ms > host.now_ms)
        host.now_ms = timer.due_ms;
    if (timer.before)
        timer.before(timer.ctx);
    timer.cb(timer.ctx);
    return true;
}

const struct hk_plugin *plugin_host_load(const char *dir, const char *name)
{
    char build[2048];
    char path[4096];
    const char *from_env = getenv("HIKESHI_BUILD");
    if (from_env) {
        snprintf(build, sizeof(build), "%s", from_env);
    } else {
        ssize_t length = readlink("/proc/self/exe", build, sizeof(build) - 1);
        build[length > 0 ? length : 0] = '\0';
        for (int i = 0; i < 3; i++) /* BUILD/tests/unit/NAME */
            if (strrchr(build, '/'))
                *strrchr(build, '/') = '\0';
    }
    snprintf(path, sizeof(path), "%s/%s/%s.so", build, dir, name);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct hk_plugin *plugin = object ? dlsym(object, HK_PLUGIN_SYMBOL) : NULL;
    if (!plugin)
        fprintf(stderr, "%s\n", dlerror());
    return plugin;
}

int plugin_host_start(const struct hk_plugin *plugin, const char *state_dir, const char *options)
{
    struct hk_settings settings = {
        .size = sizeof(settings), .tenant = "default", .state_dir = state_dir, .options = options};
    host.plugin = plugin;
    host.state = NULL;
    host.log[0] = '\0';
    host.stray = 0;
    return plugin->init(&host_table, &settings, &host.state);
}

void plugin_host_stop(void)
{
    if (host.plugin && host.plugin->done)
        host.plugin->done(host.state);
    host.plugin = NULL;
    memset(host.timers, 0, sizeof(host.timers));
    for (size_t i = 0; i < CALLS_MAX; i++) {
        free(host.calls[i].text);
        host.calls[i] = (struct settlement){0};
    }
}

static const struct hk_action *action_named(const char *name)
{
    const struct hk_action *action = host.plugin->actions;
    while (action->name && strcmp(action->name, name) != 0)
        action++;
    return action->name ? action : NULL;
}

typedef void run_fn(void *state, const struct hk_call *call);

static uint64_t begin(run_fn *run, const char *key, const char *undoes, const char *args)
{
    if (!run || host.last_call + 1 >= CALLS_MAX)
        abort();
    struct hk_call call = {.size = sizeof(call),
        .id = ++host.last_call,
        .key = key,
        .undoes = undoes,
        .args = args,
        .deadline_ms = 60000};
    host.calls[call.id].is_open = true;
    run(host.state, &call);
    return call.id;
}

uint64_t plugin_host_begin(
    const char *action, const char *key, const char *undoes, const char *args, bool is_probe)
{
    const struct hk_action *found = action_named(action);
    if (!found)
        abort();
    return begin(is_probe ? found->probe : found->start, key, undoes, args);
}

void plugin_host_cancel(const char *action, uint64_t call_id)
{
    const struct hk_action *found = action_named(action);
    if (found && found->cancel)
        found->cancel(host.state, call_id);
}

bool plugin_host_settled(uint64_t call_id, enum hk_outcome *ret_outcome, const char **ret_text)
{
    const struct settlement *call = &host.calls[call_id];
    if (!call->is_settled)
        return false;
    *ret_outcome = call->outcome;
    *ret_text = call->text;
    return true;
}

int plugin_host_wait(uint64_t call_id, const char **ret_text)
{
    uint64_t until_ms = host.now_ms + 3600 * 1000;
    enum hk_outcome outcome;
    *ret_text = "";
    while (!plugin_host_settled(call_id, &outcome, ret_text))
        if (!run_one(until_ms))
            return -1;
    return (int)outcome;
}

int plugin_host_call(const char *action, const char *key, const char *undoes, const char *args,
    const char **ret_text)
{
    return plugin_host_wait(plugin_host_begin(action, key, undoes, args, false), ret_text);
}

int plugin_host_probe(const char *action, const char *key, const char *args, const char **ret_text)
{
    return plugin_host_wait(plugin_host_begin(action, key, NULL, args, true), ret_text);
}

int plugin_host_verify(const char *action, const char *key, const char *args, const char **ret_text)
{
    const struct hk_action *found = action_named(action);
    if (!found)
        abort();
    return plugin_host_wait(begin(found->verify, key, NULL, args), ret_text);
}

void plugin_host_advance(uint64_t ms)
{
    uint64_t until_ms = host.now_ms + ms;
    while (run_one(until_ms))
        ;
    host.now_ms = until_ms;
}

const char *plugin_host_log(void)
{
    return host.log;
}

unsigned plugin_host_stray(void)
{
    return host.stray;
}

const char *plugin_host_folder(void)
{
    static char folder[256];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/hikeshi-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder))
        abort();
    return folder;
}

void plugin_host_remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

char *plugin_host_read(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0 && text)
        text[0] = '\0';
    fclose(file);
    return text;
}

void plugin_host_write(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}
