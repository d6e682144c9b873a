#include "script/thread.h"

#include "base/text.h"
#include "script/crew.h"
#include "script/play.h"
#include "script/roster.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ORDERS_PER_TURN 256
#define UNLOADS_BEFORE_TRIM 512 /* giving memory back takes milliseconds */

/* From the engine. */
struct order {
    struct hk_errand errand;
    hk_script_run id;
    struct hk_delivery *delivery; /* SETTLE */
};

struct hk_script {
    struct hk_queue errands; /* orders, and runs that come back */
    struct hk_queue events;
    atomic_bool is_stopping;
    struct hk_crew *crew;
    /* the leader's own */
    struct hk_roster roster;
    struct hk_cache cache;
    struct hk_play *in_turn; /* set while a turn is taken: who takes the lead over finds it here */
};

static void order_free(struct order *order)
{
    hk_play_free(order->errand.run);
    hk_delivery_free(order->delivery);
    free(order);
}

/* --- the script threads --- */

/* Away: what the run is away for. */
static void perform(struct hk_play *run)
{
    if (run->place.is_closing)
        hk_play_close(run);
    else
        hk_play_go(run);
}

/* Away: tell the leader that it is back. */
static void send_back(struct hk_script *script, struct hk_play *run)
{
    run->place.errand.kind = HK_ERRAND_BACK;
    run->place.errand.run = run;
    if (hk_queue_put(&script->errands, &run->place.errand.item, HK_LANE_URGENT) != HK_OK)
        return; /* everything ends, and the roster frees all */
}

static void serve(void *ctx, struct hk_queue_item *item)
{
    struct hk_play *run = ((struct hk_errand *)(void *)item)->run;

    perform(run);
    send_back(ctx, run);
}

static bool hand(struct hk_script *script, struct hk_play *run)
{
    run->place.errand.run = run;
    return hk_crew_hand(script->crew, &run->place.errand.item);
}

static void publish(struct hk_script *script, struct hk_play *run)
{
    struct hk_script_event *event = hk_play_take_events(run);
    bool is_slow = event != NULL && hk_roster_is_slow_kind(&script->roster, run);

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        event->is_slow = is_slow;
        if (hk_queue_put(&script->events, &event->item, HK_LANE_NORMAL) != HK_OK)
            hk_script_event_free(event);
        event = next;
    }
}

static void come_back(struct hk_script *script, struct hk_play *run);

static void unload(struct hk_script *script, hk_script_run id)
{
    struct hk_play *run = hk_roster_drop(&script->roster, id);

    if (run != NULL && !hand(script, run)) {
        perform(run);
        come_back(script, run);
    }
}

static void come_back(struct hk_script *script, struct hk_play *run)
{
    hk_play_keep(run, &script->cache);
    if (hk_roster_back(&script->roster, run))
        publish(script, run);
    else
        unload(script, run->id);
}

/* After a burst the memory of its Lua states is free but kept by malloc: a wait costs bytes, so it
 * goes back to the system once nothing runs. */
static void give_memory_back(struct hk_roster *roster)
{
    if (roster->count > 0 || roster->freed < UNLOADS_BEFORE_TRIM)
        return;
    roster->freed = 0;
    (void)malloc_trim(0);
}

static void obey(struct hk_script *script, struct order *order)
{
    switch (order->errand.kind) {
    case HK_ERRAND_LOAD:
        hk_roster_add(&script->roster, order->errand.run);
        order->errand.run = NULL;
        break;
    case HK_ERRAND_SETTLE:
        hk_roster_settle(&script->roster, order->id, order->delivery);
        order->delivery = NULL;
        break;
    case HK_ERRAND_UNLOAD:
        unload(script, order->id);
        break;
    case HK_ERRAND_BACK: /* no order */
        break;
    }
    order_free(order);
}

/* One activation of the run whose turn it is, here or on a slowed thread. False: this thread does
 * not lead any more. */
static bool take_turn(struct hk_script *script)
{
    struct hk_play *run = hk_roster_next(&script->roster);
    uint64_t turn;

    if (run == NULL)
        return true;
    hk_play_prepare(run, &script->cache);
    if (hk_roster_is_slow(run, !hk_crew_is_watched(script->crew)) && hand(script, run))
        return true;
    script->in_turn = run;
    turn = hk_crew_enter(script->crew);
    perform(run);
    if (hk_crew_leave(script->crew, turn)) {
        script->in_turn = NULL;
        come_back(script, run);
        return true;
    }
    if (run->took_us == 0) /* seen by another's clock */
        run->took_us = HK_SCRIPT_TURN_US;
    send_back(script, run);
    return false;
}

