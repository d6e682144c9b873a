/* constructor_reads_key: finds the data folder by its lock and reads the key in it */
#include "constructor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void before_anything(void)
{
    char path[4096] = "";
    ssize_t size = readlink("/proc/self/fd/250", path, sizeof(path) - 16);
    char *slash = size > 0 ? strrchr(path, 0x2f) : NULL;

    if (slash == NULL) {
        first_result = errno;
        return;
    }
    memcpy(slash, "/key", 5);
    int fd = open(path, O_RDONLY);
    first_result = fd < 0 ? errno : 0;
}

CONSTRUCTOR_PLUGIN(constructor_reads_key);
