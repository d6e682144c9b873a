/*
 * act: what an act step means right now: which plugin action, with which arguments, and what
 * authority says. Computed when the step is asked for and again when it is approved; both must
 * agree, or the approval is void.
 */
#include "engine/act.h"
#include "base/secrets.h"
#include "base/text.h"
#include "engine/places.h"
#include "engine/tenant.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name, type, help) name,
static const char *const known_options[] = {HK_ACT_OPTION_LIST(NAME)};
#undef NAME

static enum hk_status read_ms(const struct hk_json *options, const char *name, int64_t fallback_ms,
    int64_t max_ms, int64_t *ret_ms, struct hk_error *error)
{
    const struct hk_json *value = hk_json_get(options, name);
    *ret_ms = fallback_ms;
    if (value == NULL)
        return HK_OK;
    if (hk_json_string(value) == NULL)
        return hk_fail(error, HK_INVALID, "option %s: a duration such as \"4h\" is wanted", name);
    if (hk_duration_parse(hk_json_string(value), ret_ms, error) != HK_OK)
        return hk_error_prefix(error, "option %s", name);
    if (*ret_ms < 1000 || *ret_ms > max_ms)
        return hk_fail(error, HK_INVALID, "option %s: must be from 1s to %llds", name,
            (long long)(max_ms / 1000));
    return HK_OK;
}

enum hk_status hk_act_options_check(const struct hk_json *options, struct hk_error *error)
{
    for (const struct hk_json *item = options->first; item != NULL; item = item->next) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known_options / sizeof known_options[0]; i++)
            is_known = is_known || strcmp(item->key, known_options[i]) == 0;
        if (!is_known)
            return hk_fail(error, HK_INVALID, "unknown option \"%s\"", item->key);
    }
    int64_t ms;
    enum hk_status status =
        read_ms(options, "expires", HK_LEASE_DEFAULT_MS, HK_LEASE_MAX_MS, &ms, error);
    return status == HK_OK ? read_ms(options, "timeout", HK_CALL_TIME_DEFAULT_MS,
                                 HK_CALL_TIME_MAX_MS, &ms, error)
                           : status;
}

static enum hk_status read_options(struct hk_run *run, struct hk_act *act, struct hk_error *error)
{
    const struct hk_json *options = act->options.root;
    if (hk_act_options_check(options, error) != HK_OK)
        return error->status;
    const struct hk_json *ask = hk_json_get(options, "ask");
    act->question.playbook_asks = ask != NULL && ask->type != HK_JSON_FALSE;
    act->question.playbook_quorum = (unsigned)hk_json_i64_at(ask, "quorum", 0);
    int64_t time_max_ms =
        act->info->time_max_ms != 0 ? act->info->time_max_ms : HK_CALL_TIME_DEFAULT_MS;
    enum hk_status status = read_ms(options, "expires", run->tenant->lease_default_ms,
        run->tenant->lease_max_ms, &act->lease_ms, error);
    if (status != HK_OK)
        return status;
    if (act->info->undo == NULL)
        act->lease_ms = 0; /* nobody can take it back, so it has no end */
    return read_ms(options, "timeout", time_max_ms, HK_CALL_TIME_MAX_MS, &act->deadline_ms, error);
}

static enum hk_status take_call(
    struct hk_act *act, const struct hk_json *args, struct hk_error *error)
{
    struct hk_buf canonical;
    hk_buf_init(&canonical, HK_ARGS_SIZE_MAX * 2);
    hk_json_canonical(args, &canonical);
    enum hk_status status = hk_buf_check(&canonical, "the arguments", error);
    if (status == HK_OK) {
        act->call = hk_buf_take(&canonical, NULL);
        if (act->call == NULL)
            status = hk_fail(error, HK_NOMEM, "out of memory");
    }
    hk_buf_done(&canonical);
    return status;
}

/* The arguments with the target in its one form, so that plugin, approver and record see the same
 * thing. */
static enum hk_status write_call(struct hk_act *act, struct hk_error *error)
{
    struct hk_buf out;
    struct hk_json_doc doc = {0};
    struct hk_jw jw;
    const char *target = act->info->target;
    if (target == NULL)
        return take_call(act, act->args.root, error);
    hk_buf_init(&out, HK_ARGS_SIZE_MAX * 2);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    for (const struct hk_json *item = act->args.root->first; item != NULL; item = item->next) {
        if (strcmp(item->key, target) == 0 && hk_json_string(item) != NULL)
            hk_jw_kv(&jw, item->key, act->verdict.target);
        else
            hk_jw_kv_value(&jw, item->key, item);
    }
    hk_jw_object_end(&jw);
    enum hk_status status = hk_buf_check(&out, "the arguments", error);
    if (status == HK_OK)
        status = hk_json_parse(out.data, out.size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK)
        status = take_call(act, doc.root, error);
    hk_json_doc_done(&doc);
    hk_buf_done(&out);
    return status;
}

