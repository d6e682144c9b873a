#include "plugin/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPS_MAX 64 /* numbers that a kernel may know; asking for more does no harm */
#define BIT(cap) (1u << ((cap) % 32))
#define NO_NET_ADMIN                                                                               \
    "net_admin is granted, but the engine has no CAP_NET_ADMIN to hand on: start it as root, "     \
    "with "                                                                                        \
    "AmbientCapabilities=CAP_NET_ADMIN CAP_SYS_ADMIN, or in a user namespace of its own"

/* Both capabilities have numbers below 32. */
static bool read_caps(struct __user_cap_data_struct *ret_caps, struct hk_error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    if (syscall(SYS_capget, &header, ret_caps) == 0)
        return true;
    (void)hk_fail(error, HK_IO, "can't read capabilities: %s", strerror(errno));
    return false;
}

static enum hk_status write_caps(
    const struct __user_cap_data_struct *caps, const char *what, struct hk_error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    if (syscall(SYS_capset, &header, caps) == 0)
        return HK_OK;
    return hk_fail(error, HK_IO, "can't %s: %s", what, strerror(errno));
}

enum hk_status hk_privileges_lay_down(struct hk_error *error)
{
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

    if (!read_caps(caps, error))
        return HK_IO;
    caps[0].effective &= ~(BIT(CAP_SYS_ADMIN) | BIT(CAP_NET_ADMIN));
    return write_caps(caps, "lay down CAP_SYS_ADMIN and CAP_NET_ADMIN", error);
}

enum hk_status hk_privileges_lend_net_admin(struct hk_error *error)
{
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

    if (!read_caps(caps, error))
        return HK_IO;
    if ((caps[0].permitted & BIT(CAP_NET_ADMIN)) == 0)
        return hk_fail(error, HK_DENIED, NO_NET_ADMIN);
    caps[0].inheritable |= BIT(CAP_NET_ADMIN);
    enum hk_status status = write_caps(caps, "hand CAP_NET_ADMIN on", error);
    if (status == HK_OK && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0)
        status = hk_fail(error, HK_IO, "can't hand CAP_NET_ADMIN on: %s", strerror(errno));
    return status;
}

enum hk_status hk_privileges_keep(bool net_admin, struct hk_error *error)
{
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3];

    if (!read_caps(caps, error))
        return HK_IO;
    if (net_admin && (caps[0].permitted & BIT(CAP_NET_ADMIN)) == 0)
        return hk_fail(error, HK_DENIED, NO_NET_ADMIN);
    (void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    /* Without the capability to do so the bounding set stays: nothing can be executed anyway. */
    for (int cap = 0; cap < CAPS_MAX; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    memset(kept, 0, sizeof(kept));
    if (net_admin)
        kept[0].effective = kept[0].permitted = BIT(CAP_NET_ADMIN);
    return write_caps(kept, "drop capabilities", error);
}
