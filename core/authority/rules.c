/*
 * rules: read `authority`, `lists`, `protected` and `budgets`; see authority.h for what they mean.
 * Every key is known or an error: a misspelt restriction must not be no restriction.
 */
#include "authority/rules.h"

#include "base/text.h"
#include "base/time.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_SIZE_MAX (64UL * 1024 * 1024) /* in memory; lists of some 100,000 ranges fit */
#define QUORUM_MAX 16
#define PATH_SIZE 160
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kinds[] = {
    "enrich", "notify", "contain", "eradicate", "restore", "change"};

/* Where in the configuration something is read, and what it is read into. */
struct reader {
    struct hk_authority *authority;
    struct hk_error *error;
};

static enum hk_status too_large(struct reader *reader)
{
    return hk_fail(reader->error, HK_LIMIT, "the configuration of authority is too large");
}

/* Room for count items; count 0 is fine. */
static void *allocate(struct reader *reader, size_t count, size_t size)
{
    return hk_arena_alloc(&reader->authority->arena, (count > 0 ? count : 1) * size);
}

static const char *copy(struct reader *reader, const char *text)
{
    return hk_arena_copy(&reader->authority->arena, text, strlen(text));
}

/* --- checks --- */

static unsigned count_of(const struct hk_json *value)
{
    return value != NULL ? value->count : 0;
}

static enum hk_status read_kind(
    struct reader *reader, const struct hk_json *object, const char *path, const char **ret_kind)
{
    const char *text;
    enum hk_status status = hk_text_of(object, path, "kind", &text, reader->error);

    *ret_kind = NULL;
    if (status != HK_OK || text == NULL)
        return status;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(text, kinds[i]) == 0) {
            *ret_kind = kinds[i];
            return HK_OK;
        }
    return hk_fail(reader->error, HK_INVALID,
        "%s.kind: \"%.40s\" is none of enrich, notify, contain, eradicate, restore, change", path,
        text);
}

/* --- lists and targets --- */

static enum hk_status read_lists(struct reader *reader, const struct hk_json *lists)
{
    struct hk_authority *authority = reader->authority;

    if (lists != NULL && lists->type != HK_JSON_OBJECT &&
        (lists->type != HK_JSON_ARRAY || lists->count > 0))
        return hk_fail(reader->error, HK_INVALID, "lists is not an object");
    authority->lists = allocate(reader, count_of(lists), sizeof(*authority->lists));
    if (authority->lists == NULL)
        return too_large(reader);
    for (const struct hk_json *value = lists != NULL ? lists->first : NULL; value != NULL;
         value = value->next) {
        struct hk_list *list = &authority->lists[authority->lists_count++];
        char path[PATH_SIZE];
        enum hk_status status;
        (void)snprintf(path, sizeof(path), "lists.%.60s", value->key);
        status = hk_check_array(value, path, reader->error);
        if (status != HK_OK)
            return status;
        list->name = copy(reader, value->key);
        list->patterns.items = allocate(reader, value->count, sizeof(*list->patterns.items));
        if (list->name == NULL || list->patterns.items == NULL)
            return too_large(reader);
        for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
            const char *text = hk_json_string(item);
            if (text == NULL)
                return hk_fail(
                    reader->error, HK_INVALID, "%s[%u] is not a text", path, list->patterns.count);
            status = hk_target_pattern_read(&authority->arena, text,
                &list->patterns.items[list->patterns.count], reader->error);
            if (status != HK_OK) {
                (void)hk_error_prefix(reader->error, "%s[%u]", path, list->patterns.count);
                return status;
            }
            list->patterns.count++;
        }
    }
    return HK_OK;
}

/* One text: "list:NAME" or a pattern. */
static enum hk_status read_target(
    struct reader *reader, const char *text, const char *path, struct hk_targets *targets)
{
    const struct hk_authority *authority = reader->authority;
    enum hk_status status;

    if (strncmp(text, "list:", 5) == 0) {
        for (unsigned i = 0; i < authority->lists_count; i++)
            if (strcmp(authority->lists[i].name, text + 5) == 0) {
                targets->lists[targets->lists_count++] = &authority->lists[i];
                return HK_OK;
            }
        return hk_fail(reader->error, HK_INVALID, "%s: there is no list \"%.60s\"", path, text + 5);
    }
    status = hk_target_pattern_read(
        &reader->authority->arena, text, &targets->own.items[targets->own.count], reader->error);
    if (status != HK_OK) {
        (void)hk_error_prefix(reader->error, "%s", path);
        return status;
    }
    targets->own.count++;
    return HK_OK;
}

static enum hk_status make_targets(
    struct reader *reader, unsigned count, struct hk_targets *ret_targets)
{
    ret_targets->own.items = allocate(reader, count, sizeof(*ret_targets->own.items));
    ret_targets->lists = (const struct hk_list **)allocate(reader, count, sizeof(void *));
    if (ret_targets->own.items == NULL || ret_targets->lists == NULL)
        return too_large(reader);
    return HK_OK;
}

