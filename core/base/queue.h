/*
 * queue: a bounded queue between threads, many producers and one consumer, of intrusive items.
 *
 * Two lanes: urgent items (decisions, gates, releases) are taken before normal ones; order within a
 * lane is kept. The consumer either blocks in hk_queue_take_all, or is an event loop and gives a
 * notify function, which is called (on the producer's thread) when the queue stops being empty.
 */
#ifndef HK_BASE_QUEUE_H
#define HK_BASE_QUEUE_H

#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>

struct hk_queue_item {
    struct hk_queue_item *next;
};

enum hk_lane { HK_LANE_NORMAL, HK_LANE_URGENT, HK_LANE_COUNT };

typedef void hk_notify_fn(void *ctx);

struct hk_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct hk_queue_item *head[HK_LANE_COUNT];
    struct hk_queue_item **tail[HK_LANE_COUNT];
    size_t count;
    size_t count_max;
    bool closed;
    hk_notify_fn *notify; /* may be NULL */
    void *notify_ctx;
};

void hk_queue_init(struct hk_queue *queue, size_t count_max, hk_notify_fn *notify, void *ctx);
void hk_queue_done(struct hk_queue *queue);
/* HK_OK; HK_BUSY when normal and full (urgent items always fit); HK_DENIED when closed. On failure
 * the caller keeps the item. */
HK_MUST_CHECK enum hk_status hk_queue_put(
    struct hk_queue *queue, struct hk_queue_item *item, enum hk_lane lane);
/* Take up to max items, urgent ones first, as a list; NULL when empty (wait false) or when closed
 * and empty (wait true). *ret_count may be NULL. */
struct hk_queue_item *hk_queue_take(
    struct hk_queue *queue, size_t max, bool wait, size_t *ret_count);
/* No more puts; takers drain what is left. */
void hk_queue_close(struct hk_queue *queue);
size_t hk_queue_count(struct hk_queue *queue);

#endif
