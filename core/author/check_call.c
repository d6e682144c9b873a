/*
 * check_call: what is wrong with a call of a step, as far as it is written out: the names in a
 * table that stands in the call, and values that are constants.
 */
#include "author/actions.h"
#include "author/check_internal.h"
#include "base/time.h"
#include "script/api.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <string.h>

#define NAME(name, ...) name,
static const char *const act_options[] = {HK_ACT_OPTION_LIST(NAME)};
static const char *const verdicts[] = {HK_VERDICTS(NAME)};
#undef NAME

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAMES_MAX 128

/* --- tables as they are written --- */

static const struct hk_node *field_of(const struct hk_node *table, const char *name)
{
    const struct hk_node *field = table == NULL ? NULL : table->first;

    while (field != NULL && (field->text == NULL || strcmp(field->text, name) != 0))
        field = field->next;
    return field;
}

/* Are all its names written out? Then a name that isn't there is missing. */
static bool is_whole(const struct hk_node *table)
{
    if (table == NULL || table->kind != HK_NODE_TABLE)
        return false;
    for (const struct hk_node *field = table->first; field != NULL; field = field->next) {
        if (field->text == NULL)
            return false;
    }
    return true;
}

static const struct hk_node *table_at(const struct hk_node *call, unsigned n)
{
    const struct hk_node *node = hk_node_child(call, n + 1);

    return node != NULL && node->kind == HK_NODE_TABLE ? node : NULL;
}

static void tell(struct hk_check *check, enum hk_finding_weight weight, const struct hk_node *at,
    const char *code, const char *hint, const char *text)
{
    hk_findings_add(check->findings, weight, at->line, at->column, code, hint, "%s", text);
}

/* A duration that is written out must be one. */
static void check_duration(struct hk_check *check, const struct hk_node *value, const char *what)
{
    struct hk_error error;
    int64_t ms;

    if (value == NULL)
        return;
    if (value->kind == HK_NODE_NUMBER)
        hk_findings_add(check->findings, HK_FINDING_ERROR, value->line, value->column, "duration",
            "write \"90s\", \"30m\", \"4h\", \"2d\" or \"1w\"", "%s: a number is no duration",
            what);
    else if (value->kind == HK_NODE_STRING && hk_duration_parse(value->text, &ms, &error) != HK_OK)
        hk_findings_add(check->findings, HK_FINDING_ERROR, value->line, value->column, "duration",
            "write \"90s\", \"30m\", \"4h\", \"2d\" or \"1w\"", "%s: %s", what, error.text);
}

static const struct hk_node *value_of(const struct hk_node *table, const char *name)
{
    const struct hk_node *field = field_of(table, name);

    return field == NULL ? NULL : field->last;
}

/* --- steps of the language --- */

static void check_ask(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *table = table_at(call, 0);

    if (!is_whole(table))
        return;
    if (field_of(table, "question") == NULL)
        tell(check, HK_FINDING_ERROR, table, "missing-field", "ask { question = \"…\" }",
            "ask has no question");
    if (field_of(table, "timeout") == NULL)
        tell(check, HK_FINDING_WARNING, call, "ask-without-timeout",
            "timeout = \"4h\", and otherwise = what counts when nobody answers",
            "the question does not say how long it stays open: it will be one hour");
    check_duration(check, value_of(table, "timeout"), "timeout");
}

static void check_wait(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *value = hk_node_child(call, 1);

    if (value != NULL && value->kind == HK_NODE_NUMBER)
        check_duration(check, value, "wait");
    else if (value != NULL && value->kind == HK_NODE_STRING &&
             !hk_api_wait_text_is_valid(value->text))
        hk_findings_add(check->findings, HK_FINDING_ERROR, value->line, value->column, "duration",
            "write \"30m\", \"09:00\", \"2026-11-23T09:00:00Z\" or \"business hours\"",
            "wait does not know this text");
    check_duration(check, hk_node_child(call, 2), "wait: the time-out");
    if (hk_check_calls(check, value, "signal") && hk_node_child(call, 2) == NULL)
        tell(check, HK_FINDING_WARNING, call, "wait-without-timeout",
            "wait(signal \"name\", \"2d\"), and say what happens when none comes",
            "this waits for the signal for as long as the run may take");
}

static void check_close(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *table = table_at(call, 0);
    const struct hk_node *verdict = value_of(table, "verdict");
    const char *nearest;
    char hint[120];
    bool is_known = false;

    if (is_whole(table) && verdict == NULL)
        tell(check, HK_FINDING_ERROR, table, "missing-field",
            "true_positive, false_positive, expected or undetermined", "close has no verdict");
    if (verdict == NULL || verdict->kind != HK_NODE_STRING)
        return;
    for (size_t i = 0; i < COUNT(verdicts); i++)
        is_known = is_known || strcmp(verdicts[i], verdict->text) == 0;
    if (is_known)
        return;
    nearest = hk_check_nearest(verdict->text, verdicts, COUNT(verdicts));
    if (nearest != NULL)
        (void)snprintf(hint, sizeof(hint), "is %s meant?", nearest);
    else
        (void)snprintf(
            hint, sizeof(hint), "true_positive, false_positive, expected or undetermined");
    tell(check, HK_FINDING_ERROR, verdict, "verdict", hint, "there is no such verdict");
}

