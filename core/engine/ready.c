#include "engine/ready.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/dispatch.h"
#include "engine/memory.h"
#include "engine/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_TIME_MAX_MS = 20 * 1000, WHY_SIZE = 512 };

/* One action that a capability binds. */
struct item {
    struct hk_ready *ready;
    struct hk_tenant_state *tenant;
    const char *capability; /* in the tenant's configuration, as is action */
    const char *action;
    uint64_t call; /* that is under way; 0: none */
    bool is_fault;
    int64_t since_us;
    char why[WHY_SIZE];
};

struct hk_ready {
    struct hk_engine *engine;
    struct hk_timer *timer;
    int64_t *next_us;    /* of each tenant, as engine->tenants */
    struct item **items; /* of all tenants, NULL-ended */
    size_t count;
};

static void set_fault(struct item *item, const char *why)
{
    struct hk_engine *engine = item->ready->engine;
    size_t size = hk_utf8_prefix(why, strlen(why), WHY_SIZE - 1);
    if (!item->is_fault) {
        item->since_us = hk_engine_now_us(engine);
        hk_log(HK_LOG_WARNING, "tenant %s: %s could not be carried out now: %s", item->tenant->name,
            item->action, why);
    }
    item->is_fault = true;
    memcpy(item->why, why, size);
    item->why[size] = 0;
}

static void on_answer(void *ctx, enum hk_call_end end, const char *text)
{
    struct item *item = ctx;
    item->call = 0;
    if (end != HK_CALL_DONE) {
        set_fault(item, text);
        return;
    }
    if (item->is_fault)
        hk_log(HK_LOG_INFO, "tenant %s: %s could be carried out again", item->tenant->name,
            item->action);
    item->is_fault = false;
}

static void ask(struct item *item)
{
    struct hk_engine *engine = item->ready->engine;
    const char *capability;
    const struct hk_action_info *info =
        hk_tenant_action(engine, item->tenant, item->action, &capability);
    const struct hk_out out = {.mode = HK_CALL_READY, .ended = on_answer, .ctx = item};
    const struct hk_call_request request = {
        .key = "", .args = "{}", .deadline_ms = ASK_TIME_MAX_MS};
    if (item->call != 0)
        return; /* it takes its time */
    if (info == NULL)
        set_fault(item, "no plugin that is loaded has this action");
    else if (info->can_tell_ready)
        item->call = hk_out_send(engine, item->tenant, &out, item->action, &request);
}

static void on_timer(void *ctx)
{
    struct hk_ready *ready = ctx;
    struct hk_engine *engine = ready->engine;
    int64_t now_us = hk_engine_now_us(engine);
    int64_t next_us = INT64_MAX;
    if (engine->is_stopping)
        return;
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (ready->next_us[i] <= now_us) {
            ready->next_us[i] = now_us + engine->tenants[i]->ready_every_ms * 1000;
            for (size_t k = 0; k < ready->count; k++)
                if (ready->items[k]->tenant == engine->tenants[i])
                    ask(ready->items[k]);
        }
        if (ready->next_us[i] < next_us)
            next_us = ready->next_us[i];
    }
    if (next_us != INT64_MAX)
        hk_timer_arm(ready->timer, (next_us - now_us) / 1000 + 1);
}

/* --- life --- */

enum hk_status hk_ready_new(
    struct hk_engine *engine, struct hk_ready **ret_ready, struct hk_error *error)
{
    struct hk_ready *ready = calloc(1, sizeof *ready);
    if (ready == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for questions to plugins");
    ready->engine = engine;
    ready->timer = hk_timer_new(engine->options.loop, on_timer, ready);
    if (ready->timer == NULL) {
        free(ready);
        return hk_fail(error, HK_NOMEM, "no memory for questions to plugins");
    }
    *ret_ready = ready;
    return HK_OK;
}

static void add_tenant(struct hk_ready *ready, struct hk_tenant_state *tenant)
{
    const struct hk_json *bindings = hk_json_get(tenant->config.root, "capabilities");
    const struct hk_json *binding = bindings != NULL ? bindings->first : NULL;
    for (; binding != NULL; binding = binding->next) {
        if (hk_json_string(binding) == NULL)
            continue;
        struct item *item = hk_engine_alloc(sizeof *item);
        item->ready = ready;
        item->tenant = tenant;
        item->capability = binding->key;
        item->action = hk_json_string(binding);
        ready->items = hk_engine_grow(ready->items, (ready->count + 1) * sizeof(struct item *));
        ready->items[ready->count++] = item;
    }
}

void hk_ready_start(struct hk_ready *ready)
{
    struct hk_engine *engine = ready->engine;
    ready->next_us = hk_engine_alloc((engine->tenant_count + 1) * sizeof *ready->next_us);
    for (size_t i = 0; i < engine->tenant_count; i++)
        add_tenant(ready, engine->tenants[i]);
    hk_timer_arm(ready->timer, 0);
}

void hk_ready_stop(struct hk_ready *ready)
{
    hk_timer_disarm(ready->timer);
    for (size_t i = 0; i < ready->count; i++) {
        if (ready->items[i]->call != 0)
            hk_out_forget(ready->engine, ready->items[i]->call);
        ready->items[i]->call = 0;
    }
}

void hk_ready_free(struct hk_ready *ready)
{
    if (ready == NULL)
        return;
    for (size_t i = 0; i < ready->count; i++)
        free(ready->items[i]);
    hk_timer_free(ready->timer);
    free(ready->next_us);
    free(ready->items);
    free(ready);
}

/* --- what is not ready --- */

bool hk_ready_next_fault(const struct hk_ready *ready, hk_tenant tenant, size_t *cursor,
    struct hk_ready_fault *ret_fault)
{
    while (*cursor < ready->count) {
        const struct item *item = ready->items[(*cursor)++];
        if (item->tenant->number != tenant || !item->is_fault)
            continue;
        *ret_fault = (struct hk_ready_fault){.capability = item->capability,
            .action = item->action,
            .why = item->why,
            .since_us = item->since_us};
        return true;
    }
    return false;
}
