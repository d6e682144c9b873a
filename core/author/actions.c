/*
 * actions: see actions.h.
 */
#include "author/actions.h"

#include <string.h>

/* Is name PLUGIN.something? */
static bool is_of(const char *name, const char *plugin)
{
    size_t size = strlen(plugin);

    return strncmp(name, plugin, size) == 0 && name[size] == '.';
}

static const struct hk_json *first_of(const struct hk_json *object, const char *key)
{
    const struct hk_json *list = hk_json_get(object, key);

    return list == NULL ? NULL : list->first;
}

enum hk_action_known hk_actions_find(
    const struct hk_json *catalog, const char *name, const struct hk_json **ret_action)
{
    const char *bound = hk_json_string(hk_json_get(hk_json_get(catalog, "capabilities"), name));

    *ret_action = NULL;
    if (bound != NULL)
        name = bound;
    for (const struct hk_json *plugin = first_of(catalog, "plugins"); plugin != NULL;
         plugin = plugin->next) {
        const char *of = hk_json_string_at(plugin, "name", "");
        if (!is_of(name, of))
            continue;
        for (const struct hk_json *action = first_of(plugin, "actions"); action != NULL;
             action = action->next) {
            if (strcmp(hk_json_string_at(action, "name", ""), name + strlen(of) + 1) != 0)
                continue;
            *ret_action = action;
            return HK_ACTION_KNOWN;
        }
    }
    for (const struct hk_json *missing = first_of(catalog, "missing"); missing != NULL;
         missing = missing->next) {
        if (is_of(name, hk_json_string(missing) == NULL ? "" : hk_json_string(missing)))
            return HK_ACTION_OF_MISSING;
    }
    return HK_ACTION_UNKNOWN;
}
