/*
 * world: the outside world of the crash tests. One action for each effect class, every effect a
 * durable line in `world.log` of the state folder (see store.h), so that a test can count
 * afterwards what really took place.
 *
 * Arguments, the same for all actions:
 *   target     what is touched (required)
 *   before_ms  wait, on a timer, before the effect
 *   block_ms   then block the plugin's thread: a process that works on though nobody waits; the
 *              file `blocking` of the state folder says that it has begun to
 *   after_ms   wait, on a timer, between the effect and the settlement
 *   crash      "before" or "after": abort() right before or right after the effect
 *   fail       true: no effect, the call fails
 *   fail_undo  so many undos of this process fail first
 *
 * The result is {"effects":N}: effect lines with the call's key (touch_read: of all keys; undo_*:
 * of the key that was undone).
 */
#include "store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <hikeshi/plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct world {
    const struct hk_host *host;
    struct store *store;
    struct job *jobs;
    uint64_t undos_failed;
    char blocking[4096]; /* path */
};

enum crash { CRASH_NEVER, CRASH_BEFORE, CRASH_AFTER };

struct job {
    struct world *world;
    struct job *next;
    uint64_t call_id;
    uint64_t timer_id; /* 0: none is set */
    const char *action;
    char *key;
    char *undoes; /* not NULL: this is an undo */
    char *target;
    uint64_t block_ms;
    uint64_t after_ms;
    enum crash crash;
    bool is_repeatable; /* a repetition leaves no second effect */
    bool is_read;
    bool fails;
    bool took_place;
};

static char *copy(const struct world *world, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(world->host->alloc(size), text, size);
}

static void job_end(struct job *job, enum hk_outcome outcome, const char *text)
{
    struct world *world = job->world;
    struct job **link = &world->jobs;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    world->host->settle(job->call_id, outcome, text);
    world->host->free(job->key);
    world->host->free(job->target);
    if (job->undoes)
        world->host->free(job->undoes);
    world->host->free(job);
}

static void settle_effects(const struct world *world, uint64_t call_id, const char *key)
{
    char result[64];
    snprintf(result, sizeof(result), "{\"effects\":%llu}",
        (unsigned long long)store_effects(world->store, key));
    world->host->settle(call_id, HK_DONE, result);
}

static void job_done(void *ctx)
{
    struct job *job = ctx;
    char result[64];
    const char *key = job->is_read ? NULL : job->undoes ? job->undoes : job->key;
    snprintf(result, sizeof(result), "{\"effects\":%llu}",
        (unsigned long long)store_effects(job->world->store, key));
    job->timer_id = 0;
    job_end(job, HK_DONE, result);
}

static void block(const struct world *world, uint64_t block_ms)
{
    struct timespec left = {(time_t)(block_ms / 1000), (long)(block_ms % 1000) * 1000000L};
    int fd = block_ms > 0 ? open(world->blocking, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        close(fd);
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

static int effect(struct job *job)
{
    struct store *store = job->world->store;
    if (job->is_read)
        return store_append(store, "READ", job->key, job->target);
    if (job->undoes)
        return store_is_undone(store, job->undoes) ? store_append(store, "REPEAT", job->key, NULL)
                                                   : store_append(store, "UNDO", job->undoes, NULL);
    if (job->is_repeatable && store_effects(store, job->key) > 0)
        return store_append(store, "REPEAT", job->key, NULL);
    return store_append(store, job->key, job->action, job->target);
}

static void job_act(void *ctx)
{
    struct job *job = ctx;
    job->timer_id = 0;
    block(job->world, job->block_ms);
    if (job->crash == CRASH_BEFORE)
        abort();
    if (job->fails) {
        job_end(job, HK_FAILED, "asked to fail");
        return;
    }
    if (effect(job) < 0) {
        job_end(job, HK_UNKNOWN, strerror(errno));
        return;
    }
    job->took_place = true;
    if (job->crash == CRASH_AFTER)
        abort();
    if (job->after_ms == 0)
        job_done(job);
    else
        job->timer_id = job->world->host->timer(job->after_ms, job_done, job);
}

static uint64_t number_of(const cJSON *args, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(args, name);
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

static enum crash crash_of(const cJSON *args)
{
    const char *when = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, "crash"));
    if (!when)
        return CRASH_NEVER;
    return strcmp(when, "before") == 0 ? CRASH_BEFORE : CRASH_AFTER;
}

static void start(struct world *world, const struct hk_call *call, const struct job *kind)
{
    cJSON *args = cJSON_Parse(call->args);
    const char *target = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, "target"));
    if (!target || !call->key || strchr(call->key, ' ')) {
        world->host->settle(call->id, HK_FAILED, "a target and a key without spaces are needed");
        cJSON_Delete(args);
        return;
    }
    struct job *job = world->host->alloc(sizeof(*job));
    *job = *kind;
    job->world = world;
    job->call_id = call->id;
    job->key = copy(world, call->key);
    job->target = copy(world, target);
    job->block_ms = number_of(args, "block_ms");
    job->after_ms = number_of(args, "after_ms");
    job->crash = crash_of(args);
    job->fails = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(args, "fail"));
    if (job->undoes)
        job->fails = world->undos_failed < number_of(args, "fail_undo");
    world->undos_failed += job->undoes && job->fails;
    job->next = world->jobs;
    world->jobs = job;
    uint64_t before_ms = number_of(args, "before_ms");
    cJSON_Delete(args);
    if (before_ms == 0)
        job_act(job);
    else
        job->timer_id = world->host->timer(before_ms, job_act, job);
}

