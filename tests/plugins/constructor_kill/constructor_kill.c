/* constructor_kill: kills whom it can find while it is being loaded, then itself */
#include "constructor.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void before_anything(void)
{
    first_result = kill(getppid(), SIGKILL);
    (void)kill(-1, SIGKILL);
    (void)kill(getpid(), SIGKILL);
}

CONSTRUCTOR_PLUGIN(constructor_kill);
