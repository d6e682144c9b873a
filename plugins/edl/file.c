#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *memory_of(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

char *copy_of(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_of(NULL, size), text, size);
}

void bytes_add(struct bytes *bytes, const char *data, size_t size)
{
    if (bytes->size + size + 1 > bytes->capacity) {
        bytes->capacity = 2 * bytes->capacity + size + 4096;
        bytes->data = memory_of(bytes->data, bytes->capacity);
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
}

void bytes_add_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static int path_of(char *path, size_t size, const char *folder, const char *name, const char *more)
{
    int length = snprintf(path, size, "%s/%s%s", folder, name, more);
    if (length >= 0 && (size_t)length < size)
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

int file_read(const char *folder, const char *name, struct bytes *ret_bytes)
{
    char path[4096];
    if (path_of(path, sizeof(path), folder, name, "") < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    char part[16384];
    ssize_t got;
    while ((got = read(fd, part, sizeof(part))) != 0) {
        if (got > 0)
            bytes_add(ret_bytes, part, (size_t)got);
        else if (errno != EINTR)
            break;
    }
    int error = errno;
    close(fd);
    errno = error;
    return got < 0 ? -1 : 0;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fsync(fd);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int file_replace(const char *folder, const char *name, const char *data, size_t size)
{
    char path[4096];
    char beside[4096];
    if (path_of(path, sizeof(path), folder, name, "") < 0 ||
        path_of(beside, sizeof(beside), folder, name, ".new") < 0)
        return -1;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int error = write_all(fd, data, size) < 0 || fsync(fd) < 0 ? errno : 0;
    if (close(fd) < 0 && error == 0)
        error = errno;
    if (error == 0 && rename(beside, path) < 0)
        error = errno;
    if (error == 0)
        return sync_folder(folder) < 0 ? -2 : 0;
    unlink(beside);
    errno = error;
    return -1;
}
