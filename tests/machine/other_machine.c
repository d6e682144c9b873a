/*
 * What another kind of machine does: exp is off by its last digit, in which mathematical libraries
 * may differ. Loaded before libm, so that the same engine on the same record computes something
 * else.
 */
#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

double exp(double x)
{
    void *found = dlsym(RTLD_NEXT, "exp");
    double (*known)(double) = NULL;

    memcpy(&known, &found, sizeof known); /* ISO C has no cast for this */
    return known == NULL ? 0 : nextafter(known(x), INFINITY);
}
