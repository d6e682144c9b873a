/*
 * crashpoint: what befalls the engine at a named point, for the tests. The spawner passes no such
 * point, and plugin processes have an empty environment.
 *
 * HIKESHI_CRASH is "NAME" or "NAME:COUNT": at the COUNTth passing of that point (the first, when no
 * count is given) the process kills itself, as a power cut would.
 *
 * HIKESHI_STALL is "NAME:MS": each passing of that point takes so long, as on a slow disk.
 */
#include "base/crashpoint.h"

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

void hk_crashpoint(const char *name)
{
    stall(name);
    crash(name);
}
