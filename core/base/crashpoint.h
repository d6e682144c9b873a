/*
 * crashpoint: named places at which the crash tests end the process. In the product the function
 * does nothing; the test executable links another one in its place.
 */
#ifndef HK_BASE_CRASHPOINT_H
#define HK_BASE_CRASHPOINT_H

void hk_crashpoint(const char *name);

#endif