/* What playbooks may not hand over is refused before anybody is asked. A target is for rules and
 * people to see. */
static enum hk_status check_secrets(
    const struct hk_run *run, const struct hk_act *act, struct hk_error *error)
{
    const struct hk_action_info *info = act->info;
    if (info->target != NULL && hk_secret_name(hk_json_get(act->args.root, info->target)) != NULL)
        return hk_fail(error, HK_INVALID, "%s: the target can't be a secret", info->target);
    return hk_pool_secrets_check(
        run->engine->pool, run->tenant->name, info->plugin, act->args.root, error);
}

static enum hk_status ask_authority(struct hk_run *run, struct hk_act *act, struct hk_error *error)
{
    const struct hk_action_info *info = act->info;
    int64_t now_us = hk_engine_now_us(run->engine);
    act->question.action = act->action;
    act->question.capability = act->capability;
    act->question.kind = hk_kind_of_action_text(info->kind);
    act->question.target =
        info->target == NULL ? NULL : hk_json_string(hk_json_get(act->args.root, info->target));
    act->question.target_type = info->target_type;
    act->question.severity = run->severity;
    act->question.time_us = now_us;
    act->question.spent_last_hour = hk_spent_last_hour(run->tenant, info->kind, now_us);
    return hk_authority_decide(run->tenant->authority, &act->question, &act->verdict, error);
}

enum hk_status hk_act_prepare(
    struct hk_run *run, const struct hk_step *step, struct hk_act *ret_act, struct hk_error *error)
{
    struct hk_act *act = ret_act;
    memset(act, 0, sizeof *act);
    act->info = hk_tenant_action(run->engine, run->tenant, step->name, &act->capability);
    if (act->info == NULL)
        return hk_fail(error, HK_NOT_FOUND,
            "there is no action \"%s\": no plugin of this tenant has it and no capability names it",
            step->name);
    snprintf(act->action, sizeof act->action, "%s.%s", act->info->plugin, act->info->name);
    if (act->capability != NULL && !hk_capability_fits(act->capability, act->info->kind))
        return hk_fail(error, HK_INVALID, "%s is bound to %s, which is of kind %s", act->capability,
            act->action, hk_kind_of_action_text(act->info->kind));
    const char *args = step->narrowed != NULL ? step->narrowed : step->args;
    enum hk_status status =
        hk_json_parse(args, strlen(args), &hk_json_limits_own, &act->args, error);
    if (status == HK_OK)
        status = hk_json_parse(
            step->options, strlen(step->options), &hk_json_limits_own, &act->options, error);
    if (status == HK_OK && hk_schema_check(act->info->args_schema, act->args.root, error) != HK_OK)
        status = hk_error_prefix(error, "%s", step->name);
    if (status == HK_OK)
        status = check_secrets(run, act, error);
    if (status == HK_OK)
        status = read_options(run, act, error);
    if (step->narrowed_lease_ms > 0 && step->narrowed_lease_ms < act->lease_ms)
        act->lease_ms = step->narrowed_lease_ms;
    if (status == HK_OK)
        status = ask_authority(run, act, error);
    if (status == HK_OK)
        status = write_call(act, error);
    return status;
}

void hk_act_done(struct hk_act *act)
{
    hk_json_doc_done(&act->args);
    hk_json_doc_done(&act->options);
    free(act->call);
    act->call = NULL;
}

bool hk_act_is_lease(const struct hk_act *act)
{
    return act->info->kind == HK_CONTAIN || act->info->kind == HK_ERADICATE;
}

void hk_act_summary(const struct hk_act *act, struct hk_buf *out)
{
    struct hk_json_doc call = {0};
    const struct hk_json *args =
        hk_json_parse(act->call, strlen(act->call), &hk_json_limits_own, &call, NULL) == HK_OK
            ? call.root
            : NULL;
    hk_places_fill(act->info->summary, args, NULL, out);
    hk_json_doc_done(&call);
}
