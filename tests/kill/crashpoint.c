/*
 * crashpoint: what befalls the engine at a named point, for the tests. The spawner passes no such
 * point, and plugin processes have an empty environment.
 *
 * HIKESHI_CRASH is "NAME" or "NAME:COUNT": at the COUNTth passing of that point (the first, when no
 * count is given) the process kills itself, as a power cut would.
 *
 * HIKESHI_STALL is "NAME:MS": each passing of that point takes so long, as on a slow disk.
 *
 * HIKESHI_CLOCK is how many seconds the engine's wall clock is ahead (behind, when negative).
 */
#include "base/crashpoint.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The point that is counted is passed on one thread only. */
static unsigned long passed;

static void stall(const char *name)
{
    const char *wanted = getenv("HIKESHI_STALL");
    size_t size = strlen(name);
    struct timespec left;
    long ms;

    if (wanted == NULL || strncmp(wanted, name, size) != 0 || wanted[size] != ':')
        return;
    ms = strtol(wanted + size + 1, NULL, 10);
    left = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

static void crash(const char *name)
{
    const char *wanted = getenv("HIKESHI_CRASH");
    size_t size = strlen(name);
    unsigned long count = 1;

    if (wanted == NULL || strncmp(wanted, name, size) != 0)
        return;
    if (wanted[size] == ':')
        count = strtoul(wanted + size + 1, NULL, 10);
    else if (wanted[size] != '\0')
        return;
    if (++passed != count)
        return;
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

/* In place of libc's, for the engine's own code. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *);
    const char *ahead = getenv("HIKESHI_CLOCK");
    void *found = dlsym(RTLD_NEXT, "clock_gettime");

    memcpy(&real, &found, sizeof(real));
    if (real(clock, now) != 0)
        return -1;
    if (clock == CLOCK_REALTIME && ahead != NULL)
        now->tv_sec += strtol(ahead, NULL, 10);
    return 0;
}

void hk_crashpoint(const char *name)
{
    stall(name);
    crash(name);
}
