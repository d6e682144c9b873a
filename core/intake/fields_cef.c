/*
 * fields_cef: CEF and LEEF; see fields.h.
 */
#include "intake/fields.h"

#include "base/text.h"

#include <string.h>

#define HEAD_FIELDS 6     /* after the version */
#define HEAD_FIELDS_MIN 4 /* some senders leave name and severity out */
#define LABELS_MAX 64     /* each costs a look at all fields; CEF defines 24 */
#define LABEL "Label"
#define LABEL_SIZE (sizeof(LABEL) - 1)

/* Where does "CEF:" or "LEEF:" begin, with a digit after it? text.size when it does not. */
static size_t find_begin(struct hk_slice text, const char *word)
{
    size_t word_size = strlen(word);
    size_t at = 0;

    for (;;) {
        struct hk_slice rest = hk_slice_after(text, at);
        size_t found = hk_slice_find(rest, word, word_size);
        if (found > rest.size || found + word_size >= rest.size)
            return text.size;
        at += found;
        if (hk_is_digit(text.at[at + word_size]) &&
            (at == 0 || (hk_lower(text.at[at - 1]) < 'a' || hk_lower(text.at[at - 1]) > 'z')))
            return at;
        at += word_size;
    }
}

/* Take a field up to an unescaped '|'. False: the text ended, the field is what was left. */
static bool take_head_field(struct hk_slice *rest, struct hk_slice *ret_field)
{
    size_t at = 0;
    bool ends;

    while (at < rest->size && rest->at[at] != '|')
        at += rest->at[at] == '\\' && at + 1 < rest->size ? 2 : 1;
    ends = at >= rest->size;
    *ret_field = (struct hk_slice){rest->at, ends ? rest->size : at};
    *rest = hk_slice_after(*rest, ends ? rest->size : at + 1);
    return !ends;
}

/* --- values --- */

/* Write what an escaped text stands for; out has room for all of it. Gives the bytes written. */
static size_t unescape(struct hk_slice text, char *out)
{
    size_t size = 0;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (c == '\\' && i + 1 < text.size && strchr("\\=|nr\"", text.at[i + 1]) != NULL &&
            text.at[i + 1] != '\0') {
            c = text.at[++i];
            c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        }
        out[size++] = c;
    }
    return size;
}

static void add(struct hk_tree *tree, struct hk_tree_node *object, struct hk_slice key,
    struct hk_slice value, char *scratch)
{
    value = hk_slice_trim(value);
    if (value.size > 0 && memchr(value.at, '\\', value.size) != NULL)
        value = (struct hk_slice){scratch, unescape(value, scratch)};
    hk_tree_text(tree, object, key, value);
}

static bool is_key_byte(char c)
{
    return hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'z') ||
           (c != '\0' && strchr("_.-[]:/@$", c) != NULL);
}

/* Where does the next "key=" begin, at a blank or the start? text.size when there is none. */
static size_t find_key(struct hk_slice text, size_t from, size_t *ret_equals)
{
    for (size_t at = from; at < text.size; at++) {
        size_t begin = at;
        if (text.at[at] == '\\') {
            at++;
            continue;
        }
        if (text.at[at] != '=')
            continue;
        while (begin > from && is_key_byte(text.at[begin - 1]))
            begin--;
        if (begin == at || (begin > 0 && text.at[begin - 1] != ' ' && text.at[begin - 1] != '\t' &&
                               text.at[begin - 1] != '|'))
            continue;
        *ret_equals = at;
        return begin;
    }
    return text.size;
}

static void read_extension(
    struct hk_slice text, struct hk_tree *tree, struct hk_tree_node *object, char *scratch)
{
    size_t equals = 0;
    size_t key = find_key(text, 0, &equals);

    while (key < text.size) {
        size_t next_equals = 0;
        size_t next = find_key(text, equals + 1, &next_equals);
        add(tree, object, (struct hk_slice){text.at + key, equals - key},
            (struct hk_slice){text.at + equals + 1, next - equals - 1}, scratch);
        key = next;
        equals = next_equals;
    }
}

/* cs1Label=Policy cs1=Default: also Policy=Default. */
static void add_labelled(struct hk_tree *tree, struct hk_tree_node *object)
{
    const struct hk_json *last = object->last;
    int labels = 0;

    for (const struct hk_json *label = object->json.first; label != NULL; label = label->next) {
        size_t size = label->key_size;
        if (size > LABEL_SIZE && label->text_size > 0 && labels < LABELS_MAX &&
            memcmp(label->key + size - LABEL_SIZE, LABEL, LABEL_SIZE) == 0) {
            const struct hk_json *value = object->json.first;
            labels++;
            size -= LABEL_SIZE;
            while (value != NULL &&
                   !(value->key_size == size && memcmp(value->key, label->key, size) == 0))
                value = value == last ? NULL : value->next;
            if (value != NULL)
                hk_tree_text(tree, object, (struct hk_slice){label->text, label->text_size},
                    (struct hk_slice){value->text, value->text_size});
        }
        if (label == last)
            break;
    }
}

/* The object, and a scratch as large as the text. */
static struct hk_tree_node *begin(struct hk_tree *tree, struct hk_slice text, char **ret_scratch)
{
    struct hk_tree_node *object =
        hk_tree_branch(tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);

    *ret_scratch = hk_tree_scratch(tree, object, text.size + 1);
    return *ret_scratch != NULL ? object : NULL;
}

