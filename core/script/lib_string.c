#include "script/lib.h"
#include "script/pattern.h"
#include "script/strbuf.h"

#include <limits.h>
#include <string.h>

/* A position as Lua counts: from 1, or from the end when negative; as an offset, clipped at 0. */
static size_t offset_of(lua_Integer position, size_t size)
{
    if (position > 0)
        return (size_t)position - 1;
    if (position == 0 || position < -(lua_Integer)size)
        return 0;
    return (size_t)((lua_Integer)size + position);
}

/* The end of a range as Lua counts; clipped to the size. */
static size_t end_of(lua_Integer position, size_t size)
{
    if (position > (lua_Integer)size)
        return size;
    if (position >= 0)
        return (size_t)position;
    if (position < -(lua_Integer)size)
        return 0;
    return (size_t)((lua_Integer)size + position + 1);
}

static int string_len(lua_State *L)
{
    size_t size;

    (void)luaL_checklstring(L, 1, &size);
    lua_pushinteger(L, (lua_Integer)size);
    return 1;
}

static int string_sub(lua_State *L)
{
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    size_t from = offset_of(luaL_checkinteger(L, 2), size);
    size_t to = end_of(luaL_optinteger(L, 3, -1), size);

    hk_state_charge_bytes(L, from < to ? to - from : 0);
    if (from < to)
        (void)lua_pushlstring(L, text + from, to - from);
    else
        lua_pushliteral(L, "");
    return 1;
}

static int string_byte(lua_State *L)
{
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    size_t from = offset_of(first, size);
    size_t to = end_of(luaL_optinteger(L, 3, first), size);

    if (from >= to)
        return 0;
    hk_state_charge(L, to - from);
    if (to - from >= INT_MAX)
        hk_state_raise(L, "string slice too long");
    luaL_checkstack(L, (int)(to - from), "string slice too long");
    for (size_t i = from; i < to; i++)
        lua_pushinteger(L, (unsigned char)text[i]);
    return (int)(to - from);
}

static int string_char(lua_State *L)
{
    int count = lua_gettop(L);
    struct hk_strbuf sb;

    hk_state_charge(L, (uint64_t)count);
    luaL_checkstack(L, 3, NULL);
    hk_strbuf_init(L, &sb, (size_t)count);
    for (int i = 1; i <= count; i++) {
        lua_Integer c = luaL_checkinteger(L, i);
        luaL_argcheck(L, c >= 0 && c <= UCHAR_MAX, i, "value out of range");
        hk_strbuf_add_char(&sb, (char)(unsigned char)c);
    }
    hk_strbuf_push(&sb);
    return 1;
}

enum change { CHANGE_LOWER, CHANGE_UPPER, CHANGE_REVERSE };

