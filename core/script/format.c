/* string.format: as in the manual, without %p, and the same on every machine. */
#include "script/lib.h"
#include "script/strbuf.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Largest number as text: %.99f of DBL_MAX has 309 digits before the point. */
#define NUMBER_SIZE_MAX 512

/* One conversion: what stands between '%' and its letter, checked. */
struct spec {
    char text[16]; /* "%-08.3" and room for "lld" */
    bool left;
    int width;
    int precision; /* -1: none */
    char letter;
};

static int two_digits(const char **at, const char *end)
{
    int number = 0;

    for (int i = 0; i < 2 && *at < end && **at >= '0' && **at <= '9'; i++)
        number = number * 10 + (*(*at)++ - '0');
    return number;
}

/* Read a conversion behind its '%'; answer where the letter is. */
static const char *read_spec(lua_State *L, const char *at, const char *end, struct spec *spec)
{
    const char *begin = at;

    memset(spec, 0, sizeof *spec);
    spec->precision = -1;
    while (at < end && *at != '\0' && strchr("-+ #0", *at) != NULL) {
        spec->left = spec->left || *at == '-';
        at++;
    }
    spec->width = two_digits(&at, end);
    if (at < end && *at == '.') {
        at++;
        spec->precision = two_digits(&at, end);
    }
    if (at == end || at - begin > 10)
        hk_state_raise(L, "invalid conversion '%%%.*s' to 'format'",
            (int)(end - begin < 12 ? end - begin : 12), begin);
    spec->text[0] = '%';
    memcpy(spec->text + 1, begin, (size_t)(at - begin));
    spec->letter = *at;
    return at;
}

static void check_flags(lua_State *L, const struct spec *spec, const char *allowed, bool precision)
{
    const char *flag = spec->text + 1;

    while (*flag != '\0' && strchr("-+ #0", *flag) != NULL) {
        if (strchr(allowed, *flag) == NULL)
            break;
        flag++;
    }
    if ((*flag != '\0' && strchr("-+ #0", *flag) != NULL) || (!precision && spec->precision >= 0))
        hk_state_raise(L, "invalid conversion '%s%c' to 'format'", spec->text, spec->letter);
}

static void add_padded(struct hk_strbuf *sb, const struct spec *spec, const char *text, size_t size)
{
    size_t pad = (size_t)spec->width > size ? (size_t)spec->width - size : 0;

    for (size_t i = 0; !spec->left && i < pad; i++)
        hk_strbuf_add_char(sb, ' ');
    hk_strbuf_add(sb, text, size);
    for (size_t i = 0; spec->left && i < pad; i++)
        hk_strbuf_add_char(sb, ' ');
}

/* The formats were put together and checked above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void add_integer(lua_State *L, struct hk_strbuf *sb, struct spec *spec, int arg)
{
    char *out = hk_strbuf_room(sb, NUMBER_SIZE_MAX);
    long long value = luaL_checkinteger(L, arg);
    size_t used = strlen(spec->text);

    (void)snprintf(spec->text + used, sizeof spec->text - used, "ll%c", spec->letter);
    sb->size += (size_t)snprintf(out, NUMBER_SIZE_MAX, spec->text, value);
}

static void add_float(lua_State *L, struct hk_strbuf *sb, struct spec *spec, int arg)
{
    char *out = hk_strbuf_room(sb, NUMBER_SIZE_MAX);
    double value = luaL_checknumber(L, arg);
    size_t used = strlen(spec->text);

    if (isnan(value))
        value = fabs(value); /* the sign of "not a number" depends on the processor */
    (void)snprintf(spec->text + used, sizeof spec->text - used, "%c", spec->letter);
    sb->size += (size_t)snprintf(out, NUMBER_SIZE_MAX, spec->text, value);
}
#pragma GCC diagnostic pop

static void add_string(lua_State *L, struct hk_strbuf *sb, const struct spec *spec, int arg)
{
    size_t size;
    const char *text = hk_lib_text(L, arg, &size);

    hk_state_charge_bytes(L, size);
    if (spec->precision >= 0 && size > (size_t)spec->precision)
        size = (size_t)spec->precision;
    add_padded(sb, spec, text, size);
    lua_pop(L, 1);
}

