/*
 * pool_probe: a plugin whose actions do one thing each that a pool has to cope with: settle at
 * once, later, from a worker, never, twice, with nonsense; block, crash, spin, connect.
 */
#include "hikeshi/plugin.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct state {
    const struct hk_host *host;
    char folder[4096];
    char options[1024];
    uint64_t held;
};

struct job {
    struct state *state;
    uint64_t id;
    int fd;
    unsigned result;
};

static struct job *new_job(struct state *state, const struct hk_call *call)
{
    struct job *job = state->host->alloc(sizeof(*job));

    *job = (struct job){.state = state, .id = call->id, .fd = -1};
    return job;
}

static long number_of(const struct hk_call *call, const char *key)
{
    const char *at = strstr(call->args, key);

    return at != NULL ? strtol(at + strlen(key) + 2, NULL, 10) : 0;
}

static int has(const struct hk_call *call, const char *text)
{
    return strstr(call->args, text) != NULL;
}

static void echo(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    char text[4096];

    snprintf(text, sizeof(text),
        "{\"args\":%s,\"key\":\"%s\",\"undoes\":\"%s\",\"options\":%s,\"pid\":%d}", call->args,
        call->key, call->undoes != NULL ? call->undoes : "", state->options, (int)getpid());
    state->host->settle(call->id, HK_DONE, text);
}

static void fail(void *ctx, const struct hk_call *call)
{
    ((struct state *)ctx)->host->settle(call->id, HK_FAILED, "no such host");
}

static void unknown(void *ctx, const struct hk_call *call)
{
    ((struct state *)ctx)->host->settle(call->id, HK_UNKNOWN, "the line went dead");
}

static void finish(void *ctx)
{
    struct job *job = ctx;
    char text[64];

    snprintf(text, sizeof(text), "{\"result\":%u}", job->result);
    job->state->host->settle(job->id, HK_DONE, text);
    job->state->host->free(job);
}

static void later(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    uint64_t never = state->host->timer(1, finish, NULL);

    state->host->timer_cancel(never); /* would crash if it fired */
    (void)state->host->timer((uint64_t)number_of(call, "ms"), finish, new_job(state, call));
}

static void compute(void *ctx)
{
    struct job *job = ctx;

    for (unsigned i = 1; i <= 1000; i++)
        job->result += i;
}

static void work(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;

    state->host->work(compute, finish, new_job(state, call));
}

static void hold(void *ctx, const struct hk_call *call)
{
    ((struct state *)ctx)->held = call->id;
}

static void release(void *ctx, uint64_t call_id)
{
    ((struct state *)ctx)->host->settle(call_id, HK_FAILED, "cancelled");
}

