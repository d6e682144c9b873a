/*
 * fallback: what a tenant wants people to do by hand when the engine did not do an action, and who:
 * `fallback` of its configuration, by action, capability or kind. Pure.
 */
#ifndef HK_ENGINE_FALLBACK_H
#define HK_ENGINE_FALLBACK_H

#include "base/json.h"

struct hk_fallback {
    const char *owner;       /* a user's name or a role */
    const char *instruction; /* NULL: nothing of the tenant's own */
    const char *undo;        /* how to take it back by hand; NULL likewise */
    int64_t due_ms;
    bool is_given; /* by the tenant, for this action, capability or kind */
};

/* HK_INVALID names the key. */
HK_MUST_CHECK enum hk_status hk_fallback_check(
    const struct hk_json *config, struct hk_error *error);
/* What holds for the action: its own entry, that of its capability (the one it was called by, or
 * one that is bound to it), that of its kind, or a default.
 * Texts are the configuration's. action, capability and kind may be NULL. */
void hk_fallback_find(const struct hk_json *config, const char *action, const char *capability,
    const char *kind, struct hk_fallback *ret_fallback);
/* Is it for people to do when an action of this kind failed, also where the tenant says nothing? */
bool hk_fallback_is_wanted(const struct hk_fallback *fallback, const char *kind);

#endif
