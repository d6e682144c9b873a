#include "plugin/spawner.h"

#include "base/log.h"
#include "base/time.h"
#include "limits.h"
#include "plugin/privileges.h"
#include "plugin/sandbox.h"
#include "plugin/spawner_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_FD 100 /* above what a child's own descriptors are moved to */
#define EXE_FD 101
#define SIGNAL_FD 102
#define CHILDREN_MAX 1024
#define REAP_MAX_MS                                                                                \
    2000 /* for killed children to be gone, before the spawner ends all the same                   \
          */

struct child {
    uint64_t process_id;
    pid_t pid;
    int64_t kill_at_ms; /* 0: not yet */
};

struct spawner {
    char data_dir[PATH_MAX];
    struct child children[CHILDREN_MAX];
    unsigned child_count;
    bool engine_is_gone;
    int64_t end_at_ms; /* once the engine is gone */
};

/* Answers fit the socket's buffer and the engine reads them in each turn: sending may block. */
static void tell(const struct hk_spawner_message *message)
{
    while (send(SOCKET_FD, message, sizeof(*message), MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

static int open_lock(const char *data_dir)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof(path), "%s/plugins.lock", data_dir);

    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    /* Read-only: whoever holds this descriptor can't fill the file. */
    return open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static _Noreturn void die(const char *what)
{
    hk_log(HK_LOG_ERROR, "plugin process: %s: %s", what, strerror(errno));
    _exit(126);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < SIGRTMAX; number++)
        (void)signal(number, SIG_DFL);
    /* A service manager signals all processes at once; these end when the engine does. */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: go where CAP_NET_ADMIN was granted, and take it along. */
static void take_net_admin(int netns)
{
    struct hk_error error = {0};

    if (netns >= 0 && setns(netns, CLONE_NEWNET) != 0)
        die("can't enter the network namespace (this takes CAP_SYS_ADMIN)");
    if (hk_privileges_lend_net_admin(&error) == HK_OK)
        return;
    hk_log(HK_LOG_ERROR, "plugin process: %s", error.text);
    _exit(126);
}

/* In the child: hold the lock, arrange the descriptors, execute this program again. */
static void become_host(const struct spawner *spawner, pid_t parent, const int fds[HK_SPAWNER_FDS],
    bool net_admin, int netns)
{
    char parent_text[24];
    char *const environment[] = {NULL};

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        _exit(126);
    (void)setsid();
    reset_signals();
    int wire = fcntl(fds[0], F_DUPFD, SIGNAL_FD + 1);
    int file = fcntl(fds[1], F_DUPFD, SIGNAL_FD + 1);
    int lock = open_lock(spawner->data_dir);
    if (wire < 0 || file < 0 || lock < 0)
        die("can't open DATA/plugins.lock");
    /* Waits at most for the moment in which a starting engine looks. */
    while (flock(lock, LOCK_SH) != 0)
        if (errno != EINTR)
            die("can't lock DATA/plugins.lock");
    /* Not the engine's stderr: who shares that can forge its lines, empty its file or end it. */
    if (dup2(fds[2], 2) < 0)
        die("can't arrange descriptors");
    if (net_admin)
        take_net_admin(netns);
    if (dup2(lock, HK_PLUGIN_LOCK_FD) < 0 || dup2(wire, HK_HOST_WIRE_FD) < 0 ||
        dup2(file, HK_HOST_FILE_FD) < 0)
        die("can't arrange descriptors");
    if (syscall(SYS_close_range, HK_HOST_FILE_FD + 1, SOCKET_FD, 0) != 0 ||
        syscall(SYS_close_range, SIGNAL_FD, HK_PLUGIN_LOCK_FD - 1, 0) != 0)
        die("can't close descriptors");
    snprintf(parent_text, sizeof(parent_text), "%ld", (long)parent);
    char name[] = "hikeshi";
    char command[] = "plugin-host";
    char *const arguments[] = {
        name, command, (char *)(uintptr_t)spawner->data_dir, parent_text, NULL};
    (void)fcntl(EXE_FD, F_SETFD, FD_CLOEXEC);
    syscall(SYS_execveat, EXE_FD, "", arguments, environment, AT_EMPTY_PATH);
    die("can't execute this program again");
}

/* Open what must be a network namespace. -1 with errno. */
static int open_netns(const char *path, uint64_t *ret_inode)
{
    struct stat about;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET && fstat(fd, &about) == 0) {
        *ret_inode = about.st_ino;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

static void make(
    struct spawner *spawner, const struct hk_spawner_message *order, const int fds[HK_SPAWNER_FDS])
{
    struct hk_spawner_message answer = {.op = HK_SPAWNER_MADE, .process_id = order->process_id};
    struct pollfd engine = {.fd = SOCKET_FD, .events = POLLRDHUP};
    pid_t self = getpid();
    bool has_netns = order->net_admin && order->netns[0] != '\0';
    int netns = -1;
    pid_t pid = -1;

    /* Nothing new is made for an engine that is gone. */
    bool is_gone = poll(&engine, 1, 0) > 0 && (engine.revents & (POLLHUP | POLLRDHUP)) != 0;
    if (spawner->child_count == CHILDREN_MAX || is_gone || fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
        errno = EAGAIN;
    else if (!has_netns || (netns = open_netns(order->netns, &answer.netns_inode)) >= 0)
        pid = fork();
    if (pid == 0)
        become_host(spawner, self, fds, order->net_admin, netns);
    if (pid > 0) {
        spawner->children[spawner->child_count++] =
            (struct child){.process_id = order->process_id, .pid = pid};
        answer.pid = pid;
    } else {
        answer.op = HK_SPAWNER_GONE;
        answer.status = errno;
    }
    if (netns >= 0)
        close(netns);
    tell(&answer);
}

static void end(struct spawner *spawner, const struct hk_spawner_message *order)
{
    for (unsigned i = 0; i < spawner->child_count; i++) {
        struct child *child = &spawner->children[i];
        if (child->process_id != order->process_id)
            continue;
        if (order->grace_ms <= 0)
            kill(child->pid, SIGKILL);
        else
            child->kill_at_ms = hk_time_monotonic_ms() + order->grace_ms;
    }
}

static void read_order(struct spawner *spawner)
{
    struct hk_spawner_message order = {0};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * HK_SPAWNER_FDS)];
    } control;
    struct iovec part = {.iov_base = &order, .iov_len = sizeof(order)};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes)};
    int fds[HK_SPAWNER_FDS] = {-1, -1, -1};

    ssize_t n = recvmsg(SOCKET_FD, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    if (n <= 0)
        spawner->engine_is_gone = true;
    order.netns[HK_NETNS_PATH_SIZE - 1] = '\0';
    if (n == (ssize_t)sizeof(order) && order.op == HK_SPAWNER_MAKE)
        make(spawner, &order, fds);
    else if (n == (ssize_t)sizeof(order) && order.op == HK_SPAWNER_END)
        end(spawner, &order);
    for (unsigned i = 0; i < HK_SPAWNER_FDS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void reap(struct spawner *spawner)
{
    struct signalfd_siginfo news;
    int status = 0;
    pid_t pid;

    while (read(SIGNAL_FD, &news, sizeof(news)) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < spawner->child_count; i++) {
            if (spawner->children[i].pid != pid)
                continue;
            struct hk_spawner_message gone = {.op = HK_SPAWNER_GONE,
                .process_id = spawner->children[i].process_id,
                .pid = pid,
                .status = status};
            spawner->children[i] = spawner->children[--spawner->child_count];
            if (!spawner->engine_is_gone)
                tell(&gone);
            break;
        }
    }
}

/* Kill whose time has come; return milliseconds to the next one, -1 when there is none. */
static int kill_due(struct spawner *spawner)
{
    int64_t now = hk_time_monotonic_ms();
    int64_t next = -1;

    for (unsigned i = 0; i < spawner->child_count; i++) {
        struct child *child = &spawner->children[i];
        int64_t at = child->kill_at_ms;
        if (at == 0)
            continue;
        if (at <= now) {
            kill(child->pid, SIGKILL);
            child->kill_at_ms = 0;
        } else if (next < 0 || at - now < next) {
            next = at - now;
        }
    }
    return next > INT_MAX ? INT_MAX : (int)next;
}

static void begin_grace(struct spawner *spawner)
{
    int64_t kill_at = hk_time_monotonic_ms() + HK_ORPHAN_GRACE_MS;

    for (unsigned i = 0; i < spawner->child_count; i++)
        if (spawner->children[i].kill_at_ms == 0 || spawner->children[i].kill_at_ms > kill_at)
            spawner->children[i].kill_at_ms = kill_at;
    spawner->end_at_ms = kill_at + REAP_MAX_MS;
}

static void run(struct spawner *spawner)
{
    struct pollfd watched[2] = {
        {.fd = SIGNAL_FD, .events = POLLIN}, {.fd = SOCKET_FD, .events = POLLIN}};

    while (!spawner->engine_is_gone || spawner->child_count > 0) {
        int wait_ms = kill_due(spawner);
        if (spawner->engine_is_gone) {
            int64_t left = spawner->end_at_ms - hk_time_monotonic_ms();
            if (left <= 0)
                return;
            if (wait_ms < 0 || wait_ms > left)
                wait_ms = (int)left;
        }
        int count = poll(watched, spawner->engine_is_gone ? 1 : 2, wait_ms);
        if (count <= 0)
            continue;
        if (watched[0].revents != 0)
            reap(spawner);
        if (!spawner->engine_is_gone && watched[1].revents != 0) {
            read_order(spawner);
            if (spawner->engine_is_gone)
                begin_grace(spawner);
        }
    }
}

/* Keep only what the spawner needs: its socket, this program, stderr. */
static bool arrange(int engine_socket)
{
    sigset_t set;

    int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (exe < 0 || none < 0)
        return false;
    int socket_copy = fcntl(engine_socket, F_DUPFD_CLOEXEC, SIGNAL_FD + 1);
    int exe_copy = fcntl(exe, F_DUPFD_CLOEXEC, SIGNAL_FD + 1);
    if (socket_copy < 0 || exe_copy < 0 || dup2(none, 0) < 0 || dup2(none, 1) < 0 ||
        dup3(socket_copy, SOCKET_FD, O_CLOEXEC) < 0 || dup3(exe_copy, EXE_FD, O_CLOEXEC) < 0)
        return false;
    for (int number = 1; number < SIGRTMAX; number++)
        (void)signal(number, SIG_DFL);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || (signals != SIGNAL_FD && dup3(signals, SIGNAL_FD, O_CLOEXEC) < 0))
        return false;
    return syscall(SYS_close_range, 3, SOCKET_FD - 1, 0) == 0 &&
           syscall(SYS_close_range, SIGNAL_FD + 1, ~0u, 0) == 0;
}

