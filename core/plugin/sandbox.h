/*
 * sandbox: what a plugin process gives up before it loads the plugin, for good.
 *
 * In this order, in a process that has one thread until the last step:
 *   1. hk_sandbox_limits      resource limits, umask, no core dumps
 *   2. hk_sandbox_files       the file system: Landlock, or where the kernel has none a user and
 *                             mount namespace with nothing in it but the same folders
 *   3. hk_sandbox_privileges  capabilities, no_new_privs, not dumpable
 *   4. make_threads           the caller's threads, which inherit what the process has given up
 *   5. hk_sandbox_calls       seccomp: an allow-list of system calls, for all of these threads; no
 *                             further one can be made
 * hk_sandbox_enter does all of them. When neither way of step 2 works the process must not load
 * anything: there is no override.
 *
 * What may be touched afterwards: system libraries, time zones and certificates of authorities
 * (read), granted paths (read), the plugin's own state folder (read, write). No links can be made,
 * so that what the engine serves from the state folder is always a file of that folder. The
 * descriptor HK_PLUGIN_LOCK_FD can be neither closed nor replaced, copied or unlocked.
 *
 * A process that was granted net_admin keeps that one capability, and can make netlink sockets to
 * netfilter, and no others. With these it can do to the packet filter of its network namespace what
 * it likes; everything above holds for it too.
 */
#ifndef HK_PLUGIN_SANDBOX_H
#define HK_PLUGIN_SANDBOX_H

#include "base/status.h"

#include <stdbool.h>

/* The lock on DATA/plugins.lock; above HK_PLUGIN_FILES_MAX, so that no descriptor of the plugin
 * can have this number. */
#define HK_PLUGIN_LOCK_FD 250

struct hk_sandbox {
    const char *data_dir;     /* absolute */
    const char *state_dir;    /* absolute, exists */
    const char *const *reads; /* granted paths, absolute, NULL-ended; may be NULL */
    bool without_landlock;    /* tests: take the other way of step 2 */
    bool keep_net_admin;      /* granted: CAP_NET_ADMIN stays, and a socket to use it can be made */
    enum hk_status (*make_threads)(struct hk_error *error); /* step 4; may be NULL */
};

HK_MUST_CHECK enum hk_status hk_sandbox_enter(
    const struct hk_sandbox *sandbox, struct hk_error *error);

/* Is a granted path one that must not be granted: above, inside or equal to the data folder?
 * HK_DENIED with the reason; HK_NOT_FOUND when it does not exist. */
HK_MUST_CHECK enum hk_status hk_sandbox_check_read(
    const char *path, const char *data_dir, struct hk_error *error);

/* --- the steps --- */

HK_MUST_CHECK enum hk_status hk_sandbox_limits(struct hk_error *error);
/* HK_UNSUPPORTED when this kernel has no Landlock. */
HK_MUST_CHECK enum hk_status hk_sandbox_landlock(
    const struct hk_sandbox *sandbox, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_sandbox_mounts(
    const struct hk_sandbox *sandbox, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_sandbox_privileges(bool keep_net_admin, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_sandbox_calls(bool with_netfilter, struct hk_error *error);

/* Folders and files that every plugin may read; NULL-ended. What does not exist is left out. */
extern const char *const hk_sandbox_system_paths[];

/* Defined when the build has a sanitizer, which needs address space and /proc/self. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HK_SANDBOX_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HK_SANDBOX_SANITIZER 1
#endif
#endif

#endif
