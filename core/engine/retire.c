/*
 * retire: see retire.h. A round goes through the tenants and their rules, one slice at a time: read
 * what is due, write, wait until it is on disk, pause, go on. The next round comes at intervals.
 */
#include "engine/retire.h"

#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/memory.h"
#include "engine/tenant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hk_retirer {
    struct hk_engine *engine;
    struct hk_timer *timer;
    int64_t every_ms; /* between two rounds */
    int64_t again_us; /* when what was still needed is looked at again */
    int64_t again_every_us;
    /* where the round is */
    size_t tenant;
    int rule;
    bool looks_again;       /* first at what was kept, in this round */
    char after[HK_ID_SIZE]; /* which of those was looked at last */
    bool knows_from;        /* from_seq is that of this tenant and rule */
    uint64_t from_seq;
    bool is_busy;
    uint64_t entries;
};

struct slice {
    struct hk_retirer *retirer;
    struct hk_tenant_state *tenant;
    struct hk_retire_look look;
    bool is_again; /* of those that were kept */
    bool knows_from;
    char after[HK_ID_SIZE];
    size_t kept;
};

/* --- reading --- */

static void on_progress(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct slice *slice = ctx;
    (void)time_us;
    if (strcmp(cursor->key, hk_retire_rule_text(slice->look.rule)) == 0)
        slice->look.from_seq = strtoull(cursor->value, NULL, 10);
}

static void on_kept(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct slice *slice = ctx;
    struct hk_retire_look *look = &slice->look;
    (void)time_us;
    slice->kept++;
    if (slice->is_again && look->id_count < HK_RETIRE_IDS_MAX &&
        strcmp(cursor->value, hk_retire_rule_text(look->rule)) == 0 &&
        strcmp(cursor->key, slice->after) > 0)
        (void)hk_copy_text(look->ids[look->id_count++], HK_ID_SIZE, cursor->key);
}

static enum hk_status read_slice(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct slice *slice = job;
    hk_tenant tenant = slice->tenant->number;
    enum hk_status status = HK_OK;
    if (!slice->knows_from)
        status = hk_query_cursors(reading, tenant, HK_RETIRE_SHELF, on_progress, slice, error);
    if (status == HK_OK && !slice->is_again)
        status = hk_query_retire(reading, &slice->look, error);
    if (status == HK_OK)
        status = hk_query_cursors(reading, tenant, HK_RETAINED_SHELF, on_kept, slice, error);
    return status;
}

/* --- one slice after the other --- */

static void go_on(struct hk_retirer *retirer, int64_t after_ms)
{
    retirer->is_busy = false;
    if (!retirer->engine->is_stopping)
        hk_timer_arm(retirer->timer, after_ms);
}

static void next_rule(struct hk_retirer *retirer)
{
    retirer->after[0] = 0;
    retirer->knows_from = false;
    retirer->looks_again = retirer->again_us == 0;
    if (++retirer->rule < HK_RETIRE_RULE_COUNT)
        return;
    retirer->rule = 0;
    retirer->tenant++;
}

static void on_written(void *ctx, const struct hk_erasure *erasure)
{
    struct slice *slice = ctx;
    struct hk_retirer *retirer = slice->retirer;
    retirer->entries += erasure->entries;
    free(slice);
    go_on(retirer, HK_RETIRE_PAUSE_MS);
}

static void write_progress(struct hk_write *write, const struct slice *slice, int64_t now_us)
{
    struct hk_error error = {0};
    char value[24];
    (void)snprintf(value, sizeof value, "%" PRIu64, slice->look.next_seq);
    const struct hk_cursor cursor = {
        .source = HK_RETIRE_SHELF, .key = hk_retire_rule_text(slice->look.rule), .value = value};
    hk_engine_must(hk_write_cursor(write, slice->tenant->number, &cursor, now_us, &error),
        "how far retention has come", &error);
}

