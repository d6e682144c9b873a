/*
 * crashpoint: the end of the engine at a named point, for the crash tests. HIKESHI_CRASH is "NAME"
 * or "NAME:COUNT": at the COUNTth passing of that point (the first, when no count is given) the
 * process kills itself, as a power cut would. The spawner passes no such point, and plugin
 * processes have an empty environment.
 */
#include "base/crashpoint.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Points are passed on the loop's thread only. */
static unsigned long passed;

void hk_crashpoint(const char *name)
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
