/*
 * syntax_hint: see syntax_hint.h.
 *
 * A block without its `end` is looked for by how lines are indented: the first `end` that stands at
 * the beginning of a line, and further left or right than the line that it closes, was meant for
 * another one.
 */
#include "author/syntax_hint.h"
#include "author/lex.h"
#include "limits.h"
#include "script/state.h"

#include <stdio.h>
#include <string.h>

#define OPEN_MAX 256

/* --- Lua's word --- */

struct text {
    const char *source;
    size_t size;
    const char *chunk;
};

static int compile(lua_State *L)
{
    const struct text *text = lua_touserdata(L, 1);

    hk_state_compile(L, text->source, text->size, text->chunk);
    return 0;
}

enum hk_status hk_syntax_check(
    const char *source, size_t size, const char *chunk, struct hk_error *error)
{
    struct text text = {source, size, chunk};

    return hk_state_once(compile, &text, error);
}

/* --- blocks --- */

struct opener {
    const char *word; /* "if", "function", "{" … */
    unsigned line;
    unsigned indent; /* of its line */
    bool awaits_do;  /* for, while: the next do belongs to it */
};

struct scan {
    struct opener open[OPEN_MAX];
    size_t count;
    struct opener suspect; /* word NULL: none */
    struct opener missing; /* what was not closed; word NULL: none */
    unsigned line;         /* of the last token */
    unsigned indent;
    bool begins_line;   /* the token is the first one of its line */
    bool was_else;      /* the token before it was else */
    unsigned else_line; /* where `else if` stands; 0: nowhere */
};

static bool is(const struct hk_token *token, const char *text)
{
    return (token->kind == HK_TOKEN_KEYWORD || token->kind == HK_TOKEN_SYMBOL) &&
           strcmp(token->text, text) == 0;
}

static bool is_any(const struct hk_token *token, const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        if (is(token, *texts))
            return true;
    }
    return false;
}

static void open_block(struct scan *scan, const struct hk_token *token)
{
    bool is_loop = is(token, "for") || is(token, "while");

    if (is(token, "do") && scan->count > 0 && scan->open[scan->count - 1].awaits_do) {
        scan->open[scan->count - 1].awaits_do = false;
        return;
    }
    if (scan->count < OPEN_MAX)
        scan->open[scan->count++] =
            (struct opener){token->text, token->line, scan->indent, is_loop};
}

static bool closes(const char *opener, const struct hk_token *token)
{
    static const char *const pairs[][2] = {{"{", "}"}, {"(", ")"}, {"[", "]"}, {"repeat", "until"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i][0], opener) == 0)
            return is(token, pairs[i][1]);
    }
    return is(token, "end");
}

/* False: it closes what is not open, and the search ends. */
static bool close_block(struct scan *scan, const struct hk_token *token)
{
    const struct opener *top = scan->count > 0 ? &scan->open[scan->count - 1] : NULL;

    if (top == NULL)
        return false;
    if (!closes(top->word, token)) {
        scan->missing = scan->suspect.word != NULL ? scan->suspect : *top;
        return false;
    }
    if (is(token, "end") && scan->begins_line && scan->suspect.word == NULL &&
        top->line != token->line && top->indent != scan->indent)
        scan->suspect = *top;
    scan->count--;
    return true;
}

static void look(struct scan *scan, const char *source, size_t size)
{
    static const char *const openers[] = {
        "function", "if", "for", "while", "do", "repeat", "{", "(", "[", NULL};
    static const char *const closers[] = {"end", "until", "}", ")", "]", NULL};
    struct hk_arena arena;
    struct hk_lexer lexer;
    struct hk_token token;
    bool goes_on = true;

    hk_arena_init(&arena, HK_SYNTAX_MEMORY_MAX);
    hk_lexer_init(&lexer, source, size, &arena);
    while (goes_on) {
        hk_lexer_next(&lexer, &token);
        if (token.kind == HK_TOKEN_BAD)
            scan->count = 0; /* what is behind it isn't known */
        if (token.kind == HK_TOKEN_END || token.kind == HK_TOKEN_BAD)
            break;
        scan->begins_line = token.line != scan->line;
        if (scan->begins_line)
            scan->indent = token.column;
        if (scan->was_else && is(&token, "if") && !scan->begins_line)
            scan->else_line = token.line;
        scan->line = token.line;
        scan->was_else = is(&token, "else");
        if (is_any(&token, openers))
            open_block(scan, &token);
        else if (is_any(&token, closers))
            goes_on = close_block(scan, &token);
    }
    if (goes_on && scan->count > 0)
        scan->missing = scan->suspect.word != NULL ? scan->suspect : scan->open[scan->count - 1];
    /* The words are static or in the arena: those that are shown are kept by name. */
    if (scan->missing.word != NULL) {
        static const char *const words[] = {
            "function", "if", "for", "while", "do", "repeat", "{", "(", "["};
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (strcmp(words[i], scan->missing.word) == 0) {
                scan->missing.word = words[i];
                break;
            }
        }
    }
    hk_arena_done(&arena);
}