static void write_mark(const struct state *state, const char *name)
{
    char path[4200];

    snprintf(path, sizeof(path), "%s/%s", state->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

/* Keep the plugin's thread for some time, as careless code does. */
static void block(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    long ms = number_of(call, "ms");
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    write_mark(state, "started");
    nanosleep(&time, NULL);
    write_mark(state, "finished");
    state->host->settle(call->id, HK_DONE, NULL);
}

static void crash(void *ctx, const struct hk_call *call)
{
    (void)ctx;
    (void)call;
    abort();
}

static void spin(void *ctx, const struct hk_call *call)
{
    volatile unsigned turns = 0;
    (void)ctx;
    (void)call;

    for (;;)
        turns++;
}

static void nonsense(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    const struct hk_host *host = state->host;

    if (has(call, "text")) {
        host->settle(call->id, HK_DONE, "fine");
    } else if (has(call, "list")) {
        host->settle(call->id, HK_DONE, "[]");
    } else if (has(call, "utf8")) {
        host->settle(call->id, HK_DONE, "{\"a\":\"\xff\"}");
    } else if (has(call, "big")) {
        size_t size = 300 * 1024;
        char *text = host->alloc(size);
        memset(text, ' ', size);
        text[0] = '{';
        text[size - 2] = '}';
        text[size - 1] = '\0';
        host->settle(call->id, HK_DONE, text);
        host->free(text);
    } else if (has(call, "twice")) {
        host->settle(call->id, HK_DONE, "{\"first\":true}");
        host->settle(call->id, HK_DONE, "{\"first\":false}");
    } else if (has(call, "wire")) {
        (void)!write(3, "\xff\xff\xff\xff", 4); /* past the host: a frame of four gigabytes */
    } else if (has(call, "stray")) {
        static const char frame[] = "\x16\0\0\0{\"t\":\"settled\",\"id\":0}";
        for (int i = 0; i < 500; i++)
            (void)!write(3, frame, sizeof(frame) - 1);
        host->settle(call->id, HK_DONE, NULL);
    } else if (has(call, "stderr")) {
        static const char said[] = "\033[2Jforged \x9b line\nshort";
        (void)!write(2, said, sizeof(said) - 1);
        (void)!ftruncate(2, 0);
        host->settle(call->id, HK_DONE, NULL);
    } else if (has(call, "log")) {
        for (int i = 0; i < 500; i++)
            host->log(HK_PLUGIN_INFO, "again");
        host->settle(call->id, HK_DONE, NULL);
    } else {
        host->settle(call->id, (enum hk_outcome)77, "{}");
    }
}

static void on_answer(void *ctx, int fd, int readable, int writable)
{
    struct job *job = ctx;
    const struct hk_host *host = job->state->host;
    char got[16] = "";
    (void)writable;

    if (!readable)
        return;
    ssize_t size = read(fd, got, sizeof(got) - 1);
    host->unwatch(fd);
    close(fd);
    host->settle(job->id, size == 4 && strcmp(got, "pong") == 0 ? HK_DONE : HK_FAILED,
        size == 4 ? "{\"got\":\"pong\"}" : "no pong");
    host->free(job);
}

static void on_connected(void *ctx, int fd, const char *reason)
{
    struct job *job = ctx;
    const struct hk_host *host = job->state->host;

    if (fd < 0) {
        host->settle(job->id, HK_FAILED, reason);
        host->free(job);
        return;
    }
    /* This would end the connection, and let the socket go elsewhere: it must come to nothing. */
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (connect(fd, &nowhere, sizeof(nowhere)) == 0) {
        host->settle(job->id, HK_FAILED, "connect() was made");
        close(fd);
        host->free(job);
        return;
    }
    (void)!write(fd, "ping", 4);
    host->watch(fd, 0, on_answer, job);
}

/* Whatever it is told is its result. */
static void repeat(void *ctx, const struct hk_call *call)
{
    const struct hk_host *host = ((struct state *)ctx)->host;

    host->log(HK_PLUGIN_INFO, call->args);
    host->settle(call->id, HK_DONE, call->args);
}

static void dial(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    const char *host = "192.0.2.1";

    if (has(call, "literal"))
        host = "127.41.7.3";
    else if (has(call, "name"))
        host = "localhost";
    state->host->connect(host, 47113, on_connected, new_job(state, call));
}

static void block_ip(void *ctx, const struct hk_call *call)
{
    ((struct state *)ctx)->host->settle(call->id, HK_DONE, "{}");
}

static void probe_ip(void *ctx, const struct hk_call *call)
{
    const struct hk_host *host = ((struct state *)ctx)->host;

    if (strcmp(call->key, "did") == 0)
        host->settle(call->id, HK_DONE, "{\"since\":1}");
    else if (strcmp(call->key, "not") == 0)
        host->settle(call->id, HK_DID_NOT, NULL);
    else
        host->settle(call->id, HK_UNKNOWN, "can't tell");
}

/* Answers by the call's key, as probe_ip does; the result of a look is the key's own text. */
static void verify_ip(void *ctx, const struct hk_call *call)
{
    const struct hk_host *host = ((struct state *)ctx)->host;

    if (strcmp(call->key, "failed") == 0)
        host->settle(call->id, HK_FAILED, "can't look");
    else if (strcmp(call->key, "unknown") == 0)
        host->settle(call->id, HK_UNKNOWN, "can't tell");
    else
        host->settle(call->id, HK_DONE, call->key);
}

static void ready_ip(void *ctx, const struct hk_call *call)
{
    const struct hk_host *host = ((struct state *)ctx)->host;
    bool is_plain = strcmp(call->args, "{}") == 0;

    if (strcmp(call->key, "unknown") == 0)
        host->settle(call->id, HK_UNKNOWN, "no answer from it");
    else if (strcmp(call->key, "missing") == 0 || !is_plain)
        host->settle(call->id, HK_FAILED, "the token may not block");
    else
        host->settle(call->id, HK_DONE, NULL);
}

static void renew_ip(void *ctx, const struct hk_call *call)
{
    char text[64];

    snprintf(text, sizeof(text), "{\"lease_ms\":%llu}", (unsigned long long)call->lease_ms);
    ((struct state *)ctx)->host->settle(call->id, HK_DONE, text);
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct state *state = host->alloc(sizeof(*state));

    memset(state, 0, sizeof(*state));
    state->host = host;
    snprintf(state->folder, sizeof(state->folder), "%s", settings->state_dir);
    snprintf(state->options, sizeof(state->options), "%s", settings->options);
    if (strstr(settings->options, "\"broken\"") != NULL) {
        host->log(HK_PLUGIN_ERROR, "the greeting is broken");
        host->free(state);
        return -1;
    }
    *ret_state = state;
    return 0;
}

static void done(void *ctx)
{
    struct state *state = ctx;

    write_mark(state, "done");
    state->host->free(state);
}

#define ANY "{\"type\":\"object\"}"
#define IP                                                                                         \
    "{\"type\":\"object\",\"properties\":{\"ip\":{\"type\":\"string\"}},\"required\":[\"ip\"]}"

#define PROMISE                                                                                    \
    "{\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"integer\"},"                          \
    "\"token\":{\"type\":\"string\",\"x-secret\":true}}}"

static const struct hk_action actions[] = {
    {.name = "echo",
        .summary = "Say it again",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = ANY,
        .result_schema = ANY,
        .start = echo},
    {.name = "fail", .summary = "Fail", .effect = HK_ONCE, .kind = HK_NOTIFY, .start = fail},
    {.name = "unknown",
        .summary = "Not know",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = unknown},
    {.name = "later",
        .summary = "Answer after {ms}",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = later},
    {.name = "work", .summary = "Compute", .effect = HK_READ, .kind = HK_ENRICH, .start = work},
    {.name = "hold",
        .summary = "Wait for cancel",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = hold,
        .cancel = release},
    {.name = "silent",
        .summary = "Never answer",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = hold},
    {.name = "block",
        .summary = "Block {ms}",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = block},
    {.name = "crash", .summary = "Crash", .effect = HK_ONCE, .kind = HK_NOTIFY, .start = crash},
    {.name = "spin", .summary = "Spin", .effect = HK_ONCE, .kind = HK_NOTIFY, .start = spin},
    {.name = "nonsense",
        .summary = "Answer nonsense",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .start = nonsense},
    {.name = "nonsense_read",
        .summary = "Answer nonsense",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .start = nonsense},
    {.name = "dial", .summary = "Connect", .effect = HK_READ, .kind = HK_ENRICH, .start = dial},
    {.name = "block_ip",
        .summary = "Block {ip}",
        .effect = HK_PROBEABLE,
        .kind = HK_CONTAIN,
        .capability = "contain.block_ip",
        .undo = "unblock_ip",
        .residual = "a log line",
        .target = "ip",
        .target_type = "address",
        .args_schema = IP,
        .result_schema = ANY,
        .time_max_ms = 5000,
        .start = block_ip,
        .probe = probe_ip,
        .verify = verify_ip,
        .ready = ready_ip,
        .renew = renew_ip},
    {.name = "repeat_once",
        .summary = "Repeat {n}",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .result_schema = PROMISE,
        .start = repeat},
    {.name = "repeat_read",
        .summary = "Repeat {n}",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .result_schema = PROMISE,
        .start = repeat},
    {.name = "unblock_ip",
        .summary = "Unblock {ip}",
        .effect = HK_IDEMPOTENT,
        .kind = HK_RESTORE,
        .target = "ip",
        .target_type = "address",
        .args_schema = IP,
        .start = echo},
    {0},
};
static const struct hk_option options[] = {
    {"greeting", HK_OPTION_TEXT, "\"hello\"", "what it says"},
    {"wait", HK_OPTION_DURATION, "\"2s\"", "how long"},
    {"hosts", HK_OPTION_LIST, "[]", "whom"},
    {"must", HK_OPTION_INTEGER, NULL, "a number that has to be given"},
    {0},
};
static const char *const needs[] = {"net:127.41.7.3:47113", "net:localhost:47113", NULL};
static const struct hk_served_file files[] = {{"started", "text/plain", "a mark"},
    {"trap", "text/plain", "a link that must not be followed"}, {0}};

HK_PLUGIN(pool_probe, .version = "1.2.3", .summary = "What a pool has to cope with",
    .options = options, .needs = needs, .actions = actions, .serves = files, .init = init,
    .done = done);
