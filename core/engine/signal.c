/*
 * signal: see signal.h. Which signal settled which wait follows from the order of the entries alone
 * (the oldest one of that name that is left), so a run that is read back has kept what it had.
 */
#include "engine/signal.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/tenant.h"

#include <stdlib.h>
#include <string.h>

struct hk_signal {
    struct hk_signal *next;
    const char *name;
    const char *value; /* JSON */
};

/* --- those that are kept --- */

static void keep(struct hk_run *run, const char *name, const char *value)
{
    struct hk_signal *signal = hk_run_alloc(run, sizeof *signal);
    struct hk_signal **end = &run->signals;
    *signal = (struct hk_signal){.name = hk_run_text(run, name), .value = hk_run_text(run, value)};
    while (*end != NULL)
        end = &(*end)->next;
    *end = signal;
    run->signals_kept++;
}

/* Take the oldest of that name out; NULL when there is none. */
static const struct hk_signal *take(struct hk_run *run, const char *name)
{
    struct hk_signal **at = &run->signals;
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    struct hk_signal *signal = *at;
    if (signal != NULL) {
        *at = signal->next;
        run->signals_kept--;
    }
    return signal;
}

static void count(struct hk_run *run, const char *name, const char *value)
{
    run->signals_come++;
    run->record_size += strlen(name) + strlen(value) + sizeof(struct hk_signal);
}

void hk_signal_loaded(struct hk_run *run, const struct hk_json *payload)
{
    struct hk_buf value;
    hk_buf_init(&value, HK_PAYLOAD_SIZE_MAX);
    hk_json_canonical(hk_json_get(payload, "value"), &value);
    const char *name = hk_json_string_at(payload, "name", "");
    count(run, name, value.data);
    keep(run, name, value.data);
    hk_buf_done(&value);
}

/* The name that a waiting step waits for, copied; "" when it waits for something else. */
static void name_of(const struct hk_step *step, char ret_name[HK_ID_SIZE])
{
    struct hk_json_doc args = {0};
    struct hk_error error;
    ret_name[0] = 0;
    if (strcmp(step->op, "wait") != 0)
        return;
    if (hk_json_parse(step->args, strlen(step->args), &hk_json_limits_own, &args, &error) == HK_OK)
        (void)hk_copy_text(ret_name, HK_ID_SIZE, hk_json_string_at(args.root, "signal", ""));
    hk_json_doc_done(&args);
}

void hk_signal_taken(struct hk_run *run, const struct hk_step *step)
{
    char name[HK_ID_SIZE];
    name_of(step, name);
    (void)take(run, name);
}

/* --- waiting --- */

void hk_signal_wait(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    const char *name = hk_json_string_at(args, "signal", "");
    int64_t timeout_ms = hk_json_i64_at(args, "timeout_ms", 0);
    const struct hk_signal *signal = take(run, name);
    struct hk_tx tx;
    if (signal != NULL) {
        hk_step_settle_now(run, step, true, signal->value, "signal");
        return;
    }
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    hk_step_wait(run, step, &tx, "signal", timeout_ms == 0 ? 0 : tx.time_us + timeout_ms * 1000);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, NULL, NULL);
}

static struct hk_step *waiting_for(const struct hk_run *run, const char *name)
{
    char waits_for[HK_ID_SIZE];
    for (size_t i = 0; i < run->step_count; i++) {
        struct hk_step *step = run->steps[i];
        if (step->state != HK_STEP_WAITING || strcmp(step->waits_for, "signal") != 0)
            continue;
        name_of(step, waits_for);
        if (strcmp(waits_for, name) == 0)
            return step;
    }
    return NULL;
}

/* --- handing over --- */

void hk_signal_hand_over(struct hk_tx *tx, const struct hk_run *run, const char *next)
{
    for (const struct hk_signal *signal = run->signals; signal != NULL; signal = signal->next) {
        struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_RUN_SIGNALLED, next);
        hk_jw_kv(jw, "name", signal->name);
        hk_jw_kv_raw(jw, "value", signal->value);
        hk_jw_kv(jw, "handed_on_by", run->id);
        hk_tx_end(tx);
    }
}

/* --- coming --- */

struct given {
    const char *name;
    const char *value;          /* JSON */
    const struct hk_run *run;   /* that sends it; NULL: the transaction's actor */
    const struct hk_step *step; /* of that run */
};

