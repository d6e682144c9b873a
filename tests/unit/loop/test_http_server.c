/*
 * http_server: over real sockets, what a client sees of keep-alive, pipelining, deadlines, limits,
 * refusals and the end.
 */
#include "loop/http_server.h"

#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* --- a blocking client --- */

struct client {
    int fd;
    struct hk_buf input;
};

struct answer {
    int status;
    char head[2048];
    struct hk_buf body;
};

static void client_init(struct client *c, int fd)
{
    struct timeval limit = {.tv_sec = CLIENT_TIME_MAX_S};

    CU_ASSERT_FATAL(fd >= 0);
    c->fd = fd;
    CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    hk_buf_init(&c->input, 2 * BIG_SIZE);
}

static int connect_tcp(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strncat(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void client_open(struct client *c, const struct fixture *f)
{
    client_init(c, connect_tcp(f->port));
}

static void client_close(struct client *c)
{
    close(c->fd);
    hk_buf_done(&c->input);
}

static bool client_send_bytes(struct client *c, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(c->fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void client_send(struct client *c, const char *text)
{
    CU_ASSERT(client_send_bytes(c, text, strlen(text)));
}

/* More input; false at its end. */
static bool client_fill(struct client *c)
{
    char bytes[65536];
    ssize_t size = recv(c->fd, bytes, sizeof bytes, 0);

    if (size < 0) {
        CU_ASSERT_EQUAL(errno, ECONNRESET); /* and not the time limit */
    }
    if (size <= 0) {
        return false;
    }
    hk_buf_append(&c->input, bytes, (size_t)size);
    return true;
}

/* Is there nothing more but the end of the connection? */
static bool client_sees_end(struct client *c)
{
    return c->input.size == 0 && !client_fill(c);
}

static void answer_done(struct answer *a)
{
    hk_buf_done(&a->body);
}

/* Read one answer; status 0 when there is none. */
static void client_read(struct client *c, struct answer *a, bool has_body)
{
    const char *end = NULL;
    const char *length;

    memset(a, 0, sizeof *a);
    hk_buf_init(&a->body, BIG_SIZE);
    while (c->input.size == 0 || (end = strstr(c->input.data, "\r\n\r\n")) == NULL) {
        if (!client_fill(c)) {
            return;
        }
    }
    size_t head_size = (size_t)(end - c->input.data) + 4;
    CU_ASSERT_FATAL(head_size < sizeof a->head);
    memcpy(a->head, c->input.data, head_size);
    hk_buf_drop_front(&c->input, head_size);
    CU_ASSERT_EQUAL(strncmp(a->head, "HTTP/1.1 ", 9), 0);
    a->status = (int)strtol(a->head + 9, NULL, 10);
    length = strstr(a->head, "\r\nContent-Length: ");
    size_t size = has_body && length != NULL ? strtoul(length + 18, NULL, 10) : 0;
    while (c->input.size < size && client_fill(c)) {
    }
    CU_ASSERT_FATAL(c->input.size >= size);
    hk_buf_append(&a->body, c->input.data, size);
    hk_buf_drop_front(&c->input, size);
}

/* Read an answer and compare status and, unless NULL, body. */
static void expect_answer(struct client *c, int status, const char *body)
{
    struct answer a;

    client_read(c, &a, true);
    CU_ASSERT_EQUAL(a.status, status);
    if (body != NULL) {
        CU_ASSERT_STRING_EQUAL(a.body.size > 0 ? a.body.data : "", body);
    }
    answer_done(&a);
}

/* Read a problem document and then the end. */
static void expect_refusal(struct client *c, int status)
{
    struct answer a;
    char member[32];

    client_read(c, &a, true);
    CU_ASSERT_EQUAL(a.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nConnection: close\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nContent-Type: application/problem+json\r\n"));
    (void)snprintf(member, sizeof member, "\"status\":%d", status);
    CU_ASSERT(a.body.size > 0 && strstr(a.body.data, member) != NULL);
    CU_ASSERT(client_sees_end(c));
    answer_done(&a);
}

/* --- jobs on the loop's thread --- */

static void job_count(struct fixture *f)
{
    f->connections = hk_http_server_connections(f->server);
    f->exchanges = hk_http_server_open_exchanges(f->server);
}

static void job_drain(struct fixture *f)
{
    hk_http_server_drain(f->server);
}

/* Answer all that was held; is_answered tells whether the last one still could be. */
static void job_answer_held(struct fixture *f)
{
    struct hk_http_response response = {
        .status = 202, .content_type = "text/plain", .body = "late", .body_size = 4};

    pthread_mutex_lock(&f->lock);
    unsigned count = f->held_count;
    f->held_count = 0;
    pthread_mutex_unlock(&f->lock);
    for (unsigned i = 0; i < count; i++) {
        f->is_answered = hk_http_respond(f->server, f->held[i], &response);
    }
}

static void wait_until_held(struct fixture *f, unsigned count)
{
    pthread_mutex_lock(&f->lock);
    while (f->held_count < count) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void wait_until_connections(struct fixture *f, unsigned count)
{
    do {
        fixture_do(f, job_count);
        sched_yield();
    } while (f->connections != count);
}

/* --- the tests --- */

static void connection_serves_many_requests(void)
{
    struct fixture f;
    struct client c;
    struct answer a;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/one"));
    client_read(&c, &a, true);
    CU_ASSERT_EQUAL(a.status, 200);
    CU_ASSERT_STRING_EQUAL(a.body.data, "/one remote");
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, " GMT\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nCache-Control: no-store\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nX-Test: yes\r\n"));
    CU_ASSERT_PTR_NULL(strstr(a.head, "Server:"));
    CU_ASSERT_PTR_NULL(strstr(a.head, "Connection:"));
    answer_done(&a);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    expect_answer(&c, 200, "hello");
    client_send(&c,
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nbye\r\n0\r\n\r\n");
    client_read(&c, &a, true);
    CU_ASSERT_STRING_EQUAL(a.body.data, "bye");
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nConnection: close\r\n"));
    answer_done(&a);
    CU_ASSERT(client_sees_end(&c));
    client_close(&c);
    fixture_stop(&f);
}

static void pipelined_requests_are_answered_in_order(void)
{
    struct fixture f;
    struct client c;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/1") GET("/2") GET("/later") GET("/3") GET("/later") GET("/4"));
    expect_answer(&c, 200, "/1 remote");
    expect_answer(&c, 200, "/2 remote");
    wait_until_held(&f, 1);
    CU_ASSERT_EQUAL(f.request_count, 3); /* the others wait */
    fixture_do(&f, job_answer_held);
    expect_answer(&c, 202, "late");
    expect_answer(&c, 200, "/3 remote");
    wait_until_held(&f, 1);
    fixture_do(&f, job_answer_held);
    expect_answer(&c, 202, "late");
    expect_answer(&c, 200, "/4 remote");
    client_close(&c);
    fixture_stop(&f);
}

/* A peer that pipelines more than is held for it, and reads nothing until it has sent all. */
static void many_pipelined_requests_are_all_answered(void)
{
    enum { COUNT = 5000 };
    struct fixture f;
    struct client c;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/later"));
    for (int i = 0; i < COUNT; i++) {
        client_send(&c, GET("/x"));
    }
    wait_until_held(&f, 1);
    fixture_do(&f, job_answer_held);
    expect_answer(&c, 202, "late");
    for (int i = 0; i < COUNT; i++) {
        expect_answer(&c, 200, "/x remote");
    }
    client_close(&c);
    fixture_stop(&f);
}

static void requests_before_a_half_close_are_answered(void)
{
    struct fixture f;
    struct client c;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/1") GET("/2"));
    CU_ASSERT_EQUAL(shutdown(c.fd, SHUT_WR), 0);
    expect_answer(&c, 200, "/1 remote");
    expect_answer(&c, 200, "/2 remote");
    CU_ASSERT(client_sees_end(&c));
    client_close(&c);
    fixture_stop(&f);
}

static void trickling_head_is_out_of_time(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c;

    bounds.head_ms = 60;
    fixture_start(&f, &bounds);
    client_open(&c, &f);
    client_send(&c, GET("/1")); /* the deadline is that of each request */
    expect_answer(&c, 200, NULL);
    client_send(&c, "GET / HTTP/1.1\r\nA: ");
    struct pollfd wait = {.fd = c.fd, .events = POLLIN};
    while (poll(&wait, 1, 5) == 0) {
        client_send(&c, "a");
    }
    expect_refusal(&c, 408);
    client_close(&c);
    fixture_stop(&f);
}

static void trickling_body_is_out_of_time(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c;

    bounds.body_ms = 60;
    fixture_start(&f, &bounds);
    client_open(&c, &f);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    struct pollfd wait = {.fd = c.fd, .events = POLLIN};
    while (poll(&wait, 1, 5) == 0) {
        client_send(&c, "a");
    }
    expect_refusal(&c, 408);
    client_close(&c);
    fixture_stop(&f);
}

static void idle_connections_are_closed(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client fresh;
    struct client used;

    bounds.idle_ms = 30;
    fixture_start(&f, &bounds);
    client_open(&fresh, &f);
    client_open(&used, &f);
    client_send(&used, GET("/1"));
    expect_answer(&used, 200, NULL);
    CU_ASSERT(client_sees_end(&fresh));
    CU_ASSERT(client_sees_end(&used));
    client_close(&fresh);
    client_close(&used);
    fixture_stop(&f);
}

static void peer_that_does_not_read_is_closed(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c;
    int small = 4096;

    bounds.stall_ms = 50;
    fixture_start(&f, &bounds);
    client_open(&c, &f);
    CU_ASSERT_EQUAL(setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    client_send(&c, GET("/big"));
    wait_until_connections(&f, 1);
    wait_until_connections(&f, 0);
    CU_ASSERT_EQUAL(f.exchanges, 0);
    client_close(&c);
    fixture_stop(&f);
}

static void unread_answers_are_bounded_together(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client slow;
    struct client c;
    struct answer a;
    int small = 4096;

    bounds.answers_size_max = BIG_SIZE + BIG_SIZE / 2;
    fixture_start(&f, &bounds);
    client_open(&slow, &f);
    CU_ASSERT_EQUAL(setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    client_send(&slow, GET("/big"));
    struct pollfd wait = {.fd = slow.fd, .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&wait, 1, 10000), 1);
    client_open(&c, &f);
    client_send(&c, GET("/big"));
    expect_refusal(&c, 503);
    client_close(&c);
    client_open(&c, &f);
    client_send(&c, GET("/1"));
    expect_answer(&c, 200, "/1 remote");
    client_close(&slow);
    wait_until_connections(&f, 1);
    client_send(&c, GET("/big"));
    client_read(&c, &a, true);
    CU_ASSERT_EQUAL(a.body.size, BIG_SIZE);
    answer_done(&a);
    client_close(&c);
    fixture_stop(&f);
}

static void big_answers_arrive_whole(void)
{
    struct fixture f;
    struct client c;
    struct answer a;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/big") GET("/1"));
    client_read(&c, &a, true);
    CU_ASSERT_EQUAL(a.body.size, BIG_SIZE);
    answer_done(&a);
    expect_answer(&c, 200, "/1 remote");
    client_close(&c);
    fixture_stop(&f);
}

static void too_large_bodies_are_refused(void)
{
    static const char declared[] =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n";
    struct fixture f;
    struct client c;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, declared); /* refused without its body */
    expect_refusal(&c, 413);
    client_close(&c);

    client_open(&c, &f);
    client_send(&c, declared); /* a client that sends all before it reads still sees the answer */
    CU_ASSERT(client_send_bytes(&c, f.big, BIG_SIZE));
    expect_refusal(&c, 413);
    client_close(&c);

    client_open(&c, &f);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n5\r\nhello\r\n800000\r\n");
    expect_refusal(&c, 413);
    client_close(&c);
    fixture_stop(&f);
}

static void bodies_are_bounded_together(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c;

    bounds.bodies_size_max = 1000;
    fixture_start(&f, &bounds);
    client_open(&c, &f);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
    CU_ASSERT(client_send_bytes(&c, f.big, 2000));
    expect_refusal(&c, 503);
    client_close(&c);
    client_open(&c, &f);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    expect_answer(&c, 200, "hello");
    client_close(&c);
    fixture_stop(&f);
}

static void bad_requests_get_one_answer(void)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"BAD\r\n\r\n" GET("/1"), 400},
        {"GET / HTTP/1.0\r\n\r\n" GET("/1"), 505},
        {"BREW / HTTP/1.1\r\n\r\n" GET("/1"), 501},
        {"GET / HTTP/1.1\r\n\r\n" GET("/1"), 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx" GET("/1"),
            400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n" GET("/1"), 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n" GET("/1"), 417},
    };
    struct fixture f;

    fixture_start(&f, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct client c;
        client_open(&c, &f);
        client_send(&c, cases[i].text);
        expect_refusal(&c, cases[i].status);
        client_close(&c);
    }
    CU_ASSERT_EQUAL(f.request_count, 0);
    fixture_stop(&f);
}

static void late_answers_to_peers_that_left_are_harmless(void)
{
    struct fixture f;
    struct client c;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, GET("/later"));
    wait_until_held(&f, 1);
    client_close(&c);
    wait_until_connections(&f, 0);
    CU_ASSERT_EQUAL(f.exchanges, 0);
    client_open(&c, &f); /* takes the same place */
    client_send(&c, GET("/later"));
    wait_until_held(&f, 2);
    pthread_mutex_lock(&f.lock);
    hk_exchange_id gone = f.held[0];
    CU_ASSERT_NOT_EQUAL(gone, f.held[1]);
    f.held[0] = f.held[1];
    f.held[1] = gone;
    pthread_mutex_unlock(&f.lock);
    fixture_do(&f, job_answer_held);
    CU_ASSERT_FALSE(f.is_answered); /* the last one, which left */
    expect_answer(&c, 202, "late");
    CU_ASSERT_EQUAL(c.input.size, 0);
    client_close(&c);
    fixture_stop(&f);
}

static void places_that_all_wait_for_answers_are_kept(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c[3];

    bounds.connections_max = 2;
    fixture_start(&f, &bounds);
    for (unsigned i = 0; i < 2; i++) {
        client_open(&c[i], &f);
        client_send(&c[i], GET("/later"));
        wait_until_held(&f, i + 1);
    }
    client_open(&c[2], &f);
    client_send(&c[2], GET("/1"));
    expect_refusal(&c[2], 503);
    client_close(&c[2]);
    fixture_do(&f, job_answer_held);
    expect_answer(&c[0], 202, "late");
    expect_answer(&c[1], 202, "late");
    client_send(&c[0], GET("/1"));
    expect_answer(&c[0], 200, "/1 remote");
    client_close(&c[0]);
    wait_until_connections(&f, 1);
    client_open(&c[2], &f);
    client_send(&c[2], GET("/2"));
    expect_answer(&c[2], 200, "/2 remote");
    client_close(&c[1]);
    client_close(&c[2]);
    fixture_stop(&f);
}

static void newcomer_takes_the_place_of_the_longest_quiet(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c[5];

    bounds.connections_max = 3;
    fixture_start(&f, &bounds);
    for (unsigned i = 0; i < 3; i++) {
        client_open(&c[i], &f);
        wait_until_connections(&f, i + 1);
    }
    client_send(&c[0], GET("/1")); /* no longer the longest */
    expect_answer(&c[0], 200, "/1 remote");
    client_open(&c[3], &f);
    CU_ASSERT(client_sees_end(&c[1]));
    client_send(&c[3], GET("/later"));
    wait_until_held(&f, 1);
    client_open(&c[4], &f);
    CU_ASSERT(client_sees_end(&c[2]));
    client_send(&c[4], GET("/4"));
    expect_answer(&c[4], 200, "/4 remote");
    client_send(&c[0], GET("/0"));
    expect_answer(&c[0], 200, "/0 remote");
    fixture_do(&f, job_answer_held);
    expect_answer(&c[3], 202, "late");
    fixture_do(&f, job_count);
    CU_ASSERT_EQUAL(f.connections, 3);
    for (unsigned i = 0; i < 5; i++) {
        client_close(&c[i]);
    }
    fixture_stop(&f);
}

static void begun_requests_that_lose_their_place_are_told(void)
{
    static const char *const begun[] = {GET("/0") "GET /1 HTTP/1.1\r\nHo",
        GET("/0") "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"};
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client slow;
    struct client c;

    bounds.connections_max = 1;
    fixture_start(&f, &bounds);
    for (size_t i = 0; i < COUNT_OF(begun); i++) {
        client_open(&slow, &f);
        client_send(&slow, begun[i]); /* what follows /0 is taken up with it */
        expect_answer(&slow, 200, "/0 remote");
        client_open(&c, &f);
        client_send(&c, GET("/1"));
        expect_answer(&c, 200, "/1 remote");
        expect_refusal(&slow, 408);
        client_close(&slow);
        client_close(&c);
        wait_until_connections(&f, 0);
    }
    fixture_stop(&f);
}

static void unread_answers_lose_their_place_last(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client slow;
    struct client idle;
    struct client c;
    int small = 4096;

    bounds.connections_max = 2;
    fixture_start(&f, &bounds);
    client_open(&slow, &f);
    CU_ASSERT_EQUAL(setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    client_send(&slow, GET("/big"));
    struct pollfd wait = {.fd = slow.fd, .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&wait, 1, 10000), 1);
    client_open(&idle, &f);
    wait_until_connections(&f, 2);
    client_open(&c, &f);
    CU_ASSERT(client_sees_end(&idle)); /* though it came later */
    client_send(&c, GET("/later"));
    wait_until_held(&f, 1);
    fixture_do(&f, job_count);
    CU_ASSERT_EQUAL(f.exchanges, 2);
    client_close(&idle);
    client_open(&idle, &f);
    client_send(&idle, GET("/1"));
    expect_answer(&idle, 200, "/1 remote");
    fixture_do(&f, job_count);
    CU_ASSERT_EQUAL(f.exchanges, 1);
    fixture_do(&f, job_answer_held);
    expect_answer(&c, 202, "late");
    client_close(&slow);
    client_close(&idle);
    client_close(&c);
    fixture_stop(&f);
}

/* Many at once, each with a begun request: no more of them linger than refusals have places. */
static void places_hold_in_a_flood(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client c;
    int flood[4 * HK_HTTP_REFUSALS_MAX];

    bounds.connections_max = 8;
    fixture_start(&f, &bounds);
    for (size_t i = 0; i < COUNT_OF(flood); i++) {
        flood[i] = connect_tcp(f.port);
        CU_ASSERT_FATAL(flood[i] >= 0);
        (void)send(flood[i], "GET", 3, MSG_NOSIGNAL);
    }
    client_open(&c, &f);
    client_send(&c, GET("/1"));
    expect_answer(&c, 200, "/1 remote");
    fixture_do(&f, job_count);
    CU_ASSERT(f.connections <= 8 + HK_HTTP_REFUSALS_MAX);
    for (size_t i = 0; i < COUNT_OF(flood); i++) {
        close(flood[i]);
    }
    wait_until_connections(&f, 1);
    client_close(&c);
    fixture_stop(&f);
}

static void head_gets_headers_alone(void)
{
    struct fixture f;
    struct client c;
    struct answer a;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(&c, "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/2"));
    client_read(&c, &a, false);
    CU_ASSERT_EQUAL(a.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nContent-Length: 9\r\n"));
    answer_done(&a);
    expect_answer(&c, 200, "/2 remote");
    client_close(&c);
    fixture_stop(&f);
}

static void expected_continue_is_given(void)
{
    struct fixture f;
    struct client c;
    struct answer a;

    fixture_start(&f, NULL);
    client_open(&c, &f);
    client_send(
        &c, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client_read(&c, &a, false);
    CU_ASSERT_EQUAL(a.status, 100);
    CU_ASSERT_STRING_EQUAL(a.head, "HTTP/1.1 100 Continue\r\n\r\n");
    answer_done(&a);
    client_send(&c, "hello");
    expect_answer(&c, 200, "hello");
    /* not asked for any more when the body is there already */
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 5\r\n\r\nhello");
    expect_answer(&c, 200, "hello");
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 9000000\r\n\r\n");
    expect_refusal(&c, 413);
    client_close(&c);
    fixture_stop(&f);
}

static void drain_lets_answers_out_and_nobody_in(void)
{
    struct fixture f;
    struct client waiting;
    struct client idle;
    struct client partial;
    struct answer a;

    fixture_start(&f, NULL);
    client_open(&waiting, &f);
    client_open(&idle, &f);
    client_open(&partial, &f);
    client_send(&partial, "GET / HTT");
    client_send(&waiting, GET("/later") GET("/1"));
    wait_until_held(&f, 1);
    wait_until_connections(&f, 3);
    fixture_do(&f, job_drain);
    CU_ASSERT(client_sees_end(&idle));
    CU_ASSERT(client_sees_end(&partial));
    CU_ASSERT_EQUAL(connect_tcp(f.port), -1);
    fixture_do(&f, job_count);
    CU_ASSERT_EQUAL(f.exchanges, 1);
    fixture_do(&f, job_answer_held);
    CU_ASSERT(f.is_answered);
    client_read(&waiting, &a, true);
    CU_ASSERT_EQUAL(a.status, 202);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.head, "\r\nConnection: close\r\n"));
    answer_done(&a);
    CU_ASSERT(client_sees_end(&waiting)); /* the pipelined request is not served */
    client_close(&waiting);
    client_close(&idle);
    client_close(&partial);
    wait_until_connections(&f, 0);
    fixture_do(&f, job_count);
    CU_ASSERT_EQUAL(f.exchanges, 0);
    fixture_stop(&f);
}

