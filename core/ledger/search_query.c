/*
 * search_query: see search_query.h. Each unit becomes an expression of FTS5 in brackets. FTS5 has
 * no way to say "not" alone: it is said as "all but".
 */
#include "ledger/search_query.h"

#include "base/severity.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/search_ask.h"
#include "ledger/search_words.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define MATCH_SIZE_MAX ((size_t)64 * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(column) (UINT32_C(1) << HK_SEARCH_##column)

const char *const hk_search_column_names[HK_SEARCH_COLUMN_COUNT] = {
#define X(name, text) text,
    HK_SEARCH_COLUMNS(X)
#undef X
};

/* What can stand before a colon, and the columns it looks into. Views' own paths are here too. */
static const struct {
    const char *name;
    uint32_t columns;
} fields[] = {
    {"title", BIT(TITLE)},
    {"product", BIT(PRODUCT)},
    {"source", BIT(SOURCE)},
    {"category", BIT(CATEGORY)},
    {"ip", BIT(SRC_IP) | BIT(DST_IP) | BIT(DEVICE_IP) | BIT(TARGET)},
    {"host", BIT(SRC_HOST) | BIT(DST_HOST) | BIT(DEVICE_HOST) | BIT(TARGET)},
    {"src", BIT(SRC_IP) | BIT(SRC_HOST)},
    {"src.ip", BIT(SRC_IP)},
    {"src.host", BIT(SRC_HOST)},
    {"dst", BIT(DST_IP) | BIT(DST_HOST)},
    {"dst.ip", BIT(DST_IP)},
    {"dst.host", BIT(DST_HOST)},
    {"device", BIT(DEVICE_IP) | BIT(DEVICE_HOST)},
    {"device.ip", BIT(DEVICE_IP)},
    {"device.host", BIT(DEVICE_HOST)},
    {"user", BIT(USER) | BIT(MAIL)},
    {"user.name", BIT(USER)},
    {"user.mail", BIT(MAIL)},
    {"mail", BIT(MAIL)},
    {"file", BIT(FILE) | BIT(HASH)},
    {"file.path", BIT(FILE)},
    {"file.name", BIT(FILE)},
    {"file.sha256", BIT(HASH)},
    {"hash", BIT(HASH)},
    {"url", BIT(URL)},
    {"domain", BIT(DOMAIN) | BIT(URL)},
    {"process", BIT(PROCESS)},
    {"technique", BIT(TECHNIQUE)},
    {"rule", BIT(RULE)},
    {"action", BIT(ACTION)},
    {"target", BIT(TARGET)},
    {"note", BIT(NOTE)},
    {"id", BIT(ID)},
    {"text", BIT(TEXT)},
};

static const char *const noun_texts[HK_NOUN_COUNT] = {
    [HK_NOUN_ALERT] = "alert",
    [HK_NOUN_RUN] = "run",
    [HK_NOUN_GATE] = "approval",
    [HK_NOUN_CONTAINMENT] = "containment",
    [HK_NOUN_CASE] = "case",
    [HK_NOUN_TASK] = "task",
    [HK_NOUN_GAP] = "gap",
    [HK_NOUN_PLAYBOOK] = "playbook",
};

const char *hk_search_noun_text(enum hk_noun noun)
{
    return noun < HK_NOUN_COUNT ? noun_texts[noun] : NULL;
}

bool hk_search_kind_is_known(const char *kind)
{
    for (int noun = 0; noun < HK_NOUN_COUNT; noun++)
        if (noun_texts[noun] != NULL && strcmp(noun_texts[noun], kind) == 0)
            return true;
    return false;
}

struct reader {
    const char *text;
    size_t size;
    size_t at;
    int64_t now_us;
    unsigned depth;
    unsigned words;
    struct hk_search_query *query;
    struct hk_error *error;
};

