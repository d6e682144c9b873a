/*
 * crashpoint: nothing happens in the product; see crashpoint.h.
 */
#include "base/crashpoint.h"

void hk_crashpoint(const char *name)
{
    (void)name;
}
