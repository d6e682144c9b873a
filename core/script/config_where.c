#include "script/config_where.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 64, KEY_MAX = 256 };

enum token_type { TOKEN_END, TOKEN_NAME, TOKEN_TEXT, TOKEN_NUMBER, TOKEN_SIGN };

struct lexer {
    const char *at;
    const char *end;
    unsigned line;
    /* the token that was read last */
    enum token_type type;
    unsigned token_line;
    char text[KEY_MAX]; /* of a name, string or sign; cut when it is longer */
};

struct walk {
    struct lexer lexer;
    const char *path;
    unsigned depth;
    unsigned found; /* line */
};

/* --- tokens: Lua 5.4 reference manual, 3.1, as far as it is needed to keep in step --- */

static char peek(const struct lexer *l, size_t ahead)
{
    return (size_t)(l->end - l->at) > ahead ? l->at[ahead] : '\0';
}

static void step(struct lexer *l)
{
    if (*l->at == '\n')
        l->line++;
    l->at++;
}

/* The level of a long bracket that begins here, or -1. */
static int long_level(const struct lexer *l)
{
    size_t level = 0;

    if (peek(l, 0) != '[')
        return -1;
    while (peek(l, 1 + level) == '=')
        level++;
    return peek(l, 1 + level) == '[' ? (int)level : -1;
}

static bool closes_long(const struct lexer *l, int level)
{
    if (peek(l, 0) != ']' || peek(l, (size_t)level + 1) != ']')
        return false;
    for (int i = 0; i < level; i++)
        if (peek(l, (size_t)i + 1) != '=')
            return false;
    return true;
}

static void put(struct lexer *l, size_t *size, char c)
{
    if (*size < sizeof(l->text) - 1)
        l->text[(*size)++] = c;
    l->text[*size] = '\0';
}

static void read_long(struct lexer *l, int level)
{
    size_t size = 0;

    l->at += level + 2;
    while (l->at < l->end && !closes_long(l, level)) {
        put(l, &size, *l->at);
        step(l);
    }
    if (l->at < l->end)
        l->at += level + 2;
}

static void read_quoted(struct lexer *l)
{
    char quote = *l->at++;
    size_t size = 0;

    while (l->at < l->end && *l->at != quote && *l->at != '\n') {
        if (*l->at == '\\' && l->at + 1 < l->end)
            step(l);
        put(l, &size, *l->at);
        step(l);
    }
    if (l->at < l->end)
        step(l);
}

