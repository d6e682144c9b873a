#include "app/supervisor.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TEXT_SIZE = 512 };

struct hk_supervisor {
    struct sockaddr_un address;
    socklen_t address_size; /* 0: nobody listens */
    int fd;
    struct hk_timer *watchdog; /* NULL: none is wanted */
    int64_t watchdog_ms;
};

/* A manager that doesn't take it is no reason to do anything else. */
static void tell(const struct hk_supervisor *supervisor, const char *text)
{
    if (supervisor->address_size > 0)
        (void)sendto(supervisor->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
            (const struct sockaddr *)&supervisor->address, supervisor->address_size);
}

static void on_watchdog(void *ctx)
{
    struct hk_supervisor *supervisor = ctx;

    tell(supervisor, "WATCHDOG=1");
    hk_timer_arm(supervisor->watchdog, supervisor->watchdog_ms);
}

/* A path, or with '@' in front a name in the abstract space. */
static void take_address(struct hk_supervisor *supervisor, const char *path)
{
    size_t size = path != NULL ? strlen(path) : 0;

    if (size < 2 || size >= sizeof(supervisor->address.sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return;
    supervisor->address.sun_family = AF_UNIX;
    memcpy(supervisor->address.sun_path, path, size);
    if (path[0] == '@')
        supervisor->address.sun_path[0] = '\0';
    supervisor->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* WATCHDOG_USEC counts when WATCHDOG_PID is absent or ours. */
static int64_t watchdog_interval_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    long long us = interval != NULL ? strtoll(interval, NULL, 10) : 0;

    if (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return us > 0 ? (int64_t)(us / 2000) : 0;
}

enum hk_status hk_supervisor_new(
    struct hk_loop *loop, struct hk_supervisor **ret_supervisor, struct hk_error *error)
{
    struct hk_supervisor *supervisor = calloc(1, sizeof(*supervisor));

    if (supervisor == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the service manager");
    take_address(supervisor, getenv("NOTIFY_SOCKET"));
    supervisor->watchdog_ms = watchdog_interval_ms();
    supervisor->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (supervisor->fd < 0)
        supervisor->address_size = 0;
    if (supervisor->address_size > 0 && supervisor->watchdog_ms > 0) {
        supervisor->watchdog = hk_timer_new(loop, on_watchdog, supervisor);
        if (supervisor->watchdog == NULL) {
            hk_supervisor_free(supervisor);
            return hk_fail(error, HK_NOMEM, "no memory for a timer");
        }
        on_watchdog(supervisor);
    }
    *ret_supervisor = supervisor;
    return HK_OK;
}

void hk_supervisor_free(struct hk_supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    hk_timer_free(supervisor->watchdog);
    if (supervisor->fd >= 0)
        (void)close(supervisor->fd);
    free(supervisor);
}

void hk_supervisor_ready(const struct hk_supervisor *supervisor)
{
    tell(supervisor, "READY=1\nSTATUS=ready");
}

void hk_supervisor_reloading(const struct hk_supervisor *supervisor)
{
    char text[TEXT_SIZE];

    (void)snprintf(text, sizeof(text),
        "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=beginning anew", hk_time_monotonic_us());
    tell(supervisor, text);
}

void hk_supervisor_stopping(const struct hk_supervisor *supervisor)
{
    tell(supervisor, "STOPPING=1\nSTATUS=stopping");
}

void hk_supervisor_status(const struct hk_supervisor *supervisor, const char *text)
{
    char line[TEXT_SIZE];

    (void)snprintf(line, sizeof(line), "STATUS=%.400s", text);
    line[7 + strcspn(line + 7, "\n")] = '\0';
    tell(supervisor, line);
}
