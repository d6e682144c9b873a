/*
 * fields_xml: XML as events have it; see fields.h. One walk with a stack of open elements; nothing
 * is looked up, included or defined, so a document can't make this do more work than it is long.
 */
#include "intake/fields.h"

#include "base/text.h"
#include "limits.h"

#include <string.h>

#define CDATA_BEGIN "<![CDATA["
#define CDATA_END "]]>"

struct open_element {
    struct hk_slice name;
    struct hk_slice data_name; /* of <Data Name="…"> */
    struct hk_tree_node *node; /* NULL until it has a child or an attribute */
    size_t text_at;            /* where its text begins */
    bool has_children;
};

struct walk {
    struct hk_slice text;
    size_t at;
    struct hk_tree *tree;
    struct hk_tree_node *root;
    struct open_element stack[HK_FORM_DEPTH_MAX];
    unsigned depth;
    char *scratch;
};

/* --- texts --- */

static size_t encode_utf8(char *out, unsigned long code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* "#65" or "#x41": the character; 0 when it is none that a text may hold. */
static unsigned long read_code(struct hk_slice name)
{
    bool is_hex = name.size > 2 && hk_lower(name.at[1]) == 'x';
    unsigned long code = 0;

    for (size_t i = is_hex ? 2 : 1; i < name.size; i++) {
        int digit = hk_hex_digit(name.at[i]);
        if (digit < 0 || (!is_hex && digit > 9) || code > 0x10ffff)
            return 0;
        code = code * (is_hex ? 16 : 10) + (unsigned long)digit;
    }
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : code;
}

/* What the entity stands for, in out (4 bytes); 0 when it is unknown. An entity is never shorter
 * than what it stands for. */
static size_t read_entity(struct hk_slice name, char *out)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    unsigned long code;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (hk_slice_is(name, known[i].name)) {
            out[0] = known[i].c;
            return 1;
        }
    }
    if (name.size < 2 || name.at[0] != '#')
        return 0;
    code = read_code(name);
    return code != 0 ? encode_utf8(out, code) : 0;
}

static struct hk_slice unescape(struct walk *walk, struct hk_slice text)
{
    size_t size = 0;

    text = hk_slice_trim(text);
    if (hk_slice_starts(text, CDATA_BEGIN)) {
        text = hk_slice_after(text, strlen(CDATA_BEGIN));
        size = hk_slice_find(text, CDATA_END, strlen(CDATA_END));
        return (struct hk_slice){text.at, size < text.size ? size : text.size};
    }
    if (text.size == 0 || memchr(text.at, '&', text.size) == NULL)
        return text;
    for (size_t i = 0; i < text.size;) {
        struct hk_slice rest = hk_slice_after(text, i);
        size_t end = text.at[i] == '&' ? hk_slice_until(rest, ';') : rest.size;
        size_t wrote =
            end < rest.size && end <= 10
                ? read_entity((struct hk_slice){rest.at + 1, end - 1}, walk->scratch + size)
                : 0;
        if (wrote == 0)
            walk->scratch[size++] = text.at[i++];
        else
            i += end + 1;
        size += wrote;
    }
    return (struct hk_slice){walk->scratch, size};
}

/* --- elements --- */

static struct hk_slice local_name(struct hk_slice name)
{
    size_t colon = hk_slice_until(name, ':');

    return colon < name.size ? hk_slice_after(name, colon + 1) : name;
}

/* The object of the element on top, made when it is first needed; that of the element around it is
 * there already, since an element gets one before its first child is opened. */
static struct hk_tree_node *node_of_top(struct walk *walk)
{
    struct open_element *element;

    if (walk->depth == 0)
        return walk->root;
    element = &walk->stack[walk->depth - 1];
    if (element->node == NULL)
        element->node = hk_tree_branch(walk->tree,
            walk->depth == 1 ? walk->root : walk->stack[walk->depth - 2].node, element->name,
            HK_JSON_OBJECT);
    return element->node;
}

static bool is_name_byte(char c)
{
    return hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'z') ||
           (c != '\0' && strchr("_.-:", c) != NULL) || (unsigned char)c >= 0x80;
}

static struct hk_slice take_name(struct walk *walk)
{
    size_t begin = walk->at;

    while (walk->at < walk->text.size && is_name_byte(walk->text.at[walk->at]))
        walk->at++;
    return (struct hk_slice){walk->text.at + begin, walk->at - begin};
}

static char skip_space(struct walk *walk)
{
    while (walk->at < walk->text.size && strchr(" \t\r\n", walk->text.at[walk->at]) != NULL &&
           walk->text.at[walk->at] != '\0')
        walk->at++;
    return walk->at < walk->text.size ? walk->text.at[walk->at] : '\0';
}

