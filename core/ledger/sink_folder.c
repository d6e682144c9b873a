/*
 * sink_folder: checkpoints into a folder, one file per tenant; see sink.h.
 */
#include "ledger/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum hk_status append(
    const char *folder, const struct hk_sink_note *note, struct hk_error *error)
{
    char path[PATH_MAX];
    size_t size = strlen(note->text);
    enum hk_status status = HK_OK;
    ssize_t written;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s.checkpoints", folder, note->tenant) >=
        (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "the path is too long");
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return hk_fail(error, HK_IO, "can't open the file: %s", strerror(errno));
    written = write(fd, note->text, size);
    if (written >= 0 && (size_t)written != size)
        status = hk_fail(error, HK_IO, "can't write all of it");
    else if (written < 0 || fdatasync(fd) != 0)
        status = hk_fail(error, HK_IO, "can't write the file: %s", strerror(errno));
    if (close(fd) != 0 && status == HK_OK)
        status = hk_fail(error, HK_IO, "can't write the file: %s", strerror(errno));
    return status;
}

enum hk_status hk_sink_folder(
    const char *folder, const struct hk_sink_note *notes, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    for (const struct hk_sink_note *note = notes; note != NULL && status == HK_OK;
         note = note->next)
        status = append(folder, note, error);
    return status;
}
