/*
 * glob: see glob.h.
 */
#include "intake/glob.h"

#include <string.h>

#define GRAM_SIZE 3
#define GRAM_BITS 12

/* --- grams --- */

static uint32_t gram_hash(uint32_t three_bytes)
{
    return three_bytes * UINT32_C(0x9e3779b1) >> (32 - GRAM_BITS);
}

static uint32_t next_gram(uint32_t gram, char c)
{
    return (gram << 8 | (unsigned char)hk_lower(c)) & 0xffffff;
}

void hk_grams_of(struct hk_slice text, struct hk_grams *ret_grams)
{
    uint32_t gram = 0;

    memset(ret_grams, 0, sizeof(*ret_grams));
    for (size_t i = 0; i < text.size; i++) {
        uint32_t hash;
        gram = next_gram(gram, text.at[i]);
        if (i + 1 < GRAM_SIZE)
            continue;
        hash = gram_hash(gram);
        ret_grams->bits[hash / 64] |= UINT64_C(1) << hash % 64;
    }
}

static void need_at(struct hk_needs *needs, const char *at)
{
    uint32_t gram = 0;

    for (int i = 0; i < GRAM_SIZE; i++)
        gram = next_gram(gram, at[i]);
    if (needs->count < HK_NEEDS_MAX)
        needs->grams[needs->count++] = (uint16_t)gram_hash(gram);
}

void hk_needs_add(struct hk_needs *needs, struct hk_slice text)
{
    if (text.size < GRAM_SIZE)
        return;
    need_at(needs, text.at);
    if (text.size > GRAM_SIZE)
        need_at(needs, text.at + text.size - GRAM_SIZE);
    if (text.size > 2 * GRAM_SIZE)
        need_at(needs, text.at + text.size / 2 - 1);
}

/* --- globs --- */

/* The longest run of bytes that stand for themselves. */
static struct hk_slice longest_run(const char *text)
{
    struct hk_slice longest = {text, 0};

    while (*text != '\0') {
        size_t size = strcspn(text, "*?");
        if (size > longest.size)
            longest = (struct hk_slice){text, size};
        text += size;
        text += *text != '\0';
    }
    return longest;
}

bool hk_glob_read(struct hk_slice text, struct hk_arena *arena, struct hk_glob *ret_glob)
{
    char *copy = hk_arena_copy(arena, text.at, text.size);

    if (copy == NULL)
        return false;
    for (char *at = copy; *at != '\0'; at++)
        *at = hk_lower(*at);
    *ret_glob = (struct hk_glob){.text = copy, .first = copy[0]};
    if (copy[0] == '?')
        ret_glob->first = '*';
    hk_needs_add(&ret_glob->needs, longest_run(copy));
    return true;
}

bool hk_glob_is_open(const struct hk_glob *glob)
{
    return strpbrk(glob->text, "*?") != NULL;
}

static bool is_like(const char *pattern, struct hk_slice text, long *steps)
{
    const char *star = NULL; /* pattern after the last star, and where its run ends so far */
    size_t run = 0;
    size_t at = 0;

    while (at < text.size && --*steps > 0) {
        if (*pattern == '*') {
            star = ++pattern;
            run = at;
            if (*star == '\0')
                return true;
        } else if (*pattern == '?' || (*pattern != '\0' && *pattern == hk_lower(text.at[at]))) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++run;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return at == text.size && *pattern == '\0';
}

bool hk_glob_fits(const struct hk_glob *glob, struct hk_slice text, long *steps)
{
    return hk_glob_may_begin(glob, text) && is_like(glob->text, text, steps);
}

/* Parts between stars are found by the C library's search, which is what makes it cheap to ask a
 * long text for many globs. */
bool hk_glob_fits_lower(const struct hk_glob *glob, struct hk_slice text, long *steps)
{
    const char *pattern = glob->text;
    size_t size;

    if (!hk_glob_may_begin(glob, text))
        return false;
    if (strchr(pattern, '?') != NULL)
        return is_like(pattern, text, steps);
    size = strcspn(pattern, "*");
    if (size > text.size || memcmp(text.at, pattern, size) != 0)
        return false;
    text = hk_slice_after(text, size);
    pattern += size;
    if (*pattern == '\0')
        return text.size == 0;
    for (;;) {
        size_t at;
        pattern++; /* the star */
        size = strcspn(pattern, "*");
        if (pattern[size] == '\0')
            return size <= text.size && memcmp(text.at + text.size - size, pattern, size) == 0;
        at = hk_slice_find(text, pattern, size);
        if (at > text.size)
            return false;
        text = hk_slice_after(text, at + size);
        pattern += size;
    }
}
