/*
 * json_write: the writer and the canonical form; see json.h. What recurses here is as deep as a
 * parsed document at most, HK_JSON_DEPTH_MAX.
 */
#include "base/json.h"

#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_CHECKED 64

/* --- strings --- */

static bool must_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void append_escape(struct hk_buf *out, char c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', c, '0', '0', '0', '0'};
    size_t size = 2;

    switch (c) {
    case '"':
    case '\\':
        break;
    case '\b':
        text[1] = 'b';
        break;
    case '\f':
        text[1] = 'f';
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    default:
        text[1] = 'u';
        text[4] = digits[(unsigned char)c >> 4];
        text[5] = digits[(unsigned char)c & 15];
        size = 6;
    }
    hk_buf_append(out, text, size);
}

/* Good UTF-8 without NUL. */
static void append_good_text(struct hk_buf *out, const char *text, size_t size)
{
    size_t begin = 0;

    for (size_t i = 0; i < size; i++) {
        if (!must_escape(text[i]))
            continue;
        hk_buf_append(out, text + begin, i - begin);
        append_escape(out, text[i]);
        begin = i + 1;
    }
    hk_buf_append(out, text + begin, size - begin);
}

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Is it nothing but ASCII that needs no escape? */
static bool is_plain(const char *text, size_t size)
{
    uint64_t found = 0;
    uint64_t word;

    while (size >= sizeof(word)) {
        uint64_t quote;
        uint64_t backslash;
        memcpy(&word, text, sizeof(word));
        quote = word ^ EACH_BYTE('"');
        backslash = word ^ EACH_BYTE('\\');
        /* Of a byte below 0x80 the highest bit is set by the subtraction when it was less. */
        found |=
            word | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1)) | (word - EACH_BYTE(0x20));
        if ((found & EACH_BYTE(0x80)) != 0)
            return false;
        text += sizeof(word);
        size -= sizeof(word);
    }
    for (; size > 0; text++, size--)
        if (must_escape(*text) || (unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* Any bytes; each that is no text becomes U+FFFD. */
static void append_quoted(struct hk_buf *out, const char *text, size_t size)
{
    size_t part = 0;

    if (is_plain(text, size)) {
        char *at = size < SIZE_MAX - 2 ? hk_buf_extend(out, size + 2) : NULL;
        if (at == NULL)
            return;
        at[0] = '"';
        memcpy(at + 1, text, size);
        at[size + 1] = '"';
        return;
    }
    hk_buf_append_char(out, '"');
    while (size > 0) {
        size_t good;
        if (part == 0) /* up to the next NUL: so no byte is looked at for each one before it */
            part = strnlen(text, size);
        good = hk_utf8_valid_prefix(text, part);
        append_good_text(out, text, good);
        part -= good < part ? good + 1 : good;
        text += good;
        size -= good;
        if (size > 0) {
            hk_buf_append_text(out, "\xef\xbf\xbd");
            text++;
            size--;
        }
    }
    hk_buf_append_char(out, '"');
}

/* --- commas and levels --- */

static bool in_object(const struct hk_jw *jw)
{
    return jw->depth > 0 && (jw->objects >> (jw->depth - 1) & 1) != 0;
}

static void begin_value(struct hk_jw *jw)
{
    assert(jw->depth > LEVELS_CHECKED || jw->after_key == in_object(jw));
    if (jw->need_comma)
        hk_buf_append_char(jw->out, ',');
    jw->need_comma = true;
    jw->after_key = false;
}

static void open_level(struct hk_jw *jw, char bracket, bool is_object)
{
    begin_value(jw);
    hk_buf_append_char(jw->out, bracket);
    if (jw->depth < LEVELS_CHECKED) {
        uint64_t bit = UINT64_C(1) << jw->depth;
        jw->objects = is_object ? jw->objects | bit : jw->objects & ~bit;
    }
    jw->depth++;
    jw->need_comma = false;
}

static void close_level(struct hk_jw *jw, char bracket, bool is_object)
{
    assert(jw->depth > 0 && !jw->after_key);
    assert(jw->depth > LEVELS_CHECKED || in_object(jw) == is_object);
    (void)is_object;
    hk_buf_append_char(jw->out, bracket);
    jw->depth--;
    jw->need_comma = true;
}

void hk_jw_init(struct hk_jw *jw, struct hk_buf *out)
{
    memset(jw, 0, sizeof(*jw));
    jw->out = out;
}

void hk_jw_object(struct hk_jw *jw)
{
    open_level(jw, '{', true);
}

void hk_jw_object_end(struct hk_jw *jw)
{
    close_level(jw, '}', true);
}

void hk_jw_array(struct hk_jw *jw)
{
    open_level(jw, '[', false);
}

void hk_jw_array_end(struct hk_jw *jw)
{
    close_level(jw, ']', false);
}

static void write_key(struct hk_jw *jw, const char *key, size_t size)
{
    assert(!jw->after_key && (jw->depth > LEVELS_CHECKED || in_object(jw)));
    if (jw->need_comma)
        hk_buf_append_char(jw->out, ',');
    append_quoted(jw->out, key, size);
    hk_buf_append_char(jw->out, ':');
    jw->need_comma = false;
    jw->after_key = true;
}

void hk_jw_key(struct hk_jw *jw, const char *key)
{
    write_key(jw, key, strlen(key));
}

/* --- values --- */

void hk_jw_string(struct hk_jw *jw, const char *text)
{
    if (text == NULL)
        hk_jw_null(jw);
    else
        hk_jw_string_n(jw, text, strlen(text));
}

void hk_jw_string_n(struct hk_jw *jw, const char *text, size_t size)
{
    if (text == NULL) {
        hk_jw_null(jw);
        return;
    }
    begin_value(jw);
    append_quoted(jw->out, text, size);
}

void hk_jw_i64(struct hk_jw *jw, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        digits[--at] = '-';
    hk_jw_raw(jw, digits + at, sizeof(digits) - at);
}

void hk_jw_bool(struct hk_jw *jw, bool value)
{
    if (value)
        hk_jw_raw(jw, "true", 4);
    else
        hk_jw_raw(jw, "false", 5);
}

void hk_jw_null(struct hk_jw *jw)
{
    hk_jw_raw(jw, "null", 4);
}

void hk_jw_raw(struct hk_jw *jw, const char *json, size_t size)
{
    begin_value(jw);
    hk_buf_append(jw->out, json, size);
}

void hk_jw_value(struct hk_jw *jw, const struct hk_json *value)
{
    if (value == NULL) {
        hk_jw_null(jw);
        return;
    }
    switch (value->type) {
    case HK_JSON_NULL:
        hk_jw_null(jw);
        break;
    case HK_JSON_FALSE:
    case HK_JSON_TRUE:
        hk_jw_bool(jw, value->type == HK_JSON_TRUE);
        break;
    case HK_JSON_NUMBER:
        hk_jw_raw(jw, value->text, value->text_size);
        break;
    case HK_JSON_STRING:
        hk_jw_string_n(jw, value->text, value->text_size);
        break;
    case HK_JSON_ARRAY:
        hk_jw_array(jw);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next)
            hk_jw_value(jw, child);
        hk_jw_array_end(jw);
        break;
    case HK_JSON_OBJECT:
        hk_jw_object(jw);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            write_key(jw, child->key, child->key_size);
            hk_jw_value(jw, child);
        }
        hk_jw_object_end(jw);
        break;
    }
}

