/*
 * pattern: see pattern.h.
 */
#include "intake/pattern.h"

#include "limits.h"

#include <string.h>

#define PARTS_MAX 64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum part_kind {
    PART_TEXT,
    PART_OPEN, /* size: parts up to its close */
    PART_CLOSE,
    PART_ALL, /* from here on: what is taken */
    PART_WORD,
    PART_NUMBER,
    PART_HEX,
    PART_IP,
    PART_HOST,
    PART_ADDR,
    PART_ID,
    PART_QUOTED,
};

struct part {
    enum part_kind kind;
    const char *text;
    size_t size;
    int slot; /* -1: forgotten */
};

struct hk_pattern {
    const struct part *parts;
    unsigned count;
    bool is_anchored;
    struct hk_needs needs;
};

/* --- reading --- */

struct reader {
    const char *at;
    struct hk_arena *arena;
    hk_pattern_slot_fn *slot_of;
    void *ctx;
    struct part parts[PARTS_MAX];
    unsigned count;
    int open; /* index of the open bracket, or -1 */
    struct hk_error *error;
};

static struct part *add_part(struct reader *reader, enum part_kind kind)
{
    struct part *part;

    if (reader->count == PARTS_MAX)
        return NULL;
    part = &reader->parts[reader->count++];
    *part = (struct part){.kind = kind, .slot = -1};
    return part;
}

static enum hk_status too_long(struct reader *reader)
{
    return hk_fail(reader->error, HK_INVALID, "a pattern of more than %d parts", PARTS_MAX);
}

static bool is_own_byte(const char *at)
{
    return *at == '{' || *at == '[' || *at == ']';
}

static enum hk_status read_text(struct reader *reader)
{
    struct part *part = add_part(reader, PART_TEXT);
    char *copy;

    if (part == NULL)
        return too_long(reader);
    copy = hk_arena_alloc(reader->arena, strlen(reader->at) + 1);
    if (copy == NULL)
        return hk_fail(reader->error, HK_NOMEM, "no memory for a mapping");
    while (*reader->at != '\0') {
        if (is_own_byte(reader->at)) {
            if (reader->at[1] != reader->at[0])
                break;
            reader->at++;
        } else if (reader->at[0] == '}' && reader->at[1] == '}') {
            reader->at++;
        }
        /* A run of blanks is one. */
        if (!(*reader->at == ' ' && part->size > 0 && copy[part->size - 1] == ' '))
            copy[part->size++] = *reader->at;
        reader->at++;
    }
    part->text = copy;
    return HK_OK;
}

