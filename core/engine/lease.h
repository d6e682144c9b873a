/*
 * lease: containments end: by a person, by time, or where a release was left off.
 */
#ifndef HK_ENGINE_LEASE_H
#define HK_ENGINE_LEASE_H

#include "engine/objects.h"

void hk_lease_due(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *containment);
void hk_lease_list(struct hk_engine *engine, hk_tenant tenant, const char *containment);
/* Take up those that are listed. */
void hk_leases_recover(struct hk_engine *engine);
void hk_lease_call_ended(
    struct hk_release *release, enum hk_call_mode mode, enum hk_call_end end, const char *text);

#endif
