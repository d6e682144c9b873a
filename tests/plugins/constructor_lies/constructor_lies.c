/* constructor_lies: speaks to the engine before the host does */
#include "constructor.h"

#include <unistd.h>

__attribute__((constructor)) static void before_anything(void)
{
    first_result = (int)write(3, "\x0d\0\0\0{\"t\":\"ready\"}", 17);
}

CONSTRUCTOR_PLUGIN(constructor_lies);
