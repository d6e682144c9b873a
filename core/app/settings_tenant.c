/*
 * settings_tenant: a tenant's playbooks, plugins, secrets and sources.
 */
#include "app/settings_internal.h"

#include "app/program.h"
#include "base/file.h"
#include "base/id.h"
#include "limits.h"
#include "plugin/grants.h"

#include <limits.h>
#include <string.h>

static const char *const tenant_keys[] = {"playbooks", "plugins", "capabilities", "authority",
    "lists", "protected", "budgets", "dedupe", "lease", "verify", "ready", "heartbeat", "gaps",
    "secrets", "sources", "mappings", "mode", "tuning_until", "authors_decide", "cases", "fallback",
    "login", "url", "channels", "contacts", "notices", "retention", "business_hours", NULL};
static const char *const plugin_keys[] = {"file", "options", "grants", NULL};

struct place {
    struct hk_app_settings *settings;
    const char *data_dir;
    const char *tenant;
    const struct hk_secrets *secrets;
    char path[256]; /* of the key, for errors */
};

/* Lua's empty table may come as a list or as an object. */
static bool is_empty(const struct hk_json *value)
{
    return value->count == 0 && (value->type == HK_JSON_ARRAY || value->type == HK_JSON_OBJECT);
}

static bool is_list(const struct hk_json *value)
{
    return value->type == HK_JSON_ARRAY || is_empty(value);
}

static enum hk_status read_playbook(struct place *place, const struct hk_json *value,
    struct hk_playbook_file *ret_playbook, const char **ret_path, struct hk_error *error)
{
    const char *file = hk_json_string(value);
    const char *path;
    struct hk_buf source;
    enum hk_status status;

    if (file == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected the path of a playbook", place->path);
    status = hk_settings_path(place->settings, file, &path, error);
    if (status != HK_OK)
        return status;
    hk_buf_init(&source, 2 * HK_PLAYBOOK_SIZE_MAX);
    hk_buf_append_text(&source, ""); /* an empty file is an empty text */
    status = hk_file_read(path, HK_PLAYBOOK_SIZE_MAX, HK_FILE_ANY, &source, error);
    if (status == HK_OK) {
        ret_playbook->file = file;
        *ret_path = path;
        ret_playbook->source = hk_buf_take(&source, &ret_playbook->source_size);
        if (ret_playbook->source == NULL)
            status = hk_fail(error, HK_INVALID, "%s is empty", path);
    }
    hk_buf_done(&source);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s", place->path);
}

static enum hk_status read_playbooks(struct place *place, const struct hk_json *list,
    struct hk_tenant_settings *tenant, struct hk_error *error)
{
    unsigned number = 0;
    enum hk_status status = HK_OK;

    if (list == NULL)
        return HK_OK;
    if (!is_list(list))
        return hk_fail(
            error, HK_INVALID, "tenants.%s.playbooks: expected a list of paths", place->tenant);
    tenant->playbooks =
        hk_arena_alloc(&place->settings->arena, (list->count + 1) * sizeof(*tenant->playbooks));
    tenant->playbook_paths = hk_arena_alloc(
        &place->settings->arena, (list->count + 1) * sizeof(*tenant->playbook_paths));
    if (tenant->playbooks == NULL || tenant->playbook_paths == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next) {
        (void)snprintf(
            place->path, sizeof(place->path), "tenants.%s.playbooks[%u]", place->tenant, number++);
        status = read_playbook(place, item, &tenant->playbooks[tenant->setup.playbook_count],
            &tenant->playbook_paths[tenant->setup.playbook_count], error);
        if (status == HK_OK)
            tenant->setup.playbook_count++;
    }
    return status;
}

/* Texts that begin with "./" or "../" are paths from the file's folder. */
static void write_option(/* NOLINT(misc-no-recursion): bounded by the reader */
    struct place *place, struct hk_jw *jw, const struct hk_json *value, bool *in_out_failed)
{
    const char *text = hk_json_string(value);
    const char *path;

