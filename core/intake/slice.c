/*
 * slice: see slice.h.
 */
#include "intake/slice.h"

#include <string.h>

#define NUMBER_DIGITS_MAX 10

struct hk_slice hk_slice_of(const char *text)
{
    return (struct hk_slice){text, strlen(text)};
}

bool hk_slice_is(struct hk_slice slice, const char *text)
{
    return strlen(text) == slice.size &&
           (slice.size == 0 || memcmp(slice.at, text, slice.size) == 0);
}

bool hk_slice_starts(struct hk_slice slice, const char *text)
{
    size_t size = strlen(text);

    return size <= slice.size && (size == 0 || memcmp(slice.at, text, size) == 0);
}

struct hk_slice hk_slice_after(struct hk_slice slice, size_t size)
{
    return (struct hk_slice){slice.at + size, slice.size - size};
}

static bool is_around(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

struct hk_slice hk_slice_trim(struct hk_slice slice)
{
    while (slice.size > 0 && is_around(slice.at[0]))
        slice = hk_slice_after(slice, 1);
    while (slice.size > 0 && is_around(slice.at[slice.size - 1]))
        slice.size--;
    return slice;
}

size_t hk_slice_until(struct hk_slice slice, char c)
{
    const char *found = slice.size > 0 ? memchr(slice.at, c, slice.size) : NULL;

    return found != NULL ? (size_t)(found - slice.at) : slice.size;
}

size_t hk_slice_find(struct hk_slice slice, const char *text, size_t text_size)
{
    const char *found;

    if (text_size > slice.size)
        return slice.size + 1;
    if (text_size == 0)
        return 0;
    found = memmem(slice.at, slice.size, text, text_size);
    return found != NULL ? (size_t)(found - slice.at) : slice.size + 1;
}

bool hk_slice_number(struct hk_slice slice, long long *ret_number)
{
    long long number = 0;

    if (slice.size == 0 || slice.size > NUMBER_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < slice.size; i++) {
        if (!hk_is_digit(slice.at[i]))
            return false;
        number = number * 10 + (slice.at[i] - '0');
    }
    *ret_number = number;
    return true;
}

bool hk_slice_is_like(struct hk_slice slice, const char *text)
{
    for (size_t i = 0; i < slice.size; i++)
        if (text[i] == '\0' || hk_lower(slice.at[i]) != hk_lower(text[i]))
            return false;
    return text[slice.size] == '\0';
}
