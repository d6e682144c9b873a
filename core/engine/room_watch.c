#include "engine/room_watch.h"

#include "base/log.h"
#include "engine/gap.h"
#include "limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (1024 * 1024)

struct hk_room_watch {
    struct hk_engine *engine;
    struct hk_timer *timer;
    enum hk_room_state state;
    bool has_looked;
};

static const char *const words[] = {
    [HK_ROOM_ENOUGH] = "all is taken",
    [HK_ROOM_TIGHT] = "new alerts are not taken",
    [HK_ROOM_LAST] = "nothing is taken",
};

static void tell(const struct hk_room_watch *watch, uint64_t free_bytes)
{
    struct hk_engine *engine = watch->engine;
    char detail[HK_GAP_DETAIL_SIZE];
    const struct hk_gap_found found = {.name = "data folder", .detail = detail};

    (void)snprintf(detail, sizeof(detail), "%" PRIu64 " MiB are free on its disk: %s",
        free_bytes / MIB, words[watch->state]);
    if (watch->has_looked)
        hk_log(watch->state == HK_ROOM_ENOUGH ? HK_LOG_INFO : HK_LOG_WARNING, "data folder: %s",
            detail);
    for (size_t i = 0; i < engine->tenant_count; i++)
        hk_gaps_are(engine, engine->tenants[i], HK_GAP_DISK_SHORT, &found,
            watch->state == HK_ROOM_ENOUGH ? 0 : 1);
}

static void look(void *ctx)
{
    struct hk_room_watch *watch = ctx;
    struct hk_engine *engine = watch->engine;
    uint64_t free_bytes = 0;
    enum hk_room_state state = hk_ledger_room(engine->ledger, &free_bytes);

    if (engine->is_stopping)
        return;
    hk_timer_arm(watch->timer, HK_ROOM_LOOK_MS);
    if (!engine->is_ready)
        return;
    /* The first look also closes what an earlier engine has left open. */
    if (watch->has_looked && state == watch->state)
        return;
    watch->has_looked = watch->has_looked || state != HK_ROOM_ENOUGH;
    watch->state = state;
    tell(watch, free_bytes);
    watch->has_looked = true;
}

enum hk_status hk_room_watch_new(
    struct hk_engine *engine, struct hk_room_watch **ret_watch, struct hk_error *error)
{
    struct hk_room_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to watch the disk");
    watch->engine = engine;
    watch->timer = hk_timer_new(engine->options.loop, look, watch);
    if (watch->timer == NULL) {
        free(watch);
        return hk_fail(error, HK_NOMEM, "no memory to watch the disk");
    }
    *ret_watch = watch;
    return HK_OK;
}

void hk_room_watch_free(struct hk_room_watch *watch)
{
    if (watch == NULL)
        return;
    hk_timer_free(watch->timer);
    free(watch);
}

void hk_room_watch_start(struct hk_room_watch *watch)
{
    hk_timer_arm(watch->timer, 0);
}
