/*
 * syntax: see syntax.h. Each function of the parser reads what its name says, from the token that
 * is next; once something was wrong (`status`), all give up at once and NULLs are left behind.
 */
#include "author/syntax.h"
#include "author/lex.h"
#include "limits.h"

#include <string.h>

struct parser {
    struct hk_lexer lexer;
    struct hk_token token; /* the next one */
    struct hk_token ahead; /* the one behind it */
    unsigned levels;       /* of the parser's own recursion */
    enum hk_status status;
    struct hk_error *error;
};

static struct hk_node *read_expression(struct parser *p, int above);
static struct hk_node *read_block(struct parser *p);

/* --- tokens and nodes --- */

static void fail(struct parser *p, enum hk_status status, const char *text)
{
    if (p->status == HK_OK)
        p->status = hk_fail(p->error, status, "%u:%u: %s", p->token.line, p->token.column, text);
}

static void advance(struct parser *p)
{
    p->token = p->ahead;
    if (p->token.kind == HK_TOKEN_BAD)
        fail(p, HK_INVALID, p->token.text);
    if (p->token.kind != HK_TOKEN_END)
        hk_lexer_next(&p->lexer, &p->ahead);
}

static bool is_word(const struct hk_token *token, const char *text)
{
    return (token->kind == HK_TOKEN_KEYWORD || token->kind == HK_TOKEN_SYMBOL) &&
           strcmp(token->text, text) == 0;
}

static bool sees(const struct parser *p, const char *text)
{
    return p->status == HK_OK && is_word(&p->token, text);
}

static bool takes(struct parser *p, const char *text)
{
    if (!sees(p, text))
        return false;
    advance(p);
    return true;
}

static void expect(struct parser *p, const char *text)
{
    if (!takes(p, text))
        fail(p, HK_INVALID, "something else is expected here");
}

static struct hk_node *node_at(
    struct parser *p, enum hk_node_kind kind, unsigned line, unsigned column)
{
    struct hk_node *node = hk_arena_alloc(p->lexer.arena, sizeof(*node));

    if (node == NULL) {
        fail(p, HK_LIMIT, "the text is too large to look at");
        return NULL;
    }
    node->kind = kind;
    node->line = line;
    node->column = column;
    return node;
}

static struct hk_node *node_here(struct parser *p, enum hk_node_kind kind)
{
    return node_at(p, kind, p->token.line, p->token.column);
}

static void add(struct parser *p, struct hk_node *node, struct hk_node *child)
{
    if (node == NULL || child == NULL)
        return;
    if (node->last == NULL)
        node->first = child;
    else
        node->last->next = child;
    node->last = child;
    if (child->depth >= node->depth)
        node->depth = child->depth + 1;
    if (node->depth > HK_SYNTAX_DEPTH_MAX)
        fail(p, HK_LIMIT, "it is nested too deeply to look at");
}

/* A node of the token's text; the token is taken. */
static struct hk_node *take_text(struct parser *p, enum hk_node_kind kind)
{
    struct hk_node *node = node_here(p, kind);

    if (node != NULL) {
        node->text = p->token.text;
        node->size = p->token.size;
    }
    advance(p);
    return node;
}

static struct hk_node *read_name(struct parser *p)
{
    if (p->status != HK_OK || p->token.kind != HK_TOKEN_NAME) {
        fail(p, HK_INVALID, "a name is expected here");
        return NULL;
    }
    return take_text(p, HK_NODE_NAME);
}

static bool enter(struct parser *p)
{
    if (++p->levels > HK_SYNTAX_LEVELS_MAX)
        fail(p, HK_LIMIT, "it is nested too deeply to look at");
    return p->status == HK_OK;
}

static void leave(struct parser *p)
{
    p->levels--;
}

/* --- expressions --- */

static struct hk_node *read_expressions(struct parser *p)
{
    struct hk_node *list = node_here(p, HK_NODE_EXPRESSIONS);

    do {
        add(p, list, read_expression(p, 0));
    } while (takes(p, ","));
    return list;
}

static struct hk_node *read_field(struct parser *p)
{
    struct hk_node *field = node_here(p, HK_NODE_FIELD);
    struct hk_node *key = NULL;

    if (takes(p, "[")) {
        key = read_expression(p, 0);
        expect(p, "]");
        expect(p, "=");
    } else if (p->token.kind == HK_TOKEN_NAME && is_word(&p->ahead, "=")) {
        key = take_text(p, HK_NODE_STRING);
        expect(p, "=");
    }
    if (key != NULL && key->kind == HK_NODE_STRING && field != NULL) {
        field->text = key->text;
        field->size = key->size;
    }
    add(p, field, key);
    add(p, field, read_expression(p, 0));
    return field;
}

