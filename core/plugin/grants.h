/*
 * grants: what an operator gives to a plugin: "net:HOST:PORT" and "net-private:HOST:PORT" (see
 * plugin/net_grants.h), "read:/PATH", "secret:NAME", "net_admin", "net_admin:NETNS".
 *
 * secret:NAME lets playbooks hand that secret of the tenant to the plugin's actions, as an
 * argument.
 *
 * net_admin lets the plugin change the packet filter of one network namespace: the one that the
 * engine itself is in, or the named one, which is a name below /run/netns or an absolute path such
 * as /proc/PID/ns/net. The plugin declares the need "net_admin" and is not told which.
 */
#ifndef HK_PLUGIN_GRANTS_H
#define HK_PLUGIN_GRANTS_H

#include "base/status.h"
#include "plugin/spawner_wire.h"

#include <stdbool.h>

#define HK_GRANT_SECRET "secret:"

/* Is this a grant that means something? HK_INVALID says what is wrong with it. */
HK_MUST_CHECK enum hk_status hk_grant_check(const char *grant, struct hk_error *error);

/* Look for net_admin among the grants (NULL-ended; may be NULL). ret_netns gets the path of the
 * namespace, "" for the engine's own. HK_INVALID when there are two, or the grant is no good. */
HK_MUST_CHECK enum hk_status hk_grants_net_admin(const char *const *grants, bool *ret_granted,
    char ret_netns[HK_NETNS_PATH_SIZE], struct hk_error *error);

/* Is need met by the grants? Word for word, but for net_admin, which any namespace satisfies, and
 * what plugin/net_grants.h says. */
bool hk_grants_have(char *const *grants, const char *need);

#endif