static int change(lua_State *L, enum change how)
{
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    struct hk_strbuf sb;
    char *out;

    hk_state_charge_bytes(L, size * 4);
    lua_settop(L, 1);
    hk_strbuf_init(L, &sb, size);
    out = hk_strbuf_room(&sb, size);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (how == CHANGE_REVERSE)
            c = text[size - 1 - i];
        else if (how == CHANGE_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        else if (how == CHANGE_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        out[i] = c;
    }
    sb.size = size;
    hk_strbuf_push(&sb);
    return 1;
}

static int string_lower(lua_State *L)
{
    return change(L, CHANGE_LOWER);
}

static int string_upper(lua_State *L)
{
    return change(L, CHANGE_UPPER);
}

static int string_reverse(lua_State *L)
{
    return change(L, CHANGE_REVERSE);
}

static int string_rep(lua_State *L)
{
    size_t size;
    size_t between_size;
    const char *text = luaL_checklstring(L, 1, &size);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &between_size);
    size_t total;
    struct hk_strbuf sb;

    if (count <= 0 || size + between_size == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((size_t)count > HK_LUA_MEMORY_MAX / (size + between_size))
        hk_state_stop_memory(L);
    total = (size_t)count * (size + between_size);
    hk_state_charge_bytes(L, total);
    lua_settop(L, 3);
    hk_strbuf_init(L, &sb, total);
    hk_strbuf_add(&sb, text, size);
    hk_strbuf_add(&sb, between, between_size);
    while (sb.size < total)
        hk_strbuf_add(&sb, sb.data, sb.size < total - sb.size ? sb.size : total - sb.size);
    sb.size = total - between_size;
    hk_strbuf_push(&sb);
    return 1;
}

/* --- patterns --- */

static void push_capture(lua_State *L, const struct hk_match *match, int index, const char *subject)
{
    const struct hk_capture *capture = &match->captures[index];

    if (index >= match->count) {
        if (index != 0)
            hk_state_raise(L, "invalid capture index %%%d", index + 1);
        (void)lua_pushlstring(L, subject + match->from, match->to - match->from);
    } else if (capture->is_position) {
        lua_pushinteger(L, (lua_Integer)capture->from + 1);
    } else {
        (void)lua_pushlstring(L, subject + capture->from, capture->size);
    }
}

/* Push all captures; the whole match when there are none and it is wanted. */
static int push_captures(
    lua_State *L, const struct hk_match *match, const char *subject, bool whole)
{
    int count = match->count == 0 && whole ? 1 : match->count;

    luaL_checkstack(L, count, "too many captures");
    for (int i = 0; i < count; i++)
        push_capture(L, match, i, subject);
    return count;
}

static int find_plain(lua_State *L, const char *subject, size_t size, size_t from)
{
    size_t wanted_size;
    const char *wanted = lua_tolstring(L, 2, &wanted_size);
    const char *found = subject + from;

    hk_state_charge_bytes(L, (size - from) * 4 + wanted_size);
    if (wanted_size > 0)
        found = memmem(subject + from, size - from, wanted, wanted_size);
    if (found == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - subject + 1);
    lua_pushinteger(L, found - subject + (lua_Integer)wanted_size);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t size;
    size_t pattern_size;
    const char *subject = luaL_checklstring(L, 1, &size);
    const char *pattern = luaL_checklstring(L, 2, &pattern_size);
    size_t at = offset_of(luaL_optinteger(L, 3, 1), size);
    const struct hk_pattern *compiled;
    struct hk_match match;

    if (at > size) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) != 0 || hk_pattern_is_plain(pattern, pattern_size)))
        return find_plain(L, subject, size, at);
    compiled = hk_pattern_compile(L, pattern, pattern_size, true);
    for (; at <= size; at++) {
        if (hk_pattern_match_at(L, compiled, subject, size, at, &match)) {
            if (!find)
                return push_captures(L, &match, subject, true);
            lua_pushinteger(L, (lua_Integer)match.from + 1);
            lua_pushinteger(L, (lua_Integer)match.to);
            return 2 + push_captures(L, &match, subject, false);
        }
        if (hk_pattern_is_anchored(compiled))
            break;
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: subject, pattern text, compiled pattern, where to go on, end of the last match. */
static int gmatch_next(lua_State *L)
{
    size_t size;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &size);
    const struct hk_pattern *compiled = lua_touserdata(L, lua_upvalueindex(3));
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(4));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(5));
    struct hk_match match;

    for (; at <= size; at++) {
        if (hk_pattern_match_at(L, compiled, subject, size, at, &match) &&
            (lua_Integer)match.to != last) {
            lua_pushinteger(L, (lua_Integer)match.to);
            lua_copy(L, -1, lua_upvalueindex(4));
            lua_replace(L, lua_upvalueindex(5));
            return push_captures(L, &match, subject, true);
        }
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    size_t size;
    size_t pattern_size;
    const char *pattern;
    size_t at;

    (void)luaL_checklstring(L, 1, &size);
    pattern = luaL_checklstring(L, 2, &pattern_size);
    at = offset_of(luaL_optinteger(L, 3, 1), size);
    lua_settop(L, 2);
    (void)hk_pattern_compile(L, pattern, pattern_size, false);
    lua_pushinteger(L, (lua_Integer)(at > size ? size + 1 : at));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 5);
    return 1;
}

