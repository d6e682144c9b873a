/*
 * lease: a containment ends: by a person, or because its time is up. The undo is a call like any
 * other: containment.releasing is on disk before it leaves, its key is the same however often it is
 * sent, and its effect class says what may follow when no answer comes. A release that fails leaves
 * the containment standing (containment.held) and is tried again later.
 */
#include "engine/lease.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/case_soon.h"
#include "engine/dispatch.h"
#include "engine/due.h"
#include "engine/effect.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/proof.h"
#include "engine/standing.h"
#include "engine/start.h"
#include "engine/task.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/tx.h"
#include "engine/verify.h"
#include "ledger/query_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_FIRST_MS = 60 * 1000,
    RETRY_MAX_MS = 3600 * 1000,
    RECOVER_AGAIN_MS = 200,
    TASKS_MAX = 8,
    TRIES_BEFORE_TASK = 3, /* so often a release fails before people are asked to do it */
};

enum lease_job { LEASE_RELEASE, LEASE_EXPIRE, LEASE_RECOVER };

struct hk_release {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    enum lease_job job;
    struct hk_actor actor;
    char *reason;
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_standing standing;
    char tasks[TASKS_MAX][HK_ID_SIZE]; /* open ones about it */
    size_t task_count;
    char task[HK_ID_SIZE]; /* opened by this release */
    /* the undo */
    enum hk_effect effect;
    bool can_probe;
    char action[160];
    char key[HK_SHA256_HEX_SIZE];
    char *args;
    unsigned attempts;
    struct hk_buf answer;
};

static void op_end(struct hk_release *op, enum hk_status status, const struct hk_error *error)
{
    struct hk_engine *engine = op->engine;
    char id[HK_ID_SIZE];
    struct hk_jw jw;
    (void)hk_copy_text(id, sizeof id, op->standing.id);
    if (op->reply != NULL) {
        hk_jw_init(&jw, &op->answer);
        hk_jw_object(&jw);
        hk_jw_kv(&jw, "id", op->standing.id);
        hk_jw_kv(&jw, "state", hk_containment_state_text(op->standing.state));
        hk_jw_kv_time(&jw, "expires",
            op->standing.state == HK_CONTAINMENT_ACTIVE ? op->standing.expires_us : 0);
        if (op->task[0] != 0)
            hk_jw_kv(&jw, "task", op->task);
        hk_jw_object_end(&jw);
        op->reply(op->reply_ctx, status, error, op->answer.data);
    }
    /* Reading was refused or took too long: nobody else takes this release up again. */
    if (op->job == LEASE_RECOVER && (status == HK_BUSY || status == HK_TIMEOUT)) {
        hk_lease_list(engine, op->tenant->number, op->standing.id);
        hk_due_note(engine, hk_engine_now_us(engine) + RECOVER_AGAIN_MS * 1000);
    }
    hk_standing_done(&op->standing);
    hk_buf_done(&op->answer);
    free(op->reason);
    free(op->args);
    free(op);
    hk_turn_end(engine, id);
}

static void op_refuse(struct hk_release *op, enum hk_status status, const char *text)
{
    struct hk_error error = {0};
    (void)hk_fail(&error, status, "%s", text);
    op_end(op, status, &error);
}

/* --- reading what stands --- */

static enum hk_status read_containment(
    struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct hk_release *op = job;
    enum hk_status status = hk_standing_read(&op->standing, reading, error);
    if (status == HK_OK)
        status = hk_query_tasks_of_containment(reading, op->tenant->number, op->standing.id,
            TASKS_MAX, op->tasks, &op->task_count, error);
    return status;
}

