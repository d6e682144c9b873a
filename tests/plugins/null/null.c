/*
 * null: does nothing, at once. For benchmarks and for tests with many runs.
 *
 *   step   gives back what it was given
 *   hold   the same, but never settles while a file `hold` lies in the state folder: such calls are
 *          found open when the engine is killed
 */
#include <hikeshi/plugin.h>
#include <stdio.h>
#include <sys/stat.h>

struct null {
    const struct hk_host *host;
    char hold[4096]; /* path of the file */
};

static void start_step(void *state, const struct hk_call *call)
{
    const struct null *null = state;
    null->host->settle(call->id, HK_DONE, call->args);
}

static void start_hold(void *state, const struct hk_call *call)
{
    const struct null *null = state;
    struct stat info;
    if (stat(null->hold, &info) != 0)
        null->host->settle(call->id, HK_DONE, call->args);
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct null *null = host->alloc(sizeof(*null));
    int size = snprintf(null->hold, sizeof(null->hold), "%s/hold", settings->state_dir);
    null->host = host;
    if (size < 0 || (size_t)size >= sizeof(null->hold)) {
        host->free(null);
        return -1;
    }
    *ret_state = null;
    return 0;
}

static void done(void *state)
{
    struct null *null = state;
    if (null)
        null->host->free(null);
}

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"required\":[\"text\"],\"additionalProperties\":false,"                 \
    "\"properties\":{\"text\":{\"type\":\"string\",\"maxLength\":4000}}}"

static const struct hk_action actions[] = {
    {
        .name = "step",
        .summary = "Give back what was given",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = SCHEMA,
        .result_schema = SCHEMA,
        .start = start_step,
    },
    {
        .name = "hold",
        .summary = "Give back what was given, unless it is held",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = SCHEMA,
        .result_schema = SCHEMA,
        .start = start_hold,
    },
    {0},
};

HK_PLUGIN(null, .version = "1.0.0", .summary = "Does nothing, at once", .actions = actions,
    .init = init, .done = done);
