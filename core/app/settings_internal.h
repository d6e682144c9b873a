/*
 * settings_internal: what settings.c and settings_tenant.c share.
 */
#ifndef HK_APP_SETTINGS_INTERNAL_H
#define HK_APP_SETTINGS_INTERNAL_H

#include "app/settings.h"

#include <stdio.h>

/* Refuse keys that aren't in the list, by their path. An empty table may come as a list. */
HK_MUST_CHECK enum hk_status hk_settings_keys(
    const struct hk_json *table, const char *path, const char *const *keys, struct hk_error *error);
/* Make a path absolute, from the file's folder. */
HK_MUST_CHECK enum hk_status hk_settings_path(struct hk_app_settings *settings, const char *text,
    const char **ret_path, struct hk_error *error);
/* listen, url and tls. */
HK_MUST_CHECK enum hk_status hk_settings_listen(
    struct hk_app_settings *settings, struct hk_error *error);
/* checkpoint_sink. */
HK_MUST_CHECK enum hk_status hk_settings_sinks(
    struct hk_app_settings *settings, struct hk_error *error);
/* Read the files that a tenant's table names; NULL is no table and no secrets. The caller frees
 * *ret_secrets in every case. */
HK_MUST_CHECK enum hk_status hk_settings_secrets(struct hk_app_settings *settings,
    const char *tenant, const struct hk_json *table, struct hk_secrets **ret_secrets,
    struct hk_error *error);
/* A tenant's table of sources (NULL is none), once its secrets are read. */
HK_MUST_CHECK enum hk_status hk_settings_sources(struct hk_app_settings *settings,
    const char *tenant, const struct hk_json *table, struct hk_tenant_settings *ret_tenant,
    struct hk_error *error);
/* A tenant's list of mappings (NULL is none): files that are read and checked. */
HK_MUST_CHECK enum hk_status hk_settings_mappings(struct hk_app_settings *settings,
    const char *tenant, const struct hk_json *list, struct hk_tenant_settings *ret_tenant,
    struct hk_error *error);
/* What can only be told when all tenants' are known. */
HK_MUST_CHECK enum hk_status hk_settings_sources_check(
    const struct hk_app_settings *settings, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_settings_tenant(struct hk_app_settings *settings,
    const struct hk_json *tenant, const char *data_dir, struct hk_tenant_settings *ret_tenant,
    struct hk_error *error);

#endif
