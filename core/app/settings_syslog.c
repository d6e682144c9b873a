/*
 * settings_syslog: a source of kind syslog.
 */
#include "app/settings_sources.h"

#include "limits.h"
#include "loop/stream.h"

#include <string.h>

static const char *const syslog_keys[] = {"kind", "listen", "from", "product", "zone", NULL};
static const char *const listen_keys[] = {"udp", "tcp", "tls", "cert", "key", "client_ca", NULL};

static enum hk_status read_address(const struct hk_source_place *place, const struct hk_json *table,
    const char *key, const char **ret_address, struct hk_error *error)
{
    enum hk_status status = hk_place_text(place, table, key, ret_address, error);

    if (status != HK_OK || *ret_address == NULL)
        return status;
    if (!hk_stream_address_is_good(*ret_address))
        return hk_fail(error, HK_INVALID,
            "%s.%s: expected an address such as \"0.0.0.0:5514\" or \"[::]:5514\"", place->path,
            key);
    return HK_OK;
}

static enum hk_status read_listen(struct hk_source_place place, const struct hk_json *listen,
    struct hk_syslog_config *config, struct hk_error *error)
{
    size_t size = strlen(place.path);
    enum hk_status status;

    (void)snprintf(place.path + size, sizeof(place.path) - size, ".listen");
    if (listen == NULL)
        return hk_fail(error, HK_INVALID,
            "%s: expected a table with one of udp, tcp and tls, each an address", place.path);
    status = hk_settings_keys(listen, place.path, listen_keys, error);
    if (status == HK_OK)
        status = read_address(&place, listen, "udp", &config->udp, error);
    if (status == HK_OK)
        status = read_address(&place, listen, "tcp", &config->tcp, error);
    if (status == HK_OK)
        status = read_address(&place, listen, "tls", &config->tls, error);
    if (status == HK_OK)
        status = hk_place_file(&place, listen, "cert", &config->cert_file, error);
    if (status == HK_OK)
        status = hk_place_file(&place, listen, "key", &config->key_file, error);
    if (status == HK_OK)
        status = hk_place_file(&place, listen, "client_ca", &config->client_ca_file, error);
    if (status != HK_OK)
        return status;
    if (config->udp == NULL && config->tcp == NULL && config->tls == NULL)
        return hk_fail(error, HK_INVALID, "%s: there must be one of udp, tcp and tls", place.path);
    if ((config->tls != NULL) != (config->cert_file != NULL) ||
        (config->tls != NULL) != (config->key_file != NULL) ||
        (config->tls == NULL && config->client_ca_file != NULL))
        return hk_fail(error, HK_INVALID,
            "%s: tls needs cert and key, the paths of two files, and they need tls", place.path);
    return HK_OK;
}

static enum hk_status read_from(const struct hk_source_place *place, const struct hk_json *list,
    struct hk_syslog_config *config, struct hk_error *error)
{
    struct hk_ip_range *ranges;
    size_t count = 0;

    if (list == NULL)
        return HK_OK;
    if (list->count == 0 || !hk_json_is_texts(list))
        return hk_fail(error, HK_INVALID,
            "%s.from: expected a list of addresses and ranges such as \"192.0.2.0/24\"",
            place->path);
    ranges = hk_arena_alloc(&place->settings->arena, list->count * sizeof(*ranges));
    if (ranges == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for settings");
    for (const struct hk_json *item = list->first; item != NULL; item = item->next, count++) {
        enum hk_status status = hk_ip_range_parse(item->text, &ranges[count], error);
        if (status != HK_OK) {
            (void)hk_error_prefix(error, "%s.from[%zu]", place->path, count);
            return status;
        }
    }
    config->from = ranges;
    config->from_count = count;
    return HK_OK;
}

enum hk_status hk_settings_syslog(const struct hk_source_place *place, const struct hk_json *table,
    struct hk_syslog_config *config, struct hk_error *error)
{
    enum hk_status status = hk_settings_keys(table, place->path, syslog_keys, error);

    if (status == HK_OK)
        status = read_listen(*place, hk_json_get(table, "listen"), config, error);
    if (status == HK_OK)
        status = read_from(place, hk_json_get(table, "from"), config, error);
    return status;
}
