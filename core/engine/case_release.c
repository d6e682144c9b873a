/*
 * case_release: everything that the runs of a case contained is taken back. That it was ordered is
 * recorded first (case.releasing); then each containment is released as if somebody had asked for
 * it alone, a few at a time, and what became of each is told.
 */
#include "base/crashpoint.h"
#include "base/text.h"
#include "engine/case_op.h"
#include "engine/memory.h"
#include "engine/proof.h"

#include <stdlib.h>
#include <string.h>

enum { AT_ONCE_MAX = 8 };

struct releasing;

struct one {
    struct releasing *all;
    char id[HK_ID_SIZE];
    char outcome[16];
    char task[HK_ID_SIZE];
    char *why; /* NULL: nothing to say */
};

struct releasing {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_actor actor;
    char in_case[HK_ID_SIZE];
    char *reason;
    struct one *items;
    size_t count;
    size_t next;
    size_t open;
    bool has_more;
    bool is_starting; /* answers that come at once wait for the loop that asks */
    int64_t approvals_pending;
    hk_reply_fn *reply;
    void *reply_ctx;
};

enum hk_status hk_case_read_containments(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error)
{
    return hk_query_case_part(reading, op->tenant->number, op->id, HK_CASE_CONTAINMENTS_LIVE,
        HK_CASE_BATCH_MAX, op->ids, &op->id_count, error);
}

/* --- the answer --- */

static void write_item(struct hk_jw *jw, const struct one *one)
{
    hk_jw_object(jw);
    hk_jw_kv(jw, "containment", one->id);
    hk_jw_kv(jw, "outcome", one->outcome);
    if (one->task[0] != 0)
        hk_jw_kv(jw, "task", one->task);
    hk_jw_kv(jw, "why", one->why);
    hk_jw_object_end(jw);
}

static int64_t count_of(const struct releasing *all, const char *outcome)
{
    int64_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += strcmp(all->items[i].outcome, outcome) == 0;
    return count;
}

static void finish(struct releasing *all)
{
    struct hk_buf answer;
    struct hk_jw jw;
    int64_t released = count_of(all, "released");
    int64_t by_hand = count_of(all, "by_hand");
    hk_buf_init(&answer, HK_PAYLOAD_SIZE_MAX);
    hk_jw_init(&jw, &answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", all->in_case);
    hk_jw_kv_i64(&jw, "released", released);
    hk_jw_kv_i64(&jw, "by_hand", by_hand);
    hk_jw_kv_i64(&jw, "not_released", (int64_t)all->count - released - by_hand);
    hk_jw_kv_bool(&jw, "more", all->has_more);
    hk_jw_kv_i64(&jw, "approvals_pending", all->approvals_pending);
    hk_jw_key(&jw, "items");
    hk_jw_array(&jw);
    for (size_t i = 0; i < all->count; i++)
        write_item(&jw, &all->items[i]);
    hk_jw_array_end(&jw);
    hk_jw_object_end(&jw);
    all->reply(all->reply_ctx, HK_OK, NULL, answer.data);
    hk_buf_done(&answer);
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].why);
    free(all->items);
    free(all->reason);
    free(all);
}

/* --- one after the other --- */

static void go_on(struct releasing *all);

/* "released", also when somebody else did it meanwhile; "releasing": somebody else is about to;
 * "by_hand": somebody has to; "held" and "unknown" as it then stands; "refused". */
static const char *outcome_of(enum hk_status status, const char *state)
{
    if (strcmp(state, "released") == 0)
        return "released";
    if (status == HK_OK)
        return "by_hand";
    if (status == HK_CONFLICT && strcmp(state, "releasing") == 0)
        return "releasing";
    if (status == HK_CONFLICT && strcmp(state, "active") == 0)
        return "held";
    if (status == HK_CONFLICT && strcmp(state, "unknown") == 0)
        return "unknown";
    return "refused";
}

static void on_one(void *ctx, enum hk_status status, const struct hk_error *error, const char *json)
{
    struct one *one = ctx;
    struct releasing *all = one->all;
    struct hk_json_doc doc = {0};
    if (json != NULL && hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, NULL) != HK_OK)
        doc.root = NULL;
    const char *outcome = outcome_of(status, hk_json_string_at(doc.root, "state", ""));
    (void)hk_copy_text(one->outcome, sizeof one->outcome, outcome);
    (void)hk_copy_text(one->task, sizeof one->task, hk_json_string_at(doc.root, "task", ""));
    if (status != HK_OK && error != NULL && strcmp(outcome, "released") != 0)
        one->why = hk_strdup(error->text);
    hk_json_doc_done(&doc);
    all->open--;
    if (!all->is_starting)
        go_on(all);
}

static void go_on(struct releasing *all)
{
    all->is_starting = true;
    while (all->open < AT_ONCE_MAX && all->next < all->count) {
        struct one *one = &all->items[all->next++];
        all->open++;
        hk_engine_release(
            all->engine, all->tenant->number, &all->actor, one->id, all->reason, on_one, one);
    }
    all->is_starting = false;
    if (all->open == 0)
        finish(all);
}

/* --- from the case's turn on --- */

static void on_ordered(void *ctx)
{
    struct hk_case_op *op = ctx;
    struct releasing *all = op->more;
    hk_crashpoint("case-ordered");
    op->more = NULL;
    op->reply = NULL; /* the answer is given when all are released; the turn ends now */
    hk_case_op_done(op);
    go_on(all);
}

static struct releasing *plan(struct hk_case_op *op)
{
    struct releasing *all = hk_engine_alloc(sizeof *all);
    all->engine = op->engine;
    all->tenant = op->tenant;
    all->actor = op->actor;
    (void)hk_copy_text(all->in_case, sizeof all->in_case, op->id);
    all->reason = hk_strdup(op->change.text == NULL ? "released with its case" : op->change.text);
    all->items = hk_engine_alloc((op->id_count + 1) * sizeof *all->items);
    all->count = op->id_count;
    all->has_more = op->id_count == HK_CASE_BATCH_MAX;
    all->approvals_pending = op->row.approvals_pending;
    all->reply = op->reply;
    all->reply_ctx = op->reply_ctx;
    for (size_t i = 0; i < op->id_count; i++) {
        all->items[i].all = all;
        (void)hk_copy_text(all->items[i].id, sizeof all->items[i].id, op->ids[i]);
    }
    return all;
}

void hk_case_release(struct hk_case_op *op)
{
    struct hk_tx tx;
    struct hk_error error = {0};
    if (op->run != NULL && (op->run->end != HK_RUN_RUNNING || op->step->state != HK_STEP_NONE)) {
        hk_case_op_done(op); /* I3: nobody asks any more */
        return;
    }
    if (hk_proof_check(op->engine, op->tenant, &op->actor, "release", &error) != HK_OK) {
        hk_case_op_refuse(op, error.status, error.text);
        return;
    }
    if (!hk_case_op_may(op, HK_KIND_CASE_RELEASING))
        return;
    op->more = plan(op);
    if (op->id_count == 0) {
        on_ordered(op);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CASE_RELEASING, op->id);
    hk_jw_kv(jw, "reason", ((struct releasing *)op->more)->reason);
    if (op->run != NULL) {
        hk_jw_kv(jw, "run", op->run->id);
        hk_jw_kv(jw, "step", op->step->path);
    }
    hk_jw_key(jw, "containments");
    hk_jw_array(jw);
    for (size_t i = 0; i < op->id_count; i++)
        hk_jw_string(jw, op->ids[i]);
    hk_jw_array_end(jw);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_ordered, op);
}
