/*
 * sink_command: checkpoints to a program's standard input; see sink.h.
 */
#include "ledger/sink.h"

#include "base/time.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing is inherited but the three streams (all else is close-on-exec) and PATH; signals are as
 * a fresh process has them. */
static enum hk_status spawn(
    const char *const *command, int input, pid_t *ret_pid, struct hk_error *error)
{
    const char *path = getenv("PATH");
    char path_text[4096] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char *environment[] = {path_text, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    int code;

    if (path != NULL && strlen(path) < sizeof(path_text) - sizeof("PATH="))
        memcpy(path_text + strlen("PATH="), path, strlen(path) + 1);
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    code = posix_spawn(
        ret_pid, command[0], &actions, &attributes, (char *const *)command, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code == 0 ? HK_OK : hk_fail(error, HK_IO, "can't start it: %s", strerror(code));
}

static int left_ms(int64_t until_ms)
{
    int64_t left = until_ms - hk_time_monotonic_ms();

    return left > 0 ? (int)left : 0;
}

/* False when it did not take all of it in time, or at all. A program that has seen enough may stop
 * reading: its status tells. */
static bool feed(int fd, const char *text, int64_t until_ms)
{
    size_t size = strlen(text);

    while (size > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        ssize_t written;

        if (poll(&poll_fd, 1, left_ms(until_ms)) == 0)
            return false;
        written = write(fd, text, size);
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            return errno == EPIPE;
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* Wait for its end; kill it, with what it started, when that takes too long. */
static enum hk_status wait_for(pid_t pid, int64_t until_ms, struct hk_error *error)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    bool is_late = fd >= 0 && poll(&poll_fd, 1, left_ms(until_ms)) == 0;
    int status = 0;

    if (is_late)
        (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        (void)close(fd);
    if (is_late)
        return hk_fail(error, HK_TIMEOUT, "it took too long and was stopped");
    if (WIFSIGNALED(status))
        return hk_fail(error, HK_IO, "it was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status) == 0
               ? HK_OK
               : hk_fail(error, HK_IO, "it ended with status %d", WEXITSTATUS(status));
}

enum hk_status hk_sink_command(
    const char *const *command, const struct hk_sink_note *notes, struct hk_error *error)
{
    int64_t until_ms = hk_time_monotonic_ms() + HK_SINK_TIME_MAX_MS;
    int ends[2];
    pid_t pid = -1;
    enum hk_status status;
    bool is_fed = true;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return hk_fail(error, HK_IO, "can't make a pipe: %s", strerror(errno));
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    status = spawn(command, ends[0], &pid, error);
    (void)close(ends[0]);
    for (const struct hk_sink_note *note = notes; note != NULL && status == HK_OK && is_fed;
         note = note->next) {
        is_fed = note == notes || feed(ends[1], "\n", until_ms);
        is_fed = is_fed && feed(ends[1], note->text, until_ms);
    }
    (void)close(ends[1]);
    if (status == HK_OK)
        status = wait_for(pid, is_fed ? until_ms : 0, error);
    return status;
}
