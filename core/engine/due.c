/*
 * due: waits, gates and leases are rows with a due time. One timer for the earliest of them; when
 * it fires the ledger is asked what is due. What became due while nothing ran is found the same
 * way: late, not lost.
 */
#include "engine/due.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/gate.h"
#include "engine/lease.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/run_end.h"
#include "engine/step.h"
#include "engine/tenant.h"

#include <stdlib.h>
#include <string.h>

/* A wall clock may jump forward while the monotonic timer sleeps: never sleep longer than this. */
enum { SLEEP_MAX_MS = 60 * 1000, RETRY_MS = 200, RETRY_MAX_MS = 10 * 1000 };
/* Between two full batches: the readers, who load what the first one named, set the pace. */
enum { NEXT_MS = 10 };

struct due_job {
    struct hk_engine *engine;
    struct hk_due_question question;
    struct hk_due items[HK_TIMER_BATCH_MAX];
    size_t count;
    int64_t next_us;
};

static void arm(struct hk_engine *engine, int64_t due_us)
{
    int64_t after_ms = (due_us - hk_engine_now_us(engine)) / 1000 + 1;
    engine->due_us = due_us;
    if (after_ms < 1)
        after_ms = 1;
    if (after_ms > SLEEP_MAX_MS)
        after_ms = SLEEP_MAX_MS;
    hk_timer_arm(engine->due_timer, after_ms);
}

void hk_due_note(struct hk_engine *engine, int64_t due_us)
{
    if (due_us < engine->due_us && engine->is_ready)
        arm(engine, due_us);
}

struct due_wait {
    char step[HK_STEP_PATH_SIZE];
};

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *error)
{
    struct due_wait *wait = ctx;
    if (run == NULL) {
        hk_log(HK_LOG_ERROR, "a wait that is due: %s", error->text);
    } else {
        if (wait->step[0] == 0)
            hk_run_failed(run, "the run lasted longer than its playbook's limits.run_for");
        struct hk_step *step = hk_run_step(run, wait->step);
        bool waits = step != NULL && step->state == HK_STEP_WAITING && run->end == HK_RUN_RUNNING;
        if (waits && strcmp(step->waits_for, "timer") == 0)
            hk_step_settle_now(run, step, true, "true", "timer");
        else if (waits && strcmp(step->waits_for, "signal") == 0)
            hk_step_settle_now(run, step, false, "no signal came in time", "timer");
    }
    free(wait);
}

static void take_up(struct hk_engine *engine, const struct hk_due *due)
{
    struct hk_tenant_state *tenant = hk_tenant_of(engine, due->tenant);
    if (tenant == NULL)
        return; /* its tenant is not configured today */
    switch (due->kind) {
    case HK_DUE_WAIT: {
        struct due_wait *wait = hk_engine_alloc(sizeof *wait);
        (void)hk_copy_text(wait->step, sizeof wait->step, due->step);
        hk_run_with(engine, tenant, due->id, on_run, wait);
        break;
    }
    case HK_DUE_GATE:
        hk_gate_expire(engine, tenant, due->id);
        break;
    case HK_DUE_TELL:
        hk_notice_gate(engine, tenant, due->id);
        break;
    case HK_DUE_LEASE:
        hk_lease_due(engine, tenant, due->id);
        break;
    }
}

static enum hk_status read_due(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct due_job *due = job;
    return hk_query_due(reading, &due->question, due->items, &due->count, &due->next_us, error);
}

/* What was taken up is due until its entries are on disk, and for as long as nothing can be done
 * about it, such as when its run can't be read. That must not stand in the way of the rest, so a
 * full batch is followed by the next one; nor must it keep the engine busy, so the pauses between
 * two looks at the same oldest row grow. */
static int64_t pause_after(struct hk_engine *engine, const struct due_job *due)
{
    const struct hk_due *first = &due->items[0];
    struct hk_due *oldest = &engine->due_oldest;
    if (due->question.skip == 0) {
        bool is_same = oldest->kind == first->kind && oldest->tenant == first->tenant &&
                       strcmp(oldest->id, first->id) == 0 && strcmp(oldest->step, first->step) == 0;
        engine->due_pause_ms = is_same ? engine->due_pause_ms * 2 : RETRY_MS;
        if (engine->due_pause_ms > RETRY_MAX_MS)
            engine->due_pause_ms = RETRY_MAX_MS;
        *oldest = *first;
    }
    engine->due_skip = 0;
    if (due->count < due->question.count_max)
        return engine->due_pause_ms;
    engine->due_skip = due->question.skip + due->count;
    return NEXT_MS;
}

static void on_due(void *job, enum hk_status status, const struct hk_error *error)
{
    struct due_job *due = job;
    struct hk_engine *engine = due->engine;
    engine->is_due_reading = false;
    if (status != HK_OK) {
        hk_log(HK_LOG_WARNING, "what is due: %s", error->text);
        due->next_us = due->question.now_us + RETRY_MS * 1000;
    } else if (due->count > 0 || due->question.skip > 0) {
        int64_t again_us = due->question.now_us + pause_after(engine, due) * 1000;
        if (due->next_us > again_us || due->next_us <= due->question.now_us)
            due->next_us = again_us;
    }
    for (size_t i = 0; status == HK_OK && i < due->count && !engine->is_stopping; i++)
        take_up(engine, &due->items[i]);
    if (!engine->is_stopping && due->next_us < engine->due_us)
        arm(engine, due->next_us);
    free(due);
}

void hk_due_fire(void *ctx)
{
    struct hk_engine *engine = ctx;
    struct hk_error error;
    if (engine->is_stopping || !engine->is_ready)
        return;
    if (engine->due_us > hk_engine_now_us(engine)) { /* woke early: sleep on */
        arm(engine, engine->due_us);
        return;
    }
    engine->due_us = INT64_MAX;
    hk_runs_advance(engine);
    hk_leases_recover(engine);
    if (engine->line_pause_us >
        hk_engine_now_us(engine)) /* whoever stands in the line still does */
        hk_due_note(engine, engine->line_pause_us);
    if (engine->is_due_reading) {
        arm(engine, hk_engine_now_us(engine) + RETRY_MS * 1000);
        return;
    }
    struct due_job *due = hk_engine_alloc(sizeof *due);
    due->engine = engine;
    due->question.now_us = hk_engine_now_us(engine);
    due->question.skip = engine->due_skip;
    due->question.count_max = HK_TIMER_BATCH_MAX;
    due->question.tenants = engine->tenant_numbers;
    due->question.tenant_count = engine->tenant_count;
    engine->is_due_reading = true;
    enum hk_status status = hk_ledger_read(engine->ledger, read_due, on_due, due, &error);
    if (status != HK_OK)
        on_due(due, status, &error);
}
