/*
 * constructor: the plugin around a constructor that misbehaves, which runs before anything was
 * asked of it. What came of that is left in first_result and told by the one action, result.
 */
#ifndef HK_TESTS_PLUGINS_CONSTRUCTOR_H
#define HK_TESTS_PLUGINS_CONSTRUCTOR_H

#include "hikeshi/plugin.h"

#include <stdio.h>

static const struct hk_host *host;
static int first_result = -1;

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

#define CONSTRUCTOR_PLUGIN(plugin_name)                                                            \
    HK_PLUGIN(plugin_name, .version = "1", .summary = "Misbehaves while it is loaded",             \
        .actions = actions, .init = init)

#endif
