/*
 * program: where this program lies, and what lies beside it: in a build folder, or where it was
 * installed.
 */
#ifndef HK_APP_PROGRAM_H
#define HK_APP_PROGRAM_H

#include "base/status.h"

#include <stdbool.h>

/* The file of this program, to be asked early: later another version may be in its place, which is
 * then what begins when it is executed again. */
HK_MUST_CHECK enum hk_status hk_program_path(
    char *ret_path, size_t capacity, struct hk_error *error);
/* The first of these places (relative to the program's folder, NULL-ended) that can be read, as a
 * path. False when there is none. */
bool hk_program_beside(const char *const *places, char *ret_path, size_t capacity);
/* A plugin by its name, with or without ".so". */
bool hk_program_plugin(const char *name, char *ret_path, size_t capacity);

#endif
