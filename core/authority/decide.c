/*
 * decide: the answer to one question; see authority.h for the order.
 *
 * A target that is a range may lie in the targets of several rules. For each of its addresses the
 * first matching rule counts, and the strictest of those outcomes is the answer: a rule that covers
 * only a part of the target never lets through the rest.
 */
#include "authority/rules.h"

#include "base/text.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

enum hk_cover hk_targets_cover(const struct hk_targets *targets, const struct hk_target *target)
{
    enum hk_cover best = HK_COVERS_NOTHING;

    for (unsigned n = 0; n <= targets->lists_count; n++) {
        const struct hk_patterns *patterns =
            n == 0 ? &targets->own : &targets->lists[n - 1]->patterns;
        for (unsigned i = 0; i < patterns->count && best != HK_COVERS_ALL; i++) {
            enum hk_cover cover = hk_target_pattern_covers(&patterns->items[i], target);
            if (cover > best)
                best = cover;
        }
    }
    return best;
}

/* Kinds that are done without a rule, and to which protection does not apply. An unknown kind is
 * not among them. */
static bool is_harmless(const char *kind)
{
    return kind != NULL && (strcmp(kind, "enrich") == 0 || strcmp(kind, "notify") == 0 ||
                               strcmp(kind, "restore") == 0);
}

static bool matches_action(const char *glob, const struct hk_question *question)
{
    return (question->action != NULL && hk_glob_matches(glob, question->action)) ||
           (question->capability != NULL && hk_glob_matches(glob, question->capability));
}

/* How much of the question does the rule answer? target is NULL when there is none. */
static enum hk_cover rule_covers(
    const struct hk_rule *rule, const struct hk_question *question, const struct hk_target *target)
{
    if (rule->action != NULL && !matches_action(rule->action, question))
        return HK_COVERS_NOTHING;
    if (rule->kind != NULL && (question->kind == NULL || strcmp(rule->kind, question->kind) != 0))
        return HK_COVERS_NOTHING;
    if (rule->severities != 0 && (rule->severities >> question->severity & 1) == 0)
        return HK_COVERS_NOTHING;
    if (!hk_hours_hold(&rule->hours, question->time_us))
        return HK_COVERS_NOTHING;
    if (!rule->has_targets)
        return HK_COVERS_ALL;
    return target != NULL ? hk_targets_cover(&rule->targets, target) : HK_COVERS_NOTHING;
}

/* Let outcome take the place of what stands if it is stricter; two that ask add up. */
static void take_stricter(struct hk_verdict *verdict, const struct hk_rule *rule, bool is_first)
{
    if (is_first || rule->outcome < verdict->outcome) {
        verdict->outcome = rule->outcome;
        (void)hk_copy_text(verdict->rule, sizeof(verdict->rule), rule->name);
    }
    if (is_first || rule->quorum > verdict->quorum)
        verdict->quorum = rule->quorum;
    if (is_first || hk_role_fulfils(rule->role, verdict->role))
        (void)hk_copy_text(verdict->role, sizeof(verdict->role), rule->role);
    if (is_first || rule->expires_ms < verdict->expires_ms)
        verdict->expires_ms = rule->expires_ms;
}

static void ask_rules(const struct hk_authority *authority, const struct hk_question *question,
    const struct hk_target *target, struct hk_verdict *verdict)
{
    struct hk_rule fallback = {
        .name = "default",
        .outcome = is_harmless(question->kind) ? HK_MAY_DO : HK_MAY_ASK,
        .role = "approver",
        .quorum = 1,
        .expires_ms = HK_GATE_EXPIRES_DEFAULT_MS,
    };
    enum hk_cover cover = HK_COVERS_NOTHING;
    bool is_first = true;

    for (unsigned i = 0; i < authority->rules_count && cover != HK_COVERS_ALL; i++) {
        cover = rule_covers(&authority->rules[i], question, target);
        if (cover == HK_COVERS_NOTHING)
            continue;
        take_stricter(verdict, &authority->rules[i], is_first);
        is_first = false;
    }
    if (cover != HK_COVERS_ALL)
        take_stricter(verdict, &fallback, is_first);
    if (strcmp(verdict->rule, "default") == 0 && cover != HK_COVERS_ALL)
        (void)snprintf(verdict->why, sizeof(verdict->why),
            "No rule says otherwise: %s actions %s by default.",
            question->kind != NULL ? question->kind : "unknown",
            fallback.outcome == HK_MAY_DO ? "are done" : "ask");
    else
        (void)snprintf(verdict->why, sizeof(verdict->why), "Rule %s says %s.", verdict->rule,
            hk_outcome_text(verdict->outcome));
}

static void turn_into_ask(struct hk_verdict *verdict, const char *rule)
{
    verdict->outcome = HK_MAY_ASK;
    (void)hk_copy_text(verdict->rule, sizeof(verdict->rule), rule);
}

static void ask_budgets(const struct hk_authority *authority, const struct hk_question *question,
    struct hk_verdict *verdict)
{
    for (unsigned i = 0; i < authority->budgets_count; i++) {
        const struct hk_budget *budget = &authority->budgets[i];
        char rule[64];
        if (question->kind == NULL || strcmp(budget->kind, question->kind) != 0 ||
            question->spent_last_hour < budget->per_hour || verdict->outcome <= HK_MAY_ASK)
            continue;
        (void)snprintf(rule, sizeof(rule), "budget.%s", budget->kind);
        turn_into_ask(verdict, rule);
        (void)snprintf(verdict->why, sizeof(verdict->why),
            "The budget of %u %s actions an hour is spent.", budget->per_hour, budget->kind);
    }
}

