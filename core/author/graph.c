/*
 * graph: see graph.h. The tree is walked in the order in which it runs; "ends" are the places from
 * which the next node is reached. Recursion is as deep as the tree, which syntax.h bounds.
 */
#include "author/graph.h"
#include "author/syntax.h"
#include "limits.h"
#include "script/terms.h"

#include <stdio.h>
#include <string.h>

#define LABEL_SIZE 120
#define FUNCTIONS_MAX 64

struct end {
    unsigned node;
    const char *label; /* of the edge, or NULL */
    struct end *next;
};

struct jump {
    unsigned node;
    const char *to;
    struct jump *next;
};

struct builder {
    struct hk_arena arena;
    const char *source;
    size_t size;
    const struct hk_json *counts;
    struct hk_jw nodes;
    struct hk_jw edges;
    unsigned count;      /* of nodes, of all functions */
    struct end *breaks;  /* of the loop that we are in */
    struct end *returns; /* of the function that we are in, when it is told in its caller's place */
    bool is_inside;      /* such a function */
    size_t line_at;      /* where line_number begins, as it was found last */
    unsigned line_number;
    struct jump *gotos; /* of this function */
    struct jump *labels;
    const struct hk_node *functions[FUNCTIONS_MAX]; /* with steps: NAME before FUNCTION */
    const struct hk_node *names[FUNCTIONS_MAX];
    unsigned function_count;
    bool failed;
};

static struct end *walk_block(struct builder *b, const struct hk_node *block, struct end *ends);
static struct end *walk_expression(struct builder *b, const struct hk_node *node, struct end *ends);

/* --- nodes and edges --- */

static void *allocate(struct builder *b, size_t size)
{
    void *memory = hk_arena_alloc(&b->arena, size);

    b->failed = b->failed || memory == NULL;
    return memory;
}

static struct end *end_at(struct builder *b, unsigned node, const char *label, struct end *next)
{
    struct end *end = allocate(b, sizeof(*end));

    if (end == NULL)
        return next;
    *end = (struct end){.node = node, .label = label, .next = next};
    return end;
}

static struct end *join_ends(struct end *a, struct end *b)
{
    struct end *last = a;

    if (a == NULL)
        return b;
    while (last->next != NULL)
        last = last->next;
    last->next = b;
    return a;
}

static void add_edge(struct builder *b, unsigned from, unsigned to, const char *label)
{
    hk_jw_object(&b->edges);
    hk_jw_kv_i64(&b->edges, "from", from);
    hk_jw_kv_i64(&b->edges, "to", to);
    if (label != NULL)
        hk_jw_kv(&b->edges, "label", label);
    hk_jw_object_end(&b->edges);
}

static void connect(struct builder *b, const struct end *ends, unsigned to)
{
    for (; ends != NULL; ends = ends->next)
        add_edge(b, ends->node, to, ends->label);
}

/* A node behind all ends; its number. */
static unsigned add_node(struct builder *b, const char *kind, const char *label,
    const struct hk_node *at, const struct end *ends)
{
    unsigned number = b->count++;
    char line[16];
    const struct hk_json *count;

    (void)snprintf(line, sizeof(line), "%u", at->line);
    count = strcmp(kind, "step") == 0 ? hk_json_get(b->counts, line) : NULL;
    hk_jw_object(&b->nodes);
    hk_jw_kv_i64(&b->nodes, "id", number);
    hk_jw_kv(&b->nodes, "kind", kind);
    hk_jw_kv(&b->nodes, "label", label);
    hk_jw_kv_i64(&b->nodes, "line", at->line);
    hk_jw_kv_i64(&b->nodes, "column", at->column);
    if (count != NULL) {
        hk_jw_kv_i64(&b->nodes, "asked", hk_json_i64_at(count, "asked", 0));
        hk_jw_kv_i64(&b->nodes, "failed", hk_json_i64_at(count, "failed", 0));
    }
    hk_jw_object_end(&b->nodes);
    connect(b, ends, number);
    return number;
}

static struct end *add_passed(struct builder *b, const char *kind, const char *label,
    const struct hk_node *at, const struct end *ends)
{
    return end_at(b, add_node(b, kind, label, at, ends), NULL, NULL);
}

/* --- what a call is --- */

