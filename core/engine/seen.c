/*
 * seen: when did a person first look? Recorded once per alert and gate; one of the times from which
 * later figures are made.
 */
#include "base/log.h"
#include "base/text.h"
#include "engine/memory.h"
#include "engine/tenant.h"
#include "engine/turn.h"
#include "engine/tx.h"
#include "ledger/query_work.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_MEMORY_MAX (8UL * 1024 * 1024)
enum { SEEN_ENTRIES_MAX = 20000 };

struct seen {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    struct hk_actor actor;
    enum hk_kind kind;
    char id[HK_ID_SIZE];
    struct hk_arena arena;
    bool is_seen;
};

static void seen_end(struct seen *seen)
{
    struct hk_engine *engine = seen->engine;
    char id[HK_ID_SIZE];
    (void)hk_copy_text(id, sizeof id, seen->id);
    hk_arena_done(&seen->arena);
    free(seen);
    hk_turn_end(engine, id);
}

static enum hk_status read_seen(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct seen *seen = job;
    struct hk_chain chain;
    if (seen->kind == HK_KIND_CASE_SEEN) /* whose history has no bound */
        return hk_query_case_is_seen(
            reading, seen->tenant->number, seen->id, &seen->is_seen, error);
    enum hk_status status = hk_query_chain(
        reading, seen->tenant->number, seen->id, SEEN_ENTRIES_MAX, &seen->arena, &chain, error);
    for (size_t i = 0; status == HK_OK && i < chain.count; i++)
        seen->is_seen = seen->is_seen || chain.items[i].entry.kind == seen->kind;
    return status;
}

static void on_written(void *ctx)
{
    seen_end(ctx);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct seen *seen = job;
    struct hk_tx tx;
    (void)error;
    if (status != HK_OK || seen->is_seen) {
        seen_end(seen);
        return;
    }
    hk_tx_begin(&tx, seen->engine, seen->tenant, seen->actor.id);
    hk_tx_simple(&tx, seen->kind, seen->id, "by", seen->actor.id, NULL, NULL);
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_written, seen);
}

static void go(void *ctx)
{
    struct seen *seen = ctx;
    struct hk_error error;
    if (hk_ledger_read(seen->engine->ledger, read_seen, on_read, seen, &error) != HK_OK)
        seen_end(seen);
}

void hk_engine_seen(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    char what, const char *id)
{
    if (!actor->is_person || engine->is_stopping)
        return;
    struct seen *seen = hk_engine_alloc(sizeof *seen);
    seen->engine = engine;
    seen->tenant = hk_tenant_of(engine, tenant);
    seen->actor = *actor;
    seen->kind = what == 'g'   ? HK_KIND_GATE_SEEN
                 : what == 'c' ? HK_KIND_CASE_SEEN
                               : HK_KIND_ALERT_SEEN;
    (void)hk_copy_text(seen->id, sizeof seen->id, id);
    hk_arena_init(&seen->arena, SEEN_MEMORY_MAX);
    hk_turn_take(engine, seen->id, go, seen);
}
