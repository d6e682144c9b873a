/*
 * record: the trace of an engine under torture; see preload.h.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size); /* not ours, which may fail */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *roots;
static const char *world;
static int trace_fd = -1;

void torture_record_start(void)
{
    const char *path = getenv("HK_TORTURE_TRACE");

    roots = getenv("HK_TORTURE_ROOTS");
    world = getenv("HK_TORTURE_WORLD");
    if (path != NULL)
        trace_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

void torture_record_stop(void)
{
    roots = NULL;
    trace_fd = -1;
}

void torture_begin(void)
{
    (void)pthread_mutex_lock(&lock);
}

void torture_end(void)
{
    (void)pthread_mutex_unlock(&lock);
}

bool torture_is_below_roots(const char *path)
{
    const char *at = roots;

    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, ":");
        if (strncmp(path, at, size) == 0 && (path[size] == '/' || path[size] == '\0'))
            return true;
        at += size + (at[size] == ':');
    }
    return false;
}

static uint64_t world_size(void)
{
    struct stat info;

    return world != NULL && stat(world, &info) == 0 ? (uint64_t)info.st_size : 0;
}

static void append(const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        long done = syscall(SYS_write, trace_fd, at, size);
        if (done <= 0)
            abort(); /* a trace with a hole proves nothing */
        at += done;
        size -= (size_t)done;
    }
}

void torture_put(struct torture_record record, const char *path, const void *data, size_t size)
{
    int before = errno;
    char *whole;

    if (trace_fd < 0)
        return;
    record.magic = TORTURE_MAGIC;
    record.pid = (int32_t)syscall(SYS_getpid);
    record.world = world_size();
    record.path_size = path != NULL ? (uint32_t)strlen(path) : 0;
    record.data_size = size;
    /* In one piece: another process may append to the same trace. */
    whole = __libc_malloc(sizeof(record) + record.path_size + size);
    if (whole == NULL)
        abort();
    memcpy(whole, &record, sizeof(record));
    if (path != NULL)
        memcpy(whole + sizeof(record), path, record.path_size);
    if (size > 0)
        memcpy(whole + sizeof(record) + record.path_size, data, size);
    append(whole, sizeof(record) + record.path_size + size);
    free(whole);
    errno = before;
}

uint64_t torture_inode(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 ? (uint64_t)info.st_ino : 0;
}
