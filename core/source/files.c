/*
 * files: the thread that reads, and the loop's side of it; see files.h.
 *
 * A source may have HK_FILE_BATCHES_MAX batches that the engine has not taken; each is a token. The
 * thread spends them, the loop gives them back. Batches of a source are offered in the order in
 * which they were made.
 */
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "source/files_internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    GIVE_UP_MS = 24 * 3600 * 1000, /* a file system may be mounted long after the start */
    STACK_SIZE = 512 * 1024,
};

struct hk_files {
    struct hk_loop *loop;
    struct hk_sink sink;
    struct hk_watched *watched;
    struct hk_watched **watched_tail;
    struct hk_queue ready; /* from the thread to the loop */
    struct hk_wake *wake;
    struct hk_timer *retry;
    bool is_stopped; /* the loop's */
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a token came back, or the end */
    bool is_ending;
    char *chunk;
};

/* --- the thread --- */

void hk_watched_problem(struct hk_watched *watched, const char *format, ...)
{
    va_list args;

    if (watched->problem[0] != '\0')
        return;
    va_start(args, format);
    if (vsnprintf(watched->problem, sizeof(watched->problem), format, args) < 0)
        watched->problem[0] = '\0';
    va_end(args);
}

void hk_files_hold(struct hk_files *files, const struct hk_tail *tail)
{
    struct hk_tail *quietest = NULL;
    unsigned held = 0;

    for (struct hk_watched *watched = files->watched; watched != NULL; watched = watched->next) {
        for (struct hk_tail *other = watched->tails; other != NULL; other = other->next) {
            held += other->fd >= 0;
            /* Only what was read to its end and is found again by its path. */
            if (other->fd >= 0 && other != tail && other->is_listed && other->is_read_out &&
                (quietest == NULL || other->quiet_ms < quietest->quiet_ms))
                quietest = other;
        }
    }
    if (held > HK_FILES_HELD_MAX && quietest != NULL) {
        (void)close(quietest->fd);
        quietest->fd = -1;
    }
}

static void hand_over(struct hk_watched *watched, struct hk_batch *batch)
{
    struct hk_files *files = watched->files;

    batch->arrived_us = hk_time_wall_us();
    batch->holder = watched;
    (void)pthread_mutex_lock(&files->lock);
    watched->tokens--;
    (void)pthread_mutex_unlock(&files->lock);
    /* Unbounded, since the tokens are: this doesn't fail before the end. */
    if (hk_queue_put(&files->ready, &batch->item, HK_LANE_NORMAL) != HK_OK)
        hk_batch_free(batch);
}

static bool has_token(struct hk_watched *watched)
{
    struct hk_files *files = watched->files;
    bool has;

    (void)pthread_mutex_lock(&files->lock);
    has = watched->tokens > 0 && !files->is_ending;
    (void)pthread_mutex_unlock(&files->lock);
    return has;
}

static void tell(struct hk_watched *watched)
{
    const struct hk_source *source = watched->source;

    if (!hk_tally_problem(source->row, hk_time_wall_us(), watched->problem))
        return;
    if (watched->problem[0] != '\0')
        hk_log(HK_LOG_WARNING, "source %s of %s: %s", source->config->name, source->config->tenant,
            watched->problem);
    else
        hk_log(HK_LOG_INFO, "source %s of %s: all is well again", source->config->name,
            source->config->tenant);
}

/* Let go of a file that is over. */
static struct hk_batch *end_tail(struct hk_watched *watched, struct hk_tail **at)
{
    struct hk_tail *tail = *at;
    struct hk_batch *batch = hk_tail_end(watched, tail, watched->files->chunk);

    if (batch == NULL)
        return NULL;
    *at = tail->next;
    watched->tail_count--;
    hk_tail_free(tail);
    return batch;
}