static struct hk_node *read_table(struct parser *p)
{
    struct hk_node *table = node_here(p, HK_NODE_TABLE);

    expect(p, "{");
    while (p->status == HK_OK && !sees(p, "}")) {
        add(p, table, read_field(p));
        if (!takes(p, ",") && !takes(p, ";"))
            break;
    }
    expect(p, "}");
    return table;
}

static struct hk_node *read_function(struct parser *p, const struct hk_node *at)
{
    struct hk_node *function = node_at(p, HK_NODE_FUNCTION, at == NULL ? p->token.line : at->line,
        at == NULL ? p->token.column : at->column);
    struct hk_node *names = node_here(p, HK_NODE_NAMES);

    expect(p, "(");
    while (p->status == HK_OK && !sees(p, ")")) {
        if (takes(p, "..."))
            break;
        add(p, names, read_name(p));
        if (!takes(p, ","))
            break;
    }
    expect(p, ")");
    add(p, function, names);
    add(p, function, read_block(p));
    expect(p, "end");
    return function;
}

/* The arguments of a call, if any stand here, added to call. */
static bool read_arguments(struct parser *p, struct hk_node *call)
{
    if (p->token.kind == HK_TOKEN_STRING) {
        add(p, call, take_text(p, HK_NODE_STRING));
        return true;
    }
    if (sees(p, "{")) {
        add(p, call, read_table(p));
        return true;
    }
    if (!takes(p, "("))
        return false;
    if (!sees(p, ")")) {
        do {
            add(p, call, read_expression(p, 0));
        } while (takes(p, ","));
    }
    expect(p, ")");
    return true;
}

static bool begins_arguments(const struct parser *p)
{
    return p->token.kind == HK_TOKEN_STRING || sees(p, "{") || sees(p, "(");
}

/* One suffix of what: .name, [key], :name(…), (…). NULL when none stands here. */
static struct hk_node *read_suffix(struct parser *p, struct hk_node *what)
{
    struct hk_node *node = NULL;

    if (takes(p, ".")) {
        node = node_at(p, HK_NODE_INDEX, what->line, what->column);
        add(p, node, what);
        if (p->token.kind != HK_TOKEN_NAME)
            fail(p, HK_INVALID, "a name is expected here");
        else
            add(p, node, take_text(p, HK_NODE_STRING));
    } else if (takes(p, "[")) {
        node = node_at(p, HK_NODE_INDEX, what->line, what->column);
        add(p, node, what);
        add(p, node, read_expression(p, 0));
        expect(p, "]");
    } else if (takes(p, ":")) {
        struct hk_node *name = read_name(p);
        node = node_at(p, HK_NODE_METHOD, what->line, what->column);
        add(p, node, what);
        if (node != NULL && name != NULL) {
            node->text = name->text;
            node->size = name->size;
        }
        if (!read_arguments(p, node))
            fail(p, HK_INVALID, "arguments are expected here");
    } else if (begins_arguments(p)) {
        node = node_at(p, HK_NODE_CALL, what->line, what->column);
        add(p, node, what);
        (void)read_arguments(p, node);
    }
    return node;
}

/* A name or a parenthesis, and what is done with it. */
static struct hk_node *read_suffixed(struct parser *p)
{
    struct hk_node *node;

    if (sees(p, "(")) {
        node = node_here(p, HK_NODE_PAREN);
        advance(p);
        add(p, node, read_expression(p, 0));
        expect(p, ")");
    } else {
        node = read_name(p);
    }
    while (p->status == HK_OK && node != NULL) {
        struct hk_node *longer = read_suffix(p, node);
        if (longer == NULL)
            break;
        node = longer;
    }
    return node;
}

static struct hk_node *read_simple(struct parser *p)
{
    static const struct {
        const char *text;
        enum hk_node_kind kind;
    } words[] = {{"nil", HK_NODE_NIL}, {"true", HK_NODE_TRUE}, {"false", HK_NODE_FALSE},
        {"...", HK_NODE_VARARG}};

    if (p->token.kind == HK_TOKEN_NUMBER)
        return take_text(p, HK_NODE_NUMBER);
    if (p->token.kind == HK_TOKEN_STRING)
        return take_text(p, HK_NODE_STRING);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (sees(p, words[i].text))
            return take_text(p, words[i].kind);
    }
    if (sees(p, "{"))
        return read_table(p);
    if (sees(p, "function")) {
        const struct hk_node *at = node_here(p, HK_NODE_NAME);
        advance(p);
        return read_function(p, at);
    }
    return read_suffixed(p);
}

