#include "plugin/sandbox.h"

#include "limits.h"
#include "plugin/privileges.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const hk_sandbox_system_paths[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64",
    "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/etc/ssl/certs",
    "/dev/null", "/dev/urandom",
#ifdef HK_SANDBOX_SANITIZER
    "/proc/self",
#endif
    NULL};

static bool is_inside(const char *path, const char *folder)
{
    size_t size = strlen(folder);

    return strncmp(path, folder, size) == 0 &&
           (path[size] == '\0' || path[size] == '/' || (size > 0 && folder[size - 1] == '/'));
}

enum hk_status hk_sandbox_check_read(const char *path, const char *data_dir, struct hk_error *error)
{
    enum hk_status status = HK_OK;
    char *real = realpath(path, NULL);
    char *real_data = realpath(data_dir, NULL);

    if (path[0] != '/')
        status = hk_fail(error, HK_INVALID, "read:%s is not an absolute path", path);
    else if (real == NULL)
        status =
            hk_fail(error, HK_NOT_FOUND, "read:%s was granted, but: %s", path, strerror(errno));
    else if (real_data == NULL)
        status = hk_fail(error, HK_IO, "can't find the data folder: %s", strerror(errno));
    else if (is_inside(real, real_data) || is_inside(real_data, real))
        status = hk_fail(error, HK_DENIED,
            "read:%s can't be granted: the engine's data folder lies there", path);
    else if (is_inside(real, "/proc") || is_inside("/proc", real))
        status =
            hk_fail(error, HK_DENIED, "read:%s can't be granted: it shows other processes", path);
    free(real);
    free(real_data);
    return status;
}

static enum hk_status limit(int resource, rlim_t value, const char *what, struct hk_error *error)
{
    struct rlimit old;

    if (getrlimit(resource, &old) == 0 && old.rlim_max != RLIM_INFINITY && old.rlim_max < value)
        value = old.rlim_max;
    struct rlimit new = {.rlim_cur = value, .rlim_max = value};
    if (setrlimit(resource, &new) != 0)
        return hk_fail(error, HK_IO, "can't limit %s: %s", what, strerror(errno));
    return HK_OK;
}

#ifndef HK_SANDBOX_SANITIZER
/* Bytes of address space that this process has already. */
static long mapped_bytes(void)
{
    char text[64] = "";
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return 0;
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = '\0';
    fclose(file);
    return strtol(text, NULL, 10) * sysconf(_SC_PAGESIZE);
}
#endif

enum hk_status hk_sandbox_limits(struct hk_error *error)
{
    umask(077);
    enum hk_status status = limit(RLIMIT_CORE, 0, "core dumps", error);
    if (status == HK_OK)
        status = limit(RLIMIT_NOFILE, HK_PLUGIN_FILES_MAX, "descriptors", error);
    if (status == HK_OK)
        status = limit(RLIMIT_FSIZE, HK_PLUGIN_FILE_WRITE_MAX, "file sizes", error);
#ifndef HK_SANDBOX_SANITIZER
    if (status == HK_OK)
        status = limit(RLIMIT_AS,
            (rlim_t)(mapped_bytes() + HK_PLUGIN_WORKERS * HK_PLUGIN_WORKER_STACK_SIZE +
                     HK_PLUGIN_MEMORY_MAX),
            "address space", error);
#endif
    return status;
}

enum hk_status hk_sandbox_privileges(bool keep_net_admin, struct hk_error *error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hk_fail(error, HK_IO, "can't set no_new_privs: %s", strerror(errno));
    enum hk_status status = hk_privileges_keep(keep_net_admin, error);
    if (status != HK_OK)
        return status;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return hk_fail(error, HK_IO, "can't become undumpable: %s", strerror(errno));
    /* Changed credentials clear it: end with the spawner. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return hk_fail(error, HK_IO, "can't follow the spawner: %s", strerror(errno));
    return HK_OK;
}

enum hk_status hk_sandbox_enter(const struct hk_sandbox *sandbox, struct hk_error *error)
{
    for (size_t i = 0; sandbox->reads != NULL && sandbox->reads[i] != NULL; i++) {
        enum hk_status status = hk_sandbox_check_read(sandbox->reads[i], sandbox->data_dir, error);
        if (status != HK_OK)
            return status;
    }
    enum hk_status status = hk_sandbox_limits(error);
    if (status != HK_OK)
        return status;
    /* Landlock asks for no_new_privs, or a capability that is about to go. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hk_fail(error, HK_IO, "can't set no_new_privs: %s", strerror(errno));
    status = HK_UNSUPPORTED;
    if (!sandbox->without_landlock)
        status = hk_sandbox_landlock(sandbox, error);
    if (status == HK_UNSUPPORTED)
        status = hk_sandbox_mounts(sandbox, error);
    if (status == HK_OK)
        status = hk_sandbox_privileges(sandbox->keep_net_admin, error);
    /* Landlock and capabilities belong to a thread: only those made from here on are without. */
    if (status == HK_OK && sandbox->make_threads != NULL)
        status = sandbox->make_threads(error);
    if (status == HK_OK)
        status = hk_sandbox_calls(sandbox->keep_net_admin, error);
    return status;
}