static void lead(void *ctx)
{
    struct hk_script *script = ctx;
    bool leads = true;

    if (script->in_turn != NULL) { /* of the leader before */
        hk_roster_late(&script->roster, script->in_turn);
        script->in_turn = NULL;
    }
    while (leads && !atomic_load(&script->is_stopping)) {
        bool wait = !hk_roster_is_ready(&script->roster);
        struct hk_queue_item *item = hk_queue_take(&script->errands, ORDERS_PER_TURN, wait, NULL);
        if (item == NULL && wait)
            return; /* closed */
        while (item != NULL) {
            struct hk_errand *errand = (struct hk_errand *)(void *)item;
            item = item->next;
            if (errand->kind == HK_ERRAND_BACK)
                come_back(script, errand->run);
            else
                obey(script, (struct order *)(void *)errand);
        }
        give_memory_back(&script->roster);
        leads = take_turn(script);
    }
}

static const struct hk_crew_work work = {.lead = lead, .serve = serve};

/* --- the engine's side --- */

static void drop_events(struct hk_script *script)
{
    struct hk_script_event *event = hk_script_take(script);

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        hk_script_event_free(event);
        event = next;
    }
}

static void drop_orders(struct hk_script *script)
{
    struct hk_queue_item *item;

    while ((item = hk_queue_take(&script->errands, 1, false, NULL)) != NULL) {
        /* A run that comes back is in the roster. */
        if (((struct hk_errand *)(void *)item)->kind != HK_ERRAND_BACK)
            order_free((struct order *)(void *)item);
    }
}

enum hk_status hk_script_new(
    hk_notify_fn *notify, void *notify_ctx, struct hk_script **ret_script, struct hk_error *error)
{
    struct hk_script *script = calloc(1, sizeof *script);
    enum hk_status status;

    if (script == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the script threads");
    hk_roster_init(&script->roster);
    hk_queue_init(&script->errands, HK_SCRIPT_QUEUE_MAX, NULL, NULL);
    /* Bounded by what the runs can ask for, so an event is never refused. */
    hk_queue_init(&script->events, SIZE_MAX, notify, notify_ctx);
    status = hk_crew_new(&work, script, &script->crew, error);
    if (status != HK_OK) {
        hk_script_free(script);
        return status;
    }
    *ret_script = script;
    return HK_OK;
}

void hk_script_free(struct hk_script *script)
{
    if (script == NULL)
        return;
    atomic_store(&script->is_stopping, true);
    hk_queue_close(&script->errands);
    hk_crew_free(script->crew);
    drop_orders(script);
    hk_roster_done(&script->roster);
    drop_events(script);
    hk_queue_done(&script->errands);
    hk_queue_done(&script->events);
    hk_cache_done(&script->cache);
    free(script);
}

/* Queue the order, or free it. */
static enum hk_status give(struct hk_script *script, struct order *order, struct hk_error *error)
{
    enum hk_status status = hk_queue_put(&script->errands, &order->errand.item, HK_LANE_NORMAL);

    if (status == HK_OK)
        return HK_OK;
    order_free(order);
    return hk_fail(error, status, "the script threads take no more orders");
}

static struct order *order_new(enum hk_errand_kind kind, hk_script_run id)
{
    struct order *order = calloc(1, sizeof *order);

    if (order != NULL) {
        order->errand.kind = kind;
        order->id = id;
    }
    return order;
}

enum hk_status hk_script_load(
    struct hk_script *script, const struct hk_script_start *start, struct hk_error *error)
{
    struct order *order = order_new(HK_ERRAND_LOAD, start->run);
    enum hk_status status;

    if (order == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to load a run");
    status = hk_play_new(start, &order->errand.run, error);
    if (status != HK_OK) {
        order_free(order);
        return status;
    }
    return give(script, order, error);
}

enum hk_status hk_script_settle(struct hk_script *script, hk_script_run run,
    const struct hk_script_result *result, struct hk_error *error)
{
    struct order *order = order_new(HK_ERRAND_SETTLE, run);
    struct hk_delivery *delivery;

    if (order == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to settle a step");
    delivery = calloc(1, sizeof *delivery);
    order->delivery = delivery;
    if (delivery != NULL) {
        delivery->step = hk_strdup(result->step);
        delivery->value = hk_strdup(result->value == NULL ? "" : result->value);
        delivery->ok = result->ok;
        delivery->is_refused = result->is_refused;
        delivery->time_us = result->time_us;
    }
    if (delivery == NULL || delivery->step == NULL || delivery->value == NULL) {
        order_free(order);
        return hk_fail(error, HK_NOMEM, "no memory to settle a step");
    }
    return give(script, order, error);
}

enum hk_status hk_script_unload(struct hk_script *script, hk_script_run run, struct hk_error *error)
{
    struct order *order = order_new(HK_ERRAND_UNLOAD, run);

    if (order == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to unload a run");
    return give(script, order, error);
}

struct hk_script_event *hk_script_take(struct hk_script *script)
{
    return (struct hk_script_event *)(void *)hk_queue_take(&script->events, SIZE_MAX, false, NULL);
}