/* How tightly an operator binds to its left and to its right (reference manual 3.4.8). */
static bool find_operator(const struct hk_token *token, int *ret_left, int *ret_right)
{
    static const struct {
        const char *text;
        int left;
        int right;
    } operators[] = {{"or", 1, 1}, {"and", 2, 2}, {"<", 3, 3}, {">", 3, 3}, {"<=", 3, 3},
        {">=", 3, 3}, {"~=", 3, 3}, {"==", 3, 3}, {"|", 4, 4}, {"~", 5, 5}, {"&", 6, 6},
        {"<<", 7, 7}, {">>", 7, 7}, {"..", 9, 8}, {"+", 10, 10}, {"-", 10, 10}, {"*", 11, 11},
        {"/", 11, 11}, {"//", 11, 11}, {"%", 11, 11}, {"^", 14, 13}};

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (is_word(token, operators[i].text)) {
            *ret_left = operators[i].left;
            *ret_right = operators[i].right;
            return true;
        }
    }
    return false;
}

static struct hk_node *read_operand(struct parser *p)
{
    const int unary = 12;

    if (sees(p, "not") || sees(p, "-") || sees(p, "#") || sees(p, "~")) {
        struct hk_node *node = take_text(p, HK_NODE_UNARY);
        add(p, node, read_expression(p, unary));
        return node;
    }
    return read_simple(p);
}

/* Operators that bind tighter than above. */
static struct hk_node *read_expression(struct parser *p, int above) // NOLINT(misc-no-recursion)
{
    struct hk_node *left = NULL;
    int binds_left;
    int binds_right;

    if (enter(p)) {
        left = read_operand(p);
        while (p->status == HK_OK && left != NULL &&
               find_operator(&p->token, &binds_left, &binds_right) && binds_left > above) {
            struct hk_node *node = node_at(p, HK_NODE_BINARY, left->line, left->column);
            if (node != NULL) {
                node->text = p->token.text;
                node->size = p->token.size;
            }
            advance(p);
            add(p, node, left);
            add(p, node, read_expression(p, binds_right));
            left = node;
        }
    }
    leave(p);
    return left;
}

/* --- statements --- */

static struct hk_node *read_if(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_IF);

    do {
        advance(p); /* if, elseif */
        add(p, node, read_expression(p, 0));
        expect(p, "then");
        add(p, node, read_block(p));
    } while (sees(p, "elseif"));
    if (takes(p, "else"))
        add(p, node, read_block(p));
    expect(p, "end");
    return node;
}

static struct hk_node *read_names(struct parser *p)
{
    struct hk_node *names = node_here(p, HK_NODE_NAMES);

    do {
        add(p, names, read_name(p));
        if (takes(p, "<")) { /* const, close */
            (void)read_name(p);
            expect(p, ">");
        }
    } while (takes(p, ","));
    return names;
}

static struct hk_node *read_for(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_FOR_IN);

    advance(p);
    add(p, node, read_names(p));
    if (takes(p, "=")) {
        if (node != NULL)
            node->kind = HK_NODE_FOR_NUMBER;
    } else {
        expect(p, "in");
    }
    add(p, node, read_expressions(p));
    expect(p, "do");
    add(p, node, read_block(p));
    expect(p, "end");
    return node;
}

static struct hk_node *read_local(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_LOCAL);

    advance(p);
    if (sees(p, "function")) {
        const struct hk_node *at = node_here(p, HK_NODE_NAME);
        advance(p);
        if (node != NULL)
            node->kind = HK_NODE_LOCAL_FUNCTION;
        add(p, node, read_name(p));
        add(p, node, read_function(p, at));
        return node;
    }
    add(p, node, read_names(p));
    add(p, node, takes(p, "=") ? read_expressions(p) : node_here(p, HK_NODE_EXPRESSIONS));
    return node;
}

/* function a.b:c(…) */
static struct hk_node *read_set_function(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_SET_FUNCTION);
    const struct hk_node *at = node;
    struct hk_node *target;

    advance(p);
    target = read_name(p);
    while (p->status == HK_OK && target != NULL && (sees(p, ".") || sees(p, ":"))) {
        struct hk_node *index = node_at(p, HK_NODE_INDEX, target->line, target->column);
        struct hk_node *name;
        advance(p);
        name = read_name(p);
        if (name != NULL)
            name->kind = HK_NODE_STRING;
        add(p, index, target);
        add(p, index, name);
        target = index;
    }
    add(p, node, target);
    add(p, node, read_function(p, at));
    return node;
}

static struct hk_node *read_return(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_RETURN);

    advance(p);
    if (p->token.kind == HK_TOKEN_END || sees(p, "end") || sees(p, "else") || sees(p, "elseif") ||
        sees(p, "until") || sees(p, ";"))
        add(p, node, node_here(p, HK_NODE_EXPRESSIONS));
    else
        add(p, node, read_expressions(p));
    (void)takes(p, ";");
    return node;
}