static enum hk_status admit(
    const struct hk_run *run, const struct given *given, bool is_awaited, struct hk_error *error)
{
    enum hk_run_state state = hk_run_state(run);
    if (run->chain.next[0] != 0)
        return hk_fail(error, HK_CONFLICT, "the run went on as %s", run->chain.next);
    if (!hk_run_step_to(&state, HK_KIND_RUN_SIGNALLED))
        return hk_fail(error, HK_CONFLICT, "the run is %s: nobody would hear the signal",
            hk_run_state_text(hk_run_state(run)));
    if (!is_awaited && run->signals_kept >= HK_SIGNALS_KEPT_MAX)
        return hk_fail(error, HK_CONFLICT, "the run has %d signals already that it did not ask for",
            HK_SIGNALS_KEPT_MAX);
    if (run->signals_come >= HK_SIGNALS_MAX)
        return hk_fail(error, HK_CONFLICT, "the run got %d signals already", HK_SIGNALS_MAX);
    if (!hk_run_has_room(run, strlen(given->value) * 2 + 256))
        return hk_fail(error, HK_CONFLICT, "the record of the run has no room for the signal");
    return HK_OK;
}

/* Write the signal into tx and into memory. *ret_step is the step that it settled, to be delivered
 * once tx is committed, or NULL. */
static enum hk_status give(struct hk_tx *tx, struct hk_run *run, const struct given *given,
    struct hk_step **ret_step, struct hk_error *error)
{
    struct hk_step *step = waiting_for(run, given->name);
    enum hk_status status = admit(run, given, step != NULL, error);
    if (status != HK_OK)
        return status;
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_RUN_SIGNALLED, run->id);
    hk_jw_kv(jw, "name", given->name);
    hk_jw_kv_raw(jw, "value", given->value);
    if (given->run != NULL) {
        hk_jw_kv(jw, "run", given->run->id);
        hk_jw_kv(jw, "step", given->step->path);
    }
    hk_tx_end(tx);
    count(run, given->name, given->value);
    if (step != NULL)
        hk_step_settle(run, step, tx, true, given->value, "signal");
    else
        keep(run, given->name, given->value);
    *ret_step = step;
    return HK_OK;
}

/* Whoever knows the first run of a chain reaches the last one: has this one gone on, and is its
 * successor to be asked? */
static bool follows(const struct hk_run *run, unsigned *hops)
{
    return run != NULL && run->chain.next[0] != 0 && (*hops)++ < HK_SIGNAL_HOPS_MAX;
}

/* --- from a playbook --- */

struct sending {
    struct hk_run *run; /* pinned */
    struct hk_step *step;
    unsigned hops;
};

/* In one transaction with what the sender is told, so it is sent once. */
static void send_to(struct hk_run *run, struct hk_step *step, struct hk_run *to)
{
    struct hk_json_doc args = {0};
    struct hk_error error = {0};
    struct hk_step *settled = NULL;
    struct hk_buf value;
    struct hk_tx tx;
    hk_engine_must(
        hk_json_parse(step->args, strlen(step->args), &hk_json_limits_own, &args, &error),
        "a step's arguments", &error);
    const struct hk_json *data = hk_json_get(args.root, "data");
    hk_buf_init(&value, HK_ARGS_SIZE_MAX);
    if (data == NULL)
        hk_buf_append_text(&value, "null");
    else
        hk_json_canonical(data, &value);
    const struct given given = {.name = hk_json_string_at(args.root, "name", ""),
        .value = value.data,
        .run = run,
        .step = step};
    hk_tx_begin(&tx, run->engine, run->tenant, "engine");
    bool is_given = give(&tx, to, &given, &settled, &error) == HK_OK;
    hk_step_settle(run, step, &tx, is_given, is_given ? "true" : error.text, "engine");
    hk_tx_commit_two(&tx, run, to, NULL, NULL);
    if (settled != NULL)
        hk_step_deliver(to, settled);
    hk_step_deliver(run, step);
    hk_buf_done(&value);
    hk_json_doc_done(&args);
}