static void check_notify(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *table = table_at(call, 0);

    if (is_whole(table) && field_of(table, "text") == NULL)
        tell(check, HK_FINDING_ERROR, table, "missing-field", "notify { text = \"…\" }",
            "notify has no text");
}

/* The first call of continue_as_new in a branch; those of branches within it are told with them. */
static const struct hk_node *goes_on_in( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *node)
{
    const struct hk_node *found = NULL;

    if (hk_check_calls(check, node, "continue_as_new"))
        return node;
    for (const struct hk_node *child = node->first; child != NULL && found == NULL;
         child = child->next) {
        if (!hk_check_calls(check, child, "together") && !hk_check_calls(check, child, "each"))
            found = goes_on_in(check, child);
    }
    return found;
}

static void check_branches(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *found = goes_on_in(check, call);

    if (found != NULL)
        tell(check, HK_FINDING_ERROR, found, "continue-in-branch",
            "call it when all branches have ended",
            "continue_as_new can't be called in a branch of together or each");
}

/* --- actions --- */

/* Names of the schema's properties; *ret_count of them. */
static void list_names(
    const struct hk_json *object, const char *names[NAMES_MAX], size_t *ret_count)
{
    *ret_count = 0;
    for (const struct hk_json *item = object == NULL ? NULL : object->first;
         item != NULL && *ret_count < NAMES_MAX; item = item->next)
        names[(*ret_count)++] = item->key;
}

static void tell_unknown_argument(struct hk_check *check, const struct hk_node *field,
    const char *action, const struct hk_json *properties)
{
    const char *names[NAMES_MAX] = {NULL};
    const char *nearest;
    char hint[160] = "see `hikeshi plugin show`";
    size_t count;

    list_names(properties, names, &count);
    nearest = hk_check_nearest(field->text, names, count);
    if (nearest != NULL)
        (void)snprintf(hint, sizeof(hint), "is %s meant?", nearest);
    else if (count > 0 && count <= 4)
        (void)snprintf(hint, sizeof(hint), "it takes %s%s%s%s%s%s%s", names[0],
            count > 1 ? ", " : "", count > 1 ? names[1] : "", count > 2 ? ", " : "",
            count > 2 ? names[2] : "", count > 3 ? ", " : "", count > 3 ? names[3] : "");
    hk_findings_add(check->findings, HK_FINDING_ERROR, field->line, field->column,
        "unknown-argument", hint, "%s takes no %.60s", action, field->text);
}

/* The JSON type of a constant, or NULL. */
static const char *type_of(const struct hk_node *value)
{
    switch (value->kind) {
    case HK_NODE_STRING:
        return "string";
    case HK_NODE_NUMBER:
        return "number";
    case HK_NODE_TRUE:
    case HK_NODE_FALSE:
        return "boolean";
    default:
        return NULL;
    }
}

static void check_type(struct hk_check *check, const struct hk_node *field, const char *action,
    const struct hk_json *schema)
{
    const char *wanted = hk_json_string(hk_json_get(schema, "type"));
    const char *got = type_of(field->last);

    if (wanted == NULL || got == NULL || strcmp(wanted, got) == 0 ||
        (strcmp(wanted, "integer") == 0 && strcmp(got, "number") == 0))
        return;
    hk_findings_add(check->findings, HK_FINDING_ERROR, field->last->line, field->last->column,
        "argument-type", NULL, "%s: %.60s is to be of type %s, not %s", action, field->text, wanted,
        got);
}

static void check_arguments(struct hk_check *check, const struct hk_node *call, const char *action,
    const struct hk_json *schema)
{
    const struct hk_node *given = hk_node_child(call, 1);
    const struct hk_node *table = table_at(call, 0);
    const struct hk_json *properties = hk_json_get(schema, "properties");
    const struct hk_json *required = hk_json_get(schema, "required");
    bool is_closed = !hk_json_bool_at(schema, "additionalProperties", true);

    for (const struct hk_node *field = table == NULL ? NULL : table->first; field != NULL;
         field = field->next) {
        const struct hk_json *property =
            field->text == NULL ? NULL : hk_json_get(properties, field->text);
        if (field->text != NULL && property == NULL && is_closed)
            tell_unknown_argument(check, field, action, properties);
        if (property != NULL)
            check_type(check, field, action, property);
    }
    if (given != NULL && hk_check_no_table(check, given, action, "write { name = value }"))
        return;
    hk_check_no_names(check, table, action, "an action's arguments have names: { ip = … }");
    if (given != NULL && !is_whole(table))
        return;
    for (const struct hk_json *item = required == NULL ? NULL : required->first; item != NULL;
         item = item->next) {
        if (hk_json_string(item) != NULL && field_of(table, item->text) == NULL)
            hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column,
                "missing-argument", NULL, "%s needs %.60s", action, item->text);
    }
}

