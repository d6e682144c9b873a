/*
 * check_value: what is done with values that can't be done with them: secrets, the alert's objects,
 * texts that are no numbers, severities.
 */
#include "author/check_internal.h"
#include "base/severity.h"

#include <stdio.h>
#include <string.h>

static bool is_among(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, text) == 0)
            return true;
    }
    return false;
}

static bool calculates(const struct hk_node *node)
{
    static const char *const operators[] = {"+", "-", "*", "/", "//", "%", "^", NULL};

    return node->text != NULL && is_among(node->text, operators);
}

/* "user" of alert.user, else NULL. */
static const char *alert_field(struct hk_check *check, const struct hk_node *node)
{
    return node->kind == HK_NODE_INDEX && node->last->kind == HK_NODE_STRING &&
                   hk_check_is_alert(check, node->first)
               ? node->last->text
               : NULL;
}

static void check_secret(struct hk_check *check, const struct hk_node *node)
{
    for (const struct hk_node *operand = node->first; operand != NULL; operand = operand->next) {
        if (hk_check_calls(check, operand, "secret") &&
            (node->kind != HK_NODE_INDEX || operand == node->first) &&
            (node->text == NULL ||
                (strcmp(node->text, "and") != 0 && strcmp(node->text, "or") != 0 &&
                    strcmp(node->text, "not") != 0)))
            hk_findings_add(check->findings, HK_FINDING_ERROR, operand->line, operand->column,
                "secret",
                "hand it to an action as it is: { token = secret \"…\" }; where a text has to "
                "stand "
                "around it, store it with that",
                "a secret may only stand in the arguments of an action");
    }
}

/* An object of the alert where a text or a number has to be. */
static void check_object(struct hk_check *check, const struct hk_node *operand)
{
    const char *field = alert_field(check, operand);
    const char *const *members;
    char hint[80];

    if (field == NULL)
        return;
    members = hk_check_alert_members(field);
    if (members[0] == NULL)
        return;
    (void)snprintf(hint, sizeof(hint), "is alert.%s.%s meant?", field, members[0]);
    hk_findings_add(check->findings, HK_FINDING_ERROR, operand->line, operand->column,
        "alert-field", hint, "alert.%s is a table, no text", field);
}

static void check_number(struct hk_check *check, const struct hk_node *operand)
{
    if (operand->kind == HK_NODE_STRING)
        hk_findings_add(check->findings, HK_FINDING_ERROR, operand->line, operand->column,
            "text-as-number", "tonumber(…); to join texts, write ..",
            "texts are no numbers here: this is an error");
}

static bool is_severity(struct hk_check *check, const struct hk_node *node)
{
    const char *field = alert_field(check, node);

    return field != NULL && strcmp(field, "severity") == 0;
}

static void check_severity(struct hk_check *check, const struct hk_node *node)
{
    static const char *const equal[] = {"==", "~=", NULL};
    static const char *const orders[] = {"<", ">", "<=", ">=", NULL};
    const struct hk_node *other = is_severity(check, node->first) ? node->last : node->first;
    const char *words[HK_SEVERITY_FATAL];
    const char *nearest;
    char hint[80];

    if (node->text == NULL || (!is_severity(check, node->first) && !is_severity(check, node->last)))
        return;
    if (is_among(node->text, orders)) {
        hk_findings_add(check->findings, HK_FINDING_WARNING, node->line, node->column, "severity",
            "local serious = { high = true, critical = true, fatal = true }; "
            "serious[alert.severity]",
            "severities are texts: this compares their letters");
        return;
    }
    if (!is_among(node->text, equal) || other->kind != HK_NODE_STRING ||
        hk_severity_from_text(other->text) != HK_SEVERITY_NONE)
        return;
    for (int i = HK_SEVERITY_INFORMATIONAL; i <= HK_SEVERITY_FATAL; i++)
        words[i - 1] = hk_severity_text((enum hk_severity)i);
    nearest = hk_check_nearest(other->text, words, HK_SEVERITY_FATAL);
    (void)snprintf(hint, sizeof(hint),
        nearest == NULL ? "informational, low, medium, high, critical or fatal" : "is %s meant?",
        nearest);
    hk_findings_add(check->findings, HK_FINDING_WARNING, other->line, other->column, "severity",
        hint, "no alert has the severity %.40s", other->text);
}

void hk_check_value(struct hk_check *check, const struct hk_node *node)
{
    check_secret(check, node);
    if (node->kind != HK_NODE_BINARY)
        return;
    if (calculates(node) || hk_node_is(node, HK_NODE_BINARY, "..")) {
        check_object(check, node->first);
        check_object(check, node->last);
    }
    if (calculates(node)) {
        check_number(check, node->first);
        check_number(check, node->last);
    }
    check_severity(check, node);
}
