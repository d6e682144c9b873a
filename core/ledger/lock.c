/*
 * lock: one engine per data folder; see ledger.h.
 */
#include "ledger/ledger.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum hk_status busy(int fd, const char *data_dir, struct hk_error *error)
{
    char text[32];
    ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
    long pid;

    text[size > 0 ? size : 0] = '\0';
    pid = strtol(text, NULL, 10);
    if (pid > 0)
        return hk_fail(error, HK_BUSY, "%s is in use by an engine (process %ld)", data_dir, pid);
    return hk_fail(error, HK_BUSY, "%s is in use by an engine", data_dir);
}

enum hk_status hk_engine_lock(const char *data_dir, int *ret_fd, struct hk_error *error)
{
    char path[PATH_MAX];
    enum hk_status status;
    int fd;

    if (snprintf(path, sizeof(path), "%s/engine.lock", data_dir) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "lock: path is too long");
    status = hk_file_make_folder(data_dir, error);
    if (status != HK_OK)
        return status;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return hk_fail(error, HK_IO, "can't open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK
                     ? busy(fd, data_dir, error)
                     : hk_fail(error, HK_IO, "can't lock %s: %s", path, strerror(errno));
        (void)close(fd);
        return status;
    }
    /* The pid is for people; the lock is what counts. */
    if (ftruncate(fd, 0) == 0)
        (void)dprintf(fd, "%ld\n", (long)getpid());
    *ret_fd = fd;
    return HK_OK;
}
