/*
 * privileges: the two capabilities that plugins with net_admin cost. The spawner uses them:
 * CAP_SYS_ADMIN to enter a network namespace, CAP_NET_ADMIN to hand it on. They are looked at as
 * capabilities, never as uid 0, so that all of this works in a user namespace as well.
 */
#ifndef HK_PLUGIN_PRIVILEGES_H
#define HK_PLUGIN_PRIVILEGES_H

#include "base/status.h"

#include <stdbool.h>

/* In the engine, after hk_spawner_fork and before any thread: lay both down, so that no mistake
 * uses them. They stay permitted, since an engine that begins anew (a changed configuration)
 * executes its program again and makes a new spawner. */
HK_MUST_CHECK enum hk_status hk_privileges_lay_down(struct hk_error *error);

/* In a new process, before it executes the plugin host: let CAP_NET_ADMIN outlive that. HK_DENIED
 * when this process does not have it. */
HK_MUST_CHECK enum hk_status hk_privileges_lend_net_admin(struct hk_error *error);

/* Keep no capability, or CAP_NET_ADMIN alone, and no way to gain another. HK_DENIED when that one
 * is not there to keep. */
HK_MUST_CHECK enum hk_status hk_privileges_keep(bool net_admin, struct hk_error *error);

#endif