/* A call, or an assignment. */
static struct hk_node *read_plain(struct parser *p)
{
    struct hk_node *node = node_here(p, HK_NODE_CALL_STATEMENT);
    struct hk_node *what = read_suffixed(p);
    struct hk_node *targets;

    if (p->status != HK_OK || what == NULL)
        return node;
    if (!sees(p, "=") && !sees(p, ",")) {
        if (what->kind != HK_NODE_CALL && what->kind != HK_NODE_METHOD)
            fail(p, HK_INVALID, "this is no statement");
        add(p, node, what);
        return node;
    }
    targets = node_at(p, HK_NODE_EXPRESSIONS, what->line, what->column);
    add(p, targets, what);
    while (takes(p, ","))
        add(p, targets, read_suffixed(p));
    expect(p, "=");
    if (node != NULL)
        node->kind = HK_NODE_ASSIGN;
    add(p, node, targets);
    add(p, node, read_expressions(p));
    return node;
}

static struct hk_node *read_loop(struct parser *p)
{
    struct hk_node *node;

    if (sees(p, "while")) {
        node = node_here(p, HK_NODE_WHILE);
        advance(p);
        add(p, node, read_expression(p, 0));
        expect(p, "do");
        add(p, node, read_block(p));
        expect(p, "end");
    } else if (sees(p, "repeat")) {
        node = node_here(p, HK_NODE_REPEAT);
        advance(p);
        add(p, node, read_block(p));
        expect(p, "until");
        add(p, node, read_expression(p, 0));
    } else {
        node = node_here(p, HK_NODE_DO);
        advance(p);
        add(p, node, read_block(p));
        expect(p, "end");
    }
    return node;
}

static struct hk_node *read_jump(struct parser *p, enum hk_node_kind kind)
{
    struct hk_node *node = node_here(p, kind);
    struct hk_node *name;

    advance(p);
    if (kind == HK_NODE_BREAK)
        return node;
    name = read_name(p);
    if (node != NULL && name != NULL) {
        node->text = name->text;
        node->size = name->size;
    }
    if (kind == HK_NODE_LABEL)
        expect(p, "::");
    return node;
}

static struct hk_node *read_statement(struct parser *p)
{
    if (sees(p, "if"))
        return read_if(p);
    if (sees(p, "while") || sees(p, "repeat") || sees(p, "do"))
        return read_loop(p);
    if (sees(p, "for"))
        return read_for(p);
    if (sees(p, "function"))
        return read_set_function(p);
    if (sees(p, "local"))
        return read_local(p);
    if (sees(p, "return"))
        return read_return(p);
    if (sees(p, "break"))
        return read_jump(p, HK_NODE_BREAK);
    if (sees(p, "goto"))
        return read_jump(p, HK_NODE_GOTO);
    if (sees(p, "::"))
        return read_jump(p, HK_NODE_LABEL);
    return read_plain(p);
}

static struct hk_node *read_block(struct parser *p) // NOLINT(misc-no-recursion)
{
    struct hk_node *block = node_here(p, HK_NODE_BLOCK);

    if (enter(p)) {
        while (p->status == HK_OK && p->token.kind != HK_TOKEN_END && !sees(p, "end") &&
               !sees(p, "else") && !sees(p, "elseif") && !sees(p, "until")) {
            if (!takes(p, ";"))
                add(p, block, read_statement(p));
        }
    }
    leave(p);
    return block;
}

enum hk_status hk_syntax_read(const char *source, size_t size, struct hk_arena *arena,
    struct hk_node **ret_block, struct hk_error *error)
{
    struct parser p = {.status = HK_OK, .error = error};
    struct hk_node *block;

    hk_lexer_init(&p.lexer, source, size, arena);
    hk_lexer_next(&p.lexer, &p.ahead);
    advance(&p);
    block = read_block(&p);
    if (p.status == HK_OK && p.token.kind != HK_TOKEN_END)
        fail(&p, HK_INVALID, "something else is expected here");
    if (p.status == HK_OK)
        *ret_block = block;
    return p.status;
}

const struct hk_node *hk_node_child(const struct hk_node *node, unsigned n)
{
    const struct hk_node *child = node == NULL ? NULL : node->first;

    while (child != NULL && n-- > 0)
        child = child->next;
    return child;
}

bool hk_node_is(const struct hk_node *node, enum hk_node_kind kind, const char *text)
{
    return node != NULL && node->kind == kind && node->text != NULL &&
           strcmp(node->text, text) == 0;
}
