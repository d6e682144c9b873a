/*
 * frames: what a playbook's functions see at the point where they are: names and values, for people
 * who look on. Nothing of the script is run and nothing in it is changed; values are cut.
 */
#ifndef HK_AUTHOR_FRAMES_H
#define HK_AUTHOR_FRAMES_H

#include "base/json.h"
#include "script/state.h"

/* Append [{"line","function","locals":[{"name","value","outer"}]}], the innermost function first.
 * value is text as a person would write it; outer: a name of a function around this one. Bytes that
 * are no text are written as \xNN, control bytes as Lua escapes them. co belongs to a play, and is
 * inside of a call. */
void hk_frames_write(lua_State *co, struct hk_jw *out);

#endif
