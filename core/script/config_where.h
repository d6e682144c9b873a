/*
 * config_where: on which line of a configuration file something stands. Errors know the path of
 * what is wrong ("tenants.main.authority[2].outcome"), people look for a line.
 *
 * The text is walked as it is written, not run: what a variable or a function puts into the table
 * is found at the key that it is given to.
 */
#ifndef HK_SCRIPT_CONFIG_WHERE_H
#define HK_SCRIPT_CONFIG_WHERE_H

#include <stddef.h>

/* The line (from 1) of the deepest part of the path that stands in the table after the word
 * hikeshi; what follows the path in an error's text does no harm, and ": " may stand for a dot (an
 * error that was given a prefix). Lists count from 0. 0 when not even its first part is there. */
unsigned hk_config_line(const char *source, size_t size, const char *path);

#endif
