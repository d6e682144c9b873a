#include "script/pattern.h"

#include <limits.h>
#include <string.h>

/* Longest pattern; each item takes up to sizeof(struct node) of the run's memory. */
#define PATTERN_SIZE_MAX 4096
/* Characters looked at between two charges. */
#define STEPS_PER_CHARGE 1024

enum node_kind {
    NODE_CHAR,     /* exactly a */
    NODE_ANY,      /* . */
    NODE_CLASS,    /* %a: class letter in a */
    NODE_SET,      /* [...]: set */
    NODE_OPEN,     /* ( : capture number in a */
    NODE_POSITION, /* () */
    NODE_CLOSE,    /* ) */
    NODE_BACK,     /* %1: capture number in a */
    NODE_BALANCE,  /* %bxy */
    NODE_FRONTIER, /* %f[set] */
    NODE_END,      /* $ */
};

struct node {
    uint8_t kind;
    char quantifier; /* '*', '+', '-', '?' or 0 */
    uint8_t a;
    uint8_t b;
    uint32_t set; /* index of its set */
};

struct set {
    uint8_t bits[32];
};

/* One quantified node that can still be matched in another way. */
struct choice {
    uint32_t node;
    size_t low;  /* fewest characters: end of the match */
    size_t here; /* where the match ends now */
};

struct hk_pattern {
    bool is_anchored;
    int capture_count;
    uint32_t node_count;
    uint32_t set_count;
    struct node *nodes;
    struct set *sets;
    struct choice *choices;
};

/* --- classes --- */

static bool is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(unsigned char c)
{
    return is_lower(c) || is_upper(c) || is_digit(c);
}

bool hk_pattern_class_has(unsigned char letter, unsigned char c)
{
    bool has;

    switch (is_upper(letter) ? letter + ('a' - 'A') : letter) {
    case 'a':
        has = is_lower(c) || is_upper(c);
        break;
    case 'c':
        has = c < 32 || c == 127;
        break;
    case 'd':
        has = is_digit(c);
        break;
    case 'g':
        has = c > 32 && c < 127;
        break;
    case 'l':
        has = is_lower(c);
        break;
    case 'p':
        has = c > 32 && c < 127 && !is_alnum(c);
        break;
    case 's':
        has = c == ' ' || (c >= 9 && c <= 13);
        break;
    case 'u':
        has = is_upper(c);
        break;
    case 'w':
        has = is_alnum(c);
        break;
    case 'x':
        has = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        break;
    case 'z': /* no longer in the manual, still in use */
        has = c == 0;
        break;
    default:
        return letter == c;
    }
    return is_upper(letter) ? !has : has;
}

static bool set_has(const struct set *set, unsigned char c)
{
    return (set->bits[c >> 3] >> (c & 7) & 1) != 0;
}

static void set_add(struct set *set, unsigned char c)
{
    set->bits[c >> 3] |= (uint8_t)(1U << (c & 7));
}

/* --- compiling --- */

struct compiler {
    lua_State *L;
    struct hk_pattern *pattern;
    const char *at;
    const char *end;
    int open[HK_PATTERN_CAPTURES_MAX]; /* captures that wait for their ')' */
    int open_count;
    bool closed[HK_PATTERN_CAPTURES_MAX];
};

/* The end of a set whose '[' is before `at`: behind its ']'. */
static const char *set_end(struct compiler *c, const char *at)
{
    if (at < c->end && *at == '^')
        at++;
    do {
        if (at == c->end)
            hk_state_raise(c->L, "malformed pattern (missing ']')");
        if (*at++ == '%' && at < c->end)
            at++;
    } while (at == c->end || *at != ']');
    return at + 1;
}

