/*
 * frames: see frames.h.
 */
#include "author/frames.h"
#include "base/text.h"
#include "script/lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 4,       /* the innermost ones: what people look at */
    NAMES_MAX = 40,       /* of one function */
    KEYS_MAX = 32,        /* of one table */
    ITEMS_MAX = 16,       /* of one list */
    LOOKED_MAX = 4096,    /* keys of one table, for those that are shown */
    DEPTH_MAX = 3,        /* tables in tables */
    TEXT_SIZE_MAX = 160,  /* of one string */
    VALUE_SIZE_MAX = 400, /* of one value: some lines on a terminal */
    STACK_NEEDED = 4 * 8, /* what DEPTH_MAX tables take */
};

/* --- values --- */

static void write_text(struct hk_buf *out, const char *text, size_t size)
{
    size_t shown = size > TEXT_SIZE_MAX ? TEXT_SIZE_MAX : size;

    hk_buf_append_char(out, '"');
    for (size_t i = 0; i < shown;) {
        size_t good = hk_utf8_valid_prefix(text + i, size - i);
        unsigned char c = (unsigned char)text[i];
        if (c == '\n' || c == '"' || c == '\\') {
            hk_buf_appendf(out, "\\%c", c == '\n' ? 'n' : c);
            i++;
        } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && good == 0)) {
            hk_buf_appendf(out, "\\x%02x", c);
            i++;
        } else if (c < 0x80) {
            hk_buf_append_char(out, (char)c);
            i++;
        } else {
            size_t length = hk_utf8_prefix(text + i, good, 4);
            /* One character: the shortest prefix that is valid. */
            for (size_t k = 1; k < length; k++) {
                if (((unsigned char)text[i + k] & 0xc0) != 0x80) {
                    length = k;
                    break;
                }
            }
            hk_buf_append(out, text + i, length);
            i += length;
        }
    }
    hk_buf_append_text(out, size > shown ? "…\"" : "\"");
}

static void write_value(lua_State *co, int index, unsigned depth, struct hk_buf *out);

struct key {
    const char *text; /* it stands in the table, and so stays */
    size_t size;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    size_t size = x->size < y->size ? x->size : y->size;
    int order = memcmp(x->text, y->text, size);

