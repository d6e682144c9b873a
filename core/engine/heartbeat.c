#include "engine/heartbeat.h"

#include "base/time.h"
#include "engine/memory.h"
#include "engine/tenant.h"
#include "engine/tx.h"

#include <stdlib.h>

struct hk_heartbeat {
    struct hk_engine *engine;
    struct hk_timer *timer;
    int64_t *due_ms; /* monotonic, of each tenant */
};

static void beat(struct hk_engine *engine, struct hk_tenant_state *tenant)
{
    struct hk_tx tx;

    hk_tx_begin(&tx, engine, tenant, "engine");
    hk_jw_kv_i64(hk_tx_entry(&tx, HK_KIND_LEDGER_HEARTBEAT, "ledger"), "next_us",
        tx.time_us + tenant->heartbeat_every_ms * 1000);
    hk_tx_end(&tx);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, NULL, NULL);
}

static void on_timer(void *ctx)
{
    struct hk_heartbeat *heartbeat = ctx;
    struct hk_engine *engine = heartbeat->engine;
    int64_t now_ms = hk_time_monotonic_ms();
    int64_t next_ms = INT64_MAX;

    if (engine->is_stopping)
        return;
    for (size_t i = 0; i < engine->tenant_count; i++) {
        if (heartbeat->due_ms[i] <= now_ms) {
            beat(engine, engine->tenants[i]);
            heartbeat->due_ms[i] = now_ms + engine->tenants[i]->heartbeat_every_ms;
        }
        if (heartbeat->due_ms[i] < next_ms)
            next_ms = heartbeat->due_ms[i];
    }
    if (engine->tenant_count > 0)
        hk_timer_arm(heartbeat->timer, next_ms - now_ms);
}

enum hk_status hk_heartbeat_new(
    struct hk_engine *engine, struct hk_heartbeat **ret_heartbeat, struct hk_error *error)
{
    struct hk_heartbeat *heartbeat = calloc(1, sizeof *heartbeat);

    if (heartbeat != NULL)
        heartbeat->timer = hk_timer_new(engine->options.loop, on_timer, heartbeat);
    if (heartbeat == NULL || heartbeat->timer == NULL) {
        free(heartbeat);
        return hk_fail(error, HK_NOMEM, "no memory for heartbeats");
    }
    heartbeat->engine = engine;
    *ret_heartbeat = heartbeat;
    return HK_OK;
}

void hk_heartbeat_free(struct hk_heartbeat *heartbeat)
{
    if (heartbeat == NULL)
        return;
    hk_timer_free(heartbeat->timer);
    free(heartbeat->due_ms);
    free(heartbeat);
}

void hk_heartbeat_start(struct hk_heartbeat *heartbeat)
{
    struct hk_engine *engine = heartbeat->engine;
    int64_t now_ms = hk_time_monotonic_ms();

    heartbeat->due_ms = hk_engine_alloc(engine->tenant_count * sizeof *heartbeat->due_ms);
    for (size_t i = 0; i < engine->tenant_count; i++)
        heartbeat->due_ms[i] = now_ms + engine->tenants[i]->heartbeat_every_ms;
    hk_timer_arm(heartbeat->timer, 0);
}
