/*
 * id: names of things. An id is opaque to the outside, at most 64 of [a-z0-9_-]: a two-letter
 * prefix, '-', ten characters of time (milliseconds, so that ids sort by birth and rows are added
 * at the end of an index) and sixteen of randomness, in lower-case Crockford base 32.
 */
#ifndef HK_BASE_ID_H
#define HK_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HK_ID_SIZE 65 /* largest id and its NUL */

/* prefixes: al alert, ru run, ga gate, co containment, us user, to token, sv service */
void hk_id_new(const char *prefix, int64_t time_us, char ret_id[HK_ID_SIZE]);
/* Is this text a possible id (length and alphabet)? */
bool hk_id_is_valid(const char *text);
/* A name given by people for a tenant, user, plugin, playbook: 1 to 63 of [a-z0-9_-], beginning
 * with a letter or digit. */
bool hk_name_is_valid(const char *text);

#endif