/* Read a set; c->at is behind its '['. Answer its index. */
static uint32_t compile_set(struct compiler *c)
{
    struct set *set = &c->pattern->sets[c->pattern->set_count];
    const char *end = set_end(c, c->at);
    const char *last = end - 1; /* its ']' */
    const char *p = c->at;
    bool is_negated = *p == '^';

    memset(set, 0, sizeof *set);
    if (is_negated)
        p++;
    for (; p < last; p++) {
        if (*p == '%') {
            p++;
            for (unsigned i = 0; i <= UCHAR_MAX; i++) {
                if (hk_pattern_class_has((unsigned char)*p, (unsigned char)i))
                    set_add(set, (unsigned char)i);
            }
        } else if (p + 2 < last && p[1] == '-') {
            for (unsigned i = (unsigned char)p[0]; i <= (unsigned char)p[2]; i++)
                set_add(set, (unsigned char)i);
            p += 2;
        } else {
            set_add(set, (unsigned char)*p);
        }
    }
    for (unsigned i = 0; is_negated && i < sizeof set->bits; i++)
        set->bits[i] = (uint8_t)~set->bits[i];
    c->at = end;
    return c->pattern->set_count++;
}

static void compile_open(struct compiler *c, struct node *node)
{
    int number = c->pattern->capture_count;

    if (number == HK_PATTERN_CAPTURES_MAX)
        hk_state_raise(c->L, "too many captures");
    c->pattern->capture_count++;
    node->a = (uint8_t)number;
    if (c->at < c->end && *c->at == ')') {
        c->at++;
        c->closed[number] = true;
        node->kind = NODE_POSITION;
        return;
    }
    node->kind = NODE_OPEN;
    c->open[c->open_count++] = number;
}

static void compile_close(struct compiler *c, struct node *node)
{
    if (c->open_count == 0)
        hk_state_raise(c->L, "invalid pattern capture");
    node->kind = NODE_CLOSE;
    node->a = (uint8_t)c->open[--c->open_count];
    c->closed[node->a] = true;
}

/* After a '%'. True when the item may have a quantifier. */
static bool compile_escape(struct compiler *c, struct node *node)
{
    char letter;

    if (c->at == c->end)
        hk_state_raise(c->L, "malformed pattern (ends with '%%')");
    letter = *c->at++;
    switch (letter) {
    case 'b':
        if (c->end - c->at < 2)
            hk_state_raise(c->L, "malformed pattern (missing arguments to '%%b')");
        node->kind = NODE_BALANCE;
        node->a = (uint8_t)c->at[0];
        node->b = (uint8_t)c->at[1];
        c->at += 2;
        return false;
    case 'f':
        if (c->at == c->end || *c->at != '[')
            hk_state_raise(c->L, "missing '[' after '%%f' in pattern");
        c->at++;
        node->kind = NODE_FRONTIER;
        node->set = compile_set(c);
        return false;
    default:
        break;
    }
    if (is_digit((unsigned char)letter)) {
        int number = letter - '1';
        if (number < 0 || number >= c->pattern->capture_count || !c->closed[number])
            hk_state_raise(c->L, "invalid capture index %%%d in pattern", number + 1);
        node->kind = NODE_BACK;
        node->a = (uint8_t)number;
        return false;
    }
    node->kind = NODE_CLASS;
    node->a = (uint8_t)letter;
    return true;
}

static void compile_item(struct compiler *c)
{
    struct node *node = &c->pattern->nodes[c->pattern->node_count++];
    char letter = *c->at++;
    bool may_repeat = true;

    memset(node, 0, sizeof *node);
    switch (letter) {
    case '(':
        compile_open(c, node);
        return;
    case ')':
        compile_close(c, node);
        return;
    case '.':
        node->kind = NODE_ANY;
        break;
    case '[':
        node->kind = NODE_SET;
        node->set = compile_set(c);
        break;
    case '%':
        may_repeat = compile_escape(c, node);
        break;
    default:
        if (letter == '$' && c->at == c->end) {
            node->kind = NODE_END;
            return;
        }
        node->kind = NODE_CHAR;
        node->a = (uint8_t)letter;
    }
    if (may_repeat && c->at < c->end && *c->at != '\0' && strchr("*+-?", *c->at) != NULL)
        node->quantifier = *c->at++;
}