static void on_receiver(void *ctx, struct hk_run *to, const struct hk_error *error)
{
    struct sending sending = *(struct sending *)ctx;
    struct hk_run *run = sending.run;
    if (follows(to, &((struct sending *)ctx)->hops)) {
        hk_run_with(run->engine, run->tenant, to->chain.next, on_receiver, ctx);
        return;
    }
    free(ctx);
    /* Asked for again by the next start, or by nobody. */
    if (!run->engine->is_stopping && run->end == HK_RUN_RUNNING &&
        sending.step->state == HK_STEP_NONE) {
        if (to != NULL)
            send_to(run, sending.step, to);
        else
            hk_step_settle_now(run, sending.step, false, error->text, "engine");
    }
    hk_run_unpin(run);
}

void hk_signal_send(struct hk_run *run, struct hk_step *step, const struct hk_json *args)
{
    struct sending *sending = hk_engine_alloc(sizeof *sending);
    *sending = (struct sending){.run = run, .step = step};
    hk_run_pin(run);
    hk_run_with(run->engine, run->tenant, hk_json_string_at(args, "to", ""), on_receiver, sending);
}

/* --- from people and programs --- */

struct signal_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_actor actor;
    char run[HK_ID_SIZE];
    char *name;
    char *value;
    bool is_taken;
    unsigned hops;
    enum hk_run_state state;
    hk_reply_fn *reply;
    void *reply_ctx;
};

static void op_end(struct signal_op *op, const struct hk_error *error)
{
    struct hk_buf answer;
    struct hk_jw jw;
    hk_buf_init(&answer, HK_REASON_SIZE_MAX);
    hk_jw_init(&jw, &answer);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "id", op->run);
    hk_jw_kv(&jw, "state", hk_run_state_text(op->state));
    hk_jw_kv_bool(&jw, "taken", op->is_taken);
    hk_jw_object_end(&jw);
    op->reply(op->reply_ctx, error == NULL ? HK_OK : error->status, error, answer.data);
    hk_buf_done(&answer);
    free(op->name);
    free(op->value);
    free(op);
}

static void on_written(void *ctx)
{
    op_end(ctx, NULL);
}

static void on_run(void *ctx, struct hk_run *run, const struct hk_error *load_error)
{
    struct signal_op *op = ctx;
    struct hk_error error = {0};
    struct hk_step *settled = NULL;
    struct hk_tx tx;
    const struct given given = {.name = op->name, .value = op->value};
    if (run == NULL) {
        op_end(op, load_error);
        return;
    }
    if (follows(run, &op->hops)) {
        (void)hk_copy_text(op->run, sizeof op->run, run->chain.next);
        hk_run_with(op->engine, op->tenant, op->run, on_run, op);
        return;
    }
    op->state = hk_run_state(run);
    hk_tx_begin(&tx, op->engine, op->tenant, op->actor.id);
    if (give(&tx, run, &given, &settled, &error) != HK_OK) {
        hk_write_free(tx.write);
        hk_buf_done(&tx.payload);
        op_end(op, &error);
        return;
    }
    op->is_taken = settled != NULL;
    op->state = hk_run_state(run);
    hk_tx_commit(&tx, HK_LANE_NORMAL, run, on_written, op);
    if (settled != NULL)
        hk_step_deliver(run, settled);
}

void hk_engine_run_signal(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *run, const struct hk_run_signal *signal, hk_reply_fn *reply, void *ctx)
{
    struct signal_op *op = hk_engine_alloc(sizeof *op);
    const char *value = signal->value == NULL ? "null" : signal->value;
    struct hk_error error = {0};
    *op = (struct signal_op){.engine = engine,
        .tenant = hk_tenant_of(engine, tenant),
        .actor = *actor,
        .name = hk_strdup(signal->name),
        .value = hk_strdup(value),
        .state = HK_RUN_NONE,
        .reply = reply,
        .reply_ctx = ctx};
    (void)hk_copy_text(op->run, sizeof op->run, run);
    if (op->name == NULL || op->value == NULL)
        hk_engine_must(HK_NOMEM, "a signal", NULL);
    if (!hk_name_is_valid(signal->name))
        (void)hk_fail(&error, HK_INVALID, "name: 1 to 63 of a-z, 0-9, - and _");
    else if (strlen(value) > HK_SIGNAL_SIZE_MAX)
        (void)hk_fail(&error, HK_INVALID, "value: more than %d bytes", HK_SIGNAL_SIZE_MAX);
    else if (!engine->is_ready || engine->is_stopping)
        (void)hk_fail(&error, HK_BUSY, "the engine is not ready; try again later");
    if (error.status != HK_OK)
        op_end(op, &error);
    else
        hk_run_with(engine, op->tenant, op->run, on_run, op);
}
