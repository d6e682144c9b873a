/* Where the kernel has no Landlock: a mount namespace whose root is an empty tmpfs, with the
 * system's libraries, the granted paths and the state folder bound into it. It is mounted over the
 * data folder, so that not even a mistake below could leave that one in sight. */
#include "plugin/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool write_file(const char *path, const char *format, ...) HK_PRINTF(2, 3);

static bool write_file(const char *path, const char *format, ...)
{
    char text[64];
    va_list args;

    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, (size_t)size) == size;
    close(fd);
    return done;
}

static enum hk_status make_mounts_private(struct hk_error *error)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return hk_fail(error, HK_IO, "can't make mounts private: %s", strerror(errno));
    return HK_OK;
}

static enum hk_status enter_namespaces(bool keep_net_admin, struct hk_error *error)
{
    unsigned uid = (unsigned)geteuid();
    unsigned gid = (unsigned)getegid();

    /* Capabilities of a new user namespace say nothing in a network namespace of the old one. */
    if (keep_net_admin && unshare(CLONE_NEWNS) != 0)
        return hk_fail(error, HK_UNSUPPORTED,
            "this kernel has no Landlock, so that a plugin with net_admin needs an engine with "
            "CAP_SYS_ADMIN all the way: start it as root (%s)",
            strerror(errno));
    if (keep_net_admin)
        return make_mounts_private(error);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return hk_fail(error, HK_UNSUPPORTED,
            "this kernel has neither Landlock nor user namespaces for us (%s): plugins can't be "
            "kept from the engine's key, so none is loaded",
            strerror(errno));
    if (!write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", "%u %u 1", uid, uid) ||
        !write_file("/proc/self/gid_map", "%u %u 1", gid, gid))
        return hk_fail(error, HK_IO, "can't set up a user namespace: %s", strerror(errno));
    return make_mounts_private(error);
}

/* Make path below root: a folder, or an empty file in one. */
static bool make_place(const char *root, const char *path, bool is_folder, char *ret_place)
{
    int size = snprintf(ret_place, PATH_MAX, "%s%s", root, path);

    if (size < 0 || size >= PATH_MAX)
        return false;
    for (char *c = ret_place + strlen(root) + 1; *c != '\0'; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        bool made = mkdir(ret_place, 0755) == 0 || errno == EEXIST;
        *c = '/';
        if (!made)
            return false;
    }
    if (is_folder)
        return mkdir(ret_place, 0755) == 0 || errno == EEXIST;
    int fd = open(ret_place, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* Bind what source_fd (O_PATH) is to the same path below root. */
static enum hk_status bind_fd(
    const char *root, const char *path, int source_fd, unsigned long flags, struct hk_error *error)
{
    char place[PATH_MAX];
    char source[64];
    struct stat about;

    if (fstat(source_fd, &about) != 0 || !make_place(root, path, S_ISDIR(about.st_mode), place))
        return hk_fail(error, HK_IO, "can't make a place for %s: %s", path, strerror(errno));
    snprintf(source, sizeof(source), "/proc/self/fd/%d", source_fd);
    if (mount(source, place, NULL, MS_BIND | MS_REC, NULL) != 0)
        return hk_fail(error, HK_IO, "can't bind %s: %s", path, strerror(errno));
    /* Flags that were set outside are locked and must be given again: try the usual ones. */
    unsigned long remount = MS_BIND | MS_REMOUNT | MS_NOSUID | flags;
    if (mount(NULL, place, NULL, remount, NULL) != 0 &&
        mount(NULL, place, NULL, remount | MS_NODEV, NULL) != 0 &&
        mount(NULL, place, NULL, remount | MS_NODEV | MS_NOEXEC, NULL) != 0 &&
        mount(NULL, place, NULL, remount | MS_NODEV | MS_NOATIME, NULL) != 0 &&
        (flags & MS_RDONLY) != 0)
        return hk_fail(error, HK_IO, "can't make %s read-only: %s", path, strerror(errno));
    return HK_OK;
}

static enum hk_status bind_path(
    const char *root, const char *path, bool may_miss, struct hk_error *error)
{
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0 && may_miss)
        return HK_OK;
    if (fd < 0)
        return hk_fail(error, HK_NOT_FOUND, "can't open %s: %s", path, strerror(errno));
    enum hk_status status = bind_fd(root, path, fd, MS_RDONLY, error);
    close(fd);
    return status;
}

static enum hk_status fill_root(
    const struct hk_sandbox *sandbox, const char *root, int state_fd, struct hk_error *error)
{
    for (size_t i = 0; hk_sandbox_system_paths[i] != NULL; i++) {
        if (strcmp(hk_sandbox_system_paths[i], "/proc/self") == 0)
            continue; /* comes below */
        enum hk_status status = bind_path(root, hk_sandbox_system_paths[i], true, error);
        if (status != HK_OK)
            return status;
    }
    for (size_t i = 0; sandbox->reads != NULL && sandbox->reads[i] != NULL; i++) {
        enum hk_status status = bind_path(root, sandbox->reads[i], false, error);
        if (status != HK_OK)
            return status;
    }
    /* The loader needs /proc/self/fd. Nothing else of /proc: the kernel's settings there are files
     * of uid 0, which the engine may be, and no capability is asked for. */
    enum hk_status status = bind_path(root, "/proc/self", false, error);
    if (status != HK_OK)
        return status;
    return bind_fd(root, sandbox->state_dir, state_fd, 0, error);
}

static enum hk_status switch_root(const char *root, struct hk_error *error)
{
    if (mount(NULL, root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        return hk_fail(error, HK_IO, "can't make the root read-only: %s", strerror(errno));
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
        return hk_fail(error, HK_IO, "can't switch the root: %s", strerror(errno));
    if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return hk_fail(error, HK_IO, "can't leave the old root: %s", strerror(errno));
    return HK_OK;
}

enum hk_status hk_sandbox_mounts(const struct hk_sandbox *sandbox, struct hk_error *error)
{
    enum hk_status status = enter_namespaces(sandbox->keep_net_admin, error);

    if (status != HK_OK)
        return status;
    /* Inside the new namespace (mounts of another one can't be bound), and before it is covered. */
    int state_fd = open(sandbox->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (state_fd < 0)
        return hk_fail(error, HK_IO, "can't open the state folder: %s", strerror(errno));
    if (mount("tmpfs", sandbox->data_dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755") != 0)
        status = hk_fail(error, HK_IO, "can't cover the data folder: %s", strerror(errno));
    if (status == HK_OK)
        status = fill_root(sandbox, sandbox->data_dir, state_fd, error);
    if (status == HK_OK)
        status = switch_root(sandbox->data_dir, error);
    close(state_fd);
    return status;
}
