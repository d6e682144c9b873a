/*
 * mode: how far the engine goes for a tenant, whatever its rules say: `mode` and `tuning_until` of
 * its configuration. A mode only ever makes an outcome stricter.
 */
#include "authority/rules.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define US_PER_DAY INT64_C(86400000000)

static const char *const modes[] = {
    [HK_MODE_ACT] = "act",
    [HK_MODE_ASK] = "ask",
    [HK_MODE_RECOMMEND] = "recommend",
    [HK_MODE_WATCH] = "watch",
};

/* "2027-01-31" means to the end of that day in UTC; a time means that moment. */
static enum hk_status read_until(const char *text, int64_t *ret_until_us, struct hk_error *error)
{
    char day[sizeof("2027-01-31T00:00:00Z")];
    bool is_day = strlen(text) == strlen("2027-01-31");
    enum hk_status status;

    (void)snprintf(day, sizeof(day), "%.10sT00:00:00Z", text);
    status = hk_time_parse(is_day ? day : text, ret_until_us, error);
    if (status != HK_OK)
        return hk_error_prefix(error, "tuning_until");
    if (is_day)
        *ret_until_us += US_PER_DAY;
    return HK_OK;
}

enum hk_status hk_mode_read(
    const struct hk_json *config, struct hk_authority *authority, struct hk_error *error)
{
    const struct hk_json *mode = hk_json_get(config, "mode");
    const struct hk_json *until = hk_json_get(config, "tuning_until");
    const char *text = hk_json_string(mode);
    bool is_known = mode == NULL;

    for (int i = HK_MODE_ACT; text != NULL && i <= HK_MODE_WATCH; i++)
        if (strcmp(text, modes[i]) == 0) {
            authority->mode = (enum hk_mode)i;
            is_known = true;
        }
    if (!is_known)
        return hk_fail(error, HK_INVALID, "mode: \"%.40s\" is none of watch, recommend, ask, act",
            text != NULL ? text : hk_json_type_name(mode->type));
    if (until == NULL)
        return HK_OK;
    if (hk_json_string(until) == NULL)
        return hk_fail(error, HK_INVALID, "tuning_until: expected a date such as \"2027-01-31\"");
    return read_until(until->text, &authority->tuning_until_us, error);
}

/* Does the kind leave the world as it is? What is not known doesn't. */
static bool changes_nothing(const char *kind)
{
    return kind != NULL && (strcmp(kind, "enrich") == 0 || strcmp(kind, "notify") == 0);
}

static bool is_restore(const char *kind)
{
    return kind != NULL && strcmp(kind, "restore") == 0;
}

/* The last word of "edr.isolate_host" begins with "isolate". */
static bool says_isolate(const char *action)
{
    const char *dot = action != NULL ? strrchr(action, '.') : NULL;

    return dot != NULL && strncmp(dot + 1, "isolate", strlen("isolate")) == 0;
}

static bool isolates(const struct hk_question *question)
{
    return question->kind != NULL && strcmp(question->kind, "contain") == 0 &&
           ((question->target_type != NULL && strcmp(question->target_type, "host") == 0) ||
               says_isolate(question->action) || says_isolate(question->capability));
}

static void limit(struct hk_verdict *verdict, enum hk_outcome_of_authority most, const char *rule,
    const char *because)
{
    if (verdict->outcome <= most)
        return;
    if (verdict->would_rule[0] == '\0') {
        verdict->would = verdict->outcome;
        memcpy(verdict->would_rule, verdict->rule, sizeof(verdict->would_rule));
    }
    verdict->outcome = most;
    (void)hk_copy_text(verdict->rule, sizeof(verdict->rule), rule);
    (void)snprintf(verdict->why, sizeof(verdict->why), "%s; rule %s alone says %s.", because,
        verdict->would_rule, hk_outcome_text(verdict->would));
}

void hk_mode_apply(const struct hk_authority *authority, const struct hk_question *question,
    struct hk_verdict *verdict)
{
    if (changes_nothing(question->kind))
        return;
    switch (authority->mode) {
    case HK_MODE_WATCH:
        limit(verdict, HK_MAY_WATCH, "mode:watch", "This tenant is watched only");
        break;
    case HK_MODE_RECOMMEND:
        limit(verdict, HK_MAY_RECOMMEND, "mode:recommend", "This tenant is given recommendations");
        break;
    case HK_MODE_ASK:
        /* Taking back what was agreed to is the rules' matter. */
        if (!is_restore(question->kind))
            limit(verdict, HK_MAY_ASK, "mode:ask", "This tenant is asked first");
        break;
    case HK_MODE_ACT:
        break;
    }
    if (question->time_us < authority->tuning_until_us && isolates(question))
        limit(verdict, HK_MAY_RECOMMEND, "tuning", "Nothing is isolated while rules are tuned");
}

const char *hk_authority_mode(const struct hk_authority *authority)
{
    return modes[authority->mode];
}
