/*
 * fields: read what a playbook gives in a table with names, such as {times = 5, first = "1s"}.
 * `name` is the term that was given the table, `index` where the table is on the stack. All of them
 * raise, with the line, what is wrong with which field.
 */
#ifndef HK_SCRIPT_FIELDS_H
#define HK_SCRIPT_FIELDS_H

#include "script/state.h"

/* Raise unless the value is a table, all of whose keys are in the NULL-ended list. */
void hk_fields_check(lua_State *L, int index, const char *name, const char *const *known);
/* A duration of at least a millisecond, in ms; fallback when there is none. */
int64_t hk_fields_duration(
    lua_State *L, int index, const char *name, const char *field, int64_t fallback);
/* An integer in [min, max]; fallback when there is none. */
lua_Integer hk_fields_integer(lua_State *L, int index, const char *name, const char *field,
    lua_Integer min, lua_Integer max, lua_Integer fallback);
/* A number in [min, max]; fallback when there is none. */
double hk_fields_number(lua_State *L, int index, const char *name, const char *field, double min,
    double max, double fallback);
/* Raise unless the field is absent (or may not be) or a text of 1 to size_max bytes. */
void hk_fields_text(lua_State *L, int index, const char *name, const char *field, bool is_required,
    size_t size_max);

#endif
