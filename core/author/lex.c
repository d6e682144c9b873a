/*
 * lex: see lex.h.
 */
#include "author/lex.h"
#include "base/text.h"

#include <string.h>

static const char *const keywords[] = {"and", "break", "do", "else", "elseif", "end", "false",
    "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then",
    "true", "until", "while"};
/* Longer ones first. */
static const char *const symbols[] = {"...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..",
    "+", "-", "*", "/", "%", "^", "#", "&", "~", "|", "<", ">", "=", "(", ")", "{", "}", "[", "]",
    ";", ":", ",", "."};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void hk_lexer_init(struct hk_lexer *lexer, const char *source, size_t size, struct hk_arena *arena)
{
    *lexer = (struct hk_lexer){
        .at = source, .end = source + size, .line_start = source, .line = 1, .arena = arena};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The character n places on, or NUL behind the end. */
static char peek(const struct hk_lexer *lexer, size_t n)
{
    return (size_t)(lexer->end - lexer->at) > n ? lexer->at[n] : '\0';
}

static void step(struct hk_lexer *lexer)
{
    if (*lexer->at == '\n') {
        lexer->line++;
        lexer->line_start = lexer->at + 1;
    }
    lexer->at++;
}

static void set_bad(struct hk_lexer *lexer, struct hk_token *token, const char *text)
{
    token->kind = HK_TOKEN_BAD;
    token->text = text;
    token->size = strlen(text);
    lexer->at = lexer->end;
}

static void set_copy(struct hk_lexer *lexer, struct hk_token *token, enum hk_token_kind kind,
    const char *text, size_t size)
{
    token->kind = kind;
    token->text = hk_arena_copy(lexer->arena, text, size);
    token->size = size;
    if (token->text == NULL)
        set_bad(lexer, token, "the text is too large to look at");
}

/* --- long brackets --- */

/* "[", "=" level times, "[": the level, or -1 when none begins here. */
static int long_level(const struct hk_lexer *lexer)
{
    size_t n = 1;

    if (peek(lexer, 0) != '[')
        return -1;
    while (peek(lexer, n) == '=')
        n++;
    return peek(lexer, n) == '[' ? (int)n - 1 : -1;
}

/* Behind the closing bracket; false at the end of the text. What is inside, without a first line
 * break, is given back. */
static bool skip_long(struct hk_lexer *lexer, int level, const char **ret_text, size_t *ret_size)
{
    const char *text;

    lexer->at += level + 2;
    if (peek(lexer, 0) == '\r')
        lexer->at++;
    if (peek(lexer, 0) == '\n')
        step(lexer);
    text = lexer->at;
    while (lexer->at < lexer->end) {
        size_t n = 1;
        if (*lexer->at == ']') {
            while (peek(lexer, n) == '=')
                n++;
            if (peek(lexer, n) == ']' && (int)n - 1 == level) {
                *ret_text = text;
                *ret_size = (size_t)(lexer->at - text);
                lexer->at += n + 1;
                return true;
            }
        }
        step(lexer);
    }
    return false;
}

static bool skip_comment(struct hk_lexer *lexer)
{
    const char *text;
    size_t size;
    int level;

    lexer->at += 2;
    level = long_level(lexer);
    if (level >= 0)
        return skip_long(lexer, level, &text, &size);
    while (lexer->at < lexer->end && *lexer->at != '\n')
        lexer->at++;
    return true;
}

/* To the next token; false when a comment does not end. */
static bool skip_blanks(struct hk_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c == '-' && peek(lexer, 1) == '-') {
            if (!skip_comment(lexer))
                return false;
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            step(lexer);
        } else {
            break;
        }
    }
    return true;
}

/* --- strings --- */

/* Write a code point as UTF-8, up to 2^31 as Lua does. */
static size_t write_utf8(char *out, uint32_t code)
{
    char bytes[8];
    size_t count = 0;
    uint32_t first_max = 0x3f;

    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    do {
        bytes[count++] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
        first_max >>= 1;
    } while (code > first_max);
    bytes[count++] = (char)((~first_max << 1) | code);
    for (size_t i = 0; i < count; i++)
        out[i] = bytes[count - 1 - i];
    return count;
}

static size_t read_unicode(struct hk_lexer *lexer, char *out)
{
    uint32_t code = 0;

    lexer->at += 1; /* the "u" */
    if (peek(lexer, 0) == '{')
        lexer->at++;
    while (hk_hex_digit(peek(lexer, 0)) >= 0) {
        code = (code << 4 | (uint32_t)hk_hex_digit(peek(lexer, 0))) & 0x7fffffffU;
        lexer->at++;
    }
    if (peek(lexer, 0) == '}')
        lexer->at++;
    return write_utf8(out, code);
}

static size_t read_decimal(struct hk_lexer *lexer, char *out)
{
    unsigned value = 0;

    for (int i = 0; i < 3 && is_digit(peek(lexer, 0)); i++)
        value = value * 10 + (unsigned)(*lexer->at++ - '0');
    *out = (char)value;
    return 1;
}

static size_t read_hex(struct hk_lexer *lexer, char *out)
{
    int value = 0;

    lexer->at++;
    for (int i = 0; i < 2 && hk_hex_digit(peek(lexer, 0)) >= 0; i++)
        value = value * 16 + hk_hex_digit(*lexer->at++);
    *out = (char)value;
    return 1;
}

