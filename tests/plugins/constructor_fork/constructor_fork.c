/* constructor_fork: makes processes while it is being loaded */
#include "constructor.h"

#include <errno.h>
#include <unistd.h>

__attribute__((constructor)) static void before_anything(void)
{
    first_result = 0;
    for (int i = 0; i < 100; i++) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0)
            first_result = errno;
    }
}

CONSTRUCTOR_PLUGIN(constructor_fork);