/* A unit, cut out of the text. */
struct term {
    size_t at;         /* where it begins, its '-' not counted */
    const char *field; /* NULL: none */
    size_t field_size;
    const char *value;
    size_t value_size;
    bool is_quoted;
    bool has_star;
    bool is_negative;
};

static unsigned character_number(const struct reader *reader, size_t at)
{
    unsigned count = 1;

    for (size_t i = 0; i < at && i < reader->size; i++)
        count += ((unsigned char)reader->text[i] & 0xC0) != 0x80;
    return count;
}

#define WRONG(reader, at, format, ...)                                                             \
    hk_fail((reader)->error, HK_INVALID, "q, character %u: " format,                               \
        character_number((reader), (at)), ##__VA_ARGS__)

/* --- cutting --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Skip blanks, those of full width too (U+3000). */
static void skip_blanks(struct reader *reader)
{
    for (;;) {
        if (reader->at < reader->size && is_blank(reader->text[reader->at]))
            reader->at++;
        else if (reader->size - reader->at >= 3 &&
                 memcmp(reader->text + reader->at, "\xE3\x80\x80", 3) == 0)
            reader->at += 3;
        else
            return;
    }
}

static bool ends_word(const struct reader *reader, size_t at)
{
    char c;

    if (at >= reader->size)
        return true;
    c = reader->text[at];
    return is_blank(c) || c == '(' || c == ')' || c == '"' ||
           (reader->size - at >= 3 && memcmp(reader->text + at, "\xE3\x80\x80", 3) == 0);
}

/* Does this word, in small or large letters, stand here by itself? Its size, or 0. */
static size_t word_here(const struct reader *reader, const char *small, const char *large)
{
    size_t size = strlen(small);
    const char *here = reader->text + reader->at;

    if (reader->size - reader->at < size || !ends_word(reader, reader->at + size))
        return 0;
    return memcmp(here, small, size) == 0 || memcmp(here, large, size) == 0 ? size : 0;
}

static bool take_word(struct reader *reader, const char *small, const char *large)
{
    size_t size = word_here(reader, small, large);

    reader->at += size;
    skip_blanks(reader);
    return size > 0;
}

static bool is_field_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* The name before a colon, when what stands here looks like field:value; 0 when it is a text that
 * has colons ("https://…", "2001:db8::1", "C:\\…"). */
static size_t field_size(const struct reader *reader)
{
    const char *text = reader->text + reader->at;
    size_t left = reader->size - reader->at;
    size_t size = 0;
    bool is_hex = true;

    while (size < left && is_field_byte(text[size])) {
        is_hex = is_hex && hk_hex_digit(text[size]) >= 0;
        size++;
    }
    if (size < 2 || size >= left || text[size] != ':' || text[0] < 'a' || is_hex)
        return 0;
    return left - size > 2 && text[size + 1] == '/' && text[size + 2] == '/' ? 0 : size;
}

static enum hk_status cut_quoted(struct reader *reader, struct term *term)
{
    size_t begin = reader->at;
    const char *end = memchr(reader->text + begin + 1, '"', reader->size - begin - 1);

    if (end == NULL)
        return WRONG(reader, begin, "the quotation mark is not closed");
    term->is_quoted = true;
    term->value = reader->text + begin + 1;
    term->value_size = (size_t)(end - term->value);
    reader->at = begin + term->value_size + 2;
    if (reader->at < reader->size && reader->text[reader->at] == '*') {
        term->has_star = true;
        reader->at++;
    }
    return HK_OK;
}

static void cut_plain(struct reader *reader, struct term *term)
{
    term->value = reader->text + reader->at;
    while (!ends_word(reader, reader->at))
        reader->at++;
    term->value_size = (size_t)(reader->text + reader->at - term->value);
    if (term->value_size > 0 && term->value[term->value_size - 1] == '*') {
        term->has_star = true;
        term->value_size--;
    }
}

static enum hk_status cut_term(struct reader *reader, struct term *term)
{
    size_t size = field_size(reader);

    if (size > 0) {
        term->field = reader->text + reader->at;
        term->field_size = size;
        reader->at += size + 1;
    }
    if (reader->at < reader->size && reader->text[reader->at] == '"')
        return cut_quoted(reader, term);
    cut_plain(reader, term);
    return HK_OK;
}

static bool field_is(const struct term *term, const char *name)
{
    return term->field_size == strlen(name) && memcmp(term->field, name, term->field_size) == 0;
}

/* --- units that are words --- */

static uint32_t columns_of(const struct term *term)
{
    for (size_t i = 0; i < COUNT(fields); i++)
        if (field_is(term, fields[i].name))
            return fields[i].columns;
    return 0;
}

static void put_columns(struct hk_buf *out, uint32_t columns)
{
    hk_buf_append_char(out, '{');
    for (unsigned i = 0; i < HK_SEARCH_COLUMN_COUNT; i++)
        if ((columns & UINT32_C(1) << i) != 0)
            hk_buf_appendf(out, " %s", hk_search_column_names[i]);
    hk_buf_append_text(out, " } : ");
}

static enum hk_status put_words(
    struct reader *reader, const struct term *term, uint32_t columns, struct hk_buf *out)
{
    struct hk_buf words;
    bool is_prefix = false;
    size_t count;
    enum hk_status status;

    hk_buf_init(&words, 4 * HK_SEARCH_QUERY_SIZE_MAX);
    count =
        hk_search_asked_words(term->value, term->value_size, term->has_star, &words, &is_prefix);
    reader->words += (unsigned)count;
    status = hk_buf_check(&words, "q", reader->error);
    if (status == HK_OK && count == 0)
        status = WRONG(reader, term->at, "there is no word to look for in \"%.*s\"",
            (int)(term->value_size < 40 ? term->value_size : 40), term->value);
    if (status == HK_OK && reader->words > HK_SEARCH_WORDS_MAX)
        status = hk_fail(reader->error, HK_INVALID, "q: more than %d words", HK_SEARCH_WORDS_MAX);
    if (status == HK_OK) {
        hk_buf_append_char(out, '(');
        if (columns != 0)
            put_columns(out, columns);
        hk_buf_append_char(out, '"');
        hk_buf_append(out, words.data, words.size);
        hk_buf_append_text(out, is_prefix ? "\" *)" : "\")");
    }
    hk_buf_done(&words);
    return status;
}

/* --- units that are not --- */

static void copy_value(const struct term *term, char *ret_text, size_t capacity)
{
    (void)snprintf(ret_text, capacity, "%.*s", (int)term->value_size, term->value);
}

/* severity:high, severity:>=high … */
static enum hk_status read_severity(struct reader *reader, struct term *term, struct hk_buf *out)
{
    int low = HK_SEVERITY_FATAL + 1;
    int high = HK_SEVERITY_NONE;
    char text[32];
    const char *word = text;
    int named;

    copy_value(term, text, sizeof(text));
    word += strspn(text, "<>=");
    named = hk_severity_from_text(word);
    if (named == HK_SEVERITY_NONE)
        return WRONG(reader, term->at,
            "severity: expected informational, low, medium, high, critical or fatal, and <, <=, >, "
            ">= before it");
    if (word == text || strncmp(text, "=", (size_t)(word - text)) == 0)
        low = high = named;
    else if (strncmp(text, ">=", 2) == 0 && word == text + 2)
        low = named, high = HK_SEVERITY_FATAL;
    else if (strncmp(text, "<=", 2) == 0 && word == text + 2)
        low = HK_SEVERITY_INFORMATIONAL, high = named;
    else if (text[0] == '>' && word == text + 1)
        low = named + 1, high = HK_SEVERITY_FATAL;
    else if (text[0] == '<' && word == text + 1)
        low = HK_SEVERITY_INFORMATIONAL, high = named - 1;
    if (low > high)
        return WRONG(reader, term->at, "severity: nothing is so");
    hk_buf_append_char(out, '(');
    for (int i = low; i <= high; i++)
        hk_buf_appendf(
            out, "%s{ facet } : \"" HK_SEARCH_FACET_SEVERITY "%d\"", i > low ? " OR " : "", i);
    hk_buf_append_char(out, ')');
    return HK_OK;
}

static enum hk_status read_kind(struct reader *reader, struct term *term, struct hk_buf *out)
{
    char text[32];

    copy_value(term, text, sizeof(text));
    if (hk_search_kind_is_known(text)) {
        hk_buf_appendf(out, "({ facet } : \":%s\")", text);
        return HK_OK;
    }
    return WRONG(reader, term->at,
        "kind: expected alert, run, approval, containment, case, task, gap or playbook");
}

static enum hk_status read_state(struct reader *reader, struct term *term)
{
    struct hk_search_query *query = reader->query;

    if (query->state[0] != '\0')
        return WRONG(reader, term->at, "state: it was named before");
    if (term->value_size == 0 || term->value_size >= sizeof(query->state))
        return WRONG(reader, term->at, "state: expected a state, such as new, open or closed");
    copy_value(term, query->state, sizeof(query->state));
    query->is_other_state = term->is_negative;
    return HK_OK;
}

enum hk_status hk_search_time_read(
    const char *text, int64_t now_us, int64_t *ret_time_us, struct hk_error *error)
{
    char whole[48];
    int64_t back_ms;

    if (hk_duration_parse(text, &back_ms, NULL) == HK_OK) {
        *ret_time_us = back_ms < now_us / 1000 ? now_us - back_ms * 1000 : 0;
        return HK_OK;
    }
    (void)snprintf(whole, sizeof(whole), "%.32s%s", text,
        strlen(text) == strlen("2026-11-22") ? "T00:00:00Z" : "");
    if (hk_time_parse(whole, ret_time_us, NULL) == HK_OK)
        return HK_OK;
    return hk_fail(error, HK_INVALID,
        "expected a day (2026-11-22), a time (2026-11-22T08:00:00Z) or how long ago (24h)");
}

static enum hk_status read_time(struct reader *reader, struct term *term, bool is_from)
{
    struct hk_search_query *query = reader->query;
    struct hk_error error;
    int64_t time_us = 0;
    char text[40];

    copy_value(term, text, sizeof(text));
    if (term->is_negative)
        return WRONG(reader, term->at, "a time can't be negated");
    if (hk_search_time_read(text, reader->now_us, &time_us, &error) != HK_OK)
        return WRONG(reader, term->at, "%s", error.text);
    if (is_from && time_us > query->from_us)
        query->from_us = time_us;
    if (!is_from && time_us < query->to_us)
        query->to_us = time_us;
    return HK_OK;
}

/* Conditions on the whole, which can stand in no brackets and beside no "or". *ret_is_one: it was
 * one, and nothing is to be looked for in texts. */
static enum hk_status read_condition(
    struct reader *reader, struct term *term, bool is_apart, bool *ret_is_one)
{
    bool is_from = field_is(term, "after") || field_is(term, "since");
    bool is_to = field_is(term, "before") || field_is(term, "until");

    *ret_is_one = is_from || is_to || field_is(term, "state");
    if (!*ret_is_one)
        return HK_OK;
    if (!is_apart)
        return WRONG(reader, term->at,
            "%.*s: holds for the whole, and can't stand in ( ) or "
            "beside or",
            (int)term->field_size, term->field);
    return is_from || is_to ? read_time(reader, term, is_from) : read_state(reader, term);
}

static enum hk_status read_field(struct reader *reader, struct term *term, struct hk_buf *out)
{
    uint32_t columns;

    if (field_is(term, "severity"))
        return read_severity(reader, term, out);
    if (field_is(term, "kind"))
        return read_kind(reader, term, out);
    columns = columns_of(term);
    if (columns == 0)
        return WRONG(reader, term->at, "there is no field \"%.*s\" (quote a text that has a colon)",
            (int)(term->field_size < 40 ? term->field_size : 40), term->field);
    return put_words(reader, term, columns, out);
}

/* --- the grammar --- */

static enum hk_status read_query(struct reader *reader, struct hk_buf *out);

static enum hk_status read_brackets(struct reader *reader, struct hk_buf *out)
{
    size_t begin = reader->at;
    enum hk_status status;

    if (reader->depth == HK_SEARCH_DEPTH_MAX)
        return WRONG(reader, begin, "more than %d brackets in each other", HK_SEARCH_DEPTH_MAX);
    reader->at++;
    reader->depth++;
    skip_blanks(reader);
    if (reader->at < reader->size && reader->text[reader->at] == ')')
        return WRONG(reader, begin, "there is nothing in the brackets");
    status = read_query(reader, out);
    reader->depth--;
    if (status == HK_OK && reader->at >= reader->size)
        status = WRONG(reader, begin, "the bracket is not closed");
    if (status == HK_OK)
        reader->at++;
    return status;
}

/* One unit. Nothing is appended for a condition on the whole. is_first: no "or" before it. */
static enum hk_status read_unit(
    struct reader *reader, bool is_first, bool *ret_is_negative, struct hk_buf *out)
{
    struct term term = {.at = reader->at};
    bool is_condition = false;
    enum hk_status status;

    if (reader->at < reader->size && reader->text[reader->at] == '-') {
        reader->at++;
        term.is_negative = true;
    } else {
        term.is_negative = take_word(reader, "not", "NOT");
    }
    term.at = reader->at;
    *ret_is_negative = term.is_negative;
    if (reader->at < reader->size && reader->text[reader->at] == '(')
        return read_brackets(reader, out);
    status = cut_term(reader, &term);
    if (status != HK_OK)
        return status;
    if (term.field == NULL)
        return put_words(reader, &term, 0, out);
    skip_blanks(reader);
    status = read_condition(reader, &term,
        is_first && reader->depth == 0 && word_here(reader, "or", "OR") == 0, &is_condition);
    if (status != HK_OK || is_condition)
        return status;
    return read_field(reader, &term, out);
}

/* What a query is made of while it is read. */
struct parts {
    struct hk_buf wanted;   /* joined by AND */
    struct hk_buf unwanted; /* joined by OR */
};

static void put_joined(struct hk_buf *out, const char *join, const struct hk_buf *part)
{
    if (part->size == 0)
        return;
    if (out->size > 0)
        hk_buf_append_text(out, join);
    hk_buf_append(out, part->data, part->size);
}

/* unit [or unit …]; an unwanted one among several is "all but it". */
static enum hk_status read_clause(struct reader *reader, struct parts *parts)
{
    struct hk_buf clause;
    struct hk_buf unit;
    bool is_negative = false;
    bool has_or = false;
    enum hk_status status;

    hk_buf_init(&clause, MATCH_SIZE_MAX);
    hk_buf_init(&unit, MATCH_SIZE_MAX);
    for (;;) {
        hk_buf_clear(&unit);
        status = read_unit(reader, !has_or, &is_negative, &unit);
        skip_blanks(reader);
        if (status != HK_OK)
            break;
        status = hk_buf_check(&unit, "q", reader->error);
        if (status != HK_OK || (!has_or && word_here(reader, "or", "OR") == 0))
            break;
        if (has_or)
            hk_buf_append_text(&clause, " OR ");
        if (is_negative)
            hk_buf_append_text(&clause, "({ facet } : \"" HK_SEARCH_FACET_ALL "\" NOT ");
        hk_buf_append(&clause, unit.data, unit.size);
        if (is_negative)
            hk_buf_append_char(&clause, ')');
        if (has_or && word_here(reader, "or", "OR") == 0)
            break;
        (void)take_word(reader, "or", "OR");
        has_or = true;
        if (reader->at >= reader->size) {
            status = WRONG(reader, reader->at, "nothing stands behind \"or\"");
            break;
        }
    }
    if (status == HK_OK && has_or) {
        hk_buf_clear(&unit);
        hk_buf_append_char(&unit, '(');
        hk_buf_append(&unit, clause.data, clause.size);
        hk_buf_append_char(&unit, ')');
        put_joined(&parts->wanted, " AND ", &unit);
    } else if (status == HK_OK && is_negative) {
        put_joined(&parts->unwanted, " OR ", &unit);
    } else if (status == HK_OK) {
        put_joined(&parts->wanted, " AND ", &unit);
    }
    if (status == HK_OK)
        status = hk_buf_check(&clause, "q", reader->error);
    hk_buf_done(&clause);
    hk_buf_done(&unit);
    return status;
}

/* Clauses up to the end, or to a bracket that closes. */
static enum hk_status read_clauses(struct reader *reader, struct parts *parts)
{
    enum hk_status status = HK_OK;

    skip_blanks(reader);
    while (status == HK_OK && reader->at < reader->size) {
        if (reader->text[reader->at] == ')' && reader->depth > 0)
            return HK_OK;
        if (reader->text[reader->at] == ')')
            return WRONG(reader, reader->at, "this bracket closes none");
        if (take_word(reader, "and", "AND"))
            continue;
        if (word_here(reader, "or", "OR") > 0)
            return WRONG(reader, reader->at, "nothing stands before \"or\"");
        status = read_clause(reader, parts);
    }
    return status;
}

static enum hk_status read_query(struct reader *reader, struct hk_buf *out)
{
    struct parts parts;
    enum hk_status status;

    hk_buf_init(&parts.wanted, MATCH_SIZE_MAX);
    hk_buf_init(&parts.unwanted, MATCH_SIZE_MAX);
    status = read_clauses(reader, &parts);
    if (status == HK_OK)
        status = hk_buf_check(&parts.wanted, "q", reader->error);
    if (status == HK_OK)
        status = hk_buf_check(&parts.unwanted, "q", reader->error);
    if (status == HK_OK) {
        hk_buf_append_text(out, "((");
        if (parts.wanted.size > 0)
            hk_buf_append(out, parts.wanted.data, parts.wanted.size);
        else
            hk_buf_append_text(out, "{ facet } : \"" HK_SEARCH_FACET_ALL "\"");
        hk_buf_append_char(out, ')');
        if (parts.unwanted.size > 0) {
            hk_buf_append_text(out, " NOT (");
            hk_buf_append(out, parts.unwanted.data, parts.unwanted.size);
            hk_buf_append_char(out, ')');
        }
        hk_buf_append_char(out, ')');
        status = hk_buf_check(out, "q", reader->error);
    }
    hk_buf_done(&parts.wanted);
    hk_buf_done(&parts.unwanted);
    return status;
}

enum hk_status hk_search_query_read(const char *text, size_t size, int64_t now_us,
    struct hk_search_query *ret_query, struct hk_error *error)
{
    struct reader reader = {
        .text = text, .size = size, .now_us = now_us, .query = ret_query, .error = error};

    memset(ret_query, 0, sizeof(*ret_query));
    hk_buf_init(&ret_query->match, MATCH_SIZE_MAX);
    ret_query->to_us = INT64_MAX;
    if (size > HK_SEARCH_QUERY_SIZE_MAX)
        return hk_fail(error, HK_INVALID, "q: longer than %d bytes", HK_SEARCH_QUERY_SIZE_MAX);
    if (!hk_utf8_is_valid(text, size) || memchr(text, '\0', size) != NULL)
        return hk_fail(error, HK_INVALID, "q: this is no text in UTF-8");
    return read_query(&reader, &ret_query->match);
}

void hk_search_query_done(struct hk_search_query *query)
{
    hk_buf_done(&query->match);
}