/* What acts on the world and names no target can't be held against target rules and the protected
 * list: a person looks at it. */
static void ask_untargeted(const struct hk_question *question, struct hk_verdict *verdict)
{
    if (question->target != NULL || is_harmless(question->kind) || verdict->outcome <= HK_MAY_ASK)
        return;
    turn_into_ask(verdict, "untargeted");
    (void)snprintf(verdict->why, sizeof(verdict->why),
        "The action names no target that rules and protections could be held against.");
}

static void add_wishes(const struct hk_question *question, struct hk_verdict *verdict)
{
    if (question->playbook_asks && verdict->outcome > HK_MAY_ASK) {
        turn_into_ask(verdict, "playbook");
        (void)snprintf(verdict->why, sizeof(verdict->why), "The playbook asks for approval.");
    }
    if (question->playbook_quorum > verdict->quorum)
        verdict->quorum = question->playbook_quorum;
}

/* The strictest protection that the target overlaps, -1 when there is none. */
static int find_protection(const struct hk_authority *authority, const struct hk_question *question,
    const struct hk_target *target)
{
    int found = -1;

    if (is_harmless(question->kind))
        return -1;
    for (unsigned i = 0; i < authority->protections_count; i++) {
        const struct hk_protection *protection = &authority->protections[i];
        if (protection->until_us != 0 && question->time_us >= protection->until_us)
            continue;
        if (hk_targets_cover(&protection->targets, target) == HK_COVERS_NOTHING)
            continue;
        if (!protection->asks)
            return (int)i;
        if (found < 0)
            found = (int)i;
    }
    return found;
}

static void write_protection(
    const struct hk_protection *protection, int index, struct hk_verdict *verdict)
{
    const char *reason = protection->reason != NULL ? protection->reason : "";
    size_t size = hk_utf8_prefix(reason, strlen(reason), 120);

    verdict->outcome = protection->asks ? HK_MAY_ASK : HK_MAY_DENY;
    (void)snprintf(verdict->rule, sizeof(verdict->rule), "protected[%d]", index);
    (void)snprintf(verdict->why, sizeof(verdict->why), "The target is protected%s%s%.*s.",
        protection->asks ? " unless a person approves" : "", size > 0 ? ": " : "", (int)size,
        reason);
}

enum hk_status hk_authority_decide(const struct hk_authority *authority,
    const struct hk_question *question, struct hk_verdict *ret_verdict, struct hk_error *error)
{
    struct hk_verdict verdict = {0};
    struct hk_target target;
    int protection = -1;
    enum hk_status status;

    if (question->target != NULL) {
        status = hk_target_read(question->target_type, question->target, &target, error);
        if (status != HK_OK)
            return status;
        memcpy(verdict.target, target.text, sizeof(verdict.target));
        protection = find_protection(authority, question, &target);
    }
    ask_rules(authority, question, question->target != NULL ? &target : NULL, &verdict);
    ask_budgets(authority, question, &verdict);
    ask_untargeted(question, &verdict);
    add_wishes(question, &verdict);
    hk_mode_apply(authority, question, &verdict);
    if (protection >= 0 &&
        (!authority->protections[protection].asks || verdict.outcome > HK_MAY_ASK))
        write_protection(&authority->protections[protection], protection, &verdict);
    if (verdict.outcome != HK_MAY_ASK) {
        verdict.role[0] = '\0';
        verdict.quorum = 0;
        verdict.expires_ms = 0;
    }
    *ret_verdict = verdict;
    return HK_OK;
}

bool hk_authority_is_protected(const struct hk_authority *authority,
    const struct hk_question *question, bool has_approval, struct hk_verdict *ret_verdict)
{
    struct hk_verdict verdict = {.outcome = HK_MAY_DENY};
    struct hk_target target;
    struct hk_error error;
    int index;

    if (question->target == NULL)
        return false;
    if (hk_target_read(question->target_type, question->target, &target, &error) != HK_OK) {
        (void)hk_copy_text(verdict.rule, sizeof(verdict.rule), "target");
        (void)snprintf(verdict.why, sizeof(verdict.why), "%.250s.", error.text);
        *ret_verdict = verdict;
        return true;
    }
    memcpy(verdict.target, target.text, sizeof(verdict.target));
    index = find_protection(authority, question, &target);
    if (index < 0 || (authority->protections[index].asks && has_approval))
        return false;
    write_protection(&authority->protections[index], index, &verdict);
    if (verdict.outcome == HK_MAY_ASK) {
        (void)hk_copy_text(verdict.role, sizeof(verdict.role), "approver");
        verdict.quorum = 1;
        verdict.expires_ms = HK_GATE_EXPIRES_DEFAULT_MS;
    }
    *ret_verdict = verdict;
    return true;
}

void hk_verdict_write(const struct hk_verdict *verdict, struct hk_jw *jw)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "outcome", hk_outcome_text(verdict->outcome));
    hk_jw_kv(jw, "rule", verdict->rule);
    hk_jw_kv(jw, "why", verdict->why);
    hk_jw_kv(jw, "role", verdict->role);
    hk_jw_kv_i64(jw, "quorum", verdict->quorum);
    hk_jw_kv(jw, "target", verdict->target);
    if (verdict->would_rule[0] != '\0') {
        hk_jw_key(jw, "would");
        hk_jw_object(jw);
        hk_jw_kv(jw, "outcome", hk_outcome_text(verdict->would));
        hk_jw_kv(jw, "rule", verdict->would_rule);
        hk_jw_object_end(jw);
    }
    hk_jw_object_end(jw);
}
