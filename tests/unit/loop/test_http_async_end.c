/*
 * http_async: servers that break off, flood or are silent, and requests that are given up. Each
 * ends once, within the time and size that were allowed, and says honestly whether it may have
 * arrived.
 */
#include "loop/http_async.h"

#include "http_async_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- answers that are no answers --- */

static void bad_answers_are_failures(void)
{
    static const struct {
        const char *path;
        enum hk_status status;
        const char *says;
    } cases[] = {
        {"/close-before", HK_IO, ""},
        {"/close-head", HK_IO, ""},
        {"/close-body", HK_IO, ""},
        {"/nonsense", HK_IO, ""},
        {"/bad-header", HK_IO, "colon"},
        {"/endless", HK_LIMIT, "larger than 100000"},
        {"/big?size=100001", HK_LIMIT, "larger than 100000"},
        {"/big?size=50000000", HK_LIMIT, ""},
        {"/gzip", HK_LIMIT, "packed"},
        {"/gzip-transfer", HK_LIMIT, "larger than 100000"},
        {"/many-headers", HK_LIMIT, "head"},
        {"/long-header", HK_LIMIT, "head"},
        {"/interim", HK_LIMIT, "head"},
    };
    static const char *const servers[] = {"plain", "tls"};
    struct fixture f;

    set_up(&f);
    for (size_t s = 0; s < COUNT_OF(servers); s++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            get(&f, servers[s], cases[i].path);
            if (f.error.status != cases[i].status) {
                printf("\n  %s %s\n", servers[s], cases[i].path);
            }
            check_failure(&f, cases[i].status, true, cases[i].says);
        }
    }
    take_down(&f);
}

static void time_is_over_all(void)
{
    static const char *const paths[] = {"/slow-head", "/slow-body"};
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", paths[i]));
        ask.time_max_ms = 200;
        run(&f, &ask);
        check_failure(&f, HK_TIMEOUT, true, "in time");
        CU_ASSERT(f.time_ms >= 200);
    }
    /* the socket does not come */
    f.holds = true;
    struct hk_http_async_ask ask = ask_of(&f, "GET", url_of("plain", "/text"));
    ask.time_max_ms = 50;
    run(&f, &ask);
    check_failure(&f, HK_TIMEOUT, false, "in time");
    /* and comes after all: it is closed */
    int pair[2];
    char byte;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    f.held[1](f.held_ctx[1], pair[0], NULL);
    CU_ASSERT_EQUAL(read(pair[1], &byte, 1), 0);
    close(pair[1]);
    take_down(&f);
}

/* Two ends of a TCP connection; the first does not block. */
static void tcp_pair(int ret_pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CU_ASSERT_FATAL(listener >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ret_pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(ret_pair[0] >= 0);
    CU_ASSERT_EQUAL(connect(ret_pair[0], (struct sockaddr *)&address, sizeof address), -1);
    ret_pair[1] = accept(listener, NULL, NULL);
    CU_ASSERT_FATAL(ret_pair[1] >= 0);
    close(listener);
}

static void stop_loop(void *ctx)
{
    hk_loop_stop(ctx);
}

static void stop_when_readable(void *ctx, bool readable, bool writable)
{
    (void)writable;
    if (readable) {
        hk_loop_stop(ctx);
    }
}

/* A server that takes the connection and never says a word of TLS: nothing was sent to it that it
 * could have acted on. */
static void silence_before_tls_is_not_sent(void)
{
    struct fixture f;
    int pair[2];
    char bytes[2048];

    set_up(&f);
    f.holds = true;
    f.expected = 100; /* the test stops the loop */
    struct hk_http_async_ask ask = ask_of(&f, "POST", "https://quiet.example/");
    ask.body = "secret";
    ask.body_size = 6;
    (void)hk_http_async_start(f.client, &ask, on_answer, &f);
    uint64_t id = hk_http_async_start(f.client, &ask, on_answer, &f);
    /* let both come to the point where they wait for a socket */
    struct hk_timer *stop = hk_timer_new(f.loop, stop_loop, f.loop);
    hk_timer_arm(stop, 0);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(f.socket_count, 2);
    tcp_pair(pair);
    struct hk_fd_watch *watch = hk_fd_watch_new(f.loop, pair[1], stop_when_readable, f.loop);
    f.held[0](f.held_ctx[0], pair[0], NULL);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    hk_fd_watch_free(watch);
    CU_ASSERT(read(pair[1], bytes, sizeof bytes) > 0); /* the hello of TLS */
    CU_ASSERT_EQUAL(f.count, 0);
    hk_http_async_cancel(f.client, id);
    hk_http_async_cancel(f.client, id);
    hk_http_async_cancel(f.client, 12345);
    CU_ASSERT_EQUAL(f.count, 0); /* not within the call */
    f.expected = 1;
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, 1);
    CU_ASSERT(f.was_cancelled);
    check_failure(&f, HK_IO, false, "given up");
    CU_ASSERT_EQUAL(read(pair[1], bytes, sizeof bytes), 0);
    close(pair[1]);
    hk_timer_free(stop);
    /* the other one is called back by the end of the client */
    hk_http_async_free(f.client);
    f.client = NULL;
    CU_ASSERT_EQUAL(f.count, 2);
    CU_ASSERT(f.was_cancelled);
    /* and its socket comes when nobody is there any more */
    struct hk_error late;
    (void)hk_fail(&late, HK_TIMEOUT, "no answer");
    f.held[1](f.held_ctx[1], -1, &late);
    take_down(&f);
}

struct cancel_inside {
    struct fixture *f;
    uint64_t other;
};

static void cancel_other(void *ctx, const struct hk_http_async_answer *answer)
{
    struct cancel_inside *inside = ctx;

    CU_ASSERT_EQUAL(answer->status, 200);
    hk_http_async_cancel(inside->f->client, inside->other);
}

static void one_may_cancel_another(void)
{
    struct fixture f;

    set_up(&f);
    struct cancel_inside inside = {.f = &f};
    struct hk_http_async_ask slow = ask_of(&f, "GET", url_of("plain", "/slow-body"));
    inside.other = hk_http_async_start(f.client, &slow, on_answer, &f);
    struct hk_http_async_ask quick = ask_of(&f, "GET", url_of("plain", "/text"));
    (void)hk_http_async_start(f.client, &quick, cancel_other, &inside);
    CU_ASSERT_EQUAL_FATAL(hk_loop_run(f.loop, NULL), HK_OK);
    CU_ASSERT_EQUAL(f.count, 1);
    CU_ASSERT(f.was_cancelled);
    take_down(&f);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"bad answers are failures", bad_answers_are_failures},
        {"time is over all", time_is_over_all},
        {"silence before TLS is not sent", silence_before_tls_is_not_sent},
        {"one may cancel another", one_may_cancel_another},
    };

    return run_suite("http_async_end", tests, COUNT_OF(tests));
}
