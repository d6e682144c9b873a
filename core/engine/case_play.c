/*
 * case_play: see case_play.h. The result is the record's: what a replay sees is what the step gave
 * when it was first asked for, whatever became of the case since.
 */
#include "engine/case_play.h"
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_join.h"
#include "engine/case_write.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_change(const struct hk_json *args, struct hk_case_change *change)
{
    *change = (struct hk_case_change){
        .title = hk_json_string_at(args, "title", NULL),
        .happening = hk_json_string_at(args, "happening", NULL),
        .do_now = hk_json_string_at(args, "do_now", NULL),
        .impact = hk_json_string_at(args, "impact", NULL),
        .scope = hk_json_string_at(args, "scope", NULL),
        .phase = hk_json_string_at(args, "phase", NULL),
    };
}

static void write_evidence(struct hk_run *run, const struct hk_step *step, struct hk_tx *tx,
    const char *id, const struct hk_json *list)
{
    for (const struct hk_json *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        const struct hk_evidence evidence = {
            .name = hk_json_string_at(item, "name", ""),
            .text = hk_json_string_at(item, "text", NULL),
            .place = hk_json_string_at(item, "place", ""),
            .note = hk_json_string_at(item, "note", NULL),
            .entry = -1,
            .size = -1,
        };
        hk_case_write_evidence(tx, id, &evidence, NULL, run->id, step->path);
    }
}

/* What args say, into an open case; then the step is settled. phase is the one that it is in, ""
 * when that is not known. */
static void write_play(struct hk_run *run, struct hk_step *step, struct hk_tx *tx, const char *id,
    const char *phase, const struct hk_json *args)
{
    struct hk_case_change change;
    char value[HK_ID_SIZE + 2];
    read_change(args, &change);
    if (change.title != NULL || change.happening != NULL || change.do_now != NULL ||
        change.impact != NULL || change.scope != NULL)
        hk_case_write_described(tx, id, &change, run->id, step->path);
    if (change.phase != NULL && strcmp(change.phase, phase) != 0 &&
        hk_case_index_move(run->engine->cases, run->tenant->number, id, change.phase))
        hk_tx_simple(tx, HK_KIND_CASE_PHASE, id, "phase", change.phase, "run", run->id);
    write_evidence(run, step, tx, id, hk_json_get(args, "evidence"));
    (void)snprintf(value, sizeof value, "\"%.64s\"", id);
    hk_step_settle(run, step, tx, true, value, "engine");
}

/* --- the alert is in no case --- */

static void open_case(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    struct hk_json_doc view = {0};
    struct hk_error error = {0};
    struct hk_tx tx;
    hk_engine_must(hk_json_parse(run->alert->json, strlen(run->alert->json), &hk_json_limits_own,
                       &view, &error),
        "an alert", &error);
    const struct hk_case_opening opening = {
        .title = hk_json_string_at(args, "title", hk_json_string_at(view.root, "title", "")),
        .severity = run->severity,
        .alert = run->alert->id,
        .run = run->id,
        .after = "",
    };
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_case_open(&tx, &opening, view.root, run->alert->in_case);
    write_play(run, step, &tx, run->alert->in_case, "identify", args);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
    hk_json_doc_done(&view);
}

/* --- it is in one that is remembered: what is known of that is newer than what can be read, and
 * however many alerts the case has, none of their runs waits for another --- */

static void write_at_once(
    struct hk_run *run, struct hk_step *step, const char *id, const struct hk_json *args)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    write_play(run, step, &tx, id, "", args);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
    hk_step_deliver(run, step);
}

void hk_case_request(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    char root[HK_ID_SIZE];
    bool is_open;
    if (run->alert->in_case[0] == 0) {
        open_case(run, step, args);
        return;
    }
    if (hk_case_index_state(
            run->engine->cases, run->tenant->number, run->alert->in_case, root, &is_open)) {
        if (is_open)
            write_at_once(run, step, root, args);
        else
            hk_step_settle_now(run, step, false, "its case: it is closed", "engine");
        return;
    }
    struct hk_case_op *op =
        hk_case_op_new(run->engine, run->tenant, run->alert->in_case, HK_CASE_PLAY);
    op->run = run;
    op->step = step;
    hk_run_pin(run);
    hk_case_op_start(op);
}

/* --- it is in one that is not: in that one's turn --- */

