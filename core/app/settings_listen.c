/*
 * settings_listen: where the engine listens, with which certificate, and by which address people
 * reach it.
 */
#include "app/settings_internal.h"

#include "loop/http_server.h"

#include <string.h>

static const char *const tls_keys[] = {"cert", "key", "client_ca", "plain", NULL};

/* A path of the table tls; *ret_path stays NULL when the key isn't there. */
static enum hk_status read_path(struct hk_app_settings *settings, const struct hk_json *tls,
    const char *key, const char **ret_path, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(tls, key);

    if (value == NULL)
        return HK_OK;
    if (hk_json_string(value) == NULL || value->text_size == 0)
        return hk_fail(error, HK_INVALID, "tls.%s: expected the path of a file", key);
    return hk_settings_path(settings, value->text, ret_path, error);
}

static enum hk_status read_tls(
    struct hk_app_settings *settings, const struct hk_json *tls, struct hk_error *error)
{
    const struct hk_json *plain = hk_json_get(tls, "plain");
    struct hk_app_tls *found = &settings->tls;
    enum hk_status status = hk_settings_keys(tls, "tls", tls_keys, error);

    if (status == HK_OK)
        status = read_path(settings, tls, "cert", &found->cert_file, error);
    if (status == HK_OK)
        status = read_path(settings, tls, "key", &found->key_file, error);
    if (status == HK_OK)
        status = read_path(settings, tls, "client_ca", &found->client_ca_file, error);
    if (status != HK_OK)
        return status;
    if (found->cert_file == NULL || found->key_file == NULL)
        return hk_fail(error, HK_INVALID, "tls: needs cert and key, the paths of two files");
    if (plain == NULL)
        return HK_OK;
    found->plain = hk_json_string(plain);
    if (found->plain == NULL || !hk_http_address_is_local(found->plain))
        return hk_fail(error, HK_INVALID,
            "tls.plain: expected a loopback address such as \"127.0.0.1:8686\": what leaves the "
            "machine is encrypted");
    return HK_OK;
}

/* "https://soc.example:8443": no path, since cookies and links begin at the root. */
static bool url_is_good(const char *url)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : "";

    return host[0] != '\0' && strlen(url) < HK_APP_URL_SIZE &&
           host[strspn(host,
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]")] == '\0';
}

enum hk_status hk_settings_listen(struct hk_app_settings *settings, struct hk_error *error)
{
    const struct hk_json *root = settings->doc.root;
    const struct hk_json *listen = hk_json_get(root, "listen");
    const struct hk_json *url = hk_json_get(root, "url");
    const struct hk_json *tls = hk_json_get(root, "tls");

    settings->listen = listen != NULL ? hk_json_string(listen) : "127.0.0.1:8686";
    if (settings->listen == NULL)
        return hk_fail(error, HK_INVALID, "listen: expected a text such as \"127.0.0.1:8686\"");
    if (url != NULL) {
        settings->url = hk_json_string(url);
        if (settings->url == NULL || !url_is_good(settings->url))
            return hk_fail(error, HK_INVALID,
                "url: expected where people reach the pages, such as \"https://soc.example:8443\"");
    }
    return tls != NULL ? read_tls(settings, tls, error) : HK_OK;
}

enum hk_status hk_app_tls_new(
    const struct hk_app_settings *settings, struct hk_tls **ret_tls, struct hk_error *error)
{
    const struct hk_app_tls *from = &settings->tls;
    const struct hk_tls_options options = {.cert_file = from->cert_file,
        .key_file = from->key_file,
        .client_ca_file = from->client_ca_file,
        .protocol = "http/1.1"};

    *ret_tls = NULL;
    return from->cert_file != NULL ? hk_tls_new(&options, ret_tls, error) : HK_OK;
}
