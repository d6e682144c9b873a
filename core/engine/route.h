/*
 * route: does a playbook want this alert? Pure.
 */
#ifndef HK_ENGINE_ROUTE_H
#define HK_ENGINE_ROUTE_H

#include "engine/objects.h"

/* Does any trigger of the playbook match the view? */
bool hk_route_matches(const struct hk_playbook *playbook, const struct hk_json *view);

#endif