static void check_options(struct hk_check *check, const struct hk_node *call)
{
    const struct hk_node *table = table_at(call, 1);

    for (const struct hk_node *field = table == NULL ? NULL : table->first; field != NULL;
         field = field->next) {
        bool is_known = field->text == NULL;
        char hint[120] = "options are expires, because, timeout and ask";
        const char *nearest;
        for (size_t i = 0; i < COUNT(act_options) && !is_known; i++)
            is_known = strcmp(act_options[i], field->text) == 0;
        if (is_known)
            continue;
        nearest = hk_check_nearest(field->text, act_options, COUNT(act_options));
        if (nearest != NULL)
            (void)snprintf(hint, sizeof(hint), "is %s meant?", nearest);
        hk_findings_add(check->findings, HK_FINDING_ERROR, field->line, field->column,
            "unknown-option", hint, "there is no option %.60s", field->text);
    }
    (void)hk_check_no_table(
        check, hk_node_child(call, 2), "the second value of an action", "{ expires = \"4h\" }");
    hk_check_no_names(
        check, table, "the second table", "options are expires, because, timeout and ask");
    check_duration(check, value_of(table, "expires"), "expires");
    check_duration(check, value_of(table, "timeout"), "timeout");
}

static void check_containment(struct hk_check *check, const struct hk_node *call, const char *name,
    const struct hk_json *action)
{
    const struct hk_node *options = hk_node_child(call, 2);
    const char *kind = hk_json_string_at(action, "kind", "");
    bool contains = action == NULL ? strncmp(name, "contain.", strlen("contain.")) == 0
                                   : strcmp(kind, "contain") == 0 || strcmp(kind, "eradicate") == 0;

    if (!contains)
        return;
    if (action != NULL && hk_json_string_at(action, "undo", NULL) == NULL) {
        hk_findings_add(check->findings, HK_FINDING_WARNING, call->line, call->column,
            "contain-without-undo", "have people asked before it, with what it leaves behind",
            "%s can't be taken back", name);
        return;
    }
    if (options != NULL && (!is_whole(options) || field_of(options, "expires") != NULL))
        return;
    hk_findings_add(check->findings, HK_FINDING_WARNING, call->line, call->column,
        "contain-without-expires", "{ expires = \"4h\" } as the second table",
        "%s does not say when it ends: the tenant's default counts", name);
}

static void tell_unknown_action(
    struct hk_check *check, const struct hk_node *call, const char *name)
{
    const struct hk_json *plugins = hk_json_get(check->setup->catalog, "plugins");
    const struct hk_json *capabilities = hk_json_get(check->setup->catalog, "capabilities");
    const char *names[NAMES_MAX];
    char texts[NAMES_MAX][96];
    const char *nearest;
    char hint[160] = "plugins and capabilities are named in the configuration";
    size_t count;

    list_names(capabilities, names, &count);
    for (const struct hk_json *plugin = plugins == NULL ? NULL : plugins->first; plugin != NULL;
         plugin = plugin->next) {
        const struct hk_json *actions = hk_json_get(plugin, "actions");
        for (const struct hk_json *action = actions == NULL ? NULL : actions->first;
             action != NULL && count < NAMES_MAX; action = action->next) {
            (void)snprintf(texts[count], sizeof(texts[count]), "%.40s.%.50s",
                hk_json_string_at(plugin, "name", ""), hk_json_string_at(action, "name", ""));
            names[count] = texts[count];
            count++;
        }
    }
    nearest = hk_check_nearest(name, names, count);
    if (nearest != NULL)
        (void)snprintf(hint, sizeof(hint), "is %s meant?", nearest);
    hk_findings_add(check->findings, HK_FINDING_ERROR, call->line, call->column, "unknown-action",
        hint, "no plugin has %s, and no capability is called so", name);
}

static void check_act(struct hk_check *check, const struct hk_node *call, const char *name)
{
    const struct hk_json *action = NULL;

    check_options(check, call);
    if (check->setup->catalog == NULL) {
        check_arguments(check, call, name, NULL);
        check_containment(check, call, name, NULL);
        return;
    }
    switch (hk_actions_find(check->setup->catalog, name, &action)) {
    case HK_ACTION_UNKNOWN:
        tell_unknown_action(check, call, name);
        break;
    case HK_ACTION_OF_MISSING:
        check_containment(check, call, name, NULL);
        break;
    case HK_ACTION_KNOWN:
        check_arguments(check, call, name, hk_json_get(action, "args_schema"));
        check_containment(check, call, name, action);
        break;
    }
}

void hk_check_call(struct hk_check *check, const struct hk_node *call)
{
    char name[160];

    if (hk_check_act_name(check, call->first, name, sizeof(name)))
        check_act(check, call, name);
    else if (hk_check_calls(check, call, "ask"))
        check_ask(check, call);
    else if (hk_check_calls(check, call, "wait"))
        check_wait(check, call);
    else if (hk_check_calls(check, call, "close"))
        check_close(check, call);
    else if (hk_check_calls(check, call, "notify"))
        check_notify(check, call);
    else if (hk_check_calls(check, call, "together") || hk_check_calls(check, call, "each"))
        check_branches(check, call);
}