/* Everything that the undo needs: from the intent alone. */
static enum hk_status plan_undo(struct hk_release *op, struct hk_error *error)
{
    const struct hk_json *root = op->standing.starting.root;
    const char *plugin = hk_standing_plugin(&op->standing);
    const char *undo = hk_json_string_at(root, "undo", NULL);
    if (undo == NULL)
        return hk_fail(error, HK_UNSUPPORTED, "%s has no undo",
            hk_json_string_at(root, "action", "its action"));
    snprintf(op->action, sizeof op->action, "%s.%s", plugin, undo);
    const struct hk_action_info *info =
        hk_pool_action(op->engine->pool, op->tenant->name, plugin, undo);
    if (info == NULL)
        return hk_fail(error, HK_NOT_FOUND, "the plugin's action %s is not there", op->action);
    op->effect = info->effect;
    op->can_probe = info->can_probe;
    op->args = hk_standing_args(&op->standing);
    return op->args == NULL ? hk_fail(error, HK_NOMEM, "out of memory") : HK_OK;
}

/* --- the undo --- */

static void send(struct hk_release *op, enum hk_call_mode mode)
{
    const struct hk_out out = {.release = op, .mode = mode};
    const struct hk_call_request request = {
        .key = op->key,
        .undoes = hk_json_string_at(op->standing.starting.root, "key", ""),
        .args = op->args,
        .deadline_ms = HK_CALL_TIME_DEFAULT_MS,
    };
    op->attempts++;
    (void)hk_out_send(op->engine, op->tenant, &out, op->action, &request);
}

static void on_releasing(void *ctx)
{
    hk_crashpoint("releasing");
    send(ctx, HK_CALL_START);
}

static void on_not_released(void *ctx)
{
    struct hk_release *op = ctx;
    op_refuse(op, HK_CONFLICT,
        op->standing.state == HK_CONTAINMENT_UNKNOWN
            ? "nobody can know whether it was released; it is marked unknown"
            : "the release failed; it still holds and will be tried again");
}

/* Commit tx with the entry that says it still holds, and when its release is tried again. */
static void commit_held(struct hk_release *op, struct hk_tx *tx, const char *why)
{
    int64_t delay_ms = (int64_t)RETRY_FIRST_MS
                       << (op->standing.releases < 6 ? op->standing.releases : 6);
    if (delay_ms > RETRY_MAX_MS)
        delay_ms = RETRY_MAX_MS;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_HELD))
        hk_engine_must(HK_INTERNAL, "a release", NULL);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_CONTAINMENT_HELD, op->standing.id);
    hk_jw_kv(jw, "reason", why);
    hk_jw_kv_i64(jw, "retry_us", tx->time_us + delay_ms * 1000);
    hk_tx_end(tx);
    /* It is tried for ever; people hear of the first time, the second, the fourth … */
    if (((op->standing.releases + 1) & op->standing.releases) == 0)
        hk_notice_about(tx, HK_REASON_HELD, op->standing.id);
    /* Once: a task that is open is not opened again, and one that is done was answered. */
    if (op->standing.releases + 1 == TRIES_BEFORE_TASK)
        hk_task_open_for_lease(
            tx, "release", op->standing.id, op->standing.starting.root, why, op->task);
    hk_tx_due(tx, tx->time_us + delay_ms * 1000);
    hk_tx_commit(tx, HK_LANE_URGENT, NULL, on_not_released, op);
}

static void on_released(void *ctx)
{
    struct hk_release *op = ctx;
    if (op->standing.state == HK_CONTAINMENT_RELEASED)
        hk_case_soon_of_run(
            op->engine, op->tenant, hk_json_string_at(op->standing.starting.root, "run", ""));
    op_end(op, HK_OK, NULL);
}

/* Nothing is sent: a person is asked to, and it holds until they say that they did. */
static void ask_for_undo(struct hk_release *op)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CONTAINMENT_RELEASING, op->standing.id);
    hk_jw_kv(jw, "key", op->key);
    hk_jw_kv(jw, "reason", op->reason);
    hk_jw_kv_i64(jw, "attempt", op->standing.releases + 1);
    hk_jw_kv_bool(jw, "by_hand", true);
    hk_tx_end(&tx);
    hk_task_open_for_lease(
        &tx, "undo", op->standing.id, op->standing.starting.root, op->reason, op->task);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_released, op);
}

