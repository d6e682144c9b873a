/*
 * step: what a playbook asks for, and how it is settled.
 *
 *   note, close   nothing leaves the engine: settled at once
 *   notify, escalate   the same, and notices are queued
 *   case          likewise, in the turn of the alert's case
 *   release       likewise, once what the case contains is released
 *   wait          step.waiting with a due time, or for a signal
 *   call          step.waiting, and another run begins
 *   signal        written to another run, and settled with that
 *   ask           step.waiting and a gate with a question
 *   act           authority decides: settled (denied, recommended), a gate, or intended
 */
#include "engine/step.h"
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/call.h"
#include "engine/case_play.h"
#include "engine/case_write.h"
#include "engine/dedupe.h"
#include "engine/dispatch.h"
#include "engine/gate.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/run_end.h"
#include "engine/shadow.h"
#include "engine/signal.h"
#include "engine/task.h"
#include "engine/tx.h"
#include "script/vocabulary.h"

#include <stdio.h>
#include <string.h>

void hk_step_write_request(struct hk_jw *jw, const struct hk_step *step)
{
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "op", step->op);
    hk_jw_kv(jw, "name", step->name);
    hk_jw_kv_raw(jw, "args", step->args);
    hk_jw_kv_raw(jw, "options", step->options);
    hk_jw_kv(jw, "where", step->where);
}

bool hk_step_how_refuses(const char *how)
{
#define HOW(name, refused, help) {name, refused},
    static const struct {
        const char *name;
        bool refused;
    } hows[] = {HK_STEP_HOWS(HOW)};
#undef HOW
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        if (strcmp(hows[i].name, how) == 0)
            return hows[i].refused;
    }
    return false;
}

void hk_step_settle(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, bool ok,
    const char *value, const char *how)
{
    enum hk_step_state from = step->state;
    hk_engine_must(hk_step_step_to(&step->state, HK_KIND_STEP_SETTLED) ? HK_OK : HK_INTERNAL,
        "settling a step", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_SETTLED, run->id);
    if (from == HK_STEP_NONE)
        hk_step_write_request(jw, step);
    else
        hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "from", hk_step_state_text(from));
    hk_jw_kv_bool(jw, "ok", ok);
    if (ok)
        hk_jw_kv_raw(jw, "value", value);
    else
        hk_jw_kv(jw, "reason", value);
    hk_jw_kv(jw, "how", how);
    hk_jw_kv_i64(jw, "at_us", tx->time_us);
    hk_tx_end(tx);
    step->ok = ok;
    step->is_refused = !ok && hk_step_how_refuses(how);
    step->value = hk_run_text(run, value);
    step->time_us = tx->time_us;
    step->order = ++run->settled_count;
    run->record_size += strlen(value);
    run->engine->stats.steps_settled++;
}

void hk_step_deliver(struct hk_run *run, const struct hk_step *step)
{
    struct hk_error error = {0};
    if (run->script == 0) {
        hk_run_wake(run);
        return;
    }
    run->deliveries_sent++;
    const struct hk_script_result result = {.step = step->path,
        .ok = step->ok,
        .is_refused = step->is_refused,
        .value = step->value,
        .time_us = step->time_us};
    hk_engine_must(hk_script_settle(run->engine->script, run->script, &result, &error),
        "giving a result to a playbook", &error);
}

void hk_step_settle_now(
    struct hk_run *run, struct hk_step *step, bool ok, const char *value, const char *how)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_step_settle(run, step, &tx, ok, value, how);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

/* --- wait --- */

void hk_step_wait(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, const char *waits_for,
    int64_t due_us)
{
    hk_engine_must(
        hk_step_step_to(&step->state, HK_KIND_STEP_WAITING) ? HK_OK : HK_INTERNAL, "a wait", NULL);
    step->waits_for = waits_for;
    step->due_us = due_us;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_WAITING, run->id);
    hk_step_write_request(jw, step);
    hk_jw_kv(jw, "from", hk_step_state_text(HK_STEP_NONE));
    hk_jw_kv(jw, "for", waits_for);
    if (step->called[0] != 0)
        hk_jw_kv(jw, "run", step->called);
    if (due_us != 0)
        hk_jw_kv_i64(jw, "due_us", due_us);
    hk_tx_end(tx);
    if (due_us != 0)
        hk_tx_due(tx, due_us);
}

