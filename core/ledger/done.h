/*
 * done: what the ledger's threads have finished and the engine's thread has not yet taken. One
 * lock for however many items, one notification when the list stops being empty.
 */
#ifndef HK_LEDGER_DONE_H
#define HK_LEDGER_DONE_H

#include "base/queue.h"

struct hk_done_list {
    pthread_mutex_t lock;
    struct hk_queue_item *head;
    struct hk_queue_item **tail;
    hk_notify_fn *notify; /* may be NULL */
    void *notify_ctx;
};

void hk_done_init(struct hk_done_list *list, hk_notify_fn *notify, void *ctx);
void hk_done_done(struct hk_done_list *list);
/* Append a chain of items that ends in NULL. */
void hk_done_put(struct hk_done_list *list, struct hk_queue_item *chain);
/* Take all, in order. */
struct hk_queue_item *hk_done_take(struct hk_done_list *list);

#endif
