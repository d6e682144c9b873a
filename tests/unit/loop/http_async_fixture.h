/*
 * http_async_fixture: a client on a loop, the servers of tests/system/web.py, and what came back of
 * a request.
 */
#ifndef HK_TESTS_LOOP_HTTP_ASYNC_FIXTURE_H
#define HK_TESTS_LOOP_HTTP_ASYNC_FIXTURE_H

#include "loop/http_async.h"

#include "base/time.h"
#include "support/suite.h"
#include "support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct web web;

struct fixture {
    struct hk_loop *loop;
    struct hk_connector *connector;
    struct hk_http_async *client;
    struct hk_http_way way;
    /* which targets were asked for */
    unsigned socket_count;
    char last_host[256];
    unsigned last_port;
    const char *refused_host; /* "": all */
    /* sockets that are not given until the test does so */
    bool holds;
    hk_connect_done_fn *held[2];
    void *held_ctx[2];
    /* what came back */
    unsigned expected;
    unsigned count;
    int status;
    struct hk_error error;
    bool may_have_arrived;
    bool was_cancelled;
    char *body;
    size_t body_size;
    char headers[4096];
    int64_t time_ms;
};

static inline void socket_of(
    void *ctx, const char *host, unsigned port, hk_connect_done_fn *done, void *done_ctx)
{
    struct fixture *f = ctx;
    struct hk_error error;

    f->socket_count++;
    (void)snprintf(f->last_host, sizeof f->last_host, "%s", host);
    f->last_port = port;
    if (f->refused_host != NULL &&
        (f->refused_host[0] == '\0' || strcmp(f->refused_host, host) == 0)) {
        (void)hk_fail(&error, HK_DENIED, "%s is not granted", host);
        done(done_ctx, -1, &error);
    } else if (f->holds) {
        f->held[f->socket_count % 2] = done;
        f->held_ctx[f->socket_count % 2] = done_ctx;
    } else {
        hk_http_way_socket(&f->way, host, port, done, done_ctx);
    }
}

static inline void on_answer(void *ctx, const struct hk_http_async_answer *answer)
{
    struct fixture *f = ctx;

    f->count++;
    f->status = answer->status;
    f->error = answer->error;
    f->may_have_arrived = answer->may_have_arrived;
    f->was_cancelled = answer->was_cancelled;
    CU_ASSERT_EQUAL(answer->status == 0, answer->error.status != HK_OK);
    CU_ASSERT(answer->status != 0 || answer->error.text[0] != '\0');
    free(f->body);
    f->body = malloc(answer->body_size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->body);
    memcpy(f->body, answer->body, answer->body_size + 1);
    f->body_size = answer->body_size;
    f->headers[0] = '\n';
    f->headers[1] = '\0';
    for (size_t i = 0; answer->headers[i] != NULL; i++) {
        size_t size = strlen(f->headers);
        (void)snprintf(f->headers + size, sizeof f->headers - size, "%s\n", answer->headers[i]);
    }
    if (f->count == f->expected) {
        hk_loop_stop(f->loop);
    }
}

static inline void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&f->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_connector_new(f->loop, &f->connector, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_http_async_new(f->loop, &f->client, NULL), HK_OK);
    f->way = (struct hk_http_way){.connector = f->connector, .may_be_private = true};
    f->expected = 1;
}

static inline void take_down(struct fixture *f)
{
    hk_http_async_free(f->client);
    hk_connector_free(f->connector);
    hk_loop_free(f->loop);
    free(f->body);
}

static inline struct hk_http_async_ask ask_of(
    struct fixture *f, const char *method, const char *url)
{
    return (struct hk_http_async_ask){.method = method,
        .url = url,
        .time_max_ms = 20000,
        .answer_size_max = 100000,
        .authorities = web.authorities,
        .socket = socket_of,
        .socket_ctx = f};
}

static inline const char *url_of(const char *server, const char *path)
{
    static char url[4096];
    bool is_plain = strncmp(server, "plain", 5) == 0;

    (void)snprintf(url, sizeof url, "%s://%s:%u%s", is_plain ? "http" : "https",
        strcmp(server, "plain6") == 0 ? "[::1]" : "localhost", web_port(&web, server), path);
    return url;
}

static inline void run(struct fixture *f, const struct hk_http_async_ask *ask)
{
    int64_t begin_ms = hk_time_monotonic_ms();

    f->count = 0;
    f->socket_count = 0;
    CU_ASSERT_NOT_EQUAL(hk_http_async_start(f->client, ask, on_answer, f), 0);
    CU_ASSERT_EQUAL(f->count, 0); /* not within the call */
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f->count, 1);
    f->time_ms = hk_time_monotonic_ms() - begin_ms;
}

static inline void get(struct fixture *f, const char *server, const char *path)
{
    struct hk_http_async_ask ask = ask_of(f, "GET", url_of(server, path));

    run(f, &ask);
}

static inline void check_failure(
    const struct fixture *f, enum hk_status status, bool may_have_arrived, const char *says)
{
    if (f->status != 0 || f->error.status != status || strstr(f->error.text, says) == NULL ||
        f->may_have_arrived != may_have_arrived) {
        printf("\n  %d %s: %s (%s)\n", f->status, hk_status_text(f->error.status), f->error.text,
            f->may_have_arrived ? "may have arrived" : "not sent");
    }
    CU_ASSERT_EQUAL(f->status, 0);
    CU_ASSERT_EQUAL(f->error.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->error.text, says));
    CU_ASSERT_EQUAL(f->may_have_arrived, may_have_arrived);
    CU_ASSERT_EQUAL(f->body_size, 0);
}

static inline int run_suite(const char *name, const struct suite_test *tests, size_t count)
{
    /* none of these is looked at */
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("https_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    web_start(&web);
    int failures = suite_run(name, tests, count);
    web_stop(&web);
    return failures;
}

#endif
