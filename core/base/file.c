/*
 * file: see file.h.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Asked of the open file, so that it can't be another one that is read. */
static enum hk_status check(
    int fd, const char *path, enum hk_file_rule rule, struct hk_error *error)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return hk_fail(error, HK_IO, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return hk_fail(error, HK_IO, "%s is no file", path);
    if (rule == HK_FILE_PRIVATE && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return hk_fail(error, HK_DENIED, "others may read %s (mode %03o): make it 600", path,
            (unsigned)info.st_mode & 0777U);
    return HK_OK;
}

enum hk_status hk_file_read(const char *path, size_t size_max, enum hk_file_rule rule,
    struct hk_buf *out, struct hk_error *error)
{
    char piece[16384];
    enum hk_status status;
    size_t total = 0;
    ssize_t size = 0;
    /* Not to wait for the other end, should it be a FIFO. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return hk_fail(error, errno == ENOENT ? HK_NOT_FOUND : HK_IO, "cannot open %s: %s", path,
            strerror(errno));
    status = check(fd, path, rule, error);
    while (status == HK_OK && total <= size_max && (size = read(fd, piece, sizeof(piece))) > 0) {
        hk_buf_append(out, piece, (size_t)size);
        total += (size_t)size;
    }
    if (status == HK_OK && size < 0)
        status = hk_fail(error, HK_IO, "cannot read %s: %s", path, strerror(errno));
    (void)close(fd);
    if (rule == HK_FILE_PRIVATE)
        explicit_bzero(piece, sizeof(piece));
    if (status == HK_OK && total > size_max)
        status = hk_fail(error, HK_LIMIT, "%s is longer than %zu bytes", path, size_max);
    return status == HK_OK ? hk_buf_check(out, path, error) : status;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        data += done;
        size -= (size_t)done;
    }
    return fsync(fd);
}

/* The names in a folder are on disk once the folder is synced, not once what they name is. */
static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    size_t size = strlen(path);
    int result;
    int fd;

    while (size > 1 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, size);
    folder[size] = '\0';
    fd = open(size == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = fsync(fd);
    (void)close(fd);
    return result;
}

enum hk_status hk_file_publish(const char *fresh, const char *path, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    /* A link takes no name that is taken, as a rename would. */
    if (link(fresh, path) != 0 || sync_folder_of(path) != 0)
        status = hk_fail(error, errno == EEXIST ? HK_CONFLICT : HK_IO, "cannot write %s: %s", path,
            strerror(errno));
    (void)unlink(fresh);
    return status;
}

enum hk_status hk_file_make_folder(const char *path, struct hk_error *error)
{
    bool is_new = mkdir(path, 0700) == 0;

    if (!is_new && errno != EEXIST)
        return hk_fail(error, HK_IO, "cannot make %s: %s", path, strerror(errno));
    /* Also one that was there: whoever made it may have been killed before it came to that. Who
     * may not read the folder above can't sync it, and some file systems don't know how (EINVAL).
     */
    if (sync_folder_of(path) != 0 && is_new && errno != EACCES && errno != EINVAL)
        return hk_fail(error, HK_IO, "cannot sync the folder of %s: %s", path, strerror(errno));
    return HK_OK;
}

enum hk_status hk_file_make_private(
    const char *path, const void *data, size_t size, struct hk_error *error)
{
    char fresh[PATH_MAX];
    enum hk_status status;
    bool is_made = false;
    int fd;

    if (strchr(path, '/') == NULL ||
        snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
        return hk_fail(error, HK_INVALID, "the path %.100s is too long, or not whole", path);
    (void)unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        is_made = write_all(fd, data, size) == 0;
        (void)close(fd);
    }
    if (is_made)
        return hk_file_publish(fresh, path, error);
    status = hk_fail(error, HK_IO, "cannot write %s: %s", path, strerror(errno));
    (void)unlink(fresh);
    return status;
}
