/*
 * queue: two lanes under one lock; see queue.h.
 */
#include "base/queue.h"

#include <assert.h>

void hk_queue_init(struct hk_queue *queue, size_t count_max, hk_notify_fn *notify, void *ctx)
{
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->filled, NULL);
    for (int lane = 0; lane < HK_LANE_COUNT; lane++) {
        queue->head[lane] = NULL;
        queue->tail[lane] = &queue->head[lane];
    }
    queue->count = 0;
    queue->count_max = count_max;
    queue->closed = false;
    queue->notify = notify;
    queue->notify_ctx = ctx;
}

void hk_queue_done(struct hk_queue *queue)
{
    (void)pthread_cond_destroy(&queue->filled);
    (void)pthread_mutex_destroy(&queue->lock);
}

enum hk_status hk_queue_put(struct hk_queue *queue, struct hk_queue_item *item, enum hk_lane lane)
{
    enum hk_status status = HK_OK;
    bool was_empty = false;

    assert(lane == HK_LANE_NORMAL || lane == HK_LANE_URGENT);
    (void)pthread_mutex_lock(&queue->lock);
    if (queue->closed) {
        status = HK_DENIED;
    } else if (lane == HK_LANE_NORMAL && queue->count >= queue->count_max) {
        status = HK_BUSY;
    } else {
        item->next = NULL;
        *queue->tail[lane] = item;
        queue->tail[lane] = &item->next;
        was_empty = queue->count == 0;
        queue->count++;
    }
    (void)pthread_mutex_unlock(&queue->lock);

    if (was_empty) {
        (void)pthread_cond_signal(&queue->filled);
        if (queue->notify != NULL)
            queue->notify(queue->notify_ctx);
    }
    return status;
}

/* Move up to max items of one lane to the list that ends at *tail; return the new end. */
static struct hk_queue_item **move_lane(struct hk_queue *queue, enum hk_lane lane, size_t max,
    struct hk_queue_item **tail, size_t *count)
{
    while (queue->head[lane] != NULL && *count < max) {
        struct hk_queue_item *item = queue->head[lane];
        queue->head[lane] = item->next;
        *tail = item;
        tail = &item->next;
        (*count)++;
    }
    if (queue->head[lane] == NULL)
        queue->tail[lane] = &queue->head[lane];
    return tail;
}

struct hk_queue_item *hk_queue_take(
    struct hk_queue *queue, size_t max, bool wait, size_t *ret_count)
{
    struct hk_queue_item *list = NULL;
    struct hk_queue_item **tail = &list;
    size_t count = 0;

    (void)pthread_mutex_lock(&queue->lock);
    while (wait && queue->count == 0 && !queue->closed)
        (void)pthread_cond_wait(&queue->filled, &queue->lock);
    tail = move_lane(queue, HK_LANE_URGENT, max, tail, &count);
    tail = move_lane(queue, HK_LANE_NORMAL, max, tail, &count);
    *tail = NULL;
    queue->count -= count;
    (void)pthread_mutex_unlock(&queue->lock);

    if (ret_count != NULL)
        *ret_count = count;
    return list;
}

void hk_queue_close(struct hk_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

size_t hk_queue_count(struct hk_queue *queue)
{
    size_t count;

    (void)pthread_mutex_lock(&queue->lock);
    count = queue->count;
    (void)pthread_mutex_unlock(&queue->lock);
    return count;
}
