/*
 * settings_sources: the table `sources` of a tenant, and files; see settings_sources.h.
 */
#include "app/settings_sources.h"

#include "base/id.h"
#include "limits.h"

#include <limits.h>
#include <string.h>

static const char *const file_keys[] = {"kind", "path", "start", "product", "zone", NULL};

enum hk_status hk_place_text(const struct hk_source_place *place, const struct hk_json *table,
    const char *key, const char **ret_text, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(table, key);

    if (value == NULL)
        return HK_OK;
    if (hk_json_string(value) == NULL || value->text_size == 0)
        return hk_fail(error, HK_INVALID, "%s.%s: expected a text", place->path, key);
    *ret_text = value->text;
    return HK_OK;
}

enum hk_status hk_place_file(const struct hk_source_place *place, const struct hk_json *table,
    const char *key, const char **ret_path, struct hk_error *error)
{
    const char *text = NULL;
    enum hk_status status = hk_place_text(place, table, key, &text, error);

    if (status != HK_OK || text == NULL)
        return status;
    status = hk_settings_path(place->settings, text, ret_path, error);
    if (status == HK_OK && strlen(*ret_path) >= PATH_MAX)
        return hk_fail(error, HK_LIMIT, "%s.%s: this path is too long", place->path, key);
    return status;
}

enum hk_status hk_settings_file(const struct hk_source_place *place, const struct hk_json *table,
    struct hk_file_config *config, struct hk_error *error)
{
    const char *start = "begin";
    enum hk_status status = hk_settings_keys(table, place->path, file_keys, error);

    if (status == HK_OK)
        status = hk_place_file(place, table, "path", &config->path, error);
    if (status == HK_OK && config->path == NULL)
        status = hk_fail(error, HK_INVALID, "%s.path: expected the path of a file", place->path);
    if (status == HK_OK)
        status = hk_place_text(place, table, "start", &start, error);
    if (status != HK_OK)
        return status;
    if (strcmp(start, "begin") != 0 && strcmp(start, "end") != 0)
        return hk_fail(error, HK_INVALID, "%s.start: must be one of begin, end", place->path);
    config->start = start[0] == 'b' ? HK_FILE_START_BEGIN : HK_FILE_START_END;
    return HK_OK;
}

static int two_digits(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9'
               ? (text[0] - '0') * 10 + text[1] - '0'
               : -1;
}

/* "+09:00" as minutes. */
static enum hk_status read_zone(const struct hk_source_place *place, const struct hk_json *table,
    int *ret_offset_min, struct hk_error *error)
{
    const char *text = "+00:00";
    int hours = -1;
    int minutes = -1;
    enum hk_status status = hk_place_text(place, table, "zone", &text, error);

    if (status != HK_OK)
        return status;
    if (strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
        hours = two_digits(text + 1);
        minutes = two_digits(text + 4);
    }
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return hk_fail(error, HK_INVALID, "%s.zone: expected an offset from UTC such as \"+09:00\"",
            place->path);
    *ret_offset_min = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return HK_OK;
}

static enum hk_status read_kind(const struct hk_source_place *place, const struct hk_json *table,
    enum hk_source_kind *ret_kind, struct hk_error *error)
{
    const char *kind = hk_json_string(hk_json_get(table, "kind"));

    for (int i = HK_SOURCE_SYSLOG; i <= HK_SOURCE_WEBHOOK; i++) {
        if (kind != NULL && strcmp(kind, hk_source_kind_text((enum hk_source_kind)i)) == 0) {
            *ret_kind = (enum hk_source_kind)i;
            return HK_OK;
        }
    }
    return hk_fail(error, HK_INVALID, "%s.kind: must be one of syslog, file, webhook", place->path);
}

static enum hk_status read_source(const struct hk_source_place *place, const struct hk_json *table,
    struct hk_source_config *config, struct hk_error *error)
{
    enum hk_status status;

