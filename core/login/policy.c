/*
 * policy: see policy.h.
 */
#include "login/policy.h"

#include "base/time.h"

#include <string.h>

#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)

const struct hk_login_policy hk_login_policy_default = {
    .idle_ms = 30 * MINUTE_MS, .life_ms = 12 * HOUR_MS};

static const char *const kinds[] = {
    "enrich", "notify", "contain", "eradicate", "restore", "change", "release", "erase"};

/* The bit of a kind; 0 when there is no such kind. */
static unsigned bit_of(const char *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i], kind) == 0)
            return 1U << i;
    return 0;
}

bool hk_login_wants_code(const struct hk_login_policy *policy, const char *kind)
{
    return (policy->step_up & bit_of(kind)) != 0;
}

/* Lua's empty table may come as a list or as an object. */
static bool is_empty_table(const struct hk_json *value)
{
    return value->count == 0 && (value->type == HK_JSON_ARRAY || value->type == HK_JSON_OBJECT);
}

/* One of two words. */
static enum hk_status read_choice(const struct hk_json *value, const char *key, const char *no,
    const char *yes, bool *ret_is_yes, struct hk_error *error)
{
    const char *text = hk_json_string(value);

    if (text != NULL && (strcmp(text, yes) == 0 || strcmp(text, no) == 0)) {
        *ret_is_yes = strcmp(text, yes) == 0;
        return HK_OK;
    }
    return hk_fail(error, HK_INVALID, "login.%s: must be \"%s\" or \"%s\"", key, no, yes);
}

static enum hk_status read_time(const struct hk_json *value, const char *key, int64_t least_ms,
    int64_t most_ms, int64_t *ret_ms, struct hk_error *error)
{
    const char *text = hk_json_string(value);
    int64_t ms = 0;

    if (text == NULL || hk_duration_parse(text, &ms, NULL) != HK_OK || ms < least_ms ||
        ms > most_ms)
        return hk_fail(error, HK_INVALID, "login.%s: expected a time from %dm to %dh", key,
            (int)(least_ms / MINUTE_MS), (int)(most_ms / HOUR_MS));
    *ret_ms = ms;
    return HK_OK;
}

static enum hk_status read_kinds(
    const struct hk_json *value, unsigned *ret_kinds, struct hk_error *error)
{
    unsigned found = 0;

    if (value->type != HK_JSON_ARRAY && !is_empty_table(value))
        return hk_fail(error, HK_INVALID, "login.step_up: expected a list of kinds");
    for (const struct hk_json *item = value->first; item != NULL; item = item->next) {
        unsigned bit = hk_json_string(item) != NULL ? bit_of(item->text) : 0;
        if (bit == 0)
            return hk_fail(error, HK_INVALID,
                "login.step_up: expected enrich, notify, contain, eradicate, restore, change, "
                "release or erase");
        found |= bit;
    }
    *ret_kinds = found;
    return HK_OK;
}

static enum hk_status read_key(
    const struct hk_json *value, struct hk_login_policy *policy, struct hk_error *error)
{
    if (strcmp(value->key, "totp") == 0)
        return read_choice(value, "totp", "optional", "required", &policy->totp_is_required, error);
    if (strcmp(value->key, "decide_by") == 0)
        return read_choice(value, "decide_by", "any", "session", &policy->session_decides, error);
    if (strcmp(value->key, "idle") == 0)
        return read_time(value, "idle", MINUTE_MS, 24 * HOUR_MS, &policy->idle_ms, error);
    if (strcmp(value->key, "life") == 0)
        return read_time(value, "life", 5 * MINUTE_MS, 720 * HOUR_MS, &policy->life_ms, error);
    if (strcmp(value->key, "step_up") == 0)
        return read_kinds(value, &policy->step_up, error);
    return hk_fail(error, HK_INVALID, "login.%.64s: there is no such key", value->key);
}

enum hk_status hk_login_policy_read(
    const struct hk_json *login, struct hk_login_policy *ret_policy, struct hk_error *error)
{
    struct hk_login_policy policy = hk_login_policy_default;
    enum hk_status status = HK_OK;

    if (login != NULL && login->type != HK_JSON_OBJECT && !is_empty_table(login))
        return hk_fail(error, HK_INVALID, "login: expected a table");
    for (const struct hk_json *value = login != NULL ? login->first : NULL;
         value != NULL && status == HK_OK; value = value->next)
        status = read_key(value, &policy, error);
    /* Whoever can't give a code could never decide: say so now. */
    if (status == HK_OK && policy.step_up != 0 && !policy.session_decides)
        status = hk_fail(error, HK_INVALID,
            "login.step_up: a token gives no codes, so this needs decide_by = \"session\"");
    if (status == HK_OK)
        *ret_policy = policy;
    return status;
}
