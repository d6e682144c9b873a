/*
 * lib: the standard library that playbooks see, written for bounded work and equal results on every
 * machine. What is left out and what differs from stock Lua is listed in sdk/docs/playbook.md.
 */
#ifndef HK_SCRIPT_LIB_H
#define HK_SCRIPT_LIB_H

#include "script/state.h"

/* Push a table with the library's functions. */
void hk_lib_base_open(lua_State *L);
void hk_lib_string_open(lua_State *L);
void hk_lib_table_open(lua_State *L);
void hk_lib_math_open(lua_State *L);
void hk_lib_utf8_open(lua_State *L);

/* Put the functions for metatables and for catching errors, and those that walk through a table,
 * into the table on top. */
void hk_lib_guard_add(lua_State *L);
void hk_lib_order_add(lua_State *L);

/* string.format */
int hk_lib_format(lua_State *L);
/* Push the value as text, as tostring does: no addresses. */
const char *hk_lib_text(lua_State *L, int index, size_t *ret_size);

/* Make the global table: what was added to the table on top, the libraries, and behind them an
 * error for every other name. Pops the table. */
void hk_lib_seal_globals(lua_State *L);
/* Replace the table on top by one that can be read and not changed. name is for errors. */
void hk_lib_seal(lua_State *L, const char *name);
/* Push a read-only table without fields, in which find(table, key) looks up what is read. find's
 * upvalues: name, and a table in which it may keep what it made. */
void hk_lib_push_lazy(lua_State *L, const char *name, lua_CFunction find);
bool hk_lib_is_sealed(lua_State *L, int index);

/* The sentinel for JSON's null, inside arrays. */
void hk_lib_push_null(lua_State *L);
bool hk_lib_is_null(lua_State *L, int index);

/* Marks that only C can make: `signal "name"`, `secret "name"`. A mark's name has at most 63 bytes.
 */
enum hk_mark { HK_MARK_SIGNAL, HK_MARK_SECRET };
void hk_lib_push_mark(lua_State *L, enum hk_mark mark, const char *name);
/* Its name, or NULL when the value is no such mark. */
const char *hk_lib_mark_of(lua_State *L, int index, enum hk_mark mark);

/* at_least "high": a mark for triggers. */
int hk_lib_at_least(lua_State *L);
/* The severity's name, or NULL when the value is no such mark. */
const char *hk_lib_at_least_of(lua_State *L, int index);
/* Is this one of the exact words for a severity? */
bool hk_lib_is_severity(const char *text);

#endif