/* What is due goes, and how far we have come is kept in the same transaction. */
static void write_slice(struct slice *slice)
{
    struct hk_engine *engine = slice->retirer->engine;
    const char *rule = hk_retire_rule_text(slice->look.rule);
    int64_t now_us = hk_clock_now_us(hk_ledger_clock(engine->ledger));
    struct hk_write *write = hk_write_new();
    struct hk_error error = {0};
    char reason[96];
    (void)snprintf(reason, sizeof reason, "retention.%s = %s", rule,
        hk_json_string_at(hk_json_get(slice->tenant->config.root, "retention"), rule, ""));
    const struct hk_retire_request request = {.tenant = slice->tenant->number,
        .rule = rule,
        .reason = reason,
        .ids = slice->look.ids,
        .id_count = slice->look.id_count,
        .seqs = slice->look.seqs,
        .seq_count = slice->look.seq_count,
        .time_us = now_us};
    hk_engine_must(write == NULL ? HK_NOMEM : hk_write_retire(write, &request, &error),
        "erasing by rule", &error);
    if (!slice->is_again)
        write_progress(write, slice, now_us);
    hk_ledger_submit_erase(engine->ledger, write, on_written, slice);
}

/* The end of what is due by this rule. */
static void end_rule(struct slice *slice)
{
    struct hk_retirer *retirer = slice->retirer;
    struct hk_write *write = hk_write_new();
    if (write != NULL) {
        write_progress(write, slice, hk_clock_now_us(hk_ledger_clock(retirer->engine->ledger)));
        hk_ledger_submit(retirer->engine->ledger, write, HK_LANE_NORMAL, NULL, NULL);
    }
    next_rule(retirer);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct slice *slice = job;
    struct hk_retirer *retirer = slice->retirer;
    const struct hk_retire_look *look = &slice->look;
    bool has_some = look->id_count > 0 || look->seq_count > 0;
    slice->tenant->retained_count = slice->kept;
    if (status != HK_OK) {
        hk_log(HK_LOG_WARNING, "retention of %s: %s", slice->tenant->name, error->text);
        free(slice);
        go_on(retirer, retirer->every_ms);
        return;
    }
    if (slice->is_again && has_some)
        (void)hk_copy_text(retirer->after, sizeof retirer->after, look->ids[look->id_count - 1]);
    else if (slice->is_again)
        retirer->looks_again = false;
    retirer->knows_from = !slice->is_again;
    retirer->from_seq = look->next_seq;
    if (has_some) {
        write_slice(slice);
        return;
    }
    if (!slice->is_again && look->is_end && look->next_seq > look->from_seq)
        end_rule(slice);
    else if (!slice->is_again && look->is_end)
        next_rule(retirer);
    free(slice);
    go_on(retirer, 0);
}

static void read_next(struct hk_retirer *retirer, struct hk_tenant_state *tenant)
{
    struct slice *slice = hk_engine_alloc(sizeof *slice);
    struct hk_error error = {0};
    enum hk_retire_rule rule = (enum hk_retire_rule)retirer->rule;
    slice->retirer = retirer;
    slice->tenant = tenant;
    slice->is_again = retirer->looks_again;
    slice->knows_from = retirer->knows_from;
    (void)hk_copy_text(slice->after, sizeof slice->after, retirer->after);
    slice->look.tenant = tenant->number;
    slice->look.rule = rule;
    slice->look.before_us = hk_time_wall_us() - tenant->retain_ms[rule] * 1000;
    slice->look.from_seq = retirer->knows_from ? retirer->from_seq : 0;
    retirer->is_busy = true;
    if (hk_ledger_read(retirer->engine->ledger, read_slice, on_read, slice, &error) != HK_OK) {
        free(slice);
        go_on(retirer, HK_RETIRE_PAUSE_MS);
    }
}

