/*
 * sink_folder: checkpoints into a folder, one file per tenant; see sink.h.
 */
#include "ledger/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All of it, however little is taken at a time. */
static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, text, size);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* Is the file's last line whole? It isn't when the disk was full, or the power failed. */
static bool ends_whole(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char last = '\n';

    return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static enum hk_status append(
    const char *folder, const struct hk_sink_note *note, struct hk_error *error)
{
    char path[PATH_MAX];
    enum hk_status status = HK_OK;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s.checkpoints", folder, note->tenant) >=
        (int)sizeof(path))
        return hk_fail(error, HK_INVALID, "the path is too long");
    fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return hk_fail(error, HK_IO, "can't open the file: %s", strerror(errno));
    /* A note that was cut off stays as it is; this one begins on a line of its own. */
    if ((!ends_whole(fd) && !write_all(fd, "\n", 1)) ||
        !write_all(fd, note->text, strlen(note->text)) || fdatasync(fd) != 0)
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
