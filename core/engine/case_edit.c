/*
 * case_edit: what is written into a case: notes, whose it is, its phase, what happens in it,
 * evidence, tasks; and the table of all verbs.
 */
#include "base/text.h"
#include "engine/case_index.h"
#include "engine/case_op.h"
#include "engine/case_soon.h"
#include "engine/case_write.h"
#include "engine/memory.h"
#include "engine/task.h"

#include <string.h>

static void begin(struct hk_case_op *op, struct hk_tx *tx)
{
    hk_tx_begin(tx, op->engine, op->tenant, op->actor.id);
}

static void note(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_NOTED))
        return;
    begin(op, &tx);
    hk_tx_simple(&tx, HK_KIND_CASE_NOTED, op->id, "text", op->change.text, NULL, NULL);
    hk_case_op_commit(op, &tx);
}

static void assign(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_ASSIGNED))
        return;
    begin(op, &tx);
    hk_tx_simple(&tx, HK_KIND_CASE_ASSIGNED, op->id, "to", op->change.to, "user", op->change.user);
    (void)hk_copy_text(op->row.assignee, sizeof op->row.assignee, op->change.to);
    if (op->change.to[0] == 0) /* nobody's any more: it may close by itself */
        hk_case_soon(op->engine, op->tenant, op->id);
    hk_case_op_commit(op, &tx);
}

static void phase(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_PHASE))
        return;
    if (strcmp(op->row.phase, op->change.phase) == 0) {
        hk_case_op_done(op);
        return;
    }
    begin(op, &tx);
    hk_tx_simple(
        &tx, HK_KIND_CASE_PHASE, op->id, "phase", op->change.phase, "reason", op->change.text);
    (void)hk_copy_text(op->row.phase, sizeof op->row.phase, op->change.phase);
    (void)hk_case_index_move(op->engine->cases, op->tenant->number, op->id, op->change.phase);
    hk_case_op_commit(op, &tx);
}

static void describe(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_DESCRIBED))
        return;
    begin(op, &tx);
    hk_case_write_described(&tx, op->id, &op->change, NULL, NULL);
    hk_case_op_commit(op, &tx);
}

static enum hk_status read_evidence(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error)
{
    const struct hk_evidence *evidence = &op->change.evidence;
    if (evidence->entry < 0)
        return HK_OK;
    return hk_query_entry(
        reading, op->tenant->number, (uint64_t)evidence->entry, &op->arena, &op->stored, error);
}

static void evidence(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (op->change.evidence.entry >= 0 && op->stored.payload == NULL) {
        hk_case_op_refuse(op, HK_NOT_FOUND, "what that entry said was erased");
        return;
    }
    if (!hk_case_op_may(op, HK_KIND_CASE_EVIDENCE))
        return;
    begin(op, &tx);
    hk_case_write_evidence(&tx, op->id, &op->change.evidence, &op->stored, NULL, NULL);
    hk_case_op_commit(op, &tx);
}

static void reopen(struct hk_case_op *op)
{
    struct hk_tx tx;
    if (!hk_case_op_may(op, HK_KIND_CASE_REOPENED))
        return;
    begin(op, &tx);
    hk_tx_simple(&tx, HK_KIND_CASE_REOPENED, op->id, "reason", op->change.text, NULL, NULL);
    op->row.verdict[0] = 0;
    op->row.proposed[0] = 0;
    hk_case_index_set(op->engine->cases, op->tenant->number, op->id, true, "");
    hk_case_op_commit(op, &tx);
}

static void open_task(struct hk_case_op *op)
{
    char task[HK_ID_SIZE];
    struct hk_tx tx;
    struct hk_jw jw;
    if (op->state != HK_CASE_OPEN) {
        hk_case_op_refuse(op, HK_CONFLICT, "only an open case is given tasks");
        return;
    }
    begin(op, &tx);
    hk_task_open_manual(&tx, op->id, &op->change.task, op->row.severity, task);
    hk_case_op_stand(op, &jw);
    hk_jw_kv(&jw, "task", task);
    hk_jw_object_end(&jw);
    hk_case_op_commit(op, &tx);
}

const struct hk_case_verb_fns hk_case_edits[HK_CASE_VERBS] = {
    [HK_CASE_NOTE] = {.act = note},
    [HK_CASE_ASSIGN] = {.act = assign},
    [HK_CASE_PHASE] = {.act = phase},
    [HK_CASE_DESCRIBE] = {.act = describe},
    [HK_CASE_EVIDENCE] = {.read = read_evidence, .act = evidence},
    [HK_CASE_CLOSE] = {.needs_counts = true,
        .read = hk_case_read_alerts_open,
        .act = hk_case_close},
    [HK_CASE_REOPEN] = {.act = reopen},
    [HK_CASE_MERGE] = {.act = hk_case_merge},
    [HK_CASE_UNMERGE] = {.act = hk_case_unmerge},
    [HK_CASE_SPLIT] = {.read = hk_case_read_split, .act = hk_case_split},
    [HK_CASE_RELEASE] = {.needs_counts = true,
        .read = hk_case_read_containments,
        .act = hk_case_release},
    [HK_CASE_TASK] = {.act = open_task},
    [HK_CASE_CONSIDER] = {.needs_counts = true, .follows = true, .act = hk_case_consider},
    [HK_CASE_PLAY] = {.follows = true, .act = hk_case_play},
    [HK_CASE_PLAY_RELEASE] = {.needs_counts = true,
        .follows = true,
        .read = hk_case_read_containments,
        .act = hk_case_release},
};
