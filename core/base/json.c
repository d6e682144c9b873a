/*
 * json: the reader. See json.h for what it promises.
 *
 * The text is copied once, so that every value can point at its source, and checked for UTF-8 in
 * one pass. Decoded strings and numbers go into a pool as large as the text: a string with its two
 * quotes, and a number with the byte that must follow it, are never shorter than what they decode
 * to and its NUL. Both copies end in PADDING zero bytes, so that strings can be scanned and copied
 * a word at a time; a zero is a control byte and stops every scan.
 */
#include "base/json.h"

#include "base/digest.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PADDING 16
#define REPLACEMENT 0xfffd
#define KEYS_PAIRWISE_MAX 16 /* up to here comparing all pairs is cheaper than hashing */
#define SLOTS_ON_STACK 128

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

const struct hk_json_limits hk_json_limits_own = {
    .size_max = 64 * 1024 * 1024,
    .depth_max = 256,
    .nodes_max = 8 * 1024 * 1024,
};

/* An open array or object. */
struct frame {
    struct frame *parent;
    struct hk_json *node;
    struct hk_json *last; /* child */
};

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* after [ */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* after { */
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING,
};

struct reader {
    const char *text;
    const char *at;
    const char *end;
    char *pool; /* where the next decoded text goes */
    struct hk_arena *arena;
    const struct hk_json_limits *limits;
    struct hk_error *error;
    struct frame *top;
    struct frame *spare; /* frames to use again */
    unsigned depth;
    unsigned nodes;
    enum expect expect;
    const char *key; /* waits for its value */
    size_t key_size;
    struct hk_json *root;
};

static enum hk_status refuse(struct reader *r, const char *at, const char *what)
{
    return hk_fail(r->error, HK_INVALID, "byte %zu: %s", (size_t)(at - r->text), what);
}

static enum hk_status no_memory(struct reader *r)
{
    return hk_fail(
        r->error, HK_NOMEM, "out of memory for JSON of %zu bytes", (size_t)(r->end - r->text));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
        r->at++;
}

/* --- strings --- */

/* The highest bit of each byte that is a quote, a backslash or a control byte is set, and perhaps
 * of bytes behind the first of them (as little-endian machines have it). */
static uint64_t find_special(uint64_t word)
{
    uint64_t quote = word ^ EACH_BYTE('"');
    uint64_t backslash = word ^ EACH_BYTE('\\');
    uint64_t found = ((quote - EACH_BYTE(1)) & ~quote) | ((backslash - EACH_BYTE(1)) & ~backslash) |
                     ((word - EACH_BYTE(0x20)) & ~word);

    return found & EACH_BYTE(0x80);
}

/* The first special byte of the word at from. */
static const char *first_special(const char *from, uint64_t special)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return from + __builtin_ctzll(special) / 8;
#else
    (void)special;
    while ((unsigned char)*from >= 0x20 && *from != '"' && *from != '\\')
        from++;
    return from;
#endif
}

/* Copy up to the next special byte. Whole words are stored; what is too much is overwritten. */
static void copy_run(const char **at, char **out)
{
    const char *from = *at;
    char *to = *out;
    uint64_t special;
    uint64_t word;

    for (;;) {
        memcpy(&word, from, sizeof(word));
        memcpy(to, &word, sizeof(word));
        special = find_special(word);
        if (special != 0)
            break;
        from += sizeof(word);
        to += sizeof(word);
    }
    *at = first_special(from, special);
    *out = to + (*at - from);
}

/* Four hex digits, or -1. */
static int read_hex4(const char *at)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hk_hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static char *encode_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* What can be no character: refused, or U+FFFD. */
static enum hk_status replace_escape(
    struct reader *r, char **out, const char *begin, const char *what)
{
    if (!r->limits->is_lenient)
        return refuse(r, begin, what);
    r->at = begin + 6;
    *out = encode_utf8(*out, REPLACEMENT);
    return HK_OK;
}

/* r->at is at the backslash of a \u. */
static enum hk_status read_unicode_escape(struct reader *r, char **out)
{
    const char *begin = r->at;
    int code = read_hex4(begin + 2);
    int low;

    if (code < 0 && r->limits->is_lenient) {
        *(*out)++ = *r->at++;
        return HK_OK;
    }
    if (code < 0)
        return refuse(r, begin, "expected four hex digits after \\u");
    if (code == 0)
        return replace_escape(r, out, begin, "\\u0000 is not accepted");
    r->at += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        low = code < 0xdc00 && r->at[0] == '\\' && r->at[1] == 'u' ? read_hex4(r->at + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return replace_escape(r, out, begin, "half of a surrogate pair");
        r->at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *out = encode_utf8(*out, (unsigned)code);
    return HK_OK;
}

/* r->at is at a backslash. */
static enum hk_status read_escape(struct reader *r, char **out)
{
    char c;

