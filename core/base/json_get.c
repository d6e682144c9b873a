/*
 * json_get: questions to a parsed value; see json.h.
 */
#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct hk_json *get(const struct hk_json *object, const char *key, size_t key_size)
{
    if (object == NULL || object->type != HK_JSON_OBJECT)
        return NULL;
    for (const struct hk_json *child = object->first; child != NULL; child = child->next)
        if (child->key_size == key_size && memcmp(child->key, key, key_size) == 0)
            return child;
    return NULL;
}

const struct hk_json *hk_json_get(const struct hk_json *object, const char *key)
{
    return get(object, key, strlen(key));
}

const struct hk_json *hk_json_at(const struct hk_json *object, const char *path)
{
    for (;;) {
        size_t size = strcspn(path, ".");
        object = get(object, path, size);
        if (object == NULL || path[size] == '\0')
            return object;
        path += size + 1;
    }
}

const char *hk_json_string(const struct hk_json *value)
{
    return value != NULL && value->type == HK_JSON_STRING ? value->text : NULL;
}

const char *hk_json_string_at(const struct hk_json *object, const char *path, const char *fallback)
{
    const char *text = hk_json_string(hk_json_at(object, path));

    return text != NULL ? text : fallback;
}

bool hk_json_is_texts(const struct hk_json *value)
{
    if (value == NULL || value->type != HK_JSON_ARRAY)
        return false;
    for (const struct hk_json *item = value->first; item != NULL; item = item->next)
        if (item->type != HK_JSON_STRING)
            return false;
    return true;
}

bool hk_json_i64(const struct hk_json *value, int64_t *ret_value)
{
    const char *at;
    bool negative;
    uint64_t max;
    uint64_t sum = 0;

    if (value == NULL || value->type != HK_JSON_NUMBER)
        return false;
    at = value->text;
    negative = *at == '-';
    if (negative)
        at++;
    max = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    for (; *at != '\0'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (*at < '0' || *at > '9' || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (!negative)
        *ret_value = (int64_t)sum;
    else
        *ret_value = sum == 0 ? 0 : -(int64_t)(sum - 1) - 1;
    return true;
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool hk_json_double(const struct hk_json *value, double *ret_value)
{
    double number;

    if (value == NULL || value->type != HK_JSON_NUMBER)
        return false;
    (void)pthread_once(&c_locale_once, make_c_locale);
    if (c_locale == (locale_t)0)
        return false;
    number = strtod_l(value->text, NULL, c_locale);
    if (!isfinite(number))
        return false;
    *ret_value = number;
    return true;
}

bool hk_json_bool(const struct hk_json *value, bool *ret_value)
{
    if (value == NULL || (value->type != HK_JSON_TRUE && value->type != HK_JSON_FALSE))
        return false;
    *ret_value = value->type == HK_JSON_TRUE;
    return true;
}

int64_t hk_json_i64_at(const struct hk_json *object, const char *path, int64_t fallback)
{
    int64_t value;

    return hk_json_i64(hk_json_at(object, path), &value) ? value : fallback;
}

bool hk_json_bool_at(const struct hk_json *object, const char *path, bool fallback)
{
    bool value;

    return hk_json_bool(hk_json_at(object, path), &value) ? value : fallback;
}

const char *hk_json_type_name(enum hk_json_type type)
{
    switch (type) {
    case HK_JSON_NULL:
        return "null";
    case HK_JSON_FALSE:
    case HK_JSON_TRUE:
        return "boolean";
    case HK_JSON_NUMBER:
        return "number";
    case HK_JSON_STRING:
        return "string";
    case HK_JSON_ARRAY:
        return "array";
    case HK_JSON_OBJECT:
        return "object";
    }
    return "unknown";
}