static void on_written(void *ctx)
{
    hk_case_op_done(ctx);
}

void hk_case_play(struct hk_case_op *op)
{
    struct hk_run *run = op->run;
    struct hk_json_doc args = {0};
    struct hk_error error = {0};
    struct hk_tx tx;
    if (run->end != HK_RUN_RUNNING || op->step->state != HK_STEP_NONE) {
        hk_case_op_done(op); /* I3 */
        return;
    }
    if (!hk_case_op_may(op, HK_KIND_CASE_DESCRIBED))
        return;
    hk_engine_must(
        hk_json_parse(op->step->args, strlen(op->step->args), &hk_json_limits_own, &args, &error),
        "a step's arguments", &error);
    hk_tx_begin(&tx, op->engine, op->tenant, "engine");
    write_play(run, op->step, &tx, op->id, op->row.phase, args.root);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, on_written, op);
    hk_step_deliver(run, op->step);
    hk_json_doc_done(&args);
}

void hk_case_play_refused(struct hk_case_op *op, const char *why)
{
    struct hk_error text = {0};
    if (op->engine->is_stopping || op->run->end != HK_RUN_RUNNING ||
        op->step->state != HK_STEP_NONE)
        return; /* asked for again by the next start, or by nobody */
    (void)hk_fail(&text, HK_CONFLICT, "its case: %s", why);
    hk_step_settle_now(op->run, op->step, false, text.text, "engine");
}

/* --- taking back what it contains --- */

struct taking_back {
    struct hk_run *run; /* pinned */
    struct hk_step *step;
};

static void on_taken_back(
    void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct taking_back back = *(struct taking_back *)ctx;
    free(ctx);
    /* Else it was told already, is asked for again by the next start, or by nobody. */
    if (!back.run->engine->is_stopping && back.run->end == HK_RUN_RUNNING &&
        back.step->state == HK_STEP_NONE)
        hk_step_settle_now(
            back.run, back.step, status == HK_OK, status == HK_OK ? json : error->text, "engine");
    hk_run_unpin(back.run);
}

/* Do the rules leave it to a playbook? Else the step is settled with what they say. */
static bool may_release(struct hk_run *run, struct hk_step *step)
{
    struct hk_verdict verdict = {0};
    struct hk_error error = {0};
    const struct hk_question question = {.action = "case.release",
        .kind = hk_kind_of_action_text(HK_RESTORE),
        .severity = run->severity,
        .time_us = hk_engine_now_us(run->engine)};
    if (hk_authority_decide(run->tenant->authority, &question, &verdict, &error) != HK_OK)
        hk_step_settle_now(run, step, false, error.text, "invalid");
    else if (verdict.outcome == HK_MAY_DENY || verdict.outcome == HK_MAY_WATCH)
        (void)hk_fail(&error, HK_DENIED, "%s by %s: %s",
            verdict.outcome == HK_MAY_DENY ? "denied" : "watched", verdict.rule, verdict.why);
    else if (verdict.outcome == HK_MAY_RECOMMEND || verdict.outcome == HK_MAY_ASK)
        (void)hk_fail(&error, HK_DENIED,
            "denied by %s: a person has to do it, hikeshi case release %s", verdict.rule,
            run->alert->in_case);
    if (error.status == HK_DENIED)
        hk_step_settle_now(run, step, false, error.text, "denied");
    return error.status == HK_OK;
}

void hk_case_release_request(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    if (run->alert->in_case[0] == 0) {
        hk_step_settle_now(run, step, false, "the alert is in no case", "engine");
        return;
    }
    if (!may_release(run, step))
        return;
    struct taking_back *back = hk_engine_alloc(sizeof *back);
    *back = (struct taking_back){.run = run, .step = step};
    struct hk_case_op *op =
        hk_case_op_new(run->engine, run->tenant, run->alert->in_case, HK_CASE_PLAY_RELEASE);
    (void)hk_copy_text(op->actor.id, sizeof op->actor.id, "engine");
    op->change.text = hk_case_op_text(op, hk_json_string_at(args, "reason", NULL));
    op->run = run;
    op->step = step;
    op->reply = on_taken_back;
    op->reply_ctx = back;
    hk_run_pin(run); /* by the op, until its turn ends */
    hk_run_pin(run); /* until all are released */
    hk_case_op_start(op);
}