/* "act.x.y", or the name of a term that takes a step or runs functions; "" for anything else. */
static void name_of_call(const struct hk_node *call, char ret_name[LABEL_SIZE])
{
    const struct hk_node *what = hk_node_child(call, 0);
    const struct hk_node *plugin = hk_node_child(what, 0);
    const struct hk_term *term;

    ret_name[0] = '\0';
    if (call->kind != HK_NODE_CALL)
        return;
    if (what->kind == HK_NODE_NAME) {
        term = hk_term_find(what->text);
        if (term != NULL && (term->kind == HK_TERM_STEP || term->kind == HK_TERM_BRANCHES))
            (void)snprintf(ret_name, LABEL_SIZE, "%s", what->text);
    } else if (what->kind == HK_NODE_INDEX && plugin->kind == HK_NODE_INDEX &&
               hk_node_is(plugin->first, HK_NODE_NAME, "act")) {
        const struct hk_node *key = plugin->last;
        (void)snprintf(ret_name, LABEL_SIZE, "act.%.50s.%.50s",
            key->kind == HK_NODE_STRING ? key->text : "?",
            what->last->kind == HK_NODE_STRING ? what->last->text : "?");
    }
}

static bool has_steps(const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    char name[LABEL_SIZE];

    name_of_call(node, name);
    if (name[0] != '\0')
        return true;
    for (const struct hk_node *child = node->first; child != NULL; child = child->next) {
        if (has_steps(child))
            return true;
    }
    return false;
}

/* A constant of a table that stands in the call. */
static const char *constant_of(const struct hk_node *call, unsigned argument, const char *name)
{
    const struct hk_node *table = hk_node_child(call, argument + 1);

    if (table == NULL || table->kind != HK_NODE_TABLE)
        return NULL;
    for (const struct hk_node *field = table->first; field != NULL; field = field->next) {
        if (field->text != NULL && strcmp(field->text, name) == 0 &&
            field->last->kind == HK_NODE_STRING)
            return field->last->text;
    }
    return NULL;
}

/* What people read in a step's box. */
static void label_of_call(const struct hk_node *call, const char *name, char ret_label[LABEL_SIZE])
{
    const struct hk_node *first = hk_node_child(call, 1);
    const char *more = NULL;
    const char *word = "";

    if (strncmp(name, "act.", 4) == 0) {
        more = constant_of(call, 1, "expires");
        word = "for ";
    } else if (strcmp(name, "ask") == 0) {
        more = constant_of(call, 0, "question");
    } else if (strcmp(name, "close") == 0) {
        more = constant_of(call, 0, "verdict");
    } else if (strcmp(name, "escalate") == 0 || strcmp(name, "notify") == 0) {
        more = constant_of(call, 0, "to");
        word = "to ";
    } else if (first != NULL && first->kind == HK_NODE_STRING) {
        more = first->text;
    }
    if (more == NULL)
        (void)snprintf(ret_label, LABEL_SIZE, "%.118s", name);
    else
        (void)snprintf(ret_label, LABEL_SIZE, "%.50s: %s%.60s", name, word, more);
}

/* The text of a condition: to the end of its line, or to what follows it. */
static void label_of_condition(
    struct builder *b, const struct hk_node *node, char ret_label[LABEL_SIZE])
{
    static const char *const stops[] = {" then", " do", "\n"};
    const char *end = b->source + b->size;
    const char *at;
    size_t size;

    if (b->line_number == 0 || b->line_number > node->line) {
        b->line_number = 1;
        b->line_at = 0;
    }
    for (; b->line_number < node->line && b->line_at < b->size; b->line_at++)
        b->line_number += b->source[b->line_at] == '\n' ? 1 : 0;
    at = b->source + b->line_at;
    at += (size_t)(end - at) < node->column - 1 ? (size_t)(end - at) : node->column - 1;
    size = (size_t)(end - at) < LABEL_SIZE - 1 ? (size_t)(end - at) : LABEL_SIZE - 1;
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        const char *stop = memmem(at, size, stops[i], strlen(stops[i]));
        size = stop == NULL ? size : (size_t)(stop - at);
    }
    memcpy(ret_label, at, size);
    ret_label[size] = '\0';
}

/* --- expressions --- */

static struct end *walk_function_body( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *function, struct end *ends)
{
    struct end *breaks = b->breaks;
    struct end *returns = b->returns;
    bool was_inside = b->is_inside;

