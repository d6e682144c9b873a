/*
 * target: see target.h.
 */
#include "intake/target.h"

#include <stdio.h>
#include <string.h>

const struct hk_target_facts hk_targets[HK_TARGET_MAX] = {
#define X(name, group, key, shape) {group, key, HK_SHAPE_##shape},
    HK_TARGET_LIST(X)
#undef X
};

void hk_target_name(enum hk_target target, char *ret_name, size_t capacity)
{
    const struct hk_target_facts *facts = &hk_targets[target];

    (void)snprintf(
        ret_name, capacity, "%s%s%s", facts->group, facts->group[0] != '\0' ? "." : "", facts->key);
}

enum hk_target hk_target_of(struct hk_slice name)
{
    size_t dot = hk_slice_until(name, '.');
    struct hk_slice group = {name.at, dot < name.size ? dot : 0};
    struct hk_slice key = hk_slice_after(name, dot < name.size ? dot + 1 : 0);

    for (int i = 0; i < HK_TARGET_MAX; i++)
        if (hk_slice_is(key, hk_targets[i].key) && hk_slice_is(group, hk_targets[i].group))
            return (enum hk_target)i;
    return HK_TARGET_MAX;
}
