/*
 * curl_multi: see curl_multi.h.
 *
 * libcurl says which descriptors it waits for and when it wants to be called; both become events of
 * the loop. It is never called from inside its own callbacks: those only set events, and transfers
 * that ended are looked for after each call into it.
 */
#include "loop/curl_multi.h"

#include "base/fatal.h"
#include "loop/curl_start.h"

#include <event2/event.h>
#include <stdlib.h>

struct transfer {
    struct transfer *next;
    struct transfer **link; /* what points to us */
    CURL *easy;
    hk_curl_done_fn *done;
    void *ctx;
};

struct hk_curl_multi {
    CURLM *handle;
    struct event_base *base;
    struct hk_timer *timer;
    struct transfer *transfers;
};

/* --- transfers --- */

static struct transfer *find(const struct hk_curl_multi *multi, const CURL *easy)
{
    for (struct transfer *transfer = multi->transfers; transfer != NULL;
         transfer = transfer->next) {
        if (transfer->easy == easy) {
            return transfer;
        }
    }
    return NULL;
}

static void take_out(struct hk_curl_multi *multi, struct transfer *transfer)
{
    (void)curl_multi_remove_handle(multi->handle, transfer->easy);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, NULL);
    *transfer->link = transfer->next;
    if (transfer->next != NULL) {
        transfer->next->link = transfer->link;
    }
}

/* One after the other: what a call does to the multi must not lie in a list that we hold. */
static void tell_ended(struct hk_curl_multi *multi)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->handle, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *private = NULL;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct transfer *transfer = (struct transfer *)(void *)private;
        hk_curl_done_fn *done = transfer->done;
        void *ctx = transfer->ctx;
        take_out(multi, transfer);
        free(transfer);
        done(ctx, easy, code);
    }
}

/* --- events --- */

static void on_socket_event(evutil_socket_t fd, short what, void *ctx)
{
    struct hk_curl_multi *multi = ctx;
    int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;

    (void)curl_multi_socket_action(multi->handle, fd, mask, &running);
    tell_ended(multi);
}

static void on_timer(void *ctx)
{
    struct hk_curl_multi *multi = ctx;
    int running;

    (void)curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
    tell_ended(multi);
}

/* libcurl's word on one descriptor; event is ours, from curl_multi_assign. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket)
{
    struct hk_curl_multi *multi = ctx;
    struct event *event = socket;
    short wanted = (short)(EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));

    (void)easy;
    if (event != NULL) {
        event_free(event);
        event = NULL;
    }
    if (what != CURL_POLL_REMOVE) {
        event = event_new(multi->base, fd, wanted, on_socket_event, multi);
        if (event == NULL || event_add(event, NULL) != 0) {
            hk_fatal("no memory to watch a transfer"); /* which nothing else would wake */
        }
    }
    (void)curl_multi_assign(multi->handle, fd, event);
    return 0;
}

static int on_time(CURLM *handle, long after_ms, void *ctx)
{
    const struct hk_curl_multi *multi = ctx;

    (void)handle;
    if (after_ms < 0) {
        hk_timer_disarm(multi->timer);
    } else {
        hk_timer_arm(multi->timer, after_ms);
    }
    return 0;
}

/* --- the multi --- */

enum hk_status hk_curl_multi_new(
    struct hk_loop *loop, struct hk_curl_multi **ret_multi, struct hk_error *error)
{
    struct hk_curl_multi *multi;
    enum hk_status status = hk_curl_start(error);

    if (status != HK_OK) {
        return status;
    }
    multi = calloc(1, sizeof *multi);
    if (multi != NULL) {
        multi->base = hk_loop_base(loop);
        multi->timer = hk_timer_new(loop, on_timer, multi);
        multi->handle = curl_multi_init();
    }
    if (multi == NULL || multi->timer == NULL || multi->handle == NULL) {
        hk_curl_multi_free(multi);
        return hk_fail(error, HK_NOMEM, "no memory for transfers");
    }
    (void)curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    (void)curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_time);
    (void)curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
    *ret_multi = multi;
    return HK_OK;
}

void hk_curl_multi_free(struct hk_curl_multi *multi)
{
    if (multi == NULL) {
        return;
    }
    for (struct transfer *transfer = multi->transfers, *next; transfer != NULL; transfer = next) {
        next = transfer->next;
        take_out(multi, transfer);
        free(transfer);
    }
    if (multi->handle != NULL) {
        /* No transfer is left, so no descriptor is watched; idle connections are closed here, which
         * must not call us. */
        (void)curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, NULL);
        (void)curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, NULL);
        (void)curl_multi_cleanup(multi->handle);
    }
    hk_timer_free(multi->timer);
    free(multi);
}

void hk_curl_multi_set_connections_max(struct hk_curl_multi *multi, long open_max, long idle_max)
{
    (void)curl_multi_setopt(multi->handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, open_max);
    (void)curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, idle_max);
}

enum hk_status hk_curl_multi_add(struct hk_curl_multi *multi, CURL *easy, hk_curl_done_fn *done,
    void *ctx, struct hk_error *error)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL) {
        return hk_fail(error, HK_NOMEM, "no memory for a transfer");
    }
    transfer->easy = easy;
    transfer->done = done;
    transfer->ctx = ctx;
    transfer->next = multi->transfers;
    transfer->link = &multi->transfers;
    if (transfer->next != NULL) {
        transfer->next->link = &transfer->next;
    }
    multi->transfers = transfer;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    if (curl_multi_add_handle(multi->handle, easy) != CURLM_OK) {
        take_out(multi, transfer);
        free(transfer);
        return hk_fail(error, HK_NOMEM, "no memory for a transfer");
    }
    return HK_OK;
}

void hk_curl_multi_remove(struct hk_curl_multi *multi, CURL *easy)
{
    struct transfer *transfer = find(multi, easy);

    if (transfer != NULL) {
        take_out(multi, transfer);
        free(transfer);
    }
}
