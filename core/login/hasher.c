/*
 * hasher: see hasher.h.
 */
#include "login/hasher.h"

#include "base/digest.h"
#include "base/text.h"
#include "limits.h"
#include "login/password.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NICENESS = 10 };

struct job {
    struct hk_queue_item item; /* must be first */
    bool is_check;
    char password[HK_PASSWORD_SIZE_MAX + 1];
    char hash[HK_PASSWORD_HASH_SIZE]; /* "" in a check: nobody's */
    hk_hashed_fn *fn;
    void *ctx;
    enum hk_status status;
    struct hk_error error;
};

struct hk_hasher {
    struct hk_queue queue; /* to the thread */
    struct hk_queue done;  /* and back */
    pthread_t thread;
    char nobody[HK_PASSWORD_HASH_SIZE]; /* the thread's: what is checked when there is no hash */
};

/* A hash of nobody's password, with the parameters of today. */
static enum hk_status make_nobody(struct hk_hasher *hasher, struct hk_error *error)
{
    char password[HK_BASE64URL_32_SIZE];
    uint8_t bytes[32];

    hk_random(bytes, sizeof(bytes));
    hk_base64url_32(bytes, password);
    return hk_password_hash(password, hasher->nobody, error);
}

static void work(struct hk_hasher *hasher, struct job *job)
{
    bool is_nobody = job->hash[0] == '\0';

    /* Not at the start of the engine, which it would hold up; and before the first check of any
     * kind, so that it tells nothing. */
    if (hasher->nobody[0] == '\0' && (job->status = make_nobody(hasher, &job->error)) != HK_OK)
        return;
    if (!job->is_check) {
        job->status = hk_password_hash(job->password, job->hash, &job->error);
        return;
    }
    job->status =
        hk_password_verify(job->password, is_nobody ? hasher->nobody : job->hash, &job->error);
    if (is_nobody && job->status == HK_OK) /* it would be a miracle, and still nobody */
        job->status = HK_DENIED;
}

static void *run(void *ctx)
{
    struct hk_hasher *hasher = ctx;
    struct hk_queue_item *item;

    /* Of this thread alone (Linux): where processors are few, decisions go before logins. Where it
     * is not allowed, they share. */
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    while ((item = hk_queue_take(&hasher->queue, 1, true, NULL)) != NULL) {
        struct job *job = (struct job *)item;

        work(hasher, job);
        explicit_bzero(job->password, sizeof(job->password));
        if (hk_queue_put(&hasher->done, item, HK_LANE_URGENT) != HK_OK)
            free(job); /* closed: we are being freed */
    }
    return NULL;
}

enum hk_status hk_hasher_new(
    hk_notify_fn *notify, void *notify_ctx, struct hk_hasher **ret_hasher, struct hk_error *error)
{
    struct hk_hasher *hasher = calloc(1, sizeof(*hasher));

    if (hasher == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for the hasher");
    hk_queue_init(&hasher->queue, HK_HASH_QUEUE_MAX, NULL, NULL);
    hk_queue_init(&hasher->done, SIZE_MAX, notify, notify_ctx);
    if (pthread_create(&hasher->thread, NULL, run, hasher) != 0) {
        hk_queue_done(&hasher->queue);
        hk_queue_done(&hasher->done);
        free(hasher);
        return hk_fail(error, HK_NOMEM, "cannot start the hasher's thread");
    }
    *ret_hasher = hasher;
    return HK_OK;
}

static void drop(struct hk_queue *queue)
{
    struct hk_queue_item *item = hk_queue_take(queue, SIZE_MAX, false, NULL);

    while (item != NULL) {
        struct hk_queue_item *next = item->next;
        explicit_bzero(item, sizeof(struct job));
        free(item);
        item = next;
    }
}

void hk_hasher_free(struct hk_hasher *hasher)
{
    if (hasher == NULL)
        return;
    drop(&hasher->queue);
    hk_queue_close(&hasher->queue);
    (void)pthread_join(hasher->thread, NULL);
    drop(&hasher->done);
    hk_queue_done(&hasher->queue);
    hk_queue_done(&hasher->done);
    free(hasher);
}

static enum hk_status put(struct hk_hasher *hasher, enum hk_lane lane, const struct job *from,
    const char *password, struct hk_error *error)
{
    struct job *job = malloc(sizeof(*job));

    if (job == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a password");
    *job = *from;
    /* One that is too long is nobody's: what is left of it is checked in vain. */
    if (!hk_copy_text(job->password, sizeof(job->password), password) && job->is_check)
        job->hash[0] = '\0';
    /* The queue itself takes any number of urgent ones. */
    if (hk_queue_count(&hasher->queue) >= 2 * (size_t)HK_HASH_QUEUE_MAX ||
        hk_queue_put(&hasher->queue, &job->item, lane) != HK_OK) {
        explicit_bzero(job, sizeof(*job));
        free(job);
        return hk_fail(error, HK_BUSY, "too many people log in at once");
    }
    return HK_OK;
}

enum hk_status hk_hasher_check(struct hk_hasher *hasher, enum hk_lane lane, const char *password,
    const char *hash, hk_hashed_fn *fn, void *ctx, struct hk_error *error)
{
    struct job job = {.is_check = true, .fn = fn, .ctx = ctx};

    if (hash != NULL && !hk_copy_text(job.hash, sizeof(job.hash), hash))
        return hk_fail(error, HK_CORRUPT, "the hash of a password is too long");
    return put(hasher, lane, &job, password, error);
}

enum hk_status hk_hasher_make(struct hk_hasher *hasher, const char *password, hk_hashed_fn *fn,
    void *ctx, struct hk_error *error)
{
    const struct job job = {.is_check = false, .fn = fn, .ctx = ctx};

    if (strlen(password) > HK_PASSWORD_SIZE_MAX)
        return hk_fail(error, HK_LIMIT, "the password is too long");
    return put(hasher, HK_LANE_URGENT, &job, password, error);
}

void hk_hasher_drain(struct hk_hasher *hasher)
{
    struct hk_queue_item *item = hk_queue_take(&hasher->done, SIZE_MAX, false, NULL);

    while (item != NULL) {
        struct job *job = (struct job *)item;

        item = item->next;
        job->fn(job->ctx, job->status, job->status == HK_OK && !job->is_check ? job->hash : NULL,
            &job->error);
        free(job);
    }
}
