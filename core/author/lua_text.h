/*
 * lua_text: data as Lua text that reads back as the same data.
 */
#ifndef HK_AUTHOR_LUA_TEXT_H
#define HK_AUTHOR_LUA_TEXT_H

#include "base/json.h"

/* Append a string with its quotes, control bytes escaped. */
void hk_lua_text_string(struct hk_buf *out, const char *text, size_t size);
/* Append a value as a playbook sees it (script/convert.h): null as `null` in a list, left out in a
 * table; an integer of more than 64 bits as a text. NULL is nil. What is longer than a line is put
 * on lines of its own, indent blanks in. */
void hk_lua_text_value(struct hk_buf *out, const struct hk_json *value, unsigned indent);

#endif
