#include "strict.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
    const char *at;
    const char *end;
};

static bool read_value(struct reader *reader, unsigned depth);

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4) != NULL)
        reader->at++;
}

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "\u". */
static bool read_unit(struct reader *reader, unsigned *ret_unit)
{
    *ret_unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = reader->at < reader->end ? hex_digit(*reader->at++) : -1;
        if (digit < 0)
            return false;
        *ret_unit = *ret_unit << 4 | (unsigned)digit;
    }
    return true;
}

/* Behind the backslash. */
static bool read_escape(struct reader *reader)
{
    unsigned unit;
    unsigned low;

    if (reader->at == reader->end)
        return false;
    char c = *reader->at++;
    if (c != 'u')
        return memchr("\"\\/bfnrt", c, 8) != NULL;
    if (!read_unit(reader, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    if (unit < 0xd800 || unit > 0xdbff)
        return true;
    return take(reader, '\\') && take(reader, 'u') && read_unit(reader, &low) && low >= 0xdc00 &&
           low <= 0xdfff;
}

static bool read_string(struct reader *reader)
{
    if (!take(reader, '"'))
        return false;
    while (reader->at < reader->end) {
        char c = *reader->at++;
        if (c == '"')
            return true;
        if ((unsigned char)c < ' ' || (c == '\\' && !read_escape(reader)))
            return false;
    }
    return false;
}

static bool read_digits(struct reader *reader)
{
    const char *begin = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > begin;
}

static bool read_number(struct reader *reader)
{
    (void)take(reader, '-');
    if (!take(reader, '0') && !read_digits(reader))
        return false;
    if (take(reader, '.') && !read_digits(reader))
        return false;
    if (!take(reader, 'e') && !take(reader, 'E'))
        return true;
    if (!take(reader, '+'))
        (void)take(reader, '-');
    return read_digits(reader);
}

static bool read_word(struct reader *reader, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

/* The names of one object, with their quotes. */
struct names {
    struct name {
        const char *at;
        size_t size;
    } * items;
    size_t count;
    size_t capacity;
    bool has_escape;
};

static bool add_name(struct names *names, const char *at, size_t size)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? names->capacity * 2 : 16;
        struct name *items = realloc(names->items, capacity * sizeof(*items));
        if (items == NULL)
            return false;
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = (struct name){at, size};
    names->has_escape = names->has_escape || memchr(at, '\\', size) != NULL;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a;
    const struct name *y = b;

    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return memcmp(x->at, y->at, x->size);
}

/* Escapes could hide that two names are the same: with them there may be only one. */
static bool are_different(struct names *names)
{
    if (names->count < 2)
        return true;
    if (names->has_escape)
        return false;
    qsort(names->items, names->count, sizeof(*names->items), compare_names);
    for (size_t i = 1; i < names->count; i++)
        if (compare_names(&names->items[i - 1], &names->items[i]) == 0)
            return false;
    return true;
}

static bool read_member(struct reader *reader, unsigned depth, struct names *names)
{
    skip_blanks(reader);
    const char *name = reader->at;
    if (!read_string(reader) || !add_name(names, name, (size_t)(reader->at - name)))
        return false;
    skip_blanks(reader);
    return take(reader, ':') && read_value(reader, depth);
}

static bool read_members(struct reader *reader, unsigned depth)
{
    struct names names = {.items = NULL};
    bool is_good;

    do
        is_good = read_member(reader, depth, &names);
    while (is_good && take(reader, ','));
    is_good = is_good && take(reader, '}') && are_different(&names);
    free(names.items);
    return is_good;
}

static bool read_items(struct reader *reader, unsigned depth)
{
    do {
        if (!read_value(reader, depth))
            return false;
    } while (take(reader, ','));
    return take(reader, ']');
}

/* With the blanks around it. */
static bool read_value(struct reader *reader, unsigned depth)
{
    bool is_good = false;

    skip_blanks(reader);
    if (depth == DEPTH_MAX || reader->at == reader->end)
        return false;
    switch (*reader->at) {
    case '{':
        reader->at++;
        skip_blanks(reader);
        is_good = take(reader, '}') || read_members(reader, depth + 1);
        break;
    case '[':
        reader->at++;
        skip_blanks(reader);
        is_good = take(reader, ']') || read_items(reader, depth + 1);
        break;
    case '"':
        is_good = read_string(reader);
        break;
    case 't':
        is_good = read_word(reader, "true");
        break;
    case 'f':
        is_good = read_word(reader, "false");
        break;
    case 'n':
        is_good = read_word(reader, "null");
        break;
    default:
        is_good = read_number(reader);
        break;
    }
    skip_blanks(reader);
    return is_good;
}

bool strict_is_json(const char *text, size_t size)
{
    struct reader reader = {text, text + size};

    return read_value(&reader, 0) && reader.at == reader.end;
}