    switch (r->at[1]) {
    case '"':
    case '\\':
    case '/':
        c = r->at[1];
        break;
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    case 'u':
        return read_unicode_escape(r, out);
    default:
        if (!r->limits->is_lenient)
            return refuse(r, r->at, "expected one of \"\\/bfnrtu after a backslash");
        *(*out)++ = *r->at++;
        return HK_OK;
    }
    *(*out)++ = c;
    r->at += 2;
    return HK_OK;
}

/* r->at is after the opening quote. */
static enum hk_status read_string(struct reader *r, const char **ret_text, size_t *ret_size)
{
    const char *opening = r->at - 1;
    char *begin = r->pool;
    char *out = begin;
    enum hk_status status;

    for (;;) {
        copy_run(&r->at, &out);
        if (*r->at == '"')
            break;
        if (*r->at == '\\') {
            status = read_escape(r, &out);
            if (status != HK_OK)
                return status;
        } else if (r->at >= r->end) {
            return refuse(r, opening, "string without a closing quote");
        } else if (r->limits->is_lenient) {
            *out++ = (char)(*r->at != '\0' ? *r->at : ' ');
            r->at++;
        } else {
            return refuse(r, r->at, "control byte in a string, expected an escape");
        }
    }
    r->at++;
    *out = '\0';
    r->pool = out + 1;
    *ret_text = begin;
    *ret_size = (size_t)(out - begin);
    return HK_OK;
}

/* --- values --- */

/* Make a node for the value that begins at r->at and hang it below the innermost container. */
static enum hk_status add_node(struct reader *r, enum hk_json_type type, struct hk_json **ret_node)
{
    struct hk_json *node;

    if (r->nodes >= r->limits->nodes_max)
        return hk_fail(r->error, HK_LIMIT, "byte %zu: more than %u values",
            (size_t)(r->at - r->text), r->limits->nodes_max);
    node = hk_arena_alloc(r->arena, sizeof(*node));
    if (node == NULL)
        return no_memory(r);
    r->nodes++;
    node->type = type;
    node->source = r->at;
    if (r->top == NULL) {
        r->root = node;
    } else {
        node->key = r->key;
        node->key_size = r->key_size;
        if (r->top->last != NULL)
            r->top->last->next = node;
        else
            r->top->node->first = node;
        r->top->last = node;
        r->top->node->count++;
        r->key = NULL;
        r->key_size = 0;
    }
    *ret_node = node;
    return HK_OK;
}

static enum hk_status after_value(struct reader *r, struct hk_json *node)
{
    node->source_size = (size_t)(r->at - node->source);
    r->expect = r->top != NULL ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
    return HK_OK;
}

static enum hk_status open_container(struct reader *r, enum hk_json_type type)
{
    struct hk_json *node;
    struct frame *frame = r->spare;
    enum hk_status status;

    if (r->depth >= r->limits->depth_max || r->depth >= HK_JSON_DEPTH_MAX)
        return hk_fail(r->error, HK_LIMIT, "byte %zu: nested deeper than %u levels",
            (size_t)(r->at - r->text), r->depth);
    status = add_node(r, type, &node);
    if (status != HK_OK)
        return status;
    if (frame != NULL)
        r->spare = frame->parent;
    else
        frame = hk_arena_alloc(r->arena, sizeof(*frame));
    if (frame == NULL)
        return no_memory(r);
    frame->parent = r->top;
    frame->node = node;
    frame->last = NULL;
    r->top = frame;
    r->depth++;
    r->at++;
    r->expect = type == HK_JSON_ARRAY ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END;
    return HK_OK;
}

static enum hk_status read_number(struct reader *r)
{
    const char *begin = r->at;
    const char *at = begin;
    struct hk_json *node;
    enum hk_status status;

    if (*at == '-')
        at++;
    if (!is_digit(*at))
        return refuse(r, at, "expected a digit");
    if (*at == '0' && is_digit(at[1]))
        return refuse(r, at, "number with a leading zero");
    while (is_digit(*at))
        at++;
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return refuse(r, at, "expected a digit after the decimal point");
        while (is_digit(*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        if (*at == '+' || *at == '-')
            at++;
        if (!is_digit(*at))
            return refuse(r, at, "expected a digit in the exponent");
        while (is_digit(*at))
            at++;
    }
    status = add_node(r, HK_JSON_NUMBER, &node);
    if (status != HK_OK)
        return status;
    node->text = r->pool;
    node->text_size = (size_t)(at - begin);
    memcpy(r->pool, begin, node->text_size);
    r->pool[node->text_size] = '\0';
    r->pool += node->text_size + 1;
    r->at = at;
    return after_value(r, node);
}

static enum hk_status read_word(struct reader *r, enum hk_json_type type, const char *word)
{
    size_t size = strlen(word);
    struct hk_json *node;
    enum hk_status status;

