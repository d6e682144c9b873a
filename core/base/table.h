/*
 * table: what a table of the configuration may hold. Errors are HK_INVALID and begin with the path
 * of what is wrong ("authority[2].hours").
 */
#ifndef HK_BASE_TABLE_H
#define HK_BASE_TABLE_H

#include "base/json.h"

/* An object with no other keys than these (NULL-ended). Lua's empty table, which may come as a
 * list, is one. */
HK_MUST_CHECK enum hk_status hk_check_keys(
    const struct hk_json *value, const char *path, const char *const *keys, struct hk_error *error);
/* An array; NULL and the empty object, which Lua's empty table is, count as an empty one. */
HK_MUST_CHECK enum hk_status hk_check_array(
    const struct hk_json *value, const char *path, struct hk_error *error);
/* HK_OK with NULL when the key is absent; HK_INVALID when it is no string or an empty one. */
HK_MUST_CHECK enum hk_status hk_text_of(const struct hk_json *object, const char *path,
    const char *key, const char **ret_text, struct hk_error *error);
/* A duration such as "30m", of at least 1 ms and at most max_ms; fallback_ms when it is absent. */
HK_MUST_CHECK enum hk_status hk_duration_of(const struct hk_json *object, const char *path,
    const char *key, int64_t fallback_ms, int64_t max_ms, int64_t *ret_ms, struct hk_error *error);
/* A whole number between these two, both included; fallback when it is absent. */
HK_MUST_CHECK enum hk_status hk_number_of(const struct hk_json *object, const char *path,
    const char *key, int64_t fallback, int64_t min, int64_t max, int64_t *ret_value,
    struct hk_error *error);

#endif
