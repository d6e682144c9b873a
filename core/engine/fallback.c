/*
 * fallback: see fallback.h.
 */
#include "engine/fallback.h"
#include "authority/authority.h"
#include "base/id.h"
#include "base/time.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

#define DUE_DEFAULT_MS 3600000
#define DUE_MAX_MS (365LL * 86400000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum hk_status check_text(const struct hk_json *entry, const char *key, size_t size_max,
    const char **ret_text, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(entry, key);
    *ret_text = hk_json_string(value);
    if (value != NULL && (*ret_text == NULL || value->text_size == 0))
        return hk_fail(error, HK_INVALID, "fallback.%.60s.%s is not a text", entry->key, key);
    if (value != NULL && value->text_size > size_max)
        return hk_fail(error, HK_INVALID, "fallback.%.60s.%s is longer than %zu bytes", entry->key,
            key, size_max);
    return HK_OK;
}

static enum hk_status check_entry(const struct hk_json *entry, struct hk_error *error)
{
    static const char *const keys[] = {"owner", "instruction", "undo", "due"};
    const char *owner = NULL;
    const char *text = NULL;
    int64_t due_ms = 1;
    if (entry->key == NULL || entry->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "fallback.%.60s: expected a table",
            entry->key == NULL ? "?" : entry->key);
    for (const struct hk_json *item = entry->first; item != NULL; item = item->next) {
        size_t i = 0;
        while (i < COUNT(keys) && strcmp(item->key, keys[i]) != 0)
            i++;
        if (i == COUNT(keys))
            return hk_fail(error, HK_INVALID, "fallback.%.60s.%.40s: there is no such key",
                entry->key, item->key);
    }
    enum hk_status status = check_text(entry, "owner", HK_ID_SIZE - 1, &owner, error);
    if (status == HK_OK && owner != NULL && !hk_role_is_valid(owner) && !hk_name_is_valid(owner))
        status = hk_fail(error, HK_INVALID,
            "fallback.%.60s.owner: \"%.40s\" is neither a user's name nor a role", entry->key,
            owner);
    if (status == HK_OK)
        status = check_text(entry, "instruction", HK_REASON_SIZE_MAX, &text, error);
    if (status == HK_OK)
        status = check_text(entry, "undo", HK_REASON_SIZE_MAX, &text, error);
    if (status == HK_OK)
        status = check_text(entry, "due", 32, &text, error);
    if (status == HK_OK && text != NULL && hk_duration_parse(text, &due_ms, error) != HK_OK)
        status = hk_error_prefix(error, "fallback.%.60s.due", entry->key);
    if (status == HK_OK && (due_ms <= 0 || due_ms > DUE_MAX_MS))
        status = hk_fail(error, HK_INVALID, "fallback.%.60s.due: from 1ms to 365d", entry->key);
    return status;
}

enum hk_status hk_fallback_check(const struct hk_json *config, struct hk_error *error)
{
    const struct hk_json *table = hk_json_get(config, "fallback");
    if (table == NULL || (table->type == HK_JSON_ARRAY && table->count == 0))
        return HK_OK;
    if (table->type != HK_JSON_OBJECT)
        return hk_fail(error, HK_INVALID, "fallback: expected a table");
    for (const struct hk_json *entry = table->first; entry != NULL; entry = entry->next) {
        enum hk_status status = check_entry(entry, error);
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

/* The entry of a capability that the tenant has bound to the action. */
static const struct hk_json *by_binding(
    const struct hk_json *config, const struct hk_json *table, const char *action)
{
    const struct hk_json *bindings = hk_json_get(config, "capabilities");
    for (const struct hk_json *binding = bindings == NULL ? NULL : bindings->first;
         binding != NULL && action != NULL; binding = binding->next) {
        const char *bound = hk_json_string(binding);
        const struct hk_json *entry =
            binding->key == NULL ? NULL : hk_json_get(table, binding->key);
        if (bound != NULL && entry != NULL && strcmp(bound, action) == 0)
            return entry;
    }
    return NULL;
}

void hk_fallback_find(const struct hk_json *config, const char *action, const char *capability,
    const char *kind, struct hk_fallback *ret_fallback)
{
    const struct hk_json *table = hk_json_get(config, "fallback");
    const struct hk_json *entry = action == NULL ? NULL : hk_json_get(table, action);
    if (entry == NULL && capability != NULL)
        entry = hk_json_get(table, capability);
    if (entry == NULL)
        entry = by_binding(config, table, action);
    if (entry == NULL && kind != NULL)
        entry = hk_json_get(table, kind);
    const char *due = hk_json_string(hk_json_get(entry, "due"));
    *ret_fallback = (struct hk_fallback){
        .owner = hk_json_string(hk_json_get(entry, "owner")),
        .instruction = hk_json_string(hk_json_get(entry, "instruction")),
        .undo = hk_json_string(hk_json_get(entry, "undo")),
        .due_ms = DUE_DEFAULT_MS,
        .is_given = entry != NULL,
    };
    if (ret_fallback->owner == NULL)
        ret_fallback->owner = "responder";
    if (due != NULL && hk_duration_parse(due, &ret_fallback->due_ms, NULL) != HK_OK)
        ret_fallback->due_ms = DUE_DEFAULT_MS; /* checked when it was read */
}

bool hk_fallback_is_wanted(const struct hk_fallback *fallback, const char *kind)
{
    return fallback->is_given ||
           (kind != NULL && (strcmp(kind, "contain") == 0 || strcmp(kind, "eradicate") == 0 ||
                                strcmp(kind, "restore") == 0 || strcmp(kind, "change") == 0));
}
