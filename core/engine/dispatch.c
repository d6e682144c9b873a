/*
 * dispatch: a step is intended, the call leaves once that is on disk, and what becomes of the call
 * becomes an entry. effect.c says what may follow; this file does it.
 */
#include "engine/dispatch.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/effect.h"
#include "engine/gate.h"
#include "engine/lease.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/start.h"
#include "engine/step.h"
#include "engine/task.h"
#include "engine/tenant.h"
#include "engine/tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULT_SIZE_MAX (256UL * 1024)
#define RUN_HAS_ENDED "its run ended before it was done"

void hk_key_of(
    const char *tenant, const char *subject, const char *part, char ret_key[HK_SHA256_HEX_SIZE])
{
    const struct hk_bytes parts[] = {
        {tenant, strlen(tenant) + 1}, {subject, strlen(subject) + 1}, {part, strlen(part)}};
    uint8_t digest[HK_SHA256_SIZE];
    hk_sha256(parts, sizeof parts / sizeof parts[0], digest);
    hk_hex(digest, sizeof digest, ret_key);
}

void hk_plugin_write(struct hk_jw *jw, const struct hk_action_info *info)
{
    hk_jw_key(jw, "plugin");
    hk_jw_object(jw);
    hk_jw_kv(jw, "name", info->plugin);
    hk_jw_kv(jw, "version", info->plugin_version);
    hk_jw_kv(jw, "sha256", info->plugin_sha256);
    hk_jw_object_end(jw);
}

/* --- intent --- */

static const char *undo_effect(struct hk_run *run, const struct hk_action_info *info)
{
    const struct hk_action_info *undo =
        info->undo == NULL
            ? NULL
            : hk_pool_action(run->engine->pool, run->tenant->name, info->plugin, info->undo);
    return undo == NULL ? "once" : hk_effect_text(undo->effect);
}

static void write_starting(struct hk_run *run, const struct hk_step *step, const struct hk_act *act,
    const char *by, struct hk_tx *tx)
{
    const struct hk_action_info *info = act->info;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_STARTING, step->containment);
    hk_jw_kv(jw, "run", run->id);
    hk_jw_kv(jw, "step", step->path);
    if (step->gate[0] != 0)
        hk_jw_kv(jw, "gate", step->gate);
    hk_jw_kv(jw, "action", act->action);
    hk_plugin_write(jw, info);
    hk_jw_kv(jw, "kind", hk_kind_of_action_text(info->kind));
    hk_jw_kv(jw, "effect", hk_effect_text(info->effect));
    hk_jw_kv_raw(jw, "args", act->call);
    hk_jw_kv(jw, "target", act->verdict.target);
    hk_jw_kv(jw, "target_type", info->target_type == NULL ? "" : info->target_type);
    hk_jw_kv(jw, "key", step->key);
    hk_jw_kv(jw, "undo", info->undo);
    hk_jw_kv(jw, "undo_effect", undo_effect(run, info));
    hk_jw_kv(jw, "residual", info->residual == NULL ? "" : info->residual);
    hk_jw_kv_i64(jw, "lease_ms", step->lease_ms);
    if (by != NULL)
        hk_jw_kv_raw(jw, "by", by);
    hk_jw_kv(jw, "rule", act->verdict.rule);
    hk_tx_end(tx);
}

