/*
 * Two seccomp filters; the kernel takes the stricter answer.
 *
 * Both hold for all threads that are there (TSYNC): the workers are made before.
 *
 * The list: everything is refused with EPERM but what libc, these threads, files, timers and
 * sockets that were handed over need. No way to make a socket, a process or a thread, to look at or
 * signal another process, to mount, to make links. A new thread is refused with EAGAIN, as where
 * there are too many, so that libraries which can do without go on. No memory files either: their
 * pages count as nobody's, so no limit holds.
 *
 * The guard: arguments that make an allowed call harmful. Descriptors are compared by their low 32
 * bits, since the kernel drops the upper ones: a plain comparison could be walked around.
 *
 * Landlock before its version 3 (Linux 6.2) knows nothing of truncation, and takes an open for
 * neither reading nor writing to need no right: truncate(), and O_TRUNC with anything but a plain
 * right to write, could empty any file of this user. MSG_FASTOPEN connects: a socket whose peer has
 * reset it could be sent anywhere with it.
 */
#include "plugin/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOW_BITS 0xffffffffull
#define IS(argument, value) SCMP_CMP64((argument), SCMP_CMP_MASKED_EQ, LOW_BITS, (uint32_t)(value))

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

static const char *const allowed[] = {
    /* memory */
    "brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "msync", "mlock", "mlock2", "munlock",
    "membarrier",
    /* descriptors and files; which files is Landlock's */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek", "open",
    "openat", "close", "dup", "dup2", "dup3", "pipe", "pipe2", "stat", "fstat", "lstat",
    "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "getdents", "getdents64", "mkdir", "mkdirat", "rmdir", "unlink",
    "unlinkat", "rename", "renameat", "renameat2", "ftruncate", "fsync", "fdatasync", "fallocate",
    "fadvise64", "sendfile", "copy_file_range",
    /* waiting */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "poll", "ppoll", "select", "pselect6", "eventfd", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "nanosleep", "clock_nanosleep", "pause",
    /* threads and signals of this process */
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend",
    "sigaltstack", "restart_syscall", "exit", "exit_group",
    /* sockets that were handed over */
    "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown", "getsockopt",
    "getsockname", "getpeername",
    /* questions */
    "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrandom", "getcpu",
    "uname", "sysinfo", "getrusage", "getrlimit", "getpid", "getppid", "gettid", "getuid",
    "geteuid", "getgid", "getegid", "getgroups", "getpgrp", NULL};

struct argument_rule {
    const char *call;
    struct scmp_arg_cmp compare[2];
    unsigned count;
};

static enum hk_status failed(int result, const char *what, struct hk_error *error)
{
    return hk_fail(error, HK_UNSUPPORTED, "can't filter system calls (%s): %s", what,
        strerror(result < 0 ? -result : result));
}

/* Names that this processor does not have are left out. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *call,
    const struct scmp_arg_cmp *compare, unsigned count)
{
    int number = seccomp_syscall_resolve_name(call);

    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add_array(filter, action, number, count, compare);
}

static int add_own_process(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp thread =
        SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
    const struct scmp_arg_cmp self = IS(0, getpid());
    const struct scmp_arg_cmp zero = IS(0, 0);

    int result = add(filter, SCMP_ACT_ERRNO(EAGAIN), "clone", &thread, 1);
    if (result == 0) /* flags of clone3 lie in memory, out of sight: libc falls back to clone */
        result = add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL, 0);
    if (result == 0) /* not made: libcurl 7.88 calls it on sockets that are connected already */
        result = add(filter, SCMP_ACT_ERRNO(EINPROGRESS), "connect", NULL, 0);
    if (result == 0)
        result = add(filter, SCMP_ACT_ALLOW, "kill", &self, 1);
    if (result == 0)
        result = add(filter, SCMP_ACT_ALLOW, "tgkill", &self, 1);
    if (result == 0)
        result = add(filter, SCMP_ACT_ALLOW, "prlimit64", &zero, 1);
    return result;
}

/* One rule for each value that an argument may have. */
static int add_values(
    scmp_filter_ctx filter, const char *call, unsigned argument, const long *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct scmp_arg_cmp compare = IS(argument, values[i]);
        int result = add(filter, SCMP_ACT_ALLOW, call, &compare, 1);
        if (result != 0)
            return result;
    }
    return 0;
}