enum hk_status hk_targets_read(struct hk_authority *authority, const struct hk_json *value,
    const char *path, struct hk_targets *ret_targets, struct hk_error *error)
{
    struct reader reader = {authority, error};
    char item_path[PATH_SIZE];
    unsigned i = 0;
    enum hk_status status = hk_check_array(value, path, error);

    if (status == HK_OK)
        status = make_targets(&reader, value->count, ret_targets);
    if (status != HK_OK)
        return status;
    for (const struct hk_json *item = value->first; item != NULL; item = item->next, i++) {
        const char *text = hk_json_string(item);
        (void)snprintf(item_path, sizeof(item_path), "%.120s[%u]", path, i);
        if (text == NULL)
            return hk_fail(error, HK_INVALID, "%s is not a text", item_path);
        status = read_target(&reader, text, item_path, ret_targets);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

/* --- rules --- */

static enum hk_status read_severity_word(struct reader *reader, const struct hk_json *value,
    const char *path, enum hk_severity *ret_severity)
{
    const char *text = hk_json_string(value);
    enum hk_severity severity = hk_severity_from_text(text);

    if (severity == HK_SEVERITY_NONE)
        return hk_fail(reader->error, HK_INVALID,
            "%s.severity: \"%.40s\" is none of informational, low, medium, high, critical, fatal",
            path, text != NULL ? text : hk_json_type_name(value->type));
    *ret_severity = severity;
    return HK_OK;
}

static enum hk_status read_severities(
    struct reader *reader, const struct hk_json *value, const char *path, unsigned *ret_severities)
{
    static const char *const keys[] = {"at_least", NULL};
    const struct hk_json *least = hk_json_get(value, "at_least");
    enum hk_severity severity;
    enum hk_status status;
    char inner[PATH_SIZE];

    *ret_severities = 0;
    if (value == NULL)
        return HK_OK;
    if (value->type == HK_JSON_ARRAY && value->count > 0) {
        for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
            status = read_severity_word(reader, item, path, &severity);
            if (status != HK_OK)
                return status;
            *ret_severities |= 1U << severity;
        }
        return HK_OK;
    }
    if (least == NULL) {
        status = read_severity_word(reader, value, path, &severity);
        if (status == HK_OK)
            *ret_severities = 1U << severity;
        return status;
    }
    (void)snprintf(inner, sizeof(inner), "%.100s.severity", path);
    status = hk_check_keys(value, inner, keys, reader->error);
    if (status == HK_OK)
        status = read_severity_word(reader, least, path, &severity);
    if (status != HK_OK)
        return status;
    for (unsigned i = severity; i <= HK_SEVERITY_FATAL; i++)
        *ret_severities |= 1U << i;
    return HK_OK;
}

static enum hk_status read_outcome(struct reader *reader, const struct hk_json *value,
    const char *path, enum hk_outcome_of_authority *ret_outcome)
{
    const char *text;
    enum hk_status status = hk_text_of(value, path, "outcome", &text, reader->error);

    if (status != HK_OK)
        return status;
    for (int i = HK_MAY_DENY; text != NULL && i <= HK_MAY_DO; i++)
        if (i != HK_MAY_WATCH && /* the word of a mode, not of a rule */
            strcmp(text, hk_outcome_text((enum hk_outcome_of_authority)i)) == 0) {
            *ret_outcome = (enum hk_outcome_of_authority)i;
            return HK_OK;
        }
    return hk_fail(reader->error, HK_INVALID,
        "%s.outcome: %.40s is none of deny, recommend, ask, do_then_tell, do", path,
        text != NULL ? text : "nothing");
}

/* Who decides when the outcome is ask, how many, and until when. */
static enum hk_status read_gate(
    struct reader *reader, const struct hk_json *value, const char *path, struct hk_rule *rule)
{
    const struct hk_json *quorum = hk_json_get(value, "quorum");
    const char *role = NULL;
    const char *expires = NULL;
    int64_t count = 1;
    enum hk_status status = hk_text_of(value, path, "role", &role, reader->error);

    if (status == HK_OK)
        status = hk_text_of(value, path, "expires", &expires, reader->error);
    if (status != HK_OK)
        return status;
    (void)hk_copy_text(rule->role, sizeof(rule->role), "approver");
    if (role != NULL &&
        (!hk_role_is_valid(role) || !hk_role_fulfils("provider-admin", role) ||
            strcmp(role, "viewer") == 0 || !hk_copy_text(rule->role, sizeof(rule->role), role)))
        return hk_fail(reader->error, HK_INVALID,
            "%s.role: \"%.40s\" is no role that decides (analyst, approver, responder, "
            "tenant-admin, provider-admin)",
            path, role);
    if (quorum != NULL && (!hk_json_i64(quorum, &count) || count < 1 || count > QUORUM_MAX))
        return hk_fail(
            reader->error, HK_INVALID, "%s.quorum is not a number from 1 to %d", path, QUORUM_MAX);
    rule->quorum = (unsigned)count;
    rule->expires_ms = HK_GATE_EXPIRES_DEFAULT_MS;
    if (expires == NULL)
        return HK_OK;
    status = hk_duration_parse(expires, &rule->expires_ms, reader->error);
    if (status != HK_OK) {
        (void)hk_error_prefix(reader->error, "%s.expires", path);
        return status;
    }
    if (rule->expires_ms <= 0)
        return hk_fail(reader->error, HK_INVALID, "%s.expires is no time at all", path);
    return HK_OK;
}

static enum hk_status read_rule_name(
    struct reader *reader, const struct hk_json *value, const char *path, struct hk_rule *rule)
{
    const char *name;
    enum hk_status status = hk_text_of(value, path, "name", &name, reader->error);

    if (status != HK_OK)
        return status;
    if (!hk_copy_text(rule->name, sizeof(rule->name), name != NULL ? name : path))
        return hk_fail(reader->error, HK_INVALID, "%s.name is longer than %zu bytes", path,
            sizeof(rule->name) - 1);
    return HK_OK;
}

static enum hk_status read_rule(
    struct reader *reader, const struct hk_json *value, const char *path, struct hk_rule *rule)
{
    static const char *const keys[] = {"name", "action", "kind", "targets", "severity", "hours",
        "outcome", "role", "quorum", "expires", NULL};
    const struct hk_json *hours = hk_json_get(value, "hours");
    const struct hk_json *targets = hk_json_get(value, "targets");
    const char *action = NULL;
    char inner[PATH_SIZE];
    enum hk_status status = hk_check_keys(value, path, keys, reader->error);

    if (status == HK_OK)
        status = read_rule_name(reader, value, path, rule);
    if (status == HK_OK)
        status = hk_text_of(value, path, "action", &action, reader->error);
    if (status == HK_OK)
        status = read_kind(reader, value, path, &rule->kind);
    if (status == HK_OK)
        status = read_severities(reader, hk_json_get(value, "severity"), path, &rule->severities);
    if (status == HK_OK)
        status = read_outcome(reader, value, path, &rule->outcome);
    if (status == HK_OK)
        status = read_gate(reader, value, path, rule);
    if (status == HK_OK && targets != NULL) {
        rule->has_targets = true;
        (void)snprintf(inner, sizeof(inner), "%.100s.targets", path);
        status = hk_targets_read(reader->authority, targets, inner, &rule->targets, reader->error);
    }
    if (status == HK_OK && hours != NULL) {
        (void)snprintf(inner, sizeof(inner), "%.100s.hours", path);
        status = hk_hours_read(hours, inner, &rule->hours, reader->error);
    }
    if (status != HK_OK || action == NULL)
        return status;
    rule->action = copy(reader, action);
    return rule->action != NULL ? HK_OK : too_large(reader);
}

static enum hk_status read_rules(struct reader *reader, const struct hk_json *rules)
{
    struct hk_authority *authority = reader->authority;
    enum hk_status status = hk_check_array(rules, "authority", reader->error);

    if (status != HK_OK)
        return status;
    authority->rules = allocate(reader, count_of(rules), sizeof(*authority->rules));
    if (authority->rules == NULL)
        return too_large(reader);
    for (const struct hk_json *value = rules != NULL ? rules->first : NULL; value != NULL;
         value = value->next) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof(path), "authority[%u]", authority->rules_count);
        status = read_rule(reader, value, path, &authority->rules[authority->rules_count]);
        if (status != HK_OK)
            return status;
        authority->rules_count++;
    }
    return HK_OK;
}

