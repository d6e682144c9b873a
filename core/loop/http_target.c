#include "loop/http_target.h"

#include "base/text.h"
#include "loop/http_parse.h"

#include <stdint.h>
#include <string.h>

/* RFC 3986: unreserved, sub-delims, ':' '@' '/' '?' and '%'. One bit a byte, by words of 32. */
static const uint32_t target_bytes[8] = {
    0x00000000, /* control bytes */
    0xafffffF2, /* all but blank " # < > */
    0x87ffffff, /* all but [ \ ] ^ */
    0x47fffffe, /* all but ` { | } DEL */
    0,
    0,
    0,
    0,
};

bool hk_http_is_target_byte(unsigned char c)
{
    return (target_bytes[c >> 5] >> (c & 31)) & 1;
}

/* The byte that "%XX" at text stands for, or -1. */
static int percent_value(const char *text, size_t size)
{
    if (size < 3) {
        return -1;
    }
    int high = hk_hex_digit(text[1]);
    int low = hk_hex_digit(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool has_dot_segment(const char *path)
{
    while (*path == '/') {
        const char *segment = path + 1;
        size_t size = strcspn(segment, "/");
        if ((size == 1 && segment[0] == '.') || (size == 2 && memcmp(segment, "..", 2) == 0)) {
            return true;
        }
        path = segment + size;
    }
    return false;
}

static const char *decode_path(char *path)
{
    size_t size = strlen(path);
    size_t to = 0;

    for (size_t at = 0; at < size; at++) {
        if (path[at] != '%') {
            path[to++] = path[at];
            continue;
        }
        int value = percent_value(path + at, size - at);
        if (value < 0) {
            return "The path has a '%' without two hexadecimal digits.";
        }
        if (value < 0x20 || value == 0x7f) {
            return "The path has an encoded control byte.";
        }
        if (value == '/') {
            return "The path has an encoded slash.";
        }
        path[to++] = (char)value;
        at += 2;
    }
    path[to] = '\0';
    if (!hk_utf8_is_valid(path, to)) {
        return "The path is not UTF-8.";
    }
    if (strstr(path, "//") != NULL) {
        return "The path has an empty segment.";
    }
    return has_dot_segment(path) ? "The path has a dot segment." : NULL;
}

/* The query stays as sent, but what no reader could decode is refused here, once for all. */
static const char *check_query(const char *query)
{
    size_t size = strlen(query);

    for (size_t at = 0; at < size; at++) {
        if (query[at] != '%') {
            continue;
        }
        int value = percent_value(query + at, size - at);
        if (value < 0) {
            return "The query has a '%' without two hexadecimal digits.";
        }
        if (value == 0) {
            return "The query has an encoded NUL.";
        }
        at += 2;
    }
    return NULL;
}

const char *hk_http_target_split(char *target, char **ret_path, char **ret_query)
{
    char *query = strchr(target, '?');

    if (query != NULL) {
        *query++ = '\0';
    } else {
        query = target + strlen(target);
    }
    const char *problem = decode_path(target);
    if (problem == NULL) {
        problem = check_query(query);
    }
    if (problem == NULL) {
        *ret_path = target;
        *ret_query = query;
    }
    return problem;
}

/* Decode one value; false when it doesn't fit or is malformed. */
static bool decode_value(const char *text, size_t size, char *ret_value, size_t capacity)
{
    size_t to = 0;

    for (size_t at = 0; at < size; at++) {
        int value = (unsigned char)text[at];
        if (value == '%') {
            value = percent_value(text + at, size - at);
            at += 2;
        } else if (value == '+') {
            value = ' ';
        }
        if (value <= 0 || to + 1 >= capacity) {
            return false;
        }
        ret_value[to++] = (char)value;
    }
    ret_value[to] = '\0';
    return hk_utf8_is_valid(ret_value, to);
}

bool hk_http_query_is_given(const struct hk_http_request *request, const char *name)
{
    size_t name_size = strlen(name);

    for (const char *at = request->query; *at != '\0';) {
        size_t size = strcspn(at, "&");
        if (size >= name_size && memcmp(at, name, name_size) == 0 &&
            (size == name_size || at[name_size] == '=')) {
            return true;
        }
        at += size;
        if (*at == '&') {
            at++;
        }
    }
    return false;
}

bool hk_http_query(
    const struct hk_http_request *request, const char *name, char *ret_value, size_t capacity)
{
    size_t name_size = strlen(name);
    const char *found = NULL;
    size_t found_size = 0;

    if (capacity == 0) {
        return false;
    }
    ret_value[0] = '\0';
    for (const char *at = request->query; *at != '\0';) {
        size_t size = strcspn(at, "&");
        if (size > name_size && at[name_size] == '=' && memcmp(at, name, name_size) == 0) {
            if (found != NULL) {
                return false; /* twice: which one is meant is a guess */
            }
            found = at + name_size + 1;
            found_size = size - name_size - 1;
        }
        at += size;
        if (*at == '&') {
            at++;
        }
    }
    if (found == NULL || !decode_value(found, found_size, ret_value, capacity)) {
        ret_value[0] = '\0';
        return false;
    }
    return true;
}