static void begin_release(struct hk_release *op)
{
    struct hk_error error = {0};
    struct hk_tx tx;
    enum hk_containment_state was = op->standing.state;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_RELEASING)) {
        struct hk_error text = {0};
        (void)hk_fail(&text, HK_CONFLICT, "it is %s and can't be released now",
            hk_containment_state_text(op->standing.state));
        op_end(op, HK_CONFLICT, &text);
        return;
    }
    hk_key_of(op->tenant->name, op->standing.id, "release", op->key);
    if (op->standing.is_by_hand) {
        ask_for_undo(op);
        return;
    }
    bool is_possible = plan_undo(op, &error) == HK_OK;
    if (!is_possible && op->job == LEASE_RELEASE) {
        op->standing.state = was;
        op_end(op, error.status, &error);
        return;
    }
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    struct hk_jw *jw = hk_tx_entry(&tx, HK_KIND_CONTAINMENT_RELEASING, op->standing.id);
    hk_jw_kv(jw, "key", op->key);
    hk_jw_kv(jw, "reason", op->reason);
    hk_jw_kv_i64(jw, "attempt", op->standing.releases + 1);
    hk_tx_end(&tx);
    if (is_possible)
        hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_releasing, op);
    else /* its plugin is not there: that it still holds stands in the record, and what is tried */
        commit_held(op, &tx, error.text);
}

static void write_released(struct hk_release *op)
{
    struct hk_tx tx;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_RELEASED))
        hk_engine_must(HK_INTERNAL, "a release", NULL);
    hk_tx_begin(&tx, op->engine, op->tenant, "engine");
    hk_tx_simple(
        &tx, HK_KIND_CONTAINMENT_RELEASED, op->standing.id, "reason", op->reason, NULL, NULL);
    hk_verify_forget(&tx, op->standing.id);
    for (size_t i = 0; i < op->task_count; i++)
        hk_task_end_unneeded(&tx, op->tasks[i], "it was released meanwhile");
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_released, op);
}

static void write_held(struct hk_release *op, const char *why)
{
    struct hk_tx tx;
    hk_tx_begin(&tx, op->engine, op->tenant, "engine");
    commit_held(op, &tx, why);
}

static void write_unknown(struct hk_release *op, const char *why)
{
    struct hk_tx tx;
    if (!hk_containment_step_to(&op->standing.state, HK_KIND_CONTAINMENT_UNKNOWN))
        hk_engine_must(HK_INTERNAL, "a release", NULL);
    hk_tx_begin(&tx, op->engine, op->tenant, "engine");
    hk_tx_simple(&tx, HK_KIND_CONTAINMENT_UNKNOWN, op->standing.id, "why", why, NULL, NULL);
    hk_notice_about(&tx, HK_REASON_UNKNOWN, op->standing.id);
    if (op->task_count == 0)
        hk_task_open_for_lease(
            &tx, "release", op->standing.id, op->standing.starting.root, why, op->task);
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_not_released, op);
}

static void follow(
    struct hk_release *op, enum hk_call_mode mode, enum hk_call_end end, const char *text)
{
    switch (hk_effect_next(op->effect, op->can_probe, mode, end, op->attempts)) {
    case HK_NEXT_DONE:
        write_released(op);
        break;
    case HK_NEXT_FAILED:
        write_held(op, text);
        break;
    case HK_NEXT_SEND:
        send(op, HK_CALL_START);
        break;
    case HK_NEXT_PROBE:
        send(op, HK_CALL_PROBE);
        break;
    case HK_NEXT_UNKNOWN:
        /* The same key may be sent again later where that does no harm: then it is not unknown. */
        if (op->effect == HK_IDEMPOTENT)
            write_held(op, text);
        else
            write_unknown(op, text);
        break;
    }
}

void hk_lease_call_ended(
    struct hk_release *op, enum hk_call_mode mode, enum hk_call_end end, const char *text)
{
    follow(op, mode, end, text);
}

/* --- where it was left off --- */

