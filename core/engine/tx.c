/*
 * tx: the one way in which the engine writes entries. A struct hk_tx collects the entries of one
 * transaction; all of them carry the same time and actor.
 */
#include "engine/tx.h"
#include "base/text.h"
#include "engine/due.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/run.h"
#include "engine/run_events.h"
#include "engine/start.h"

#include <stdlib.h>
#include <string.h>

void hk_tx_begin(
    struct hk_tx *tx, struct hk_engine *engine, struct hk_tenant_state *tenant, const char *actor)
{
    memset(tx, 0, sizeof *tx);
    tx->engine = engine;
    tx->tenant = tenant;
    tx->actor = actor;
    tx->time_us = hk_engine_now_us(engine);
    tx->due_us = INT64_MAX;
    tx->write = hk_write_new();
    hk_engine_must(tx->write == NULL ? HK_NOMEM : HK_OK, "writing an entry", NULL);
    hk_buf_init(&tx->payload, HK_PAYLOAD_SIZE_MAX);
}

struct hk_jw *hk_tx_entry(struct hk_tx *tx, enum hk_kind kind, const char *subject)
{
    tx->kind = kind;
    (void)hk_copy_text(tx->subject, sizeof tx->subject, subject);
    hk_jw_init(&tx->jw, &tx->payload);
    hk_jw_object(&tx->jw);
    return &tx->jw;
}

void hk_tx_end(struct hk_tx *tx)
{
    struct hk_error error = {0};
    hk_jw_object_end(&tx->jw);
    hk_engine_must(hk_buf_check(&tx->payload, "a payload", &error), "writing an entry", &error);
    size_t size;
    char *payload = hk_buf_take(&tx->payload, &size);
    hk_engine_must(hk_write_add(tx->write, tx->tenant->number, tx->kind, tx->subject, tx->actor,
                       tx->time_us, payload, size, &error),
        "writing an entry", &error);
    tx->entry_count++;
    /* Whoever was asked hears how it ended. */
    if (tx->tenant->contacts != NULL && tx->tenant->contacts->count > 0 &&
        (tx->kind == HK_KIND_GATE_DECIDED || tx->kind == HK_KIND_GATE_EXPIRED))
        memcpy(tx->tell_gate, tx->subject, sizeof tx->tell_gate);
}

void hk_tx_simple(struct hk_tx *tx, enum hk_kind kind, const char *subject, const char *key1,
    const char *value1, const char *key2, const char *value2)
{
    struct hk_jw *jw = hk_tx_entry(tx, kind, subject);
    if (value1 != NULL)
        hk_jw_kv(jw, key1, value1);
    if (value2 != NULL)
        hk_jw_kv(jw, key2, value2);
    hk_tx_end(tx);
}

void hk_tx_due(struct hk_tx *tx, int64_t due_us)
{
    if (due_us < tx->due_us)
        tx->due_us = due_us;
}

struct written {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_run *runs[2]; /* pinned, or NULL */
    hk_tx_done_fn *done;
    void *ctx;
    int64_t notice_due_us;
    int64_t due_us;
    char tell_gate[HK_ID_SIZE];
};

static void on_written(void *ctx, hk_tenant tenant, uint64_t first_seq)
{
    (void)tenant;
    (void)first_seq;
    struct written written = *(struct written *)ctx;
    free(ctx);
    written.engine->writes_open--;
    for (size_t i = 0; i < 2; i++)
        if (written.runs[i] != NULL)
            written.runs[i]->writes_open--;
    if (written.due_us != INT64_MAX)
        hk_due_note(written.engine, written.due_us);
    if (written.notice_due_us != 0)
        hk_notices_wake(written.engine, written.notice_due_us);
    if (written.tell_gate[0] != 0)
        hk_notice_gate(written.engine, written.tenant, written.tell_gate);
    hk_script_events_resume(written.engine);
    if (written.done != NULL)
        written.done(written.ctx);
    for (size_t i = 0; i < 2; i++)
        if (written.runs[i] != NULL)
            hk_run_unpin(written.runs[i]);
    hk_runs_advance(written.engine); /* a run that ended or parked made room */
    hk_engine_check_stopped(written.engine);
}

static void commit(struct hk_tx *tx, enum hk_lane lane, const struct written *draft)
{
    struct written *written = hk_engine_alloc(sizeof *written);
    *written = (struct written){.engine = tx->engine,
        .tenant = tx->tenant,
        .runs = {draft->runs[0], draft->runs[1]},
        .done = draft->done,
        .ctx = draft->ctx,
        .notice_due_us = tx->notice_due_us,
        .due_us = tx->due_us};
    memcpy(written->tell_gate, tx->tell_gate, sizeof written->tell_gate);
    for (size_t i = 0; i < 2; i++) {
        struct hk_run *run = written->runs[i];
        if (run == NULL)
            continue;
        if (run->writes_open++ > 0)
            lane = HK_LANE_NORMAL;
        hk_run_pin(run);
    }
    tx->engine->writes_open++;
    hk_ledger_submit(tx->engine->ledger, tx->write, lane, on_written, written);
    hk_buf_done(&tx->payload);
    tx->write = NULL;
}

void hk_tx_commit(
    struct hk_tx *tx, enum hk_lane lane, struct hk_run *run, hk_tx_done_fn *done, void *ctx)
{
    commit(tx, lane, &(struct written){.runs = {run}, .done = done, .ctx = ctx});
}

void hk_tx_commit_two(
    struct hk_tx *tx, struct hk_run *run, struct hk_run *other, hk_tx_done_fn *done, void *ctx)
{
    commit(tx, HK_LANE_NORMAL, &(struct written){.runs = {run, other}, .done = done, .ctx = ctx});
}
