/*
 * queue: order, lanes, bounds, closing, and many producers at once.
 */
#include "base/queue.h"

#include "support/suite.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define PRODUCERS 4
#define ITEMS_EACH 5000

struct job {
    struct hk_queue_item item; /* first, so that an item is its job */
    int producer;
    int number;
};

static struct job *job_of(struct hk_queue_item *item)
{
    return (struct job *)item;
}

static void count_call(void *ctx)
{
    atomic_fetch_add((_Atomic int *)ctx, 1);
}

static void urgent_items_come_first_and_order_is_kept(void)
{
    static const enum hk_lane lanes[] = {
        HK_LANE_NORMAL, HK_LANE_URGENT, HK_LANE_NORMAL, HK_LANE_URGENT, HK_LANE_NORMAL};
    static const int expected[] = {1, 3, 0, 2, 4};
    struct hk_queue queue;
    struct hk_queue_item *item;
    struct job jobs[COUNT_OF(lanes)];
    size_t count;
    size_t at = 0;

    hk_queue_init(&queue, 10, NULL, NULL);
    CU_ASSERT_PTR_NULL(hk_queue_take(&queue, 10, false, &count));
    CU_ASSERT_EQUAL(count, 0);
    for (size_t i = 0; i < COUNT_OF(lanes); i++) {
        jobs[i].number = (int)i;
        CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[i].item, lanes[i]), HK_OK);
    }
    CU_ASSERT_EQUAL(hk_queue_count(&queue), 5);
    while ((item = hk_queue_take(&queue, 3, true, &count)) != NULL) {
        for (; item != NULL; item = item->next, count--)
            CU_ASSERT_EQUAL(job_of(item)->number, expected[at++]);
        CU_ASSERT_EQUAL(count, 0);
        if (at == COUNT_OF(lanes))
            hk_queue_close(&queue);
    }
    CU_ASSERT_EQUAL(at, COUNT_OF(lanes));
    CU_ASSERT_EQUAL(hk_queue_count(&queue), 0);
    hk_queue_done(&queue);
}

static void full_queue_is_busy_but_takes_urgent_items(void)
{
    struct hk_queue queue;
    struct job jobs[4];

    hk_queue_init(&queue, 2, NULL, NULL);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[0].item, HK_LANE_NORMAL), HK_OK);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[1].item, HK_LANE_NORMAL), HK_OK);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[2].item, HK_LANE_NORMAL), HK_BUSY);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[3].item, HK_LANE_URGENT), HK_OK);
    CU_ASSERT_EQUAL(hk_queue_count(&queue), 3);
    CU_ASSERT_PTR_EQUAL(hk_queue_take(&queue, 1, false, NULL), &jobs[3].item);
    CU_ASSERT_PTR_EQUAL(hk_queue_take(&queue, 1, false, NULL), &jobs[0].item);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[2].item, HK_LANE_NORMAL), HK_OK);
    hk_queue_close(&queue);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[3].item, HK_LANE_URGENT), HK_DENIED);
    CU_ASSERT_PTR_EQUAL(hk_queue_take(&queue, 9, true, NULL), &jobs[1].item);
    CU_ASSERT_PTR_NULL(hk_queue_take(&queue, 9, true, NULL));
    hk_queue_done(&queue);
}

static void notify_is_called_when_the_queue_stops_being_empty(void)
{
    struct hk_queue queue;
    struct job jobs[3];
    _Atomic int calls = 0;

    hk_queue_init(&queue, 2, count_call, &calls);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[0].item, HK_LANE_NORMAL), HK_OK);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[1].item, HK_LANE_NORMAL), HK_OK);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[2].item, HK_LANE_NORMAL), HK_BUSY);
    CU_ASSERT_EQUAL(calls, 1);
    (void)hk_queue_take(&queue, 1, false, NULL);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[2].item, HK_LANE_URGENT), HK_OK);
    CU_ASSERT_EQUAL(calls, 1);
    (void)hk_queue_take(&queue, 9, false, NULL);
    CU_ASSERT_EQUAL(hk_queue_put(&queue, &jobs[0].item, HK_LANE_URGENT), HK_OK);
    CU_ASSERT_EQUAL(calls, 2);
    hk_queue_done(&queue);
}

struct producer {
    struct hk_queue *queue;
    struct job *jobs;
    int number;
};

static void *produce(void *ctx)
{
    struct producer *producer = ctx;

    for (int i = 0; i < ITEMS_EACH; i++) {
        struct job *job = &producer->jobs[i];
        job->producer = producer->number;
        job->number = i;
        while (hk_queue_put(producer->queue, &job->item,
                   producer->number == 0 ? HK_LANE_URGENT : HK_LANE_NORMAL) == HK_BUSY)
            (void)sched_yield();
    }
    return NULL;
}

struct consumer {
    struct hk_queue *queue;
    int next[PRODUCERS];
    int total;
    bool in_order;
};

static void *consume(void *ctx)
{
    struct consumer *consumer = ctx;
    struct hk_queue_item *item;

    while ((item = hk_queue_take(consumer->queue, 64, true, NULL)) != NULL)
        for (; item != NULL; item = item->next) {
            struct job *job = job_of(item);
            if (job->number != consumer->next[job->producer]++)
                consumer->in_order = false;
            consumer->total++;
        }
    return NULL;
}

static void many_producers_lose_nothing(void)
{
    struct hk_queue queue;
    _Atomic int calls = 0;
    pthread_t threads[PRODUCERS];
    pthread_t consumer_thread;
    struct producer producers[PRODUCERS];
    struct consumer consumer = {.queue = &queue, .in_order = true};

    hk_queue_init(&queue, 100, count_call, &calls);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&consumer_thread, NULL, consume, &consumer), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){&queue, calloc(ITEMS_EACH, sizeof(struct job)), i};
        CU_ASSERT_PTR_NOT_NULL_FATAL(producers[i].jobs);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        (void)pthread_join(threads[i], NULL);
    hk_queue_close(&queue);
    (void)pthread_join(consumer_thread, NULL);
    CU_ASSERT_EQUAL(consumer.total, PRODUCERS * ITEMS_EACH);
    CU_ASSERT_TRUE(consumer.in_order);
    CU_ASSERT_TRUE(calls >= 1);
    for (int i = 0; i < PRODUCERS; i++)
        free(producers[i].jobs);
    hk_queue_done(&queue);
}

static void closing_wakes_a_waiting_taker(void)
{
    struct hk_queue queue;
    struct consumer consumer = {.queue = &queue, .in_order = true};
    pthread_t thread;

    hk_queue_init(&queue, 1, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, consume, &consumer), 0);
    hk_queue_close(&queue);
    (void)pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(consumer.total, 0);
    hk_queue_done(&queue);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"urgent items come first and order is kept", urgent_items_come_first_and_order_is_kept},
        {"full queue is busy but takes urgent items", full_queue_is_busy_but_takes_urgent_items},
        {"notify is called when the queue stops being empty",
            notify_is_called_when_the_queue_stops_being_empty},
        {"many producers lose nothing", many_producers_lose_nothing},
        {"closing wakes a waiting taker", closing_wakes_a_waiting_taker},
    };
    return suite_run("queue", tests, COUNT_OF(tests));
}
