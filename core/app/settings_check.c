/*
 * settings_check: everything that a start would refuse, without starting anything.
 */
#include "app/settings.h"
#include "base/file.h"
#include "limits.h"
#include "plugin/elfnote.h"

static enum hk_status check_plugin(const struct hk_plugin_config *plugin, struct hk_error *error)
{
    struct hk_buf bytes;
    enum hk_status status;

    hk_buf_init(&bytes, HK_PLUGIN_FILE_SIZE_MAX + 65536);
    status = hk_file_read(plugin->path, HK_PLUGIN_FILE_SIZE_MAX, HK_FILE_ANY, &bytes, error);
    if (status == HK_OK)
        status = hk_elfnote_check(bytes.data != NULL ? bytes.data : "", bytes.size, error);
    hk_buf_done(&bytes);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "plugins.%s", plugin->name);
}

static enum hk_status check_tenant(const struct hk_tenant_settings *tenant, struct hk_error *error)
{
    enum hk_status status = hk_engine_tenant_check(&tenant->setup, error);

    for (size_t i = 0; i < tenant->setup.plugin_count && status == HK_OK; i++) {
        status = check_plugin(&tenant->plugins[i], error);
        if (status != HK_OK)
            (void)hk_error_prefix(error, "tenants.%s", tenant->setup.name);
    }
    return status;
}

enum hk_status hk_app_settings_check(const char *file, const char *data_dir,
    struct hk_app_settings *ret_settings, struct hk_error *error)
{
    struct hk_tls *tls = NULL;
    enum hk_status status = hk_app_settings_load(file, data_dir, ret_settings, error);

    if (status == HK_OK)
        status = hk_app_tls_new(ret_settings, &tls, error);
    hk_tls_free(tls);
    for (size_t i = 0; i < ret_settings->tenant_count && status == HK_OK; i++) {
        status = check_tenant(&ret_settings->tenants[i], error);
        if (status != HK_OK)
            hk_app_settings_locate(ret_settings, error);
    }
    return status;
}
