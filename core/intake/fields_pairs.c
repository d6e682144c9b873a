/*
 * fields_pairs: key=value and separated values; see fields.h.
 */
#include "intake/fields.h"

#include <string.h>

#define KEY_SIZE_MAX 128
#define GUESS_PAIRS_MIN 3

static bool is_key_byte(char c)
{
    return hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'z') ||
           (c != '\0' && strchr("_.-/@ #()", c) != NULL) || (unsigned char)c >= 0x80;
}

/* A key without what stands around it ("[action", "\"Name\""); size 0 when it can't be one. */
static struct hk_slice clean_key(struct hk_slice key)
{
    key = hk_slice_trim(key);
    while (key.size > 0 && strchr("[({\"'|<", key.at[0]) != NULL && key.at[0] != '\0')
        key = hk_slice_after(key, 1);
    while (key.size > 0 && strchr("\"' ", key.at[key.size - 1]) != NULL)
        key.size--;
    if (key.size > KEY_SIZE_MAX)
        key.size = 0;
    for (size_t i = 0; i < key.size; i++)
        if (!is_key_byte(key.at[i]))
            return (struct hk_slice){key.at, 0};
    return key;
}

/* Bytes of the quoted text that begins here, with its quotes; all when it does not end. */
static size_t measure_quoted(struct hk_slice text)
{
    char quote = text.at[0];
    size_t at = 1;

    while (at < text.size && text.at[at] != quote)
        at += text.at[at] == '\\' && at + 1 < text.size ? 2 : 1;
    return at < text.size ? at + 1 : text.size;
}

/* Bytes up to the delimiter outside of quotes. */
static size_t measure_chunk(struct hk_slice text, struct hk_pairs_rule rule)
{
    size_t at = 0;

    while (at < text.size && text.at[at] != rule.between) {
        char before = (char)(at > 0 ? text.at[at - 1] : ' ');
        bool opens = text.at[at] == '"' && (before == '=' || before == ':' ||
                                               before == rule.between || hk_is_blank(before));
        at += opens ? measure_quoted(hk_slice_after(text, at)) : 1;
    }
    return at < text.size ? at : text.size;
}

/* Without the quotes around it and the escapes of quotes in it. */
static void add(struct hk_tree *tree, struct hk_tree_node *object, struct hk_slice key,
    struct hk_slice value, char *scratch)
{
    size_t size = 0;

    value = hk_slice_trim(value);
    if (value.size >= 2 && value.at[0] == '"')
        value.size = measure_quoted(value); /* what follows the quotes is a bracket or noise */
    if (value.size >= 2 && (value.at[0] == '"' || value.at[0] == '\'') &&
        value.at[value.size - 1] == value.at[0]) {
        char quote = value.at[0];
        value = (struct hk_slice){value.at + 1, value.size - 2};
        for (size_t i = 0; i < value.size; i++) {
            if (value.at[i] == '\\' && i + 1 < value.size && value.at[i + 1] == quote)
                i++;
            scratch[size++] = value.at[i];
        }
        value = (struct hk_slice){scratch, size};
    } else if (value.size > 0 && value.at[0] == '"') {
        value = hk_slice_after(value, 1); /* the message was cut off */
    }
    hk_tree_text(tree, object, key, value);
}

static void read_chunks(struct hk_slice text, struct hk_pairs_rule rule, struct hk_tree *tree,
    struct hk_tree_node *object, char *scratch)
{
    size_t at = 0;

    while (at < text.size) {
        struct hk_slice rest = hk_slice_after(text, at);
        struct hk_slice chunk = {rest.at, measure_chunk(rest, rule)};
        size_t equals = hk_slice_until(chunk, rule.equals);
        at += chunk.size + 1;
        if (equals < chunk.size) {
            struct hk_slice key = clean_key((struct hk_slice){chunk.at, equals});
            if (key.size > 0)
                add(tree, object, key, hk_slice_after(chunk, equals + 1), scratch);
        }
    }
}

/* Blanks part the pairs: a key is what stands before '=' without a blank, a value what follows. */
static void read_words(struct hk_slice text, char equals, struct hk_tree *tree,
    struct hk_tree_node *object, char *scratch)
{
    size_t begin = 0;
    size_t at = 0;

    while (at < text.size) {
        char c = text.at[at];
        if (hk_is_blank(c) || c == '\n' || c == '\r' || c == ',') {
            begin = ++at;
        } else if (c == equals && at > begin) {
            struct hk_slice key = clean_key((struct hk_slice){text.at + begin, at - begin});
            struct hk_slice value = hk_slice_after(text, at + 1);
            size_t size = 0;
            if (value.size > 0 && (value.at[0] == '"' || value.at[0] == '\''))
                size = measure_quoted(value);
            if (size == value.size && value.size > 0 && value.at[size - 1] != value.at[0])
                size = 0; /* a quote that does not end is none */
            while (size < value.size && !hk_is_blank(value.at[size]) && value.at[size] != '\n')
                size++;
            value.size = size;
            at += 1 + size;
            while (value.size > 0 && strchr(",;", value.at[value.size - 1]) != NULL)
                value.size--;
            if (key.size > 0)
                add(tree, object, key, value, scratch);
            begin = at;
        } else {
            at++;
        }
    }
}

