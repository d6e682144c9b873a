/*
 * check: see check.h. The tree is walked once, with the locals that are in scope; recursion is as
 * deep as the tree, which syntax.h bounds.
 */
#include "author/check_internal.h"
#include "author/globals.h"
#include "limits.h"
#include "script/terms.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLOBALS_MAX 256

static void walk(struct hk_check *check, const struct hk_node *node);

/* --- names --- */

struct hk_check_local *hk_check_find(struct hk_check *check, const char *name)
{
    for (size_t i = check->local_count; i > 0; i--) {
        if (strcmp(check->locals[i - 1].name, name) == 0)
            return &check->locals[i - 1];
    }
    return NULL;
}

bool hk_check_is_global(struct hk_check *check, const struct hk_node *node, const char *name)
{
    return hk_node_is(node, HK_NODE_NAME, name) && hk_check_find(check, name) == NULL;
}

bool hk_check_act_name(
    struct hk_check *check, const struct hk_node *node, char *ret_name, size_t capacity)
{
    const struct hk_node *plugin = hk_node_child(node, 0);
    const struct hk_node *action = hk_node_child(node, 1);
    const struct hk_node *plugin_name = hk_node_child(plugin, 1);

    if (node == NULL || node->kind != HK_NODE_INDEX || plugin->kind != HK_NODE_INDEX ||
        action->kind != HK_NODE_STRING || plugin_name->kind != HK_NODE_STRING ||
        !hk_check_is_global(check, hk_node_child(plugin, 0), "act"))
        return false;
    return (size_t)snprintf(ret_name, capacity, "%s.%s", plugin_name->text, action->text) <
           capacity;
}

bool hk_check_calls(struct hk_check *check, const struct hk_node *node, const char *name)
{
    return node != NULL && node->kind == HK_NODE_CALL &&
           hk_check_is_global(check, hk_node_child(node, 0), name);
}

bool hk_check_is_act(struct hk_check *check, const struct hk_node *node)
{
    char name[160];

    return node != NULL && node->kind == HK_NODE_CALL &&
           hk_check_act_name(check, hk_node_child(node, 0), name, sizeof(name));
}

static struct hk_check_local *declare(struct hk_check *check, const struct hk_node *name)
{
    struct hk_check_local *local;

    if (check->local_count == check->local_capacity) {
        size_t capacity = check->local_capacity == 0 ? 64 : check->local_capacity * 2;
        struct hk_check_local *locals = realloc(check->locals, capacity * sizeof(*locals));
        if (locals == NULL) {
            check->short_of_memory = true;
            return NULL;
        }
        check->locals = locals;
        check->local_capacity = capacity;
    }
    local = &check->locals[check->local_count++];
    *local = (struct hk_check_local){.name = name->text};
    return local;
}

static void leave_scope(struct hk_check *check, size_t count)
{
    while (check->local_count > count) {
        const struct hk_check_local *local = &check->locals[--check->local_count];
        if (local->step != NULL && !local->is_read && local->name[0] != '_')
            hk_findings_add(check->findings, HK_FINDING_WARNING, local->step->line,
                local->step->column, "unused-result",
                "look whether it is nil; or call it _ when that does not matter",
                "nothing reads %.60s: whether the step succeeded isn't looked at", local->name);
    }
}

/* Two names are alike when a few letters make one of the other (bounded edit distance). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[65];
    size_t size_a = strlen(a);
    size_t size_b = strlen(b);

    if (size_a > 64 || size_b > 64)
        return 99;
    for (unsigned j = 0; j <= size_b; j++)
        row[j] = j;
    for (unsigned i = 1; i <= size_a; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= size_b; j++) {
            unsigned best = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
        }
    }
    return row[size_b];
}

const char *hk_check_nearest(const char *text, const char *const *candidates, size_t count)
{
    unsigned best = strlen(text) > 4 ? 3 : 2; /* fewer letters than this */
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(text, candidates[i]);
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

static const char *nearest_member(
    const struct hk_json *of, const char *text, const struct hk_check *check)
{
    const char *candidates[GLOBALS_MAX];
    size_t count = 0;

    for (const struct hk_json *item = of->first; item != NULL && count < GLOBALS_MAX;
         item = item->next)
        candidates[count++] = item->key;
    for (size_t i = 0; of == check->names && i < check->local_count && count < GLOBALS_MAX; i++)
        candidates[count++] = check->locals[i].name;
    return hk_check_nearest(text, candidates, count);
}

