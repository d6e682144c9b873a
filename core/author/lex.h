/*
 * lex: Lua 5.4 text to tokens (reference manual 3.1), for tools that look at a playbook without
 * running it. Whether a text is Lua at all is decided by Lua itself; this reader takes what Lua
 * takes, and any other bytes without harm.
 */
#ifndef HK_AUTHOR_LEX_H
#define HK_AUTHOR_LEX_H

#include "base/arena.h"

#include <stdbool.h>

enum hk_token_kind {
    HK_TOKEN_END,
    HK_TOKEN_BAD, /* nothing that Lua knows; text says what */
    HK_TOKEN_NAME,
    HK_TOKEN_KEYWORD,
    HK_TOKEN_STRING, /* text is what it stands for; it may hold any byte */
    HK_TOKEN_NUMBER, /* text as it is written */
    HK_TOKEN_SYMBOL, /* "==", "...", "{" */
};

struct hk_token {
    enum hk_token_kind kind;
    unsigned line;    /* from 1 */
    unsigned column;  /* from 1, in bytes */
    const char *text; /* NUL-terminated; static, or in the arena */
    size_t size;
};

struct hk_lexer {
    const char *at;
    const char *end;
    const char *line_start;
    unsigned line;
    struct hk_arena *arena;
};

/* Both are borrowed. */
void hk_lexer_init(struct hk_lexer *lexer, const char *source, size_t size, struct hk_arena *arena);
/* The next token; HK_TOKEN_END at the end, as often as it is asked for. HK_TOKEN_BAD ends it too.
 */
void hk_lexer_next(struct hk_lexer *lexer, struct hk_token *ret_token);

#endif