enum hk_status hk_spawner_fork(
    const char *data_dir, int *ret_fd, pid_t *ret_pid, struct hk_error *error)
{
    int pair[2];

    if (data_dir[0] != '/' || strlen(data_dir) >= PATH_MAX)
        return hk_fail(error, HK_INVALID, "the data folder's path must be absolute");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return hk_fail(error, HK_IO, "can't make a socket pair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) {
        close(pair[0]);
        close(pair[1]);
        return hk_fail(error, HK_IO, "can't make the spawner: %s", strerror(errno));
    }
    if (pid == 0) {
        struct spawner *spawner = calloc(1, sizeof(*spawner));
        (void)setsid();
        (void)prctl(PR_SET_NAME, "hikeshi-spawner", 0, 0, 0);
        umask(077);
        if (spawner == NULL)
            _exit(126);
        if (!arrange(pair[1]) || chdir("/") != 0)
            die("the spawner can't start");
        memcpy(spawner->data_dir, data_dir, strlen(data_dir) + 1);
        run(spawner);
        _exit(0);
    }
    close(pair[1]);
    *ret_fd = pair[0];
    *ret_pid = pid;
    return HK_OK;
}

enum hk_status hk_orphans_are_gone(const char *data_dir, bool *ret_gone, struct hk_error *error)
{
    int fd = open_lock(data_dir);

    if (fd < 0)
        return hk_fail(error, HK_IO, "can't open %s/plugins.lock: %s", data_dir, strerror(errno));
    int result = flock(fd, LOCK_EX | LOCK_NB);
    int saved = errno;
    close(fd); /* gives the lock back */
    if (result != 0 && saved != EWOULDBLOCK)
        return hk_fail(error, HK_IO, "can't lock %s/plugins.lock: %s", data_dir, strerror(saved));
    *ret_gone = result == 0;
    return HK_OK;
}
