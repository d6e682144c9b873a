/*
 * settings_sources: where a tenant's alerts come from beside what is posted; see
 * sdk/docs/sources.md. One reader for each kind.
 */
#ifndef HK_APP_SETTINGS_SOURCES_H
#define HK_APP_SETTINGS_SOURCES_H

#include "app/settings_internal.h"

/* One source that is being read. */
struct hk_source_place {
    struct hk_app_settings *settings;
    const struct hk_secrets *secrets; /* the tenant's; may be NULL */
    const struct hk_products *products;
    char path[256]; /* of its key, for errors */
};

/* The text of a key; *ret_text stays as it is when the key isn't there. */
HK_MUST_CHECK enum hk_status hk_place_text(const struct hk_source_place *place,
    const struct hk_json *table, const char *key, const char **ret_text, struct hk_error *error);
/* The same for the path of a file, made absolute. */
HK_MUST_CHECK enum hk_status hk_place_file(const struct hk_source_place *place,
    const struct hk_json *table, const char *key, const char **ret_path, struct hk_error *error);

HK_MUST_CHECK enum hk_status hk_settings_file(const struct hk_source_place *place,
    const struct hk_json *table, struct hk_file_config *config, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_settings_syslog(const struct hk_source_place *place,
    const struct hk_json *table, struct hk_syslog_config *config, struct hk_error *error);
HK_MUST_CHECK enum hk_status hk_settings_webhook(const struct hk_source_place *place,
    const struct hk_json *table, struct hk_webhook_config *config, struct hk_error *error);

#endif