void hk_dispatch_intend(struct hk_run *run, struct hk_step *step, const struct hk_act *act,
    const char *by, struct hk_tx *tx)
{
    enum hk_step_state from = step->state;
    hk_engine_must(hk_step_step_to(&step->state, HK_KIND_STEP_INTENDED) ? HK_OK : HK_INTERNAL,
        "intending a step", NULL);
    step->action = hk_run_text(run, act->action);
    step->call = hk_run_text(run, act->call);
    step->effect = act->info->effect;
    (void)hk_copy_text(step->plugin_sha256, sizeof step->plugin_sha256, act->info->plugin_sha256);
    step->lease_ms = act->lease_ms;
    step->deadline_ms = act->deadline_ms;
    step->is_told_after = act->verdict.outcome == HK_MAY_DO_THEN_TELL && !run->is_shadow;
    step->attempts = 1;
    hk_key_of(run->tenant->name, run->id, step->path, step->key);
    if (hk_act_is_lease(act)) {
        hk_id_new("co", tx->time_us, step->containment);
        write_starting(run, step, act, by, tx);
        hk_spent_add(run->tenant, act->info->kind, tx->time_us);
    }
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_INTENDED, run->id);
    if (from == HK_STEP_NONE)
        hk_step_write_request(jw, step);
    else
        hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "from", hk_step_state_text(from));
    hk_jw_kv(jw, "action", step->action);
    hk_plugin_write(jw, act->info);
    hk_jw_kv(jw, "effect", hk_effect_text(step->effect));
    hk_jw_kv_raw(jw, "call", step->call);
    hk_jw_kv(jw, "key", step->key);
    hk_jw_key(jw, "authority");
    hk_verdict_write(&act->verdict, jw);
    if (step->gate[0] != 0)
        hk_jw_kv(jw, "gate", step->gate);
    hk_gate_write_narrowing(jw, step);
    if (step->containment[0] != 0) {
        hk_jw_kv(jw, "containment", step->containment);
        hk_jw_kv_i64(jw, "lease_ms", step->lease_ms);
    }
    hk_jw_kv_i64(jw, "deadline_ms", step->deadline_ms);
    hk_tx_end(tx);
    run->engine->stats.steps_intended++;
}

/* --- what became of it --- */

static void containment_entry(struct hk_tx *tx, const struct hk_step *step, enum hk_kind kind,
    const char *key, const char *text)
{
    if (step->containment[0] != 0)
        hk_tx_simple(tx, kind, step->containment, key, text, NULL, NULL);
}

void hk_containment_active(
    const struct hk_step *step, struct hk_tx *tx, const char *from, const char *result)
{
    if (step->containment[0] == 0)
        return;
    int64_t expires_us = step->lease_ms == 0 ? 0 : tx->time_us + step->lease_ms * 1000;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_ACTIVE, step->containment);
    hk_jw_kv(jw, "from", from);
    if (expires_us != 0)
        hk_jw_kv_i64(jw, "expires_us", expires_us);
    hk_jw_kv_raw(jw, "result", result);
    hk_tx_end(tx);
    if (expires_us != 0)
        hk_tx_due(tx, expires_us);
}

static void done(struct hk_run *run, struct hk_step *step, const char *result, const char *how)
{
    struct hk_tx tx;
    struct hk_buf told;
    hk_buf_init(&told, RESULT_SIZE_MAX + HK_ARGS_SIZE_MAX * 2);
    if (strlen(result) > RESULT_SIZE_MAX)
        result = "{\"omitted\":\"the result was larger than a result may be\"}";
    else if (!hk_run_has_room(run, strlen(result)))
        result = "{\"omitted\":\"the record of the run is larger than a run's may be\"}";
    result = hk_gate_tell_narrowing(step, result, &told);
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_step_settle(run, step, &tx, true, result, how);
    hk_containment_active(step, &tx, "starting", result);
    if (step->is_told_after)
        hk_notice_about(
            &tx, HK_REASON_DONE, step->containment[0] != 0 ? step->containment : run->id);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
    hk_buf_done(&told);
}

static void failed(struct hk_run *run, struct hk_step *step, const char *reason, const char *how)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_step_settle(run, step, &tx, false, reason, how);
    containment_entry(&tx, step, HK_KIND_CONTAINMENT_FAILED, "reason", reason);
    /* What was denied is not to be done by hand either, nor what nobody waits for any more. */
    if (strcmp(how, "denied") != 0 && run->end == HK_RUN_RUNNING)
        hk_task_open_fallback(&tx, run, step, reason);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

