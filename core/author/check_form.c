/*
 * check_form: do the words of the language get the kinds of values that they take, as far as those
 * are written out: tables with these names, functions, a playbook's name?
 */
#include "author/check_internal.h"
#include "base/id.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 16
#define CALLED_MAX 256

/* What the runtime takes (script/api.c, each.c, retry.c, wait.c) and gates read (ask). */
struct form {
    const char *term;
    unsigned argument; /* of the table, from 1 */
    bool may_be_left_out;
    bool is_checked;      /* the runtime refuses other names too; else they are only ignored */
    bool is_open;         /* people see whatever else is in it: only what looks misspelt is told */
    const char *names[8]; /* that the table may have; none: any */
    const char *hint;
};

static const struct form forms[] = {
    {"ask", 1, false, false, true,
        {"question", "choices", "timeout", "otherwise", "role", "quorum", "because"},
        "ask { question = \"…\" }"},
    {"close", 1, false, false, false, {NULL}, "close { verdict = \"…\" }"},
    {"notify", 1, false, false, false, {"text", "to"}, "notify { text = \"…\" }"},
    {"escalate", 1, true, false, false, {"text", "to"}, "escalate { text = \"…\" }"},
    {"case", 1, false, false, false,
        {"title", "phase", "happening", "do_now", "impact", "scope", "evidence"},
        "case { happening = \"…\" }"},
    {"each", 3, true, true, false, {"at_once"}, "{ at_once = 8 }"},
    {"retry", 2, true, true, false, {"times", "first", "factor", "at_most", "within"},
        "{ times = 5 }"},
};

static const struct hk_node *given_at(const struct hk_node *call, unsigned n)
{
    return hk_node_child(call, n);
}

/* What kind of value is written there; NULL when the text does not show it. */
static const char *kind_of(const struct hk_node *node)
{
    switch (node->kind) {
    case HK_NODE_STRING:
        return "a text";
    case HK_NODE_NUMBER:
        return "a number";
    case HK_NODE_TRUE:
    case HK_NODE_FALSE:
        return "a boolean";
    case HK_NODE_NIL:
        return "nil";
    case HK_NODE_FUNCTION:
        return "a function";
    case HK_NODE_TABLE:
        return "a table";
    default:
        return NULL;
    }
}

bool hk_check_no_table(
    struct hk_check *check, const struct hk_node *given, const char *what, const char *hint)
{
    const char *kind = given == NULL ? NULL : kind_of(given);

    if (kind == NULL || given->kind == HK_NODE_TABLE || given->kind == HK_NODE_NIL)
        return false;
    hk_findings_add(check->findings, HK_FINDING_ERROR, given->line, given->column, "argument-type",
        hint, "%s takes a table with names, not %s", what, kind);
    return true;
}

void hk_check_no_names(
    struct hk_check *check, const struct hk_node *table, const char *what, const char *hint)
{
    if (table == NULL || table->kind != HK_NODE_TABLE)
        return;
    for (const struct hk_node *field = table->first; field != NULL; field = field->next) {
        if (field->text != NULL || field->first != field->last)
            continue;
        hk_findings_add(check->findings, HK_FINDING_ERROR, field->line, field->column,
            "argument-type", hint, "%s takes a table with names: this has none", what);
        return;
    }
}

/* --- tables --- */

static void check_names(
    struct hk_check *check, const struct form *form, const struct hk_node *table)
{
    size_t count = 0;

    while (count < sizeof(form->names) / sizeof(form->names[0]) && form->names[count] != NULL)
        count++;
    for (const struct hk_node *field = table->first; field != NULL && count > 0;
         field = field->next) {
        const char *nearest;
        char hint[160];
        bool is_known = field->text == NULL;
        for (size_t i = 0; i < count && !is_known; i++)
            is_known = strcmp(form->names[i], field->text) == 0;
        if (is_known)
            continue;
        nearest = hk_check_nearest(field->text, form->names, count);
        if (nearest == NULL && form->is_open)
            continue;
        if (nearest != NULL)
            (void)snprintf(hint, sizeof(hint), "is %s meant?", nearest);
        else
            (void)snprintf(hint, sizeof(hint), "see %s in sdk/docs/reference.md", form->term);
        hk_findings_add(check->findings, form->is_checked ? HK_FINDING_ERROR : HK_FINDING_WARNING,
            field->line, field->column, "unknown-field", hint, "%s does not know %.60s", form->term,
            field->text);
    }
}

static bool is_secret(struct hk_check *check, const struct hk_node *node)
{
    return hk_check_calls(check, node, "secret");
}

static void check_table(struct hk_check *check, const struct form *form, const struct hk_node *call)
{
    const struct hk_node *given = given_at(call, form->argument);

    if (given == NULL) {
        if (!form->may_be_left_out)
            hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column,
                "argument-type", form->hint, "%s takes a table with names", form->term);
        return;
    }
    if (hk_check_no_table(check, given, form->term, form->hint) || given->kind != HK_NODE_TABLE)
        return;
    hk_check_no_names(check, given, form->term, form->hint);
    check_names(check, form, given);
    for (const struct hk_node *field = given->first; field != NULL; field = field->next) {
        if (is_secret(check, field->last))
            hk_findings_add(check->findings, HK_FINDING_ERROR, field->last->line,
                field->last->column, "secret", "hand it to an action that may have it",
                "%s can't have a secret: only the arguments of an action can", form->term);
    }
}

/* --- functions --- */

