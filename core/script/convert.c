#include "script/convert.h"

#include "base/text.h"
#include "script/lib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 200000
#define EXACT_FLOAT_MAX 9007199254740992.0 /* 2^53 */

/* --- JSON to Lua --- */

static void push_number(lua_State *L, const struct hk_json *value)
{
    int64_t integer;
    double number;

    if (hk_json_i64(value, &integer)) {
        lua_pushinteger(L, integer);
    } else if (strpbrk(value->text, ".eE") != NULL && hk_json_double(value, &number) &&
               isfinite(number)) {
        lua_pushnumber(L, number);
    } else {
        (void)lua_pushlstring(L, value->text, value->text_size);
    }
}

/* As deep as the document, which HK_CONVERT_DEPTH_MAX bounds. */
static void push_value(lua_State *L, const struct hk_json *value) // NOLINT(misc-no-recursion)
{
    lua_Integer at = 0;

    luaL_checkstack(L, 3, "value is nested too deeply");
    hk_state_charge(L, 2);
    switch (value->type) {
    case HK_JSON_NULL:
        hk_lib_push_null(L);
        return;
    case HK_JSON_FALSE:
    case HK_JSON_TRUE:
        lua_pushboolean(L, value->type == HK_JSON_TRUE);
        return;
    case HK_JSON_NUMBER:
        push_number(L, value);
        return;
    case HK_JSON_STRING:
        (void)lua_pushlstring(L, value->text, value->text_size);
        return;
    case HK_JSON_ARRAY:
        lua_createtable(L, (int)value->count, 0);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            push_value(L, child);
            lua_rawseti(L, -2, ++at);
        }
        return;
    case HK_JSON_OBJECT:
        lua_createtable(L, 0, (int)value->count);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            if (child->type == HK_JSON_NULL)
                continue;
            (void)lua_pushlstring(L, child->key, child->key_size);
            push_value(L, child);
            lua_rawset(L, -3);
        }
        return;
    }
}

bool hk_convert_try(lua_State *L, const char *json, size_t size, struct hk_error *error)
{
    static const struct hk_json_limits limits = {
        .size_max = HK_PAYLOAD_SIZE_MAX, .depth_max = HK_CONVERT_DEPTH_MAX, .nodes_max = NODES_MAX};
    struct hk_state *st = hk_state_of(L);

    hk_json_doc_done(&st->doc);
    hk_state_charge_bytes(L, size * 4);
    if (hk_json_parse(json, size, &limits, &st->doc, error) != HK_OK)
        return false;
    push_value(L, st->doc.root);
    hk_json_doc_done(&st->doc);
    return true;
}