/* Read each file of the source once. Was there anything? */
static bool turn(struct hk_watched *watched)
{
    int64_t now_ms = hk_time_monotonic_ms();
    struct hk_tail **at = &watched->tails;
    struct hk_batch *batch = NULL;
    bool did_any = false;

    if (!has_token(watched))
        return false;
    if (now_ms >= watched->next_scan_ms)
        hk_scan(watched, now_ms);
    while (*at != NULL && has_token(watched)) {
        struct hk_tail *tail = *at;
        if (hk_tail_is_over(tail, now_ms)) {
            batch = end_tail(watched, at);
        } else {
            batch = hk_tail_read(watched, tail, watched->files->chunk);
            at = &tail->next;
        }
        if (batch != NULL)
            hand_over(watched, batch);
        else if (*at == tail) /* no memory to end it */
            at = &tail->next;
        did_any = did_any || batch != NULL;
    }
    batch = has_token(watched) ? hk_scan_batch(watched) : NULL;
    if (batch != NULL)
        hand_over(watched, batch);
    tell(watched);
    return did_any || batch != NULL;
}

static void wait_a_moment(struct hk_files *files)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)HK_FILE_POLL_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&files->lock);
    if (!files->is_ending)
        (void)pthread_cond_timedwait(&files->changed, &files->lock, &until);
    (void)pthread_mutex_unlock(&files->lock);
}

static bool is_ending(struct hk_files *files)
{
    bool is;

    (void)pthread_mutex_lock(&files->lock);
    is = files->is_ending;
    (void)pthread_mutex_unlock(&files->lock);
    return is;
}

static void *run(void *ctx)
{
    struct hk_files *files = ctx;

    while (!is_ending(files)) {
        bool did_any = false;
        for (struct hk_watched *watched = files->watched; watched != NULL; watched = watched->next)
            did_any = turn(watched) || did_any;
        if (!did_any)
            wait_a_moment(files);
    }
    return NULL;
}

/* --- the loop's side --- */

static void give_back(struct hk_watched *watched)
{
    struct hk_files *files = watched->files;

    (void)pthread_mutex_lock(&files->lock);
    watched->tokens++;
    (void)pthread_cond_signal(&files->changed);
    (void)pthread_mutex_unlock(&files->lock);
}

/* Offer the source's first batch. */
static bool offer_one(struct hk_watched *watched)
{
    struct hk_files *files = watched->files;
    struct hk_batch *batch = (struct hk_batch *)watched->pending;

    if (batch == NULL || files->sink.offer(files->sink.ctx, batch) != HK_OK)
        return false;
    watched->pending = batch->item.next;
    if (watched->pending == NULL)
        watched->pending_tail = &watched->pending;
    hk_batch_free(batch);
    give_back(watched);
    return true;
}

/* Offer what waits, a bounded part of it in each turn of the loop. */
static void pump(void *ctx)
{
    struct hk_files *files = ctx;
    unsigned offered = 0;
    bool did_any = true;
    bool is_left = false;

    if (files->is_stopped)
        return;
    while (did_any && offered < HK_BATCHES_PER_TURN_MAX) {
        did_any = false;
        for (struct hk_watched *watched = files->watched;
             watched != NULL && offered < HK_BATCHES_PER_TURN_MAX; watched = watched->next) {
            if (!offer_one(watched))
                continue;
            did_any = true;
            offered++;
        }
    }
    for (struct hk_watched *watched = files->watched; watched != NULL; watched = watched->next)
        is_left = is_left || watched->pending != NULL;
    if (is_left)
        hk_timer_arm(files->retry, did_any ? 0 : HK_SOURCE_RETRY_MS);
}

static void on_ready(void *ctx)
{
    struct hk_files *files = ctx;
    struct hk_queue_item *item = hk_queue_take(&files->ready, SIZE_MAX, false, NULL);

    while (item != NULL) {
        struct hk_queue_item *next = item->next;
        struct hk_watched *watched = ((struct hk_batch *)item)->holder;
        item->next = NULL;
        *watched->pending_tail = item;
        watched->pending_tail = &item->next;
        item = next;
    }
    pump(files);
}

/* --- making and ending --- */

enum hk_status hk_files_new(struct hk_loop *loop, const struct hk_sink *sink,
    struct hk_files **ret_files, struct hk_error *error)
{
    struct hk_files *files = calloc(1, sizeof(*files));
    pthread_condattr_t attributes;