static char unix_folder[64];
static char unix_path[80];
static char unix_address[96];

static void make_unix_names(void)
{
    (void)snprintf(unix_folder, sizeof unix_folder, "/tmp/hk-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(unix_folder));
    (void)snprintf(unix_path, sizeof unix_path, "%s/socket", unix_folder);
    (void)snprintf(unix_address, sizeof unix_address, "unix:%s", unix_path);
}

static void job_listen_unix(struct fixture *f)
{
    CU_ASSERT_EQUAL(hk_http_server_listen(f->server, unix_address, NULL, NULL, NULL), HK_OK);
}

/* Connect as another user; only this thread changes who it is. */
static int connect_as_other(const char *path)
{
    const unsigned other = 65534;
    const unsigned same = (unsigned)-1;

    CU_ASSERT_EQUAL(chmod(unix_folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(path, 0666), 0);
    CU_ASSERT_EQUAL(syscall(SYS_setresuid, same, other, same), 0);
    int fd = connect_unix(path);
    CU_ASSERT_EQUAL(syscall(SYS_setresuid, same, 0u, same), 0);
    return fd;
}

static void unix_socket_knows_its_own_user(void)
{
    struct fixture f;
    struct client c;
    struct stat info;

    make_unix_names();
    fixture_start(&f, NULL);
    fixture_do(&f, job_listen_unix);
    CU_ASSERT_EQUAL(stat(unix_path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    client_init(&c, connect_unix(unix_path));
    client_send(&c, GET("/1"));
    expect_answer(&c, 200, "/1 local");
    client_close(&c);
    if (geteuid() == 0) {
        client_init(&c, connect_as_other(unix_path));
        CU_ASSERT(client_sees_end(&c));
        client_close(&c);
    }
    fixture_stop(&f);
    CU_ASSERT_EQUAL(stat(unix_path, &info), -1); /* it takes its file with it */
    CU_ASSERT_EQUAL(rmdir(unix_folder), 0);
}

static void unix_connections_have_places_of_their_own(void)
{
    struct hk_http_bounds bounds = fixture_bounds;
    struct fixture f;
    struct client remote;
    struct client local[2];

    bounds.connections_max = 1;
    bounds.local_connections_max = 1;
    make_unix_names();
    fixture_start(&f, &bounds);
    fixture_do(&f, job_listen_unix);
    client_open(&remote, &f);
    client_send(&remote, GET("/later"));
    wait_until_held(&f, 1);
    client_init(&local[0], connect_unix(unix_path));
    client_send(&local[0], GET("/1"));
    expect_answer(&local[0], 200, "/1 local");
    client_init(&local[1], connect_unix(unix_path)); /* a local place, though all remote wait */
    CU_ASSERT(client_sees_end(&local[0]));
    client_send(&local[1], GET("/2"));
    expect_answer(&local[1], 200, "/2 local");
    client_close(&local[0]);
    client_open(&local[0], &f); /* and no remote one takes it, though it is idle */
    expect_refusal(&local[0], 503);
    client_send(&local[1], GET("/3"));
    expect_answer(&local[1], 200, "/3 local");
    fixture_do(&f, job_answer_held);
    expect_answer(&remote, 202, "late");
    client_close(&remote);
    client_close(&local[0]);
    client_close(&local[1]);
    fixture_stop(&f);
    CU_ASSERT_EQUAL(rmdir(unix_folder), 0);
}

static void check_listen(struct hk_http_server *server, const char *address, enum hk_status status)
{
    struct hk_error error = {0};
    enum hk_status result = hk_http_server_listen(server, address, NULL, NULL, &error);

    if (result != status) {
        printf("\n  %s: %d, %s\n", address, result, error.text);
    }
    CU_ASSERT_EQUAL(result, status);
    CU_ASSERT(status == HK_OK || error.text[0] != '\0');
}

static void addresses_that_cannot_be_listened_on_are_told(void)
{
    static const char *const invalid[] = {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:8x", ":80", "localhost:80", "127.1:80", "[::1]", "[::1:80",
        "::1:80", "[]:80", "[127.0.0.1]:80", "unix:",
        "unix:/tmp/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaa"};
    struct hk_loop *loop;
    struct hk_http_server *server;
    unsigned port = 0;
    char again[32];

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_http_server_new(loop, fixture_on_request, NULL, &server, NULL), HK_OK);
    for (size_t i = 0; i < COUNT_OF(invalid); i++) {
        check_listen(server, invalid[i], HK_INVALID);
    }
    CU_ASSERT_EQUAL(hk_http_server_listen(server, "127.0.0.1:0", NULL, &port, NULL), HK_OK);
    (void)snprintf(again, sizeof again, "127.0.0.1:%u", port);
    check_listen(server, again, HK_CONFLICT);
    check_listen(server, "192.0.2.1:0", HK_IO);
    check_listen(server, "unix:/nowhere/socket", HK_IO);
    hk_http_server_free(server);
    hk_loop_free(loop);
}

static void socket_files_are_replaced_only_when_stale(void)
{
    struct hk_loop *loop;
    struct hk_http_server *server;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    make_unix_names();
    strncat(address.sun_path, unix_path, sizeof address.sun_path - 1);
    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_http_server_new(loop, fixture_on_request, NULL, &server, NULL), HK_OK);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    check_listen(server, unix_address, HK_CONFLICT);
    close(fd); /* the file stays */
    check_listen(server, unix_address, HK_OK);
    check_listen(server, unix_address, HK_CONFLICT);
    hk_http_server_free(server);
    FILE *file = fopen(unix_path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL_FATAL(hk_http_server_new(loop, fixture_on_request, NULL, &server, NULL), HK_OK);
    check_listen(server, unix_address, HK_CONFLICT);
    hk_http_server_free(server);
    CU_ASSERT_EQUAL(unlink(unix_path), 0);
    CU_ASSERT_EQUAL(rmdir(unix_folder), 0);
    hk_loop_free(loop);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a connection serves many requests", connection_serves_many_requests},
        {"pipelined requests are answered in order", pipelined_requests_are_answered_in_order},
        {"many pipelined requests are all answered", many_pipelined_requests_are_all_answered},
        {"requests before a half-close are answered", requests_before_a_half_close_are_answered},
        {"a trickling head is out of time", trickling_head_is_out_of_time},
        {"a trickling body is out of time", trickling_body_is_out_of_time},
        {"idle connections are closed", idle_connections_are_closed},
        {"a peer that does not read is closed", peer_that_does_not_read_is_closed},
        {"unread answers are bounded together", unread_answers_are_bounded_together},
        {"big answers arrive whole", big_answers_arrive_whole},
        {"too large bodies are refused", too_large_bodies_are_refused},
        {"bodies are bounded together", bodies_are_bounded_together},
        {"bad requests get one answer", bad_requests_get_one_answer},
        {"late answers are harmless", late_answers_to_peers_that_left_are_harmless},
        {"places that all wait for answers are kept", places_that_all_wait_for_answers_are_kept},
        {"a newcomer takes the place of the longest quiet",
            newcomer_takes_the_place_of_the_longest_quiet},
        {"begun requests that lose their place are told",
            begun_requests_that_lose_their_place_are_told},
        {"unread answers lose their place last", unread_answers_lose_their_place_last},
        {"places hold in a flood", places_hold_in_a_flood},
        {"Unix connections have places of their own", unix_connections_have_places_of_their_own},
        {"HEAD gets headers alone", head_gets_headers_alone},
        {"an expected continue is given", expected_continue_is_given},
        {"drain lets answers out and nobody in", drain_lets_answers_out_and_nobody_in},
        {"a unix socket knows its own user", unix_socket_knows_its_own_user},
        {"bad addresses are told", addresses_that_cannot_be_listened_on_are_told},
        {"socket files are replaced only when stale", socket_files_are_replaced_only_when_stale},
    };

    return suite_run("http_server", tests, COUNT_OF(tests));
}
