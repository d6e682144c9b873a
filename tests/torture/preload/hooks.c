/*
 * hooks: the functions of libc that stand between an engine and its files, each in its other names,
 * too; see preload.h.
 */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 4096

enum { NOTHING, FILE_BELOW, CLIENT };

static _Atomic unsigned char known[FDS_MAX];
static bool is_on;

/* The headers don't declare the names that exist for fortified and for large-file builds. */
int open64(const char *path, int flags, ...);
int openat64(int folder, const char *path, int flags, ...);
ssize_t pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset);
int ftruncate64(int fd, off_t size);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *buffer, size_t size, off_t offset, size_t room);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);

static void in_child(void)
{
    is_on = false;
    torture_record_stop();
    torture_fault_stop();
}

__attribute__((constructor)) static void start(void)
{
    torture_record_start();
    torture_fault_start();
    (void)pthread_atfork(NULL, NULL, in_child);
    is_on = true;
}

static int what_is(int fd)
{
    return is_on && fd >= 0 && fd < FDS_MAX ? known[fd] : NOTHING;
}

static void know(int fd, int what)
{
    if (fd >= 0 && fd < FDS_MAX)
        known[fd] = (unsigned char)what;
}

/* --- names --- */

static int do_open(int folder, const char *path, int flags, unsigned mode)
{
    char link[64];
    char real[PATH_MAX];
    long size;
    int fd;

    if (!is_on)
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    torture_begin();
    fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        size = syscall(SYS_readlinkat, AT_FDCWD, link, real, sizeof(real) - 1);
        real[size > 0 ? size : 0] = '\0';
        know(fd, torture_is_below_roots(real) ? FILE_BELOW : NOTHING);
        if (what_is(fd) == FILE_BELOW)
            torture_put((struct torture_record){.op = TORTURE_OPEN,
                            .fd = fd,
                            .flags = (uint32_t)flags,
                            .inode = torture_inode(fd)},
                real, NULL, 0);
    }
    torture_end();
    return fd;
}

static unsigned mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, unsigned) : 0;
}

#define OPEN(name, parameters, folder)                                                             \
    int name parameters                                                                            \
    {                                                                                              \
        va_list args;                                                                              \
        unsigned mode;                                                                             \
        va_start(args, flags);                                                                     \
        mode = mode_of(flags, args);                                                               \
        va_end(args);                                                                              \
        return do_open(folder, path, flags, mode);                                                 \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int at, const char *path, int flags, ...), at)
OPEN(openat64, (int at, const char *path, int flags, ...), at)

int __open_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags)
{
    return do_open(folder, path, flags, 0);
}

/* A call that changes names; the record is put when it went well. */
static int name_call(
    enum torture_op op, const char *from, const char *to, long number, unsigned mode)
{
    long code;

    torture_begin();
    if (to != NULL)
        code = syscall(number, from, to);
    else
        code = syscall(number, from, mode);
    if (code == 0 && is_on && torture_is_below_roots(to != NULL ? to : from))
        torture_put((struct torture_record){.op = op}, from, to, to != NULL ? strlen(to) : 0);
    torture_end();
    return (int)code;
}

int rename(const char *from, const char *to)
{
    return name_call(TORTURE_RENAME, from, to, SYS_rename, 0);
}

int link(const char *from, const char *to)
{
    return name_call(TORTURE_LINK, from, to, SYS_link, 0);
}

int unlink(const char *path)
{
    return name_call(TORTURE_UNLINK, path, NULL, SYS_unlink, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return name_call(TORTURE_MKDIR, path, NULL, SYS_mkdir, mode);
}

int close(int fd)
{
    int code;

    if (what_is(fd) == NOTHING)
        return (int)syscall(SYS_close, fd);
    torture_begin();
    if (what_is(fd) == CLIENT)
        torture_put((struct torture_record){.op = TORTURE_CLOSE, .fd = fd}, NULL, NULL, 0);
    know(fd, NOTHING);
    code = (int)syscall(SYS_close, fd);
    torture_end();
    return code;
}

/* --- files --- */

static ssize_t do_write(int fd, const void *data, size_t size, long offset)
{
    ssize_t done;

    torture_begin();
    switch (torture_fault(TORTURE_WRITES)) {
    case TORTURE_FAILS:
        torture_end();
        return -1;
    case TORTURE_SHORT:
        size = (size + 1) / 2;
        break;
    case TORTURE_WELL:
        break;
    }
    done = offset >= 0 ? syscall(SYS_pwrite64, fd, data, size, offset)
                       : syscall(SYS_write, fd, data, size);
    if (done > 0) {
        if (offset < 0)
            offset = syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
        torture_put(
            (struct torture_record){
                .op = TORTURE_WRITE, .fd = fd, .inode = torture_inode(fd), .offset = offset},
            NULL, data, (size_t)done);
    }
    torture_end();
    return done;
}

static ssize_t do_send(int fd, const void *data, size_t size, int flags)
{
    ssize_t done;

    torture_begin();
    done = syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
    if (done > 0)
        torture_put((struct torture_record){.op = TORTURE_OUT, .fd = fd}, NULL, data, (size_t)done);
    torture_end();
    return done;
}

ssize_t write(int fd, const void *data, size_t size)
{
    switch (what_is(fd)) {
    case FILE_BELOW:
        return do_write(fd, data, size, -1);
    case CLIENT:
        return do_send(fd, data, size, 0);
    default:
        return syscall(SYS_write, fd, data, size);
    }
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return what_is(fd) == FILE_BELOW ? do_write(fd, data, size, offset)
                                     : syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}

static void put_pieces(enum torture_op op, int fd, const struct iovec *pieces, ssize_t left)
{
    for (; left > 0; pieces++) {
        size_t size = (size_t)left < pieces->iov_len ? (size_t)left : pieces->iov_len;
        torture_put((struct torture_record){.op = op, .fd = fd}, NULL, pieces->iov_base, size);
        left -= (ssize_t)size;
    }
}

/* Nothing writes files in this way, so only connections are looked at. */
ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    ssize_t done;

    if (what_is(fd) != CLIENT)
        return syscall(SYS_writev, fd, pieces, count);
    torture_begin();
    done = syscall(SYS_writev, fd, pieces, count);
    put_pieces(TORTURE_OUT, fd, pieces, done);
    torture_end();
    return done;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    return what_is(fd) == CLIENT ? do_send(fd, data, size, flags)
                                 : syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t done;

    if (what_is(fd) != CLIENT)
        return syscall(SYS_sendmsg, fd, message, flags);
    torture_begin();
    done = syscall(SYS_sendmsg, fd, message, flags);
    put_pieces(TORTURE_OUT, fd, message->msg_iov, done);
    torture_end();
    return done;
}

