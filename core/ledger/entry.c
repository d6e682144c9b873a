/*
 * entry: write and read the line that is hashed; see entry.h.
 */
#include "ledger/entry.h"

#include "base/time.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define PREFIX "hk1 "
#define FIELD_COUNT 6 /* after the prefix */

static const char *const kind_texts[HK_KIND_COUNT] = {
#define X(name, text) [HK_KIND_##name] = text,
    HK_KIND_LIST(X)
#undef X
};

const char *hk_kind_text(enum hk_kind kind)
{
    assert((unsigned)kind < HK_KIND_COUNT);
    return kind_texts[kind];
}

/* Kinds by a hash of their text; each entry that is read asks. */
#define SLOTS 256
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint8_t slots[SLOTS]; /* a kind and one more; 0: empty */

static size_t slot_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619U;
    return (hash ^ hash >> 16) % SLOTS;
}

static void fill_slots(void)
{
    _Static_assert(HK_KIND_COUNT <= SLOTS / 2, "the table is too full");
    for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
        size_t at = slot_of(kind_texts[kind], strlen(kind_texts[kind]));

        while (slots[at] != 0)
            at = (at + 1) % SLOTS;
        slots[at] = (uint8_t)(kind + 1);
    }
}

static bool find_kind(const char *text, size_t size, enum hk_kind *ret_kind)
{
    (void)pthread_once(&once, fill_slots);
    for (size_t at = slot_of(text, size); slots[at] != 0; at = (at + 1) % SLOTS) {
        const char *known = kind_texts[slots[at] - 1];

        if (strncmp(text, known, size) == 0 && known[size] == '\0') {
            *ret_kind = (enum hk_kind)(slots[at] - 1);
            return true;
        }
    }
    return false;
}

bool hk_kind_from_text(const char *text, enum hk_kind *ret_kind)
{
    return find_kind(text, strlen(text), ret_kind);
}

static char *put(char *at, const char *text)
{
    size_t size = strlen(text);

    memcpy(at, text, size);
    return at + size;
}

static char *put_u64(char *at, uint64_t value)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

size_t hk_entry_format(const struct hk_entry *entry, char ret_line[HK_ENTRY_LINE_SIZE])
{
    char time_text[HK_TIME_TEXT_SIZE];
    char *at = ret_line;

    hk_time_format(entry->time_us, time_text);
    at = put(at, PREFIX);
    at = put_u64(at, entry->seq);
    *at++ = ' ';
    at = put(at, time_text);
    *at++ = ' ';
    at = put(at, hk_kind_text(entry->kind));
    *at++ = ' ';
    at = put(at, entry->subject);
    *at++ = ' ';
    at = put(at, entry->actor);
    *at++ = ' ';
    hk_hex(entry->commitment, sizeof(entry->commitment), at);
    return (size_t)(at - ret_line) + 2 * sizeof(entry->commitment);
}

/* --- reading: one walk along the line, since an audit reads every one --- */

struct cursor {
    const char *at;
    const char *end;
};

/* The bytes up to the next blank, or to the end; goes on after it. */
static struct cursor take_field(struct cursor *line)
{
    const char *blank = memchr(line->at, ' ', (size_t)(line->end - line->at));
    struct cursor field = {.at = line->at, .end = blank != NULL ? blank : line->end};

    line->at = blank != NULL ? blank + 1 : line->end;
    return field;
}

static size_t size_of(struct cursor field)
{
    return (size_t)(field.end - field.at);
}

