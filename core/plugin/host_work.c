/* Worker threads of a plugin process. All are made before the plugin is loaded, since the sandbox
 * lets nobody make one afterwards. */
#include "plugin/host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct hk_queue_item item; /* first: a job is found by its item */
    hk_work_cb *work;
    hk_work_cb *finished;
    void *ctx;
};

static void *worker_main(void *ctx)
{
    struct hk_host_workers *workers = ctx;
    struct hk_queue_item *item;

    while ((item = hk_queue_take(&workers->todo, 1, true, NULL)) != NULL) {
        struct job *job = (struct job *)item;
        job->work(job->ctx);
        if (hk_queue_put(&workers->finished, item, HK_LANE_URGENT) != HK_OK)
            free(job); /* closed: the process is about to end */
    }
    return NULL;
}

static void on_finished(void *ctx)
{
    struct hk_host_workers *workers = ctx;
    struct hk_queue_item *item = hk_queue_take(&workers->finished, workers->open, false, NULL);

    while (item != NULL) {
        struct job *job = (struct job *)item;
        item = item->next;
        workers->open--;
        if (job->finished != NULL)
            job->finished(job->ctx);
        free(job);
    }
    hk_host_flush();
}

enum hk_status hk_host_workers_make(struct hk_error *error)
{
    struct hk_host_workers *workers = &hk_host_process.workers;
    pthread_attr_t attributes;

    hk_queue_init(&workers->todo, HK_PLUGIN_QUEUE_MAX, NULL, NULL);
    int result = pthread_attr_init(&attributes);
    if (result != 0)
        return hk_fail(error, HK_NOMEM, "out of memory");
    result = pthread_attr_setstacksize(&attributes, HK_PLUGIN_WORKER_STACK_SIZE);
    while (result == 0 && workers->thread_count < HK_PLUGIN_WORKERS) {
        result = pthread_create(
            &workers->threads[workers->thread_count], &attributes, worker_main, workers);
        if (result == 0)
            workers->thread_count++;
    }
    (void)pthread_attr_destroy(&attributes);
    if (result != 0)
        return hk_fail(error, HK_IO, "can't make its worker threads: %s", strerror(result));
    return HK_OK;
}

enum hk_status hk_host_workers_start(struct hk_error *error)
{
    struct hk_host_workers *workers = &hk_host_process.workers;

    workers->wake = hk_wake_new(hk_host_process.loop, on_finished, workers);
    if (workers->wake == NULL)
        return hk_fail(error, HK_NOMEM, "out of memory");
    hk_queue_init(&workers->finished, HK_PLUGIN_QUEUE_MAX, hk_wake_signal, workers->wake);
    return HK_OK;
}

void hk_host_work(hk_work_cb *work, hk_work_cb *finished, void *ctx)
{
    struct hk_host_workers *workers = &hk_host_process.workers;
    struct job *job = hk_host_alloc(sizeof(*job));

    *job = (struct job){.work = work, .finished = finished, .ctx = ctx};
    workers->open++;
    if (hk_queue_put(&workers->todo, &job->item, HK_LANE_NORMAL) != HK_OK)
        hk_host_die("too much work is waiting");
}

void hk_host_workers_stop(void)
{
    struct hk_host_workers *workers = &hk_host_process.workers;
    struct hk_queue_item *item;

    /* What has not begun is not begun any more. */
    item = hk_queue_take(&workers->todo, HK_PLUGIN_QUEUE_MAX, false, NULL);
    while (item != NULL) {
        struct hk_queue_item *next = item->next;
        free((struct job *)item);
        item = next;
    }
    hk_queue_close(&workers->todo);
    for (unsigned i = 0; i < workers->thread_count; i++)
        (void)pthread_join(workers->threads[i], NULL);
}