/* What stands behind a backslash, at most 6 bytes; answers how many. */
static size_t read_escape(struct hk_lexer *lexer, char *out)
{
    static const char from[] = "abfnrtv";
    static const char to[] = "\a\b\f\n\r\t\v";
    char c = peek(lexer, 0);
    const char *found = c == '\0' ? NULL : strchr(from, c);

    if (found != NULL) {
        lexer->at++;
        *out = to[found - from];
        return 1;
    }
    if (c == 'z') {
        lexer->at++;
        while (lexer->at < lexer->end &&
               (*lexer->at == ' ' || (*lexer->at >= '\t' && *lexer->at <= '\r')))
            step(lexer);
        return 0;
    }
    if (c == 'x')
        return read_hex(lexer, out);
    if (c == 'u')
        return read_unicode(lexer, out);
    if (is_digit(c))
        return read_decimal(lexer, out);
    if (lexer->at == lexer->end)
        return 0;
    step(lexer);
    if ((c == '\r' && peek(lexer, 0) == '\n') || (c == '\n' && peek(lexer, 0) == '\r'))
        step(lexer);
    *out = c == '\r' ? '\n' : c;
    return 1;
}

static void read_string(struct hk_lexer *lexer, struct hk_token *token)
{
    char quote = *lexer->at++;
    const char *close = lexer->at;
    char *out;
    size_t used = 0;

    while (close < lexer->end && *close != quote)
        close += *close == '\\' && close + 1 < lexer->end ? 2 : 1;
    /* An escape is never shorter than what it stands for, but for \u{…}, which has 4 for its 6. */
    out = hk_arena_alloc(lexer->arena, (size_t)(close - lexer->at) * 2 + 8);
    if (out == NULL) {
        set_bad(lexer, token, "the text is too large to look at");
        return;
    }
    while (lexer->at < lexer->end && *lexer->at != quote && *lexer->at != '\n') {
        if (*lexer->at == '\\') {
            lexer->at++;
            used += read_escape(lexer, out + used);
        } else {
            out[used++] = *lexer->at++;
        }
    }
    if (peek(lexer, 0) != quote) {
        set_bad(lexer, token, "a string does not end");
        return;
    }
    lexer->at++;
    token->kind = HK_TOKEN_STRING;
    token->text = out;
    token->size = used;
}

/* --- the rest --- */

static void read_number(struct hk_lexer *lexer, struct hk_token *token)
{
    const char *start = lexer->at;
    bool is_hex = *start == '0' && (peek(lexer, 1) | 0x20) == 'x';

    lexer->at += is_hex ? 2 : 0;
    while (lexer->at < lexer->end) {
        char lower = (char)(*lexer->at | 0x20);
        if ((lower == 'e' && !is_hex) || (lower == 'p' && is_hex)) {
            lexer->at++;
            if (peek(lexer, 0) == '+' || peek(lexer, 0) == '-')
                lexer->at++;
        } else if (is_digit(*lexer->at) || is_name_start(*lexer->at) || *lexer->at == '.') {
            lexer->at++;
        } else {
            break;
        }
    }
    set_copy(lexer, token, HK_TOKEN_NUMBER, start, (size_t)(lexer->at - start));
}

static void read_name(struct hk_lexer *lexer, struct hk_token *token)
{
    const char *start = lexer->at;
    size_t size;

    while (lexer->at < lexer->end && (is_name_start(*lexer->at) || is_digit(*lexer->at)))
        lexer->at++;
    size = (size_t)(lexer->at - start);
    for (size_t i = 0; i < COUNT(keywords); i++) {
        if (strlen(keywords[i]) == size && memcmp(keywords[i], start, size) == 0) {
            token->kind = HK_TOKEN_KEYWORD;
            token->text = keywords[i];
            token->size = size;
            return;
        }
    }
    set_copy(lexer, token, HK_TOKEN_NAME, start, size);
}

static void read_symbol(struct hk_lexer *lexer, struct hk_token *token)
{
    for (size_t i = 0; i < COUNT(symbols); i++) {
        size_t size = strlen(symbols[i]);
        if ((size_t)(lexer->end - lexer->at) >= size && memcmp(lexer->at, symbols[i], size) == 0) {
            token->kind = HK_TOKEN_SYMBOL;
            token->text = symbols[i];
            token->size = size;
            lexer->at += size;
            return;
        }
    }
    set_bad(lexer, token, "a character that Lua does not know");
}

void hk_lexer_next(struct hk_lexer *lexer, struct hk_token *ret_token)
{
    bool ends = skip_blanks(lexer);
    const char *text;
    size_t size;
    int level;
    char c;

    *ret_token = (struct hk_token){.kind = HK_TOKEN_END,
        .text = "",
        .line = lexer->line,
        .column = (unsigned)(lexer->at - lexer->line_start) + 1};
    if (!ends) {
        set_bad(lexer, ret_token, "a comment does not end");
        return;
    }
    if (lexer->at >= lexer->end)
        return;
    c = *lexer->at;
    level = long_level(lexer);
    if (level >= 0) {
        if (skip_long(lexer, level, &text, &size))
            set_copy(lexer, ret_token, HK_TOKEN_STRING, text, size);
        else
            set_bad(lexer, ret_token, "a string does not end");
    } else if (c == '"' || c == '\'') {
        read_string(lexer, ret_token);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1)))) {
        read_number(lexer, ret_token);
    } else if (is_name_start(c)) {
        read_name(lexer, ret_token);
    } else {
        read_symbol(lexer, ret_token);
    }
}
