/*
 * text: UTF-8, bounded copies, patterns.
 */
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed character that begins at text (size > 0), or 0. */
static size_t character_size(const unsigned char *text, size_t size)
{
    unsigned char first = text[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t wanted;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    wanted = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size < wanted)
        return 0;
    if (first == 0xe0)
        low = 0xa0; /* overlong */
    else if (first == 0xed)
        high = 0x9f; /* surrogates */
    else if (first == 0xf0)
        low = 0x90; /* overlong */
    else if (first == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < wanted; i++)
        if (!is_tail(text[i]))
            return 0;
    return wanted;
}

size_t hk_utf8_valid_prefix(const char *text, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint64_t word;
        size_t step;

        if (size - at >= sizeof(word)) {
            memcpy(&word, text + at, sizeof(word));
            if ((word & HIGH_BITS) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        step = character_size((const unsigned char *)text + at, size - at);
        if (step == 0)
            break;
        at += step;
    }
    return at;
}

bool hk_utf8_is_valid(const char *text, size_t size)
{
    return hk_utf8_valid_prefix(text, size) == size;
}

uint32_t hk_utf8_decode(const char *text, size_t *ret_size)
{
    const unsigned char *at = (const unsigned char *)text;

    if (at[0] < 0x80) {
        *ret_size = 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *ret_size = 2;
        return (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
    }
    if (at[0] < 0xf0) {
        *ret_size = 3;
        return (at[0] & 0xfU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
    }
    *ret_size = 4;
    return (at[0] & 7U) << 18 | (at[1] & 0x3fU) << 12 | (at[2] & 0x3fU) << 6 | (at[3] & 0x3fU);
}

bool hk_character_is_unseen(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || c == 0xad ||
           c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || (c >= 0x17b4 && c <= 0x17b5) ||
           (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
           (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
           (c >= 0xfff0 && c <= 0xfffb) || (c >= 0x1d173 && c <= 0x1d17a) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

size_t hk_utf8_prefix(const char *text, size_t size, size_t size_max)
{
    if (size <= size_max)
        return size;
    /* A character has at most three tail bytes; more than that is no text, cut it anywhere. */
    for (size_t back = 0; back <= 3 && back <= size_max; back++)
        if (!is_tail((unsigned char)text[size_max - back]))
            return size_max - back;
    return size_max;
}

bool hk_copy_text(char *dst, size_t capacity, const char *src)
{
    size_t size = strlen(src);

    if (capacity == 0)
        return false;
    if (size >= capacity) {
        dst[0] = '\0';
        return false;
    }
    memcpy(dst, src, size + 1);
    return true;
}

bool hk_glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL; /* pattern after the last star, and where its run ends so far */
    const char *run = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            run = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++run;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int hk_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *hk_strdup(const char *src)
{
    size_t size;
    char *copy;

    if (src == NULL)
        return NULL;
    size = strlen(src) + 1;
    copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, src, size);
    return copy;
}

char *hk_strndup(const char *src, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, src, size);
    copy[size] = '\0';
    return copy;
}