static int add_options(scmp_filter_ctx filter, int level, const long *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct scmp_arg_cmp compare[2] = {IS(1, level), IS(2, names[i])};
        int result = add(filter, SCMP_ACT_ALLOW, "setsockopt", compare, 2);
        if (result != 0)
            return result;
    }
    return 0;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add_arguments(scmp_filter_ctx filter)
{
    static const long fcntls[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
        F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS,
        F_GET_SEALS};
    static const long ioctls[] = {FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS};
    static const long prctls[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE};
    static const long sockets[] = {
        SO_KEEPALIVE, SO_RCVBUF, SO_SNDBUF, SO_LINGER, SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT};
    static const long tcp[] = {TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT,
        TCP_USER_TIMEOUT, TCP_QUICKACK, TCP_CORK};

    int result = add_values(filter, "fcntl", 1, fcntls, COUNT(fcntls));
    if (result == 0)
        result = add_values(filter, "ioctl", 1, ioctls, COUNT(ioctls));
    if (result == 0)
        result = add_values(filter, "prctl", 0, prctls, COUNT(prctls));
    if (result == 0)
        result = add_options(filter, SOL_SOCKET, sockets, COUNT(sockets));
    if (result == 0)
        result = add_options(filter, IPPROTO_TCP, tcp, COUNT(tcp));
    return result;
}

/* For all threads of the process. */
static int load(scmp_filter_ctx filter)
{
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    return result == 0 ? seccomp_load(filter) : result;
}

/* A socket to netfilter's part of the kernel, for processes that were granted net_admin. The
 * capability is what lets them do anything with it. */
static int add_netfilter(scmp_filter_ctx filter)
{
    static const long options[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK};
    const struct scmp_arg_cmp kind[] = {IS(0, AF_NETLINK),
        SCMP_CMP64(
            1, SCMP_CMP_MASKED_EQ, LOW_BITS & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_RAW),
        IS(2, NETLINK_NETFILTER)};

    int result = add(filter, SCMP_ACT_ALLOW, "socket", kind, COUNT(kind));
    /* A connected socket, the only other kind there is, has its address already. */
    if (result == 0)
        result = add(filter, SCMP_ACT_ALLOW, "bind", NULL, 0);
    if (result == 0)
        result = add_options(filter, SOL_NETLINK, options, COUNT(options));
    return result;
}

static enum hk_status load_list(bool with_netfilter, struct hk_error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    if (filter == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    int result = 0;
    for (size_t i = 0; result == 0 && allowed[i] != NULL; i++)
        result = add(filter, SCMP_ACT_ALLOW, allowed[i], NULL, 0);
    if (result == 0)
        result = add_own_process(filter);
    if (result == 0)
        result = add_arguments(filter);
    if (result == 0 && with_netfilter)
        result = add_netfilter(filter);
    if (result == 0)
        result = load(filter);
    seccomp_release(filter);
    return result == 0 ? HK_OK : failed(result, "list", error);
}

/* Flags that make an allowed call another one. */
static int add_flags(scmp_filter_ctx filter)
{
    static const struct {
        const char *call;
        unsigned argument;
        uint64_t mask;
        uint64_t value;
    } refused[] = {
        {"open", 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY},
        {"open", 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_ACCMODE},
        {"openat", 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY},
        {"openat", 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_ACCMODE},
        {"sendto", 3, MSG_FASTOPEN, MSG_FASTOPEN},
        {"sendmsg", 2, MSG_FASTOPEN, MSG_FASTOPEN},
        {"sendmmsg", 3, MSG_FASTOPEN, MSG_FASTOPEN},
    };
    int result = 0;

    for (size_t i = 0; result == 0 && i < COUNT(refused); i++) {
        const struct scmp_arg_cmp compare =
            SCMP_CMP64(refused[i].argument, SCMP_CMP_MASKED_EQ, refused[i].mask, refused[i].value);
        result = add(filter, SCMP_ACT_ERRNO(EPERM), refused[i].call, &compare, 1);
    }
    return result;
}

static enum hk_status load_guard(struct hk_error *error)
{
    static const struct {
        const char *call;
        unsigned argument;
    } on_lock[] = {{"close", 0}, {"dup", 0}, {"dup2", 0}, {"dup2", 1}, {"dup3", 0}, {"dup3", 1},
        {"fcntl", 0}, {"write", 0}, {"sendfile", 0}};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (filter == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    int result = 0;
    for (size_t i = 0; result == 0 && i < COUNT(on_lock); i++) {
        const struct scmp_arg_cmp compare = IS(on_lock[i].argument, HK_PLUGIN_LOCK_FD);
        result = add(filter, SCMP_ACT_ERRNO(EPERM), on_lock[i].call, &compare, 1);
    }
    if (result == 0)
        result = add_flags(filter);
    if (result == 0)
        result = load(filter);
    seccomp_release(filter);
    return result == 0 ? HK_OK : failed(result, "guard", error);
}

enum hk_status hk_sandbox_calls(bool with_netfilter, struct hk_error *error)
{
    /* The guard first: the list would refuse to load another filter. */
    enum hk_status status = load_guard(error);

    return status == HK_OK ? load_list(with_netfilter, error) : status;
}