struct hk_pattern *hk_pattern_compile(lua_State *L, const char *pattern, size_t size, bool anchors)
{
    struct compiler c = {.L = L, .at = pattern, .end = pattern + size};
    size_t sets = 0;
    char *memory;

    if (size > PATTERN_SIZE_MAX)
        hk_state_raise(L, "pattern is longer than %d bytes", PATTERN_SIZE_MAX);
    for (size_t i = 0; i < size; i++)
        sets += pattern[i] == '[';
    hk_state_charge(L, 8 + size + sets * 16);
    memory = lua_newuserdatauv(L,
        sizeof *c.pattern + sets * sizeof(struct set) +
            size * (sizeof(struct choice) + sizeof(struct node)),
        0);
    c.pattern = (struct hk_pattern *)(void *)memory;
    memset(c.pattern, 0, sizeof *c.pattern);
    memory += sizeof *c.pattern;
    c.pattern->choices = (struct choice *)(void *)memory;
    memory += size * sizeof(struct choice);
    c.pattern->nodes = (struct node *)(void *)memory;
    memory += size * sizeof(struct node);
    c.pattern->sets = (struct set *)(void *)memory;
    if (anchors && size > 0 && *pattern == '^') {
        c.pattern->is_anchored = true;
        c.at++;
    }
    while (c.at < c.end)
        compile_item(&c);
    if (c.open_count > 0)
        hk_state_raise(L, "unfinished capture");
    return c.pattern;
}

bool hk_pattern_is_anchored(const struct hk_pattern *pattern)
{
    return pattern->is_anchored;
}

bool hk_pattern_is_plain(const char *pattern, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (pattern[i] != '\0' && strchr("^$*+?.([%-", pattern[i]) != NULL)
            return false;
    }
    return true;
}

/* --- matching --- */

struct matcher {
    lua_State *L;
    const struct hk_pattern *pattern;
    const char *subject;
    size_t size;
    struct hk_match *match;
    uint32_t choice_count;
    unsigned steps;
};

static void step(struct matcher *m, size_t n)
{
    if (n > STEPS_PER_CHARGE || m->steps + n > STEPS_PER_CHARGE) {
        hk_state_charge(m->L, m->steps + n);
        m->steps = 0;
        return;
    }
    m->steps += (unsigned)n;
}

/* Does the single-character item take the character at s? */
static bool takes(struct matcher *m, const struct node *node, size_t s)
{
    unsigned char c;

    if (s >= m->size)
        return false;
    step(m, 1);
    c = (unsigned char)m->subject[s];
    switch (node->kind) {
    case NODE_ANY:
        return true;
    case NODE_CHAR:
        return c == node->a;
    case NODE_CLASS:
        return hk_pattern_class_has(node->a, c);
    default:
        return set_has(&m->pattern->sets[node->set], c);
    }
}

static void push_choice(struct matcher *m, uint32_t node, size_t low, size_t here)
{
    m->pattern->choices[m->choice_count++] =
        (struct choice){.node = node, .low = low, .here = here};
}

/* Match a quantified item at s for the first time. */
static bool begin_quantified(struct matcher *m, uint32_t index, size_t *s)
{
    const struct node *node = &m->pattern->nodes[index];
    size_t low = *s;
    size_t here = *s;

    if (node->quantifier == '-') {
        push_choice(m, index, low, here);
        return true;
    }
    if (node->quantifier == '+') {
        if (!takes(m, node, here))
            return false;
        low = ++here;
    }
    if (node->quantifier == '?') {
        if (takes(m, node, here))
            here++;
    } else {
        while (takes(m, node, here))
            here++;
    }
    if (here > low)
        push_choice(m, index, low, here);
    *s = here;
    return true;
}

