/* The requests of a client, and the sockets that are waited for. */
#include "loop/http_async.h"

#include "base/ip_reach.h"
#include "limits.h"
#include "loop/curl_multi.h"
#include "loop/curl_start.h"
#include "loop/http_fetch.h"

#include <stdlib.h>
#include <unistd.h>

struct hk_http_async {
    struct hk_loop *loop;
    struct hk_curl_multi *multi;
    struct hk_timer *turn;       /* begins what may begin, calls back what has ended */
    struct hk_http_fetch *first; /* oldest first */
    struct hk_http_fetch *last;
    size_t count;
    uint64_t last_id;
};

/* Outlives its request when that ends first. */
struct hk_socket_wait {
    struct hk_http_fetch *fetch; /* NULL: nobody waits any more */
};

enum hk_status hk_http_async_prepare(struct hk_error *error)
{
    return hk_curl_start(error);
}

static void schedule(struct hk_http_async *client)
{
    hk_timer_arm(client->turn, 0);
}

/* --- the end of a request --- */

/* Never inside one of libcurl's callbacks. error NULL: it has its answer. */
static void end(struct hk_http_fetch *fetch, const struct hk_error *error)
{
    if (fetch->state == HK_FETCH_ENDED) {
        return;
    }
    if (fetch->wait != NULL) {
        fetch->wait->fetch = NULL;
        fetch->wait = NULL;
    }
    if (fetch->state == HK_FETCH_EXCHANGE) {
        hk_curl_multi_remove(fetch->client->multi, fetch->easy);
        hk_http_fetch_close(fetch);
    }
    fetch->state = HK_FETCH_ENDED;
    fetch->error = error != NULL ? *error : (struct hk_error){.status = HK_OK};
    hk_timer_disarm(fetch->deadline);
    schedule(fetch->client);
}

static void on_deadline(void *ctx)
{
    struct hk_http_fetch *fetch = ctx;
    struct hk_error error;

    (void)hk_fail(&error, HK_TIMEOUT, "%s: no whole answer in time", fetch->url.host);
    end(fetch, &error);
}

/* --- sockets and transfers --- */

static hk_curl_done_fn on_exchanged;

static void begin_exchange(struct hk_http_fetch *fetch)
{
    struct hk_error error;

    enum hk_status status = hk_http_fetch_open(fetch, &error);
    if (status == HK_OK) {
        status = hk_curl_multi_add(fetch->client->multi, fetch->easy, on_exchanged, fetch, &error);
    }
    if (status != HK_OK) {
        hk_http_fetch_close(fetch);
        end(fetch, &error);
        return;
    }
    fetch->state = HK_FETCH_EXCHANGE;
}

