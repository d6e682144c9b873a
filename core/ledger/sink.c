/*
 * sink: copies of checkpoints outside; see sink.h.
 */
#include "ledger/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum hk_status hk_sink_append(
    const char *folder, const char *tenant, const char *note, struct hk_error *error)
{
    char path[PATH_MAX];
    size_t size = strlen(note);
    enum hk_status status = HK_OK;
    ssize_t written;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s.checkpoints", folder, tenant) >= (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "checkpoint sink: path is too long");
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return hk_fail(error, HK_IO, "checkpoint sink: %s: %s", path, strerror(errno));
    written = write(fd, note, size);
    if (written != (ssize_t)size || fdatasync(fd) != 0)
        status = hk_fail(error, HK_IO, "checkpoint sink: can't write %s", path);
    if (close(fd) != 0 && status == HK_OK)
        status = hk_fail(error, HK_IO, "checkpoint sink: can't write %s", path);
    return status;
}