void hk_jw_kv(struct hk_jw *jw, const char *key, const char *text)
{
    hk_jw_key(jw, key);
    hk_jw_string(jw, text);
}

void hk_jw_kv_i64(struct hk_jw *jw, const char *key, int64_t value)
{
    hk_jw_key(jw, key);
    hk_jw_i64(jw, value);
}

void hk_jw_kv_bool(struct hk_jw *jw, const char *key, bool value)
{
    hk_jw_key(jw, key);
    hk_jw_bool(jw, value);
}

void hk_jw_kv_raw(struct hk_jw *jw, const char *key, const char *json)
{
    hk_jw_key(jw, key);
    if (json == NULL)
        hk_jw_null(jw);
    else
        hk_jw_raw(jw, json, strlen(json));
}

void hk_jw_kv_value(struct hk_jw *jw, const char *key, const struct hk_json *value)
{
    hk_jw_key(jw, key);
    hk_jw_value(jw, value);
}

void hk_jw_kv_time(struct hk_jw *jw, const char *key, int64_t time_us)
{
    char text[HK_TIME_TEXT_SIZE];

    hk_jw_key(jw, key);
    if (time_us == 0) {
        hk_jw_null(jw);
        return;
    }
    hk_time_format(time_us, text);
    hk_jw_string(jw, text);
}

/* --- the canonical form --- */

static int compare_keys(const void *a, const void *b)
{
    const struct hk_json *const *left = a;
    const struct hk_json *const *right = b;

    return strcmp((*left)->key, (*right)->key); /* keys hold no NUL */
}

static bool is_sorted(const struct hk_json *object)
{
    for (const struct hk_json *child = object->first; child != NULL; child = child->next)
        if (child->next != NULL && strcmp(child->key, child->next->key) > 0)
            return false;
    return true;
}

static void append_member(struct hk_buf *out, const struct hk_json *child, bool first)
{
    if (!first)
        hk_buf_append_char(out, ',');
    append_quoted(out, child->key, child->key_size);
    hk_buf_append_char(out, ':');
    hk_json_canonical(child, out);
}

static void append_sorted(struct hk_buf *out, const struct hk_json *object)
{
    const struct hk_json **sorted = malloc(object->count * sizeof(sorted[0]));
    size_t count = 0;

    if (sorted == NULL) {
        out->failed = true;
        out->short_of_memory = true;
        return;
    }
    for (const struct hk_json *child = object->first; child != NULL; child = child->next)
        sorted[count++] = child;
    qsort(sorted, count, sizeof(sorted[0]), compare_keys);
    for (size_t i = 0; i < count; i++)
        append_member(out, sorted[i], i == 0);
    free(sorted);
}

void hk_json_canonical(const struct hk_json *value, struct hk_buf *out)
{
    struct hk_jw jw;

    if (value != NULL && value->type == HK_JSON_OBJECT) {
        hk_buf_append_char(out, '{');
        if (!is_sorted(value))
            append_sorted(out, value);
        else
            for (const struct hk_json *child = value->first; child != NULL; child = child->next)
                append_member(out, child, child == value->first);
        hk_buf_append_char(out, '}');
    } else if (value != NULL && value->type == HK_JSON_ARRAY) {
        hk_buf_append_char(out, '[');
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            if (child != value->first)
                hk_buf_append_char(out, ',');
            hk_json_canonical(child, out);
        }
        hk_buf_append_char(out, ']');
    } else {
        hk_jw_init(&jw, out);
        hk_jw_value(&jw, value);
    }
}

char *hk_json_canonical_text(const struct hk_json *value)
{
    struct hk_buf out;

    hk_buf_init(&out, HK_PAYLOAD_SIZE_MAX);
    if (value == NULL)
        hk_buf_append_text(&out, "{}");
    else
        hk_json_canonical(value, &out);
    return hk_buf_take(&out, NULL);
}
