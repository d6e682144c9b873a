/*
 * rules: the configuration of authority as it is held in memory. Inside the room only; rules.c
 * reads it, decide.c asks it.
 */
#ifndef HK_AUTHORITY_RULES_H
#define HK_AUTHORITY_RULES_H

#include "authority/authority.h"
#include "authority/target.h"
#include "base/arena.h"

struct hk_patterns {
    struct hk_pattern *items;
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

struct hk_hours {
    bool is_set;
    bool outside;     /* holds when the time is not within */
    unsigned days;    /* bit 0 is Monday */
    int from_minute;  /* 0..1439 */
    int to_minute;    /* 1..1440; below from_minute: the next day */
    int zone_minutes; /* east of UTC */
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
bool hk_hours_hold(const struct hk_hours *hours, int64_t time_us);
HK_MUST_CHECK enum hk_status hk_hours_read(const struct hk_json *value, const char *path,
    struct hk_hours *ret_hours, struct hk_error *error);

/* Helpers of the readers: paths are those of the configuration ("authority[2].hours"). */

/* HK_INVALID unless value is an object with no other keys than these (NULL-ended). */
HK_MUST_CHECK enum hk_status hk_check_keys(
    const struct hk_json *value, const char *path, const char *const *keys, struct hk_error *error);
/* An array; NULL and the empty object, which Lua's empty table is, count as an empty one. */
HK_MUST_CHECK enum hk_status hk_check_array(
    const struct hk_json *value, const char *path, struct hk_error *error);
/* HK_OK with NULL when the key is absent; HK_INVALID when it is no string or an empty one. */
HK_MUST_CHECK enum hk_status hk_text_of(const struct hk_json *object, const char *path,
    const char *key, const char **ret_text, struct hk_error *error);

#endif