/* --- protections and budgets --- */

static enum hk_status read_protection_options(struct reader *reader, const struct hk_json *value,
    const char *path, struct hk_protection *protection, const char **ret_target)
{
    static const char *const keys[] = {"target", "mode", "reason", "until", NULL};
    const char *mode = NULL;
    const char *reason = NULL;
    const char *until = NULL;
    enum hk_status status = hk_check_keys(value, path, keys, reader->error);

    if (status == HK_OK)
        status = hk_text_of(value, path, "target", ret_target, reader->error);
    if (status == HK_OK)
        status = hk_text_of(value, path, "mode", &mode, reader->error);
    if (status == HK_OK)
        status = hk_text_of(value, path, "reason", &reason, reader->error);
    if (status == HK_OK)
        status = hk_text_of(value, path, "until", &until, reader->error);
    if (status != HK_OK)
        return status;
    if (*ret_target == NULL)
        return hk_fail(reader->error, HK_INVALID, "%s.target is missing", path);
    if (mode != NULL && strcmp(mode, "never") != 0 && strcmp(mode, "ask") != 0)
        return hk_fail(
            reader->error, HK_INVALID, "%s.mode: \"%.40s\" is neither never nor ask", path, mode);
    protection->asks = mode != NULL && strcmp(mode, "ask") == 0;
    if (reason != NULL && (protection->reason = copy(reader, reason)) == NULL)
        return too_large(reader);
    if (until == NULL)
        return HK_OK;
    status = hk_time_parse(until, &protection->until_us, reader->error);
    if (status != HK_OK)
        (void)hk_error_prefix(reader->error, "%s.until", path);
    return status;
}

