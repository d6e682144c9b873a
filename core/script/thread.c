#include "script/thread.h"

#include "base/text.h"
#include "script/play.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024
#define ORDERS_PER_TURN 256
#define UNLOADS_BEFORE_TRIM 512 /* giving memory back takes milliseconds */
/* Lua may nest 200 C calls; sanitizers make frames large. */
#define STACK_SIZE (16U * 1024 * 1024)

enum order_kind { ORDER_LOAD, ORDER_SETTLE, ORDER_UNLOAD };

struct order {
    struct hk_queue_item item;
    enum order_kind kind;
    hk_script_run id;
    struct hk_play *run;          /* LOAD */
    struct hk_delivery *delivery; /* SETTLE */
};

struct hk_script {
    struct hk_queue orders;
    struct hk_queue events;
    pthread_t thread;
    atomic_bool is_stopping;
    /* the script thread's own */
    struct hk_play *buckets[BUCKETS];
    struct hk_play *ready; /* runs with something to do, in turn */
    struct hk_play **ready_tail;
    size_t loaded;         /* runs in memory */
    size_t unloaded_since; /* memory was last given back */
    struct hk_cache cache;
};

/* --- the script thread --- */

static struct hk_play **find(struct hk_script *script, hk_script_run id)
{
    struct hk_play **link = &script->buckets[id % BUCKETS];

    while (*link != NULL && (*link)->id != id)
        link = &(*link)->next_in_bucket;
    return link;
}

static void make_ready(struct hk_script *script, struct hk_play *run)
{
    if (run->is_ready || !hk_play_is_due(run))
        return;
    run->is_ready = true;
    run->next_ready = NULL;
    *script->ready_tail = run;
    script->ready_tail = &run->next_ready;
}

static void remove_ready(struct hk_script *script, struct hk_play *run)
{
    struct hk_play **link = &script->ready;

    if (!run->is_ready)
        return;
    while (*link != run)
        link = &(*link)->next_ready;
    *link = run->next_ready;
    if (*link == NULL)
        script->ready_tail = link;
    run->is_ready = false;
}

static void unload(struct hk_script *script, hk_script_run id)
{
    struct hk_play **link = find(script, id);
    struct hk_play *run = *link;

    if (run == NULL)
        return;
    *link = run->next_in_bucket;
    remove_ready(script, run);
    hk_play_free(run);
    script->loaded--;
    script->unloaded_since++;
}

/* After a burst the memory of its Lua states is free but kept by malloc: a wait costs bytes, so it
 * goes back to the system once nothing runs. */
static void give_memory_back(struct hk_script *script)
{
    if (script->loaded > 0 || script->unloaded_since < UNLOADS_BEFORE_TRIM)
        return;
    script->unloaded_since = 0;
    (void)malloc_trim(0);
}

static void order_free(struct order *order)
{
    hk_play_free(order->run);
    hk_delivery_free(order->delivery);
    free(order);
}

static void obey(struct hk_script *script, struct order *order)
{
    struct hk_play **link = find(script, order->id);

    switch (order->kind) {
    case ORDER_LOAD:
        if (*link != NULL)
            break; /* a number is never used twice */
        *link = order->run;
        script->loaded++;
        order->run = NULL;
        make_ready(script, *link);
        break;
    case ORDER_SETTLE:
        if (*link == NULL || (*link)->phase == HK_PLAY_ENDED)
            break;
        hk_play_add(*link, order->delivery);
        order->delivery = NULL;
        make_ready(script, *link);
        break;
    case ORDER_UNLOAD:
        unload(script, order->id);
        break;
    }
}

static void publish(struct hk_script *script, struct hk_play *run)
{
    struct hk_script_event *event = hk_play_take_events(run);

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        if (hk_queue_put(&script->events, &event->item, HK_LANE_NORMAL) != HK_OK)
            hk_script_event_free(event);
        event = next;
    }
}

/* One activation of the run whose turn it is. */
static void take_turn(struct hk_script *script)
{
    struct hk_play *run = script->ready;

    if (run == NULL)
        return;
    remove_ready(script, run);
    hk_play_activate(run, &script->cache);
    publish(script, run);
    make_ready(script, run);
}