    if (text != NULL && (strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0)) {
        if (hk_settings_path(place->settings, text, &path, NULL) != HK_OK)
            *in_out_failed = true;
        else
            hk_jw_string(jw, path);
    } else if (value->type == HK_JSON_OBJECT) {
        hk_jw_object(jw);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
            hk_jw_key(jw, child->key);
            write_option(place, jw, child, in_out_failed);
        }
        hk_jw_object_end(jw);
    } else if (value->type == HK_JSON_ARRAY) {
        hk_jw_array(jw);
        for (const struct hk_json *child = value->first; child != NULL; child = child->next)
            write_option(place, jw, child, in_out_failed);
        hk_jw_array_end(jw);
    } else {
        hk_jw_value(jw, value);
    }
}

static enum hk_status read_options(struct place *place, const struct hk_json *options,
    const char **ret_options, struct hk_error *error)
{
    struct hk_error missing;
    struct hk_buf out;
    struct hk_jw jw;
    bool failed = false;

    *ret_options = "{}";
    if (options == NULL)
        return HK_OK;
    if (options->type != HK_JSON_OBJECT && !is_empty(options))
        return hk_fail(error, HK_INVALID, "%s.options: expected a table", place->path);
    if (options->count == 0)
        return HK_OK;
    if (hk_secrets_check(place->secrets, options, &missing) != HK_OK)
        return hk_fail(error, HK_INVALID, "%s.options: %s", place->path, missing.text);
    hk_buf_init(&out, HK_WIRE_FRAME_SIZE_MAX / 2);
    hk_jw_init(&jw, &out);
    write_option(place, &jw, options, &failed);
    *ret_options =
        out.failed || failed ? NULL : hk_arena_copy(&place->settings->arena, out.data, out.size);
    hk_buf_done(&out);
    if (*ret_options == NULL)
        return hk_fail(error, HK_LIMIT, "%s.options: too large", place->path);
    return HK_OK;
}

static enum hk_status read_grant(
    struct place *place, const char *text, const char **ret_grant, struct hk_error *error)
{
    const char *path;
    char *grant;
    size_t size;
    enum hk_status status;

    *ret_grant = text;
    status = hk_grant_check(text, error);
    if (status != HK_OK)
        return hk_error_prefix(error, "%s.grants", place->path);
    if (strncmp(text, "read:", 5) != 0 || text[5] == '/')
        return HK_OK;
    status = hk_settings_path(place->settings, text + 5, &path, error);
    if (status != HK_OK)
        return status;
    size = strlen(path) + sizeof("read:");
    grant = hk_arena_alloc(&place->settings->arena, size);
    if (grant == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    (void)snprintf(grant, size, "read:%s", path);
    *ret_grant = grant;
    return HK_OK;
}

static enum hk_status read_grants(struct place *place, const struct hk_json *list,
    struct hk_plugin_config *plugin, struct hk_error *error)
{
    const char **grants;
    size_t count = 0;
    enum hk_status status = HK_OK;

    if (list == NULL)
        return HK_OK;
    if (!is_list(list))
        return hk_fail(error, HK_INVALID, "%s.grants: expected a list of texts", place->path);
    grants = hk_arena_alloc(&place->settings->arena, (list->count + 1) * sizeof(*grants));
    if (grants == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next) {
        if (hk_json_string(item) == NULL)
            return hk_fail(error, HK_INVALID, "%s.grants: expected a list of texts", place->path);
        status = read_grant(place, item->text, &grants[count++], error);
    }
    plugin->grants = grants;
    return status;
}

static enum hk_status find_plugin(
    struct place *place, const char *file, struct hk_plugin_config *plugin, struct hk_error *error)
{
    char path[PATH_MAX];

    if (strchr(file, '/') != NULL)
        return hk_settings_path(place->settings, file, &plugin->path, error);
    if (!hk_program_plugin(file, path, sizeof(path)))
        return hk_fail(error, HK_NOT_FOUND,
            "%s.file: there is no plugin %s in plugins/ beside the program", place->path, file);
    plugin->path = hk_arena_copy(&place->settings->arena, path, strlen(path));
    return plugin->path != NULL ? HK_OK : hk_fail(error, HK_NOMEM, "no memory for settings");
}

static enum hk_status read_plugin(struct place *place, const struct hk_json *value,
    struct hk_plugin_config *plugin, struct hk_error *error)
{
    const struct hk_json *file = hk_json_get(value, "file");
    const char *data_dir = place->data_dir != NULL ? place->data_dir : "";
    size_t size = strlen(data_dir) + strlen(place->tenant) + value->key_size + 16;
    char *state_dir;
    enum hk_status status = HK_OK;

