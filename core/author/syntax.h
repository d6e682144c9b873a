/*
 * syntax: the tree of a Lua 5.4 text (reference manual 9), for tools that look at a playbook
 * without running it.
 *
 * Node by node, with its children in their order:
 *
 *   BLOCK        statements
 *   LOCAL        NAMES, EXPRESSIONS            ASSIGN      EXPRESSIONS (what is set), EXPRESSIONS
 *   LOCAL_FUNCTION  NAME, FUNCTION             SET_FUNCTION  what is set, FUNCTION
 *   CALL_STATEMENT  CALL or METHOD             DO          BLOCK
 *   WHILE        condition, BLOCK              REPEAT      BLOCK, condition
 *   IF           condition, BLOCK, [condition, BLOCK, …] [BLOCK: else]
 *   FOR_NUMBER   NAMES, EXPRESSIONS, BLOCK     FOR_IN      NAMES, EXPRESSIONS, BLOCK
 *   RETURN       EXPRESSIONS                   BREAK       GOTO, LABEL (text)
 *   FUNCTION     NAMES (parameters), BLOCK     TABLE       FIELDs
 *   FIELD        [key,] value; text is the key when it is a name or a string, else NULL
 *   INDEX        what, key                     CALL        what, arguments …
 *   METHOD       what, arguments …; text is the method
 *   BINARY, UNARY  operands; text is the operator          PAREN  expression
 *   NAME, STRING, NUMBER: text                 NIL, TRUE, FALSE, VARARG
 */
#ifndef HK_AUTHOR_SYNTAX_H
#define HK_AUTHOR_SYNTAX_H

#include "base/arena.h"

#include <stdbool.h>

enum hk_node_kind {
    HK_NODE_BLOCK,
    HK_NODE_LOCAL,
    HK_NODE_ASSIGN,
    HK_NODE_LOCAL_FUNCTION,
    HK_NODE_SET_FUNCTION,
    HK_NODE_CALL_STATEMENT,
    HK_NODE_DO,
    HK_NODE_WHILE,
    HK_NODE_REPEAT,
    HK_NODE_IF,
    HK_NODE_FOR_NUMBER,
    HK_NODE_FOR_IN,
    HK_NODE_RETURN,
    HK_NODE_BREAK,
    HK_NODE_GOTO,
    HK_NODE_LABEL,
    HK_NODE_NAMES,
    HK_NODE_EXPRESSIONS,
    HK_NODE_FUNCTION,
    HK_NODE_TABLE,
    HK_NODE_FIELD,
    HK_NODE_INDEX,
    HK_NODE_CALL,
    HK_NODE_METHOD,
    HK_NODE_BINARY,
    HK_NODE_UNARY,
    HK_NODE_PAREN,
    HK_NODE_NAME,
    HK_NODE_STRING,
    HK_NODE_NUMBER,
    HK_NODE_NIL,
    HK_NODE_TRUE,
    HK_NODE_FALSE,
    HK_NODE_VARARG,
};

struct hk_node {
    enum hk_node_kind kind;
    unsigned line;
    unsigned column;
    unsigned depth;   /* of the tree below it: who walks it may recurse */
    const char *text; /* see above; else NULL */
    size_t size;
    struct hk_node *first; /* children */
    struct hk_node *last;
    struct hk_node *next;
};

/* Read a text; the tree lies in the arena. HK_INVALID with "line:column: what", HK_LIMIT when it is
 * nested too deeply or too large to look at. */
HK_MUST_CHECK enum hk_status hk_syntax_read(const char *source, size_t size, struct hk_arena *arena,
    struct hk_node **ret_block, struct hk_error *error);

/* The nth child, from 0; NULL when there are fewer. */
const struct hk_node *hk_node_child(const struct hk_node *node, unsigned n);
/* Is it a name, or an operator, with this text? NULL is not. */
bool hk_node_is(const struct hk_node *node, enum hk_node_kind kind, const char *text);

#endif