    b->breaks = NULL;
    b->returns = NULL;
    b->is_inside = true;
    ends = walk_block(b, function->last, ends);
    ends = join_ends(ends, b->returns);
    b->breaks = breaks;
    b->returns = returns;
    b->is_inside = was_inside;
    return ends;
}

/* together { name = function() … end, … } */
static struct end *walk_together( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *call, struct end *ends)
{
    const struct hk_node *table = hk_node_child(call, 1);
    unsigned fork = add_node(b, "fork", "together", call, ends);
    struct end *all = NULL;

    if (table == NULL || table->kind != HK_NODE_TABLE)
        return end_at(b, fork, NULL, NULL);
    for (const struct hk_node *field = table->first; field != NULL; field = field->next) {
        struct end *branch = end_at(b, fork, field->text, NULL);
        if (field->last->kind == HK_NODE_FUNCTION)
            branch = walk_function_body(b, field->last, branch);
        all = join_ends(all, branch);
    }
    return add_passed(b, "join", "all have ended", call, all);
}

/* each(list, function(item) … end), retry(function() … end) */
static struct end *walk_repeated( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *call, const char *name, struct end *ends)
{
    unsigned loop = add_node(b, "loop", name, call, ends);

    for (const struct hk_node *item = call->first->next; item != NULL; item = item->next) {
        if (item->kind == HK_NODE_FUNCTION)
            connect(b, walk_function_body(b, item, end_at(b, loop, "again", NULL)), loop);
    }
    return end_at(b, loop, "then", NULL);
}

/* Is it a call of a local function that has steps? */
static const char *called_function(const struct builder *b, const struct hk_node *call)
{
    const struct hk_node *what = hk_node_child(call, 0);

    for (unsigned i = 0; i < b->function_count && call->kind == HK_NODE_CALL; i++) {
        if (hk_node_is(what, HK_NODE_NAME, b->names[i]->text))
            return b->names[i]->text;
    }
    return NULL;
}

static struct end *walk_call( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *call, const char *name, struct end *ends)
{
    char label[LABEL_SIZE];

    if (strcmp(name, "together") == 0)
        return walk_together(b, call, ends);
    for (const struct hk_node *item = call->first->next; item != NULL; item = item->next)
        ends = walk_expression(b, item, ends);
    if (strcmp(name, "each") == 0 || strcmp(name, "retry") == 0)
        return walk_repeated(b, call, name, ends);
    if (strcmp(name, "continue_as_new") == 0) { /* the end, wherever it stands */
        if (ends != NULL)
            (void)add_node(b, "return", name, call, ends);
        return NULL;
    }
    label_of_call(call, name, label);
    return add_passed(b, "step", label, call, ends);
}

/* The steps in an expression, in the order in which they are taken. */
static struct end *walk_expression( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *node, struct end *ends)
{
    char name[LABEL_SIZE];

    if (node->kind == HK_NODE_FUNCTION || ends == NULL)
        return ends;
    name_of_call(node, name);
    if (name[0] != '\0')
        return walk_call(b, node, name, ends);
    for (const struct hk_node *child = node->first; child != NULL; child = child->next)
        ends = walk_expression(b, child, ends);
    if (called_function(b, node) != NULL)
        return add_passed(b, "call", called_function(b, node), node, ends);
    if (node->kind == HK_NODE_CALL && hk_node_is(node->first, HK_NODE_NAME, "error")) {
        (void)add_node(b, "error", "error", node, ends);
        return NULL;
    }
    return ends;
}

/* --- statements --- */

/* Does it take a step, or leave: is it worth a place in the picture? */
static bool has_flow(
    const struct builder *b, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    char name[LABEL_SIZE];

    if (node->kind == HK_NODE_FUNCTION)
        return false;
    if (node->kind == HK_NODE_RETURN || node->kind == HK_NODE_GOTO || node->kind == HK_NODE_BREAK ||
        node->kind == HK_NODE_LABEL)
        return true;
    name_of_call(node, name);
    if (name[0] != '\0' || called_function(b, node) != NULL ||
        (node->kind == HK_NODE_CALL && hk_node_is(node->first, HK_NODE_NAME, "error")))
        return true;
    for (const struct hk_node *child = node->first; child != NULL; child = child->next) {
        if (has_flow(b, child))
            return true;
    }
    return false;
}

