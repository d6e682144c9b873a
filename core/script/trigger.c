/*
 * trigger: see trigger.h.
 */
#include "script/trigger.h"
#include "base/severity.h"

#include <string.h>

static bool is_text(const struct hk_json *field, const struct hk_json *wanted)
{
    const char *want = hk_json_string(wanted);
    const char *have = hk_json_string(field);
    return want != NULL && have != NULL && strcmp(want, have) == 0;
}

static bool is_any_of(const struct hk_json *field, const struct hk_json *wanted)
{
    for (const struct hk_json *item = wanted->first; item != NULL; item = item->next) {
        if (is_text(field, item))
            return true;
    }
    return false;
}

static bool is_at_least(const struct hk_json *field, const struct hk_json *wanted)
{
    const char *least = hk_json_string_at(wanted, "at_least", "");
    const char *have = hk_json_string(field);
    enum hk_severity need = hk_severity_from_text(least);
    return need != HK_SEVERITY_NONE && have != NULL && hk_severity_from_text(have) >= need;
}

static bool field_matches(const struct hk_json *field, const struct hk_json *wanted)
{
    /* A field that is a list (technique) matches when one of its items does. */
    if (field != NULL && field->type == HK_JSON_ARRAY) {
        for (const struct hk_json *item = field->first; item != NULL; item = item->next) {
            if (field_matches(item, wanted))
                return true;
        }
        return false;
    }
    switch (wanted->type) {
    case HK_JSON_STRING:
        return is_text(field, wanted);
    case HK_JSON_ARRAY:
        return is_any_of(field, wanted);
    case HK_JSON_OBJECT:
        return is_at_least(field, wanted);
    default:
        return false;
    }
}

static bool condition_holds(
    const struct hk_json *condition, const struct hk_json *view, bool is_whole)
{
    for (const struct hk_json *want = condition->first; want != NULL; want = want->next) {
        const struct hk_json *field = hk_json_at(view, want->key);
        if ((field != NULL || is_whole) && !field_matches(field, want))
            return false;
    }
    return true;
}

static bool matches(const struct hk_json *descriptor, const struct hk_json *view, bool is_whole)
{
    const struct hk_json *on = hk_json_get(descriptor, "on");
    if (on == NULL || on->type != HK_JSON_ARRAY)
        return false;
    for (const struct hk_json *condition = on->first; condition != NULL;
         condition = condition->next) {
        if (condition->type == HK_JSON_OBJECT && condition_holds(condition, view, is_whole))
            return true;
    }
    return false;
}

bool hk_trigger_matches(const struct hk_json *descriptor, const struct hk_json *view)
{
    return matches(descriptor, view, true);
}

bool hk_trigger_may_match(const struct hk_json *descriptor, const struct hk_json *part)
{
    return matches(descriptor, part, false);
}