/* Nobody can know: the run parks and people are asked. */
static void unknown(struct hk_run *run, struct hk_step *step, const char *why)
{
    struct hk_tx tx;
    hk_engine_must(hk_step_step_to(&step->state, HK_KIND_STEP_UNKNOWN) ? HK_OK : HK_INTERNAL,
        "parking a step", NULL);
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_tx_simple(&tx, HK_KIND_STEP_UNKNOWN, run->id, "step", step->path, "why", why);
    if (!run->is_shadow)
        hk_notice_about(&tx, HK_REASON_UNKNOWN, run->id);
    containment_entry(&tx, step, HK_KIND_CONTAINMENT_UNKNOWN, "why", why);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    run->engine->stats.steps_unknown++;
    hk_run_sleep(run);
}

struct again {
    struct hk_run *run;
    struct hk_step *step;
    enum hk_call_mode mode;
};

static void on_repeated(void *ctx)
{
    const struct again *again = ctx;
    hk_dispatch_send(again->run, again->step, again->mode);
}

static void repeat(
    struct hk_run *run, struct hk_step *step, enum hk_call_mode mode, const char *why)
{
    struct hk_tx tx;
    struct again *again = hk_run_alloc(run, sizeof *again);
    *again = (struct again){.run = run, .step = step, .mode = mode};
    step->attempts++;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_STEP_REPEATED, run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv_i64(jw, "attempt", step->attempts);
    hk_jw_kv(jw, "mode", mode == HK_CALL_PROBE ? "probe" : "send");
    hk_jw_kv(jw, "why", why);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, on_repeated, again);
}

static bool step_can_probe(const struct hk_run *run, const struct hk_step *step)
{
    const char *capability;
    const struct hk_action_info *info =
        hk_tenant_action(run->engine, run->tenant, step->action, &capability);
    return info != NULL && info->can_probe;
}

static void follow(struct hk_run *run, struct hk_step *step, enum hk_call_mode mode,
    enum hk_call_end end, const char *text)
{
    switch (hk_effect_next(step->effect, step_can_probe(run, step), mode, end, step->attempts)) {
    case HK_NEXT_DONE:
        done(run, step, text, mode == HK_CALL_PROBE ? "probe" : "plugin");
        break;
    case HK_NEXT_FAILED:
        failed(run, step, text, end == HK_CALL_NOT_SENT ? "not_sent" : "plugin");
        break;
    case HK_NEXT_SEND:
        /* Sent again with its key it tells what stands; what is known not to have happened must not
         * happen once its run has ended. */
        if (run->end != HK_RUN_RUNNING && end == HK_CALL_DID_NOT)
            failed(run, step, RUN_HAS_ENDED, "not_sent");
        else
            repeat(run, step, HK_CALL_START, text);
        break;
    case HK_NEXT_PROBE:
        repeat(run, step, HK_CALL_PROBE, text);
        break;
    case HK_NEXT_UNKNOWN:
        unknown(run, step, text);
        break;
    }
}

void hk_dispatch_recover(struct hk_run *run, struct hk_step *step)
{
    follow(run, step, HK_CALL_START, HK_CALL_LOST, "the engine ended while the call was open");
}

/* --- the call --- */

uint64_t hk_out_send(struct hk_engine *engine, struct hk_tenant_state *tenant,
    const struct hk_out *out, const char *action, const struct hk_call_request *request)
{
    char plugin[HK_ID_SIZE] = "";
    const char *dot = strchr(action, '.');
    if (dot != NULL && (size_t)(dot - action) < sizeof plugin)
        memcpy(plugin, action, (size_t)(dot - action));
    struct hk_out *kept = hk_engine_alloc(sizeof *kept);
    *kept = *out;
    kept->id = ++engine->next_call;
    snprintf(kept->id_text, sizeof kept->id_text, "%llu", (unsigned long long)kept->id);
    hk_engine_must(hk_map_put(&engine->outs, kept->id_text, kept), "a call", NULL);
    if (kept->run != NULL)
        hk_run_pin(kept->run);
    struct hk_call_request full = *request;
    full.call_id = kept->id;
    full.tenant = tenant->name;
    full.plugin = plugin;
    full.action = dot == NULL ? action : dot + 1;
    full.mode = kept->mode;
    engine->stats.calls_sent++;
    hk_pool_call(engine->pool, &full);
    return kept->id;
}