    config->name = table->key;
    if (!hk_name_is_valid(table->key) || table->key_size > HK_SOURCE_NAME_MAX)
        return hk_fail(error, HK_INVALID, "%s: this can't be a source's name", place->path);
    if (table->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "%s: expected a table", place->path);
    status = read_kind(place, table, &config->kind, error);
    if (status != HK_OK)
        return status;
    switch (config->kind) {
    case HK_SOURCE_SYSLOG:
        status = hk_settings_syslog(place, table, &config->syslog, error);
        break;
    case HK_SOURCE_FILE:
        status = hk_settings_file(place, table, &config->file, error);
        break;
    case HK_SOURCE_WEBHOOK:
        status = hk_settings_webhook(place, table, &config->webhook, error);
        break;
    }
    if (status == HK_OK)
        status = hk_place_text(place, table, "product", &config->product, error);
    if (status == HK_OK && config->product != NULL &&
        !hk_products_has(place->products, config->product))
        return hk_fail(error, HK_INVALID,
            "%s.product: there is no mapping of this form or product: \"%.60s\"", place->path,
            config->product);
    if (status == HK_OK)
        status = read_zone(place, table, &config->utc_offset_min, error);
    return status;
}

enum hk_status hk_settings_sources(struct hk_app_settings *settings, const char *tenant,
    const struct hk_json *table, struct hk_tenant_settings *ret_tenant, struct hk_error *error)
{
    struct hk_source_place place = {.settings = settings,
        .secrets = ret_tenant->secrets,
        .products = ret_tenant->products != NULL ? ret_tenant->products : settings->products};
    enum hk_status status = HK_OK;

    if (table == NULL || table->count == 0)
        return HK_OK;
    if (table->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "tenants.%s.sources: expected a table", tenant);
    ret_tenant->sources =
        hk_arena_alloc(&settings->arena, table->count * sizeof(*ret_tenant->sources));
    if (ret_tenant->sources == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *item = table->first; item != NULL && status == HK_OK;
         item = item->next) {
        struct hk_source_config *config = &ret_tenant->sources[ret_tenant->source_count++];
        (void)snprintf(
            place.path, sizeof(place.path), "tenants.%s.sources.%.64s", tenant, item->key);
        config->tenant = tenant;
        status = read_source(&place, item, config, error);
    }
    return status;
}

/* The webhook of this name that answers at the short path; NULL: there is none. */
static const struct hk_source_config *find_short(
    const struct hk_app_settings *settings, size_t tenant_count, const char *name)
{
    for (size_t t = 0; t < tenant_count; t++) {
        const struct hk_tenant_settings *tenant = &settings->tenants[t];
        for (size_t i = 0; i < tenant->source_count; i++) {
            const struct hk_source_config *config = &tenant->sources[i];
            if (config->kind == HK_SOURCE_WEBHOOK && config->webhook.is_short &&
                strcmp(config->name, name) == 0)
                return config;
        }
    }
    return NULL;
}

enum hk_status hk_settings_sources_check(
    const struct hk_app_settings *settings, struct hk_error *error)
{
    size_t count = 0;

    for (size_t t = 0; t < settings->tenant_count; t++) {
        const struct hk_tenant_settings *tenant = &settings->tenants[t];
        count += tenant->source_count;
        for (size_t i = 0; i < tenant->source_count; i++) {
            const struct hk_source_config *config = &tenant->sources[i];
            const struct hk_source_config *other = NULL;
            if (config->kind == HK_SOURCE_WEBHOOK && config->webhook.is_short)
                other = find_short(settings, t, config->name);
            if (other != NULL)
                return hk_fail(error, HK_INVALID,
                    "tenants.%s.sources.%s: tenant %s has a webhook of this name too, so that "
                    "/v1/intake/%s would be either; rename one, or give it short_path = false and "
                    "use /v1/intake/%s/%s",
                    config->tenant, config->name, other->tenant, config->name, config->tenant,
                    config->name);
        }
    }
    if (count > HK_SOURCES_MAX)
        return hk_fail(error, HK_LIMIT, "tenants: there are %zu sources; %d are the most", count,
            HK_SOURCES_MAX);
    return HK_OK;
}
