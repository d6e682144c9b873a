/* constructor_hang: never comes back from being loaded */
#include "hikeshi/plugin.h"

#include <stdio.h>

static const struct hk_host *host;
static int first_result = -1;

__attribute__((constructor)) static void before_anything(void)
{
    volatile unsigned turns = 0;

    for (first_result = 0;; first_result = 1)
        turns++;
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

HK_PLUGIN(constructor_hang, .version = "1", .summary = "Misbehaves while it is loaded",
    .actions = actions, .init = init);
