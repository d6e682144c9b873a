/*
 * settings_secrets: the files in which a tenant's secrets are.
 */
#include "app/settings_internal.h"

#include "base/file.h"
#include "base/id.h"
#include "limits.h"

#include <string.h>

static enum hk_status read_secret(struct hk_app_settings *settings, const char *place,
    const struct hk_json *item, struct hk_secrets *secrets, struct hk_error *error)
{
    const char *path = NULL;
    struct hk_buf value;
    enum hk_status status;

    if (hk_json_string(item) == NULL)
        return hk_fail(error, HK_INVALID, "%s: expected the path of a file", place);
    status = hk_settings_path(settings, item->text, &path, error);
    if (status != HK_OK)
        return status;
    hk_buf_init(&value, 2 * HK_SECRET_SIZE_MAX);
    /* Who else may read the file knows the secret. */
    status = hk_file_read(path, HK_SECRET_SIZE_MAX, HK_FILE_PRIVATE, &value, error);
    /* Editors end a file with a line's end, which is no part of the secret. */
    while (status == HK_OK && value.size > 0 &&
           (value.data[value.size - 1] == '\n' || value.data[value.size - 1] == '\r'))
        value.data[--value.size] = '\0';
    if (status == HK_OK && (value.size == 0 || memchr(value.data, '\0', value.size) != NULL))
        status = hk_fail(error, HK_INVALID, "%s holds no text", path);
    if (status == HK_OK)
        status = hk_secrets_put(secrets, item->key, value.data, value.size, error);
    if (value.data != NULL)
        explicit_bzero(value.data, value.size);
    hk_buf_done(&value);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "%s", place);
}

enum hk_status hk_settings_secrets(struct hk_app_settings *settings, const char *tenant,
    const struct hk_json *table, struct hk_secrets **ret_secrets, struct hk_error *error)
{
    char place[256];
    enum hk_status status;

    *ret_secrets = NULL;
    if (table == NULL)
        return HK_OK;
    if (table->type != HK_JSON_OBJECT && table->count != 0)
        return hk_fail(error, HK_INVALID, "tenants.%s.secrets: expected a table", tenant);
    status = hk_secrets_new(ret_secrets, error);
    for (const struct hk_json *item = table->first; item != NULL && status == HK_OK;
         item = item->next) {
        (void)snprintf(place, sizeof(place), "tenants.%s.secrets.%.64s", tenant, item->key);
        if (!hk_name_is_valid(item->key))
            status = hk_fail(error, HK_INVALID, "%s: this can't be a name", place);
        else
            status = read_secret(settings, place, item, *ret_secrets, error);
    }
    return status;
}