struct hk_tree_node *hk_pairs_read(
    struct hk_slice text, struct hk_pairs_rule rule, struct hk_tree *tree)
{
    struct hk_tree_node *object =
        hk_tree_branch(tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);
    char *scratch = hk_tree_scratch(tree, object, text.size + 1);

    if (scratch == NULL)
        return NULL;
    if (rule.between == '\0')
        read_words(text, rule.equals, tree, object, scratch);
    else
        read_chunks(text, rule, tree, object, scratch);
    return object;
}

/* How many chunks are pairs with a good key, and how many are not? */
static bool is_throughout(struct hk_slice text, struct hk_pairs_rule rule)
{
    unsigned good = 0;
    unsigned bad = 0;
    size_t at = 0;

    while (at < text.size) {
        struct hk_slice rest = hk_slice_after(text, at);
        struct hk_slice chunk = {rest.at, measure_chunk(rest, rule)};
        size_t equals = hk_slice_until(chunk, rule.equals);
        struct hk_slice key = clean_key((struct hk_slice){chunk.at, equals});
        at += chunk.size + 1;
        if (equals < chunk.size && key.size > 0)
            good++;
        else if (chunk.size > 0)
            bad++;
    }
    return good >= GUESS_PAIRS_MIN && good > 2 * bad;
}

struct hk_pairs_rule hk_pairs_guess(struct hk_slice text)
{
    static const struct hk_pairs_rule rules[] = {
        {'\t', '='}, {'|', '='}, {';', ':'}, {';', '='}, {',', '='}, {',', ':'}};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (hk_slice_until(text, rules[i].between) < text.size && is_throughout(text, rules[i]))
            return rules[i];
    return (struct hk_pairs_rule){'\0', '='};
}

/* --- separated values --- */

/* Read a quoted value (RFC 4180: a doubled quote is a quote) into scratch. Gives the bytes read. */
static size_t unquote(struct hk_slice text, char *scratch, size_t *ret_size)
{
    size_t size = 0;
    size_t at = 1;

    for (; at < text.size; at++) {
        if (text.at[at] == '"') {
            if (at + 1 >= text.size || text.at[at + 1] != '"')
                break;
            at++;
        }
        scratch[size++] = text.at[at];
    }
    *ret_size = size;
    return at < text.size ? at + 1 : text.size;
}

struct hk_tree_node *hk_csv_read(struct hk_slice text, char delimiter, struct hk_tree *tree)
{
    const struct hk_slice no_key = {NULL, 0};
    struct hk_tree_node *array = hk_tree_branch(tree, NULL, no_key, HK_JSON_ARRAY);
    char *scratch = hk_tree_scratch(tree, array, text.size + 1);

    if (scratch == NULL)
        return NULL;
    for (;;) {
        size_t size = 0;
        size_t used;
        if (text.size > 0 && text.at[0] == '"' && delimiter == ',') {
            used = unquote(text, scratch, &size);
            used += hk_slice_until(hk_slice_after(text, used), delimiter);
            hk_tree_text(tree, array, no_key, (struct hk_slice){scratch, size});
        } else {
            used = hk_slice_until(text, delimiter);
            hk_tree_text(tree, array, no_key, hk_slice_trim((struct hk_slice){text.at, used}));
        }
        if (used >= text.size)
            return array;
        text = hk_slice_after(text, used + 1);
    }
}

struct hk_tree_node *hk_zeek_read(
    struct hk_slice line, struct hk_slice columns, struct hk_tree *tree)
{
    struct hk_tree_node *object =
        hk_tree_branch(tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);

    if (hk_slice_starts(columns, "#fields"))
        columns = hk_slice_after(columns, hk_slice_until(columns, '\t'));
    if (columns.size > 0 && columns.at[0] == '\t')
        columns = hk_slice_after(columns, 1);
    while (columns.size > 0 && object != NULL) {
        struct hk_slice name = {columns.at, hk_slice_until(columns, '\t')};
        struct hk_slice value = {line.at, hk_slice_until(line, '\t')};
        if (value.size > 0 && !hk_slice_is(value, "-") && !hk_slice_is(value, "(empty)"))
            hk_tree_text(tree, object, hk_slice_trim(name), value);
        columns = hk_slice_after(columns, name.size < columns.size ? name.size + 1 : name.size);
        line = hk_slice_after(line, value.size < line.size ? value.size + 1 : value.size);
    }
    return object;
}