    (void)snprintf(
        place->path, sizeof(place->path), "tenants.%s.plugins.%.64s", place->tenant, value->key);
    if (!hk_name_is_valid(value->key))
        return hk_fail(error, HK_INVALID, "%s: this can't be a name", place->path);
    status = hk_settings_keys(value, place->path, plugin_keys, error);
    if (status != HK_OK)
        return status;
    if (file != NULL && (hk_json_string(file) == NULL || file->text_size == 0))
        return hk_fail(error, HK_INVALID, "%s.file: expected a path or a name", place->path);
    plugin->tenant = place->tenant;
    plugin->name = value->key;
    plugin->secrets = place->secrets;
    state_dir = hk_arena_alloc(&place->settings->arena, size);
    if (state_dir == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    (void)snprintf(state_dir, size, "%s/plugins/%s/%s", data_dir, place->tenant, value->key);
    plugin->state_dir = state_dir;
    status = find_plugin(place, file != NULL ? file->text : value->key, plugin, error);
    if (status == HK_OK)
        status = read_options(place, hk_json_get(value, "options"), &plugin->options, error);
    if (status == HK_OK)
        status = read_grants(place, hk_json_get(value, "grants"), plugin, error);
    return status;
}

enum hk_status hk_settings_tenant(struct hk_app_settings *settings, const struct hk_json *tenant,
    const char *data_dir, struct hk_tenant_settings *ret_tenant, struct hk_error *error)
{
    const struct hk_json *plugins = hk_json_get(tenant, "plugins");
    struct place place = {.settings = settings, .data_dir = data_dir, .tenant = tenant->key};
    enum hk_status status;

    (void)snprintf(place.path, sizeof(place.path), "tenants.%.64s", tenant->key);
    if (!hk_name_is_valid(tenant->key))
        return hk_fail(error, HK_INVALID, "%s: this can't be a name", place.path);
    status = hk_settings_keys(tenant, place.path, tenant_keys, error);
    if (status != HK_OK)
        return status;
    ret_tenant->setup.name = tenant->key;
    ret_tenant->setup.config = tenant;
    ret_tenant->setup.url = settings->url;
    status = hk_settings_secrets(
        settings, tenant->key, hk_json_get(tenant, "secrets"), &ret_tenant->secrets, error);
    ret_tenant->setup.secrets = ret_tenant->secrets;
    place.secrets = ret_tenant->secrets;
    if (status == HK_OK)
        status = hk_settings_mappings(
            settings, tenant->key, hk_json_get(tenant, "mappings"), ret_tenant, error);
    if (status == HK_OK)
        status = hk_settings_sources(
            settings, tenant->key, hk_json_get(tenant, "sources"), ret_tenant, error);
    if (status == HK_OK)
        status = read_playbooks(&place, hk_json_get(tenant, "playbooks"), ret_tenant, error);
    ret_tenant->setup.playbooks = ret_tenant->playbooks;
    if (status != HK_OK || plugins == NULL || is_empty(plugins))
        return status;
    if (plugins->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "tenants.%s.plugins: expected a table", tenant->key);
    ret_tenant->plugins =
        hk_arena_alloc(&settings->arena, plugins->count * sizeof(*ret_tenant->plugins));
    ret_tenant->setup.plugins = ret_tenant->plugins;
    if (ret_tenant->plugins == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *plugin = plugins->first; plugin != NULL && status == HK_OK;
         plugin = plugin->next) {
        status = read_plugin(
            &place, plugin, &ret_tenant->plugins[ret_tenant->setup.plugin_count], error);
        ret_tenant->setup.plugin_count++;
    }
    return status;
}