static void add_quoted_string(struct hk_strbuf *sb, const char *text, size_t size)
{
    char code[8];

    hk_strbuf_add_char(sb, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\' || c == '\n') {
            hk_strbuf_add_char(sb, '\\');
            hk_strbuf_add_char(sb, (char)c);
        } else if (c < 32 || c == 127) {
            bool digit_follows = i + 1 < size && text[i + 1] >= '0' && text[i + 1] <= '9';
            (void)snprintf(code, sizeof code, digit_follows ? "\\%03d" : "\\%d", c);
            hk_strbuf_add(sb, code, strlen(code));
        } else {
            hk_strbuf_add_char(sb, (char)c);
        }
    }
    hk_strbuf_add_char(sb, '"');
}

static void add_quoted(lua_State *L, struct hk_strbuf *sb, int arg)
{
    char number[64];
    size_t size;
    const char *text;
    double value;

    switch (lua_type(L, arg)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, arg, &size);
        hk_state_charge(L, size);
        add_quoted_string(sb, text, size);
        return;
    case LUA_TNUMBER:
        value = lua_tonumber(L, arg);
        if (lua_isinteger(L, arg) != 0)
            (void)snprintf(number, sizeof number,
                lua_tointeger(L, arg) == LUA_MININTEGER ? "0x%llx" : "%lld",
                (long long)lua_tointeger(L, arg));
        else if (isnan(value))
            (void)snprintf(number, sizeof number, "(0/0)");
        else if (isinf(value))
            (void)snprintf(number, sizeof number, value > 0 ? "1e9999" : "-1e9999");
        else
            (void)snprintf(number, sizeof number, "%a", value);
        hk_strbuf_add(sb, number, strlen(number));
        return;
    case LUA_TNIL:
    case LUA_TBOOLEAN:
        text = hk_lib_text(L, arg, &size);
        hk_strbuf_add(sb, text, size);
        lua_pop(L, 1);
        return;
    default:
        (void)luaL_argerror(L, arg, "value has no literal form");
    }
}

static void add_conversion(lua_State *L, struct hk_strbuf *sb, struct spec *spec, int arg)
{
    char c;

    if (spec->letter == 'p')
        hk_state_raise(L, "%%p is not available: addresses differ from run to run");
    switch (spec->letter) {
    case 'c':
        check_flags(L, spec, "-", false);
        c = (char)luaL_checkinteger(L, arg);
        add_padded(sb, spec, &c, 1);
        break;
    case 'd':
    case 'i':
        check_flags(L, spec, "-+0 ", true);
        add_integer(L, sb, spec, arg);
        break;
    case 'u':
        check_flags(L, spec, "-0", true);
        add_integer(L, sb, spec, arg);
        break;
    case 'o':
    case 'x':
    case 'X':
        check_flags(L, spec, "-#0", true);
        add_integer(L, sb, spec, arg);
        break;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        check_flags(L, spec, "-+#0 ", true);
        add_float(L, sb, spec, arg);
        break;
    case 'q':
        if (spec->text[1] != '\0')
            hk_state_raise(L, "specifier '%%q' cannot have modifiers");
        add_quoted(L, sb, arg);
        break;
    case 's':
        check_flags(L, spec, "-", true);
        add_string(L, sb, spec, arg);
        break;
    default:
        hk_state_raise(L, "invalid conversion '%s%c' to 'format'", spec->text, spec->letter);
    }
}

int hk_lib_format(lua_State *L)
{
    size_t size;
    const char *at = luaL_checklstring(L, 1, &size);
    const char *end = at + size;
    int count = lua_gettop(L);
    int arg = 1;
    struct hk_strbuf sb;
    struct spec spec;

    luaL_checkstack(L, 8, NULL);
    hk_strbuf_init(L, &sb, size);
    for (; at < end; at++) {
        hk_state_charge(L, 1);
        if (*at != '%') {
            hk_strbuf_add_char(&sb, *at);
        } else if (at + 1 < end && at[1] == '%') {
            hk_strbuf_add_char(&sb, *at++);
        } else {
            at = read_spec(L, at + 1, end, &spec);
            if (++arg > count)
                (void)luaL_argerror(L, arg, "no value");
            add_conversion(L, &sb, &spec, arg);
        }
    }
    hk_strbuf_push(&sb);
    return 1;
}
