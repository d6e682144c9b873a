/*
 * slice: a run of bytes inside somebody else's text. Inside the room only.
 */
#ifndef HK_INTAKE_SLICE_H
#define HK_INTAKE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct hk_slice {
    const char *at; /* not NUL-terminated */
    size_t size;
};

struct hk_slice hk_slice_of(const char *text);
bool hk_slice_is(struct hk_slice slice, const char *text);
bool hk_slice_starts(struct hk_slice slice, const char *text);
/* The rest after size bytes (size <= slice.size). */
struct hk_slice hk_slice_after(struct hk_slice slice, size_t size);
/* Without blanks, tabs, line ends and NULs around it. */
struct hk_slice hk_slice_trim(struct hk_slice slice);
/* Bytes up to the first c, or all. */
size_t hk_slice_until(struct hk_slice slice, char c);
/* Where text begins in slice, or slice.size + 1 when it does not. Bounded by the C library's
 * linear search. */
size_t hk_slice_find(struct hk_slice slice, const char *text, size_t text_size);
/* One to ten decimal digits and nothing else. */
bool hk_slice_number(struct hk_slice slice, long long *ret_number);
/* The letter in lower case; locale does not matter. */
static inline char hk_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}
static inline bool hk_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
/* A blank or tab? */
static inline bool hk_is_blank(char c)
{
    return c == ' ' || c == '\t';
}
/* Are they the same but for the case of ASCII letters? */
bool hk_slice_is_like(struct hk_slice slice, const char *text);

#endif