static struct end *walk_if( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *node, struct end *ends)
{
    struct end *all = NULL;
    char label[LABEL_SIZE];
    const struct hk_node *part = node->first;

    while (part != NULL && part->kind != HK_NODE_BLOCK) {
        unsigned decision;
        ends = walk_expression(b, part, ends);
        label_of_condition(b, part, label);
        decision = add_node(b, "decision", label, part, ends);
        all = join_ends(all, walk_block(b, part->next, end_at(b, decision, "yes", NULL)));
        ends = end_at(b, decision, "no", NULL);
        part = part->next->next;
    }
    if (part != NULL) /* else */
        ends = walk_block(b, part, ends);
    return join_ends(all, ends);
}

static struct end *walk_loop( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *node, struct end *ends)
{
    const struct hk_node *body = node->kind == HK_NODE_REPEAT ? node->first : node->last;
    const struct hk_node *condition = node->kind == HK_NODE_REPEAT ? node->last : node->first;
    struct end *outer = b->breaks;
    struct end *after;
    char label[LABEL_SIZE] = "for each";
    unsigned loop;

    if (node->kind == HK_NODE_WHILE || node->kind == HK_NODE_REPEAT)
        label_of_condition(b, condition, label);
    else
        ends = walk_expression(b, condition->next, ends);
    loop = add_node(b, "loop", label, node, ends);
    b->breaks = NULL;
    connect(b, walk_block(b, body, end_at(b, loop, "again", NULL)), loop);
    after = b->breaks;
    b->breaks = outer;
    if (node->kind == HK_NODE_WHILE && condition->kind == HK_NODE_TRUE)
        return after;
    return end_at(b, loop, "then", after);
}

static struct jump *jump_at(struct builder *b, unsigned node, const char *to, struct jump *next)
{
    struct jump *jump = allocate(b, sizeof(*jump));

    if (jump == NULL)
        return next;
    *jump = (struct jump){.node = node, .to = to, .next = next};
    return jump;
}

static struct end *walk_return( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *node, struct end *ends)
{
    ends = walk_expression(b, node->first, ends);
    if (b->is_inside)
        b->returns = join_ends(b->returns, ends);
    else if (ends != NULL)
        (void)add_node(b, "return", "return", node, ends);
    return NULL;
}

static struct end *walk_statement( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *node, struct end *ends)
{
    unsigned number;

    if (!has_flow(b, node))
        return ends;
    switch (node->kind) {
    case HK_NODE_IF:
        return walk_if(b, node, ends);
    case HK_NODE_WHILE:
    case HK_NODE_REPEAT:
    case HK_NODE_FOR_NUMBER:
    case HK_NODE_FOR_IN:
        return walk_loop(b, node, ends);
    case HK_NODE_DO:
        return walk_block(b, node->first, ends);
    case HK_NODE_RETURN:
        return walk_return(b, node, ends);
    case HK_NODE_BREAK:
        b->breaks = join_ends(b->breaks, ends);
        return NULL;
    case HK_NODE_GOTO:
        number = add_node(b, "goto", node->text, node, ends);
        b->gotos = jump_at(b, number, node->text, b->gotos);
        return NULL;
    case HK_NODE_LABEL:
        number = add_node(b, "label", node->text, node, ends);
        b->labels = jump_at(b, number, node->text, b->labels);
        return end_at(b, number, NULL, NULL);
    default:
        return walk_expression(b, node, ends);
    }
}

static struct end *walk_block( // NOLINT(misc-no-recursion)
    struct builder *b, const struct hk_node *block, struct end *ends)
{
    for (const struct hk_node *node = block->first; node != NULL; node = node->next) {
        if (ends != NULL || node->kind == HK_NODE_LABEL)
            ends = walk_statement(b, node, ends);
    }
    return ends;
}

/* --- functions --- */