/* What stands for names that other Luas and languages have; NULL: nothing. */
static const char *instead_of(const char *name)
{
    static const char *const pairs[][2] = {
        {"print", "note(…) writes into the run's record"},
        {"os", "now() is the clock, and time.text(now()) shows it"},
        {"io", "nothing reads the outside but actions: act.PLUGIN.ACTION { … }"},
        {"require", "a playbook is one file; call \"name\" { … } runs another one"},
        {"dofile", "a playbook is one file; call \"name\" { … } runs another one"},
        {"coroutine", "together { … } and each(…) do things at the same time"},
        {"debug", "try it with hikeshi playbook test, or playbook replay --step"},
        {"sleep", "wait \"30s\""},
        {"log", "note(…) writes into the run's record"},
        {"randomseed", "random() is seeded by the run"},
        {"trim", "text.strip(…)"},
        {"split", "text.split(…, \",\")"},
        {"startswith", "value:sub(1, 3) == \"abc\""},
        {"encode", "json.text(…)"},
        {"decode", "json.parse(…)"},
        {"stringify", "json.text(…)"},
        {"null", "nil; in a list, null"},
        {"None", "nil"},
        {"True", "true"},
        {"False", "false"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i][0], name) == 0)
            return pairs[i][1];
    }
    return NULL;
}

static void tell_unknown(struct hk_check *check, const struct hk_node *node,
    const struct hk_json *of, const char *library, const char *name)
{
    const char *nearest = nearest_member(of, name, check);
    const char *instead = instead_of(name);
    char hint[160];

    if (instead != NULL)
        (void)snprintf(hint, sizeof(hint), "%s", instead);
    else if (nearest != NULL)
        (void)snprintf(
            hint, sizeof(hint), "is %s%s%s meant?", library, *library == '\0' ? "" : ".", nearest);
    else
        (void)snprintf(hint, sizeof(hint), "%s",
            *library == '\0' ? "declare it with local, or see which names playbooks have: "
                               "sdk/docs/playbook.md"
                             : "see what playbooks have of it: sdk/docs/playbook.md");
    hk_findings_add(check->findings, HK_FINDING_ERROR, node->line, node->column, "unknown-name",
        hint, "there is no %s%s%.60s in playbooks", library, *library == '\0' ? "" : ".", name);
}

static void see_global(struct hk_check *check, const struct hk_node *node)
{
    const struct hk_term *term = hk_term_find(node->text);

    if (hk_json_get(check->names, node->text) == NULL) {
        tell_unknown(check, node, check->names, "", node->text);
        return;
    }
    if (check->functions == 0 && term != NULL &&
        (term->kind == HK_TERM_STEP || term->kind == HK_TERM_BRANCHES ||
            term->kind == HK_TERM_VALUE))
        hk_findings_add(check->findings, HK_FINDING_ERROR, node->line, node->column, "outside-run",
            "move it into run, or into a function that run calls",
            "%s is only available inside run", node->text);
}

static void see_name(struct hk_check *check, const struct hk_node *node)
{
    struct hk_check_local *local = hk_check_find(check, node->text);

    if (local != NULL)
        local->is_read = true;
    else
        see_global(check, node);
}

static void see_assigned(struct hk_check *check, const struct hk_node *target)
{
    if (target->kind != HK_NODE_NAME) {
        walk(check, target);
        return;
    }
    if (hk_check_find(check, target->text) == NULL)
        hk_findings_add(check->findings, HK_FINDING_ERROR, target->line, target->column, "global",
            "declare it with local", "the global %.60s can't be set: globals are read-only",
            target->text);
}

/* --- fields of libraries and of the alert --- */

#define UNPACK(...)                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define NAME(name, members, help) name,
#define OBJECT(name, members, help) {name, UNPACK members},
static const char *const view_fields[] = {HK_VIEW_FIELDS(NAME)};
static const struct {
    const char *object;
    const char *fields[4];
} view_objects[] = {HK_VIEW_FIELDS(OBJECT)};
#undef NAME
#undef OBJECT
#undef UNPACK

static void tell_field(struct hk_check *check, const struct hk_node *node, const char *object,
    const char *field, const char *const *fields, size_t count)
{
    const char *nearest = hk_check_nearest(field, fields, count);
    char hint[120];

    (void)snprintf(hint, sizeof(hint),
        nearest == NULL ? "its fields are listed in sdk/docs/playbook.md" : "is %s meant?",
        nearest);
    hk_findings_add(check->findings, HK_FINDING_WARNING, node->line, node->column, "alert-field",
        hint, "an alert has no %s%.60s", object, field);
}