/* A call of a step, or a value, where a function is to stand. */
static void check_function(struct hk_check *check, const struct hk_node *given, const char *what)
{
    static const char *const steps[] = {
        "ask", "wait", "note", "notify", "escalate", "case", "close", "call", "together", "each"};
    const char *kind = given->kind == HK_NODE_FUNCTION ? NULL : kind_of(given);
    bool is_step = hk_check_is_act(check, given) ||
                   (given->kind == HK_NODE_CALL && hk_check_calls(check, given->first, "call"));

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        is_step = is_step || hk_check_calls(check, given, steps[i]);
    if (is_step)
        hk_findings_add(check->findings, HK_FINDING_ERROR, given->line, given->column,
            "not-a-function", "function() return … end",
            "%s takes functions: this step is taken before it", what);
    else if (kind != NULL)
        hk_findings_add(check->findings, HK_FINDING_ERROR, given->line, given->column,
            "not-a-function", "function() return … end", "%s takes functions, not %s", what, kind);
}

static void check_branches(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *table = given_at(call, 1);

    if (table == NULL || table->kind != HK_NODE_TABLE)
        return;
    for (const struct hk_node *field = table->first; field != NULL; field = field->next)
        check_function(check, field->last, "together");
}

static void check_repeated(
    struct hk_check *check, const struct hk_node *call, const char *term, unsigned argument)
{
    const struct hk_node *given = given_at(call, argument);

    if (given != NULL)
        check_function(check, given, term);
    else
        hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column,
            "not-a-function", "function() return … end", "%s needs a function", term);
}

void hk_check_form(struct hk_check *check, const struct hk_node *call)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (hk_check_calls(check, call, forms[i].term))
            check_table(check, &forms[i], call);
    }
    if (hk_check_calls(check, call, "note")) {
        const struct hk_node *text = given_at(call, 1);
        if (text == NULL || text->kind == HK_NODE_TABLE || text->kind == HK_NODE_FUNCTION ||
            text->kind == HK_NODE_NIL || is_secret(check, text))
            hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column,
                "argument-type", "note(\"…\")", "note takes a text or a number");
    } else if (hk_check_calls(check, call, "together")) {
        check_branches(check, call);
    } else if (hk_check_calls(check, call, "each")) {
        check_repeated(check, call, "each", 2);
    } else if (hk_check_calls(check, call, "retry")) {
        check_repeated(check, call, "retry", 1);
    } else if (hk_check_calls(check, call, "call")) {
        if (given_at(call, 2) == NULL) /* else that is what is wrong */
            hk_findings_add(check->findings, HK_FINDING_WARNING, call->line, call->column,
                "call-not-made", "call \"name\" { … }, or call \"name\" {}",
                "this names a playbook, and does not call it");
        hk_check_called(check, call, NULL);
    }
}

/* --- call --- */

static bool is_known(const struct hk_json *names, const char *name)
{
    for (const struct hk_json *item = names->first; item != NULL; item = item->next) {
        if (hk_json_string(item) != NULL && strcmp(item->text, name) == 0)
            return true;
    }
    return false;
}

static void tell_unknown_playbook(struct hk_check *check, const struct hk_node *name)
{
    const char *names[CALLED_MAX] = {NULL};
    const char *nearest;
    char hint[160] =
        "name its file in playbooks of the configuration, or check it together with this one";
    size_t count = 0;

    for (const struct hk_json *item = check->setup->playbooks->first;
         item != NULL && count < CALLED_MAX; item = item->next) {
        if (hk_json_string(item) != NULL)
            names[count++] = item->text;
    }
    nearest = hk_check_nearest(name->text, names, count);
    if (nearest != NULL)
        (void)snprintf(hint, sizeof(hint), "is %.100s meant?", nearest);
    hk_findings_add(check->findings, HK_FINDING_ERROR, name->line, name->column, "unknown-playbook",
        hint, "the tenant has no playbook %.63s", name->text);
}

void hk_check_called(
    struct hk_check *check, const struct hk_node *named, const struct hk_node *call)
{
    const struct hk_node *name = given_at(named, 1);
    const char *kind = name == NULL ? "nothing" : kind_of(name);
    const struct hk_check_setup *setup = check->setup;

    if (given_at(named, 2) != NULL)
        hk_findings_add(check->findings, HK_FINDING_ERROR, named->line, named->column,
            "argument-type", "call \"name\" { … }: the table follows, without a comma",
            "call takes the name alone");
    if (call != NULL)
        (void)hk_check_no_table(
            check, given_at(call, 1), "a called playbook", "call \"name\" { ip = … }");
    if (call != NULL)
        hk_check_no_names(
            check, given_at(call, 1), "a called playbook", "call \"name\" { ip = … }");
    if (kind == NULL)
        return;
    if (name == NULL || name->kind != HK_NODE_STRING || !hk_name_is_valid(name->text))
        hk_findings_add(check->findings, HK_FINDING_ERROR, named->line, named->column,
            "argument-type", "1 to 63 of a-z 0-9 - _", "call needs a playbook's name");
    else if (setup->name != NULL && strcmp(setup->name, name->text) == 0)
        hk_findings_add(check->findings, HK_FINDING_ERROR, name->line, name->column, "calls-itself",
            "the engine refuses it: use a loop, or another playbook", "the playbook calls itself");
    else if (setup->playbooks != NULL && !is_known(setup->playbooks, name->text))
        tell_unknown_playbook(check, name);
}