    return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

static void write_key(const struct key *key, struct hk_buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

    if (key->size > 0 && key->size <= TEXT_SIZE_MAX && strspn(key->text, letters) == key->size &&
        (key->text[0] < '0' || key->text[0] > '9')) {
        hk_buf_append(out, key->text, key->size);
        return;
    }
    hk_buf_append_char(out, '[');
    write_text(out, key->text, key->size);
    hk_buf_append_char(out, ']');
}

/* The names of a table in order; *ret_more: there is something that isn't among them. */
static size_t list_keys(
    lua_State *co, int table, lua_Integer items, struct key keys[KEYS_MAX], bool *ret_more)
{
    size_t count = 0;
    unsigned looked = 0;

    lua_pushnil(co);
    while (lua_next(co, table) != 0) {
        lua_pop(co, 1);
        if (++looked > LOOKED_MAX) {
            lua_pop(co, 1);
            *ret_more = true;
            break;
        }
        if (lua_type(co, -1) == LUA_TSTRING && count < KEYS_MAX) {
            keys[count].text = lua_tolstring(co, -1, &keys[count].size);
            count++;
        } else if (lua_isinteger(co, -1) == 0 || lua_tointeger(co, -1) < 1 ||
                   lua_tointeger(co, -1) > items) {
            *ret_more = true;
        }
    }
    if (count > 1)
        qsort(keys, count, sizeof(keys[0]), compare_keys);
    return count;
}

static void write_table( // NOLINT(misc-no-recursion): as deep as DEPTH_MAX
    lua_State *co, int table, unsigned depth, struct hk_buf *out)
{
    struct key keys[KEYS_MAX];
    lua_Integer items = (lua_Integer)lua_rawlen(co, table);
    bool more = items > ITEMS_MAX;
    size_t count;
    const char *between = " ";

    if (items > ITEMS_MAX)
        items = ITEMS_MAX;
    count = list_keys(co, table, (lua_Integer)lua_rawlen(co, table), keys, &more);
    if (items == 0 && count == 0) {
        hk_buf_append_text(out, more ? "{ … }" : "{}");
        return;
    }
    hk_buf_append_char(out, '{');
    for (lua_Integer i = 1; i <= items && out->size < VALUE_SIZE_MAX; i++) {
        hk_buf_append_text(out, between);
        between = ", ";
        (void)lua_rawgeti(co, table, i);
        write_value(co, lua_gettop(co), depth + 1, out);
        lua_pop(co, 1);
    }
    for (size_t i = 0; i < count && out->size < VALUE_SIZE_MAX; i++) {
        hk_buf_append_text(out, between);
        between = ", ";
        write_key(&keys[i], out);
        hk_buf_append_text(out, " = ");
        (void)lua_pushlstring(co, keys[i].text, keys[i].size);
        (void)lua_rawget(co, table);
        write_value(co, lua_gettop(co), depth + 1, out);
        lua_pop(co, 1);
    }
    hk_buf_append_text(out, more ? ", … }" : " }");
}

static void write_value( // NOLINT(misc-no-recursion): as deep as DEPTH_MAX
    lua_State *co, int index, unsigned depth, struct hk_buf *out)
{
    const char *text;
    size_t size;

    switch (lua_type(co, index)) {
    case LUA_TNIL:
        hk_buf_append_text(out, "nil");
        break;
    case LUA_TBOOLEAN:
        hk_buf_append_text(out, lua_toboolean(co, index) != 0 ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(co, index) != 0)
            hk_buf_appendf(out, "%lld", (long long)lua_tointeger(co, index));
        else
            hk_buf_appendf(out, "%.14g", (double)lua_tonumber(co, index));
        break;
    case LUA_TSTRING:
        text = lua_tolstring(co, index, &size);
        write_text(out, text, size);
        break;
    case LUA_TTABLE:
        if (depth >= DEPTH_MAX)
            hk_buf_append_text(out, "{ … }");
        else
            write_table(co, index, depth, out);
        break;
    case LUA_TFUNCTION:
        hk_buf_append_text(out, "function");
        break;
    default:
        hk_buf_append_text(out, hk_lib_is_null(co, index) ? "null" : "mark");
        break;
    }
}

/* --- names --- */

/* The value on top of the stack, under this name. */
static void write_name(lua_State *co, const char *name, bool is_outer, struct hk_jw *out)
{
    struct hk_buf value;

    hk_buf_init(&value, (size_t)VALUE_SIZE_MAX * 8);
    write_value(co, lua_gettop(co), 0, &value);
    if (value.size > VALUE_SIZE_MAX) {
        size_t size = hk_utf8_prefix(value.data, value.size, VALUE_SIZE_MAX);
        value.size = size;
        value.data[size] = '\0';
        hk_buf_append_text(&value, "…");
    }
    hk_jw_object(out);
    hk_jw_kv(out, "name", name);
    hk_jw_kv(out, "value", value.failed || value.data == NULL ? "…" : value.data);
    hk_jw_kv_bool(out, "outer", is_outer);
    hk_jw_object_end(out);
    hk_buf_done(&value);
}

static void write_locals(lua_State *co, lua_Debug *ar, struct hk_jw *out)
{
    unsigned count = 0;
    const char *name;

    for (int i = 1; count < NAMES_MAX && (name = lua_getlocal(co, ar, i)) != NULL; i++) {
        if (*name != '(') {
            write_name(co, name, false, out);
            count++;
        }
        lua_pop(co, 1);
    }
    if (lua_getinfo(co, "f", ar) == 0)
        return;
    for (int i = 1; count < NAMES_MAX && (name = lua_getupvalue(co, -1, i)) != NULL; i++) {
        if (*name != '\0' && strcmp(name, "_ENV") != 0) {
            write_name(co, name, true, out);
            count++;
        }
        lua_pop(co, 1);
    }
    lua_pop(co, 1);
}

void hk_frames_write(lua_State *co, struct hk_jw *out)
{
    lua_Debug ar;
    unsigned frames = 0;

    hk_jw_array(out);
    for (int level = 0; frames < FRAMES_MAX && lua_getstack(co, level, &ar) != 0 &&
                        lua_checkstack(co, STACK_NEEDED) != 0;
         level++) {
        if (lua_getinfo(co, "Sln", &ar) == 0 || ar.currentline < 0)
            continue;
        hk_jw_object(out);
        hk_jw_kv_i64(out, "line", ar.currentline);
        hk_jw_kv(out, "function", ar.name);
        hk_jw_key(out, "locals");
        hk_jw_array(out);
        write_locals(co, &ar, out);
        hk_jw_array_end(out);
        hk_jw_object_end(out);
        frames++;
    }
    hk_jw_array_end(out);
}