static int do_sync(int fd, long number)
{
    int code;

    if (what_is(fd) != FILE_BELOW)
        return (int)syscall(number, fd);
    torture_begin();
    if (torture_fault(TORTURE_SYNCS) != TORTURE_WELL) {
        torture_end();
        return -1;
    }
    code = (int)syscall(number, fd);
    if (code == 0)
        torture_put(
            (struct torture_record){.op = TORTURE_SYNC, .fd = fd, .inode = torture_inode(fd)}, NULL,
            NULL, 0);
    torture_end();
    return code;
}

int fsync(int fd)
{
    return do_sync(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return do_sync(fd, SYS_fdatasync);
}

int ftruncate(int fd, off_t size)
{
    int code;

    if (what_is(fd) != FILE_BELOW)
        return (int)syscall(SYS_ftruncate, fd, size);
    torture_begin();
    if (torture_fault(TORTURE_WRITES) == TORTURE_FAILS) {
        torture_end();
        return -1;
    }
    code = (int)syscall(SYS_ftruncate, fd, size);
    if (code == 0)
        torture_put(
            (struct torture_record){
                .op = TORTURE_TRUNCATE, .fd = fd, .inode = torture_inode(fd), .offset = size},
            NULL, NULL, 0);
    torture_end();
    return code;
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

/* --- reading --- */

static ssize_t do_receive(int fd, void *buffer, size_t size, int flags)
{
    ssize_t done;

    torture_begin();
    done = syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
    if (done > 0 && (flags & MSG_PEEK) == 0)
        torture_put(
            (struct torture_record){.op = TORTURE_IN, .fd = fd}, NULL, buffer, (size_t)done);
    torture_end();
    return done;
}

ssize_t read(int fd, void *buffer, size_t size)
{
    if (what_is(fd) == CLIENT)
        return do_receive(fd, buffer, size, 0);
    if (what_is(fd) == FILE_BELOW && torture_fault(TORTURE_READ) == TORTURE_FAILS)
        return -1;
    return syscall(SYS_read, fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    if (what_is(fd) == FILE_BELOW && torture_fault(TORTURE_READ) == TORTURE_FAILS)
        return -1;
    return syscall(SYS_pread64, fd, buffer, size, offset);
}

ssize_t pread64(int fd, void *buffer, size_t size, off_t offset)
{
    return pread(fd, buffer, size, offset);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    return what_is(fd) == CLIENT ? do_receive(fd, buffer, size, flags)
                                 : syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    ssize_t done;

    if (what_is(fd) != CLIENT)
        return syscall(SYS_readv, fd, pieces, count);
    torture_begin();
    done = syscall(SYS_readv, fd, pieces, count);
    put_pieces(TORTURE_IN, fd, pieces, done);
    torture_end();
    return done;
}

ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    (void)room;
    return read(fd, buffer, size);
}

ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t offset, size_t room)
{
    (void)room;
    return pread(fd, buffer, size, offset);
}

ssize_t __pread64_chk(int fd, void *buffer, size_t size, off_t offset, size_t room)
{
    (void)room;
    return pread(fd, buffer, size, offset);
}

ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags)
{
    (void)room;
    return recv(fd, buffer, size, flags);
}

/* --- connections --- */

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int client;

    torture_begin();
    client = (int)syscall(SYS_accept4, fd, address, size, flags);
    if (client >= 0 && is_on) {
        know(client, CLIENT);
        torture_put((struct torture_record){.op = TORTURE_ACCEPT, .fd = client}, NULL, NULL, 0);
    }
    torture_end();
    return client;
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    return accept4(fd, address, size, 0);
}
