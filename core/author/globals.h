/*
 * globals: which names the playbook sandbox has. Read off a sandbox that is opened for it, so that
 * nothing can be forgotten here.
 */
#ifndef HK_AUTHOR_GLOBALS_H
#define HK_AUTHOR_GLOBALS_H

#include "base/buf.h"

/* Append {"assert": true, "act": true, "string": {"byte": true, …}, …}: each global; true when
 * nothing more is known about what is in it. */
HK_MUST_CHECK enum hk_status hk_globals_write(struct hk_buf *out, struct hk_error *error);

#endif
