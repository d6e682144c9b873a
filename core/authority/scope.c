/*
 * scope: targets that are named in the configuration for another purpose than authority's own, by
 * the same words: ranges, names and lists.
 */
#include "authority/rules.h"

struct hk_scope {
    struct hk_targets targets;
};

enum hk_status hk_authority_scope(struct hk_authority *authority, const struct hk_json *list,
    const char *path, const struct hk_scope **ret_scope, struct hk_error *error)
{
    struct hk_scope *scope;

    *ret_scope = NULL;
    if (list == NULL)
        return HK_OK;
    scope = hk_arena_alloc(&authority->arena, sizeof(*scope));
    if (scope == NULL)
        return hk_fail(error, HK_LIMIT, "the configuration is too large");
    *ret_scope = scope;
    return hk_targets_read(authority, list, path, &scope->targets, error);
}

bool hk_scope_has(const struct hk_scope *scope, const char *type, const char *text)
{
    struct hk_target target;

    if (scope == NULL || hk_target_read(type, text, &target, NULL) != HK_OK)
        return false;
    return hk_targets_cover(&scope->targets, &target) == HK_COVERS_ALL;
}