void hk_convert_push(lua_State *L, const char *json, size_t size, const char *what)
{
    struct hk_error error;

    if (!hk_convert_try(L, json, size, &error))
        hk_state_raise(L, "%s: %s", what, error.text);
    if (hk_lib_is_null(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* --- Lua to JSON --- */

struct writer {
    lua_State *L;
    struct hk_state *st;
    struct hk_jw jw;
    enum hk_convert_marks marks;
    unsigned depth;
    const void *above[HK_CONVERT_DEPTH_MAX]; /* the tables that this value is in */
};

_Noreturn static void refuse(struct writer *w, const char *why)
{
    hk_state_raise(w->L, "%s %s", w->st->path, why);
}

/* Put one step onto the path; answer the size to go back to. */
static size_t enter(struct hk_state *st, const char *key, lua_Integer index)
{
    size_t before = st->path_size;
    size_t room = sizeof st->path - before;
    int size = key != NULL
                   ? snprintf(st->path + before, room, before == 0 ? "%.80s" : ".%.80s", key)
                   : snprintf(st->path + before, room, "[%lld]", (long long)index);

    st->path_size = (size_t)size < room ? before + (size_t)size : sizeof st->path - 1;
    return before;
}

static void leave(struct hk_state *st, size_t before)
{
    st->path_size = before;
    st->path[before] = '\0';
}

static void write_number(struct writer *w, int index)
{
    char text[40];
    double number = lua_tonumber(w->L, index);

    if (lua_isinteger(w->L, index) != 0) {
        hk_jw_i64(&w->jw, lua_tointeger(w->L, index));
        return;
    }
    if (!isfinite(number))
        refuse(w, "is not a finite number, which JSON can't hold");
    if (number == floor(number) && fabs(number) <= EXACT_FLOAT_MAX) {
        hk_jw_i64(&w->jw, (int64_t)number);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    hk_jw_raw(&w->jw, text, strlen(text));
}

static void check_text(struct writer *w, const char *text, size_t size)
{
    hk_state_charge_bytes(w->L, size * 4);
    if (memchr(text, '\0', size) != NULL || !hk_utf8_is_valid(text, size))
        refuse(w, "is not UTF-8 text");
}

static void write_value(struct writer *w, int index);

struct name {
    const char *text; /* anchored by the table */
    size_t size;
};

static int compare_names(const void *left, const void *right)
{
    const struct name *a = left;
    const struct name *b = right;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* What keys does the table have? Answer their number; *ret_is_list: are they 1 … n? */
static size_t look_at_keys(struct writer *w, int index, bool *ret_is_list)
{
    lua_State *L = w->L;
    size_t names = 0;
    size_t count = 0;
    lua_Integer largest = 0;

    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        count++;
        hk_state_charge(L, 2);
        if (lua_type(L, -1) == LUA_TSTRING) {
            names++;
        } else if (lua_isinteger(L, -1) == 0 || lua_tointeger(L, -1) < 1) {
            refuse(w, "has a key that is neither a name nor a place in a list");
        } else if (lua_tointeger(L, -1) > largest) {
            largest = lua_tointeger(L, -1);
        }
    }
    if (names > 0 && names < count)
        refuse(w, "mixes a list and names");
    if (names == 0 && largest != (lua_Integer)count)
        refuse(w, "is a list with gaps (use null for a place without a value)");
    *ret_is_list = names == 0 && count > 0;
    return count;
}

static void write_list(struct writer *w, int index, size_t count)
{
    hk_jw_array(&w->jw);
    for (size_t i = 1; i <= count; i++) {
        size_t before = enter(w->st, NULL, (lua_Integer)i);
        (void)lua_rawgeti(w->L, index, (lua_Integer)i);
        write_value(w, lua_gettop(w->L));
        lua_pop(w->L, 1);
        leave(w->st, before);
    }
    hk_jw_array_end(&w->jw);
}

static void write_object(struct writer *w, int index, size_t count)
{
    lua_State *L = w->L;
    struct name *names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    size_t i = 0;

    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        names[i].text = lua_tolstring(L, -1, &names[i].size);
        i++;
    }
    hk_state_charge(L, count * 16);
    qsort(names, count, sizeof *names, compare_names);
    hk_jw_object(&w->jw);
    for (i = 0; i < count; i++) {
        size_t before = enter(w->st, names[i].text, 0);
        check_text(w, names[i].text, names[i].size);
        if (w->marks == HK_CONVERT_ACTION && strcmp(names[i].text, "$secret") == 0)
            refuse(w, "is a name that no member of an argument may have");
        hk_jw_key(&w->jw, names[i].text);
        (void)lua_pushlstring(L, names[i].text, names[i].size);
        (void)lua_rawget(L, index);
        write_value(w, lua_gettop(L));
        lua_pop(L, 1);
        leave(w->st, before);
    }
    hk_jw_object_end(&w->jw);
    lua_pop(L, 1);
}

static void write_table(struct writer *w, int index) // NOLINT(misc-no-recursion)
{
    const void *self = lua_topointer(w->L, index);
    bool is_list;
    size_t count;

    if (lua_getmetatable(w->L, index) != 0)
        refuse(w, "has a metatable, so it is no plain data");
    for (unsigned i = 0; i < w->depth; i++) {
        if (w->above[i] == self)
            refuse(w, "contains itself");
    }
    if (w->depth == HK_CONVERT_DEPTH_MAX)
        refuse(w, "is nested too deeply");
    w->above[w->depth++] = self;
    luaL_checkstack(w->L, 6, "value is nested too deeply");
    count = look_at_keys(w, index, &is_list);
    if (is_list)
        write_list(w, index, count);
    else
        write_object(w, index, count);
    w->depth--;
}

static void write_pair(struct writer *w, const char *key, const char *text)
{
    hk_jw_object(&w->jw);
    hk_jw_kv(&w->jw, key, text);
    hk_jw_object_end(&w->jw);
}

static void write_mark(struct writer *w, int index)
{
    const char *severity = hk_lib_at_least_of(w->L, index);
    const char *secret = hk_lib_mark_of(w->L, index, HK_MARK_SECRET);

    if (severity != NULL && w->marks == HK_CONVERT_SETTINGS)
        write_pair(w, "at_least", severity);
    else if (severity != NULL)
        refuse(w, "is an at_least, which belongs into triggers and configuration");
    else if (secret != NULL && w->marks == HK_CONVERT_ACTION)
        write_pair(w, "$secret", secret);
    else if (secret != NULL)
        refuse(w, "is a secret, which may only stand in the arguments of an action");
    else
        hk_state_raise(
            w->L, "%s is a %s, which is no plain data", w->st->path, luaL_typename(w->L, index));
}

static void write_value(struct writer *w, int index) // NOLINT(misc-no-recursion)
{
    lua_State *L = w->L;
    size_t size;
    const char *text;

    hk_state_charge(L, 2);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        hk_jw_null(&w->jw);
        break;
    case LUA_TBOOLEAN:
        hk_jw_bool(&w->jw, lua_toboolean(L, index) != 0);
        break;
    case LUA_TNUMBER:
        write_number(w, index);
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &size);
        check_text(w, text, size);
        hk_jw_string_n(&w->jw, text, size);
        break;
    case LUA_TTABLE:
        write_table(w, index);
        break;
    default:
        if (hk_lib_is_null(L, index))
            hk_jw_null(&w->jw);
        else
            write_mark(w, index);
    }
    if (w->jw.out->failed)
        hk_state_raise(
            L, "%s is larger than %zu KiB as JSON", w->st->path, w->jw.out->size_max / 1024);
}

const struct hk_buf *hk_convert_json(
    lua_State *L, int index, size_t size_max, const char *what, enum hk_convert_marks marks)
{
    struct hk_state *st = hk_state_of(L);
    struct writer w = {.L = L, .st = st, .marks = marks};

    index = lua_absindex(L, index);
    hk_buf_clear(&st->out);
    st->out.size_max = size_max;
    hk_jw_init(&w.jw, &st->out);
    st->path_size = 0;
    st->path[0] = '\0';
    (void)enter(st, what, 0);
    write_value(&w, index);
    return &st->out;
}