/* Take another way at the youngest choice; false when there is none left. */
static bool go_back(struct matcher *m, uint32_t *index, size_t *s)
{
    while (m->choice_count > 0) {
        struct choice *choice = &m->pattern->choices[m->choice_count - 1];
        const struct node *node = &m->pattern->nodes[choice->node];
        step(m, 1);
        *index = choice->node + 1;
        if (node->quantifier == '-') {
            if (takes(m, node, choice->here)) {
                *s = ++choice->here;
                return true;
            }
            m->choice_count--;
            continue;
        }
        *s = --choice->here;
        if (choice->here == choice->low)
            m->choice_count--;
        return true;
    }
    return false;
}

static bool match_balance(struct matcher *m, const struct node *node, size_t *s)
{
    size_t depth = 1;

    if (*s >= m->size || (unsigned char)m->subject[*s] != node->a)
        return false;
    for (size_t i = *s + 1; i < m->size; i++) {
        unsigned char c = (unsigned char)m->subject[i];
        step(m, 1);
        if (c == node->b) {
            if (--depth == 0) {
                *s = i + 1;
                return true;
            }
        } else if (c == node->a) {
            depth++;
        }
    }
    return false;
}

static bool match_back(struct matcher *m, const struct node *node, size_t *s)
{
    const struct hk_capture *capture = &m->match->captures[node->a];

    if (capture->is_position || capture->size > m->size - *s)
        return false;
    step(m, 1 + capture->size / 8);
    if (memcmp(m->subject + capture->from, m->subject + *s, capture->size) != 0)
        return false;
    *s += capture->size;
    return true;
}

static bool match_frontier(struct matcher *m, const struct node *node, size_t s)
{
    const struct set *set = &m->pattern->sets[node->set];
    unsigned char before = s == 0 ? 0 : (unsigned char)m->subject[s - 1];
    unsigned char after = s == m->size ? 0 : (unsigned char)m->subject[s];

    return !set_has(set, before) && set_has(set, after);
}

/* Match the item at s and move s behind it. Captures need no undoing: each is set by its own node,
 * which is passed again after a step back. */
static bool match_node(struct matcher *m, uint32_t index, size_t *s)
{
    const struct node *node = &m->pattern->nodes[index];
    struct hk_capture *captures = m->match->captures;

    step(m, 1);
    switch (node->kind) {
    case NODE_OPEN:
    case NODE_POSITION:
        captures[node->a] =
            (struct hk_capture){.from = *s, .is_position = node->kind == NODE_POSITION};
        return true;
    case NODE_CLOSE:
        captures[node->a].size = *s - captures[node->a].from;
        return true;
    case NODE_BACK:
        return match_back(m, node, s);
    case NODE_BALANCE:
        return match_balance(m, node, s);
    case NODE_FRONTIER:
        return match_frontier(m, node, *s);
    case NODE_END:
        return *s == m->size;
    default:
        break;
    }
    if (node->quantifier != 0)
        return begin_quantified(m, index, s);
    if (!takes(m, node, *s))
        return false;
    *s += 1;
    return true;
}

bool hk_pattern_match_at(lua_State *L, const struct hk_pattern *pattern, const char *subject,
    size_t size, size_t at, struct hk_match *ret_match)
{
    struct matcher m = {
        .L = L, .pattern = pattern, .subject = subject, .size = size, .match = ret_match};
    uint32_t index = 0;
    size_t s = at;
    bool matched = true;

    while (index < pattern->node_count) {
        if (match_node(&m, index, &s)) {
            index++;
        } else if (!go_back(&m, &index, &s)) {
            matched = false;
            break;
        }
    }
    hk_state_charge(L, m.steps + 1);
    ret_match->from = at;
    ret_match->to = s;
    ret_match->count = pattern->capture_count;
    return matched;
}
