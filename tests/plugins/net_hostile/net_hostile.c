/*
 * net_hostile: all that pool_hostile tries, by a plugin that asks for net_admin.
 */
#define HOSTILE_ELSEWHERE
#include "pool_hostile/pool_hostile.c"

static const char *const needs[] = {"net_admin", NULL};

HK_PLUGIN(net_hostile, .version = "1", .summary = "Tries what it must not with net_admin",
    .needs = needs, .actions = actions, .init = init);
