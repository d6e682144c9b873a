/*
 * id: names of things; see id.h.
 */
#include "base/id.h"

#include "base/digest.h"

#include <assert.h>
#include <string.h>

#define TIME_DIGITS 10
#define RANDOM_DIGITS 16
#define NAME_SIZE_MAX 63

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void hk_id_new(const char *prefix, int64_t time_us, char ret_id[HK_ID_SIZE])
{
    uint64_t ms = time_us > 0 ? (uint64_t)time_us / 1000 : 0;
    uint8_t random[RANDOM_DIGITS];
    char *at = ret_id;

    assert(strlen(prefix) == 2);
    *at++ = prefix[0];
    *at++ = prefix[1];
    *at++ = '-';
    for (int i = TIME_DIGITS - 1; i >= 0; i--, ms >>= 5)
        at[i] = alphabet[ms & 31];
    at += TIME_DIGITS;
    hk_random(random, sizeof(random));
    for (int i = 0; i < RANDOM_DIGITS; i++)
        *at++ = alphabet[random[i] & 31];
    *at = '\0';
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* 1 to size_max of [a-z0-9_-]? */
static bool is_word(const char *text, size_t size_max)
{
    size_t size = 0;

    if (text == NULL)
        return false;
    for (; text[size] != '\0'; size++)
        if (size == size_max ||
            !(is_letter_or_digit(text[size]) || text[size] == '_' || text[size] == '-'))
            return false;
    return size > 0;
}

bool hk_id_is_valid(const char *text)
{
    return is_word(text, HK_ID_SIZE - 1);
}

bool hk_name_is_valid(const char *text)
{
    return is_word(text, NAME_SIZE_MAX) && is_letter_or_digit(text[0]);
}
