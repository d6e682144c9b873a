/*
 * fresh: the text of a new playbook and of its tests, to begin with.
 */
#ifndef HK_AUTHOR_FRESH_H
#define HK_AUTHOR_FRESH_H

#include "base/buf.h"

/* May a playbook have this name: 1 to 63 of a-z 0-9 - _? */
bool hk_fresh_name_is_valid(const char *name);
/* Append the texts for a playbook of this name, which is valid. */
void hk_fresh_playbook(const char *name, struct hk_buf *out);
void hk_fresh_tests(const char *name, struct hk_buf *out);

#endif
