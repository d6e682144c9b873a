/*
 * pool_hostile: a plugin that tries what it must not be able to do, and reports for each deed the
 * error number it got (0: it could). net_hostile does the same, and asks for net_admin.
 */
#include "hikeshi/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOCK_FD 250

static const struct hk_host *host;
static char folder[2048];
static char text[8192];
static int init_thread_error; /* of the thread that init tried to make */

static void report(const char *deed, long result)
{
    size_t used = strlen(text);
    int error = result < 0 ? errno : 0;

    snprintf(text + used, sizeof(text) - used, "%s\"%s\":%d", used > 1 ? "," : "", deed, error);
}

static int open_there(const char *name, int flags)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd;
}

static void try_processes(pid_t engine)
{
    char path[64];
    char *const none[] = {NULL};
    pid_t parent = getppid();
    char byte = 0;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)(uintptr_t)0x10000, 1};
    struct rlimit limit = {0, 0};

    report("fork", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
    report("vfork", syscall(SYS_clone, SIGCHLD | CLONE_VM | CLONE_VFORK, NULL, NULL, NULL, NULL));
    report("clone3", syscall(SYS_clone3, NULL, 0));
    report("execve", execve("/bin/true", none, none));
    report("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
    report("ptrace", ptrace(PTRACE_ATTACH, parent, NULL, NULL));
    report("vm_readv", process_vm_readv(parent, &here, 1, &there, 1, 0));
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)parent);
    report("parent_mem", open(path, O_RDWR));
    snprintf(path, sizeof(path), "/proc/%d/root/etc", (int)engine);
    report("engine_root", open(path, O_PATH | O_DIRECTORY) < 0 ? -1 : open(path, O_RDONLY));
    snprintf(path, sizeof(path), "/proc/%d/environ", (int)engine);
    report("engine_environ", open(path, O_RDONLY));
    snprintf(path, sizeof(path), "/proc/%d/status", (int)engine);
    report("engine_status", open(path, O_RDONLY));
    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)engine);
    report("engine_oom", open(path, O_WRONLY));
    report("own_oom", open("/proc/self/oom_score_adj", O_WRONLY));
    report("sysctl", open("/proc/sys/kernel/core_pattern", O_WRONLY));
    report("sysctl_net", open("/proc/sys/net/ipv4/ip_forward", O_WRONLY));
    report("kill_engine", kill(engine, SIGKILL));
    report("kill_parent", kill(parent, SIGKILL));
    report("kill_all", kill(-1, SIGKILL));
    report("kill_group", kill(0, SIGKILL));
    report("tgkill_parent", syscall(SYS_tgkill, parent, parent, SIGKILL));
    report("tkill_parent", syscall(SYS_tkill, parent, SIGKILL));
    report("sigqueue", syscall(SYS_rt_sigqueueinfo, parent, SIGKILL, NULL));
    report("pidfd_open", syscall(434 /* pidfd_open */, parent, 0));
    report("prlimit_parent", syscall(SYS_prlimit64, parent, RLIMIT_NOFILE, &limit, NULL));
    report("pdeathsig", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
    report("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static void try_kernel(void)
{
    report("socket", socket(AF_INET, SOCK_STREAM, 0));
    report("socket_unix", socket(AF_UNIX, SOCK_STREAM, 0));
    report("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    report("netlink_dgram", socket(AF_NETLINK, SOCK_DGRAM, 12 /* NETLINK_NETFILTER */));
    report("netlink_generic", socket(AF_NETLINK, SOCK_RAW, 16 /* NETLINK_GENERIC */));
    report("netlink_high", syscall(SYS_socket, 0x100000000ul + AF_NETLINK, SOCK_RAW, 0));
    report("socket_raw", socket(AF_INET, SOCK_RAW, 1));
    report("socket_packet", socket(AF_PACKET, SOCK_RAW, 0));
    report("netfilter", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12 /* NETLINK_NETFILTER */));
    int pair[2];
    report("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    report("connect", connect(3, NULL, 0));
    report("bind", bind(3, NULL, 0));
    report("listen", listen(3, 1));
    report("accept", accept(3, NULL, NULL));
    report("unshare", unshare(CLONE_NEWUSER));
    report("setns", syscall(SYS_setns, 3, 0));
    report("mount", mount("none", "/", "tmpfs", 0, NULL));
    report("chroot", chroot("/"));
    report("io_uring", syscall(425 /* io_uring_setup */, 1, NULL));
    report("bpf", syscall(SYS_bpf, 0, NULL, 0));
    report("userfaultfd", syscall(SYS_userfaultfd, 0));
    report("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    report("keyctl", syscall(SYS_keyctl, 0, 0));
    report("personality", syscall(SYS_personality, 0x0040000));
    report("handle", syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
    report("setuid", syscall(SYS_setuid, 0));
    report("fastopen", sendto(-1, "", 0, MSG_FASTOPEN, NULL, 0));
    report("fastopen_msg", sendmsg(-1, NULL, MSG_FASTOPEN | MSG_NOSIGNAL));
    report("fastopen_many", sendmmsg(-1, NULL, 0, MSG_FASTOPEN));
    report("memfd", memfd_create("x", 0));
    report("tiocsti", syscall(SYS_ioctl, 2, 0x5412 /* TIOCSTI */, "x"));
}

static void try_lock(void)
{
    report("lock_close", close(LOCK_FD));
    report("lock_close_high", syscall(SYS_close, 0x100000000ul + LOCK_FD));
    report("lock_close_range", syscall(436 /* close_range */, 3u, ~0u, 0));
    report("lock_dup", dup(LOCK_FD));
    report("lock_dup2", dup2(0, LOCK_FD));
    report("lock_dup3", dup3(0, LOCK_FD, O_CLOEXEC));
    report("lock_fcntl", fcntl(LOCK_FD, F_DUPFD, 5));
    report("lock_cloexec", fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC));
    report("lock_flock", flock(LOCK_FD, LOCK_UN));
    report("lock_reopen", open("/proc/self/fd/250", O_RDONLY));
}

static void try_files(void)
{
    char from[4096];
    char to[4096];

    report("key", open_there("../../../key", O_RDONLY));
    report("ledger", open_there("../../../ledger.db", O_RDWR));
    report("lock_file", open_there("../../../plugins.lock", O_RDONLY));
    report("other_state", open_there("../../other/secret", O_RDONLY));
    report("data_list", open_there("../../..", O_RDONLY | O_DIRECTORY));
    report("data_new", open_there("../../../new", O_WRONLY | O_CREAT));
    report("passwd", open("/etc/passwd", O_RDONLY));
    report("self_environ", open("/proc/1/environ", O_RDONLY));
    report("tmp", open("/tmp/hikeshi-was-here", O_WRONLY | O_CREAT, 0600));
    snprintf(from, sizeof(from), "%s/../../../key", folder);
    snprintf(to, sizeof(to), "%s/trap", folder);
    report("truncate", truncate(from, 0));
    report("truncate_open", open_there("mine", O_RDONLY | O_TRUNC));
    report("truncate_open_neither", open_there("mine", O_ACCMODE | O_TRUNC));
    report("truncate_ledger", open_there("../../../ledger.db", O_ACCMODE | O_TRUNC));
    report("link", link(from, to));
    report("symlink", symlink(from, to));
    report("mkfifo", mkfifo(to, 0600));
    report("chmod", chmod(folder, 0777));
}

static void *nothing(void *ctx)
{
    return ctx;
}

/* -1 with errno when no thread could be made. */
static int make_thread(void)
{
    pthread_t thread;
    int result = pthread_create(&thread, NULL, nothing, NULL);

    if (result == 0)
        return pthread_join(thread, NULL);
    errno = result;
    return -1;
}

static void try_threads(void)
{
    const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

    report("thread", make_thread());
    report("thread_raw", syscall(SYS_clone, flags, NULL, NULL, NULL, NULL));
    report("thread_raw_high", syscall(SYS_clone, flags | 1ul << 40, NULL, NULL, NULL, NULL));
    errno = init_thread_error;
    report("thread_in_init", init_thread_error != 0 ? -1 : 0);
}

/* And what it must be able to do. */
static void try_allowed(void)
{
    report("may_write", open_there("mine", O_WRONLY | O_CREAT));
    report("may_read", open_there("mine", O_RDONLY));
    report("may_truncate", open_there("mine", O_WRONLY | O_TRUNC));
    report("may_library", open("/usr/lib", O_RDONLY | O_DIRECTORY));
}

static void try_all(void *ctx, const struct hk_call *call)
{
    const char *engine = strstr(call->args, "engine");
    (void)ctx;

    snprintf(text, sizeof(text), "{");
    try_processes(engine != NULL ? (pid_t)strtol(engine + 8, NULL, 10) : 1);
    try_threads();
    try_kernel();
    try_lock();
    try_files();
    try_allowed();
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
    host->settle(call->id, HK_DONE, text);
}

struct worker_try {
    uint64_t call_id;
    pid_t engine;
};

/* The same deeds on a worker thread, while the plugin's own thread does nothing. */
static void try_in_worker(void *ctx)
{
    struct worker_try *try = ctx;

    snprintf(text, sizeof(text), "{");
    try_processes(try->engine);
    try_threads();
    try_kernel();
    try_lock();
    try_files();
    try_allowed();
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
}

static void tell_of_worker(void *ctx)
{
    struct worker_try *try = ctx;

    host->settle(try->call_id, HK_DONE, text);
    host->free(try);
}

static void try_all_in_worker(void *ctx, const struct hk_call *call)
{
    const char *engine = strstr(call->args, "engine");
    struct worker_try *try = host->alloc(sizeof(*try));
    (void)ctx;

    try->call_id = call->id;
    try->engine = engine != NULL ? (pid_t)strtol(engine + 8, NULL, 10) : 1;
    host->work(try_in_worker, tell_of_worker, try);
}

static void read_granted(void *ctx, const struct hk_call *call)
{
    int fd = open("/usr/share/common-licenses/GPL-3", O_RDONLY);
    (void)ctx;

    snprintf(text, sizeof(text), "{\"granted\":%d}", fd < 0 ? errno : 0);
    if (fd >= 0)
        close(fd);
    host->settle(call->id, HK_DONE, text);
}

static int init(
    const struct hk_host *the_host, const struct hk_settings *settings, void **ret_state)
{
    host = the_host;
    snprintf(folder, sizeof(folder), "%s", settings->state_dir);
    *ret_state = NULL;
    init_thread_error = make_thread() < 0 ? errno : 0;
    return 0;
}

static const struct hk_action actions[] = {
    {.name = "try_all",
        .summary = "Try all",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .start = try_all},
    {.name = "try_all_in_worker",
        .summary = "Try all on a worker thread",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .start = try_all_in_worker},
    {.name = "read_granted",
        .summary = "Read",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .start = read_granted},
    {0},
};

#ifndef HOSTILE_ELSEWHERE
HK_PLUGIN(pool_hostile, .version = "1", .summary = "Tries what it must not", .actions = actions,
    .init = init);
#endif