    if (strncmp(r->at, word, size) != 0)
        return refuse(r, r->at, "expected a value");
    status = add_node(r, type, &node);
    if (status != HK_OK)
        return status;
    r->at += size;
    return after_value(r, node);
}

static enum hk_status read_string_value(struct reader *r)
{
    struct hk_json *node;
    enum hk_status status = add_node(r, HK_JSON_STRING, &node);

    if (status != HK_OK)
        return status;
    r->at++;
    status = read_string(r, &node->text, &node->text_size);
    if (status != HK_OK)
        return status;
    return after_value(r, node);
}

static enum hk_status read_value(struct reader *r)
{
    switch (*r->at) {
    case '{':
        return open_container(r, HK_JSON_OBJECT);
    case '[':
        return open_container(r, HK_JSON_ARRAY);
    case '"':
        return read_string_value(r);
    case 't':
        return read_word(r, HK_JSON_TRUE, "true");
    case 'f':
        return read_word(r, HK_JSON_FALSE, "false");
    case 'n':
        return read_word(r, HK_JSON_NULL, "null");
    default:
        if (*r->at == '-' || is_digit(*r->at))
            return read_number(r);
        return refuse(
            r, r->at, r->at < r->end ? "expected a value" : "expected a value, not the end");
    }
}

static enum hk_status read_key(struct reader *r)
{
    enum hk_status status;

    if (*r->at != '"')
        return refuse(r, r->at,
            r->expect == EXPECT_KEY ? "expected a key in quotes"
                                    : "expected a key in quotes or '}'");
    r->at++;
    status = read_string(r, &r->key, &r->key_size);
    if (status != HK_OK)
        return status;
    skip_space(r);
    if (*r->at != ':')
        return refuse(r, r->at, "expected ':' after a key");
    r->at++;
    r->expect = EXPECT_VALUE;
    return HK_OK;
}

/* --- duplicate keys --- */

static bool same_key(const struct hk_json *a, const struct hk_json *b)
{
    return a->key_size == b->key_size && memcmp(a->key, b->key, a->key_size) == 0;
}

/* Seeds of the hash, unknown outside, so that no one can choose keys that collide. */
static uint64_t seeds[2];
static pthread_once_t seeds_once = PTHREAD_ONCE_INIT;

static void make_seeds(void)
{
    hk_random(seeds, sizeof(seeds));
}

__extension__ typedef unsigned __int128 wide;

static uint64_t fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t key_hash(const char *key, size_t size)
{
    uint64_t hash = seeds[1] ^ size;
    uint64_t word;

    for (; size >= sizeof(word); key += sizeof(word), size -= sizeof(word)) {
        memcpy(&word, key, sizeof(word));
        hash = fold(word ^ seeds[0], hash);
    }
    word = 0;
    memcpy(&word, key, size);
    return fold(word ^ seeds[0], hash);
}

static const struct hk_json *find_duplicate_pairwise(const struct hk_json *object)
{
    for (const struct hk_json *a = object->first; a != NULL; a = a->next)
        for (const struct hk_json *b = object->first; b != a; b = b->next)
            if (same_key(a, b))
                return a;
    return NULL;
}

/* Put all keys into a set with open addressing; slots are twice the keys at least. */
static const struct hk_json *find_duplicate_hashed(
    const struct hk_json *object, const struct hk_json **slots, size_t slot_count)
{
    for (const struct hk_json *child = object->first; child != NULL; child = child->next) {
        size_t slot = key_hash(child->key, child->key_size) & (slot_count - 1);
        while (slots[slot] != NULL) {
            if (same_key(slots[slot], child))
                return child;
            slot = (slot + 1) & (slot_count - 1);
        }
        slots[slot] = child;
    }
    return NULL;
}

static enum hk_status refuse_duplicate(
    struct reader *r, const struct hk_json *object, const struct hk_json *child)
{
    const struct hk_json *before = object->first;
    const char *at = NULL;

    while (before->next != child)
        before = before->next;
    at = before->source + before->source_size;
    while (*at != '"')
        at++; /* blanks and a comma */
    return hk_fail(r->error, HK_INVALID, "byte %zu: duplicate key \"%.*s\"", (size_t)(at - r->text),
        (int)hk_utf8_prefix(child->key, child->key_size, 100), child->key);
}

static enum hk_status check_keys(struct reader *r, const struct hk_json *object)
{
    const struct hk_json *on_stack[SLOTS_ON_STACK];
    const struct hk_json **slots = on_stack;
    const struct hk_json *duplicate = NULL;
    size_t slot_count = SLOTS_ON_STACK;