static void start_read(void *state, const struct hk_call *call)
{
    start(state, call, &(struct job){.action = "touch_read", .is_read = true});
}

static void start_idempotent(void *state, const struct hk_call *call)
{
    start(state, call, &(struct job){.action = "touch_idempotent", .is_repeatable = true});
}

static void start_probeable(void *state, const struct hk_call *call)
{
    start(state, call, &(struct job){.action = "touch_probeable"});
}

static void start_once(void *state, const struct hk_call *call)
{
    start(state, call, &(struct job){.action = "touch_once"});
}

static void start_undo(void *state, const struct hk_call *call)
{
    struct world *world = state;
    if (!call->undoes) {
        world->host->settle(call->id, HK_FAILED, "nothing was named to undo");
        return;
    }
    start(state, call, &(struct job){.action = "undo", .undoes = copy(world, call->undoes)});
}

static void cancel(void *state, uint64_t call_id)
{
    struct world *world = state;
    struct job *job = world->jobs;
    while (job && job->call_id != call_id)
        job = job->next;
    if (!job || job->timer_id == 0)
        return;
    world->host->timer_cancel(job->timer_id);
    if (job->took_place)
        job_done(job);
    else
        job_end(job, HK_FAILED, "cancelled before the effect");
}

static void probe(void *state, const struct hk_call *call)
{
    struct world *world = state;
    if (store_effects(world->store, call->key) > 0)
        settle_effects(world, call->id, call->key);
    else
        world->host->settle(call->id, HK_DID_NOT, "no line has this key");
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct store *store = store_open(settings->state_dir);
    if (!store) {
        host->log(HK_PLUGIN_ERROR, "world.log can't be opened");
        return -1;
    }
    struct world *world = host->alloc(sizeof(*world));
    *world = (struct world){.host = host, .store = store};
    snprintf(world->blocking, sizeof(world->blocking), "%s/blocking", settings->state_dir);
    *ret_state = world;
    return 0;
}

static void done(void *state)
{
    struct world *world = state;
    if (!world)
        return;
    while (world->jobs) {
        if (world->jobs->timer_id)
            world->host->timer_cancel(world->jobs->timer_id);
        job_end(world->jobs, HK_UNKNOWN, "the plugin is stopping");
    }
    store_close(world->store);
    world->host->free(world);
}

#define ARGS                                                                                       \
    "{\"type\":\"object\",\"required\":[\"target\"],\"additionalProperties\":false,"               \
    "\"properties\":{\"target\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200},"          \
    "\"before_ms\":{\"type\":\"integer\",\"minimum\":0},"                                          \
    "\"block_ms\":{\"type\":\"integer\",\"minimum\":0,\"x-narrow\":true},"                         \
    "\"after_ms\":{\"type\":\"integer\",\"minimum\":0},"                                           \
    "\"crash\":{\"type\":\"string\",\"enum\":[\"before\",\"after\"]},"                             \
    "\"fail\":{\"type\":\"boolean\"},\"fail_undo\":{\"type\":\"integer\",\"minimum\":0}}}"
#define RESULT                                                                                     \
    "{\"type\":\"object\",\"required\":[\"effects\"],"                                             \
    "\"properties\":{\"effects\":{\"type\":\"integer\",\"minimum\":0}}}"
#define TOUCH(action_name, class, start_fn, ...)                                                   \
    {                                                                                              \
        .name = "touch_" action_name, .summary = "Touch {target} (" action_name ")",               \
        .effect = (class), .target = "target", .target_type = "host", .args_schema = ARGS,         \
        .result_schema = RESULT, .start = (start_fn), .cancel = cancel, __VA_ARGS__                \
    }
#define UNDO(action_name)                                                                          \
    {                                                                                              \
        .name = "undo_" action_name, .summary = "Take back the touch of {target}",                 \
        .effect = HK_IDEMPOTENT, .kind = HK_RESTORE, .target = "target", .target_type = "host",    \
        .args_schema = ARGS, .result_schema = RESULT, .start = start_undo, .cancel = cancel        \
    }

static const struct hk_action actions[] = {
    TOUCH("read", HK_READ, start_read, .kind = HK_ENRICH),
    TOUCH("idempotent", HK_IDEMPOTENT, start_idempotent, .kind = HK_CONTAIN,
        .undo = "undo_idempotent"),
    TOUCH("probeable", HK_PROBEABLE, start_probeable, .kind = HK_CONTAIN, .undo = "undo_probeable",
        .probe = probe),
    TOUCH("once", HK_ONCE, start_once, .kind = HK_CONTAIN, .undo = "undo_once"),
    UNDO("idempotent"),
    UNDO("probeable"),
    UNDO("once"),
    {0},
};

HK_PLUGIN(world, .version = "1.0.0", .summary = "The outside world of the crash tests",
    .actions = actions, .init = init, .done = done);
