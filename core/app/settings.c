/*
 * settings: see settings.h. settings_tenant.c reads a tenant's part.
 */
#include "app/settings_internal.h"

#include "base/file.h"
#include "limits.h"
#include "script/config.h"
#include "script/config_where.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_SIZE_MAX = 1024 * 1024, ARENA_SIZE_MAX = 256 * 1024 * 1024 };

static const char *const top_keys[] = {"listen", "url", "tls", "socket", "checkpoint_sink",
    "provider", "search", "log_level", "log_format", "tenants", NULL};

enum hk_status hk_settings_keys(
    const struct hk_json *table, const char *path, const char *const *keys, struct hk_error *error)
{
    if (table->type != HK_JSON_OBJECT && !(table->type == HK_JSON_ARRAY && table->count == 0))
        return hk_fail(error, HK_INVALID, "%s: expected a table", path);
    for (const struct hk_json *child = table->first; child != NULL; child = child->next) {
        const char *const *key = keys;
        while (*key != NULL && strcmp(*key, child->key) != 0)
            key++;
        if (*key == NULL)
            return hk_fail(error, HK_INVALID, "%s%s%.64s: there is no such key", path,
                path[0] != '\0' ? "." : "", child->key);
    }
    return HK_OK;
}

enum hk_status hk_settings_path(struct hk_app_settings *settings, const char *text,
    const char **ret_path, struct hk_error *error)
{
    size_t size = strlen(settings->folder) + strlen(text) + 2;
    char *path;

    if (text[0] == '/') {
        *ret_path = text;
        return HK_OK;
    }
    path = hk_arena_alloc(&settings->arena, size);
    if (path == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    (void)snprintf(path, size, "%s/%s", settings->folder, text);
    *ret_path = path;
    return HK_OK;
}

/* The place of a word among those allowed (NULL-ended); absent: the fallback. */
static enum hk_status read_word(const struct hk_json *root, const char *key,
    const char *const *words, unsigned fallback, unsigned *ret_index, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(root, key);
    const char *text = value != NULL ? hk_json_string(value) : words[fallback];
    char list[128] = "";

    for (unsigned i = 0; words[i] != NULL; i++) {
        if (text != NULL && strcmp(words[i], text) == 0) {
            *ret_index = i;
            return HK_OK;
        }
        (void)snprintf(
            list + strlen(list), sizeof(list) - strlen(list), "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return hk_fail(error, HK_INVALID, "%s: must be one of %s", key, list);
}

static enum hk_status read_log(struct hk_app_settings *settings, struct hk_error *error)
{
    static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
    static const char *const formats[] = {"text", "json", "journal", NULL};
    unsigned level = HK_LOG_INFO;
    unsigned format = HK_LOG_TEXT;
    enum hk_status status =
        read_word(settings->doc.root, "log_level", levels, HK_LOG_INFO, &level, error);

    if (status == HK_OK)
        status = read_word(settings->doc.root, "log_format", formats, HK_LOG_TEXT, &format, error);
    settings->log_level = (enum hk_log_level)level;
    settings->log_format = (enum hk_log_format)format;
    return status;
}

static enum hk_status read_top(struct hk_app_settings *settings, struct hk_error *error)
{
    const struct hk_json *root = settings->doc.root;
    const struct hk_json *socket = hk_json_get(root, "socket");
    enum hk_status status = hk_settings_keys(root, "", top_keys, error);

    if (status != HK_OK)
        return status;
    status = hk_settings_listen(settings, error);
    if (status != HK_OK)
        return status;
    settings->has_socket = true;
    if (socket != NULL && !hk_json_bool(socket, &settings->has_socket))
        return hk_fail(error, HK_INVALID, "socket: expected true or false");
    settings->has_search = true;
    if (hk_json_get(root, "search") != NULL &&
        !hk_json_bool(hk_json_get(root, "search"), &settings->has_search))
        return hk_fail(error, HK_INVALID, "search: expected true or false");
    status = hk_settings_sinks(settings, error);
    if (status == HK_OK)
        status = read_log(settings, error);
    return status;
}

/* One of the tenants, by name. */
static enum hk_status read_provider(struct hk_app_settings *settings, struct hk_error *error)
{
    const struct hk_json *provider = hk_json_get(settings->doc.root, "provider");

    if (provider == NULL)
        return HK_OK;
    settings->provider = hk_json_string(provider);
    for (size_t i = 0; i < settings->tenant_count && settings->provider != NULL; i++)
        if (strcmp(settings->tenants[i].setup.name, settings->provider) == 0)
            return HK_OK;
    return hk_fail(error, HK_INVALID, "provider: expected the name of one of the tenants");
}

static enum hk_status read_tenants(
    struct hk_app_settings *settings, const char *data_dir, struct hk_error *error)
{
    const struct hk_json *tenants = hk_json_get(settings->doc.root, "tenants");
    enum hk_status status = HK_OK;

    if (tenants == NULL || tenants->type != HK_JSON_OBJECT || tenants->count == 0)
        return hk_fail(error, HK_INVALID, "tenants: expected a table with at least one tenant");
    settings->tenants =
        hk_arena_alloc(&settings->arena, tenants->count * sizeof(*settings->tenants));
    if (settings->tenants == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *tenant = tenants->first; tenant != NULL && status == HK_OK;
         tenant = tenant->next)
        status = hk_settings_tenant(
            settings, tenant, data_dir, &settings->tenants[settings->tenant_count++], error);
    return status == HK_OK ? read_provider(settings, error) : status;
}

static enum hk_status take_file(
    struct hk_app_settings *settings, const char *file, struct hk_error *error)
{
    const char *slash = strrchr(file, '/');
    char here[4096] = "";
    struct hk_buf folder;

    hk_buf_init(&folder, sizeof(here) * 2);
    if (file[0] != '/') {
        if (getcwd(here, sizeof(here)) == NULL)
            return hk_fail(error, HK_IO, "cannot tell the current folder: %s", strerror(errno));
        hk_buf_appendf(&folder, "%s%s", here, slash != NULL ? "/" : "");
    }
    if (slash != NULL)
        hk_buf_append(&folder, file, (size_t)(slash - file));
    settings->file = hk_arena_copy(&settings->arena, file, strlen(file));
    settings->folder = folder.failed ? NULL
                                     : hk_arena_copy(&settings->arena,
                                           folder.data != NULL ? folder.data : "", folder.size);
    hk_buf_done(&folder);
    if (settings->file == NULL || settings->folder == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    return HK_OK;
}

static enum hk_status read_settings(const char *json, size_t size, const char *file,
    const char *data_dir, struct hk_app_settings *settings, struct hk_error *error)
{
    enum hk_status status;

    memset(settings, 0, sizeof(*settings));
    hk_arena_init(&settings->arena, ARENA_SIZE_MAX);
    status = take_file(settings, file, error);
    if (status == HK_OK)
        status = hk_json_parse(json, size, &hk_json_limits_own, &settings->doc, error);
    if (status == HK_OK)
        status = read_top(settings, error);
    if (status == HK_OK)
        status = read_tenants(settings, data_dir, error);
    if (status == HK_OK)
        status = hk_settings_sources_check(settings, error);
    return status;
}

void hk_app_settings_locate(const struct hk_app_settings *settings, struct hk_error *error)
{
    unsigned line = 0;

    if (error == NULL)
        return;
    if (settings->source != NULL)
        line = hk_config_line(settings->source, strlen(settings->source), error->text);
    if (line > 0)
        (void)hk_error_prefix(error, "%s:%u", settings->file, line);
    else
        (void)hk_error_prefix(error, "%s", settings->file);
}

enum hk_status hk_app_settings_read(const char *json, size_t size, const char *file,
    const char *data_dir, struct hk_app_settings *ret_settings, struct hk_error *error)
{
    enum hk_status status = read_settings(json, size, file, data_dir, ret_settings, error);

    if (status != HK_OK)
        hk_app_settings_locate(ret_settings, error);
    return status;
}

enum hk_status hk_app_settings_load(const char *file, const char *data_dir,
    struct hk_app_settings *ret_settings, struct hk_error *error)
{
    const char *slash = strrchr(file, '/');
    struct hk_buf source;
    struct hk_buf json;
    enum hk_status status;

    memset(ret_settings, 0, sizeof(*ret_settings));
    hk_buf_init(&source, 2 * CONFIG_SIZE_MAX);
    hk_buf_init(&json, 4 * CONFIG_SIZE_MAX);
    status = hk_file_read(file, CONFIG_SIZE_MAX, HK_FILE_ANY, &source, error);
    if (status == HK_OK)
        status = hk_config_eval(source.data != NULL ? source.data : "", source.size,
            slash != NULL ? slash + 1 : file, &json, error);
    if (status == HK_OK)
        status = read_settings(json.data, json.size, file, data_dir, ret_settings, error);
    if (ret_settings->file != NULL && source.data != NULL)
        ret_settings->source =
            hk_arena_copy(&ret_settings->arena, source.data, strlen(source.data));
    if (status != HK_OK && ret_settings->file != NULL)
        hk_app_settings_locate(ret_settings, error);
    hk_buf_done(&json);
    hk_buf_done(&source);
    return status;
}

void hk_app_settings_done(struct hk_app_settings *settings)
{
    for (size_t t = 0; t < settings->tenant_count; t++) {
        struct hk_tenant_settings *tenant = &settings->tenants[t];
        for (size_t i = 0; i < tenant->setup.playbook_count; i++)
            free((char *)tenant->playbooks[i].source);
        hk_products_free(tenant->products);
        hk_secrets_free(tenant->secrets);
    }
    settings->tenant_count = 0;
    hk_products_free(settings->products);
    settings->products = NULL;
    hk_json_doc_done(&settings->doc);
    hk_arena_done(&settings->arena);
}