const char *const *hk_check_alert_members(const char *field)
{
    static const char *const none[] = {NULL};

    for (size_t i = 0; i < sizeof(view_objects) / sizeof(view_objects[0]); i++) {
        if (strcmp(view_objects[i].object, field) == 0)
            return view_objects[i].fields;
    }
    return none;
}

bool hk_check_is_alert(struct hk_check *check, const struct hk_node *node)
{
    const struct hk_check_local *local =
        node != NULL && node->kind == HK_NODE_NAME ? hk_check_find(check, node->text) : NULL;

    return local != NULL && local->is_alert;
}

static bool is_among(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

static void see_alert_object(
    struct hk_check *check, const struct hk_node *node, const char *object, const char *field)
{
    const char *const *fields = hk_check_alert_members(object);
    size_t count = 0;
    char prefix[16];

    while (fields[count] != NULL)
        count++;
    (void)snprintf(prefix, sizeof(prefix), "%s.", object);
    if (count > 0 && !is_among(field, fields, count))
        tell_field(check, node, prefix, field, fields, count);
}

static void see_index(struct hk_check *check, const struct hk_node *node)
{
    const struct hk_node *what = node->first;
    const struct hk_node *key = what->next;
    const struct hk_json *library;

    if (key->kind != HK_NODE_STRING)
        return;
    if (hk_check_is_alert(check, what)) {
        if (!is_among(key->text, view_fields, sizeof(view_fields) / sizeof(view_fields[0])))
            tell_field(check, key, "", key->text, view_fields,
                sizeof(view_fields) / sizeof(view_fields[0]));
    } else if (what->kind == HK_NODE_INDEX && hk_check_is_alert(check, what->first) &&
               what->last->kind == HK_NODE_STRING) {
        see_alert_object(check, key, what->last->text, key->text);
    } else if (what->kind == HK_NODE_NAME && hk_check_find(check, what->text) == NULL) {
        library = hk_json_get(check->names, what->text);
        if (library != NULL && library->type == HK_JSON_OBJECT &&
            hk_json_get(library, key->text) == NULL)
            tell_unknown(check, key, library, what->text, key->text);
    }
}

/* alert.title:trim(): a text has the functions of string. */
static void see_method(struct hk_check *check, const struct hk_node *node)
{
    static const char *const texts[] = {
        "title", "category", "severity", "time", "uid", "product", "url"};
    const struct hk_node *what = node->first;
    const struct hk_json *library = hk_json_get(check->names, "string");
    bool is_text = what->kind == HK_NODE_STRING ||
                   (what->kind == HK_NODE_INDEX && hk_check_is_alert(check, what->first) &&
                       what->last->kind == HK_NODE_STRING &&
                       is_among(what->last->text, texts, sizeof(texts) / sizeof(texts[0])));

    if (is_text && library != NULL && hk_json_get(library, node->text) == NULL)
        tell_unknown(check, node, library, "string", node->text);
}

/* --- the walk --- */

static void walk_children(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    for (const struct hk_node *child = node->first; child != NULL; child = child->next)
        walk(check, child);
}

static void walk_scope(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    size_t locals = check->local_count;

    walk_children(check, node);
    leave_scope(check, locals);
}

/* is_run: what is called with the alert. */
static void walk_function( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *function, bool is_run)
{
    size_t locals = check->local_count;

    check->functions++;
    for (const struct hk_node *name = function->first->first; name != NULL; name = name->next) {
        struct hk_check_local *local = declare(check, name);
        if (local != NULL)
            local->is_alert = is_run && name == function->first->first;
    }
    hk_check_flow(check, function->last);
    walk(check, function->last);
    leave_scope(check, locals);
    check->functions--;
}

static void walk_local(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *value = node->last->first;

    walk_children(check, node->last);
    for (const struct hk_node *name = node->first->first; name != NULL; name = name->next) {
        struct hk_check_local *local = declare(check, name);
        if (local != NULL && value != NULL &&
            (hk_check_is_act(check, value) || hk_check_calls(check, value, "ask")))
            local->step = value;
        value = value == NULL ? NULL : value->next;
    }
}

/* The loop's names are known in its block alone. */
static void walk_for(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    size_t locals = check->local_count;

    walk(check, node->first->next);
    for (const struct hk_node *name = node->first->first; name != NULL; name = name->next)
        (void)declare(check, name);
    walk(check, node->last);
    leave_scope(check, locals);
}

static void walk_call_statement(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *call = node->first;

    if (hk_check_is_act(check, call))
        hk_findings_add(check->findings, HK_FINDING_WARNING, call->line, call->column,
            "unused-result", "local done, why = … : done is nil when it failed, and why says so",
            "whether the action succeeded isn't looked at");
    else if (hk_check_calls(check, call, "ask"))
        hk_findings_add(check->findings, HK_FINDING_WARNING, call->line, call->column,
            "unused-result", "local answer, why = ask { … }", "nothing looks at the answer");
    else if (check->functions == 0 && hk_check_calls(check, call, "playbook"))
        hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column,
            "missing-return", "return playbook { … }", "the file does not return its playbook");
    walk(check, call);
}

