/*
 * authority: may this be done, by whom, now? Pure: configuration and a question in, a verdict out.
 * The engine asks before each step that would act, records the answer, and asks again about
 * protection right before dispatch.
 *
 * Order: the first rule that matches gives the outcome (no rule: `enrich`, `notify` and `restore`
 * are done, everything else asks); a spent budget turns do into ask, and so does an action on the
 * world that names no target; what the playbook asked for can only add (ask, larger quorum); the
 * tenant's mode, and tuning, can only make it stricter; the protected list is looked at last and
 * wins.
 */
#ifndef HK_AUTHORITY_AUTHORITY_H
#define HK_AUTHORITY_AUTHORITY_H

#include "base/json.h"
#include "base/severity.h"

struct hk_authority;

/* Read the tenant's part of the configuration: `authority`, `lists`, `protected`, `budgets`,
 * `mode`, `tuning_until`.
 * HK_INVALID names the path ("authority[2].severity") and what is wrong. */
HK_MUST_CHECK enum hk_status hk_authority_new(const struct hk_json *tenant_config,
    struct hk_authority **ret_authority, struct hk_error *error);
void hk_authority_free(struct hk_authority *authority);

struct hk_question {
    const char *action;      /* "edl.block_ip" */
    const char *capability;  /* "contain.block_ip", or NULL */
    const char *kind;        /* "enrich", "notify", "contain", "eradicate", "restore", "change" */
    const char *target;      /* as given, or NULL when the action has none */
    const char *target_type; /* "address", "host", …, or NULL */
    enum hk_severity severity;
    int64_t time_us;
    unsigned spent_last_hour; /* actions of this kind begun in the last hour */
    bool playbook_asks;       /* the playbook wants approval whatever the rules say */
    unsigned playbook_quorum; /* and by at least so many, 0: no wish */
};

enum hk_outcome_of_authority {
    HK_MAY_DENY,
    HK_MAY_WATCH, /* nothing is done or asked; what would have been is recorded */
    HK_MAY_RECOMMEND,
    HK_MAY_ASK,
    HK_MAY_DO_THEN_TELL,
    HK_MAY_DO,
};

struct hk_verdict {
    enum hk_outcome_of_authority outcome;
    char rule[64];      /* name or "authority[2]"; "default"; "protected[0]"; "budget.contain" */
    char why[256];      /* one sentence */
    char role[32];      /* who decides, when the outcome is ask */
    unsigned quorum;    /* distinct persons */
    int64_t expires_ms; /* of the gate */
    char target[256];   /* normal form of the target; "" when there is none */
    /* Where the mode or tuning made it stricter: what stood before; else would_rule is "". */
    enum hk_outcome_of_authority would;
    char would_rule[64];
};

/* HK_INVALID when the target has no normal form (an ambiguous address must not slip through). */
HK_MUST_CHECK enum hk_status hk_authority_decide(const struct hk_authority *authority,
    const struct hk_question *question, struct hk_verdict *ret_verdict, struct hk_error *error);

/* Is the target protected against this kind of action right now? Looked at again at dispatch. A
 * protection of mode "ask" is met by an approval (has_approval). */
bool hk_authority_is_protected(const struct hk_authority *authority,
    const struct hk_question *question, bool has_approval, struct hk_verdict *ret_verdict);

/* Write what lists and the protected list say of a target at that time: {"target" (normal form),
 * ["addresses" (how many)], "lists":[{"name","covers"}], "protected":[{"mode","reason","until",
 * "covers"}]}; covers is "all" or "part" of the target. HK_INVALID when it has no normal form. */
HK_MUST_CHECK enum hk_status hk_authority_about(const struct hk_authority *authority,
    const char *type, const char *text, int64_t time_us, struct hk_jw *jw, struct hk_error *error);

/* The one form of a target: addresses by base/ip.h, hosts and domains in lower case without the
 * last dot, hashes in lower case, other texts as they are. */
HK_MUST_CHECK enum hk_status hk_target_normalise(
    const char *type, const char *text, char *ret_text, size_t capacity, struct hk_error *error);

/* Targets named elsewhere in the tenant's configuration by the same words (addresses, ranges, names
 * with *, "list:NAME"). list may be NULL: *ret_scope is NULL then. path is for errors. A scope
 * lives as long as the authority. */
struct hk_scope;
HK_MUST_CHECK enum hk_status hk_authority_scope(struct hk_authority *authority,
    const struct hk_json *list, const char *path, const struct hk_scope **ret_scope,
    struct hk_error *error);
/* Does it name all of this target? NULL names nothing; nor is a text named that can't be a target
 * of that type. */
bool hk_scope_has(const struct hk_scope *scope, const char *type, const char *text);

/* "watch", "recommend", "ask" or "act" */
const char *hk_authority_mode(const struct hk_authority *authority);

const char *hk_outcome_text(enum hk_outcome_of_authority outcome); /* "do_then_tell" */

/* Roles, weakest right last in this list: does a person with role `has` fulfil `needs`?
 * viewer < analyst < approver < responder < tenant-admin < provider-admin for acting; author and
 * auditor stand beside the line and fulfil only themselves and viewer. */
bool hk_role_fulfils(const char *has, const char *needs);
bool hk_role_is_valid(const char *role);

/* {"outcome","rule","why","role","quorum","target",["would":{"outcome","rule"}]} */
void hk_verdict_write(const struct hk_verdict *verdict, struct hk_jw *jw);

#endif