/* Without leading zeros. */
static bool read_u64(struct cursor field, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (size_of(field) == 0 || (field.at[0] == '0' && size_of(field) > 1))
        return false;
    for (; field.at < field.end; field.at++) {
        uint64_t digit = (uint64_t)(*field.at - '0');
        if (*field.at < '0' || *field.at > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool read_id(struct cursor field, char ret_id[HK_ID_SIZE])
{
    size_t size = size_of(field);

    if (size >= HK_ID_SIZE)
        return false;
    memcpy(ret_id, field.at, size);
    ret_id[size] = '\0';
    return hk_id_is_valid(ret_id);
}

/* A word, a point, a word: what a kind of a later version may look like. */
static bool looks_like_a_kind(struct cursor field)
{
    size_t points = 0;

    for (const char *at = field.at; at < field.end; at++) {
        if (*at == '.' && at > field.at && at + 1 < field.end)
            points++;
        else if (*at != '_' && (*at < 'a' || *at > 'z'))
            return false;
    }
    return points == 1;
}

static enum hk_status read_fields(
    struct cursor line, struct hk_entry *entry, struct hk_error *error)
{
    struct cursor field;

    if (!read_u64(take_field(&line), &entry->seq))
        return hk_fail(error, HK_INVALID, "entry: bad sequence number");
    field = take_field(&line);
    if (!hk_time_parse_exact(field.at, size_of(field), &entry->time_us))
        return hk_fail(error, HK_INVALID, "entry: bad time");
    field = take_field(&line);
    if (!find_kind(field.at, size_of(field), &entry->kind))
        return hk_fail(error, looks_like_a_kind(field) ? HK_UNSUPPORTED : HK_INVALID,
            "entry: kind %.*s is not known here", (int)(size_of(field) > 40 ? 40 : size_of(field)),
            field.at);
    if (!read_id(take_field(&line), entry->subject) || !read_id(take_field(&line), entry->actor))
        return hk_fail(error, HK_INVALID, "entry: bad subject or actor");
    /* The last field: nothing is behind it, not even a blank. */
    if (!hk_hex_decode_exact(line.at, size_of(line), entry->commitment, sizeof(entry->commitment)))
        return hk_fail(error, HK_INVALID, "entry: bad commitment");
    return HK_OK;
}

/* "hk2 …" and so on: a version that this engine does not know. */
static bool is_other_version(struct cursor field)
{
    size_t digits = 0;

    if (size_of(field) < 3 || size_of(field) > 9 || memcmp(field.at, "hk", 2) != 0)
        return false;
    while (
        digits + 2 < size_of(field) && field.at[2 + digits] >= '0' && field.at[2 + digits] <= '9')
        digits++;
    return digits + 2 == size_of(field);
}

static unsigned count_blanks(struct cursor line)
{
    unsigned count = 0;

    for (; line.at < line.end; line.at++)
        count += *line.at == ' ';
    return count;
}

enum hk_status hk_entry_parse(
    const char *line, size_t size, struct hk_entry *ret_entry, struct hk_error *error)
{
    struct cursor rest = {.at = line, .end = line + size};
    struct cursor version;
    struct hk_entry entry;
    enum hk_status status;

    if (size >= HK_ENTRY_LINE_SIZE)
        return hk_fail(error, HK_INVALID, "entry: line is too long");
    if (memchr(line, '\0', size) != NULL)
        return hk_fail(error, HK_INVALID, "entry: NUL in line");
    version = take_field(&rest);
    if (size < strlen(PREFIX) || memcmp(line, PREFIX, strlen(PREFIX)) != 0) {
        if (version.end < line + size && is_other_version(version))
            return hk_fail(error, HK_UNSUPPORTED, "entry: version %.*s is not known here",
                (int)size_of(version), version.at);
        return hk_fail(error, HK_INVALID, "entry: not an entry line");
    }
    status = read_fields(rest, &entry, error);
    if (status == HK_OK)
        *ret_entry = entry;
    else if (count_blanks(rest) != FIELD_COUNT - 1)
        status = hk_fail(error, HK_INVALID, "entry: wrong number of fields");
    return status;
}

void hk_entry_commit(const uint8_t salt[HK_SALT_SIZE], const void *payload, size_t size,
    uint8_t ret_commitment[HK_SHA256_SIZE])
{
    const struct hk_bytes parts[] = {{salt, HK_SALT_SIZE}, {payload, size}};

    hk_sha256(parts, 2, ret_commitment);
}