/* name="value" of the element on top. */
static bool take_attribute(struct walk *walk)
{
    struct open_element *element = &walk->stack[walk->depth - 1];
    struct hk_slice name = take_name(walk);
    struct hk_slice rest;
    struct hk_slice value;
    char quote;

    if (name.size == 0 || skip_space(walk) != '=')
        return false;
    walk->at++;
    quote = skip_space(walk);
    if (quote != '"' && quote != '\'')
        return false;
    rest = hk_slice_after(walk->text, walk->at + 1);
    value = (struct hk_slice){rest.at, hk_slice_until(rest, quote)};
    if (value.size == rest.size)
        return false;
    walk->at += value.size + 2;
    if (hk_slice_is(name, "Name") && hk_slice_is(element->name, "Data"))
        element->data_name = value;
    else if (!hk_slice_starts(name, "xmlns"))
        hk_tree_text(walk->tree, node_of_top(walk), local_name(name), unescape(walk, value));
    return true;
}

/* The element on top ends, with its text before end. Text beside child elements is dropped. */
static void close_element(struct walk *walk, size_t end)
{
    struct open_element *element = &walk->stack[--walk->depth];
    struct hk_slice key = element->data_name.size > 0 ? element->data_name : element->name;
    struct hk_slice text;

    if (element->has_children)
        return;
    text =
        unescape(walk, (struct hk_slice){walk->text.at + element->text_at, end - element->text_at});
    if (element->node == NULL)
        hk_tree_text(walk->tree, node_of_top(walk), key, text);
    else if (text.size > 0)
        hk_tree_text(walk->tree, element->node, hk_slice_of("#text"), text);
}

/* walk->at is after '<' and a name begins. False: broken. */
static bool open_element(struct walk *walk)
{
    struct open_element *element = &walk->stack[walk->depth];
    struct hk_slice name = take_name(walk);

    if (name.size == 0 || walk->depth + 1 >= HK_FORM_DEPTH_MAX)
        return false;
    (void)node_of_top(walk);
    if (walk->depth > 0)
        walk->stack[walk->depth - 1].has_children = true;
    *element = (struct open_element){.name = local_name(name)};
    walk->depth++;
    for (;;) {
        char c = skip_space(walk);
        if (c == '>') {
            element->text_at = ++walk->at;
            return true;
        }
        if (c == '/' && walk->at + 1 < walk->text.size && walk->text.at[walk->at + 1] == '>') {
            walk->at += 2;
            element->text_at = walk->at;
            close_element(walk, walk->at);
            return true;
        }
        if (!take_attribute(walk))
            return false;
    }
}

/* "<!-- … -->", "<? … ?>", "<![CDATA[ … ]]>": skip. False: it does not end, or is a DTD. */
static bool skip_other(struct walk *walk, struct hk_slice rest)
{
    static const char *const kinds[][2] = {{"<!--", "-->"}, {"<?", "?>"}, {CDATA_BEGIN, CDATA_END}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t end;
        if (!hk_slice_starts(rest, kinds[i][0]))
            continue;
        end = hk_slice_find(rest, kinds[i][1], strlen(kinds[i][1]));
        if (end > rest.size)
            return false;
        walk->at += end + strlen(kinds[i][1]);
        return true;
    }
    return false;
}

static bool step(struct walk *walk)
{
    struct hk_slice rest = hk_slice_after(walk->text, walk->at);
    size_t open = hk_slice_until(rest, '<');

    if (open + 1 >= rest.size)
        return false;
    walk->at += open;
    rest = hk_slice_after(rest, open);
    if (rest.at[1] == '!' || rest.at[1] == '?')
        return skip_other(walk, rest);
    if (rest.at[1] == '/') {
        size_t end = walk->at;
        size_t close = hk_slice_until(rest, '>');
        if (walk->depth == 0 || close == rest.size)
            return false;
        walk->at += close + 1;
        close_element(walk, end);
        return walk->depth > 0;
    }
    walk->at++;
    return open_element(walk) && walk->depth > 0;
}

struct hk_tree_node *hk_xml_read(struct hk_slice text, struct hk_tree *tree)
{
    struct walk walk = {.text = text, .tree = tree};

    if (hk_slice_until(text, '<') == text.size)
        return NULL;
    walk.root = hk_tree_branch(tree, NULL, (struct hk_slice){NULL, 0}, HK_JSON_OBJECT);
    walk.scratch = hk_tree_scratch(tree, walk.root, text.size + 1);
    if (walk.scratch == NULL)
        return NULL;
    while (step(&walk))
        ;
    return walk.root->json.count > 0 ? walk.root : NULL;
}