    if (object->count <= KEYS_PAIRWISE_MAX) {
        duplicate = find_duplicate_pairwise(object);
    } else {
        (void)pthread_once(&seeds_once, make_seeds);
        while (slot_count < 2 * (size_t)object->count)
            slot_count *= 2;
        if (slot_count > SLOTS_ON_STACK)
            slots = calloc(slot_count, sizeof(slots[0]));
        else
            memset(on_stack, 0, sizeof(on_stack));
        if (slots == NULL)
            return no_memory(r);
        duplicate = find_duplicate_hashed(object, slots, slot_count);
        if (slots != on_stack)
            free(slots);
    }
    return duplicate == NULL ? HK_OK : refuse_duplicate(r, object, duplicate);
}

/* --- the loop --- */

/* r->at is at the ']' or '}' that ends the innermost container. */
static enum hk_status close_container(struct reader *r)
{
    struct frame *frame = r->top;
    struct hk_json *node = frame->node;
    enum hk_status status;

    r->at++;
    if (node->type == HK_JSON_OBJECT && node->count > 1 && !r->limits->is_lenient) {
        status = check_keys(r, node);
        if (status != HK_OK)
            return status;
    }
    r->top = frame->parent;
    frame->parent = r->spare;
    r->spare = frame;
    r->depth--;
    return after_value(r, node);
}

static enum hk_status read_comma_or_end(struct reader *r)
{
    bool in_object = r->top->node->type == HK_JSON_OBJECT;

    if (*r->at == ',') {
        r->at++;
        r->expect = in_object ? EXPECT_KEY : EXPECT_VALUE;
        return HK_OK;
    }
    if (*r->at == (in_object ? '}' : ']'))
        return close_container(r);
    return refuse(r, r->at, in_object ? "expected ',' or '}'" : "expected ',' or ']'");
}

static enum hk_status read_all(struct reader *r)
{
    enum hk_status status = HK_OK;

    while (status == HK_OK) {
        skip_space(r);
        switch (r->expect) {
        case EXPECT_VALUE_OR_END:
            status = *r->at == ']' ? close_container(r) : read_value(r);
            break;
        case EXPECT_VALUE:
            status = read_value(r);
            break;
        case EXPECT_KEY_OR_END:
            status = *r->at == '}' ? close_container(r) : read_key(r);
            break;
        case EXPECT_KEY:
            status = read_key(r);
            break;
        case EXPECT_COMMA_OR_END:
            status = read_comma_or_end(r);
            break;
        case EXPECT_NOTHING:
            if (r->at < r->end)
                status = refuse(r, r->at, "expected nothing after the value");
            return status;
        }
    }
    return status;
}

/* Take the arena's ceiling from the limits: the two copies, and nodes, of which a block may be half
 * empty. */
static size_t arena_size_max(size_t size, const struct hk_json_limits *limits)
{
    size_t nodes = size / 2 + 2 < limits->nodes_max ? size / 2 + 2 : limits->nodes_max;

    return 2 * (size + PADDING) + nodes * 2 * sizeof(struct hk_json) +
           HK_JSON_DEPTH_MAX * 2 * sizeof(struct frame) + 4 * 65536;
}

static enum hk_status copy_text(struct reader *r, const char *text, size_t size)
{
    char *copy;
    size_t valid;

    /* One block for both. */
    copy = hk_arena_alloc(r->arena, 2 * (size + PADDING));
    r->text = r->at = copy;
    r->end = copy != NULL ? copy + size : copy;
    if (copy == NULL)
        return no_memory(r);
    if (size > 0)
        memcpy(copy, text, size);
    r->pool = copy + size + PADDING;
    valid = hk_utf8_valid_prefix(copy, size);
    if (valid < size)
        return refuse(r, copy + valid, "bytes that are not UTF-8");
    if (size >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0)
        return refuse(r, copy, "expected a value, not a byte order mark");
    return HK_OK;
}

enum hk_status hk_json_parse(const char *text, size_t size, const struct hk_json_limits *limits,
    struct hk_json_doc *ret_doc, struct hk_error *error)
{
    struct hk_json_doc doc = {0};
    struct reader r = {.limits = limits, .error = error, .expect = EXPECT_VALUE};
    enum hk_status status;

    *ret_doc = doc;
    if (size > limits->size_max)
        return hk_fail(
            error, HK_LIMIT, "JSON of %zu bytes, at most %zu are accepted", size, limits->size_max);
    hk_arena_init(&doc.arena, arena_size_max(size, limits));
    r.arena = &doc.arena;
    status = copy_text(&r, text, size);
    if (status == HK_OK)
        status = read_all(&r);
    if (status != HK_OK) {
        hk_arena_done(&doc.arena);
        return status;
    }
    doc.root = r.root;
    *ret_doc = doc;
    return HK_OK;
}

void hk_json_doc_done(struct hk_json_doc *doc)
{
    hk_arena_done(&doc->arena);
    doc->root = NULL;
}
