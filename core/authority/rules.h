/*
 * rules: the configuration of authority as it is held in memory. Inside the room only; rules.c
 * reads it, decide.c asks it.
 */
#ifndef HK_AUTHORITY_RULES_H
#define HK_AUTHORITY_RULES_H

#include "authority/authority.h"
#include "authority/hours.h"
#include "authority/target.h"
#include "base/arena.h"
#include "base/table.h"

struct hk_patterns {
    struct hk_target_pattern *items;
    unsigned count;
};

struct hk_list {
    const char *name;
    struct hk_patterns patterns;
};

/* Targets of a rule or a protection: patterns of its own and lists. */
struct hk_targets {
    struct hk_patterns own;
    const struct hk_list **lists;
    unsigned lists_count;
};

struct hk_rule {
    char name[64];
    const char *action; /* glob over action and capability, or NULL */
    const char *kind;   /* or NULL */
    bool has_targets;
    struct hk_targets targets;
    unsigned severities; /* bit per severity; 0: any */
    struct hk_hours hours;
    enum hk_outcome_of_authority outcome;
    char role[32];
    unsigned quorum;
    int64_t expires_ms;
};

struct hk_protection {
    struct hk_targets targets;
    const char *reason; /* or NULL */
    int64_t until_us;   /* 0: for good */
    bool asks;          /* an approval is enough */
};

struct hk_budget {
    const char *kind;
    unsigned per_hour;
};

enum hk_mode { HK_MODE_ACT, HK_MODE_ASK, HK_MODE_RECOMMEND, HK_MODE_WATCH };

struct hk_authority {
    struct hk_arena arena; /* holds everything below */
    struct hk_list *lists;
    unsigned lists_count;
    struct hk_rule *rules;
    unsigned rules_count;
    struct hk_protection *protections;
    unsigned protections_count;
    struct hk_budget *budgets;
    unsigned budgets_count;
    enum hk_mode mode;
    int64_t tuning_until_us; /* 0: nothing is tuned */
};

HK_MUST_CHECK enum hk_status hk_mode_read(
    const struct hk_json *config, struct hk_authority *authority, struct hk_error *error);
void hk_mode_apply(const struct hk_authority *authority, const struct hk_question *question,
    struct hk_verdict *verdict);

/* A list of texts: patterns and "list:NAME". path is that of the list. */
HK_MUST_CHECK enum hk_status hk_targets_read(struct hk_authority *authority,
    const struct hk_json *value, const char *path, struct hk_targets *ret_targets,
    struct hk_error *error);
enum hk_cover hk_targets_cover(const struct hk_targets *targets, const struct hk_target *target);

#endif
