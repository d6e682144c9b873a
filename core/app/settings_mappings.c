/*
 * settings_mappings: the files of mappings that a tenant brings (sdk/docs/mapping.md).
 */
#include "app/settings_internal.h"

#include "base/file.h"
#include "limits.h"

#include <stdlib.h>
#include <string.h>

static enum hk_status read_one(struct hk_app_settings *settings, const struct hk_json *item,
    struct hk_buf *text, struct hk_mapping_file *ret_file, struct hk_error *error)
{
    const char *path = NULL;
    enum hk_status status = hk_settings_path(settings, item->text, &path, error);

    if (status == HK_OK)
        status = hk_file_read(path, HK_MAPPING_SIZE_MAX, HK_FILE_ANY, text, error);
    *ret_file = (struct hk_mapping_file){
        .name = item->text, .text = text->data != NULL ? text->data : "", .size = text->size};
    return status;
}

static enum hk_status read_all(struct hk_app_settings *settings, const struct hk_json *list,
    struct hk_products **ret_products, struct hk_error *error)
{
    struct hk_mapping_file *files = calloc(list->count, sizeof(*files));
    struct hk_buf *texts = calloc(list->count, sizeof(*texts));
    size_t count = 0;
    enum hk_status status = HK_OK;

    if (files == NULL || texts == NULL)
        status = hk_fail(error, HK_NOMEM, "no memory for mappings");
    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next, count++) {
        hk_buf_init(&texts[count], 2 * HK_MAPPING_SIZE_MAX);
        status = read_one(settings, item, &texts[count], &files[count], error);
    }
    if (status == HK_OK)
        status = hk_products_new(settings->products, files, count, ret_products, error);
    for (size_t i = 0; texts != NULL && i < count; i++)
        hk_buf_done(&texts[i]);
    free(texts);
    free(files);
    return status;
}

enum hk_status hk_settings_mappings(struct hk_app_settings *settings, const char *tenant,
    const struct hk_json *list, struct hk_tenant_settings *ret_tenant, struct hk_error *error)
{
    enum hk_status status = HK_OK;

    if (settings->products == NULL)
        status = hk_products_new_builtin(&settings->products, error);
    if (status != HK_OK || list == NULL || list->count == 0)
        return status;
    if (!hk_json_is_texts(list))
        return hk_fail(error, HK_INVALID, "tenants.%s.mappings: expected a list of paths", tenant);
    status = read_all(settings, list, &ret_tenant->products, error);
    return status == HK_OK ? HK_OK : hk_error_prefix(error, "tenants.%s.mappings", tenant);
}
