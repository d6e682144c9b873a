/*
 * search_words: see search_words.h.
 */
#include "ledger/search_words.h"

#include "base/ip.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>

#define ADDRESS_SIZE_MAX 64 /* longer runs of such characters are no address */

struct cutter {
    const char *text;
    size_t size;
    struct hk_buf *out;
    bool is_asked;
    bool has_star;
    bool is_prefix;
    size_t count;
};

enum sort { SORT_GAP, SORT_WORD, SORT_CJK };

/* --- characters --- */

/* U+FF66 to U+FF9D in their usual width; the blocks are JIS X 0201 and Katakana. */
static const uint16_t half_width[] = {0x30F2, 0x30A1, 0x30A3, 0x30A5, 0x30A7, 0x30A9, 0x30E3,
    0x30E5, 0x30E7, 0x30C3, 0x30FC, 0x30A2, 0x30A4, 0x30A6, 0x30A8, 0x30AA, 0x30AB, 0x30AD, 0x30AF,
    0x30B1, 0x30B3, 0x30B5, 0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1, 0x30C4, 0x30C6, 0x30C8,
    0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5, 0x30D8, 0x30DB, 0x30DE, 0x30DF,
    0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, 0x30E9, 0x30EA, 0x30EB, 0x30EC, 0x30ED, 0x30EF,
    0x30F3};

/* A half-width character with the sound mark behind it, "ｶﾞ", is one: "ガ". 0: there is none. */
static uint32_t voiced(uint32_t base, uint32_t mark)
{
    bool is_ka_to = (base >= 0x30AB && base <= 0x30C2 && base % 2 == 1) || base == 0x30C4 ||
                    base == 0x30C6 || base == 0x30C8;
    bool is_ha = base >= 0x30CF && base <= 0x30DB && base % 3 == 0;

    if (mark == 0xFF9E && base == 0x30A6)
        return 0x30F4;
    if (mark == 0xFF9E && (is_ka_to || is_ha))
        return base + 1;
    return mark == 0xFF9F && is_ha ? base + 2 : 0;
}

/* The character at a place, in its usual width. */
static uint32_t character_at(const struct cutter *cutter, size_t at, size_t *ret_size)
{
    uint32_t c = hk_utf8_decode(cutter->text + at, ret_size);
    size_t next_size = 0;
    uint32_t one;

    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFF01 + '!';
    if (c < 0xFF66 || c > 0xFF9D)
        return c;
    c = half_width[c - 0xFF66];
    if (at + *ret_size >= cutter->size)
        return c;
    one = voiced(c, hk_utf8_decode(cutter->text + at + *ret_size, &next_size));
    if (one == 0)
        return c;
    *ret_size += next_size;
    return one;
}

