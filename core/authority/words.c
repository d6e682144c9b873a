/*
 * words: outcomes and roles by name; see authority.h.
 */
#include "authority/authority.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const outcomes[] = {
    [HK_MAY_DENY] = "deny",
    [HK_MAY_WATCH] = "watch",
    [HK_MAY_RECOMMEND] = "recommend",
    [HK_MAY_ASK] = "ask",
    [HK_MAY_DO_THEN_TELL] = "do_then_tell",
    [HK_MAY_DO] = "do",
};

/* Each fulfils those before it; level 0 stands beside the line. */
static const struct {
    const char *name;
    int level;
} roles[] = {
    {"viewer", 1},
    {"analyst", 2},
    {"approver", 3},
    {"responder", 4},
    {"tenant-admin", 5},
    {"provider-admin", 6},
    {"author", 0},
    {"auditor", 0},
};

const char *hk_outcome_text(enum hk_outcome_of_authority outcome)
{
    return (size_t)outcome < COUNT(outcomes) ? outcomes[outcome] : outcomes[HK_MAY_DENY];
}

/* -1 when there is no such role */
static int role_level(const char *role)
{
    for (size_t i = 0; role != NULL && i < COUNT(roles); i++)
        if (strcmp(role, roles[i].name) == 0)
            return roles[i].level;
    return -1;
}

bool hk_role_is_valid(const char *role)
{
    return role_level(role) >= 0;
}

bool hk_role_fulfils(const char *has, const char *needs)
{
    int has_level = role_level(has);
    int needs_level = role_level(needs);

    if (has_level < 0 || needs_level < 0)
        return false;
    if (strcmp(has, needs) == 0 || strcmp(needs, "viewer") == 0)
        return true;
    return needs_level > 0 && has_level >= needs_level;
}
