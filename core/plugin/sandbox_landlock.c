/* Landlock by its version: what a kernel knows is used, what it does not know is left out. The
 * numbers are written here since Debian's headers are older than the kernels it may run on. */
#include "plugin/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_REFER (1ull << 13)    /* version 2 */
#define FS_TRUNCATE (1ull << 14) /* version 3 */
#define FS_VERSION_1 ((1ull << 13) - 1)
#define FS_IOCTL_DEV (1ull << 15) /* version 5 */
#define NET_ALL 3ull              /* version 4: bind and connect over TCP */
#define SCOPE_ALL 3ull            /* version 6: abstract Unix sockets, signals */

#define READS (FS_READ_FILE | FS_READ_DIR)
#define STATE                                                                                      \
    (READS | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |          \
        FS_REFER | FS_TRUNCATE)
#define FILE_RIGHTS (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* version 4 */
    uint64_t scoped;             /* version 6 */
};

struct path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

static int create_ruleset(int version, uint64_t *ret_handled)
{
    struct ruleset_attr attr = {.handled_access_fs = FS_VERSION_1};
    size_t size = 8;

    if (version >= 2)
        attr.handled_access_fs |= FS_REFER;
    if (version >= 3)
        attr.handled_access_fs |= FS_TRUNCATE;
    if (version >= 5)
        attr.handled_access_fs |= FS_IOCTL_DEV;
    if (version >= 4) {
        attr.handled_access_net = NET_ALL;
        size = 16;
    }
    if (version >= 6) {
        attr.scoped = SCOPE_ALL;
        size = 24;
    }
    *ret_handled = attr.handled_access_fs;
    return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
}

/* Allow access to path and what lies below it; a path that does not exist is HK_NOT_FOUND. */
static enum hk_status allow(
    int ruleset, uint64_t handled, const char *path, uint64_t access, struct hk_error *error)
{
    struct stat about;

    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return hk_fail(error, HK_NOT_FOUND, "can't open %s: %s", path, strerror(errno));
    access &= handled;
    if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode))
        access &= FILE_RIGHTS;
    struct path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    long result = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
    int saved = errno;
    close(fd);
    if (result != 0)
        return hk_fail(error, HK_IO, "can't limit access to %s: %s", path, strerror(saved));
    return HK_OK;
}

static enum hk_status add_rules(
    const struct hk_sandbox *sandbox, int ruleset, uint64_t handled, struct hk_error *error)
{
    for (size_t i = 0; hk_sandbox_system_paths[i] != NULL; i++) {
        enum hk_status status =
            allow(ruleset, handled, hk_sandbox_system_paths[i], READS | FS_EXECUTE, error);
        if (status != HK_OK && status != HK_NOT_FOUND)
            return status;
    }
    for (size_t i = 0; sandbox->reads != NULL && sandbox->reads[i] != NULL; i++) {
        enum hk_status status = allow(ruleset, handled, sandbox->reads[i], READS, error);
        if (status != HK_OK)
            return status;
    }
    return allow(ruleset, handled, sandbox->state_dir, STATE, error);
}

enum hk_status hk_sandbox_landlock(const struct hk_sandbox *sandbox, struct hk_error *error)
{
    uint64_t handled = 0;

    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);
    if (version < 1)
        return hk_fail(error, HK_UNSUPPORTED, "this kernel has no Landlock");
    int ruleset = create_ruleset((int)version, &handled);
    if (ruleset < 0)
        return hk_fail(error, HK_IO, "can't make a Landlock rule set: %s", strerror(errno));
    enum hk_status status = add_rules(sandbox, ruleset, handled, error);
    if (status == HK_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        status = hk_fail(error, HK_IO, "can't enter Landlock: %s", strerror(errno));
    close(ruleset);
    return status;
}
