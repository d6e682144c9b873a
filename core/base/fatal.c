/*
 * fatal: see fatal.h.
 */
#include "base/fatal.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EXIT_SOFTWARE = 70 }; /* sysexits: EX_SOFTWARE */

void hk_fatal(const char *what)
{
    static const char before[] = "fatal: ";
    static const char after[] = "\n";
    const struct iovec pieces[] = {
        {(void *)before, sizeof(before) - 1},
        {(void *)what, strlen(what)},
        {(void *)after, sizeof(after) - 1},
    };

    (void)!writev(STDERR_FILENO, pieces, sizeof(pieces) / sizeof(pieces[0]));
    _exit(EXIT_SOFTWARE);
}