static bool read_kind(struct hk_slice name, enum part_kind *ret_kind)
{
    static const struct {
        const char *name;
        enum part_kind kind;
    } kinds[] = {{"word", PART_WORD}, {"number", PART_NUMBER}, {"hex", PART_HEX}, {"ip", PART_IP},
        {"host", PART_HOST}, {"addr", PART_ADDR}, {"id", PART_ID}, {"quoted", PART_QUOTED}};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (hk_slice_is(name, kinds[i].name)) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* "{name}" or "{name:kind}" */
static enum hk_status read_take(struct reader *reader)
{
    struct hk_slice inside = {reader->at + 1, strcspn(reader->at + 1, "}")};
    struct hk_slice name = {inside.at, hk_slice_until(inside, ':')};
    struct part *part = add_part(reader, PART_ALL);

    if (part == NULL)
        return too_long(reader);
    if (inside.at[inside.size] != '}' || name.size == 0)
        return hk_fail(
            reader->error, HK_INVALID, "\"%.60s\": expected {name} or {name:kind}", reader->at);
    if (name.size < inside.size && !read_kind(hk_slice_after(inside, name.size + 1), &part->kind))
        return hk_fail(reader->error, HK_INVALID,
            "\"%.60s\": the kinds are word, number, hex, ip, host, addr, id, quoted", reader->at);
    if (!hk_slice_is(name, "_")) {
        part->slot = reader->slot_of(reader->ctx, name);
        if (part->slot < 0)
            return hk_fail(reader->error, HK_INVALID, "more than %d names are found by patterns",
                HK_MAPPING_SLOTS_MAX);
    }
    reader->at += inside.size + 2;
    return HK_OK;
}

static enum hk_status read_bracket(struct reader *reader)
{
    bool opens = *reader->at == '[';
    struct part *part = add_part(reader, opens ? PART_OPEN : PART_CLOSE);

    if (part == NULL)
        return too_long(reader);
    if (opens ? reader->open >= 0 : reader->open < 0)
        return hk_fail(reader->error, HK_INVALID,
            "\"%.60s\": brackets come in pairs, and not in brackets", reader->at);
    if (opens) {
        reader->open = (int)reader->count - 1;
    } else {
        reader->parts[reader->open].size = reader->count - 1 - (unsigned)reader->open;
        reader->open = -1;
    }
    reader->at++;
    return HK_OK;
}

/* After {name} without a kind comes text, or nothing: else it could not be told where it ends. */
static enum hk_status check_order(struct reader *reader, const char *text)
{
    if (reader->open >= 0)
        return hk_fail(reader->error, HK_INVALID, "\"%.60s\": a bracket does not end", text);
    for (unsigned i = 0; i + 1 < reader->count; i++) {
        unsigned next = i + 1;
        if (reader->parts[i].kind != PART_ALL)
            continue;
        if (reader->parts[next].kind == PART_CLOSE && next + 1 < reader->count)
            next++;
        if (reader->parts[next].kind != PART_TEXT && reader->parts[next].kind != PART_CLOSE)
            return hk_fail(reader->error, HK_INVALID,
                "\"%.60s\": a {name} without a kind must be followed by text", text);
    }
    return HK_OK;
}

/* The longest run without blanks of all texts that may not be missing. */
static void find_needs(struct hk_pattern *pattern)
{
    struct hk_slice longest = {"", 0};

    for (unsigned i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        struct hk_slice rest = {part->text, part->size};
        if (part->kind == PART_OPEN)
            i += (unsigned)part->size;
        if (part->kind != PART_TEXT)
            continue;
        while (rest.size > 0) {
            size_t size = hk_slice_until(rest, ' ');
            if (size > longest.size)
                longest = (struct hk_slice){rest.at, size};
            rest = hk_slice_after(rest, size < rest.size ? size + 1 : size);
        }
    }
    hk_needs_add(&pattern->needs, longest);
}

enum hk_status hk_pattern_read(const char *text, struct hk_arena *arena,
    hk_pattern_slot_fn *slot_of, void *ctx, const struct hk_pattern **ret_pattern,
    struct hk_error *error)
{
    struct reader reader = {
        .at = text, .arena = arena, .slot_of = slot_of, .ctx = ctx, .open = -1, .error = error};
    struct hk_pattern *pattern = hk_arena_alloc(arena, sizeof(*pattern));
    struct part *parts;
    enum hk_status status = HK_OK;

    if (pattern == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a mapping");
    if (*reader.at == '^') {
        pattern->is_anchored = true;
        reader.at++;
    }
    while (*reader.at != '\0' && status == HK_OK) {
        if (!is_own_byte(reader.at) || reader.at[1] == reader.at[0])
            status = read_text(&reader);
        else
            status = *reader.at == '{' ? read_take(&reader) : read_bracket(&reader);
    }
    if (status == HK_OK && reader.count == 0)
        status = hk_fail(error, HK_INVALID, "a pattern is empty");
    if (status == HK_OK)
        status = check_order(&reader, text);
    if (status != HK_OK)
        return status;
    parts = hk_arena_alloc(arena, reader.count * sizeof(*parts));
    if (parts == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a mapping");
    memcpy(parts, reader.parts, reader.count * sizeof(*parts));
    pattern->parts = parts;
    pattern->count = reader.count;
    find_needs(pattern);
    *ret_pattern = pattern;
    return HK_OK;
}

const struct hk_needs *hk_pattern_needs(const struct hk_pattern *pattern)
{
    return &pattern->needs;
}

/* --- finding --- */

struct match {
    const struct hk_pattern *pattern;
    struct hk_slice text;
    size_t at;
    long *steps;
    struct hk_slice slots[HK_MAPPING_SLOTS_MAX];
    uint64_t filled; /* bit n: slot n */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of text, from at, that a part's text takes; 0: it does not stand there. */
static size_t measure_text(const struct part *part, struct hk_slice text, size_t at, long *steps)
{
    size_t begin = at;

    for (size_t i = 0; i < part->size; i++) {
        --*steps;
        if (part->text[i] == ' ') {
            if (at == text.size || !is_space(text.at[at]))
                return 0;
            while (at < text.size && is_space(text.at[at]))
                at++;
        } else if (at == text.size || text.at[at++] != part->text[i]) {
            return 0;
        }
    }
    return at - begin;
}

/* Where, from at on, a part's text stands; text.size + 1: nowhere. */
static size_t find_text(const struct part *part, struct hk_slice text, size_t at, long *steps)
{
    char first = part->text[0];

    while (at<text.size && * steps> 0) {
        const char *next =
            first == ' ' ? text.at + at : memchr(text.at + at, first, text.size - at);
        if (next == NULL)
            break;
        *steps -= 1 + (long)((size_t)(next - text.at) - at) / 16;
        at = (size_t)(next - text.at);
        if (measure_text(part, text, at, steps) > 0)
            return at;
        at++;
    }
    return text.size + 1;
}

static bool is_of_kind(enum part_kind kind, char c)
{
    bool is_alnum = hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'z');
    bool is_hex = hk_is_digit(c) || (hk_lower(c) >= 'a' && hk_lower(c) <= 'f');

    switch (kind) {
    case PART_WORD:
        return !is_space(c);
    case PART_NUMBER:
        return hk_is_digit(c);
    case PART_HEX:
        return is_hex;
    case PART_IP:
        return is_hex || c == '.' || c == ':';
    case PART_HOST:
        return is_alnum || (c != '\0' && strchr(".-_", c) != NULL) || (unsigned char)c >= 0x80;
    case PART_ADDR:
        return is_alnum || (c != '\0' && strchr(".-_:", c) != NULL);
    case PART_ID:
        return is_alnum || (c != '\0' && strchr(".-_@$\\/:+", c) != NULL) ||
               (unsigned char)c >= 0x80;
    default:
        return false;
    }
}

/* Bytes of an address without the port behind it ("192.0.2.1:22", but not "2001:db8::1") and what
 * ends a sentence. */
static size_t without_port(struct hk_slice address)
{
    size_t colon = hk_slice_until(address, ':');

    if (colon < address.size && hk_slice_until((struct hk_slice){address.at, colon}, '.') < colon)
        address.size = colon;
    while (address.size > 0 &&
           (address.at[address.size - 1] == '.' || address.at[address.size - 1] == ':'))
        address.size--;
    return address.size;
}

/* How many of the bytes to take: all when the text behind the part stands right behind them, else
 * up to where it first stands in them. */
static size_t leave_room(const struct match *match, unsigned index, size_t size)
{
    const struct part *next = match->pattern->parts + index + 1;
    char first;

    if (index + 1 >= match->pattern->count || next->kind != PART_TEXT || next->text[0] == ' ')
        return size;
    first = next->text[0];
    if (match->at + size < match->text.size && match->text.at[match->at + size] == first)
        return size;
    for (size_t less = 1; less < size; less++) {
        if (match->text.at[match->at + less] != first)
            continue;
        if (measure_text(next, match->text, match->at + less, match->steps) > 0)
            return less;
    }
    return size;
}

/* Take what is of the part's kind; false when there is none. */
static bool take_kind(struct match *match, unsigned index, struct hk_slice *ret_taken)
{
    const struct part *part = &match->pattern->parts[index];
    struct hk_slice rest = hk_slice_after(match->text, match->at);
    size_t size = 0;

    if (part->kind == PART_QUOTED) {
        char quote = rest.size > 0 ? rest.at[0] : '\0';
        if (quote != '"' && quote != '\'')
            return false;
        size = hk_slice_until(hk_slice_after(rest, 1), quote);
        if (size + 1 >= rest.size)
            return false;
        *ret_taken = (struct hk_slice){rest.at + 1, size};
        match->at += size + 2;
        return true;
    }
    while (size < rest.size && is_of_kind(part->kind, rest.at[size]))
        size++;
    if (part->kind == PART_IP || part->kind == PART_ADDR)
        size = without_port((struct hk_slice){rest.at, size});
    *match->steps -= (long)size;
    size = leave_room(match, index, size);
    *ret_taken = (struct hk_slice){rest.at, size};
    match->at += size;
    if (part->kind == PART_IP && hk_slice_until(*ret_taken, '.') == size &&
        hk_slice_until(*ret_taken, ':') == size)
        return false;
    return size > 0;
}

/* Take all up to the next text of the pattern. */
static bool take_all(struct match *match, unsigned index, struct hk_slice *ret_taken)
{
    const struct hk_pattern *pattern = match->pattern;
    unsigned next = index + 1;
    size_t end = match->text.size;

    if (next < pattern->count && pattern->parts[next].kind == PART_CLOSE)
        next++;
    if (next < pattern->count)
        end = find_text(&pattern->parts[next], match->text, match->at, match->steps);
    if (end > match->text.size)
        return false;
    *ret_taken = hk_slice_trim((struct hk_slice){match->text.at + match->at, end - match->at});
    match->at = end;
    return true;
}

static bool take_part(struct match *match, unsigned index)
{
    const struct part *part = &match->pattern->parts[index];
    struct hk_slice taken;
    size_t size;

    if (part->kind == PART_CLOSE)
        return true;
    if (part->kind == PART_TEXT) {
        size = measure_text(part, match->text, match->at, match->steps);
        match->at += size;
        return size > 0;
    }
    if (!(part->kind == PART_ALL ? take_all(match, index, &taken)
                                 : take_kind(match, index, &taken)))
        return false;
    if (part->slot >= 0) {
        match->slots[part->slot] = taken;
        match->filled |= UINT64_C(1) << part->slot;
    }
    return true;
}

/* Try from match->at. */
static bool fits_here(struct match *match)
{
    const struct hk_pattern *pattern = match->pattern;
    size_t back = 0; /* where an open bracket began, and what was filled then */
    uint64_t filled = 0;
    unsigned open_end = 0;
    bool is_open = false;

    for (unsigned i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        if (*match->steps <= 0)
            return false;
        if (part->kind == PART_OPEN) {
            is_open = true;
            back = match->at;
            filled = match->filled;
            open_end = i + (unsigned)part->size;
            continue;
        }
        if (part->kind == PART_CLOSE)
            is_open = false;
        if (take_part(match, i))
            continue;
        if (!is_open)
            return false;
        match->at = back;
        match->filled = filled;
        is_open = false;
        i = open_end;
    }
    return true;
}

static bool find_from(const struct hk_pattern *pattern, struct hk_slice text, size_t from,
    long *steps, struct hk_slice *slots)
{
    const struct part *first = &pattern->parts[0];
    HK_UNCLEARED struct match match; /* of its slots those of match.filled are read */
    bool fits = false;

    match.pattern = pattern;
    match.text = text;
    match.steps = steps;

    for (;;) {
        match.at = from;
        match.filled = 0;
        fits = fits_here(&match);
        if (fits || pattern->is_anchored || first->kind != PART_TEXT)
            break;
        from = find_text(first, text, from + 1, steps);
        if (from > text.size || *steps <= 0)
            return false;
    }
    if (!fits)
        return false;
    for (unsigned i = 0; i < HK_MAPPING_SLOTS_MAX; i++)
        if ((match.filled >> i & 1) != 0)
            slots[i] = match.slots[i];
    return true;
}

bool hk_pattern_find(
    const struct hk_pattern *pattern, struct hk_slice text, long *steps, struct hk_slice *slots)
{
    const struct part *first = &pattern->parts[0];
    size_t from = 0;

    if (first->kind == PART_TEXT) {
        from = pattern->is_anchored ? (measure_text(first, text, 0, steps) > 0 ? 0 : text.size + 1)
                                    : find_text(first, text, 0, steps);
        if (from > text.size || *steps <= 0)
            return false;
    }
    return find_from(pattern, text, from, steps, slots);
}
