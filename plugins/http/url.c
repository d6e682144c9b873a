#include "url.h"

#include <cjson/cJSON.h>
#include <string.h>

#define SEGMENTS_MAX 64

bool url_is_clear(const char *base)
{
    return strncmp(base, "http://", 7) == 0;
}

static bool is_dots(const char *segment, size_t size)
{
    return (size == 1 && segment[0] == '.') || (size == 2 && memcmp(segment, "..", 2) == 0);
}

/* Is "." or ".." among the segments, in any spelling? */
static bool climbs(const char *path)
{
    while (*path != '\0') {
        char plain[4] = "";
        size_t size = 0;
        for (; *path != '\0' && *path != '/'; path++) {
            char c = *path;
            if (path[0] == '%' && path[1] == '2' && (path[2] == 'e' || path[2] == 'E')) {
                c = '.';
                path += 2;
            }
            if (size < sizeof(plain))
                plain[size] = c;
            size++;
        }
        if (size <= 2 && is_dots(plain, size))
            return true;
        path += *path == '/';
    }
    return false;
}

const char *url_base_fault(const char *base)
{
    const char *host = base;

    if (strncmp(base, "https://", 8) == 0)
        host = base + 8;
    else if (url_is_clear(base))
        host = base + 7;
    if (host == base)
        return "must begin with https:// (or http://)";
    if (!text_is_plain(base) || strlen(base) > URL_SIZE_MAX / 2)
        return "holds bytes that a URL can't, or is too long";
    if (strpbrk(base, "?#\\") != NULL)
        return "must have no query and no fragment";
    size_t size = strcspn(host, "/");
    if (size == 0 || memchr(host, '@', size) != NULL || memchr(host, '%', size) != NULL)
        return "must name a host, without user name or password";
    return climbs(host + size) ? "must not hold . or .. as a part of its path" : NULL;
}

/* The text of a JSON string; NULL when it is none, or holds a NUL. To be freed with cJSON_free. */
static char *string_of(struct span value)
{
    cJSON *item = cJSON_ParseWithLength(value.at, value.size);
    char *text = NULL;

    if (cJSON_IsString(item) && text_is_utf8(item->valuestring, strlen(item->valuestring))) {
        text = item->valuestring;
        item->valuestring = NULL;
    }
    cJSON_Delete(item);
    return text;
}

static const char *put_segment(struct text *out, const char *segment, size_t size)
{
    if (size == 0)
        return "the path has an empty part";
    if (is_dots(segment, size))
        return "the path must not hold . or ..";
    if (out->data != NULL && out->data[out->size - 1] != '/')
        text_put(out, "/");
    text_put_encoded(out, segment, size, "");
    return NULL;
}

/* "a/b/": a slash at the end stays, one at the beginning says nothing. */
static const char *put_path(struct text *out, const char *path)
{
    path += *path == '/';
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        const char *fault = put_segment(out, path, size);
        if (fault != NULL)
            return fault;
        path += size;
        if (*path == '/') {
            path++;
            if (*path == '\0')
                text_put(out, "/");
        }
    }
    return NULL;
}

static const char *put_segments(struct text *out, struct span list)
{
    const char *fault = NULL;
    struct span value;
    size_t at = 0;

    for (unsigned count = 0; fault == NULL && span_next(list, &at, NULL, &value); count++) {
        char *segment = string_of(value);
        if (segment == NULL || count == SEGMENTS_MAX)
            fault = "the path must be a text, or a list of some texts";
        else
            fault = put_segment(out, segment, strlen(segment));
        cJSON_free(segment);
    }
    return fault;
}

const char *url_put_pairs(struct text *out, struct span object)
{
    struct span key;
    struct span value;
    size_t at = 0;

    for (unsigned count = 0; span_next(object, &at, &key, &value); count++) {
        char *name = string_of(key);
        char *text = value.at[0] == '"' ? string_of(value) : NULL;
        bool is_given = name != NULL && (text != NULL || strchr("{[n\"", value.at[0]) == NULL);
        if (is_given) {
            if (count > 0)
                text_put(out, "&");
            text_put_encoded(out, name, strlen(name), "");
            text_put(out, "=");
            if (text != NULL)
                text_put_encoded(out, text, strlen(text), "");
            else
                text_put_encoded(out, value.at, value.size, "");
        }
        cJSON_free(name);
        cJSON_free(text);
        if (!is_given)
            return "values must be texts, numbers or booleans";
    }
    return NULL;
}

const char *url_build(struct text *out, const char *base, struct span path, struct span query)
{
    const char *fault = NULL;

    text_put(out, base);
    if (path.size > 0 && path.at[0] == '[') {
        fault = put_segments(out, path);
    } else if (path.size > 0) {
        char *text = string_of(path);
        fault =
            text != NULL ? put_path(out, text) : "the path must be a text, or a list of some texts";
        cJSON_free(text);
    }
    if (fault == NULL && query.size > 0) {
        size_t size = out->size;
        text_put(out, "?");
        fault = url_put_pairs(out, query);
        if (out->size == size + 1) { /* an empty query is none */
            out->size = size;
            out->data[size] = '\0';
        }
    }
    if (fault == NULL && out->size > URL_SIZE_MAX)
        fault = "the URL is too long";
    return fault;
}
