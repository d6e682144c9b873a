/*
 * tenant: what belongs to one customer: playbooks, bindings, budgets.
 */
#ifndef HK_ENGINE_TENANT_H
#define HK_ENGINE_TENANT_H

#include "engine/objects.h"

struct hk_tenant_state *hk_tenant_of(const struct hk_engine *engine, hk_tenant number);
/* The plugin action that a playbook's name means, through the tenant's capabilities; NULL. */
const struct hk_action_info *hk_tenant_action(const struct hk_engine *engine,
    const struct hk_tenant_state *tenant, const char *name, const char **ret_capability);
unsigned hk_spent_last_hour(
    const struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us);
void hk_spent_add(struct hk_tenant_state *tenant, enum hk_kind_of_action kind, int64_t now_us);
void hk_tenants_free(struct hk_engine *engine);
/* Record the descriptor of a plugin that has been loaded. */
void hk_tenant_plugin_loaded(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *plugin);

#endif
