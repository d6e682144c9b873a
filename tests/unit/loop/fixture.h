/*
 * fixture: a loop with an HTTP server on a thread of its own, and a blocking client, for the tests
 * beside this file.
 *
 * The server answers by path: /echo with the request's body, /big with BIG_SIZE bytes, /later when
 * it is told to (answer_later), everything else with the path and who asks.
 */
#ifndef HK_TESTS_LOOP_FIXTURE_H
#define HK_TESTS_LOOP_FIXTURE_H

#include "loop/http_server.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BIG_SIZE (8u * 1024 * 1024)
#define HELD_MAX 16
#define CLIENT_TIME_MAX_S 20

struct fixture {
    struct hk_loop *loop;
    struct hk_http_server *server;
    struct hk_wake *wake;
    pthread_t thread;
    unsigned port;
    char *big;
    pthread_mutex_t lock; /* for what is below */
    pthread_cond_t changed;
    void (*job)(struct fixture *f); /* to be run on the loop's thread */
    hk_exchange_id held[HELD_MAX];
    unsigned held_count;
    unsigned request_count;
    /* what jobs found */
    unsigned connections;
    unsigned exchanges;
    bool is_answered;
};

static void fixture_hold(struct fixture *f, hk_exchange_id exchange)
{
    pthread_mutex_lock(&f->lock);
    CU_ASSERT_FATAL(f->held_count < HELD_MAX);
    f->held[f->held_count++] = exchange;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void fixture_on_request(void *ctx, hk_exchange_id exchange,
    const struct hk_http_request *request, const struct hk_http_peer *peer)
{
    static const char *const headers[] = {"X-Test", "yes", NULL};
    struct fixture *f = ctx;
    struct hk_buf body;
    struct hk_http_response response = {
        .status = 200, .content_type = "text/plain", .headers = headers};

    pthread_mutex_lock(&f->lock);
    f->request_count++;
    pthread_mutex_unlock(&f->lock);
    if (strcmp(request->path, "/later") == 0) {
        fixture_hold(f, exchange);
        return;
    }
    hk_buf_init(&body, 1024);
    if (strcmp(request->path, "/echo") == 0) {
        response.body = request->body.data;
        response.body_size = request->body.size;
    } else if (strcmp(request->path, "/big") == 0) {
        response.body = f->big;
        response.body_size = BIG_SIZE;
    } else {
        hk_buf_appendf(&body, "%s %s", request->path, peer->is_local ? "local" : "remote");
        response.body = body.data;
        response.body_size = body.size;
    }
    CU_ASSERT(hk_http_respond(f->server, exchange, &response));
    CU_ASSERT_FALSE(hk_http_respond(f->server, exchange, &response));
    hk_buf_done(&body);
}

static void fixture_on_wake(void *ctx)
{
    struct fixture *f = ctx;

    pthread_mutex_lock(&f->lock);
    void (*job)(struct fixture *) = f->job;
    pthread_mutex_unlock(&f->lock);
    if (job != NULL) {
        job(f);
    }
    pthread_mutex_lock(&f->lock);
    f->job = NULL;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* Run job on the loop's thread and wait for it. */
static inline void fixture_do(struct fixture *f, void (*job)(struct fixture *f))
{
    pthread_mutex_lock(&f->lock);
    f->job = job;
    hk_wake_signal(f->wake);
    while (f->job != NULL) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void *fixture_thread(void *ctx)
{
    struct fixture *f = ctx;

    CU_ASSERT_EQUAL(hk_loop_run(f->loop, NULL), HK_OK);
    return NULL;
}

static void fixture_job_stop(struct fixture *f)
{
    hk_loop_stop(f->loop);
}

/* The bounds of the product, but for what the test makes small. */
static const struct hk_http_bounds fixture_bounds = {
    .handshake_ms = HK_TLS_HANDSHAKE_MAX_MS,
    .head_ms = HK_HTTP_HEADERS_TIME_MAX_MS,
    .body_ms = HK_HTTP_BODY_TIME_MAX_MS,
    .idle_ms = HK_HTTP_IDLE_MAX_MS,
    .stall_ms = HK_HTTP_STALL_MAX_MS,
    .linger_ms = HK_HTTP_LINGER_TIME_MAX_MS,
    .connections_max = HK_HTTP_CONNECTIONS_MAX,
    .local_connections_max = HK_HTTP_LOCAL_CONNECTIONS_MAX,
    .bodies_size_max = HK_HTTP_BODIES_SIZE_MAX,
    .answers_size_max = HK_HTTP_ANSWERS_SIZE_MAX,
};

static void fixture_start(struct fixture *f, const struct hk_http_bounds *bounds)
{
    struct hk_error error = {0};

    memset(f, 0, sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->big = calloc(1, BIG_SIZE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->big);
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&f->loop, &error), HK_OK);
    CU_ASSERT_EQUAL_FATAL(
        hk_http_server_new(f->loop, fixture_on_request, f, &f->server, &error), HK_OK);
    if (bounds != NULL) {
        hk_http_server_set_bounds(f->server, bounds);
    }
    f->wake = hk_wake_new(f->loop, fixture_on_wake, f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->wake);
    CU_ASSERT_EQUAL_FATAL(
        hk_http_server_listen(f->server, "127.0.0.1:0", NULL, &f->port, &error), HK_OK);
    CU_ASSERT_FATAL(f->port > 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&f->thread, NULL, fixture_thread, f), 0);
}

static void fixture_stop(struct fixture *f)
{
    fixture_do(f, fixture_job_stop);
    pthread_join(f->thread, NULL);
    hk_http_server_free(f->server);
    hk_wake_free(f->wake);
    hk_loop_free(f->loop);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f->big);
}

#endif