/* playbook { …, run = function(alert) … end } */
static void walk_playbook( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *node, const struct hk_node *table)
{
    walk(check, node->first);
    for (const struct hk_node *field = table->first; field != NULL; field = field->next) {
        if (field->text != NULL && strcmp(field->text, "run") == 0 &&
            field->last->kind == HK_NODE_FUNCTION)
            walk_function(check, field->last, true);
        else
            walk_children(check, field);
    }
}

static void walk_call(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *what = node->first;
    const struct hk_node *table = what->next;

    if (hk_check_calls(check, what, "call")) { /* call "NAME" {…} */
        hk_check_called(check, what, node);
        walk_children(check, what);
        for (const struct hk_node *given = what->next; given != NULL; given = given->next)
            walk(check, given);
        return;
    }
    hk_check_call(check, node);
    hk_check_form(check, node);
    if (hk_check_calls(check, node, "playbook") && table != NULL && table->kind == HK_NODE_TABLE)
        walk_playbook(check, node, table);
    else
        walk_children(check, node);
}

static void walk(struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    switch (node->kind) {
    case HK_NODE_NAME:
        see_name(check, node);
        break;
    case HK_NODE_INDEX:
        see_index(check, node);
        hk_check_value(check, node);
        walk_children(check, node);
        break;
    case HK_NODE_METHOD:
        see_method(check, node);
        walk_children(check, node);
        break;
    case HK_NODE_BINARY:
    case HK_NODE_UNARY:
        hk_check_value(check, node);
        walk_children(check, node);
        break;
    case HK_NODE_CALL:
        walk_call(check, node);
        break;
    case HK_NODE_CALL_STATEMENT:
        walk_call_statement(check, node);
        break;
    case HK_NODE_FUNCTION:
        walk_function(check, node, false);
        break;
    case HK_NODE_LOCAL:
        walk_local(check, node);
        break;
    case HK_NODE_LOCAL_FUNCTION:
        (void)declare(check, node->first);
        walk(check, node->last);
        break;
    case HK_NODE_SET_FUNCTION:
        see_assigned(check, node->first);
        walk(check, node->last);
        break;
    case HK_NODE_ASSIGN:
        walk(check, node->last);
        for (const struct hk_node *target = node->first->first; target != NULL;
             target = target->next)
            see_assigned(check, target);
        break;
    case HK_NODE_FOR_NUMBER:
    case HK_NODE_FOR_IN:
        walk_for(check, node);
        break;
    case HK_NODE_REPEAT: { /* the condition sees the block's locals */
        size_t locals = check->local_count;
        walk_children(check, node->first);
        walk(check, node->last);
        leave_scope(check, locals);
        break;
    }
    case HK_NODE_BLOCK:
        walk_scope(check, node);
        break;
    default:
        walk_children(check, node);
    }
}

enum hk_status hk_check_playbook(
    const struct hk_check_setup *setup, struct hk_findings *findings, struct hk_error *error)
{
    struct hk_check check = {.setup = setup, .findings = findings};
    struct hk_json_doc names = {.root = NULL};
    struct hk_node *block = NULL;
    struct hk_arena arena;
    struct hk_buf text;
    enum hk_status status;

    hk_arena_init(&arena, HK_SYNTAX_MEMORY_MAX);
    hk_buf_init(&text, HK_PAYLOAD_SIZE_MAX);
    status = hk_globals_write(&text, error);
    if (status == HK_OK)
        status = hk_json_parse(text.data, text.size, &hk_json_limits_own, &names, error);
    if (status == HK_OK)
        status = hk_syntax_read(setup->source, setup->size, &arena, &block, error);
    if (status == HK_OK) {
        check.names = names.root;
        hk_check_flow(&check, block);
        walk(&check, block);
        if (check.short_of_memory)
            status = hk_fail(error, HK_NOMEM, "out of memory");
    }
    free(check.locals);
    hk_json_doc_done(&names);
    hk_buf_done(&text);
    hk_arena_done(&arena);
    return status;
}