static struct hk_slice clean(struct hk_tree *tree, struct hk_slice field)
{
    char *copy;

    field = hk_slice_trim(field);
    if (field.size == 0 || memchr(field.at, '\\', field.size) == NULL)
        return field;
    copy = hk_arena_alloc(tree->arena, field.size + 1);
    if (copy == NULL) {
        tree->failed = true;
        return field;
    }
    return (struct hk_slice){copy, unescape(field, copy)};
}

struct hk_tree_node *hk_cef_read(
    struct hk_slice text, struct hk_tree *tree, struct hk_fields_head *ret_head)
{
    struct hk_fields_head head = {.vendor = {NULL, 0}};
    struct hk_slice *const fields[HEAD_FIELDS] = {
        &head.vendor, &head.product, &head.version, &head.id, &head.name, &head.severity};
    struct hk_slice rest = hk_slice_after(text, find_begin(text, "CEF:"));
    struct hk_slice version;
    struct hk_tree_node *object;
    char *scratch;
    int count = 0;

    if (rest.size == 0 || !take_head_field(&rest, &version))
        return NULL;
    while (count < HEAD_FIELDS && rest.size > 0 && take_head_field(&rest, fields[count]))
        count++;
    /* Where the last field has no '|' after it, nothing follows. */
    if (count < HEAD_FIELDS_MIN)
        return NULL;
    object = begin(tree, text, &scratch);
    if (object == NULL)
        return NULL;
    for (int i = 0; i < HEAD_FIELDS; i++)
        *fields[i] = clean(tree, *fields[i]);
    read_extension(rest, tree, object, scratch);
    add_labelled(tree, object);
    *ret_head = head;
    return object;
}

/* --- LEEF --- */

/* "^", "x5E", "0x5E", "\t": the delimiter that LEEF 2.0 names; '\0' when it is none. */
static char read_delimiter(struct hk_slice field)
{
    size_t at;
    int value = 0;

    if (field.size == 1)
        return field.at[0];
    if (hk_slice_is(field, "\\t"))
        return '\t';
    at = hk_slice_starts(field, "0x") ? 2 : hk_slice_starts(field, "x") ? 1 : 0;
    if (at == 0 || field.size - at < 1 || field.size - at > 4)
        return '\0';
    for (; at < field.size; at++) {
        int digit = hk_hex_digit(field.at[at]);
        if (digit < 0)
            return '\0';
        value = value * 16 + digit;
    }
    return (char)(value < 0x80 ? value : '\0');
}

/* LEEF 1.0 parts by tabs; some part by what LEEF 2.0 would have to name. */
static char guess_delimiter(struct hk_slice attributes)
{
    static const char guesses[] = {'\t', '^', '|'};

    for (size_t i = 0; i < sizeof(guesses); i++) {
        struct hk_slice after = hk_slice_after(attributes, hk_slice_until(attributes, guesses[i]));
        if (hk_slice_until(after, '=') < after.size)
            return guesses[i];
    }
    return '\t';
}

static void read_attributes(struct hk_slice text, char delimiter, struct hk_tree *tree,
    struct hk_tree_node *object, char *scratch)
{
    size_t at = 0;

    if (hk_slice_until(text, delimiter) == text.size) {
        read_extension(text, tree, object, scratch);
        return;
    }
    while (at < text.size) {
        struct hk_slice rest = hk_slice_after(text, at);
        struct hk_slice pair = {rest.at, hk_slice_until(rest, delimiter)};
        size_t equals = hk_slice_until(pair, '=');
        at += pair.size + 1;
        if (equals < pair.size && equals > 0)
            add(tree, object, hk_slice_trim((struct hk_slice){pair.at, equals}),
                hk_slice_after(pair, equals + 1), scratch);
    }
}

struct hk_tree_node *hk_leef_read(
    struct hk_slice text, struct hk_tree *tree, struct hk_fields_head *ret_head)
{
    struct hk_fields_head head = {.vendor = {NULL, 0}};
    struct hk_slice *const fields[] = {&head.vendor, &head.product, &head.version, &head.id};
    struct hk_slice rest = hk_slice_after(text, find_begin(text, "LEEF:"));
    struct hk_slice version;
    struct hk_tree_node *object;
    char delimiter = '\t';
    char *scratch;

    if (rest.size == 0 || !take_head_field(&rest, &version))
        return NULL;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!take_head_field(&rest, fields[i]) && i < 3)
            return NULL;
    if (hk_slice_starts(version, "LEEF:2")) {
        struct hk_slice after = rest;
        struct hk_slice field;
        if (take_head_field(&after, &field) && (field.size == 0 || read_delimiter(field) != '\0')) {
            delimiter = field.size > 0 ? read_delimiter(field) : '\t';
            rest = after;
        }
    } else {
        delimiter = guess_delimiter(rest);
    }
    object = begin(tree, text, &scratch);
    if (object == NULL)
        return NULL;
    read_attributes(rest, delimiter, tree, object, scratch);
    add_labelled(tree, object);
    *ret_head = head;
    return object;
}

struct hk_tree_node *hk_pairs_read_loose(struct hk_slice text, struct hk_tree *tree)
{
    char *scratch;
    struct hk_tree_node *object = begin(tree, text, &scratch);

    if (object != NULL)
        read_extension(text, tree, object, scratch);
    return object;
}