/* The next slice of the round, or the next round. */
static void step(void *ctx)
{
    struct hk_retirer *retirer = ctx;
    struct hk_engine *engine = retirer->engine;
    int64_t now_us = hk_time_wall_us();
    if (engine->is_stopping || retirer->is_busy)
        return;
    if (retirer->tenant >= engine->tenant_count) {
        retirer->tenant = 0;
        retirer->rule = 0;
        if (retirer->again_us == 0)
            retirer->again_us = now_us + retirer->again_every_us;
        else if (now_us >= retirer->again_us)
            retirer->again_us = 0;
        retirer->looks_again = retirer->again_us == 0;
        hk_timer_arm(retirer->timer, retirer->every_ms);
        return;
    }
    while (retirer->tenant < engine->tenant_count) {
        struct hk_tenant_state *tenant = engine->tenants[retirer->tenant];
        if (tenant->retain_ms[retirer->rule] > 0) {
            read_next(retirer, tenant);
            return;
        }
        next_rule(retirer);
    }
    hk_timer_arm(retirer->timer, 0);
}

/* --- begin and end --- */

enum hk_status hk_retirer_new(
    struct hk_engine *engine, struct hk_retirer **ret_retirer, struct hk_error *error)
{
    struct hk_retirer *retirer = calloc(1, sizeof *retirer);
    if (retirer == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for retention");
    retirer->engine = engine;
    retirer->timer = hk_timer_new(engine->options.loop, step, retirer);
    if (retirer->timer == NULL) {
        free(retirer);
        return hk_fail(error, HK_NOMEM, "no memory for retention");
    }
    *ret_retirer = retirer;
    return HK_OK;
}

void hk_retirer_free(struct hk_retirer *retirer)
{
    if (retirer == NULL)
        return;
    hk_timer_free(retirer->timer);
    free(retirer);
}

void hk_retirer_start(struct hk_retirer *retirer)
{
    const struct hk_engine *engine = retirer->engine;
    bool has_rule = false;
    retirer->every_ms = HK_RETIRE_LOOK_MS;
    retirer->again_every_us = HK_RETIRE_AGAIN_US;
    retirer->looks_again = true;
    for (size_t i = 0; i < engine->tenant_count; i++)
        for (int rule = 0; rule < HK_RETIRE_RULE_COUNT; rule++) {
            int64_t keep_ms = engine->tenants[i]->retain_ms[rule];
            if (keep_ms == 0)
                continue;
            has_rule = true;
            if (keep_ms < retirer->every_ms)
                retirer->every_ms = keep_ms;
            if (keep_ms * 1000 < retirer->again_every_us)
                retirer->again_every_us = keep_ms * 1000;
        }
    if (has_rule)
        hk_timer_arm(retirer->timer, 0);
}

void hk_retirer_stats(const struct hk_retirer *retirer, uint64_t *ret_entries, size_t *ret_kept)
{
    const struct hk_engine *engine = retirer->engine;
    *ret_entries = retirer->entries;
    *ret_kept = 0;
    for (size_t i = 0; i < engine->tenant_count; i++)
        *ret_kept += engine->tenants[i]->retained_count;
}

enum hk_status hk_retention_read(
    const struct hk_json *config, int64_t ret_keep_ms[HK_RETIRE_RULE_COUNT], struct hk_error *error)
{
    static const char *const keys[] = {"alerts", "cases", "sessions", NULL};
    const struct hk_json *retention = hk_json_get(config, "retention");
    enum hk_status status = HK_OK;
    memset(ret_keep_ms, 0, HK_RETIRE_RULE_COUNT * sizeof *ret_keep_ms);
    if (retention == NULL)
        return HK_OK;
    status = hk_check_keys(retention, "retention", keys, error);
    for (int rule = 0; rule < HK_RETIRE_RULE_COUNT && status == HK_OK; rule++) {
        const struct hk_json *value = hk_json_get(retention, keys[rule]);
        if (value == NULL)
            continue;
        if (hk_json_string(value) == NULL ||
            hk_duration_parse(value->text, &ret_keep_ms[rule], NULL) != HK_OK ||
            ret_keep_ms[rule] < 1000 || ret_keep_ms[rule] > HK_RETAIN_MAX_MS)
            status = hk_fail(error, HK_INVALID,
                "retention.%s: expected a time from 1s to 100 years, such as \"180d\"", keys[rule]);
    }
    return status;
}
