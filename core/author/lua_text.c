/*
 * lua_text: see lua_text.h.
 */
#include "author/lua_text.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 90

void hk_lua_text_string(struct hk_buf *out, const char *text, size_t size)
{
    hk_buf_append_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            hk_buf_append_char(out, '\\');
            hk_buf_append_char(out, (char)c);
        } else if (c == '\n') {
            hk_buf_append_text(out, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            hk_buf_appendf(out, "\\%03u", c);
        } else {
            hk_buf_append_char(out, (char)c);
        }
    }
    hk_buf_append_char(out, '"');
}

static bool is_name(const char *text, size_t size)
{
    static const char *const words[] = {"and", "break", "do", "else", "elseif", "end", "false",
        "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return",
        "then", "true", "until", "while",
        "_ENV"}; /* no word of Lua, but none may stand in a playbook */

    if (size == 0 || (text[0] >= '0' && text[0] <= '9') ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != size)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], text) == 0)
            return false;
    }
    return true;
}

static void write_number(struct hk_buf *out, const struct hk_json *value)
{
    int64_t integer;
    double number;

    if (hk_json_i64(value, &integer) && integer == INT64_MIN)
        hk_buf_append_text(out, "math.mininteger"); /* its digits alone are no integer to Lua */
    else if (hk_json_i64(value, &integer) ||
             (strpbrk(value->text, ".eE") != NULL && hk_json_double(value, &number)))
        hk_buf_append(out, value->text, value->text_size);
    else
        hk_lua_text_string(out, value->text, value->text_size);
}

static void write_key(struct hk_buf *out, const struct hk_json *item)
{
    if (is_name(item->key, item->key_size)) {
        hk_buf_append(out, item->key, item->key_size);
    } else {
        hk_buf_append_char(out, '[');
        hk_lua_text_string(out, item->key, item->key_size);
        hk_buf_append_char(out, ']');
    }
    hk_buf_append_text(out, " = ");
}

static void write_table( // NOLINT(misc-no-recursion)
    struct hk_buf *out, const struct hk_json *value, unsigned indent)
{
    bool is_long = value->source_size + indent > LINE_MAX_BYTES;
    bool is_first = true;

    hk_buf_append_char(out, '{');
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        if (value->type == HK_JSON_OBJECT && item->type == HK_JSON_NULL)
            continue;
        hk_buf_append_text(out, is_long ? "\n" : is_first ? " " : ", ");
        if (is_long)
            hk_buf_appendf(out, "%*s", (int)indent + 2, "");
        if (value->type == HK_JSON_OBJECT)
            write_key(out, item);
        hk_lua_text_value(out, item, indent + 2);
        if (is_long)
            hk_buf_append_char(out, ',');
        is_first = false;
    }
    if (is_long && !is_first)
        hk_buf_appendf(out, "\n%*s}", (int)indent, "");
    else
        hk_buf_append_text(out, is_first ? "}" : " }");
}

/* As deep as the document, which its limits bound. */
void hk_lua_text_value( // NOLINT(misc-no-recursion)
    struct hk_buf *out, const struct hk_json *value, unsigned indent)
{
    if (value == NULL) {
        hk_buf_append_text(out, "nil");
        return;
    }
    switch (value->type) {
    case HK_JSON_NULL:
        hk_buf_append_text(out, "null");
        break;
    case HK_JSON_FALSE:
        hk_buf_append_text(out, "false");
        break;
    case HK_JSON_TRUE:
        hk_buf_append_text(out, "true");
        break;
    case HK_JSON_NUMBER:
        write_number(out, value);
        break;
    case HK_JSON_STRING:
        hk_lua_text_string(out, value->text, value->text_size);
        break;
    case HK_JSON_ARRAY:
    case HK_JSON_OBJECT:
        write_table(out, value, indent);
        break;
    }
}