static bool is_cjk(uint32_t c)
{
    return (c >= 0x3005 && c <= 0x3007) || (c >= 0x3041 && c <= 0x3096) ||
           (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x30FC && c <= 0x30FF) ||
           (c >= 0x31F0 && c <= 0x31FF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_ascii_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Signs beside the letters of other scripts are parted by SQLite, alike in texts and questions. */
static enum sort sort_of(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_word(c) ? SORT_WORD : SORT_GAP;
    if (is_cjk(c))
        return SORT_CJK;
    if (c < 0xAA || (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x30FF) ||
        (c >= 0xFE00 && c <= 0xFE4F) || c >= 0xFEFF)
        return SORT_GAP;
    return SORT_WORD;
}

static void put_character(struct hk_buf *out, uint32_t c)
{
    char bytes[4];
    size_t size = 0;

    if (c < 0x80) {
        bytes[size++] = (char)c;
    } else if (c < 0x800) {
        bytes[size++] = (char)(0xC0 | c >> 6);
        bytes[size++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        bytes[size++] = (char)(0xE0 | c >> 12);
        bytes[size++] = (char)(0x80 | (c >> 6 & 0x3F));
        bytes[size++] = (char)(0x80 | (c & 0x3F));
    } else {
        bytes[size++] = (char)(0xF0 | c >> 18);
        bytes[size++] = (char)(0x80 | (c >> 12 & 0x3F));
        bytes[size++] = (char)(0x80 | (c >> 6 & 0x3F));
        bytes[size++] = (char)(0x80 | (c & 0x3F));
    }
    hk_buf_append(out, bytes, size);
}

/* --- words --- */

static void begin_word(struct cutter *cutter)
{
    if (cutter->out->size > 0)
        hk_buf_append_char(cutter->out, ' ');
    cutter->count++;
}

static bool is_address_byte(char c)
{
    return hk_hex_digit(c) >= 0 || c == ':' || c == '.';
}

/* What a run of hexadecimal digits, colons and dots is. */
struct run {
    size_t size;        /* all of it */
    size_t dotted_size; /* of decimal digits and dots alone */
    size_t dots;        /* in that part */
    size_t colons;
    bool has_gap; /* two dots beside each other, in that part */
};

static struct run measure(const struct cutter *cutter, size_t at)
{
    const char *text = cutter->text + at;
    size_t left = cutter->size - at;
    struct run run = {.size = 0};

    while (run.size < left && run.size < ADDRESS_SIZE_MAX && is_address_byte(text[run.size])) {
        char c = text[run.size];

        run.colons += c == ':';
        if (run.dotted_size == run.size && (c == '.' || (c >= '0' && c <= '9'))) {
            run.dots += c == '.';
            run.has_gap = run.has_gap || (c == '.' && (run.size == 0 || text[run.size - 1] == '.'));
            run.dotted_size++;
        }
        run.size++;
    }
    return run;
}

/* May a word end here? */
static bool ends_at(const struct cutter *cutter, size_t at)
{
    size_t size;

    return at >= cutter->size || sort_of(character_at(cutter, at, &size)) != SORT_WORD;
}

static void put_lower(struct cutter *cutter, const char *text, size_t size)
{
    begin_word(cutter);
    for (size_t i = 0; i < size; i++)
        hk_buf_append_char(
            cutter->out, text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i]);
}

/* An IPv6 address; returns its bytes, 0 when there is none. */
static size_t take_v6(struct cutter *cutter, size_t at, const struct run *run)
{
    char text[ADDRESS_SIZE_MAX];
    char normal[HK_IP_TEXT_SIZE];
    struct hk_ip ip;
    size_t size = run->size;

    /* What ends a sentence is no part of it; "2001:db8::" is. */
    while (size > 0 && (cutter->text[at + size - 1] == '.' ||
                           (cutter->text[at + size - 1] == ':' &&
                               (size < 2 || cutter->text[at + size - 2] != ':'))))
        size--;
    if (run->colons < 2 || size >= sizeof(text) || !ends_at(cutter, at + size))
        return 0;
    memcpy(text, cutter->text + at, size);
    text[size] = '\0';
    if (hk_ip_parse(text, &ip, NULL) != HK_OK)
        return 0;
    hk_ip_format(&ip, normal);
    begin_word(cutter);
    hk_buf_append_text(cutter->out, normal);
    return size;
}

/* Numbers with dots between; returns their bytes, 0 when there are none. */
static size_t take_dotted(struct cutter *cutter, size_t at, const struct run *run)
{
    size_t size = run->dotted_size;
    size_t dots = run->dots;

    if (size > 0 && cutter->text[at + size - 1] == '.') {
        size--;
        dots--;
    }
    if (dots == 0 || run->has_gap || size >= ADDRESS_SIZE_MAX || !ends_at(cutter, at + size))
        return 0;
    put_lower(cutter, cutter->text + at, size);
    return size;
}

/* The beginning of an address, at the end of what is asked for: "203.0.113.*", "2001:db8:*". */
static size_t take_beginning(struct cutter *cutter, size_t at, const struct run *run)
{
    bool is_dotted = run->dots > 0 && !run->has_gap && run->dotted_size == run->size;
    bool is_v6 = run->colons > 1 || (run->colons == 1 && cutter->text[at + run->size - 1] == ':');

    if (!cutter->has_star || at + run->size != cutter->size || run->size >= ADDRESS_SIZE_MAX ||
        !(is_dotted || (is_v6 && run->dots == 0)))
        return 0;
    put_lower(cutter, cutter->text + at, run->size);
    cutter->is_prefix = true;
    return run->size;
}

/* Bytes of an address that begins here, put as one word; 0: none does. */
static size_t take_address(struct cutter *cutter, size_t at)
{
    struct run run = measure(cutter, at);
    size_t size = take_beginning(cutter, at, &run);

    if (size == 0 && run.colons > 1)
        size = take_v6(cutter, at, &run);
    return size > 0 ? size : take_dotted(cutter, at, &run);
}

static size_t take_word(struct cutter *cutter, size_t at)
{
    size_t begin;
    size_t size;
    uint32_t c;

    begin_word(cutter);
    begin = cutter->out->size;
    while (at < cutter->size) {
        c = character_at(cutter, at, &size);
        if (sort_of(c) != SORT_WORD)
            break;
        if (cutter->out->size - begin < HK_SEARCH_WORD_SIZE_MAX)
            put_character(cutter->out, c);
        at += size;
    }
    cutter->is_prefix = cutter->has_star && at == cutter->size;
    return at;
}

/* Pairs, and the last character by itself; see the header. */
static size_t take_cjk(struct cutter *cutter, size_t at)
{
    size_t size;
    uint32_t c = character_at(cutter, at, &size);
    uint32_t next = 0;
    bool is_alone = true;

    for (;;) {
        at += size;
        next = at < cutter->size ? character_at(cutter, at, &size) : 0;
        if (at >= cutter->size || sort_of(next) != SORT_CJK)
            break;
        begin_word(cutter);
        put_character(cutter->out, c);
        put_character(cutter->out, next);
        is_alone = false;
        c = next;
    }
    /* What is asked for may go on in the text. */
    if (cutter->is_asked && at == cutter->size && !is_alone)
        return at;
    begin_word(cutter);
    put_character(cutter->out, c);
    cutter->is_prefix = cutter->is_asked && at == cutter->size;
    return at;
}

static void cut(struct cutter *cutter)
{
    size_t at = 0;

    while (at < cutter->size && !cutter->out->failed) {
        size_t address = is_address_byte(cutter->text[at]) ? take_address(cutter, at) : 0;
        size_t size;
        enum sort sort;

        if (address > 0) {
            at += address;
            continue;
        }
        sort = sort_of(character_at(cutter, at, &size));
        if (sort == SORT_WORD)
            at = take_word(cutter, at);
        else if (sort == SORT_CJK)
            at = take_cjk(cutter, at);
        else
            at += size;
    }
}

void hk_search_words(const char *text, size_t size, struct hk_buf *out)
{
    struct cutter cutter = {.text = text, .size = size, .out = out};

    cut(&cutter);
}

size_t hk_search_asked_words(
    const char *text, size_t size, bool has_star, struct hk_buf *out, bool *ret_is_prefix)
{
    struct cutter cutter = {
        .text = text, .size = size, .out = out, .is_asked = true, .has_star = has_star};

    cut(&cutter);
    *ret_is_prefix = cutter.is_prefix;
    return cutter.count;
}