static void on_socket(void *ctx, int fd, const struct hk_error *error)
{
    struct hk_socket_wait *wait = ctx;
    struct hk_http_fetch *fetch = wait->fetch;

    free(wait);
    if (fetch == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    fetch->wait = NULL;
    if (fd < 0) {
        end(fetch, error);
        return;
    }
    fetch->fd = fd;
    begin_exchange(fetch);
}

static void ask_socket(struct hk_http_fetch *fetch)
{
    struct hk_socket_wait *wait = malloc(sizeof *wait);
    struct hk_error error;

    fetch->state = HK_FETCH_SOCKET;
    if (wait == NULL) {
        (void)hk_fail(&error, HK_NOMEM, "out of memory for a request");
        end(fetch, &error);
        return;
    }
    wait->fetch = fetch;
    fetch->wait = wait;
    fetch->socket(fetch->socket_ctx, fetch->url.host, fetch->url.port, on_socket, wait);
}

static void on_exchanged(void *ctx, CURL *easy, CURLcode code)
{
    struct hk_http_fetch *fetch = ctx;
    struct hk_error error = {.status = HK_OK};
    (void)easy;

    enum hk_status status = hk_http_fetch_judge(fetch, code, &error);
    if (status == HK_OK && fetch->is_redirect) {
        status = hk_http_fetch_redirect(fetch, &error);
        if (status == HK_OK) {
            hk_http_fetch_close(fetch);
            ask_socket(fetch);
            return;
        }
    }
    end(fetch, status == HK_OK ? NULL : &error);
}

/* --- requests --- */

static void unlink_fetch(struct hk_http_fetch *fetch)
{
    struct hk_http_async *client = fetch->client;

    if (fetch->previous != NULL) {
        fetch->previous->next = fetch->next;
    } else {
        client->first = fetch->next;
    }
    if (fetch->next != NULL) {
        fetch->next->previous = fetch->previous;
    } else {
        client->last = fetch->previous;
    }
    client->count--;
}

static struct hk_http_fetch *find(struct hk_http_async *client, enum hk_fetch_state state)
{
    for (struct hk_http_fetch *fetch = client->first; fetch != NULL; fetch = fetch->next) {
        if (fetch->state == state) {
            return fetch;
        }
    }
    return NULL;
}

static size_t count_live(const struct hk_http_async *client)
{
    size_t count = 0;

    for (const struct hk_http_fetch *fetch = client->first; fetch != NULL; fetch = fetch->next) {
        count += fetch->state == HK_FETCH_SOCKET || fetch->state == HK_FETCH_EXCHANGE;
    }
    return count;
}

static void on_turn(void *ctx)
{
    struct hk_http_async *client = ctx;
    struct hk_http_fetch *fetch;

    while ((fetch = find(client, HK_FETCH_ENDED)) != NULL) {
        unlink_fetch(fetch);
        hk_http_fetch_deliver(fetch);
    }
    for (size_t live = count_live(client);
         live < HK_HTTP_ASKS_LIVE_MAX && (fetch = find(client, HK_FETCH_LINE)) != NULL; live++) {
        ask_socket(fetch);
    }
}

uint64_t hk_http_async_start(struct hk_http_async *client, const struct hk_http_async_ask *ask,
    hk_http_async_fn *fn, void *ctx)
{
    static const char *const no_headers[] = {NULL};
    struct hk_http_fetch *fetch = calloc(1, sizeof *fetch);
    struct hk_error error;

    if (fetch != NULL) {
        fetch->deadline = hk_timer_new(client->loop, on_deadline, fetch);
    }
    if (fetch == NULL || fetch->deadline == NULL) {
        struct hk_http_async_answer answer = {.headers = no_headers, .body = ""};
        (void)hk_fail(&answer.error, HK_NOMEM, "out of memory for a request");
        free(fetch);
        fn(ctx, &answer);
        return 0;
    }
    fetch->client = client;
    fetch->id = ++client->last_id;
    fetch->fn = fn;
    fetch->ctx = ctx;
    fetch->fd = -1;
    fetch->previous = client->last;
    if (client->last != NULL) {
        client->last->next = fetch;
    } else {
        client->first = fetch;
    }
    client->last = fetch;
    client->count++;
    hk_buf_init(&fetch->head, HK_HTTP_ANSWER_HEADERS_SIZE_MAX + 4 * HK_HTTP_ANSWER_HEADERS_MAX);
    hk_buf_init(&fetch->answer, ask->answer_size_max);
    enum hk_status status = HK_OK;
    if (client->count > HK_HTTP_ASKS_OPEN_MAX) {
        status = hk_fail(&error, HK_BUSY, "too many HTTP requests wait already");
    } else {
        status = hk_http_fetch_take(fetch, ask, &error);
    }
    if (status != HK_OK) {
        end(fetch, &error);
    } else {
        hk_timer_arm(fetch->deadline, ask->time_max_ms);
        schedule(client);
    }
    return fetch->id;
}

void hk_http_async_cancel(struct hk_http_async *client, uint64_t id)
{
    struct hk_error error;

    for (struct hk_http_fetch *fetch = client->first; fetch != NULL; fetch = fetch->next) {
        if (fetch->id == id && fetch->state != HK_FETCH_ENDED) {
            fetch->was_cancelled = true;
            (void)hk_fail(&error, HK_IO, "%s: the request was given up", fetch->url.host);
            end(fetch, &error);
            return;
        }
    }
}

/* --- the client --- */

enum hk_status hk_http_async_new(
    struct hk_loop *loop, struct hk_http_async **ret_client, struct hk_error *error)
{
    struct hk_http_async *client = calloc(1, sizeof *client);

    if (client == NULL) {
        return hk_fail(error, HK_NOMEM, "out of memory for an HTTP client");
    }
    client->loop = loop;
    client->turn = hk_timer_new(loop, on_turn, client);
    enum hk_status status = client->turn != NULL
                                ? hk_curl_multi_new(loop, &client->multi, error)
                                : hk_fail(error, HK_NOMEM, "out of memory for an HTTP client");
    if (status != HK_OK) {
        hk_http_async_free(client);
        return status;
    }
    *ret_client = client;
    return HK_OK;
}

void hk_http_async_free(struct hk_http_async *client)
{
    if (client == NULL) {
        return;
    }
    while (client->first != NULL) {
        hk_http_async_cancel(client, client->first->id);
        struct hk_http_fetch *fetch = client->first;
        unlink_fetch(fetch);
        hk_http_fetch_deliver(fetch);
    }
    hk_curl_multi_free(client->multi);
    hk_timer_free(client->turn);
    free(client);
}

/* --- the engine's own way out --- */

struct way_request {
    bool may_be_private;
    hk_connect_done_fn *done;
    void *done_ctx;
};

static bool may_connect(void *ctx, const struct hk_ip *address, unsigned port)
{
    const struct way_request *request = ctx;
    (void)port;

    return hk_ip_may_be_reached(address, request->may_be_private);
}

static void on_way(void *ctx, int fd, const struct hk_error *error)
{
    struct way_request *request = ctx;
    hk_connect_done_fn *done = request->done;
    void *done_ctx = request->done_ctx;

    free(request);
    done(done_ctx, fd, error);
}

void hk_http_way_socket(
    void *ctx, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx)
{
    const struct hk_http_way *way = ctx;
    struct way_request *request = malloc(sizeof *request);
    struct hk_error error;

    if (request == NULL) {
        (void)hk_fail(&error, HK_NOMEM, "out of memory for a connection");
        done(done_ctx, -1, &error);
        return;
    }
    *request = (struct way_request){way->may_be_private, done, done_ctx};
    hk_connector_start(
        way->connector, host, port, HK_HTTP_CONNECT_MAX_MS, may_connect, on_way, request);
}