void hk_step_wait_on(struct hk_run *run, struct hk_step *step, struct hk_tx *tx)
{
    hk_engine_must(
        hk_step_step_to(&step->state, HK_KIND_STEP_WAITING) ? HK_OK : HK_INTERNAL, "a wait", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_STEP_WAITING, run->id);
    hk_jw_kv(jw, "step", step->path);
    hk_jw_kv(jw, "from", hk_step_state_text(HK_STEP_WAITING));
    hk_jw_kv(jw, "for", step->waits_for);
    hk_jw_kv(jw, "run", step->called);
    hk_tx_end(tx);
}

/* When the wait is over; 0 when the tenant's configuration has no answer. */
static int64_t due_of(const struct hk_run *run, const struct hk_json *args, int64_t now_us)
{
    const struct hk_business *business = &run->tenant->business;
    int64_t minute;
    int64_t until_us;
    int64_t due_us;
    if (hk_json_i64(hk_json_get(args, "until_us"), &until_us))
        return until_us < now_us ? now_us : until_us;
    if (hk_json_i64(hk_json_get(args, "clock_min"), &minute))
        return hk_business_clock(business, (int)minute, now_us);
    if (hk_json_get(args, "business") == NULL)
        return now_us + hk_json_i64_at(args, "for_ms", 0) * 1000;
    due_us = business->hours.is_set ? hk_business_next(business, now_us) : INT64_MAX;
    return due_us == INT64_MAX ? 0 : due_us;
}

