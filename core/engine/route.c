/*
 * route: see route.h.
 */
#include "engine/route.h"
#include "script/trigger.h"

bool hk_route_matches(const struct hk_playbook *playbook, const struct hk_json *view)
{
    return hk_trigger_matches(playbook->descriptor.root, view);
}
