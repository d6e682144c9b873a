#include "span.h"

#include <string.h>

static size_t skip_blanks(struct span text, size_t i)
{
    while (i < text.size &&
           (text.at[i] == ' ' || text.at[i] == '\t' || text.at[i] == '\n' || text.at[i] == '\r'))
        i++;
    return i;
}

/* Behind the string that begins at i. */
static size_t skip_string(struct span text, size_t i)
{
    for (i++; i < text.size && text.at[i] != '"'; i++)
        if (text.at[i] == '\\')
            i++;
    return i < text.size ? i + 1 : text.size;
}

/* Behind the value that begins at i. */
static size_t skip_value(struct span text, size_t i)
{
    size_t depth = 0;

    while (i < text.size) {
        char c = text.at[i];
        if (c == '"') {
            i = skip_string(text, i);
        } else if (c == '{' || c == '[') {
            depth++;
            i++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i;
            depth--;
            i++;
        } else if (depth == 0 && c == ',') {
            return i;
        } else {
            i++;
            continue;
        }
        if (depth == 0)
            return i;
    }
    return i;
}

bool span_next(struct span container, size_t *at, struct span *ret_key, struct span *ret_value)
{
    size_t i = *at;
    struct span key = {container.at, 0};

    if (i == 0) {
        i = skip_blanks(container, 0);
        if (i == container.size || (container.at[i] != '{' && container.at[i] != '['))
            return false;
    }
    bool is_object = container.at[skip_blanks(container, 0)] == '{';
    if (i < container.size) /* the bracket, or the comma */
        i = skip_blanks(container, i + 1);
    if (i >= container.size || container.at[i] == '}' || container.at[i] == ']')
        return false;
    if (is_object) {
        size_t begin = i;
        if (container.at[i] != '"')
            return false;
        i = skip_string(container, i);
        key = (struct span){container.at + begin, i - begin};
        i = skip_blanks(container, i);
        if (i >= container.size || container.at[i] != ':')
            return false;
        i = skip_blanks(container, i + 1);
    }
    size_t end = skip_value(container, i);
    size_t next = skip_blanks(container, end);
    while (end > i && strchr(" \t\r\n", container.at[end - 1]) != NULL)
        end--;
    if (end == i)
        return false;
    *ret_value = (struct span){container.at + i, end - i};
    if (ret_key != NULL)
        *ret_key = key;
    *at = next;
    return true;
}

bool span_get(struct span object, const char *key, struct span *ret_value)
{
    size_t size = strlen(key);
    size_t at = 0;
    struct span name;

    while (span_next(object, &at, &name, ret_value))
        if (name.size == size + 2 && memcmp(name.at + 1, key, size) == 0)
            return true;
    return false;
}
