/*
 * table: see table.h.
 */
#include "base/table.h"

#include "base/time.h"

#include <string.h>

enum hk_status hk_check_keys(
    const struct hk_json *value, const char *path, const char *const *keys, struct hk_error *error)
{
    if (value == NULL || (value->type != HK_JSON_OBJECT && value->count > 0) ||
        (value->type != HK_JSON_OBJECT && value->type != HK_JSON_ARRAY))
        return hk_fail(error, HK_INVALID, "%s is not an object", path);
    for (const struct hk_json *child = value->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], child->key) != 0)
            i++;
        if (keys[i] == NULL)
            return hk_fail(error, HK_INVALID, "%s.%.60s: there is no such key", path, child->key);
    }
    return HK_OK;
}

enum hk_status hk_check_array(const struct hk_json *value, const char *path, struct hk_error *error)
{
    if (value == NULL || value->type == HK_JSON_ARRAY ||
        (value->type == HK_JSON_OBJECT && value->count == 0))
        return HK_OK;
    return hk_fail(error, HK_INVALID, "%s is not a list", path);
}

enum hk_status hk_text_of(const struct hk_json *object, const char *path, const char *key,
    const char **ret_text, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(object, key);
    const char *text = hk_json_string(value);

    if (value != NULL && (text == NULL || text[0] == '\0'))
        return hk_fail(error, HK_INVALID, "%s.%s is not a text", path, key);
    *ret_text = text;
    return HK_OK;
}

enum hk_status hk_duration_of(const struct hk_json *object, const char *path, const char *key,
    int64_t fallback_ms, int64_t max_ms, int64_t *ret_ms, struct hk_error *error)
{
    const char *text = NULL;
    int64_t ms = fallback_ms;
    enum hk_status status = hk_text_of(object, path, key, &text, error);

    if (status != HK_OK)
        return status;
    if (text != NULL && hk_duration_parse(text, &ms, error) != HK_OK)
        return hk_error_prefix(error, "%s.%s", path, key);
    if (text != NULL && (ms <= 0 || ms > max_ms))
        return hk_fail(error, HK_INVALID, "%s.%s: must be more than nothing and at most %llds",
            path, key, (long long)(max_ms / 1000));
    *ret_ms = ms;
    return HK_OK;
}

enum hk_status hk_number_of(const struct hk_json *object, const char *path, const char *key,
    int64_t fallback, int64_t min, int64_t max, int64_t *ret_value, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(object, key);
    int64_t number = fallback;

    if (value != NULL && (!hk_json_i64(value, &number) || number < min || number > max))
        return hk_fail(error, HK_INVALID, "%s.%s: must be a whole number from %lld to %lld", path,
            key, (long long)min, (long long)max);
    *ret_value = number;
    return HK_OK;
}