static void skip_blanks(struct lexer *l)
{
    while (l->at < l->end) {
        if (isspace((unsigned char)*l->at)) {
            step(l);
        } else if (peek(l, 0) == '-' && peek(l, 1) == '-') {
            int level;
            l->at += 2;
            level = long_level(l);
            if (level >= 0)
                read_long(l, level);
            else
                while (l->at < l->end && *l->at != '\n')
                    step(l);
        } else {
            return;
        }
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void next(struct lexer *l)
{
    size_t size = 0;

    skip_blanks(l);
    l->token_line = l->line;
    l->text[0] = '\0';
    if (l->at >= l->end) {
        l->type = TOKEN_END;
    } else if (long_level(l) >= 0) {
        l->type = TOKEN_TEXT;
        read_long(l, long_level(l));
    } else if (*l->at == '"' || *l->at == '\'') {
        l->type = TOKEN_TEXT;
        read_quoted(l);
    } else if (is_word(*l->at)) {
        l->type = isdigit((unsigned char)*l->at) ? TOKEN_NUMBER : TOKEN_NAME;
        while (l->at < l->end && is_word(*l->at)) {
            put(l, &size, *l->at);
            step(l);
        }
    } else {
        l->type = TOKEN_SIGN;
        put(l, &size, *l->at);
        step(l);
    }
}

static bool is_sign(const struct lexer *l, char sign)
{
    return l->type == TOKEN_SIGN && l->text[0] == sign;
}

static bool is_word_of(const struct lexer *l, const char *const *words)
{
    for (; l->type == TOKEN_NAME && *words != NULL; words++)
        if (strcmp(l->text, *words) == 0)
            return true;
    return false;
}

/* --- the path --- */

/* What is left of the path behind this key, or NULL when the path doesn't begin with it. */
static const char *behind_key(const char *path, const char *key)
{
    size_t size = strlen(key);

    if (size == 0 || strncmp(path, key, size) != 0)
        return NULL;
    if (path[size] == '.' || path[size] == '[' || path[size] == '\0' || path[size] == ':')
        return path + size;
    return NULL;
}

static const char *behind_index(const char *path, unsigned index)
{
    char text[16];
    int size = snprintf(text, sizeof(text), "[%u]", index);

    return strncmp(path, text, (size_t)size) == 0 ? path + size : NULL;
}

/* --- tables --- */

/* Pass over one value; stands on the comma or bracket that ends it. */
static void skip_value(struct lexer *l)
{
    static const char *const opens[] = {"function", "if", "do", "repeat", NULL};
    static const char *const closes[] = {"end", "until", NULL};
    unsigned brackets = 0;
    unsigned blocks = 0;

    for (; l->type != TOKEN_END; next(l)) {
        bool is_free = brackets == 0 && blocks == 0;
        if (is_free && (is_sign(l, ',') || is_sign(l, ';') || is_sign(l, '}')))
            return;
        if (is_sign(l, '{') || is_sign(l, '(') || is_sign(l, '['))
            brackets++;
        else if (brackets > 0 && (is_sign(l, '}') || is_sign(l, ')') || is_sign(l, ']')))
            brackets--;
        else if (is_word_of(l, opens))
            blocks++;
        else if (blocks > 0 && is_word_of(l, closes))
            blocks--;
    }
}

/* Stands on the key's first token: take "name =" or "[name] =", and say so; else nothing is taken
 * and this is an item of a list. */
static bool take_key(struct lexer *l, char ret_key[KEY_MAX])
{
    struct lexer before = *l;
    bool is_bracketed = is_sign(l, '[');

    if (is_bracketed)
        next(l);
    (void)snprintf(ret_key, KEY_MAX, "%s", l->text);
    if (l->type == TOKEN_NAME || (is_bracketed && l->type == TOKEN_TEXT)) {
        next(l);
        if (is_bracketed && is_sign(l, ']'))
            next(l);
        if (is_sign(l, '=') && peek(l, 0) != '=') {
            next(l);
            return true;
        }
    }
    *l = before;
    return false;
}

static bool walk_table(struct walk *walk);

/* One entry of a table. True when the path goes through it: the search is over. */
static bool walk_entry(struct walk *walk, unsigned *in_out_index)
{
    struct lexer *l = &walk->lexer;
    unsigned line = l->token_line;
    char key[KEY_MAX];
    const char *behind = take_key(l, key) ? behind_key(walk->path, key)
                                          : behind_index(walk->path, (*in_out_index)++);

    if (behind == NULL) {
        skip_value(l);
        return false;
    }
    walk->found = line;
    if (*behind == '.')
        behind++;
    else if (strncmp(behind, ": ", 2) == 0)
        behind += 2;
    walk->path = behind;
    if (is_sign(l, '{'))
        (void)walk_table(walk);
    return true;
}

/* Stands on the opening bracket. */
static bool walk_table(struct walk *walk)
{
    struct lexer *l = &walk->lexer;
    unsigned index = 0;

    if (++walk->depth > DEPTH_MAX)
        return false;
    next(l);
    while (l->type != TOKEN_END && !is_sign(l, '}')) {
        if (walk_entry(walk, &index))
            return true;
        if (is_sign(l, ',') || is_sign(l, ';'))
            next(l);
    }
    return false;
}

unsigned hk_config_line(const char *source, size_t size, const char *path)
{
    static const char *const names[] = {"hikeshi", NULL};
    struct walk walk = {
        .lexer = {.at = source, .end = source + size, .line = 1},
        .path = path,
    };
    struct lexer *l = &walk.lexer;

    for (next(l); l->type != TOKEN_END; next(l)) {
        if (!is_word_of(l, names))
            continue;
        next(l);
        while (is_sign(l, '('))
            next(l);
        if (is_sign(l, '{')) {
            (void)walk_table(&walk);
            break;
        }
    }
    return walk.found;
}
