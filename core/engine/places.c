/*
 * places: see places.h.
 */
#include "engine/places.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>

enum { NAME_SIZE = 64, VALUE_SIZE_MAX = 1000 };

static void append_value(const char *text, size_t size, struct hk_buf *out)
{
    size_t whole = hk_utf8_prefix(text, size, VALUE_SIZE_MAX);
    for (size_t i = 0; i < whole; i++) {
        unsigned char c = (unsigned char)text[i];
        hk_buf_append_char(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
    }
    if (whole < size)
        hk_buf_append_text(out, "…");
}

static void append_argument(const struct hk_json *value, struct hk_buf *out)
{
    struct hk_buf json;
    if (hk_json_string(value) != NULL) {
        append_value(value->text, value->text_size, out);
        return;
    }
    hk_buf_init(&json, HK_ARGS_SIZE_MAX * 2);
    hk_json_canonical(value, &json);
    if (json.data != NULL && !json.failed)
        append_value(json.data, json.size, out);
    hk_buf_done(&json);
}

static void append_named(
    const char *name, const struct hk_json *args, const struct hk_place *places, struct hk_buf *out)
{
    const struct hk_json *value = hk_json_get(args, name);
    if (value != NULL) {
        append_argument(value, out);
        return;
    }
    for (const struct hk_place *place = places; place != NULL && place->name != NULL; place++) {
        if (strcmp(place->name, name) == 0 && place->text != NULL) {
            append_value(place->text, strlen(place->text), out);
            return;
        }
    }
    hk_buf_append_char(out, '?');
}

void hk_places_fill(
    const char *text, const struct hk_json *args, const struct hk_place *places, struct hk_buf *out)
{
    char name[NAME_SIZE];
    for (const char *p = text; *p != 0; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (end == NULL || (size_t)(end - p) > sizeof name) {
            hk_buf_append_char(out, *p);
            continue;
        }
        memcpy(name, p + 1, (size_t)(end - p - 1));
        name[end - p - 1] = 0;
        append_named(name, args, places, out);
        p = end;
    }
}