static void *work(void *ctx)
{
    struct hk_script *script = ctx;
    struct hk_state_locale locale;

    hk_state_locale_enter(&locale);
    while (!atomic_load(&script->is_stopping)) {
        bool wait = script->ready == NULL;
        struct hk_queue_item *item = hk_queue_take(&script->orders, ORDERS_PER_TURN, wait, NULL);
        if (item == NULL && wait)
            break; /* closed */
        while (item != NULL) {
            struct order *order = (struct order *)(void *)item;
            item = item->next;
            obey(script, order);
            order_free(order);
        }
        take_turn(script);
        give_memory_back(script);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (script->buckets[i] != NULL)
            unload(script, script->buckets[i]->id);
    }
    hk_state_locale_leave(&locale);
    return NULL;
}

/* --- the engine's side --- */

static void script_done(struct hk_script *script)
{
    struct hk_queue_item *item;
    struct hk_script_event *event = hk_script_take(script);

    while (event != NULL) {
        struct hk_script_event *next = (struct hk_script_event *)(void *)event->item.next;
        hk_script_event_free(event);
        event = next;
    }
    while ((item = hk_queue_take(&script->orders, 1, false, NULL)) != NULL)
        order_free((struct order *)(void *)item);
    hk_queue_done(&script->orders);
    hk_queue_done(&script->events);
    hk_cache_done(&script->cache);
    free(script);
}

enum hk_status hk_script_new(
    hk_notify_fn *notify, void *notify_ctx, struct hk_script **ret_script, struct hk_error *error)
{
    struct hk_script *script = calloc(1, sizeof *script);
    pthread_attr_t attr;
    int result;

    if (script == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the script thread");
    script->ready_tail = &script->ready;
    hk_queue_init(&script->orders, HK_SCRIPT_QUEUE_MAX, NULL, NULL);
    /* Bounded by what the runs can ask for, so an event is never refused. */
    hk_queue_init(&script->events, SIZE_MAX, notify, notify_ctx);
    result = pthread_attr_init(&attr);
    if (result == 0) {
        (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
        result = pthread_create(&script->thread, &attr, work, script);
        (void)pthread_attr_destroy(&attr);
    }
    if (result != 0) {
        script_done(script);
        return hk_fail(error, HK_INTERNAL, "the script thread can't be started: error %d", result);
    }
    (void)pthread_setname_np(script->thread, "hk-script");
    *ret_script = script;
    return HK_OK;
}

void hk_script_free(struct hk_script *script)
{
    if (script == NULL)
        return;
    atomic_store(&script->is_stopping, true);
    hk_queue_close(&script->orders);
    (void)pthread_join(script->thread, NULL);
    script_done(script);
}

/* Queue the order, or free it. */
static enum hk_status give(struct hk_script *script, struct order *order, struct hk_error *error)
{
    enum hk_status status = hk_queue_put(&script->orders, &order->item, HK_LANE_NORMAL);

    if (status == HK_OK)
        return HK_OK;
    order_free(order);
    return hk_fail(error, status, "the script thread takes no more orders");
}

static struct order *order_new(enum order_kind kind, hk_script_run id)
{
    struct order *order = calloc(1, sizeof *order);

    if (order != NULL) {
        order->kind = kind;
        order->id = id;
    }
    return order;
}

enum hk_status hk_script_load(
    struct hk_script *script, const struct hk_script_start *start, struct hk_error *error)
{
    struct order *order = order_new(ORDER_LOAD, start->run);
    enum hk_status status;

    if (order == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to load a run");
    status = hk_play_new(start, &order->run, error);
    if (status != HK_OK) {
        order_free(order);
        return status;
    }
    return give(script, order, error);
}

enum hk_status hk_script_settle(struct hk_script *script, hk_script_run run,
    const struct hk_script_result *result, struct hk_error *error)
{
    struct order *order = order_new(ORDER_SETTLE, run);
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
    struct order *order = order_new(ORDER_UNLOAD, run);

    if (order == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to unload a run");
    return give(script, order, error);
}

struct hk_script_event *hk_script_take(struct hk_script *script)
{
    return (struct hk_script_event *)(void *)hk_queue_take(&script->events, SIZE_MAX, false, NULL);
}