static const char *closer_of(const char *word)
{
    static const char *const pairs[][2] = {{"{", "}"}, {"(", ")"}, {"[", "]"}, {"repeat", "until"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i][0], word) == 0)
            return pairs[i][1];
    }
    return "end";
}

static bool hint_by_blocks(const char *source, size_t size, char ret_hint[HK_SYNTAX_HINT_SIZE])
{
    struct scan scan = {.count = 0};

    look(&scan, source, size);
    if (scan.missing.word == NULL)
        return false;
    if (scan.else_line != 0 && strcmp(closer_of(scan.missing.word), "end") == 0)
        (void)snprintf(ret_hint, HK_SYNTAX_HINT_SIZE,
            "else if in line %u opens a block that needs an end of its own: is elseif meant?",
            scan.else_line);
    else
        (void)snprintf(ret_hint, HK_SYNTAX_HINT_SIZE, "the %s of line %u has no %s before this",
            scan.missing.word, scan.missing.line, closer_of(scan.missing.word));
    return true;
}

/* --- hints --- */

bool hk_syntax_hint(
    const char *source, size_t size, const char *said, char ret_hint[HK_SYNTAX_HINT_SIZE])
{
    /* The first that stands in what Lua said, and (where there is one) in the text. */
    static const struct {
        const char *said;
        const char *text;
        const char *hint;
    } hints[] = {
        {"near '!'", "", "not equal is written ~=, and the other not is the word not"},
        {"near '+'", "++", "there is no ++: write i = i + 1"},
        {"near '='", "+=", "there is no +=: write i = i + 1"},
        {"near '+'", "+=", "there is no +=: write i = i + 1"},
        {"near '-'", "-=", "there is no -=: write i = i - 1"},
        {"near '&'", "&&", "write the word and"},
        {"near '|'", "||", "write the word or"},
        {"near '/'", "//", "a comment begins with --"},
        {"near '#'", "", "a comment begins with --"},
        {"near ':'", "", "a field is written name = value"},
        {"near '='", "if ", "to compare, write =="},
        {"unfinished string", "",
            "the quote that ends the text is missing; a text of several lines stands in [[ … ]]"},
        {"unfinished long", "", "the ]] that ends the text or comment is missing"},
        {"<eof>", "", "an end too many, or a block that was closed too early"},
        {"'}' expected", "", "a comma is missing before this, between two fields; or the } itself"},
        {"'then' expected", "", "if and elseif need then behind their condition"},
        {"'do' expected", "", "for and while need do"},
        /* what the language says */
        {"run must be a function", "", "run = function(alert) … end"},
        {"run_for must be", "", "limits = { run_for = \"2d\" }"},
        {"must return playbook", "",
            "return playbook { name = \"…\", run = function(alert) … end }"},
        {"\"src\" is no field", "", "on = { [\"src.ip\"] = \"192.0.2.1\" }"},
        {"\"dst\" is no field", "", "on = { [\"dst.ip\"] = \"192.0.2.1\" }"},
        {"name must be 1 to 63", "", "name = \"contain-bruteforce\": small letters, no blanks"},
        {"summary must be", "", "summary = \"what it does, in one sentence\""},
    };

    if ((strstr(said, "'end' expected") != NULL || strstr(said, "'until' expected") != NULL ||
            strstr(said, "')' expected") != NULL || strstr(said, "']' expected") != NULL ||
            strstr(said, "unexpected symbol") != NULL || strstr(said, "near '<eof>'") != NULL ||
            strstr(said, "near <eof>") != NULL) &&
        strstr(said, "near '!'") == NULL && strstr(said, "near '&'") == NULL &&
        strstr(said, "near '|'") == NULL && hint_by_blocks(source, size, ret_hint))
        return true;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strstr(said, hints[i].said) == NULL ||
            memmem(source, size, hints[i].text, strlen(hints[i].text)) == NULL)
            continue;
        (void)snprintf(ret_hint, HK_SYNTAX_HINT_SIZE, "%s", hints[i].hint);
        return true;
    }
    if (strstr(said, "syntax error") != NULL || strstr(said, "unexpected symbol") != NULL) {
        (void)snprintf(ret_hint, HK_SYNTAX_HINT_SIZE,
            "a statement is an assignment or a call: is something left out, or a word misspelt?");
        return true;
    }
    return false;
}