    if (files == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to follow files");
    files->loop = loop;
    files->sink = *sink;
    files->watched_tail = &files->watched;
    (void)pthread_mutex_init(&files->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&files->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    files->wake = hk_wake_new(loop, on_ready, files);
    hk_queue_init(&files->ready, SIZE_MAX, hk_wake_signal, files->wake);
    files->retry = hk_timer_new(loop, pump, files);
    files->chunk = malloc(HK_FILE_CHUNK_SIZE);
    if (files->wake == NULL || files->retry == NULL || files->chunk == NULL) {
        hk_files_free(files);
        return hk_fail(error, HK_NOMEM, "no memory to follow files");
    }
    *ret_files = files;
    return HK_OK;
}

enum hk_status hk_files_add(
    struct hk_files *files, const struct hk_source *source, struct hk_error *error)
{
    struct hk_watched *watched = calloc(1, sizeof(*watched));

    if (watched == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to follow files");
    watched->files = files;
    watched->source = source;
    watched->is_new = true;
    watched->tokens = HK_FILE_BATCHES_MAX;
    watched->give_up_ms = hk_time_monotonic_ms() + GIVE_UP_MS;
    watched->pending_tail = &watched->pending;
    *files->watched_tail = watched;
    files->watched_tail = &watched->next;
    return HK_OK;
}

static struct hk_watched *last_watched(struct hk_files *files)
{
    struct hk_watched *watched = files->watched;

    while (watched->next != NULL)
        watched = watched->next;
    return watched;
}

enum hk_status hk_files_restore(
    struct hk_files *files, const char *key, const char *value, struct hk_error *error)
{
    struct hk_watched *watched = last_watched(files);
    struct hk_stored *stored;
    enum hk_status status;

    if (strcmp(key, HK_FILE_MARKER_KEY) == 0) {
        watched->is_new = false;
        return HK_OK;
    }
    stored = calloc(1, sizeof(*stored));
    if (stored == NULL)
        return hk_fail(error, HK_NOMEM, "no memory to follow files");
    if (!hk_copy_text(stored->key, sizeof(stored->key), key) || strchr(key, ':') == NULL)
        status = hk_fail(error, HK_INVALID, "\"%s\" is no cursor of a file", key);
    else
        status = hk_mark_read(value, &stored->mark, &stored->path, error);
    if (status == HK_OK && stored->path[0] != '/')
        status = hk_fail(error, HK_INVALID, "cursor %s: \"%s\" is no path", key, stored->path);
    if (status != HK_OK) {
        free(stored->path);
        free(stored);
        return status;
    }
    stored->next = watched->stored;
    watched->stored = stored;
    return HK_OK;
}

enum hk_status hk_files_start(struct hk_files *files, struct hk_error *error)
{
    pthread_attr_t attributes;

    if (files->watched == NULL)
        return HK_OK;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    files->has_thread = pthread_create(&files->thread, &attributes, run, files) == 0;
    (void)pthread_attr_destroy(&attributes);
    return files->has_thread ? HK_OK
                             : hk_fail(error, HK_NOMEM, "cannot start the thread that reads files");
}

void hk_files_stop(struct hk_files *files)
{
    files->is_stopped = true;
}

static void free_batches(struct hk_queue_item *item)
{
    while (item != NULL) {
        struct hk_queue_item *next = item->next;
        hk_batch_free((struct hk_batch *)item);
        item = next;
    }
}

static void free_watched(struct hk_watched *watched)
{
    while (watched->tails != NULL) {
        struct hk_tail *tail = watched->tails;
        watched->tails = tail->next;
        hk_tail_free(tail);
    }
    while (watched->stored != NULL) {
        struct hk_stored *stored = watched->stored;
        watched->stored = stored->next;
        free(stored->path);
        free(stored);
    }
    free_batches(watched->pending);
    free(watched);
}

void hk_files_free(struct hk_files *files)
{
    if (files == NULL)
        return;
    (void)pthread_mutex_lock(&files->lock);
    files->is_ending = true;
    (void)pthread_cond_signal(&files->changed);
    (void)pthread_mutex_unlock(&files->lock);
    if (files->has_thread)
        (void)pthread_join(files->thread, NULL);
    free_batches(hk_queue_take(&files->ready, SIZE_MAX, false, NULL));
    while (files->watched != NULL) {
        struct hk_watched *watched = files->watched;
        files->watched = watched->next;
        free_watched(watched);
    }
    if (files->wake != NULL)
        hk_wake_free(files->wake);
    hk_timer_free(files->retry);
    hk_queue_done(&files->ready);
    (void)pthread_mutex_destroy(&files->lock);
    (void)pthread_cond_destroy(&files->changed);
    free(files->chunk);
    free(files);
}
