/*
 * actions: what is known about the actions that a playbook can call: a catalog, as JSON
 *
 *   {"plugins": [descriptor, …], "capabilities": {"contain.block_ip": "edl.block_ip", …},
 *    "missing": ["nftables", …],
 *    "playbooks": ["contain-bruteforce", …]}
 *
 * with the descriptors that plugins publish, the bindings of one tenant, the names of plugins
 * that could not be asked, and the playbooks that the configuration names. Pure.
 */
#ifndef HK_AUTHOR_ACTIONS_H
#define HK_AUTHOR_ACTIONS_H

#include "base/json.h"

enum hk_action_known {
    HK_ACTION_KNOWN,
    HK_ACTION_OF_MISSING, /* it may be there: its plugin could not be asked */
    HK_ACTION_UNKNOWN,
};

/* Look up what a playbook calls act.NAME, through the capabilities. *ret_action is the action's
 * part of the descriptor when it is known, else NULL. */
enum hk_action_known hk_actions_find(
    const struct hk_json *catalog, const char *name, const struct hk_json **ret_action);

#endif