/* A release that was under way when the engine ended. */
static void recover(struct hk_release *op)
{
    struct hk_error error = {0};
    /* What a person undoes goes on with that person. */
    if (op->standing.state != HK_CONTAINMENT_RELEASING || op->standing.is_by_hand) {
        op_end(op, HK_OK, NULL);
        return;
    }
    hk_key_of(op->tenant->name, op->standing.id, "release", op->key);
    if (plan_undo(op, &error) != HK_OK) {
        write_held(op, error.text);
        return;
    }
    op->attempts = 1;
    follow(op, HK_CALL_START, HK_CALL_LOST, "the engine ended while the release was under way");
}

/* --- the way through --- */

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct hk_release *op = job;
    if (status != HK_OK) {
        op_end(op, status, error);
        return;
    }
    switch (op->job) {
    case LEASE_RELEASE:
        begin_release(op);
        break;
    case LEASE_EXPIRE:
        /* Renewed since it was found due: not now. */
        if ((op->standing.state == HK_CONTAINMENT_ACTIVE ||
                op->standing.state == HK_CONTAINMENT_DRIFTED) &&
            op->standing.expires_us <= hk_engine_now_us(op->engine))
            begin_release(op);
        else
            op_end(op, HK_OK, NULL);
        break;
    case LEASE_RECOVER:
        recover(op);
        break;
    }
}

static void go(void *ctx)
{
    struct hk_release *op = ctx;
    struct hk_error error = {0};
    if (hk_ledger_read(op->engine->ledger, read_containment, on_read, op, &error) != HK_OK)
        op_end(op, error.status, &error);
}

static struct hk_release *op_new(struct hk_engine *engine, struct hk_tenant_state *tenant,
    const char *id, enum lease_job job, const char *reason)
{
    struct hk_release *op = hk_engine_alloc(sizeof *op);
    op->engine = engine;
    op->tenant = tenant;
    op->job = job;
    op->reason = hk_strdup(reason);
    hk_standing_init(&op->standing, tenant->number, id);
    (void)hk_copy_text(op->actor.id, sizeof op->actor.id, "engine");
    hk_buf_init(&op->answer, HK_REASON_SIZE_MAX);
    return op;
}

void hk_lease_due(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *containment)
{
    struct hk_release *op = op_new(engine, tenant, containment, LEASE_EXPIRE, "its time is up");
    hk_turn_take_first(engine, op->standing.id, go, op);
}

void hk_lease_list(struct hk_engine *engine, hk_tenant tenant, const char *containment)
{
    size_t count = engine->releasing_count + 1;
    engine->releasing = hk_engine_grow(engine->releasing, count * sizeof *engine->releasing);
    struct hk_releasing *item = &engine->releasing[engine->releasing_count++];
    item->tenant = tenant;
    (void)hk_copy_text(item->containment, sizeof item->containment, containment);
}

void hk_leases_recover(struct hk_engine *engine)
{
    struct hk_releasing *items = engine->releasing;
    size_t count = engine->releasing_count;
    engine->releasing = NULL; /* those that can't be read now are listed again */
    engine->releasing_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct hk_release *op = op_new(engine, hk_tenant_of(engine, items[i].tenant),
            items[i].containment, LEASE_RECOVER, "its release goes on after a restart");
        hk_turn_take_first(engine, op->standing.id, go, op);
    }
    free(items);
}

/* Whether this actor's role allows it was checked at the door (api). */
static void ask(struct hk_release *op, const struct hk_actor *actor, hk_reply_fn *reply, void *ctx)
{
    op->actor = *actor;
    op->reply = reply;
    op->reply_ctx = ctx;
    hk_turn_take(op->engine, op->standing.id, go, op);
}

void hk_engine_release(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *containment, const char *reason, hk_reply_fn *reply, void *ctx)
{
    struct hk_error error = {0};
    if (!engine->is_ready || engine->is_stopping) {
        hk_reply_busy(reply, ctx);
        return;
    }
    if (hk_proof_check(engine, hk_tenant_of(engine, tenant), actor, "release", &error) != HK_OK) {
        reply(ctx, error.status, &error, NULL);
        return;
    }
    ask(op_new(engine, hk_tenant_of(engine, tenant), containment, LEASE_RELEASE,
            reason == NULL ? "released" : reason),
        actor, reply, ctx);
}
