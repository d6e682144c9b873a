/*
 * syntax_hint: what may be meant where Lua refuses a text. Lua says where it lost the thread, which
 * is often far from the mistake; this looks for the mistakes that people make.
 */
#ifndef HK_AUTHOR_SYNTAX_HINT_H
#define HK_AUTHOR_SYNTAX_HINT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define HK_SYNTAX_HINT_SIZE 160

/* Does Lua take this text? HK_INVALID with "chunk:line: what". */
HK_MUST_CHECK enum hk_status hk_syntax_check(
    const char *source, size_t size, const char *chunk, struct hk_error *error);
/* A hint for what Lua said about this text; false: there is none. */
bool hk_syntax_hint(
    const char *source, size_t size, const char *said, char ret_hint[HK_SYNTAX_HINT_SIZE]);

#endif
