/* text: what is done to texts from outside before people or programs see them. */
#include "base/defang.h"
#include "base/indicators.h"
#include "base/text.h"
#include "script/helpers.h"
#include "script/strbuf.h"

#include <string.h>

#define LINES_MAX 10000

/* The text at 1, which is UTF-8 without NUL and not too long. */
static const char *read_text(lua_State *L, const char *name, size_t *ret_size)
{
    const char *text;

    if (lua_type(L, 1) != LUA_TSTRING)
        hk_state_raise(L, "%s needs a text, not a %s", name, luaL_typename(L, 1));
    text = lua_tolstring(L, 1, ret_size);
    if (*ret_size > HK_HELP_TEXT_SIZE_MAX)
        hk_state_raise(L, "%s: more than %d KiB", name, HK_HELP_TEXT_SIZE_MAX / 1024);
    hk_state_charge_bytes(L, *ret_size * 8);
    if (memchr(text, '\0', *ret_size) != NULL || !hk_utf8_is_valid(text, *ret_size))
        hk_state_raise(L, "%s: the text is not UTF-8", name);
    return text;
}

/* text.cut(text, size): at most so many bytes, no half character, "…" where something went. */
int hk_help_text_cut(lua_State *L)
{
    static const char ellipsis[] = "…";
    size_t size;
    const char *text = read_text(L, "text.cut", &size);
    lua_Integer most = luaL_checkinteger(L, 2);

    if (most < (lua_Integer)sizeof ellipsis - 1 || most > HK_HELP_TEXT_SIZE_MAX)
        hk_state_raise(L, "text.cut: the size must be from %d to %d", (int)sizeof ellipsis - 1,
            HK_HELP_TEXT_SIZE_MAX);
    if (size <= (size_t)most) {
        lua_settop(L, 1);
        return 1;
    }
    (void)lua_pushlstring(
        L, text, hk_utf8_prefix(text, size, (size_t)most - (sizeof ellipsis - 1)));
    lua_pushliteral(L, "…");
    lua_concat(L, 2);
    return 1;
}

/* text.strip(text): without blanks at both ends, and without characters that hide or reorder. */
int hk_help_text_strip(lua_State *L)
{
    size_t size;
    const char *text = read_text(L, "text.strip", &size);
    struct hk_strbuf sb;
    size_t end = 0;

    hk_strbuf_init(L, &sb, size);
    for (size_t i = 0, step = 1; i < size; i += step) {
        bool is_blank = text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r');
        step = 1;
        if (!is_blank && hk_character_is_unseen(hk_utf8_decode(text + i, &step)))
            continue;
        if (is_blank && sb.size == 0)
            continue;
        hk_strbuf_add(&sb, text + i, step);
        if (!is_blank)
            end = sb.size;
    }
    sb.size = end;
    hk_strbuf_push(&sb);
    return 1;
}

/* Push the pieces of the text between what stands in between. */
static int push_pieces(lua_State *L, const char *name, const char *between)
{
    size_t size;
    const char *text = read_text(L, name, &size);
    size_t between_size = strlen(between);
    lua_Integer count = 0;

    lua_createtable(L, 0, 0);
    for (;;) {
        const char *end = strstr(text, between);
        size_t piece = end == NULL ? strlen(text) : (size_t)(end - text);
        if (++count > LINES_MAX)
            hk_state_raise(L, "%s: more than %d pieces", name, LINES_MAX);
        hk_state_charge(L, 4);
        (void)lua_pushlstring(L, text, piece);
        lua_rawseti(L, -2, count);
        if (end == NULL)
            return 1;
        text = end + between_size;
    }
}

/* text.split(text, between): the pieces; at least one */
int hk_help_text_split(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING || lua_rawlen(L, 2) == 0 || lua_rawlen(L, 2) > 64 ||
        strlen(lua_tostring(L, 2)) != lua_rawlen(L, 2))
        hk_state_raise(L, "text.split: what stands between is a text of 1 to 64 bytes");
    return push_pieces(L, "text.split", lua_tostring(L, 2));
}

static int push_changed(lua_State *L, const char *name,
    void (*change)(const char *text, size_t size, struct hk_buf *out))
{
    size_t size;
    const char *text = read_text(L, name, &size);
    struct hk_state *st = hk_state_of(L);

    hk_state_charge_bytes(L, size * 64);
    hk_buf_clear(&st->out);
    st->out.size_max = size * 3 + 1;
    change(text, size, &st->out);
    if (st->out.failed)
        hk_state_stop_memory(L);
    (void)lua_pushlstring(L, st->out.size == 0 ? "" : st->out.data, st->out.size);
    return 1;
}

/* text.defang(text): links, names and mail addresses taken apart. */
int hk_help_text_defang(lua_State *L)
{
    return push_changed(L, "text.defang", hk_defang);
}

/* text.refang(text): put together again. */
int hk_help_text_refang(lua_State *L)
{
    return push_changed(L, "text.refang", hk_refang);
}

/* --- indicators --- */

#define INDICATORS_MAX 10000

struct gathering {
    struct hk_buf *out; /* kind, text and NUL of each: nothing here may raise */
    size_t count;
};

static void gather(void *ctx, enum hk_indicator kind, const char *text)
{
    struct gathering *gathering = ctx;

    if (gathering->count == INDICATORS_MAX)
        return;
    gathering->count++;
    hk_buf_append_char(gathering->out, (char)('0' + kind));
    hk_buf_append(gathering->out, text, strlen(text) + 1);
}

/* Append the text on top to the list of its kind, unless the set at `seen` has it; pops it. */
static void add_found(lua_State *L, int lists, int seen, const char *entry, const char *list)
{
    lua_Integer count;

    (void)lua_pushstring(L, entry);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, seen) == LUA_TNIL) {
        lua_pushvalue(L, -2);
        lua_pushboolean(L, 1);
        lua_rawset(L, seen);
        (void)lua_getfield(L, lists, list);
        count = (lua_Integer)lua_rawlen(L, -1);
        (void)lua_pushstring(L, entry + 1);
        lua_rawseti(L, -2, count + 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    hk_state_charge(L, 8);
}

/* text.indicators(text): {ips, urls, domains, mails, hashes}, each a list without repetitions */
int hk_help_text_indicators(lua_State *L)
{
    static const char *const names[] = {"ips", "urls", "domains", "mails", "hashes"};
    size_t size;
    const char *text = read_text(L, "text.indicators", &size);
    struct hk_state *st = hk_state_of(L);
    struct gathering gathering = {.out = &st->out};
    struct hk_error error;

    lua_settop(L, 1);
    hk_state_charge_bytes(L, size * 256);
    hk_buf_clear(&st->out);
    st->out.size_max = (size_t)HK_HELP_TEXT_SIZE_MAX * 4;
    if (hk_indicators_find(text, size, gather, &gathering, &error) != HK_OK || st->out.failed)
        hk_state_stop_memory(L);
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_createtable(L, 0, 0);
        lua_setfield(L, 2, names[i]);
    }
    lua_createtable(L, 0, 0);
    for (size_t at = 0; at < st->out.size; at += strlen(st->out.data + at) + 1)
        add_found(L, 2, 3, st->out.data + at, names[st->out.data[at] - '0']);
    lua_settop(L, 2);
    return 1;
}
