/*
 * hello: the smallest useful plugin. It keeps a list of greeted names, one file each, in its state
 * folder: greeting twice is as greeting once, and a greeting can be taken back.
 *
 * Build it from the top of the source tree, or give the path of an installed header with -I:
 *
 *   cc -std=c11 -O2 -fPIC -shared -fvisibility=hidden -Isdk/include -o hello.so
 * examples/plugin/hello/hello.c
 */
#define _POSIX_C_SOURCE 200809L
#include <hikeshi/plugin.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state {
    const struct hk_host *host;
    char folder[4000];
};

/* The schema has let in {"name":"…"} and nothing else. Which letters a name has, a schema can't
 * say: that is checked here. A plugin with richer arguments links a JSON library. */
static int file_of(const struct state *state, const struct hk_call *call, char *path, size_t size)
{
    const char *at = strchr(call->args, ':');
    const char *begin = at != NULL ? strchr(at, '"') : NULL;
    size_t length = begin != NULL ? strspn(begin + 1, "abcdefghijklmnopqrstuvwxyz") : 0;

    if (length == 0 || begin[1 + length] != '"')
        return -1;
    return snprintf(path, size, "%s/%.*s", state->folder, (int)length, begin + 1) < (int)size ? 0
                                                                                              : -1;
}

static void greet(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    char path[4200];

    if (file_of(state, call, path, sizeof(path)) != 0) {
        state->host->settle(call->id, HK_FAILED, "name must be of a to z");
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        state->host->settle(call->id, HK_FAILED, "can't write to the state folder");
        return;
    }
    close(fd);
    state->host->settle(call->id, HK_DONE, "{\"greeted\":true}");
}

static void forget(void *ctx, const struct hk_call *call)
{
    struct state *state = ctx;
    char path[4200];

    /* An undo must also work when what it undoes never happened. */
    if (file_of(state, call, path, sizeof(path)) == 0)
        (void)unlink(path);
    state->host->settle(call->id, HK_DONE, NULL);
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct state *state = host->alloc(sizeof(*state));

    state->host = host;
    if (snprintf(state->folder, sizeof(state->folder), "%s", settings->state_dir) >=
        (int)sizeof(state->folder)) {
        host->log(HK_PLUGIN_ERROR, "the path of the state folder is too long");
        host->free(state);
        return -1;
    }
    *ret_state = state;
    return 0;
}

static void done(void *ctx)
{
    struct state *state = ctx;

    state->host->free(state);
}

#define ARGS                                                                                       \
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,"          \
    "\"maxLength\":40}},\"required\":[\"name\"],\"additionalProperties\":false}"

static const struct hk_action actions[] = {
    {.name = "greet",
        .summary = "Greet {name}",
        .effect = HK_IDEMPOTENT,
        .kind = HK_NOTIFY,
        .undo = "forget",
        .args_schema = ARGS,
        .result_schema =
            "{\"type\":\"object\",\"properties\":{\"greeted\":{\"type\":\"boolean\"}}}",
        .time_max_ms = 2000,
        .start = greet},
    {.name = "forget",
        .summary = "Forget that {name} was greeted",
        .effect = HK_IDEMPOTENT,
        .kind = HK_RESTORE,
        .args_schema = ARGS,
        .time_max_ms = 2000,
        .start = forget},
    {0},
};

HK_PLUGIN(hello, .version = "1.0.0", .summary = "Greets people", .actions = actions, .init = init,
    .done = done);