/* Local functions with steps, by their names. */
static void collect(struct builder *b, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *name = NULL;
    const struct hk_node *function = NULL;

    if (node->kind == HK_NODE_LOCAL_FUNCTION) {
        name = node->first;
        function = node->last;
    } else if (node->kind == HK_NODE_LOCAL && node->first->first == node->first->last &&
               node->last->first != NULL && node->last->first->kind == HK_NODE_FUNCTION) {
        name = node->first->first;
        function = node->last->first;
    }
    if (function != NULL && has_steps(function->last) && b->function_count < FUNCTIONS_MAX) {
        b->names[b->function_count] = name;
        b->functions[b->function_count++] = function;
    }
    for (const struct hk_node *child = node->first; child != NULL; child = child->next)
        collect(b, child);
}

/* run of playbook { run = function … }, or NULL */
static const struct hk_node *find_run(const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *found = NULL;

    if (node->kind == HK_NODE_CALL && hk_node_is(node->first, HK_NODE_NAME, "playbook") &&
        node->first->next != NULL && node->first->next->kind == HK_NODE_TABLE) {
        for (const struct hk_node *field = node->first->next->first; field != NULL;
             field = field->next) {
            if (field->text != NULL && strcmp(field->text, "run") == 0 &&
                field->last->kind == HK_NODE_FUNCTION)
                return field->last;
        }
    }
    for (const struct hk_node *child = node->first; child != NULL && found == NULL;
         child = child->next)
        found = find_run(child);
    return found;
}

static void write_function(
    struct builder *b, struct hk_jw *out, const char *name, const struct hk_node *function)
{
    struct hk_buf nodes;
    struct hk_buf edges;
    struct end *ends;

    hk_buf_init(&nodes, HK_GRAPH_SIZE_MAX);
    hk_buf_init(&edges, HK_GRAPH_SIZE_MAX);
    hk_jw_init(&b->nodes, &nodes);
    hk_jw_init(&b->edges, &edges);
    hk_jw_array(&b->nodes);
    hk_jw_array(&b->edges);
    b->gotos = NULL;
    b->labels = NULL;
    ends = end_at(b, add_node(b, "start", name, function, NULL), NULL, NULL);
    ends = walk_block(b, function->last, ends);
    if (ends != NULL)
        (void)add_node(b, "end", "end", function, ends);
    for (const struct jump *from = b->gotos; from != NULL; from = from->next) {
        for (const struct jump *to = b->labels; to != NULL; to = to->next) {
            if (strcmp(from->to, to->to) == 0)
                add_edge(b, from->node, to->node, NULL);
        }
    }
    hk_jw_array_end(&b->nodes);
    hk_jw_array_end(&b->edges);
    b->failed = b->failed || nodes.failed || edges.failed;
    if (!b->failed) {
        hk_jw_object(out);
        hk_jw_kv(out, "name", name);
        hk_jw_kv_i64(out, "line", function->line);
        hk_jw_kv_raw(out, "nodes", nodes.data);
        hk_jw_kv_raw(out, "edges", edges.data);
        hk_jw_object_end(out);
    }
    hk_buf_done(&nodes);
    hk_buf_done(&edges);
}

enum hk_status hk_graph_write(const char *source, size_t size, const char *name, const char *file,
    const struct hk_json *counts, struct hk_buf *out, struct hk_error *error)
{
    struct builder b = {.source = source, .size = size, .counts = counts};
    struct hk_node *block = NULL;
    const struct hk_node *run;
    struct hk_jw jw;
    enum hk_status status;

    hk_arena_init(&b.arena, HK_SYNTAX_MEMORY_MAX);
    status = hk_syntax_read(source, size, &b.arena, &block, error);
    run = status == HK_OK ? find_run(block) : NULL;
    if (status == HK_OK && run == NULL)
        status = hk_fail(error, HK_INVALID, "run is no function that stands in playbook { … }");
    if (status == HK_OK) {
        collect(&b, block);
        hk_jw_init(&jw, out);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "playbook", name);
        hk_jw_kv(&jw, "file", file);
        hk_jw_key(&jw, "functions");
        hk_jw_array(&jw);
        write_function(&b, &jw, "run", run);
        for (unsigned i = 0; i < b.function_count; i++)
            write_function(&b, &jw, b.names[i]->text, b.functions[i]);
        hk_jw_array_end(&jw);
        hk_jw_object_end(&jw);
        status = b.failed ? hk_fail(error, HK_LIMIT, "the playbook is too large for a picture")
                          : hk_buf_check(out, "the graph", error);
    }
    hk_arena_done(&b.arena);
    return status;
}
