/*
 * convert: values between JSON and Lua, without losing or guessing anything.
 *
 *   JSON                          Lua
 *   object                        table with string keys; members that are null are left out
 *   array                         table 1 … n; null inside is the sentinel `null`
 *   integer that fits in 64 bits  integer, exact
 *   larger integer                string of its digits (a double would round it)
 *   other number                  float; one too large for a double: string of its digits
 *   null at the top               nil
 *
 *   Lua                           JSON
 *   table with keys 1 … n         array
 *   other table                   object, keys sorted by bytes; {} is an empty object
 *   float without a fraction      integer, up to 2^53
 *   other float                   shortest text that reads back as the same float
 *   null                          null
 * Everything else (functions, not-a-number, infinity, cycles, gaps in a list, mixed keys, tables
 * with a metatable, strings that are no UTF-8 text) is an error that names the path.
 */
#ifndef HK_SCRIPT_CONVERT_H
#define HK_SCRIPT_CONVERT_H

#include "script/state.h"

#define HK_CONVERT_DEPTH_MAX 64

/* Push the value of a JSON text, null as the sentinel; false, and nothing is pushed, when it is
 * none or too large. */
bool hk_convert_try(lua_State *L, const char *json, size_t size, struct hk_error *error);
/* The same, null as nil, or raise. what names it in errors. */
void hk_convert_push(lua_State *L, const char *json, size_t size, const char *what);

/* Which marks may stand in a value. */
enum hk_convert_marks {
    HK_CONVERT_PLAIN,    /* none */
    HK_CONVERT_SETTINGS, /* at_least "high": {"at_least":"high"} */
    /* secret "name": {"$secret":"name"}. Nothing else may look so: what came from outside would be
     * filled with a secret. */
    HK_CONVERT_ACTION,
};

/* Write the value at index as canonical JSON into the state's `out` buffer, at most size_max bytes,
 * or raise; so do marks that may not stand there. */
const struct hk_buf *hk_convert_json(
    lua_State *L, int index, size_t size_max, const char *what, enum hk_convert_marks marks);

#endif
