/*
 * entry: write and read the line that is hashed; see entry.h.
 */
#include "ledger/entry.h"

#include "base/time.h"

#include <assert.h>
#include <stdio.h>
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

bool hk_kind_from_text(const char *text, enum hk_kind *ret_kind)
{
    for (int kind = 0; kind < HK_KIND_COUNT; kind++) {
        if (strcmp(text, kind_texts[kind]) == 0) {
            *ret_kind = (enum hk_kind)kind;
            return true;
        }
    }
    return false;
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

/* Cut copy at its blanks; false when there are not exactly FIELD_COUNT fields. */
static bool split(char *copy, char *fields[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        fields[i] = copy;
        copy = strchr(copy, ' ');
        if ((copy == NULL) != (i == FIELD_COUNT - 1))
            return false;
        if (copy != NULL)
            *copy++ = '\0';
    }
    return true;
}

static bool read_u64(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

/* A word, a point, a word: what a kind of a later version may look like. */
static bool looks_like_a_kind(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    size_t noun = strspn(text, letters);
    size_t verb = text[noun] == '.' ? strspn(text + noun + 1, letters) : 0;

    return noun > 0 && verb > 0 && text[noun + 1 + verb] == '\0';
}

static enum hk_status read_fields(
    char *fields[FIELD_COUNT], struct hk_entry *entry, struct hk_error *error)
{
    if (!read_u64(fields[0], &entry->seq))
        return hk_fail(error, HK_INVALID, "entry: bad sequence number");
    if (hk_time_parse(fields[1], &entry->time_us, NULL) != HK_OK)
        return hk_fail(error, HK_INVALID, "entry: bad time");
    if (!hk_kind_from_text(fields[2], &entry->kind))
        return hk_fail(error, looks_like_a_kind(fields[2]) ? HK_UNSUPPORTED : HK_INVALID,
            "entry: kind %.40s is not known here", fields[2]);
    if (!hk_id_is_valid(fields[3]) || !hk_id_is_valid(fields[4]))
        return hk_fail(error, HK_INVALID, "entry: bad subject or actor");
    memcpy(entry->subject, fields[3], strlen(fields[3]) + 1);
    memcpy(entry->actor, fields[4], strlen(fields[4]) + 1);
    if (hk_hex_decode(fields[5], entry->commitment, sizeof(entry->commitment)) != HK_OK)
        return hk_fail(error, HK_INVALID, "entry: bad commitment");
    return HK_OK;
}

/* "hk2 …" and so on: a version that this engine does not know. */
static bool is_other_version(const char *line)
{
    size_t digits;

    if (strncmp(line, "hk", 2) != 0)
        return false;
    digits = strspn(line + 2, "0123456789");
    return digits > 0 && digits < 8 && line[2 + digits] == ' ';
}

enum hk_status hk_entry_parse(
    const char *line, size_t size, struct hk_entry *ret_entry, struct hk_error *error)
{
    char copy[HK_ENTRY_LINE_SIZE];
    char again[HK_ENTRY_LINE_SIZE];
    char *fields[FIELD_COUNT];
    struct hk_entry entry;
    enum hk_status status;

    memset(&entry, 0, sizeof(entry));
    if (size >= sizeof(copy))
        return hk_fail(error, HK_INVALID, "entry: line is too long");
    if (memchr(line, '\0', size) != NULL)
        return hk_fail(error, HK_INVALID, "entry: NUL in line");
    memcpy(copy, line, size);
    copy[size] = '\0';
    if (strncmp(copy, PREFIX, strlen(PREFIX)) != 0) {
        if (is_other_version(copy))
            return hk_fail(error, HK_UNSUPPORTED, "entry: version %.*s is not known here",
                (int)strcspn(copy, " "), copy);
        return hk_fail(error, HK_INVALID, "entry: not an entry line");
    }
    if (!split(copy + strlen(PREFIX), fields))
        return hk_fail(error, HK_INVALID, "entry: wrong number of fields");
    status = read_fields(fields, &entry, error);
    if (status != HK_OK)
        return status;
    if (hk_entry_format(&entry, again) != size || memcmp(again, line, size) != 0)
        return hk_fail(error, HK_INVALID, "entry: a field is not written in its one form");
    *ret_entry = entry;
    return HK_OK;
}

void hk_entry_commit(const uint8_t salt[HK_SALT_SIZE], const void *payload, size_t size,
    uint8_t ret_commitment[HK_SHA256_SIZE])
{
    const struct hk_bytes parts[] = {{salt, HK_SALT_SIZE}, {payload, size}};

    hk_sha256(parts, 2, ret_commitment);
}