static enum hk_status read_protections(struct reader *reader, const struct hk_json *items)
{
    struct hk_authority *authority = reader->authority;
    enum hk_status status = hk_check_array(items, "protected", reader->error);

    if (status != HK_OK)
        return status;
    authority->protections = allocate(reader, count_of(items), sizeof(*authority->protections));
    if (authority->protections == NULL)
        return too_large(reader);
    for (const struct hk_json *value = items != NULL ? items->first : NULL; value != NULL;
         value = value->next) {
        struct hk_protection *protection = &authority->protections[authority->protections_count];
        const char *target = hk_json_string(value);
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof(path), "protected[%u]", authority->protections_count);
        status = make_targets(reader, 1, &protection->targets);
        if (status == HK_OK && target == NULL)
            status = read_protection_options(reader, value, path, protection, &target);
        if (status == HK_OK)
            status = read_target(reader, target, path, &protection->targets);
        if (status != HK_OK)
            return status;
        authority->protections_count++;
    }
    return HK_OK;
}

static enum hk_status read_budget(
    struct reader *reader, const struct hk_json *value, const char *path, struct hk_budget *budget)
{
    static const char *const keys[] = {"kind", "per_hour", NULL};
    int64_t per_hour;
    enum hk_status status = hk_check_keys(value, path, keys, reader->error);

    if (status == HK_OK)
        status = read_kind(reader, value, path, &budget->kind);
    if (status != HK_OK)
        return status;
    if (budget->kind == NULL)
        return hk_fail(reader->error, HK_INVALID, "%s.kind is missing", path);
    if (!hk_json_i64(hk_json_get(value, "per_hour"), &per_hour) || per_hour < 0 ||
        per_hour > INT32_MAX)
        return hk_fail(reader->error, HK_INVALID, "%s.per_hour is not a number of actions", path);
    budget->per_hour = (unsigned)per_hour;
    for (unsigned i = 0; i < reader->authority->budgets_count; i++)
        if (strcmp(reader->authority->budgets[i].kind, budget->kind) == 0)
            return hk_fail(reader->error, HK_INVALID, "%s.kind: there is a budget for %s already",
                path, budget->kind);
    return HK_OK;
}

static enum hk_status read_budgets(struct reader *reader, const struct hk_json *items)
{
    struct hk_authority *authority = reader->authority;
    enum hk_status status = hk_check_array(items, "budgets", reader->error);

    if (status != HK_OK)
        return status;
    authority->budgets = allocate(reader, count_of(items), sizeof(*authority->budgets));
    if (authority->budgets == NULL)
        return too_large(reader);
    for (const struct hk_json *value = items != NULL ? items->first : NULL; value != NULL;
         value = value->next) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof(path), "budgets[%u]", authority->budgets_count);
        status = read_budget(reader, value, path, &authority->budgets[authority->budgets_count]);
        if (status != HK_OK)
            return status;
        authority->budgets_count++;
    }
    return HK_OK;
}

enum hk_status hk_authority_new(const struct hk_json *tenant_config,
    struct hk_authority **ret_authority, struct hk_error *error)
{
    struct hk_authority *authority = calloc(1, sizeof(*authority));
    struct reader reader = {authority, error};
    enum hk_status status;

    if (authority == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    hk_arena_init(&authority->arena, CONFIG_SIZE_MAX);
    status = read_lists(&reader, hk_json_get(tenant_config, "lists"));
    if (status == HK_OK)
        status = read_rules(&reader, hk_json_get(tenant_config, "authority"));
    if (status == HK_OK)
        status = read_protections(&reader, hk_json_get(tenant_config, "protected"));
    if (status == HK_OK)
        status = read_budgets(&reader, hk_json_get(tenant_config, "budgets"));
    if (status == HK_OK)
        status = hk_mode_read(tenant_config, authority, error);
    if (status != HK_OK) {
        hk_authority_free(authority);
        return status;
    }
    *ret_authority = authority;
    return HK_OK;
}

void hk_authority_free(struct hk_authority *authority)
{
    if (authority == NULL)
        return;
    hk_arena_done(&authority->arena);
    free(authority);
}