/* I5: protection may have come since the step was allowed. HK_OK: send; HK_DENIED: protected now;
 * anything else: it can't be looked at again (its plugin is not there), so it is not sent. */
static enum hk_status look_again(
    struct hk_run *run, const struct hk_step *step, struct hk_error *error)
{
    struct hk_act act;
    struct hk_verdict verdict;
    enum hk_status status = hk_act_prepare(run, step, &act, error);
    if (status == HK_OK && hk_authority_is_protected(
                               run->tenant->authority, &act.question, step->gate[0] != 0, &verdict))
        status = hk_fail(error, HK_DENIED, "denied by %s: %s", verdict.rule, verdict.why);
    /* I4: what was approved was this plugin's very bytes. */
    if (status == HK_OK && step->gate[0] != 0 &&
        strcmp(step->plugin_sha256, act.info->plugin_sha256) != 0)
        status = hk_fail(error, HK_DENIED, "the plugin has changed since this was approved");
    hk_act_done(&act);
    return status;
}

void hk_dispatch_send(struct hk_run *run, struct hk_step *step, enum hk_call_mode mode)
{
    struct hk_error error = {0};
    if (run->engine->is_stopping)
        return; /* found intended at the next start */
    if (run->end != HK_RUN_RUNNING && step->attempts <= 1) {
        failed(run, step, RUN_HAS_ENDED, "not_sent");
        return;
    }
    enum hk_status status = mode == HK_CALL_START ? look_again(run, step, &error) : HK_OK;
    if (status == HK_DENIED) {
        if (step->attempts > 1) /* an earlier sending may have had its effect */
            unknown(run, step, error.text);
        else
            failed(run, step, error.text, "denied");
        return;
    }
    if (status != HK_OK) {
        follow(run, step, mode, HK_CALL_NOT_SENT, error.text);
        return;
    }
    const struct hk_out out = {.run = run, .step = step, .mode = mode};
    const struct hk_call_request request = {
        .key = step->key,
        .args = step->call,
        .deadline_ms = step->deadline_ms,
        .lease_ms = step->lease_ms,
    };
    (void)hk_out_send(run->engine, run->tenant, &out, step->action, &request);
}

void hk_dispatch_settled(void *ctx, uint64_t call_id, enum hk_call_end end, const char *text)
{
    struct hk_engine *engine = ctx;
    char id_text[24];
    snprintf(id_text, sizeof id_text, "%llu", (unsigned long long)call_id);
    struct hk_out *out = hk_map_remove(&engine->outs, id_text);
    if (out == NULL)
        return;
    if (out->mode != HK_CALL_VERIFY && out->mode != HK_CALL_READY)
        hk_crashpoint("after-effect");
    if (text == NULL)
        text = end == HK_CALL_DONE ? "{}" : "no reason was given";
    if (out->ended != NULL) {
        out->ended(out->ctx, end, text);
    } else if (out->release != NULL) {
        hk_lease_call_ended(out->release, out->mode, end, text);
    } else {
        if (out->step->state == HK_STEP_INTENDED) /* I2 */
            follow(out->run, out->step, out->mode, end, text);
        hk_run_unpin(out->run);
    }
    free(out);
    hk_engine_check_stopped(engine);
}

void hk_out_forget(struct hk_engine *engine, uint64_t id)
{
    char id_text[24];
    snprintf(id_text, sizeof id_text, "%llu", (unsigned long long)id);
    free(hk_map_remove(&engine->outs, id_text));
}

void hk_dispatch_cancel(struct hk_run *run)
{
    size_t cursor = 0;
    const struct hk_out *out;
    while ((out = hk_map_next(&run->engine->outs, &cursor)) != NULL) {
        if (out->run == run)
            hk_pool_cancel(run->engine->pool, out->id);
    }
}
