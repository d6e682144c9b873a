/* host->http: HTTP over connections that the engine makes. The client is made for the first
 * request; what has to be read from files for it was read before the sandbox was closed, or lies in
 * folders that stay readable. */
#include "plugin/host.h"

#include "loop/http_async.h"

#include <stdlib.h>

struct http_request {
    hk_http_cb *cb;
    void *ctx;
    bool is_starting; /* inside host->http */
};

struct socket_request {
    hk_connect_done_fn *done;
    void *done_ctx;
};

static struct hk_http_async *client;

static void on_connected(void *ctx, int fd, const char *reason)
{
    struct socket_request *request = ctx;
    hk_connect_done_fn *done = request->done;
    void *done_ctx = request->done_ctx;
    struct hk_error error;

    free(request);
    if (fd < 0)
        (void)hk_fail(&error, HK_DENIED, "%s", reason);
    done(done_ctx, fd, fd < 0 ? &error : NULL);
}

static void ask_engine(
    void *ctx, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx)
{
    struct socket_request *request = hk_host_alloc(sizeof(*request));
    (void)ctx;

    *request = (struct socket_request){done, done_ctx};
    hk_host_connect(host, (uint16_t)port, on_connected, request);
    hk_host_flush();
}

static void on_answer(void *ctx, const struct hk_http_async_answer *answer)
{
    struct http_request *request = ctx;

    if (request->is_starting)
        hk_host_die("out of memory");
    const struct hk_http_answer given = {.size = sizeof(given),
        .status = answer->status,
        .failure = answer->status == 0 ? answer->error.text : NULL,
        .may_have_arrived = answer->may_have_arrived,
        .headers = answer->headers,
        .body = answer->body,
        .body_size = answer->body_size};
    request->cb(request->ctx, &given);
    free(request);
    hk_host_flush();
}

uint64_t hk_host_http(const struct hk_http_ask *ask, hk_http_cb *cb, void *ctx)
{
    struct http_request *request = hk_host_alloc(sizeof(*request));
    struct hk_error error = {0};

    if (ask == NULL || ask->size < sizeof(*ask) || cb == NULL)
        hk_host_die("host->http: not a request of this version");
    if (client == NULL && hk_http_async_new(hk_host_process.loop, &client, &error) != HK_OK)
        hk_host_die(error.text);
    const struct hk_http_async_ask order = {.method = ask->method,
        .url = ask->url,
        .headers = ask->headers,
        .body = ask->body,
        .body_size = ask->body_size,
        .time_max_ms = ask->time_max_ms > HK_CALL_TIME_MAX_MS ? HK_CALL_TIME_MAX_MS
                                                              : (int64_t)ask->time_max_ms,
        .answer_size_max = ask->answer_size_max,
        .redirects_max = ask->redirects_max,
        .authorities = ask->authorities,
        .socket = ask_engine};
    *request = (struct http_request){.cb = cb, .ctx = ctx, .is_starting = true};
    uint64_t id = hk_http_async_start(client, &order, on_answer, request);
    request->is_starting = false;
    return id;
}

void hk_host_http_cancel(uint64_t http_id)
{
    if (client != NULL)
        hk_http_async_cancel(client, http_id);
}
