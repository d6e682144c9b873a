/*
 * http_echo: the HTTP server alone, answering each request with its body (or its path), to be
 * measured from outside: http_echo [ADDRESS], 127.0.0.1:8699 unless given; ends on SIGTERM.
 */
#include "loop/http_server.h"

#include <stdio.h>
#include <string.h>

static void on_request(void *ctx, hk_exchange_id exchange, const struct hk_http_request *request,
    const struct hk_http_peer *peer)
{
    struct hk_http_server **server = ctx;
    bool has_body = request->body.size > 0;
    struct hk_http_response response = {
        .status = 200,
        .content_type = "text/plain",
        .body = has_body ? request->body.data : request->path,
        .body_size = has_body ? request->body.size : strlen(request->path),
    };
    (void)peer;
    (void)hk_http_respond(*server, exchange, &response);
}

static void on_stop(void *ctx)
{
    hk_loop_stop(ctx);
}

int main(int argc, char **argv)
{
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:8699";
    struct hk_error error = {0};
    struct hk_loop *loop = NULL;
    struct hk_http_server *server = NULL;
    enum hk_status status;

    status = hk_loop_new(&loop, &error);
    if (status != HK_OK) {
        goto out;
    }
    status = hk_http_server_new(loop, on_request, &server, &server, &error);
    if (status != HK_OK) {
        goto out;
    }
    status = hk_http_server_listen(server, address, NULL, NULL, &error);
    if (status != HK_OK) {
        goto out;
    }
    status = hk_loop_on_stop_signal(loop, on_stop, loop, &error);
    if (status == HK_OK) {
        status = hk_loop_run(loop, &error);
    }
out:
    if (status != HK_OK) {
        (void)fprintf(stderr, "http_echo: %s\n", error.text);
    }
    hk_http_server_free(server);
    hk_loop_free(loop);
    return status == HK_OK ? 0 : 1;
}