static void request_wait(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    struct hk_tx tx;
    if (hk_json_get(args, "signal") != NULL) {
        hk_signal_wait(run, step, args);
        return;
    }
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    int64_t due_us = due_of(run, args, tx.time_us);
    if (due_us != 0) {
        hk_step_wait(run, step, &tx, "timer", due_us);
        hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
        return;
    }
    hk_step_settle(run, step, &tx, false,
        run->tenant->business.hours.is_set ? "there are no business hours within two years"
                                           : "the tenant has no business_hours",
        "invalid");
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

/* --- close --- */

static void request_close(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    /* A second playbook that closes the same alert adds its step, not a second closing. */
    if (hk_alert_step_to(&run->alert->state, HK_KIND_ALERT_CLOSED)) {
        struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_ALERT_CLOSED, run->alert->id);
        hk_jw_kv(jw, "verdict", hk_json_string_at(args, "verdict", "undetermined"));
        if (hk_json_string_at(args, "note", NULL) != NULL)
            hk_jw_kv(jw, "note", hk_json_string_at(args, "note", NULL));
        hk_jw_kv(jw, "run", run->id);
        hk_tx_end(&tx);
        hk_dedupe_forget(run->engine->dedupe, run->alert->id);
    }
    hk_step_settle(run, step, &tx, true, "true", "engine");
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

/* --- notify, escalate --- */

static void request_tell(
    struct hk_run *run, struct hk_step *step, const struct hk_json *args, enum hk_reason reason)
{
    struct hk_error error = {0};
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    bool is_queued = hk_notice_to(&tx, reason, run->id, hk_json_string_at(args, "to", NULL),
                         hk_json_string_at(args, "text", NULL), &error) == HK_OK;
    hk_step_settle(run, step, &tx, is_queued, is_queued ? "true" : error.text, "engine");
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

/* --- ask --- */

static void request_ask(struct hk_run *run, struct hk_step *step)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_gate_open_question(run, step, &tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
}

/* --- act --- */

/* A recommendation is a task; what changes nothing is none. */
static void settle_recommended(struct hk_run *run, struct hk_step *step, const struct hk_act *act)
{
    char task[HK_ID_SIZE];
    char reason[HK_ID_SIZE + 16];
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_task_open_recommended(&tx, run, step, act, task);
    (void)snprintf(reason, sizeof reason, "recommended: %s", task);
    hk_step_settle(run, step, &tx, false, reason, "recommended");
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

static void settle_by_verdict(struct hk_run *run, struct hk_step *step, const struct hk_act *act)
{
    static const char *const words[] = {
        [HK_MAY_DENY] = "denied", [HK_MAY_WATCH] = "watched", [HK_MAY_RECOMMEND] = "recommended"};
    const char *word = words[act->verdict.outcome];
    struct hk_error text = {0};
    if (act->verdict.outcome == HK_MAY_RECOMMEND && act->info->kind != HK_ENRICH &&
        act->info->kind != HK_NOTIFY) {
        settle_recommended(run, step, act);
        return;
    }
    (void)hk_fail(&text, HK_DENIED, "%s by %s: %s", word, act->verdict.rule, act->verdict.why);
    hk_step_settle_now(run, step, false, text.text, word);
}

struct send {
    struct hk_run *run;
    struct hk_step *step;
};

static void on_intended(void *ctx)
{
    struct send send = *(struct send *)ctx;
    hk_crashpoint("after-intent");
    hk_dispatch_send(send.run, send.step, HK_CALL_START);
}

/* Commit the write that holds the intent; the call leaves when it is on disk. */
static void commit_intent(
    struct hk_run *run, struct hk_step *step, struct hk_tx *tx, enum hk_lane lane)
{
    struct send *send = hk_run_alloc(run, sizeof *send);
    *send = (struct send){.run = run, .step = step};
    hk_crashpoint("before-intent");
    hk_tx_commit(tx, lane, run, on_intended, send);
}

static void request_act(struct hk_run *run, struct hk_step *step)
{
    struct hk_act act;
    struct hk_error error = {0};
    struct hk_tx tx;
    if (hk_act_prepare(run, step, &act, &error) != HK_OK) {
        hk_act_done(&act);
        hk_tx_begin(&tx, run->engine, run->tenant, "engine");
        hk_step_settle(run, step, &tx, false, error.text, "invalid");
        hk_task_open_fallback(&tx, run, step, error.text);
        hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
        hk_step_deliver(run, step);
        return;
    }
    if (run->is_shadow && hk_shadow_withholds(run, step, &act)) {
        hk_act_done(&act);
        return;
    }
    switch (act.verdict.outcome) {
    case HK_MAY_DENY:
    case HK_MAY_WATCH:
    case HK_MAY_RECOMMEND:
        settle_by_verdict(run, step, &act);
        break;
    case HK_MAY_ASK:
        hk_tx_begin(&tx, run->engine, run->tenant, "engine");
        hk_gate_open(run, step, &act, &tx);
        hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
        break;
    case HK_MAY_DO_THEN_TELL:
    case HK_MAY_DO:
        hk_tx_begin(&tx, run->engine, run->tenant, "engine");
        hk_dispatch_intend(run, step, &act, NULL, &tx);
        commit_intent(run, step, &tx, HK_LANE_NORMAL);
        break;
    }
    hk_act_done(&act);
}

/* --- note --- */

/* Into the run's record, and into the case that people read. */
static void request_note(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    if (run->alert->in_case[0] != 0)
        hk_case_write_note(
            &tx, run->alert->in_case, hk_json_string_at(args, "text", ""), run->id, step->path);
    hk_step_settle(run, step, &tx, true, "null", "engine");
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

void hk_step_request(struct hk_run *run, const struct hk_script_event *event)
{
    struct hk_json_doc args = {0};
    struct hk_error error = {0};
    size_t size = hk_step_size(event->args, event->options, event->name, event->where);
    if (!hk_run_has_room(run, size)) {
        hk_run_failed(run, "the record of the run is larger than a run's may be");
        return;
    }
    run->record_size += size;
    struct hk_step *step = hk_run_step_add(run, event->step);
    step->op = hk_run_text(run, event->op);
    step->name = hk_run_text(run, event->name);
    step->args = hk_run_text(run, event->args);
    step->options = hk_run_text(run, event->options);
    step->where = hk_run_text(run, event->where);
    if (run->step_count > HK_RUN_STEPS_MAX) {
        hk_run_failed(run, "the run asked for more steps than a run may have");
        return;
    }
    hk_engine_must(
        hk_json_parse(step->args, strlen(step->args), &hk_json_limits_own, &args, &error),
        "a step's arguments", &error);
    if (run->is_shadow && hk_shadow_settles(run, step, args.root)) {
        hk_json_doc_done(&args);
        return;
    }
    if (strcmp(step->op, "act") == 0)
        request_act(run, step);
    else if (strcmp(step->op, "wait") == 0)
        request_wait(run, step, args.root);
    else if (strcmp(step->op, "ask") == 0)
        request_ask(run, step);
    else if (strcmp(step->op, "close") == 0)
        request_close(run, step, args.root);
    else if (strcmp(step->op, "notify") == 0)
        request_tell(run, step, args.root, HK_REASON_NOTIFY);
    else if (strcmp(step->op, "escalate") == 0)
        request_tell(run, step, args.root, HK_REASON_ESCALATE);
    else if (strcmp(step->op, "note") == 0)
        request_note(run, step, args.root);
    else if (strcmp(step->op, "call") == 0)
        hk_call_request(run, step);
    else if (strcmp(step->op, "signal") == 0)
        hk_signal_send(run, step, args.root);
    else if (strcmp(step->op, "case") == 0)
        hk_case_request(run, step, args.root);
    else if (strcmp(step->op, "release") == 0)
        hk_case_release_request(run, step, args.root);
    else
        hk_step_settle_now(run, step, true, "null", "engine");
    hk_json_doc_done(&args);
}