/* Append the replacement text with its %0 … %9. */
static void add_template(
    lua_State *L, struct hk_strbuf *sb, const struct hk_match *match, const char *subject)
{
    size_t size;
    const char *text = lua_tolstring(L, 3, &size);
    size_t part;
    const char *value;

    for (size_t i = 0; i < size; i++) {
        hk_state_charge(L, 1);
        if (text[i] != '%') {
            hk_strbuf_add_char(sb, text[i]);
            continue;
        }
        i++;
        if (i < size && text[i] == '%') {
            hk_strbuf_add_char(sb, '%');
        } else if (i < size && text[i] == '0') {
            hk_strbuf_add(sb, subject + match->from, match->to - match->from);
        } else if (i < size && text[i] >= '1' && text[i] <= '9') {
            push_capture(L, match, text[i] - '1', subject);
            value = hk_lib_text(L, -1, &part);
            hk_strbuf_add(sb, value, part);
            lua_pop(L, 2);
        } else {
            hk_state_raise(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Append what the match is replaced by. */
static void add_replacement(
    lua_State *L, struct hk_strbuf *sb, const struct hk_match *match, const char *subject)
{
    size_t size;
    const char *text;

    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, match, subject, true), 1);
        break;
    case LUA_TTABLE:
        push_capture(L, match, 0, subject);
        (void)lua_gettable(L, 3);
        break;
    default:
        add_template(L, sb, match, subject);
        return;
    }
    if (lua_toboolean(L, -1) == 0) {
        hk_strbuf_add(sb, subject + match->from, match->to - match->from);
    } else if (lua_isstring(L, -1) == 0) {
        hk_state_raise(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    } else {
        text = hk_lib_text(L, -1, &size);
        hk_strbuf_add(sb, text, size);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int string_gsub(lua_State *L)
{
    size_t size;
    size_t pattern_size;
    const char *subject = luaL_checklstring(L, 1, &size);
    const char *pattern = luaL_checklstring(L, 2, &pattern_size);
    lua_Integer count_max = luaL_optinteger(L, 4, (lua_Integer)size + 1);
    int type = lua_type(L, 3);
    lua_Integer count = 0;
    size_t at = 0;
    size_t last = SIZE_MAX; /* end of the last match */
    const struct hk_pattern *compiled;
    struct hk_strbuf sb;
    struct hk_match match;

    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TTABLE && type != LUA_TFUNCTION)
        (void)luaL_argerror(L, 3, "string, function or table expected");
    lua_settop(L, 3);
    if (type == LUA_TNUMBER)
        (void)lua_tostring(L, 3);
    compiled = hk_pattern_compile(L, pattern, pattern_size, true);
    hk_strbuf_init(L, &sb, size);
    while (count < count_max) {
        if (hk_pattern_match_at(L, compiled, subject, size, at, &match) && match.to != last) {
            count++;
            add_replacement(L, &sb, &match, subject);
            at = last = match.to;
        } else if (at < size) {
            hk_strbuf_add_char(&sb, subject[at++]);
        } else {
            break;
        }
        if (hk_pattern_is_anchored(compiled))
            break;
    }
    if (at < size)
        hk_strbuf_add(&sb, subject + at, size - at);
    hk_strbuf_push(&sb);
    lua_pushinteger(L, count);
    return 2;
}

void hk_lib_string_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"byte", string_byte},
        {"char", string_char},
        {"find", string_find},
        {"format", hk_lib_format},
        {"gmatch", string_gmatch},
        {"gsub", string_gsub},
        {"len", string_len},
        {"lower", string_lower},
        {"match", string_match},
        {"rep", string_rep},
        {"reverse", string_reverse},
        {"sub", string_sub},
        {"upper", string_upper},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
