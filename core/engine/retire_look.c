/*
 * retire_look: what the rules of retention would erase now, and what they keep since it is still
 * needed; nothing is changed. See engine.h.
 */
#include "base/text.h"
#include "base/time.h"
#include "engine/memory.h"
#include "engine/retire.h"
#include "engine/start.h"
#include "engine/tenant.h"

#include <stdlib.h>
#include <string.h>

struct due_op {
    struct hk_tenant_state *tenant;
    hk_reply_fn *reply;
    void *reply_ctx;
    struct hk_buf answer;
    struct hk_jw jw;
    struct hk_retire_look look;
    size_t kept;
};

static void on_progress(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct due_op *op = ctx;
    (void)time_us;
    if (strcmp(cursor->key, hk_retire_rule_text(op->look.rule)) == 0)
        op->look.from_seq = strtoull(cursor->value, NULL, 10);
}

static void on_kept(void *ctx, const struct hk_cursor *cursor, int64_t time_us)
{
    struct due_op *op = ctx;
    (void)time_us;
    if (op->kept++ < HK_PAGE_ITEMS_MAX)
        hk_jw_string(&op->jw, cursor->key);
}

/* The ids of what is due by one rule, and how many entries beside; a page of them at most. */
static enum hk_status write_due(
    struct hk_reading *reading, struct due_op *op, struct hk_error *error)
{
    struct hk_retire_look *look = &op->look;
    size_t ids = 0;
    int64_t entries = 0;
    enum hk_status status = HK_OK;
    look->is_end = false;
    hk_jw_key(&op->jw, "due");
    hk_jw_array(&op->jw);
    while (status == HK_OK && !look->is_end && ids + HK_RETIRE_IDS_MAX <= HK_PAGE_ITEMS_MAX) {
        status = hk_query_retire(reading, look, error);
        for (size_t i = 0; i < look->id_count && status == HK_OK; i++, ids++)
            hk_jw_string(&op->jw, look->ids[i]);
        entries += (int64_t)look->seq_count;
        look->from_seq = look->next_seq;
    }
    hk_jw_array_end(&op->jw);
    hk_jw_kv_i64(&op->jw, "due_entries", entries);
    hk_jw_kv_bool(&op->jw, "more", !look->is_end);
    return status;
}

static enum hk_status write_rule(
    struct hk_reading *reading, struct due_op *op, enum hk_retire_rule rule, struct hk_error *error)
{
    hk_tenant tenant = op->tenant->number;
    const char *name = hk_retire_rule_text(rule);
    enum hk_status status;
    op->look = (struct hk_retire_look){.tenant = tenant,
        .rule = rule,
        .before_us = hk_time_wall_us() - op->tenant->retain_ms[rule] * 1000};
    status = hk_query_cursors(reading, tenant, HK_RETIRE_SHELF, on_progress, op, error);
    hk_jw_object(&op->jw);
    hk_jw_kv(&op->jw, "rule", name);
    hk_jw_kv(&op->jw, "keep",
        hk_json_string_at(hk_json_get(op->tenant->config.root, "retention"), name, ""));
    if (status == HK_OK)
        status = write_due(reading, op, error);
    hk_jw_object_end(&op->jw);
    return status;
}

static enum hk_status read_due(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct due_op *op = job;
    enum hk_status status = HK_OK;
    hk_jw_init(&op->jw, &op->answer);
    hk_jw_object(&op->jw);
    hk_jw_key(&op->jw, "rules");
    hk_jw_array(&op->jw);
    for (int rule = 0; rule < HK_RETIRE_RULE_COUNT && status == HK_OK; rule++)
        if (op->tenant->retain_ms[rule] > 0)
            status = write_rule(reading, op, (enum hk_retire_rule)rule, error);
    hk_jw_array_end(&op->jw);
    hk_jw_key(&op->jw, "kept");
    hk_jw_array(&op->jw);
    if (status == HK_OK)
        status =
            hk_query_cursors(reading, op->tenant->number, HK_RETAINED_SHELF, on_kept, op, error);
    hk_jw_array_end(&op->jw);
    hk_jw_kv_i64(&op->jw, "kept_count", (int64_t)op->kept);
    hk_jw_object_end(&op->jw);
    return status == HK_OK ? hk_buf_check(&op->answer, "what is due", error) : status;
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct due_op *op = job;
    op->reply(op->reply_ctx, status, status == HK_OK ? NULL : error, op->answer.data);
    hk_buf_done(&op->answer);
    free(op);
}

void hk_engine_retention(struct hk_engine *engine, hk_tenant tenant, hk_reply_fn *reply, void *ctx)
{
    struct due_op *op = hk_engine_alloc(sizeof *op);
    struct hk_error error = {0};
    op->tenant = hk_tenant_of(engine, tenant);
    op->reply = reply;
    op->reply_ctx = ctx;
    hk_buf_init(&op->answer, HK_PAYLOAD_SIZE_MAX);
    if (hk_ledger_read(engine->ledger, read_due, on_read, op, &error) != HK_OK)
        on_read(op, error.status, &error);
}
