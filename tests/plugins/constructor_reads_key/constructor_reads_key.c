/* constructor_reads_key: finds the data folder by its lock and reads the key in it */
#include "hikeshi/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct hk_host *host;
static int first_result = -1;

__attribute__((constructor)) static void before_anything(void)
{
    char path[4096] = "";
    ssize_t size = readlink("/proc/self/fd/250", path, sizeof(path) - 16);
    char *slash = size > 0 ? strrchr(path, 0x2f) : NULL;

    if (slash == NULL) {
        first_result = errno;
        return;
    }
    memcpy(slash, "/key", 5);
    int fd = open(path, O_RDONLY);
    first_result = fd < 0 ? errno : 0;
}

static void result(void *ctx, const struct hk_call *call)
{
    char text[64];
    (void)ctx;

    snprintf(text, sizeof(text), "{\"result\":%d}", first_result);
    host->settle(call->id, HK_DONE, text);
}

static int init(
    const struct hk_host *the_host, const struct hk_settings *settings, void **ret_state)
{
    (void)settings;
    host = the_host;
    *ret_state = NULL;
    return 0;
}

static const struct hk_action actions[] = {
    {.name = "result",
        .summary = "What came of it",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .start = result},
    {0},
};

HK_PLUGIN(constructor_reads_key, .version = "1", .summary = "Misbehaves while it is loaded",
    .actions = actions, .init = init);
