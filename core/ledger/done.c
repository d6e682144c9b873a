/*
 * done: finished work on its way back; see done.h.
 */
#include "ledger/done.h"

void hk_done_init(struct hk_done_list *list, hk_notify_fn *notify, void *ctx)
{
    (void)pthread_mutex_init(&list->lock, NULL);
    list->head = NULL;
    list->tail = &list->head;
    list->notify = notify;
    list->notify_ctx = ctx;
}

void hk_done_done(struct hk_done_list *list)
{
    (void)pthread_mutex_destroy(&list->lock);
}

void hk_done_put(struct hk_done_list *list, struct hk_queue_item *chain)
{
    bool was_empty;

    if (chain == NULL)
        return;
    (void)pthread_mutex_lock(&list->lock);
    was_empty = list->head == NULL;
    *list->tail = chain;
    while (*list->tail != NULL)
        list->tail = &(*list->tail)->next;
    (void)pthread_mutex_unlock(&list->lock);
    if (was_empty && list->notify != NULL)
        list->notify(list->notify_ctx);
}

struct hk_queue_item *hk_done_take(struct hk_done_list *list)
{
    struct hk_queue_item *chain;

    (void)pthread_mutex_lock(&list->lock);
    chain = list->head;
    list->head = NULL;
    list->tail = &list->head;
    (void)pthread_mutex_unlock(&list->lock);
    return chain;
}
