/*
 * words: the catalogue, and which language somebody wants.
 */
#include "words/words.h"

#include "words/names_list.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const catalogue[HK_WORD_COUNT][HK_LANGUAGE_COUNT] = {
#define X(id, en, ja) [HK_WORD_##id] = {en, ja},
    HK_WORDS_LIST(X)
#undef X
};

static const char *const tags[HK_LANGUAGE_COUNT] = {"en", "ja"};

static const struct {
    enum hk_name_group group;
    const char *name;
    const char *texts[HK_LANGUAGE_COUNT];
} names[] = {
#define X(group, name, en, ja) {HK_NAME_##group, name, {en, ja}},
    HK_NAMES_LIST(X)
#undef X
};

/* --- languages --- */

const char *hk_language_tag(enum hk_language language)
{
    return (unsigned)language < HK_LANGUAGE_COUNT ? tags[language] : tags[HK_LANGUAGE_EN];
}

/* The language of a tag of that many bytes: its first part decides. */
static bool read_tag(const char *tag, size_t size, enum hk_language *ret_language)
{
    for (unsigned i = 0; i < HK_LANGUAGE_COUNT; i++) {
        size_t own = strlen(tags[i]);
        if (size >= own && strncasecmp(tag, tags[i], own) == 0 &&
            (size == own || tag[own] == '-')) {
            *ret_language = (enum hk_language)i;
            return true;
        }
    }
    return false;
}

bool hk_language_from_tag(const char *tag, enum hk_language *ret_language)
{
    return tag != NULL && read_tag(tag, strlen(tag), ret_language);
}

/* A weight as RFC 9110 writes it, in thousandths: "q=0.8" is 800. -1 when it is none. */
static int read_weight(const char *text, size_t size)
{
    int value = 0;
    int unit = 100;

    if (size < 3 || size > 7 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=' ||
        (text[2] != '0' && text[2] != '1'))
        return -1;
    value = (text[2] - '0') * 1000;
    if (size > 3 && text[3] != '.')
        return -1;
    for (size_t i = 4; i < size; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value += (text[i] - '0') * unit;
    }
    return value > 1000 ? -1 : value;
}

static size_t trimmed(const char **text, size_t size)
{
    while (size > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t')) {
        (*text)++;
        size--;
    }
    while (size > 0 && ((*text)[size - 1] == ' ' || (*text)[size - 1] == '\t'))
        size--;
    return size;
}

/* One item, "ja-JP;q=0.8": its weight when it is better than the best so far, else the best. */
static int take_item(const char *item, size_t size, int best, enum hk_language *language)
{
    const char *semicolon = memchr(item, ';', size);
    size_t tag_size = semicolon != NULL ? (size_t)(semicolon - item) : size;
    const char *tag = item;
    const char *rest = semicolon != NULL ? semicolon + 1 : NULL;
    enum hk_language found;
    int weight = 1000;

    if (rest != NULL) {
        size_t rest_size = trimmed(&rest, size - tag_size - 1);
        weight = read_weight(rest, rest_size);
    }
    tag_size = trimmed(&tag, tag_size);
    if (weight <= best || !read_tag(tag, tag_size, &found))
        return best;
    *language = found;
    return weight;
}

enum hk_language hk_language_accepted(const char *header, enum hk_language fallback)
{
    enum hk_language language = fallback;
    int best = 0;

    while (header != NULL && *header != '\0') {
        size_t size = strcspn(header, ",");
        best = take_item(header, size, best, &language);
        header += size;
        header += *header == ',';
    }
    return language;
}

/* --- messages --- */

const char *hk_word(enum hk_language language, enum hk_word word)
{
    assert((unsigned)word < HK_WORD_COUNT);
    return catalogue[word][language == HK_LANGUAGE_JA ? HK_LANGUAGE_JA : HK_LANGUAGE_EN];
}

/* Append size bytes of a message with its places filled. */
static void put(struct hk_buf *out, const char *text, size_t size, const char *const *args)
{
    size_t count = 0;

    while (args[count] != NULL)
        count++;
    for (size_t at = 0; at < size;) {
        const char *brace = memchr(text + at, '{', size - at);
        size_t plain = brace != NULL ? (size_t)(brace - text) - at : size - at;
        hk_buf_append(out, text + at, plain);
        at += plain;
        if (brace == NULL)
            break;
        /* "{0}": the test of the catalogue holds that each brace is one */
        size_t place = (size_t)(brace[1] - '0');
        if (place < count)
            hk_buf_append_text(out, args[place]);
        at += 3;
    }
}

void hk_words_put_list(
    struct hk_buf *out, enum hk_language language, enum hk_word word, const char *const *args)
{
    const char *text = hk_word(language, word);

    put(out, text, strlen(text), args);
}

void hk_words_count(struct hk_buf *out, enum hk_language language, enum hk_word word, int64_t count)
{
    const char *text = hk_word(language, word);
    const char *bar = strchr(text, '|');
    char digits[24];
    const char *const args[] = {digits, NULL};

    (void)snprintf(digits, sizeof(digits), "%" PRId64, count);
    if (bar == NULL)
        put(out, text, strlen(text), args);
    else if (count == 1)
        put(out, text, (size_t)(bar - text), args);
    else
        put(out, bar + 1, strlen(bar + 1), args);
}

/* --- names --- */

const char *hk_name(enum hk_language language, enum hk_name_group group, const char *name)
{
    if (name == NULL)
        return "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].group == group && strcmp(names[i].name, name) == 0)
            return names[i].texts[language == HK_LANGUAGE_JA ? HK_LANGUAGE_JA : HK_LANGUAGE_EN];
    return name;
}
