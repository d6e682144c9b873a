/*
 * pattern: Lua's patterns (reference manual 6.4.1) with a bound on the work.
 *
 * A pattern is compiled to a row of nodes, one for each item. Matching walks along the row; a node
 * with a quantifier that could also take fewer or more characters is left on a stack of choices,
 * which is at most as deep as the row is long, since patterns have no groups that repeat. So it
 * takes no C stack, and each character that is looked at is charged to the run.
 *
 * The difference to stock Lua: a malformed pattern is an error also when the match would have
 * failed before the malformed part was reached.
 */
#ifndef HK_SCRIPT_PATTERN_H
#define HK_SCRIPT_PATTERN_H

#include "script/state.h"

#define HK_PATTERN_CAPTURES_MAX 32

struct hk_pattern;

struct hk_capture {
    size_t from;
    size_t size;
    bool is_position;
};

struct hk_match {
    size_t from;
    size_t to;
    int count; /* captures of the pattern; 0: the whole match counts as one */
    struct hk_capture captures[HK_PATTERN_CAPTURES_MAX];
};

/* Compile; pushes one userdata that owns the result and must outlive it. anchors: is a leading '^'
 * an anchor (it isn't in gmatch)? Raises on malformed patterns. */
struct hk_pattern *hk_pattern_compile(lua_State *L, const char *pattern, size_t size, bool anchors);
bool hk_pattern_is_anchored(const struct hk_pattern *pattern);
/* Match at exactly this place. Raises when the run's budget is spent. */
bool hk_pattern_match_at(lua_State *L, const struct hk_pattern *pattern, const char *subject,
    size_t size, size_t at, struct hk_match *ret_match);
/* Is there nothing in it but plain characters? */
bool hk_pattern_is_plain(const char *pattern, size_t size);
/* Does the character belong to the class named by the letter ('a', 'D', …)? Other letters stand for
 * themselves. ASCII only, whatever the locale. */
bool hk_pattern_class_has(unsigned char letter, unsigned char c);

#endif
